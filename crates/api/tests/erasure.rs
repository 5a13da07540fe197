//! An erased patient is gone: from every answer, every file, and every older copy of the database.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

#[path = "erasure/again.rs"]
mod again;
mod common;
#[path = "erasure/others.rs"]
mod others;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Answer, Client, SEEDS, World};
use consent::acts::certificate;
use hospital::Role;
use hospital::audit::{AuditInput, audit};
use proof::Digest;
use proof::policy::Policy;
use proof::receipt;
use proof::tree::{Nodes, leaf_hash};
use rusqlite::Connection;
use serde_json::{Value, json};
use vault::{KeyTree, RootKey};

/// Words that only the erased patient's records hold.
const MARKERS: [&str; 3] = ["quillfeather", "mrn-of-seven", "unit-of-seven"];

/// Two patients, of whom `p7` is going to be erased.
fn ward() -> World {
    let world = World::new();
    fill(&world);
    world
}

fn fill(world: &World) {
    let client = world.clinician();
    for (id, family, mrn, unit) in [
        ("p1", "Byron", "mrn-of-one", "mg"),
        ("p7", "Quillfeather", "mrn-of-seven", "unit-of-seven"),
    ] {
        let patient = json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }],
            "identifier": [{ "system": "urn:mrn", "value": mrn }] });
        let path = format!("/fhir/Patient/{id}");
        client.put(&path, &patient).expect(201);
        client.put(&path, &patient).expect(200);
        let observation = json!({ "resourceType": "Observation", "status": "final",
            "code": { "coding": [{ "system": "http://loinc.org", "code": "1-8" }] },
            "subject": { "reference": format!("Patient/{id}") },
            "valueQuantity": { "value": 7, "unit": unit, "code": unit, "system": "urn:units" } });
        client.post("/fhir/Observation", &observation).expect(201);
        client
            .get(&format!("/fhir/Patient/{id}/$everything"))
            .expect(200);
        client
            .receipt(&format!("/fhir/Patient/{id}/_history/1"))
            .expect(200);
    }
    world.add_user("user-of-seven", Role::Patient, Some("p7"));
}

fn seven(world: &World) -> Client {
    world.client(Role::Patient, Some("p7"))
}

/// Erases `p7` and answers the place of the certificate.
fn erase(world: &World) -> (Value, String) {
    let begun = seven(world).send("POST", "/fhir/Patient/p7/$erase", &[], None);
    let begun = begun.expect(202);
    let body = begun.json();
    assert!(begun.header("location").starts_with("/erasures/"));
    assert_eq!(body["done_here"], true, "{body}");
    let certificate = body["certificate"].as_str().unwrap().to_owned();
    (body, certificate)
}

fn certified(world: &World, path: &str) -> Answer {
    let began = Instant::now();
    loop {
        // No token: the patient's sign-in is gone, the key from the answer is enough.
        let answer = world.stranger().get(path);
        if answer.status != 202 || began.elapsed() > Duration::from_secs(20) {
            return answer.expect(200);
        }
        assert!(!answer.header("retry-after").is_empty());
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn trust(world: &World) -> Policy {
    Policy::parse(&world.clinician().get("/ledger/trust").expect(200).bytes).unwrap()
}

/// The markers that any file below a folder holds, in whatever case.
fn found_in_files(folder: &Path) -> Vec<&'static str> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(found_in_files(&path));
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.make_ascii_lowercase();
        let holds = |marker: &&str| {
            let mut windows = bytes.windows(marker.len());
            windows.any(|window| window == marker.as_bytes())
        };
        found.extend(MARKERS.into_iter().filter(holds));
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[test]
fn an_erased_patient_is_as_one_who_never_was() {
    let world = ward();
    let client = world.clinician();
    let before = client.receipt("/fhir/Patient/p1/_history/1").bytes;
    let wanted = MARKERS.len();
    assert_eq!(
        found_in_files(&world.dir).len(),
        wanted,
        "the search finds what is there"
    );
    let (_, path) = erase(&world);

    assert_eq!(found_in_files(&world.dir), [""; 0]);
    for path in [
        "",
        "/_history",
        "/_history/1",
        "/_history/1/$receipt",
        "/$everything",
    ] {
        let of = |id: &str| {
            let answer = client.get(&format!("/fhir/Patient/{id}{path}"));
            (answer.status, answer.text().replace(id, "*"))
        };
        assert_eq!(of("p7"), of("p8"), "{path}");
        assert_eq!(of("p7").0, 404, "{path}");
    }
    for search in [
        "Observation?patient=p7",
        "Patient?family=quillfeather",
        "AuditEvent?patient=p7",
    ] {
        let found = client
            .get(&format!("/fhir/{search}&_total=accurate"))
            .expect(200);
        assert_eq!(found.json()["total"], 0, "{search}");
    }
    // With a token that is still good there is nothing either, and nothing comes back.
    seven(&world).get("/fhir/Patient/p7").expect(404);
    seven(&world)
        .get("/fhir/Observation?patient=p7")
        .expect(200);
    let again = json!({ "resourceType": "Patient", "id": "p7" });
    client.put("/fhir/Patient/p7", &again).expect(422);
    assert_eq!(found_in_files(&world.dir), [""; 0]);
    let signed_in = world
        .wait(world.hospital.store().user("user-of-seven"))
        .unwrap();
    assert_eq!(signed_in, None);

    others_are_as_before(&world, &before);
    let policy = trust(&world);
    let file = certified(&world, &path).bytes;
    let proved = certificate::verify(&file, &policy).unwrap();
    assert_eq!(
        (proved.custodian.as_str(), proved.patient.as_str()),
        ("st-mary", "p7")
    );
    assert_eq!(proved.attested.len(), 1);
    world
        .stranger()
        .get(&path.replace("key=", "key=0"))
        .expect(404);
    let id = path.split('?').next().unwrap();
    world.stranger().get(id).expect(401);
    client.get(id).expect(404);
    world.client(Role::Auditor, None).get(id).expect(200);

    let findings = audited(world, |_| {});
    assert_eq!(findings, [""; 0]);
}

/// Receipts from before and of today verify, and other patients read as ever.
fn others_are_as_before(world: &World, before: &[u8]) {
    let client = world.clinician();
    let policy = trust(world);
    let path = "/fhir/Patient/p1/_history/1";
    let body = client.get(path).expect(200).bytes;
    let today = client.receipt(path).expect(200).bytes;
    for file in [before, today.as_slice()] {
        receipt::verify(file, &policy, Some(&body)).unwrap();
    }
    let found = client.get("/fhir/Observation?patient=p1").expect(200);
    assert_eq!(common::ids(&found.json()).len(), 1);
}

#[test]
fn an_old_copy_opens_everything_but_the_erased() {
    let (dir, temp) = ward().stop();
    let copies = tempfile::tempdir().unwrap();
    let (old, old_tree) = (
        copies.path().join("store.db"),
        copies.path().join("keys.tree"),
    );
    std::fs::copy(dir.join("store.db"), &old).unwrap();
    std::fs::copy(dir.join("keys.tree"), &old_tree).unwrap();
    let world = World::open(&dir, |_| {});
    erase(&world);
    world.stop();

    let root = RootKey::from_bytes(&SEEDS.root);
    let store = store::Store::open_read_only(&old, &store::Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let keys = runtime.block_on(store.scan_vault_keys("", 100)).unwrap();
    let opened = |tree: &Path| -> Vec<String> {
        let tree = KeyTree::open(tree, &root).unwrap();
        let opens = |key: &&store::NewVaultKey| {
            root.open_vault_key_in(&tree, &key.id, &key.wrapped).is_ok()
        };
        keys.iter()
            .filter(opens)
            .map(|key| key.id.clone())
            .collect()
    };
    let all: Vec<String> = keys.iter().map(|key| key.id.clone()).collect();
    assert!(
        all.contains(&"Patient/p7".to_owned()),
        "the copy has the key"
    );
    assert_eq!(opened(&old_tree), all);
    let left: Vec<String> = all
        .iter()
        .filter(|id| *id != "Patient/p7")
        .cloned()
        .collect();
    assert_eq!(opened(&dir.join("keys.tree")), left);
    for key in &keys {
        assert!(
            root.open_vault_key(&key.id, &key.wrapped).is_err(),
            "no tree, no key"
        );
    }
    drop(temp);
}

#[test]
fn keys_from_before_the_tree_are_taken_over() {
    let (dir, temp) = World::new().stop();
    // As an earlier release left it: a key under the root key alone, and no tree.
    let root = RootKey::from_bytes(&SEEDS.root);
    let (_, former) = root.new_vault_key("Patient/p7").unwrap();
    let database = Connection::open(dir.join("store.db")).unwrap();
    let sql = "INSERT INTO vaults (id, wrapped) VALUES ('Patient/p7', ?1)";
    database.execute(sql, [former]).unwrap();
    let sql = "DELETE FROM settings WHERE name = 'key-tree'";
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    drop(database);
    std::fs::remove_file(dir.join("keys.tree")).unwrap();

    let world = World::open(&dir, |_| {});
    fill(&world);
    let stored = world.hospital.store().vault_key("Patient/p7");
    let stored = world.wait(stored).unwrap().unwrap();
    let tree = KeyTree::open(&dir.join("keys.tree"), &root).unwrap();
    assert!(root.open_vault_key("Patient/p7", &stored).is_err());
    assert!(root.open_vault_key_in(&tree, "Patient/p7", &stored).is_ok());
    erase(&world);
    let findings = audited(world, |_| {});
    assert_eq!(findings, [""; 0]);
    drop(temp);
}

#[test]
fn a_lost_tree_is_said_and_never_replaced() {
    let (dir, temp) = ward().stop();
    std::fs::remove_file(dir.join("keys.tree")).unwrap();
    let opened = std::panic::catch_unwind(|| World::open(&dir, |_| {}));
    assert!(opened.is_err());
    assert!(!dir.join("keys.tree").exists());
    drop(temp);
}

#[test]
fn a_legal_hold_is_before_an_erasure() {
    let world = ward();
    let auditor = world.client(Role::Auditor, None);
    let form = json!({ "patient": "p7", "words": "case 12 of the court" });
    world.clinician().post("/erasures/holds", &form).expect(403);
    seven(&world).post("/erasures/holds", &form).expect(403);
    let silent = json!({ "patient": "p7", "words": " " });
    auditor.post("/erasures/holds", &silent).expect(400);
    auditor.post("/erasures/holds", &form).expect(201);
    let held = auditor.get("/erasures/holds").expect(200).json();
    assert_eq!(held["holds"][0]["words"], "case 12 of the court");

    let refused = seven(&world)
        .post("/fhir/Patient/p7/$erase", &json!({}))
        .expect(409);
    let hint = refused.json()["issue"][0]["diagnostics"].to_string();
    assert!(hint.contains("/erasures/holds"), "{}", refused.text());
    let admin = world.client(Role::Admin, None);
    let words = json!({ "words": "the patient asked" });
    admin.post("/fhir/Patient/p7/$erase", &words).expect(409);
    world.clinician().get("/fhir/Patient/p7").expect(200);

    let lift = |words: &str| {
        let body = json!({ "patient": "p7", "words": words }).to_string();
        admin.send("DELETE", "/erasures/holds", &[], Some(body.as_bytes()))
    };
    lift("the case is closed").expect(200);
    lift("the case is closed").expect(404);
    let told = world
        .clinician()
        .get("/fhir/Provenance?patient=p7")
        .expect(200);
    for code in ["legal-hold-placed", "legal-hold-lifted"] {
        assert!(told.text().contains(code), "{code}");
    }
    erase(&world);
}

#[test]
fn a_hold_that_is_taken_away_in_the_database_is_named() {
    for (sql, item, reason) in [
        (
            "DELETE FROM holds",
            "Provenance/",
            "that it tells of was taken away",
        ),
        (
            "DELETE FROM holds WHERE number = 3",
            "Provenance/",
            "that it tells of was taken away",
        ),
        (
            "UPDATE holds SET sealed = zeroblob(60) WHERE number = 1",
            "step 1 of the holds on Patient/p7",
            "its row was changed outside Salus",
        ),
        (
            "INSERT INTO holds SELECT patient, 4, sealed, record, integrity FROM holds
             WHERE number = 2",
            "step 4 of the holds on Patient/p7",
            "its row was changed outside Salus",
        ),
    ] {
        let world = ward();
        let auditor = world.client(Role::Auditor, None);
        let form = json!({ "patient": "p7", "words": "case 12" });
        auditor.post("/erasures/holds", &form).expect(201);
        let lift = form.to_string();
        auditor
            .send("DELETE", "/erasures/holds", &[], Some(lift.as_bytes()))
            .expect(200);
        auditor.post("/erasures/holds", &form).expect(201);
        let held = auditor.get("/erasures/holds").expect(200).json();
        assert_eq!(held["holds"].as_array().unwrap().len(), 1, "{held}");
        let findings = audited(world, |dir| change(dir, sql));
        let named = |it: &String| it.starts_with(item) && it.ends_with(reason);
        assert!(findings.iter().any(named), "{sql}: {findings:?}");
    }
}

#[test]
fn only_the_patient_or_an_administrator_with_words_erases_and_once() {
    let world = ward();
    let erase_as = |client: &Client, id: &str, body: Value| {
        client.post(&format!("/fhir/Patient/{id}/$erase"), &body)
    };
    erase_as(&world.stranger(), "p7", json!({})).expect(401);
    erase_as(&world.clinician(), "p7", json!({ "words": "x" })).expect(403);
    erase_as(
        &world.client(Role::Auditor, None),
        "p7",
        json!({ "words": "x" }),
    )
    .expect(403);
    erase_as(&world.client(Role::Patient, Some("p1")), "p7", json!({})).expect(404);
    let admin = world.client(Role::Admin, None);
    erase_as(&admin, "p7", json!({})).expect(400);
    erase_as(&admin, "p7", json!({ "word": "x" })).expect(400);
    erase_as(&admin, "p8", json!({ "words": "x" })).expect(404);
    world.clinician().get("/fhir/Patient/p7").expect(200);
    let begun = erase_as(&admin, "p7", json!({ "words": "a letter of the patient" })).expect(202);
    let id = begun.json()["erasure"].as_str().unwrap().to_owned();
    let told = admin.get(&format!("/erasures/{id}")).expect(200).json();
    assert_eq!(
        (&told["complete"], &told["missing"]),
        (&json!(true), &json!([]))
    );
    erase_as(&admin, "p7", json!({ "words": "again" })).expect(404);
    erase_as(&seven(&world), "p7", json!({})).expect(404);
    let erased = world
        .wait(world.hospital.store().erasures([0; 32], 9))
        .unwrap();
    assert_eq!(erased.len(), 1);
}

/// What breaks one step of an erasure, and what mends it.
type Change = fn(&Path);

#[test]
fn an_interrupted_erasure_is_finished_at_the_next_start() {
    let steps: [(Change, Change); 3] = [
        (|dir| stop_before(dir, "INSERT ON erasures"), start_again),
        (
            |dir| std::fs::create_dir(dir.join("keys.new")).unwrap(),
            |dir| std::fs::remove_dir(dir.join("keys.new")).unwrap(),
        ),
        (|dir| stop_before(dir, "DELETE ON settings"), start_again),
    ];
    for (step, (stop, mend)) in steps.into_iter().enumerate() {
        let world = ward();
        stop(&world.dir);
        seven(&world)
            .post("/fhir/Patient/p7/$erase", &json!({}))
            .expect(500);
        let (dir, temp) = world.stop();
        mend(&dir);
        let world = World::open(&dir, |_| {});
        assert_eq!(found_in_files(&dir), [""; 0], "after step {step}");
        world.clinician().get("/fhir/Patient/p7").expect(404);
        // As the node does, again and again.
        let began = Instant::now();
        while let Err(error) = world.wait(world.hospital.pursue_erasures()) {
            assert!(began.elapsed() < Duration::from_mins(1), "{error}");
        }
        let erased = world
            .wait(world.hospital.store().erasures([0; 32], 9))
            .unwrap();
        let path = format!("/erasures/{}", Digest(erased[0].id));
        let told = world
            .client(Role::Admin, None)
            .get(&path)
            .expect(200)
            .json();
        assert_eq!(told["complete"], true, "{told}");
        let findings = audited(world, |_| {});
        assert_eq!(findings, [""; 0], "after step {step}");
        drop(temp);
    }
}

#[test]
fn a_deletion_that_passes_for_an_erasure_is_named() {
    let hide = "DELETE FROM sights WHERE leaf = (SELECT leaf FROM records WHERE type =
            (SELECT type FROM types WHERE name = 'Observation'));
        CREATE TEMP TABLE gone AS SELECT leaf, record FROM records WHERE type =
            (SELECT type FROM types WHERE name = 'Observation');
        DELETE FROM versions WHERE leaf IN (SELECT leaf FROM gone);
        DELETE FROM records WHERE record IN (SELECT record FROM gone);
        DELETE FROM compartments WHERE record IN (SELECT record FROM gone);";
    let invented = format!(
        "{hide} INSERT INTO erasures VALUES (zeroblob(32), 1, x'00');
        INSERT INTO erased SELECT leaf, zeroblob(32), 0, 0 FROM gone;"
    );
    let borrowed = format!(
        "{hide} UPDATE erasures SET leaves = leaves + 1;
        INSERT INTO erased SELECT leaf, (SELECT erasure FROM erasures), 0, 0 FROM gone;"
    );
    for (sql, reason) in [
        (invented, "the ledger does not have it"),
        (borrowed, "it took another number of leaves"),
    ] {
        let world = ward();
        erase(&world);
        let findings = audited(world, |dir| change(dir, &sql));
        let named = findings
            .iter()
            .any(|it| it.starts_with("erasure ") && it.ends_with(reason));
        assert!(named, "{findings:?}");
    }
}

/// The database refuses a step, as if the node were killed before it.
fn stop_before(dir: &Path, step: &str) {
    let body = "BEGIN SELECT RAISE(ABORT, 'stopped'); END";
    change(dir, &format!("CREATE TRIGGER stop BEFORE {step} {body}"));
}

fn start_again(dir: &Path) {
    change(dir, "DROP TRIGGER stop");
}

fn change(dir: &Path, sql: &str) {
    let database = Connection::open(dir.join("store.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    let sql = format!("PRAGMA foreign_keys = OFF; {sql};");
    database.execute_batch(&sql).unwrap();
}

struct Kept(Vec<Digest>);

impl Nodes for Kept {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        let index = usize::try_from(index).ok()?;
        self.0.get(index).copied().filter(|_| level == 0)
    }
}

/// Stops the organisation, changes its files, and answers what the audit finds.
fn audited(world: World, change: impl FnOnce(&Path)) -> Vec<String> {
    // Every version is under a batch by then, so that the audit has all of the ledger it needs.
    let last = json!({ "resourceType": "Basic", "code": { "text": "last" } });
    let client = world.clinician();
    let id = client.post("/fhir/Basic", &last).expect(201).id();
    client
        .receipt(&format!("/fhir/Basic/{id}/_history/1"))
        .expect(200);
    let policy = trust(&world);
    let state = world.hospital.chain().state();
    let size = world.hospital.chain().status().history_size;
    let entries = world.wait(async {
        let mut entries = Vec::new();
        for index in 0..size {
            match world.hospital.chain().proof(index).await {
                Some(anchor) => entries.push(leaf_hash(&anchor.entry)),
                None => break,
            }
        }
        entries
    });
    let (dir, _temp) = world.stop();
    change(&dir);
    let store = store::Store::open_read_only(&dir.join("store.db"), &store::Options::default());
    let input = AuditInput {
        store: store.unwrap(),
        root_key: RootKey::from_bytes(&SEEDS.root),
        key_tree: dir.join("keys.tree"),
        organisation: "st-mary".into(),
        state: Some(state),
        history: Arc::new(Kept(entries)),
        policies: vec![policy],
    };
    let mut found = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(audit(input, &mut |_| {}, &mut |finding| {
            found.push(format!("{}: {}", finding.item, finding.reason));
        }))
        .unwrap();
    found
}
