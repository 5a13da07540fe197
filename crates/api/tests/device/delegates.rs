//! Guardians who sign for a child under a delegation on the ledger.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::Statement;
use hospital::{Role, SignedStatement, sign_statement};
use proof::{Canonical, Digest, SecretKey, Signature};
use serde_json::{Value, json};
use vault::Seed;

use crate::common::{Answer, Client};
use crate::ward::{FILE, Ward, answer, consent, hex, parameter, parameters, statement};

/// The instant this many seconds from now.
fn instant(ward: &Ward, from_now_s: i64) -> String {
    hospital::instant::fhir(ward.world.hospital.now_us() + from_now_s * 1_000_000)
}

/// A guardian of `p1`: the user `mum`, who is the patient `p2`.
fn guardian(ward: &Ward) -> (Client, Value) {
    let form = json!({ "patient": "p1", "delegate": "mum", "kind": "guardian",
        "until": instant(ward, 86_400) });
    let made = ward.world.clinician().post("/identity/delegations", &form);
    let made = made.expect(201).json();
    let caller = hospital::Caller::new("mum", Role::Patient, Some("p2".into()));
    let now_us = ward.world.hospital.now_us();
    let mut client = ward.patient("p2");
    client.token = Some(api::issue_token(&ward.world.config, &caller, now_us).unwrap());
    (client, made)
}

fn for_child(client: &Client, path: &str, body: &Value) -> Answer {
    let headers = [("acting-for", "p1")];
    client.send("POST", path, &headers, Some(body.to_string().as_bytes()))
}

#[test]
fn what_a_delegate_signs_can_be_judged_by_the_ledger_until_the_delegation_ends() {
    let ward = Ward::new();
    ward.world.add_user("mum", Role::Patient, Some("p2"));
    let (mum, made) = guardian(&ward);
    let entry: Digest = made["ledger"].as_str().unwrap().parse().unwrap();
    let state = ward.world.hospital.chain().state();
    let known = state.delegation(&entry).unwrap();
    assert_eq!((known.home.as_str(), known.revoked), ("st-mary", None));
    assert_ne!(known.delegate, known.delegator);

    let filed = for_child(&mum, FILE, &consent()).expect(201).json();
    let grant: Digest = parameter(&filed, "grant")["valueString"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(ward.grant(&grant).unwrap().custodial);
    // The record has all that a stranger needs: statement, delegation, the delegate's signature.
    let told = ward
        .patient("p1")
        .get("/fhir/Provenance?target=Patient/p1")
        .expect(200)
        .json();
    let records = told["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["resource"]);
    let given = |it: &&Value| it["activity"]["coding"][0]["code"] == "consent-given";
    let record = records.clone().find(given).unwrap();
    let value = |system: &str| {
        let entities = record["entity"].as_array().unwrap();
        let of = entities.iter().map(|it| &it["what"]["identifier"]);
        let found = of.clone().find(|it| it["system"] == system).unwrap();
        found["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(value("urn:salus:ledger-delegation"), entry.to_string());
    let bytes = STANDARD
        .decode(value("urn:salus:patient-statement"))
        .unwrap();
    let signed = Statement::from_bytes(&bytes).unwrap();
    let data = record["signature"][0]["data"].as_str().unwrap();
    let signature = Signature(STANDARD.decode(data).unwrap().try_into().unwrap());
    assert_eq!((signed.id, signed.delegation), (grant, Some(entry)));
    assert!(known.delegate.verify(&signed.message(None).0, &signature));

    // Ended, it is nothing: here and on the ledger.
    let one = format!("/identity/delegations/{}", made["id"].as_str().unwrap());
    let ended = mum.delete(&one).expect(200).json();
    assert_eq!(
        (&ended["in_force"], &ended["ledger"]),
        (&json!(false), &Value::Null)
    );
    let state = ward.world.hospital.chain().state();
    assert!(state.delegation(&entry).unwrap().revoked.is_some());
    for_child(&mum, FILE, &consent()).expect(404);
}

#[test]
fn a_delegate_with_a_device_accepts_and_signs_there() {
    let ward = Ward::new();
    ward.world.add_user("mum", Role::Patient, Some("p2"));
    let (seed, thief) = (Seed::from_bytes([1; 32]), Seed::from_bytes([2; 32]));
    ward.enrol("p2", &seed, 1).expect(201);
    let (mum, made) = guardian(&ward);
    assert_eq!(
        made["ledger"],
        Value::Null,
        "nobody here accepts for a device"
    );
    let path = format!(
        "/identity/delegations/{}/acceptance",
        made["id"].as_str().unwrap()
    );
    let ask = json!({ "prepare": true });
    ward.patient("p1").post(&path, &ask).expect(404);
    mum.post(&path, &json!({})).expect(400);
    let prepared = mum.post(&path, &ask).expect(200).json();
    let bytes = STANDARD
        .decode(prepared["statement"].as_str().unwrap())
        .unwrap();
    let mine = Statement::from_bytes(&bytes).unwrap();
    let body = |signed: &SignedStatement| {
        json!({ "preparation": mine.id.to_string(),
            "delegate_key": hex(&signed.derived.unwrap()),
            "signature": STANDARD.encode(signed.signature.0),
            "acceptance": STANDARD.encode(signed.ledger[0].0) })
    };
    let good = sign_statement(&seed, &mine, &Value::Null);
    let stolen = sign_statement(&thief, &mine, &Value::Null);
    let mut patched = body(&good);
    patched["acceptance"] = body(&stolen)["acceptance"].clone();
    mum.post(&path, &body(&stolen)).expect(422);
    mum.post(&path, &patched).expect(422);
    let accepted = mum.post(&path, &body(&good)).expect(201).json();
    let entry: Digest = accepted["ledger"].as_str().unwrap().parse().unwrap();
    assert_eq!(entry, mine.id);
    mum.post(&path, &body(&good)).expect(422);

    signs_for_the_child(&ward, &mum, &seed, &entry);
    // A preparation does not outlive the delegation.
    let late = statement(&for_child(&mum, FILE, &asking()).expect(200).json());
    let one = format!("/identity/delegations/{}", made["id"].as_str().unwrap());
    ward.world.clinician().delete(&one).expect(200);
    let good = sign_statement(&seed, &late, &consent());
    let body = parameters(answer(&late, &consent(), &good));
    for_child(&mum, FILE, &body).expect(404);
    assert_eq!(ward.grant(&late.id), None);
}

fn asking() -> Value {
    parameters(vec![
        json!({ "name": "consent", "resource": consent() }),
        json!({ "name": "prepare", "valueBoolean": true }),
    ])
}

/// In one step nobody here signs for the guardian; in two the device does, and no other.
fn signs_for_the_child(ward: &Ward, mum: &Client, seed: &Seed, entry: &Digest) {
    let thief = Seed::from_bytes([2; 32]);
    for_child(mum, FILE, &consent()).expect(422);
    let mine = statement(&for_child(mum, FILE, &asking()).expect(200).json());
    assert_eq!(mine.delegation, Some(*entry));
    let good = sign_statement(seed, &mine, &consent());
    let stolen = sign_statement(&thief, &mine, &consent());
    // The consent key of the delegate is not the key of the delegation.
    let own = SecretKey::from_seed(&seed.consent_signing());
    let own = SignedStatement {
        signature: own.sign(&mine.message(None).0),
        ..good.clone()
    };
    let too_much = SignedStatement {
        derived: Some([7; 32]),
        ..good.clone()
    };
    for wrong in [stolen, own, too_much] {
        let body = parameters(answer(&mine, &consent(), &wrong));
        for_child(mum, FILE, &body).expect(422);
    }
    let body = parameters(answer(&mine, &consent(), &good));
    // For herself she cannot use it.
    mum.post(FILE, &body).expect(409);
    for_child(mum, FILE, &body).expect(201);
    assert!(ward.grant(&mine.id).is_some());
}
