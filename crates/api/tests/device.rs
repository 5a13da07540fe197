//! Patients whose seed is on a device: what is prepared for them, and what of the answers is taken.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may panic and copy"
)]

mod common;
#[path = "device/delegates.rs"]
mod delegates;
#[path = "device/ward.rs"]
mod ward;
#[path = "device/wrong.rs"]
mod wrong;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::Statement;
use hospital::{SignedStatement, sign_statement};
use proof::{Canonical, Digest};
use serde_json::{Value, json};
use vault::Seed;
use ward::{
    CLINIC, FILE, REVOKE, Ward, answer, consent, end, hex, parameter, parameters, prepare,
    reference, statement,
};

#[test]
fn a_code_of_a_device_takes_the_pseudonym_that_the_patient_signed() {
    let ward = Ward::new();
    let client = ward.patient("p1");
    let path = "/sharing/codes";
    let ask = json!({ "patient": "p1", "organisation": CLINIC, "prepare": true });
    // Without a device there is nobody who would sign.
    client.post(path, &ask).expect(422);
    let (seed, thief) = (Seed::from_bytes([1; 32]), Seed::from_bytes([2; 32]));
    ward.enrol("p1", &seed, 1).expect(201);
    client.post(path, &json!({ "patient": "p1" })).expect(422);
    for nobody in ["st-mary", "somewhere", "", "../x"] {
        let ask = json!({ "patient": "p1", "organisation": nobody, "prepare": true });
        client.post(path, &ask).expect(400);
    }
    ward.world.clinician().post(path, &ask).expect(403);
    ward.patient("p2").post(path, &ask).expect(404);
    let prepared = client.post(path, &ask).expect(200).json();
    let bytes = STANDARD.decode(prepared["statement"].as_str().unwrap());
    let mine = Statement::from_bytes(&bytes.unwrap()).unwrap();
    let good = sign_statement(&seed, &mine, &Value::Null);
    assert_eq!(good.derived, Some(seed.pseudonym(CLINIC)));
    let body = |signed: &SignedStatement| {
        json!({ "patient": "p1", "preparation": mine.id.to_string(),
            "pseudonym": hex(&signed.derived.unwrap()),
            "signature": STANDARD.encode(signed.signature.0) })
    };
    let mut other_name = body(&good);
    other_name["pseudonym"] = hex(&[5; 32]).into();
    let mut both = body(&good);
    both["prepare"] = true.into();
    let mut short = body(&good);
    short["pseudonym"] = "00".into();
    for (wrong, status) in [
        (body(&sign_statement(&thief, &mine, &Value::Null)), 422),
        (other_name, 422),
        (both, 400),
        (short, 400),
    ] {
        client.post(path, &wrong).expect(status);
    }
    let made = client.post(path, &body(&good)).expect(201).json();
    assert_eq!(made["code"].as_str().unwrap().len(), 19);
    client.post(path, &body(&good)).expect(409);
}

/// A seed that moves from the organisation to a device keeps its grants; one that takes over
/// withdraws what was granted before it.
#[test]
fn a_device_withdraws_what_the_organisation_signed_before() {
    let ward = Ward::new();
    let client = ward.patient("p1");
    let filed = client.post(FILE, &consent()).expect(201).json();
    let id: Digest = parameter(&filed, "grant")["valueString"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(ward.grant(&id).unwrap().custodial);
    // Two steps are for devices.
    prepare(&client, &consent()).expect(422);
    let seed = Seed::from_bytes([1; 32]);
    ward.enrol("p1", &seed, 2).expect(201);
    let consent = parameter(&filed, "consent")["resource"]["id"].clone();
    let consent = consent.as_str().unwrap();
    let prepare = json!({ "name": "prepare", "valueBoolean": true });
    let body = parameters(vec![reference(consent), prepare]);
    let mine = statement(&client.post(REVOKE, &body).expect(200).json());
    let signed = sign_statement(&seed, &mine, &Value::Null);
    let body = parameters(end(&mine, consent, &signed));
    client.post(REVOKE, &body).expect(200);
    assert!(ward.grant(&id).unwrap().revoked.is_some());
}

#[test]
fn a_refusal_is_signed_by_the_device_and_no_ledger_hears_of_it() {
    let ward = Ward::new();
    let client = ward.patient("p1");
    let seed = Seed::from_bytes([1; 32]);
    ward.enrol("p1", &seed, 1).expect(201);
    let mut refusal = consent();
    refusal["provision"] = json!({ "type": "deny" });
    client.post(FILE, &refusal).expect(422);
    let mine = statement(&prepare(&client, &refusal).expect(200).json());
    let signed = sign_statement(&seed, &mine, &refusal);
    assert_eq!((signed.derived, signed.ledger.len()), (None, 0));
    let filed = client.post(FILE, &parameters(answer(&mine, &refusal, &signed)));
    let filed = filed.expect(201).json();
    assert_eq!(ward.grant(&mine.id), None);
    let clinician = ward.world.clinician();
    let hidden = clinician.get("/fhir/Patient/p1");
    assert_eq!(hidden.status, 404, "the refusal holds");
    // It is lifted by the device alone, too.
    let id = parameter(&filed, "consent")["resource"]["id"].clone();
    let id = id.as_str().unwrap();
    let ask = json!({ "name": "prepare", "valueBoolean": true });
    client
        .post(REVOKE, &parameters(vec![reference(id)]))
        .expect(422);
    let mine = client.post(REVOKE, &parameters(vec![reference(id), ask]));
    let mine = statement(&mine.expect(200).json());
    let signed = sign_statement(&seed, &mine, &Value::Null);
    client
        .post(REVOKE, &parameters(end(&mine, id, &signed)))
        .expect(200);
    clinician.get("/fhir/Patient/p1").expect(200);
}
