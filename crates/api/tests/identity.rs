//! Patients' keys, their recovery, and delegations, through the door and in the database.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic, print and copy"
)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{Answer, Client, SEEDS, World};
use hospital::audit::{AuditInput, audit};
use hospital::{Caller, HospitalError, Role, consent_digest, key_change_digest};
use proof::{Digest, PublicKey, SecretKey, Signature};
use rusqlite::Connection;
use serde_json::{Value, json};
use vault::{RootKey, Seed};

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.concat()
}

/// An organisation with two patients.
fn world() -> World {
    let world = World::new();
    for id in ["p1", "p2"] {
        let body = json!({ "resourceType": "Patient", "id": id, "name": [{ "family": id }] });
        let path = format!("/fhir/Patient/{id}");
        world.clinician().put(&path, &body).expect(201);
    }
    world
}

fn patient(world: &World, id: &str) -> Client {
    world.client(Role::Patient, Some(id))
}

fn code(answer: &Answer) -> String {
    answer.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The body with which a device enrols its key as a change of this number.
fn device(world: &World, seed: &Seed, number: u64, approved_by: Option<&Seed>) -> Value {
    let key = |seed: &Seed| SecretKey::from_seed(&seed.consent_signing());
    let public = key(seed).public();
    let chain = world.hospital.chain_id();
    let digest = key_change_digest(&chain, "st-mary", "p1", number, (&public, None));
    let mut body = json!({ "mode": "device", "consent_key": public.to_string(),
        "possession": hex(&key(seed).sign(&digest.0).0) });
    if let Some(old) = approved_by {
        body["approval"] = hex(&key(old).sign(&digest.0).0).into();
    }
    body
}

#[test]
fn a_custodial_key_is_made_once_and_provable() {
    let world = world();
    let client = patient(&world, "p1");
    assert_eq!(code(&client.get("/identity/keys").expect(404)), "absent");
    let made = client.post("/identity/keys", &json!({ "mode": "custodial" }));
    let made = made.expect(201).json();
    assert_eq!(made["current"]["mode"], "custodial");
    assert_eq!(made["current"]["number"], 1);
    let again = client.post("/identity/keys", &json!({ "mode": "custodial" }));
    assert_eq!(again.expect(201).json(), made);
    let read = client.get("/identity/keys").expect(200);
    assert_eq!(read.json(), made);
    assert_eq!(read.header("cache-control"), "no-store");
    // The record says it, to the patient and to the auditor, and has a receipt.
    let record = format!("/fhir/{}", made["current"]["record"].as_str().unwrap());
    let found = client.get(&record).expect(200);
    assert!(
        found
            .text()
            .contains(made["current"]["consent_key"].as_str().unwrap())
    );
    world.client(Role::Auditor, None).get(&record).expect(200);
    patient(&world, "p2").get(&record).expect(404);
    let receipt = client.receipt(&format!("{record}/_history/1")).expect(200);
    assert!(!receipt.bytes.is_empty());
    // Nobody but a patient has such keys, and what is not a body is refused.
    for role in [Role::Clinician, Role::Admin, Role::Auditor] {
        let answer = world.client(role, None).get("/identity/keys").expect(403);
        assert_eq!(code(&answer), "denied");
    }
    world.stranger().get("/identity/keys").expect(401);
    patient(&world, "p3")
        .post("/identity/keys", &json!({ "mode": "custodial" }))
        .expect(404);
    for body in [
        json!({}),
        json!({ "mode": "paper" }),
        json!({ "mode": "device" }),
        json!(7),
    ] {
        client.post("/identity/keys", &body).expect(400);
    }
}

#[test]
fn a_device_key_proves_itself_and_changes_only_with_the_old_one() {
    let world = world();
    let client = patient(&world, "p1");
    let (first, second, thief) = (1, 2, 3);
    let seed = |byte: u8| Seed::from_bytes([byte; 32]);
    let post = |body: Value| client.post("/identity/keys", &body);
    // A signature by another key, for another number, for another patient.
    let mut stolen = device(&world, &seed(first), 1, None);
    stolen["possession"] = device(&world, &seed(thief), 1, None)["possession"].clone();
    post(stolen).expect(422);
    post(device(&world, &seed(first), 2, None)).expect(422);
    let body = device(&world, &seed(first), 1, None);
    patient(&world, "p2")
        .post("/identity/keys", &body)
        .expect(422);
    let made = post(body.clone()).expect(201).json();
    assert_eq!(made["current"]["mode"], "device");
    // The same again, a thief's key, and a thief's key that the thief approves.
    post(body).expect(422);
    post(device(&world, &seed(thief), 2, None)).expect(422);
    post(device(&world, &seed(thief), 2, Some(&seed(thief)))).expect(422);
    let body = device(&world, &seed(second), 2, Some(&seed(first)));
    let made = post(body).expect(201).json();
    assert_eq!(made["current"]["reason"], "replaced");
    assert_eq!(made["history"].as_array().unwrap().len(), 2);
    // This organisation can neither sign nor split: it does not have the seed.
    let caller = Caller::new("ann", Role::Patient, Some("p1".into()));
    let signed = world.wait(
        world
            .hospital
            .sign_grant(&caller, "p1", &[7; 32], b"consent"),
    );
    assert!(matches!(signed, Err(HospitalError::Request { .. })));
    assert!(
        world
            .wait(world.hospital.store().patient_seed("p1"))
            .unwrap()
            .is_none()
    );
    client.post("/identity/recovery", &json!({})).expect(422);
}

#[test]
fn a_custodial_key_signs_for_its_patient_and_gives_way_to_a_device() {
    let world = world();
    let hospital = &world.hospital;
    let caller = Caller::new("ann", Role::Patient, Some("p1".into()));
    let signed = world
        .wait(hospital.sign_grant(&caller, "p1", &[7; 32], b"consent"))
        .unwrap();
    let digest = consent_digest(&hospital.chain_id(), b"consent");
    assert!(signed.consent_key.verify(&digest.0, &signed.signature));
    let revoked = world
        .wait(hospital.sign_revoke(&caller, "p1", &[7; 32], b"revoke"))
        .unwrap();
    assert!(signed.authority.verify(b"revoke", &revoked));
    let other = world
        .wait(hospital.sign_grant(&caller, "p1", &[8; 32], b"consent"))
        .unwrap();
    assert_ne!(other.authority, signed.authority);
    assert_eq!(other.consent_key, signed.consent_key);
    let caller_of = |name: &str| Caller::new(name, Role::Clinician, None);
    let outside = |name: &str| hospital.practitioner_pseudonym(&caller_of(name));
    assert_eq!(outside("ida"), outside("ida"));
    assert_ne!(outside("ida"), outside("idb"));
    let named = |organisation: &'static str| {
        world
            .wait(hospital.patient_pseudonym(&caller, "p1", organisation))
            .unwrap()
    };
    assert_ne!(named("st-mary"), named("city-lab"));
    // Neither another patient nor staff signs for this one.
    for caller in [
        Caller::new("eve", Role::Patient, Some("p2".into())),
        Caller::new("doc", Role::Clinician, None),
        Caller::new("root", Role::Admin, None),
    ] {
        let signed = world.wait(hospital.sign_grant(&caller, "p1", &[7; 32], b"consent"));
        assert!(matches!(signed, Err(HospitalError::Absent(_))));
    }
    // A device takes over: this organisation approves by the old key and destroys the seed.
    let body = device(&world, &Seed::from_bytes([1; 32]), 2, None);
    let made = patient(&world, "p1")
        .post("/identity/keys", &body)
        .expect(201)
        .json();
    let text = made["current"]["approval"].as_str().unwrap();
    let approval: Vec<u8> = (0..64)
        .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let new: PublicKey = made["current"]["consent_key"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let digest = key_change_digest(&hospital.chain_id(), "st-mary", "p1", 2, (&new, None));
    let approval = Signature(approval.try_into().unwrap());
    assert!(signed.consent_key.verify(&digest.0, &approval));
    assert!(
        world
            .wait(hospital.store().patient_seed("p1"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_lost_device_is_recovered_by_two_shares_and_by_nothing_else() {
    let world = world();
    let client = patient(&world, "p1");
    let seed = Seed::from_bytes([1; 32]);
    let restore =
        |texts: &[&str]| client.post("/identity/recovery/restore", &json!({ "shares": texts }));
    let texts = |seed: &Seed| seed.split().unwrap().map(|share| share.to_text().unwrap());
    let ours = texts(&seed);
    restore(&[&ours[0], &ours[1]]).expect(422);
    client
        .post("/identity/keys", &device(&world, &seed, 1, None))
        .expect(201);
    let (again, others) = (texts(&seed), texts(&Seed::from_bytes([2; 32])));
    for wrong in [
        vec![],
        vec![ours[0].as_str()],
        vec![ours[0].as_str(), ours[0].as_str()],
        vec![ours[0].as_str(), again[1].as_str()],
        vec![others[0].as_str(), others[1].as_str()],
        vec![ours[0].as_str(), "salus1-qqqq"],
    ] {
        let answer = restore(&wrong).expect(422);
        for text in &wrong {
            assert!(
                !answer.text().contains(&text[7..]),
                "a share is in the answer"
            );
        }
    }
    patient(&world, "p2")
        .post(
            "/identity/recovery/restore",
            &json!({ "shares": [*ours[0], *ours[1]] }),
        )
        .expect(422);
    let typed = ours[2].to_uppercase().replace('-', " ");
    let restored = restore(&[&ours[0], &typed]).expect(200).json();
    assert_eq!(restored["current"]["mode"], "custodial");
    assert_eq!(restored["current"]["reason"], "recovery");
    assert_eq!(restored["current"]["number"], 2);
    assert_eq!(
        restored["current"]["consent_key"],
        restored["history"][0]["consent_key"]
    );
    let caller = Caller::new("ann", Role::Patient, Some("p1".into()));
    let signed = world
        .wait(world.hospital.sign_grant(&caller, "p1", &[7; 32], b"c"))
        .unwrap();
    let authority = SecretKey::from_seed(&seed.grant_authority(&[7; 32])).public();
    assert_eq!(
        signed.authority, authority,
        "old grants can still be revoked"
    );
}

#[test]
fn a_custodial_seed_that_was_destroyed_comes_back_from_shares() {
    let world = world();
    let client = patient(&world, "p1");
    let made = client
        .post("/identity/recovery", &json!({}))
        .expect(201)
        .json();
    let shares = made["shares"].as_array().unwrap();
    assert_eq!((shares.len(), &made["needed"]), (3, &json!(2)));
    let before = client.get("/identity/keys").expect(200).json();
    let sql = "DELETE FROM patient_seeds";
    let database = Connection::open(world.dir.join("store.db")).unwrap();
    assert_eq!(database.execute(sql, []).unwrap(), 1);
    let damaged = client.post("/identity/recovery", &json!({})).expect(500);
    assert_eq!(code(&damaged), "damaged");
    let body = json!({ "shares": [shares[2]["text"], shares[1]["text"]] });
    let after = client
        .post("/identity/recovery/restore", &body)
        .expect(200)
        .json();
    assert_eq!(
        after["current"]["consent_key"],
        before["current"]["consent_key"]
    );
    client.post("/identity/recovery", &json!({})).expect(201);
}

fn instant(world: &World, from_now_s: i64) -> String {
    hospital::instant::fhir(world.hospital.now_us() + from_now_s * 1_000_000)
}

/// The client of somebody who acts for `p1`.
fn acting(client: &Client, path: &str) -> Answer {
    client.send("GET", path, &[("acting-for", "p1")], None)
}

#[test]
fn a_guardian_acts_for_a_child_until_the_end_and_no_longer() {
    let world = world();
    let guardian = patient(&world, "p2");
    world.add_user("test-patient", Role::Patient, Some("p2"));
    let form = |kind: &str, until: String| {
        let (patient, delegate) = ("p1", "test-patient");
        json!({ "patient": patient, "delegate": delegate, "kind": kind, "until": until })
    };
    let clinician = world.clinician();
    acting(&guardian, "/fhir/Patient/p1").expect(404);
    let day = instant(&world, 86_400);
    // Who may not, and what has no end in sight.
    guardian
        .post("/identity/delegations", &form("guardian", day.clone()))
        .expect(422);
    clinician
        .post("/identity/delegations", &form("proxy", day.clone()))
        .expect(422);
    clinician
        .post(
            "/identity/delegations",
            &form("guardian", instant(&world, -1)),
        )
        .expect(422);
    let far = instant(&world, 19 * 366 * 86_400);
    clinician
        .post("/identity/delegations", &form("guardian", far))
        .expect(422);
    let path = "/identity/delegations";
    let made = clinician
        .post(path, &form("guardian", day))
        .expect(201)
        .json();
    assert_eq!(made["in_force"], true);
    // Acting, the guardian sees the child's record and not the own one.
    acting(&guardian, "/fhir/Patient/p1").expect(200);
    acting(&guardian, "/fhir/Patient/p2").expect(404);
    guardian.get("/fhir/Patient/p1").expect(404);
    guardian.get("/fhir/Patient/p2").expect(200);
    let body = json!({ "mode": "custodial" }).to_string();
    let headers = [("acting-for", "p1")];
    let keys = guardian.send("POST", "/identity/keys", &headers, Some(body.as_bytes()));
    assert_eq!(keys.expect(201).json()["patient"], "p1");
    let listed = guardian.get(path).expect(200).json();
    assert_eq!(listed["delegations"][0]["id"], made["id"]);
    // Another cannot end it; the guardian can, and then it is nothing.
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    world.client(Role::Auditor, None).delete(&one).expect(404);
    let ended = guardian.delete(&one).expect(200).json();
    assert_eq!(ended["in_force"], false);
    assert_eq!(guardian.delete(&one).expect(200).json(), ended);
    acting(&guardian, "/fhir/Patient/p1").expect(404);
    // One that ends by itself.
    let soon = instant(&world, 2);
    clinician.post(path, &form("guardian", soon)).expect(201);
    let began = Instant::now();
    while acting(&guardian, "/fhir/Patient/p1").status != 404 {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it goes on past its end"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    // Both are told in the child's record.
    let told = clinician
        .get("/fhir/Provenance?target=Patient/p1")
        .expect(200)
        .text();
    assert!(told.contains("guardian-granted") && told.contains("guardian-ended"));
}

#[test]
fn a_proxy_acts_and_does_not_change_keys_or_delegate_further() {
    let world = world();
    let proxy = patient(&world, "p2");
    world.add_user("test-patient", Role::Patient, Some("p2"));
    let path = "/identity/delegations";
    let form = json!({ "patient": "p1", "delegate": "test-patient", "kind": "proxy",
        "until": instant(&world, 3_600) });
    let adult = Caller::new("ann", Role::Patient, Some("p1".into()));
    let token = api::issue_token(&world.config, &adult, world.hospital.now_us()).unwrap();
    let mut adult = proxy.clone();
    adult.token = Some(token);
    adult.post(path, &form).expect(201);
    acting(&proxy, "/fhir/Patient/p1").expect(200);
    let body = json!({ "mode": "custodial" }).to_string();
    let headers = [("acting-for", "p1")];
    let send = |path: &str, body: &str| proxy.send("POST", path, &headers, Some(body.as_bytes()));
    send("/identity/keys", &body).expect(422);
    send("/identity/recovery", "{}").expect(422);
    send(path, &form.to_string()).expect(422);
}

/// What the audit finds about keys and delegations.
fn findings(world_dir: &std::path::Path) -> Vec<String> {
    struct NoLedger;
    impl proof::tree::Nodes for NoLedger {
        fn node(&self, _: u8, _: u64) -> Option<Digest> {
            None
        }
    }
    let path = world_dir.join("store.db");
    let input = AuditInput {
        store: store::Store::open_read_only(&path, &store::Options::default()).unwrap(),
        root_key: RootKey::from_bytes(&SEEDS.root),
        key_tree: world_dir.join("keys.tree"),
        organisation: "st-mary".into(),
        state: None,
        history: Arc::new(NoLedger),
        policies: Vec::new(),
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
    // Without a ledger the batches cannot be judged; that is another test's.
    found.retain(|line| {
        ["key ", "step ", "seed ", "Prov"]
            .iter()
            .any(|of| line.starts_with(of))
    });
    found
}

#[test]
fn a_swapped_key_is_named_by_the_audit() {
    let world = world();
    let client = patient(&world, "p1");
    let custodial = json!({ "mode": "custodial" });
    client.post("/identity/keys", &custodial).expect(201);
    patient(&world, "p2")
        .post("/identity/keys", &custodial)
        .expect(201);
    let body = device(&world, &Seed::from_bytes([1; 32]), 2, None);
    client.post("/identity/keys", &body).expect(201);
    world.add_user("mum", Role::Patient, Some("p2"));
    let form = json!({ "patient": "p1", "delegate": "mum", "kind": "guardian",
        "until": instant(&world, 3_600) });
    let clinician = world.clinician();
    let made = clinician
        .post("/identity/delegations", &form)
        .expect(201)
        .json();
    let one = format!("/identity/delegations/{}", made["id"].as_str().unwrap());
    clinician.delete(&one).expect(200);
    let (dir, _temp) = world.stop();
    assert_eq!(findings(&dir), [""; 0]);
    let evil = RootKey::from_bytes(&SEEDS.root);
    let since = 1_i64.to_be_bytes();
    let number = 3_u64.to_be_bytes();
    // An administrator who has even the root key cannot make the record that tells of the row.
    let marked = evil.mark(
        "patient_keys",
        &[
            b"p1",
            &number,
            b"device",
            b"replaced",
            &[9; 32],
            &[0],
            &[],
            &since,
            &[8; 64],
            &[0],
            &[],
            b"r",
        ],
    );
    let forged = format!(
        "INSERT INTO patient_keys VALUES ('p1', 3, 'device', 'replaced', x'{}', NULL, 1, x'{}',
         NULL, 'r', x'{}')",
        hex(&[9; 32]),
        hex(&[8; 64]),
        hex(&marked)
    );
    let changed = "its row was changed outside Salus";
    let gone = "that it tells of was taken away";
    for (sql, expected) in [
        (
            "UPDATE patient_keys SET consent_key = zeroblob(32) WHERE number = 2",
            changed,
        ),
        (
            "UPDATE patient_keys SET mode = 'custodial' WHERE number = 2",
            changed,
        ),
        (
            "UPDATE patient_keys SET patient = 'p3' WHERE patient = 'p2'",
            changed,
        ),
        ("DELETE FROM patient_keys WHERE number = 2", gone),
        (forged.as_str(), "no record tells of it"),
        (
            "UPDATE patient_seeds SET patient = 'p1'",
            "it is not the seed of the key in force",
        ),
        (
            "UPDATE patient_seeds SET wrapped = zeroblob(60)",
            "it is not the seed of the key",
        ),
        (
            "UPDATE delegations SET until_us = until_us + 1 WHERE number = 1",
            changed,
        ),
        ("UPDATE delegations SET delegate = 'eve'", changed),
        ("DELETE FROM delegations WHERE number = 2", gone),
        ("DELETE FROM delegations", gone),
    ] {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("store.db");
        std::fs::copy(dir.join("store.db"), &path).unwrap();
        std::fs::copy(dir.join("keys.tree"), copy.path().join("keys.tree")).unwrap();
        let database = Connection::open(&path).unwrap();
        assert!(database.execute(sql, []).unwrap() >= 1, "{sql}");
        drop(database);
        let found = findings(copy.path());
        assert!(
            found.iter().any(|line| line.contains(expected)),
            "{sql}: {found:?}"
        );
    }
}
