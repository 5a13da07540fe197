//! To whom a pack was handed: two of three openers find out, for one pack and no other.

use crate::consortium::{Consortium, eventually, signal};
use crate::device::root_key;
use crate::http::Answer;
use crate::members::decide;
use crate::misconduct::{Anybody, Stolen, peers_address, to_base64};
use crate::packs::{CLINIC, GTIN, LOT, MAKER, PHARMACY, ST_MARY, Trade, stands_nowhere};
use crate::sharing::from_base64;
use ledger::Openers;
use peers::{Bounds, Call, Handler, Identity, Peers, Reply};
use proof::{Canonical, PublicKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use supply::escrow::{self, Held, NotOpened, Place, Secrets};
use supply::ids::{Lock, Opening};
use vault::grant::{GrantContext, GrantKey, WrapKey};

const SOON: Duration = Duration::from_secs(40);
const RESTART: Duration = Duration::from_mins(1);
const OPENERS: [usize; 3] = [CLINIC, PHARMACY, ST_MARY];
const REASON: &str = "the receiver of a suspect batch";

impl Trade {
    fn openings(&self, index: usize) -> Value {
        let token = self.consortium.token(index, "auditor");
        let url = format!("{}/packs/openings", self.consortium.base(index));
        let listed = self.http.get(&url, &token).unwrap();
        assert_eq!(listed.status, 200, "{}", listed.text());
        listed.json()
    }

    fn inquire(&self, index: usize, role: &str, body: &Value) -> Answer {
        let token = self.consortium.token(index, role);
        let url = format!("{}/packs/openings", self.consortium.base(index));
        self.http.post(&url, &token, body).unwrap()
    }

    fn asks(&self, scan: &str) -> Value {
        let body = json!({ "scan": scan, "reason": REASON });
        let asked = self.inquire(ST_MARY, "auditor", &body);
        assert_eq!(asked.status, 201, "{}", asked.text());
        asked.json()
    }

    fn decides(&self, index: usize, id: &Value, body: &Value) -> Answer {
        let token = self.consortium.token(index, "auditor");
        let base = self.consortium.base(index);
        let url = format!("{base}/packs/openings/{}", id.as_str().unwrap());
        self.http.post(&url, &token, body).unwrap()
    }

    fn approves(&self, index: usize, id: &Value) {
        let done = self.decides(index, id, &json!({ "decision": "approve" }));
        assert_eq!(done.status, 200, "{}", done.text());
    }

    /// The question as it stands at who asked.
    fn asked(&self, id: &Value) -> Value {
        of(&self.openings(ST_MARY)["asked"], id)
    }

    /// Waits until a question stands at an opener.
    fn reaches(&self, index: usize, id: &Value) -> Value {
        let mut found = Value::Null;
        eventually("the question is there", SOON, || {
            found = of(&self.openings(index)["received"], id);
            !found.is_null()
        });
        found
    }

    /// How the secrets of the maker stand at an opener.
    fn secrets(&self, index: usize) -> Value {
        let all = self.openings(index)["secrets"].clone();
        let all = all.as_array().cloned().unwrap_or_default();
        let maker = self.consortium.id(MAKER);
        let found = all.into_iter().find(|it| it["partner"] == maker);
        found.unwrap_or_default()
    }

    fn kill(&self, index: usize) {
        signal("KILL", self.consortium.pid(index));
        let base = self.consortium.base(index);
        let address = base.trim_start_matches("http://").to_owned();
        let peers = peers_address(&self.consortium.org_dir(index));
        eventually("a killed node is gone", RESTART, || {
            [&address, &peers]
                .map(std::net::TcpListener::bind)
                .iter()
                .all(Result::is_ok)
        });
    }

    fn starts(&mut self, index: usize) {
        let pid = self.consortium.run_node(index);
        self.consortium.report["organisations"][index]["pid"] = pid.into();
        self.consortium.wait_ready(index, RESTART);
    }

    fn openers(&self) -> Openers {
        let names = OPENERS.map(|index| self.consortium.id(index).to_owned());
        Openers::new(names.to_vec(), 2).unwrap()
    }
}

fn of(all: &Value, id: &Value) -> Value {
    let found = all.as_array().unwrap().iter().find(|it| it["id"] == *id);
    found.cloned().unwrap_or_default()
}

#[test]
fn as_many_openers_as_it_takes_open_one_hand_over_and_no_other() {
    let mut trade = Trade::open();
    // The pharmacy is away while the members vote for it and the maker announces its secrets.
    trade.kill(PHARMACY);
    let names = trade.openers();
    let mut change = vec!["openers", "--threshold", "2"];
    for holder in names.holders() {
        change.extend(["--holder", holder]);
    }
    let consortium = &trade.consortium;
    let voters = [1, 2].map(|index| (consortium.base(index), consortium.token(index, "admin")));
    decide(consortium, &change, &voters);
    for index in [ST_MARY, CLINIC] {
        eventually("an opener has the maker's secrets", SOON, || {
            trade.secrets(index)["held"] == true
        });
    }
    a_partner_that_gives_other_secrets_is_named(&mut trade);

    let scans = trade.make(4);
    trade.ship(MAKER, CLINIC, &scans[..3]);
    who_may_not(&trade, &scans[0]);
    let id = trade.asks(&scans[0])["id"].clone();
    let question = trade.reaches(PHARMACY, &id);
    assert_eq!(question["reason"], REASON);
    assert_eq!(question["organisation"], trade.consortium.id(ST_MARY));
    assert!(!question.to_string().contains(GTIN), "{question}");

    // It is killed between the question and its answer.
    trade.kill(PHARMACY);
    trade.reaches(CLINIC, &id);
    trade.approves(CLINIC, &id);
    eventually("one has answered", SOON, || {
        trade.asked(&id)["result"]["missing"] == 1
    });
    let one = trade.asked(&id);
    assert_eq!(one["state"], "waiting", "{one}");
    assert_eq!(answers(&one).len(), 1, "{one}");
    opens_nothing(&trade, &answers(&one), &one);

    trade.starts(PHARMACY);
    trade.reaches(PHARMACY, &id);
    let own = trade.reaches(ST_MARY, &id);
    assert_eq!(own["state"], "open");
    let alone = trade.decides(ST_MARY, &id, &json!({ "decision": "approve" }));
    assert_eq!(alone.status, 403, "{}", alone.text());
    trade.approves(PHARMACY, &id);
    eventually("two have answered", SOON, || {
        trade.asked(&id)["state"] == "opened"
    });
    let two = trade.asked(&id);
    let clinic = trade.consortium.id(CLINIC);
    assert_eq!(two["result"]["organisation"], clinic, "{two}");
    assert_eq!(two["result"]["wrong"], json!([]));
    let again = trade.decides(PHARMACY, &id, &json!({ "decision": "approve" }));
    assert_eq!(again.status, 409, "{}", again.text());

    let next = trade.asks(&scans[1]);
    no_answer_opens_another_item(&trade, &two, &next);
    trade.reaches(CLINIC, &next["id"]);
    let words = json!({ "decision": "decline", "reason": "no batch of ours is meant" });
    assert_eq!(trade.decides(CLINIC, &next["id"], &words).status, 200);
    eventually("the refusal is told", SOON, || {
        let asked = trade.asked(&next["id"]);
        let mut openers = asked["openers"].as_array().unwrap().iter();
        openers.any(|it| it["organisation"] == clinic && it["reason"] == words["reason"])
    });
    what_is_on_its_way_is_no_others_business(&trade, &scans[2]);

    a_regulator_that_opens_nothing_asks(&trade, &scans[1]);

    what_the_ledger_says_itself(&trade, (&two, &scans));
}

fn what_the_ledger_says_itself(trade: &Trade, (opened, scans): (&Value, &[String])) {
    let clinic = trade.consortium.id(CLINIC);
    // Once it is received, the ledger says who has it, and nobody is asked.
    trade.act(CLINIC, &json!({ "act": "receive", "scans": scans[..3] }));
    let known = json!({ "pack": opened["pack"], "reason": REASON });
    let known = trade.inquire(PHARMACY, "auditor", &known);
    assert_eq!(known.status, 201, "{}", known.text());
    assert_eq!(known.json()["result"]["organisation"], clinic);
    assert_eq!(known.json()["state"], "known");
    let made = trade.asks(&scans[3]);
    let maker = trade.consortium.id(MAKER);
    assert_eq!(made["result"]["organisation"], maker, "{made}");
}

/// It sees what the openers see together, and nothing before two of them have approved.
fn a_regulator_that_opens_nothing_asks(trade: &Trade, scan: &str) {
    trade.vote(MAKER, &["maker", "wholesaler", "regulator"]);
    let body = json!({ "scan": scan, "reason": REASON });
    let asked = trade.inquire(MAKER, "auditor", &body);
    assert_eq!(asked.status, 201, "{}", asked.text());
    let id = asked.json()["id"].clone();
    let stands = || of(&trade.openings(MAKER)["asked"], &id);
    for (index, state) in [(CLINIC, "waiting"), (PHARMACY, "opened")] {
        trade.reaches(index, &id);
        trade.approves(index, &id);
        eventually("an opener has answered", SOON, || {
            answers(&stands()).contains_key(trade.consortium.id(index))
        });
        let found = stands();
        assert_eq!(found["state"], state, "{found}");
    }
    let clinic = trade.consortium.id(CLINIC);
    assert_eq!(stands()["result"]["organisation"], clinic);
}

fn who_may_not(trade: &Trade, scan: &str) {
    let body = json!({ "scan": scan, "reason": REASON });
    assert_eq!(trade.inquire(ST_MARY, "clinician", &body).status, 403);
    let maker = trade.inquire(MAKER, "auditor", &body);
    assert_eq!(maker.status, 403, "{}", maker.text());
    let mute = json!({ "scan": scan, "reason": "why not" });
    assert_eq!(trade.inquire(ST_MARY, "auditor", &mute).status, 400);
    let nothing = json!({ "pack": "00".repeat(16), "reason": REASON });
    assert_eq!(trade.inquire(ST_MARY, "auditor", &nothing).status, 404);
}

/// What the openers answered, as who asked can give it on.
fn answers(asked: &Value) -> BTreeMap<String, escrow::Answer> {
    let openers = asked["openers"].as_array().unwrap().iter();
    let given = openers.filter(|it| it["state"] == "given");
    let answer = |it: &Value| {
        let name = it["organisation"].as_str().unwrap().to_owned();
        let bytes = from_base64(it["shares"].as_str().unwrap());
        (name, escrow::Answer::from_bytes(&bytes).unwrap())
    };
    given.map(answer).collect()
}

fn lock(asked: &Value) -> Lock {
    Lock(bytes(&asked["lock"]))
}

fn place(asked: &Value) -> Place {
    let at = &asked["place"];
    Place {
        sender: PublicKey(bytes(&at["sender"])),
        sequence: at["sequence"].as_u64().unwrap(),
        index: u16::try_from(at["item"].as_u64().unwrap()).unwrap(),
    }
}

/// No sum of any of these shares is an opening of this lock.
fn opens_nothing(trade: &Trade, answers: &BTreeMap<String, escrow::Answer>, asked: &Value) {
    let shares: Vec<[u8; 16]> = answers
        .values()
        .flat_map(|it| it.shares.iter().map(|(_, share)| share.0))
        .collect();
    assert!(!shares.is_empty() && shares.len() < 12);
    for chosen in 0u32..1 << shares.len() {
        let mut sum = [0u8; 16];
        for (place, share) in shares.iter().enumerate() {
            if chosen >> place & 1 == 1 {
                sum.iter_mut().zip(share).for_each(|(to, from)| *to ^= from);
            }
        }
        for index in 0..4 {
            let fits = Opening(sum).lock(trade.consortium.id(index)) == lock(asked);
            assert!(!fits, "{chosen:b} of {asked}");
        }
    }
}

/// The answers about one item, taken for another one of the same transaction.
fn no_answer_opens_another_item(trade: &Trade, opened: &Value, other: &Value) {
    let (one, another) = (place(opened), place(other));
    assert_eq!(
        (one.sender, one.sequence),
        (another.sender, another.sequence)
    );
    assert_ne!(one.index, another.index);
    let names = [0, 1, 2, 3].map(|index| trade.consortium.id(index));
    let (openers, answers) = (trade.openers(), answers(opened));
    let again = escrow::open(&openers, &answers, (&lock(opened), &names)).unwrap();
    assert_eq!(again.owner, trade.consortium.id(CLINIC));
    let wrong = escrow::open(&openers, &answers, (&lock(other), &names));
    assert_eq!(wrong, Err(NotOpened::Partner { all: false }));
    opens_nothing(trade, &answers, other);
}

/// A member that is one of the openers, and never had a pack: neither its folder nor its secrets
/// tell to whom one goes that is on its way.
fn what_is_on_its_way_is_no_others_business(trade: &Trade, scan: &str) {
    let asked = trade.asks(scan);
    let maker = secrets_of(&trade.consortium, MAKER);
    let seed = <[u8; 32]>::try_from(maker["escrow-seed-1"].as_slice()).unwrap();
    let secrets = Secrets::derive(trade.openers(), &seed, 1);
    let opening = secrets.opening(&place(&asked));
    let clinic = trade.consortium.id(CLINIC);
    assert_eq!(opening.lock(clinic), lock(&asked), "it follows the escrow");

    let kept = secrets_of(&trade.consortium, ST_MARY);
    let name = format!("escrow-held-{}-1", trade.consortium.id(MAKER));
    let held = Held::from_bytes(&kept[&name]).unwrap();
    assert_eq!(held.secrets.len(), 2, "of three");
    let alone = BTreeMap::from([("st-mary".to_owned(), held.answer(&place(&asked)))]);
    opens_nothing(trade, &alone, &asked);
    for (name, secret) in &kept {
        let mut starts = secret.windows(16).map(|it| Opening(it.try_into().unwrap()));
        let opens = |it: Opening| (0..4).any(|i| it.lock(trade.consortium.id(i)) == lock(&asked));
        assert!(!starts.any(opens), "{name}");
    }
    let serial = scan.split("(21)").nth(1).unwrap();
    let serial = serial.split('(').next().unwrap();
    let hex = Lock(opening.0).to_string();
    stands_nowhere(
        &trade.consortium.org_dir(ST_MARY),
        &[
            GTIN.as_bytes(),
            LOT.as_bytes(),
            serial.as_bytes(),
            hex.as_bytes(),
            &opening.0,
        ],
    );
}

/// Every secret among the settings of a node, as its administrator could read them.
pub(crate) fn secrets_of(consortium: &Consortium, index: usize) -> BTreeMap<String, Vec<u8>> {
    let dir = consortium.org_dir(index);
    let root = root_key(&dir);
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(dir.join("records.db"), flags).unwrap();
    let mut settings = database
        .prepare("SELECT name, value FROM settings")
        .unwrap();
    let rows = settings.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows = rows
        .unwrap()
        .map(|row: Result<(String, Vec<u8>), _>| row.unwrap());
    let opened = rows.filter_map(|(name, value)| {
        let secret = root.open_secret(&name, &value).ok()?;
        Some((name, secret.to_vec()))
    });
    opened.collect()
}

/// A maker's node that gives secrets, and not those that it announced.
struct Liar {
    maker: String,
    key: [u8; 1216],
    /// Those that the asker is in.
    subsets: Vec<u8>,
}

impl Handler for Liar {
    fn handle(&self, from: String, call: Call) -> peers::Answer<'_> {
        Box::pin(async move {
            let ask: Value = serde_json::from_slice(&call.body).unwrap_or_default();
            let secrets = self.subsets.iter().map(|subset| {
                let name = format!("escrow-{}-{subset}", ask["epoch"]);
                let context = GrantContext {
                    custodian: &self.maker,
                    recipient: &from,
                    grant_id: name.as_bytes(),
                };
                let sealed = GrantKey::from_bytes([7; 32]).seal_to(&self.key, &context);
                json!([subset, to_base64(&sealed.unwrap())])
            });
            let answer = json!({ "secrets": secrets.collect::<Vec<_>>() });
            let (status, body) = (200, answer.to_string().into_bytes().into());
            Reply { status, body }
        })
    }
}

fn a_partner_that_gives_other_secrets_is_named(trade: &mut Trade) {
    trade.kill(MAKER);
    let stolen = Stolen::from(&trade.consortium.org_dir(MAKER));
    let opener = Stolen::from(&trade.consortium.org_dir(PHARMACY));
    let pharmacy = trade.consortium.id(PHARMACY);
    let held = Secrets::derive(trade.openers(), &[7; 32], 1)
        .of(pharmacy)
        .unwrap();
    let subsets: Vec<u8> = held.secrets.iter().map(|(number, _)| *number).collect();
    let words = format!("the secret of subset {} is not the one", subsets[0]);
    let liar = Arc::new(Liar {
        subsets,
        maker: trade.consortium.id(MAKER).to_owned(),
        key: WrapKey::from_seed(&opener.seed("wrap")).public(),
    });
    let address = peers_address(&trade.consortium.org_dir(MAKER));
    let identity = Identity::from_seed(&stolen.seed("link")).unwrap();
    let registry = Arc::new(Anybody(trade.consortium.id(PHARMACY).to_owned()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let served = runtime.spawn(async move {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let peers = Peers::new(identity, registry, Bounds::default());
        let forever = std::future::pending::<()>();
        peers.serve(listener, liar, forever).await.unwrap();
    });
    trade.starts(PHARMACY);
    eventually("the wrong secrets are named", SOON, || {
        let problem = trade.secrets(PHARMACY)["problem"].clone();
        problem.as_str().is_some_and(|it| it.contains(&words))
    });
    assert_eq!(trade.secrets(PHARMACY)["held"], false);
    served.abort();
    runtime.shutdown_timeout(Duration::from_secs(5));
    trade.starts(MAKER);
    eventually("the true ones are taken", SOON, || {
        trade.secrets(PHARMACY)["held"] == true
    });
}

fn bytes<const N: usize>(text: &Value) -> [u8; N] {
    let text = text.as_str().unwrap();
    let pairs = (0..N).map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap());
    pairs.collect::<Vec<_>>().try_into().unwrap()
}
