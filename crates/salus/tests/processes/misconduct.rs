//! A custodian that misbehaves, played by the test with the organisation's own keys: what it does
//! becomes files that a stranger checks.

use crate::consortium::{Consortium, eventually, salus, signal};
use crate::device::root_key;
use crate::http::Http;
use crate::sharing::{CLINIC, HOME, Visit};
use ledger::evidence::{Release, content};
use peers::{Answer, Bounds, Call, Handler, Identity, Peer, Peers, Registry, Reply};
use proof::checkpoint::{Checkpoint, cosigner, origin};
use proof::codec::Canonical;
use proof::note::{Line, Note};
use proof::receipt::{EntryReceipt, build_entry};
use proof::transaction::{Batch, Entry, Header, KIND_BATCH, Transaction};
use proof::tree::leaf_hash;
use proof::{Digest, PublicKey, SecretKey, Signature, cosignature};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LABORATORY: usize = 2;
const PHARMACY: usize = 3;
const RESTART: Duration = Duration::from_mins(1);
const SEALED: &[u8] = b"what nobody opens";

/// The keys of an organisation, taken from its folder as its administrator could.
pub(crate) struct Stolen(vault::Zeroizing<[u8; 32]>);

impl Stolen {
    pub(crate) fn from(folder: &Path) -> Self {
        let root = root_key(folder);
        let sealed = std::fs::read(folder.join("seed.sealed")).unwrap();
        let seed = root.open_secret("organisation seed", &sealed).unwrap();
        Self(vault::Zeroizing::new(seed.as_slice().try_into().unwrap()))
    }

    pub(crate) fn seed(&self, purpose: &str) -> [u8; 32] {
        *vault::keys::derive(&self.0, purpose)
    }

    fn key(&self, purpose: &str) -> SecretKey {
        SecretKey::from_seed(&self.seed(purpose))
    }
}

/// A custodian's node that answers every question, whatever the ledger says.
struct Dishonest {
    chain: Digest,
    key: SecretKey,
    custodian: String,
    /// On which block it says that it decided.
    height: AtomicU64,
    asked: Mutex<Vec<String>>,
}

impl Handler for Dishonest {
    fn handle(&self, from: String, call: Call) -> Answer<'_> {
        Box::pin(async move {
            let ask: Value = serde_json::from_slice(&call.body).unwrap_or_default();
            self.asked.lock().unwrap().push(call.path);
            let release = Release {
                chain: self.chain,
                pass: ask["grant"].as_str().unwrap().parse().unwrap(),
                custodian: self.custodian.parse().unwrap(),
                recipient: from.parse().unwrap(),
                height: self.height.load(Ordering::SeqCst),
                time_ms: 1_700_000_000_000,
                disclosure: Digest([7; 32]),
                records: 1,
                content: content([SEALED]),
                signer: PublicKey([0; 32]),
                signature: Signature([0; 64]),
            };
            let release = release.sign(&self.key).to_bytes();
            let answer = json!({
                "base": "https://st-mary.example/fhir",
                "records": [{
                    "resource": "Observation", "id": "o-1", "version": 1, "updated_us": 1,
                    "content": to_base64(SEALED), "redacted": false, "included": false,
                    "receipt": null
                }],
                "next": null, "cut": false, "total": null,
                "disclosure": ["a-1", 1],
                "stated": { "release": to_base64(&release), "receipt": "none" },
                "notice": null
            });
            let body = answer.to_string().into_bytes().into();
            Reply { status: 200, body }
        })
    }
}

/// Everybody is who asks: a dishonest custodian checks nobody.
pub(crate) struct Anybody(pub(crate) String);

impl Registry for Anybody {
    fn organisation_of(&self, _: &[u8; 32]) -> Option<String> {
        Some(self.0.clone())
    }

    fn find(&self, _: &str) -> Option<Peer> {
        None
    }
}

/// Honest nodes keep no evidence, and show what they keep to the auditor alone.
pub(crate) fn honest_sharing_leaves_no_evidence(visit: &Visit<'_>) {
    for index in [HOME, CLINIC] {
        let auditor = visit.consortium.token(index, "auditor");
        let kept = visit.get(index, "/sharing/evidence", &auditor);
        assert_eq!(kept.status, 200, "{}", kept.text());
        assert_eq!(kept.json(), json!({ "evidence": [] }));
        let clinician = visit.consortium.token(index, "clinician");
        let denied = visit.get(index, "/sharing/evidence", &clinician);
        assert_eq!(denied.status, 403, "{}", denied.text());
    }
}

/// The patient withdraws while the recipient is away; the recipient's node holds the grant still.
pub(crate) fn withdrawn_unheard(mut consortium: Consortium, clinic_id: &str, home_id: &str) {
    let pid = consortium.pid(CLINIC);
    {
        let visit = Visit::again(&consortium, clinic_id, home_id);
        let consent = visit.consents(&visit.consent());
        assert!(!visit.read("Observation?").ids().is_empty());
        signal("KILL", pid);
        let withdrawn = visit.withdraws(&consent);
        assert_eq!(withdrawn.status, 200, "{}", withdrawn.text());
    }
    consortium.run_node(CLINIC);
    consortium.wait_ready(CLINIC, RESTART);
    let visit = Visit::again(&consortium, clinic_id, home_id);
    // An honest custodian refuses, told or not, and there is nothing to hold against it.
    eventually("the links are open again", RESTART, || {
        let found = visit.read("Observation?");
        assert!(found.ids().is_empty());
        found.remarks().contains("a grant that holds now")
    });
    honest_sharing_leaves_no_evidence(&visit);
    let pid = consortium.pid(HOME);
    signal("KILL", pid);
    let address = peers_address(&consortium.org_dir(HOME));
    // Of a killed process the first thread can be gone before the last, and its sockets go with
    // the last: that nobody is alive does not say that the address is free.
    eventually("the custodian's address is free", RESTART, || {
        std::net::TcpListener::bind(&address).is_ok()
    });
    let folder = consortium.folder.path().to_owned();
    let evidence = released_after_the_revocation(&visit, &folder);
    let seen = told_differently(&consortium, &folder);
    drop(visit);
    consortium.stop();
    audited(&consortium, &folder, &evidence, &seen);
}

/// Where an organisation answers others.
pub(crate) fn peers_address(dir: &Path) -> String {
    let config = std::fs::read_to_string(dir.join("salus.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    config["peers"]["listen"].as_str().unwrap().to_owned()
}

/// Answers questions as the killed custodian, and returns the file that the recipient kept.
fn released_after_the_revocation(visit: &Visit<'_>, folder: &Path) -> PathBuf {
    let consortium = visit.consortium;
    let stolen = Stolen::from(&consortium.org_dir(HOME));
    let dishonest = Arc::new(Dishonest {
        chain: consortium.report["chain_id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
        key: stolen.key("transaction"),
        custodian: consortium.id(HOME).to_owned(),
        height: AtomicU64::new(1),
        asked: Mutex::default(),
    });
    let address = peers_address(&consortium.org_dir(HOME));
    let identity = Identity::from_seed(&stolen.seed("link")).unwrap();
    let registry = Arc::new(Anybody(consortium.id(CLINIC).to_owned()));
    let handler: Arc<dyn Handler> = Arc::clone(&dishonest) as Arc<dyn Handler>;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = runtime.spawn(async move {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let peers = Peers::new(identity, registry, Bounds::default());
        let forever = std::future::pending::<()>();
        peers.serve(listener, handler, forever).await.unwrap();
    });

    let auditor = consortium.token(CLINIC, "auditor");
    let kept = || visit.get(CLINIC, "/sharing/evidence", &auditor).json()["evidence"].clone();
    // A state of before the revocation does not help: it is older than the question.
    eventually("the false custodian is asked", RESTART, || {
        let found = visit.read("Observation?");
        assert!(found.ids().is_empty());
        found.remarks().contains("it decided on block 1,")
    });
    assert_eq!(kept(), json!([]));
    // On a state of now it accuses itself.
    let now = consortium.height(LABORATORY);
    dishonest.height.store(now, Ordering::SeqCst);
    let found = visit.read("Observation?");
    assert!(found.ids().is_empty(), "the records are not taken");
    let remarks = found.remarks();
    assert!(
        remarks.contains("under a grant that was withdrawn"),
        "{remarks}"
    );
    assert!(visit.read("Observation?").ids().is_empty());
    let kept = kept();
    assert_eq!(kept.as_array().map(Vec::len), Some(1), "one file a grant");
    assert_eq!(kept[0]["organisation"], consortium.id(HOME));
    served.abort();
    runtime.shutdown_timeout(Duration::from_secs(5));

    let path = folder.join("release.txt");
    std::fs::write(&path, kept[0]["file"].as_str().unwrap()).unwrap();
    let said = explained(consortium, &path);
    for words in [
        "a release after the revocation",
        consortium.id(HOME),
        consortium.id(CLINIC),
        &format!("after block {now}"),
        "No honest node does this",
    ] {
        assert!(said.contains(words), "`{words}` is not in {said}");
    }
    path
}

/// Files that the custodian's other story left elsewhere: a batch beside the one on the ledger, a
/// cosignature of a history that never was, and a receipt of a ledger that a quorum forked.
fn told_differently(consortium: &Consortium, folder: &Path) -> Vec<PathBuf> {
    let stolen = Stolen::from(&consortium.org_dir(HOME));
    let key = stolen.key("transaction");
    let chain = consortium.report["chain_id"].as_str().unwrap();
    let header = Header {
        kind: KIND_BATCH,
        chain: chain.parse().unwrap(),
        sender: key.public(),
        sequence: 1,
        expires: 1_000,
    };
    let other = Batch {
        sequence: 1,
        previous: Digest([0; 32]),
        root: Digest([9; 32]),
    };
    let transaction = Transaction::sign(header, other.to_bytes(), &key);
    let batch = folder.join("batch.txt");
    std::fs::write(&batch, to_base64(&transaction.to_bytes())).unwrap();

    let url = format!("{}/ledger/checkpoint", consortium.base(LABORATORY));
    let mut text = String::new();
    let name = |origin: &str| cosigner(origin, consortium.id(HOME));
    let cosigned = |text: &str| {
        let note: Note = text.parse().ok()?;
        let checkpoint = Checkpoint::of(&note).ok()?;
        Some((checkpoint, note))
    };
    eventually("there is a checkpoint", RESTART, || {
        text = Http::new().get(&url, "").unwrap().text();
        cosigned(&text).is_some()
    });
    // The custodian's node is killed: it signs by hand, twice, for one size.
    let (checkpoint, _) = cosigned(&text).unwrap();
    let sign = |root: Digest| {
        let checkpoint = Checkpoint {
            root,
            ..checkpoint.clone()
        };
        let name = name(&checkpoint.origin);
        let line = cosignature::cosign(&checkpoint, &name, &stolen.key("checkpoint"), 1);
        let lines = vec![line];
        let text = checkpoint.to_string();
        Note { text, lines }.to_string()
    };
    let (one, another) = (folder.join("one.txt"), folder.join("another.txt"));
    std::fs::write(&one, sign(checkpoint.root)).unwrap();
    std::fs::write(&another, sign(Digest([5; 32]))).unwrap();
    let fork = folder.join("fork.txt");
    std::fs::write(&fork, forked(consortium, transaction)).unwrap();
    vec![batch, one, another, fork]
}

/// The receipt of the only entry of another ledger, which three of the four made.
fn forked(consortium: &Consortium, transaction: Transaction) -> String {
    let log = origin(&transaction.header.chain);
    let entry = Entry {
        height: 1,
        time_ms: 1_700_000_000_000,
        organisation: consortium.id(HOME).to_owned(),
        transaction,
    };
    let entry = entry.to_bytes();
    let checkpoint = Checkpoint {
        origin: log.clone(),
        size: 1,
        root: leaf_hash(&entry),
    };
    let text = checkpoint.to_string();
    let mut lines = Vec::new();
    for index in [HOME, LABORATORY, PHARMACY] {
        let key = Stolen::from(&consortium.org_dir(index)).key("checkpoint");
        let name = cosigner(&log, consortium.id(index));
        lines.push(cosignature::cosign(&checkpoint, &name, &key, 1));
        if index == HOME {
            lines.push(Line::sign(&text, &log, &key));
        }
    }
    build_entry(&EntryReceipt {
        entry,
        index: 0,
        path: Vec::new(),
        checkpoint: Note { text, lines },
    })
}

/// The recipient's stopped node finds all of it, in files that a stranger checks.
fn audited(consortium: &Consortium, folder: &Path, kept: &Path, seen: &[PathBuf]) {
    let dir = consortium.org_dir(CLINIC);
    let out = folder.join("evidence");
    let audit = |peer: &str, seen: &[PathBuf]| {
        let mut arguments = vec!["audit", "--dir", dir.to_str().unwrap(), "--peer", peer];
        arguments.extend(["--out", out.to_str().unwrap()]);
        if !seen.is_empty() {
            arguments.push("--seen");
        }
        arguments.extend(seen.iter().map(|it| it.to_str().unwrap()));
        let ended = salus(&arguments);
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        let failed = String::from_utf8_lossy(&ended.stderr).into_owned();
        (ended.status.code(), format!("{said}{failed}"))
    };
    let (status, said) = audit(consortium.id(LABORATORY), &[]);
    assert_eq!(status, Some(0), "an honest member: {said}");
    assert!(said.contains("nothing found"), "{said}");
    assert_eq!(audit("nobody-here", &[]).0, Some(1));
    assert_eq!(
        audit(consortium.id(HOME), &[dir.join("salus.toml")]).0,
        Some(2)
    );

    let (status, said) = audit(consortium.id(HOME), seen);
    assert_eq!(status, Some(1), "{said}");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&out)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    found.sort();
    let kind = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.rsplit_once('-').unwrap().0.to_owned()
    };
    let kinds: Vec<String> = found.iter().map(kind).collect();
    let expected = [
        "batch-fork",
        "release-after-revocation",
        "two-entries",
        "two-histories",
    ];
    assert_eq!(kinds, expected, "{said}");
    assert_eq!(
        std::fs::read(&found[1]).unwrap(),
        std::fs::read(kept).unwrap()
    );
    for path in &found {
        assert!(explained(consortium, path).contains(consortium.id(HOME)));
        assert!(said.contains(path.to_str().unwrap()), "{said}");
    }
}

/// What `salus verify` says of valid evidence. Changed, it is refused.
fn explained(consortium: &Consortium, path: &Path) -> String {
    let trust = consortium.trust();
    let verify = |path: &Path| {
        salus(&[
            "verify",
            path.to_str().unwrap(),
            "--trust",
            trust.to_str().unwrap(),
        ])
    };
    let verified = verify(path);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    let failed = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success(), "{said}{failed}");
    assert!(
        said.starts_with("VALID\n  what         MISCONDUCT"),
        "{said}"
    );
    let mut text = std::fs::read(path).unwrap();
    let place = text.len() - 20;
    text[place] ^= 1;
    let changed = path.with_extension("changed");
    std::fs::write(&changed, text).unwrap();
    let refused = verify(&changed);
    std::fs::remove_file(&changed).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("NOT VALID"));
    said
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
