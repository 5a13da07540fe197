//! SMART Health Links: what they hold, who opens them, what their patient sees, and how they end.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Answer, Client, World};
use hospital::{Role, instant};
use proof::policy::Policy;
use proof::receipt;
use serde_json::{Value, json};

const DAY_S: i64 = 86_400;
const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";

/// Words that only this patient's record holds.
const MARKER: &str = "quillfeather";

fn ward() -> World {
    let world = World::new();
    let client = world.clinician();
    for (id, family) in [("p1", "Byron"), ("p7", "Quillfeather")] {
        let patient = json!({ "resourceType": "Patient", "id": id,
            "name": [{ "family": family }] });
        client
            .put(&format!("/fhir/Patient/{id}"), &patient)
            .expect(201);
        for (type_, body) in [
            (
                "AllergyIntolerance",
                json!({ "patient": { "reference": format!("Patient/{id}") },
                    "clinicalStatus": { "coding": [{ "code": "active", "system": CLINICAL }] } }),
            ),
            (
                "Observation",
                json!({ "status": "final", "code": { "text": "weight" },
                "subject": { "reference": format!("Patient/{id}") } }),
            ),
        ] {
            let mut body = body;
            body["resourceType"] = type_.into();
            client.post(&format!("/fhir/{type_}"), &body).expect(201);
        }
    }
    // Every receipt is there.
    client.receipt("/fhir/Patient/p7/_history/1").expect(200);
    world
}

fn seven(world: &World) -> Client {
    world.client(Role::Patient, Some("p7"))
}

fn tomorrow(world: &World) -> String {
    instant::fhir(world.hospital.now_us() + DAY_S * 1_000_000)
}

fn form(world: &World, changes: &Value) -> Value {
    let mut form = json!({ "label": "For my doctor", "what": "all", "expires": tomorrow(world) });
    for (name, value) in changes.as_object().unwrap() {
        form[name] = value.clone();
    }
    form
}

/// A link as whoever got it reads it.
struct Link {
    path: String,
    key: Vec<u8>,
    payload: Value,
    id: String,
}

fn made(world: &World, changes: &Value) -> Link {
    let answer = seven(world)
        .post("/links", &form(world, changes))
        .expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    let told = answer.json();
    let text = told["link"]
        .as_str()
        .unwrap()
        .strip_prefix("shlink:/")
        .unwrap();
    let payload = URL_SAFE_NO_PAD.decode(text).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    let url = payload["url"].as_str().unwrap();
    assert!(url.len() <= 128);
    assert!(told["qr"].as_str().unwrap().starts_with("<svg "));
    let key = URL_SAFE_NO_PAD
        .decode(payload["key"].as_str().unwrap())
        .unwrap();
    assert_eq!(key.len(), 32);
    Link {
        path: url.strip_prefix(&world.base).unwrap().to_owned(),
        key,
        id: told["id"].as_str().unwrap().to_owned(),
        payload,
    }
}

fn open(world: &World, link: &Link, changes: &Value) -> Answer {
    let mut form = json!({ "recipient": "Dr. Adler, Harbour Practice" });
    for (name, value) in changes.as_object().unwrap() {
        form[name] = value.clone();
    }
    world.stranger().post(&link.path, &form)
}

/// The plaintext of a file. RFC 7516 5.2, written here once more.
fn decrypted(link: &Link, jwe: &str) -> Value {
    let parts: Vec<&str> = jwe.split('.').collect();
    let [head, key, nonce, body, tag] = parts[..] else {
        panic!("{jwe}")
    };
    assert_eq!(key, "", "dir has no encrypted key");
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let named: Value = serde_json::from_slice(&decode(head)).unwrap();
    assert_eq!(
        named,
        json!({ "alg": "dir", "enc": "A256GCM", "cty": "application/fhir+json" })
    );
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &link.key).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(&decode(nonce)).unwrap();
    let mut sealed = [decode(body), decode(tag)].concat();
    let opened = cipher
        .open_in_place(nonce, Aad::from(head.as_bytes()), &mut sealed)
        .unwrap();
    serde_json::from_slice(opened).unwrap()
}

fn files(link: &Link, manifest: &Value) -> Vec<Value> {
    let files = manifest["files"].as_array().unwrap().iter();
    let embedded = files.map(|file| {
        assert_eq!(file["contentType"], "application/fhir+json");
        decrypted(link, file["embedded"].as_str().unwrap())
    });
    embedded.collect()
}

fn types(bundle: &Value) -> Vec<&str> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let mut types: Vec<&str> = entries
        .map(|entry| entry["resource"]["resourceType"].as_str().unwrap())
        .collect();
    types.sort_unstable();
    types
}

fn disclosures(world: &World) -> Vec<Value> {
    let report = seven(world).get("/reports/disclosures").expect(200).json();
    report["lines"].as_array().unwrap().clone()
}

#[test]
fn a_link_hands_on_what_was_chosen_with_what_proves_it() {
    let world = ward();
    let link = made(&world, &json!({ "what": "summary" }));
    assert_eq!(link.payload["label"], "For my doctor");
    assert_eq!(link.payload["v"], 1);
    assert!(link.payload["flag"].is_null());
    assert_eq!(disclosures(&world).len(), 0, "to make one is no disclosure");
    let manifest = open(&world, &link, &json!({})).expect(200);
    // Viewers run in browsers, at addresses of their own.
    assert_eq!(manifest.header("access-control-allow-origin"), "*");
    let manifest = manifest.json();
    assert_eq!(manifest["status"], "finalized");
    let all = files(&link, &manifest);
    let [bundle, proofs] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!(types(bundle), ["AllergyIntolerance", "Patient"]);
    assert!(bundle.to_string().contains("Quillfeather"));
    assert!(!bundle.to_string().contains("Byron"));

    let trust = world.clinician().get("/ledger/trust").expect(200).bytes;
    let trust = Policy::parse(&trust).unwrap();
    let proofs = proofs["entry"].as_array().unwrap();
    assert_eq!(proofs.len(), 2);
    for (entry, proof) in bundle["entry"].as_array().unwrap().iter().zip(proofs) {
        let text = STANDARD.decode(proof["resource"]["signature"][0]["data"].as_str().unwrap());
        let record = entry["resource"].to_string();
        let verified = receipt::verify(&text.unwrap(), &trust, Some(record.as_bytes())).unwrap();
        let target = proof["resource"]["target"][0]["reference"]
            .as_str()
            .unwrap();
        assert!(target.contains(&verified.event.record_id), "{target}");
    }
    let types_only = made(&world, &json!({ "what": ["Observation"] }));
    let manifest = open(&world, &types_only, &json!({})).expect(200).json();
    assert_eq!(types(&files(&types_only, &manifest)[0]), ["Observation"]);
}

#[test]
fn the_patient_sees_who_opened_it_and_what_they_got() {
    let world = ward();
    let link = made(&world, &json!({ "passcode": "4711" }));
    assert_eq!(link.payload["flag"], "P");
    open(
        &world,
        &link,
        &json!({ "passcode": "0000", "recipient": "A stranger" }),
    )
    .expect(401);
    open(&world, &link, &json!({ "passcode": "4711" })).expect(200);
    let lines = disclosures(&world);
    let [got] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(got["recipient"], "Dr. Adler, Harbour Practice");
    assert_eq!(got["purpose"], "PATRQT");
    assert_eq!(got["basis"], format!("health-link/{}", link.id));
    let what = got["what"].as_str().unwrap();
    for part in [
        "Patient: 1",
        "AllergyIntolerance: 1",
        "Observation: 1",
        "For my doctor",
    ] {
        assert!(what.contains(part), "{what}");
    }
    // Who did not get in got nothing; the patient sees the try among the accesses.
    let accesses = seven(&world).get("/reports/accesses").expect(200).json();
    let lines = accesses["lines"].as_array().unwrap();
    let refused = lines
        .iter()
        .find(|line| line["outcome"] == "refused (passcode)");
    assert_eq!(refused.unwrap()["who"], "A stranger (link)");
    // The event is a record like any other, with a receipt.
    let receipt = got["receipt"].as_str().unwrap();
    let receipt = seven(&world)
        .receipt(receipt.trim_end_matches("/$receipt"))
        .expect(200);
    assert!(receipt.text().starts_with("c2sp.org/tlog-proof"));
    let other = world.client(Role::Patient, Some("p1"));
    let none = other.get("/reports/disclosures").expect(200).json();
    assert_eq!(none["lines"], json!([]));
}

#[test]
fn wrong_passcodes_are_counted_for_life_even_all_at_once() {
    let world = ward();
    let link = made(
        &world,
        &json!({ "passcode": "a-long-one", "long_term": true }),
    );
    assert_eq!(link.payload["flag"], "LP");
    let missing = open(&world, &link, &json!({})).expect(401).json();
    assert_eq!(missing["remainingAttempts"], 10, "to ask is no guess");
    let wrong = open(&world, &link, &json!({ "passcode": "wrong" }))
        .expect(401)
        .json();
    assert_eq!(wrong["remainingAttempts"], 9);
    open(&world, &link, &json!({ "passcode": "a-long-one" })).expect(200);
    let own = seven(&world).get("/links").expect(200).json();
    assert_eq!(
        own["links"][0]["attempts_left"], 9,
        "a right one does not begin anew"
    );
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guess = |number: usize| {
            let (world, link) = (&world, &link);
            move || {
                open(
                    world,
                    link,
                    &json!({ "passcode": format!("guess-{number}") }),
                )
                .status
            }
        };
        let all: Vec<_> = (0..20).map(|number| scope.spawn(guess(number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let heard = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(heard, 9, "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 404].contains(status)));
    open(&world, &link, &json!({ "passcode": "a-long-one" })).expect(404);
    let own = seven(&world).get("/links").expect(200).json();
    assert_eq!(own["links"][0]["state"], "locked");
}

#[test]
fn a_link_ends_when_it_says() {
    let world = ward();
    let link = made(&world, &json!({}));
    open(&world, &link, &json!({})).expect(200);
    world.later(DAY_S + 1);
    open(&world, &link, &json!({})).expect(404);
    let own = seven(&world).get("/links").expect(200).json();
    assert_eq!(
        (&own["links"][0]["state"], &own["links"][0]["retrieved"]),
        (&json!("expired"), &json!(1))
    );
    assert_eq!(rows(&world.dir), (1, 0, 0), "its files are gone");
    world.later(DAY_S * 32);
    let own = seven(&world).get("/links").expect(200).json();
    assert_eq!(own["links"], json!([]));
}

/// Rows of links, of files, of addresses.
fn rows(dir: &Path) -> (i64, i64, i64) {
    let database = rusqlite::Connection::open(dir.join("store.db")).unwrap();
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        database.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    (
        count("health_links"),
        count("health_link_files"),
        count("health_link_tickets"),
    )
}

#[test]
fn a_copy_stays_as_it_was_and_a_long_term_link_follows_the_record() {
    let world = ward();
    let copy = made(&world, &json!({ "what": ["Observation"] }));
    let current = made(
        &world,
        &json!({ "what": ["Observation"], "long_term": true }),
    );
    assert_eq!(current.payload["flag"], "L");
    let count = |link: &Link| {
        let manifest = open(&world, link, &json!({})).expect(200).json();
        let status = manifest["status"].as_str().unwrap().to_owned();
        (types(&files(link, &manifest)[0]).len(), status)
    };
    assert_eq!(count(&copy), (1, "finalized".into()));
    assert_eq!(count(&current), (1, "can-change".into()));
    let more = json!({ "resourceType": "Observation", "status": "final",
        "code": { "text": "height" }, "subject": { "reference": "Patient/p7" } });
    world
        .clinician()
        .post("/fhir/Observation", &more)
        .expect(201);
    assert_eq!(count(&copy), (1, "finalized".into()));
    assert_eq!(count(&current), (2, "can-change".into()));
}

#[test]
fn no_file_here_has_the_key_or_the_content_of_a_link() {
    let world = ward();
    let label = "label-of-quillfeather";
    let links = [false, true].map(|long_term| {
        made(
            &world,
            &json!({ "label": label, "long_term": long_term, "passcode": "opensesame" }),
        )
    });
    for link in &links {
        open(&world, link, &json!({ "passcode": "opensesame" })).expect(200);
    }
    let text = |link: &Link| URL_SAFE_NO_PAD.encode(&link.key).into_bytes();
    let mut secrets = vec![b"opensesame".to_vec()];
    for link in &links {
        let address = link.path.rsplit('/').next().unwrap().as_bytes().to_vec();
        secrets.extend([link.key.clone(), text(link), address]);
    }
    let database = rusqlite::Connection::open(world.dir.join("store.db")).unwrap();
    let mut bytes = Vec::new();
    for sql in [
        "SELECT body FROM health_links",
        "SELECT body FROM health_link_files",
    ] {
        let mut statement = database.prepare(sql).unwrap();
        let all = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))
            .unwrap();
        all.for_each(|body| bytes.extend(body.unwrap()));
    }
    let holds = |bytes: &[u8], secret: &[u8]| bytes.windows(secret.len()).any(|it| it == secret);
    for secret in secrets
        .iter()
        .chain([&MARKER.as_bytes().to_vec(), &b"eyJ".to_vec()])
    {
        assert!(
            !holds(&bytes, secret),
            "{}",
            String::from_utf8_lossy(secret)
        );
    }
    for name in ["store.db", "store.db-wal"] {
        let file = std::fs::read(world.dir.join(name)).unwrap_or_default();
        assert!(secrets.iter().all(|secret| !holds(&file, secret)), "{name}");
    }
}

#[test]
fn the_address_of_a_file_is_good_once_and_not_for_long() {
    let world = ward();
    let link = made(&world, &json!({}));
    let locations = || {
        let manifest = open(&world, &link, &json!({ "embeddedLengthMax": 0 }))
            .expect(200)
            .json();
        let files = manifest["files"].as_array().unwrap().iter();
        let paths = files.map(|file| {
            assert!(file["embedded"].is_null());
            let url = file["location"].as_str().unwrap();
            url.strip_prefix(&world.base).unwrap().to_owned()
        });
        paths.collect::<Vec<String>>()
    };
    let path = locations().remove(0);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let fetch = || world.stranger().get(&path);
        let all: Vec<_> = (0..8).map(|_| scope.spawn(fetch)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let got: Vec<&Answer> = answers.iter().filter(|it| it.status == 200).collect();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].header("content-type"), "application/jose");
    assert_eq!(types(&decrypted(&link, &got[0].text())).len(), 3);
    assert!(answers.iter().all(|it| [200, 404].contains(&it.status)));

    let late = locations().remove(0);
    world.later(11 * 60);
    world.stranger().get(&late).expect(404);
    let orphan = locations().remove(0);
    seven(&world)
        .delete(&format!("/links/{}", link.id))
        .expect(200);
    world.stranger().get(&orphan).expect(404);
    open(&world, &link, &json!({})).expect(404);
    assert_eq!(rows(&world.dir), (0, 0, 0));
    seven(&world)
        .delete(&format!("/links/{}", link.id))
        .expect(404);
}

#[test]
fn a_link_is_answered_so_often_in_an_hour() {
    let world = ward();
    // A day, the whole of it.
    let day = &instant::fhir(world.hospital.now_us() + 2 * DAY_S * 1_000_000)[..10];
    let link = made(&world, &json!({ "expires": day }));
    let statuses: Vec<u16> = (0..62)
        .map(|_| open(&world, &link, &json!({})).status)
        .collect();
    // A new hour may begin meanwhile; then all are answered, and the rest of this says nothing new.
    let refused = open(&world, &link, &json!({}));
    if refused.status == 429 {
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=3_601).contains(&wait));
        assert!(statuses.iter().filter(|it| **it == 200).count() >= 60);
    }
    world.later(3_600);
    open(&world, &link, &json!({})).expect(200);
}

#[test]
fn what_is_no_link_is_refused_and_nothing_is_kept() {
    let world = ward();
    let own = seven(&world);
    let year = instant::fhir(world.hospital.now_us() + 400 * DAY_S * 1_000_000);
    for (changes, why) in [
        (json!({ "label": "" }), "label"),
        (json!({ "label": "x".repeat(81) }), "label"),
        (json!({ "label": "a\nb" }), "label"),
        (json!({ "what": "some" }), "what"),
        (json!({ "what": [] }), "what"),
        (json!({ "what": ["Observatory"] }), "Observatory"),
        (json!({ "what": ["AuditEvent"] }), "AuditEvent"),
        (json!({ "what": ["Consent"] }), "Consent"),
        (json!({ "expires": "soon" }), "expires"),
        (json!({ "expires": "2020-01-01" }), "expires"),
        (json!({ "expires": year }), "expires"),
        (json!({ "passcode": "abc" }), "passcode"),
        (json!({ "passcode": "x".repeat(65) }), "passcode"),
        (json!({ "colour": 1 }), "label"),
    ] {
        let refused = own.post("/links", &form(&world, &changes));
        assert!([400, 404, 422].contains(&refused.status), "{changes}");
        assert!(
            refused.text().contains(why),
            "{changes}: {}",
            refused.text()
        );
    }
    assert_eq!(rows(&world.dir), (0, 0, 0));
    for role in [Role::Clinician, Role::Auditor, Role::Admin, Role::System] {
        let client = world.client(role, None);
        client.post("/links", &form(&world, &json!({}))).expect(403);
        client.get("/links").expect(403);
        client.delete("/links/x").expect(403);
    }
    let link = made(&world, &json!({}));
    let other = world.client(Role::Patient, Some("p1"));
    other.delete(&format!("/links/{}", link.id)).expect(404);
    assert_eq!(other.get("/links").expect(200).json()["links"], json!([]));
    for recipient in [
        json!(""),
        json!(" \n "),
        json!("x".repeat(201)),
        Value::Null,
    ] {
        open(&world, &link, &json!({ "recipient": recipient })).expect(400);
    }
    let guess = URL_SAFE_NO_PAD.encode([7; 32]);
    let form = json!({ "recipient": "A guesser" });
    world
        .stranger()
        .post(&format!("/shl/{guess}"), &form)
        .expect(404);
    world
        .stranger()
        .get(&format!("/shl/files/{guess}"))
        .expect(404);
    assert!(disclosures(&world).is_empty());
}

#[test]
fn a_changed_row_is_found_when_the_link_is_opened() {
    let world = ward();
    for sql in [
        "UPDATE health_links SET until_us = until_us + 1",
        "UPDATE health_links SET patient = 'p1'",
        "UPDATE health_link_files SET body = zeroblob(64)",
    ] {
        let link = made(&world, &json!({}));
        let database = rusqlite::Connection::open(world.dir.join("store.db")).unwrap();
        assert!(database.execute(sql, []).unwrap() > 0);
        open(&world, &link, &json!({})).expect(500);
        database.execute("DELETE FROM health_links", []).unwrap();
    }
    assert!(disclosures(&world).is_empty());
}

#[test]
fn who_acts_for_the_patient_makes_links_that_the_patient_sees() {
    let world = ward();
    // The user that a patient's token here is of.
    world.add_user("test-patient", Role::Patient, Some("p1"));
    let us = world.hospital.now_us() + 30 * DAY_S * 1_000_000;
    let delegation = json!({ "patient": "p7", "delegate": "test-patient", "kind": "proxy",
        "until": instant::fhir(us) });
    let adult = hospital::Caller::new("ann", Role::Patient, Some("p7".into()));
    let token = api::issue_token(&world.config, &adult, world.hospital.now_us()).unwrap();
    let adult = Client::to(&world.base, token);
    adult.post("/identity/delegations", &delegation).expect(201);
    let delegate = world.client(Role::Patient, Some("p1"));
    let body = form(&world, &json!({})).to_string();
    let headers = [("acting-for", "p7")];
    let made = delegate.send("POST", "/links", &headers, Some(body.as_bytes()));
    made.expect(201);
    let own = seven(&world).get("/links").expect(200).json();
    assert_eq!(own["links"].as_array().unwrap().len(), 1);
    let none = delegate.get("/links").expect(200).json();
    assert_eq!(none["links"], json!([]));
}

#[test]
fn the_links_of_an_erased_patient_are_gone() {
    let world = ward();
    let link = made(
        &world,
        &json!({ "long_term": true, "label": "of quillfeather" }),
    );
    open(&world, &link, &json!({ "embeddedLengthMax": 0 })).expect(200);
    assert_ne!(rows(&world.dir).2, 0);
    let begun = seven(&world).send("POST", "/fhir/Patient/p7/$erase", &[], None);
    begun.expect(202);
    assert_eq!(rows(&world.dir), (0, 0, 0));
    open(&world, &link, &json!({})).expect(404);
}
