//! Backups of running nodes, and nodes that come back from them.

use crate::consortium::{
    Consortium, SALUS, eventually, four_ports, observation, salus, sign_in, signal, wait_ready,
};
use crate::http::Http;
use crate::writers::{Acknowledged, Writers};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The node that loses its folder.
const LOST: usize = 1;

/// What is known of a node that came back.
pub(crate) struct Restored {
    /// What it acknowledged between its backup and its end.
    lost: BTreeSet<u64>,
    /// What it had acknowledged before its backup.
    before: usize,
    /// A patient who was erased after the backup.
    erased: String,
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn done(arguments: &[&str]) -> String {
    let output = salus(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Backs a node up while all four write, erases one of its patients, writes on, kills it, removes
/// its folder, and runs it again from the backup.
pub(crate) fn loses_its_folder(consortium: &mut Consortium, writers: &Writers) -> Restored {
    let http = Http::new();
    let (dir, fhir) = (consortium.org_dir(LOST), consortium.fhir(LOST));
    let (clinician, admin) = (
        consortium.token(LOST, "clinician"),
        consortium.token(LOST, "admin"),
    );
    let erased = patient(&http, &fhir, &clinician);
    let away = consortium.folder.path().join("away");
    let moved = consortium.folder.path().join("moved");
    for folder in [&away, &moved] {
        std::fs::create_dir(folder).unwrap();
    }
    let (ordinary, whole) = (away.join("one.salus"), moved.join("whole.salus"));
    let before = writers.so_far();
    done(&["backup", "--dir", text(&dir), "--to", text(&ordinary)]);
    let whole_said = done(&[
        "backup",
        "--dir",
        text(&dir),
        "--to",
        text(&whole),
        "--with-key-tree",
    ]);
    assert!(whole_said.contains("destroy it in 30 days"), "{whole_said}");
    let passphrase = consortium.folder.path().join("passphrase");
    std::fs::copy(dir.join("passphrase"), &passphrase).unwrap();
    is_refused_unless_whole(&ordinary, &passphrase);

    let words = json!({ "words": "the patient asked for it" });
    let path = format!("{fhir}/Patient/{erased}/$erase");
    let begun = http.post(&path, &admin, &words).unwrap();
    assert_eq!(begun.status, 202, "{}", begun.text());
    is_seen(&http, consortium, &admin, &ordinary, &dir);
    let count = writers.count(LOST);
    eventually(
        "it takes writes after the backup",
        Duration::from_secs(20),
        || writers.count(LOST) > count + 5,
    );
    loses(consortium, &dir);
    let lost = writers.so_far().into_iter().filter(|it| it.index == LOST);
    let known: BTreeSet<u64> = before.iter().map(|it| it.number).collect();
    let lost = lost
        .map(|it| it.number)
        .filter(|it| !known.contains(it))
        .collect();
    // The one with the key tree of then: the ledger alone knows who was erased since.
    comes_back(consortium, &whole, &dir, &passphrase);
    let gone = http
        .get(&format!("{fhir}/Patient/{erased}"), &clinician)
        .unwrap();
    assert_eq!(
        gone.status,
        404,
        "before anybody was answered: {}",
        gone.text()
    );
    let count = writers.count(LOST);
    eventually("it takes writes again", Duration::from_secs(20), || {
        writers.count(LOST) > count + 5
    });
    Restored {
        lost,
        before: before.iter().filter(|it| it.index == LOST).count(),
        erased,
    }
}

/// The folder is made of the backup, and the node runs in it.
fn comes_back(consortium: &mut Consortium, whole: &Path, dir: &Path, passphrase: &Path) {
    let restored = done(&[
        "restore",
        text(whole),
        "--dir",
        text(dir),
        "--passphrase-file",
        text(passphrase),
    ]);
    assert!(restored.contains("salus run --config"), "{restored}");
    consortium.run_node(LOST);
    consortium.wait_ready(LOST, Duration::from_mins(1));
}

/// The machine of a node is gone.
fn loses(consortium: &Consortium, dir: &Path) {
    signal("KILL", consortium.pid(LOST));
    eventually("its folder is removed", Duration::from_secs(5), || {
        std::fs::remove_dir_all(dir).is_ok() || !dir.exists()
    });
}

impl Restored {
    /// Whether it was acknowledged after the backup of the node that lost it.
    pub(crate) fn is_lost(&self, it: &Acknowledged) -> bool {
        it.index == LOST && self.lost.contains(&it.number)
    }

    /// What was acknowledged before the backup has its receipts, and the erased has no row.
    pub(crate) fn is_whole(&self, consortium: &Consortium, acknowledged: &[Acknowledged]) {
        assert!(self.before > 5, "{} before the backup", self.before);
        assert!(
            !self.lost.is_empty(),
            "nothing was written between backup and end"
        );
        let own: Vec<_> = acknowledged.iter().filter(|it| it.index == LOST).collect();
        for it in [
            own[0],
            own[self.before / 2],
            own[self.before - 1],
            own[own.len() - 1],
        ] {
            let receipt = consortium.receipt(LOST, &it.version, Duration::from_secs(20));
            let file = consortium.folder.path().join("restored.receipt");
            std::fs::write(&file, receipt).unwrap();
            done(&["verify", text(&file), "--trust", text(&consortium.trust())]);
        }
        let token = consortium.token(LOST, "clinician");
        let url = format!("{}/Patient?family=Vergissmich", consortium.fhir(LOST));
        let found = Http::new().get(&url, &token).unwrap().json();
        assert_eq!(found["entry"].as_array().map_or(0, Vec::len), 0, "{found}");
    }

    /// The audit finds nothing, after the node has stopped.
    pub(crate) fn is_clean(&self, consortium: &Consortium) {
        let dir = consortium.org_dir(LOST);
        let audited = done(&["audit", "--dir", text(&dir)]);
        assert!(audited.contains("clean: "), "{audited}");
        let records = std::fs::read(dir.join("records.db")).unwrap();
        let name = format!("Patient/{}", self.erased);
        let found = records.windows(name.len()).any(|it| it == name.as_bytes());
        assert!(!found, "the database names whom it erased");
    }
}

fn patient(http: &Http, fhir: &str, token: &str) -> String {
    let body = json!({ "resourceType": "Patient", "name": [{ "family": "Vergissmich" }] });
    let made = http.post(&format!("{fhir}/Patient"), token, &body).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let mut note = observation(0);
    note["subject"] = json!({ "reference": format!("Patient/{id}") });
    let made = http
        .post(&format!("{fhir}/Observation"), token, &note)
        .unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    id
}

/// A wrong passphrase, a cut and a changed backup are refused, and leave nothing behind.
fn is_refused_unless_whole(backup: &Path, passphrase: &Path) {
    let folder = backup.parent().unwrap();
    let to = folder.join("not-restored");
    let wrong = folder.join("wrong");
    std::fs::write(&wrong, "another passphrase\n").unwrap();
    let bytes = std::fs::read(backup).unwrap();
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    let mut head = bytes.clone();
    head[130] ^= 1;
    let other = folder.join("other.salus");
    for (bytes, passphrase) in [
        (&bytes[..], &wrong),
        (&bytes[..bytes.len() / 3], &passphrase.to_owned()),
        (&changed[..], &passphrase.to_owned()),
        (&head[..], &passphrase.to_owned()),
    ] {
        std::fs::write(&other, bytes).unwrap();
        let refused = salus(&[
            "restore",
            text(&other),
            "--dir",
            text(&to),
            "--passphrase-file",
            text(passphrase),
        ]);
        let said = said(&refused);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        for word in ["error: ", "cause: ", "hint: "] {
            assert!(said.contains(word), "{word} in {said}");
        }
    }
    for left in [&other, &wrong] {
        std::fs::remove_file(left).unwrap();
    }
    let mut left: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(
        left.len(),
        2,
        "a refused restore left something behind: {left:?}"
    );
}

/// The erasure reached the copy of the key tree; the proof of the backup is recorded and shown.
fn is_seen(http: &Http, consortium: &Consortium, admin: &str, backup: &Path, dir: &Path) {
    let proven = done(&["restore", text(backup), "--check", "--record", text(dir)]);
    assert!(proven.contains("the backup is good"), "{proven}");
    let url = format!("{}/operations/backups", consortium.base(LOST));
    let told: Value = http.get(&url, admin).unwrap().json();
    let listed = told["backups"].as_array().unwrap();
    assert_eq!(listed.len(), 2, "{told}");
    assert!(listed[1]["proven"].is_string(), "{told}");
    assert_eq!(told["key_tree_copies"][0]["current"], true, "{told}");
    let url = format!("{}/operations/peers", consortium.base(LOST));
    let told: Value = http.get(&url, admin).unwrap().json();
    let peers = told["peers"].as_array().unwrap();
    assert_eq!(peers.len(), 3, "{told}");
    for peer in peers {
        assert_eq!(peer["connected"], true, "{told}");
        assert!(peer["cosigned"].as_u64().is_some_and(|it| it > 0), "{told}");
        assert!(
            peer["behind_blocks"].is_u64() && peer["silent_s"].is_u64(),
            "{told}"
        );
    }
    let config = dir.join("salus.toml");
    let looked = done(&["doctor", "--config", text(&config)]);
    for line in ["ok    backup ", "ok    backup proof", "ok    key tree copy"] {
        assert!(looked.contains(line), "{line} in {looked}");
    }
}

/// A node of an organisation that is its own ledger.
struct Lone(Child);

impl Lone {
    fn run(dir: &Path) -> Self {
        let log = std::fs::File::create(dir.with_extension("log")).unwrap();
        let node = Command::new(SALUS)
            .args(["run", "--config", text(&dir.join("salus.toml"))])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Self(node.unwrap())
    }

    fn end(&mut self, how: &str) {
        signal(how, self.0.id());
        let _ = self.0.wait();
    }
}

impl Drop for Lone {
    fn drop(&mut self) {
        self.end("KILL");
    }
}

#[test]
fn an_organisation_alone_comes_back_with_its_ledger_from_a_backup_of_its_running_node() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("alone");
    let port = four_ports();
    let address = |step: u16| format!("127.0.0.1:{}", port + step);
    let made = done(&[
        "init",
        "--dir",
        text(&dir),
        "--id",
        "alone",
        "--kind",
        "clinic",
        "--http",
        &address(0),
        "--ledger",
        &address(1),
        "--peers",
        &address(2),
    ]);
    let line = made
        .lines()
        .find(|line| line.split_whitespace().next() == Some("clinician"));
    let password = line.unwrap().split_whitespace().next_back().unwrap();
    let base = format!("http://{}", address(0));
    let mut node = Lone::run(&dir);
    wait_ready(&base, Duration::from_secs(30));
    let token = sign_in(&base, "clinician", password);
    let http = Http::new();
    let versions: Vec<String> = (0..20)
        .map(|number| write(&http, &base, &token, number))
        .collect();
    receipt(&http, &token, &versions[19]);
    let backup = folder.path().join("alone.salus");
    done(&["backup", "--dir", text(&dir), "--to", text(&backup)]);
    let after = write(&http, &base, &token, 20);
    receipt(&http, &token, &after);
    node.end("KILL");
    let passphrase = folder.path().join("passphrase");
    std::fs::rename(dir.join("passphrase"), &passphrase).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    done(&[
        "restore",
        text(&backup),
        "--dir",
        text(&dir),
        "--passphrase-file",
        text(&passphrase),
    ]);
    let mut node = Lone::run(&dir);
    wait_ready(&base, Duration::from_secs(30));
    for version in &versions {
        receipt(&http, &token, version);
    }
    assert_eq!(
        http.get(&after, &token).unwrap().status,
        404,
        "it came after the backup"
    );
    let again = write(&http, &base, &token, 21);
    receipt(&http, &token, &again);
    node.end("TERM");
    let audited = done(&["audit", "--dir", text(&dir)]);
    assert!(audited.contains("clean: "), "{audited}");
}

fn write(http: &Http, base: &str, token: &str, number: u64) -> String {
    let url = format!("{base}/fhir/Observation");
    let made = http.post(&url, token, &observation(number)).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    format!("{url}/{id}/_history/1")
}

fn receipt(http: &Http, token: &str, version: &str) -> PathBuf {
    eventually("the receipt is there", Duration::from_secs(20), || {
        let answer = http.get(&format!("{version}/$receipt"), token).unwrap();
        assert!(
            [200, 202].contains(&answer.status),
            "{version}: {}",
            answer.text()
        );
        answer.status == 200
    });
    PathBuf::from(version)
}
