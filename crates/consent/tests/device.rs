//! Frozen vectors of what a patient's device computes, for devices in other languages: the terms of
//! a Consent, and what is signed of a statement.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../proof/tests/support/frozen.rs"]
pub mod frozen;

use consent::acts::Revoke;
use consent::statement::{
    Act, Consenting, Statement, as_signed, body_digest, policy_digest, recipients_digest,
};
use consent::terms::Terms;
use frozen::{assert_frozen, hex};
use proof::{Canonical, CommitmentKey, Digest, SecretKey};
use serde_json::{Value, json};

const PARTY: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const LEVEL: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
const ACTION: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
const TYPES: &str = "http://hl7.org/fhir/resource-types";
const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const FORMS: &str = "http://terminology.hl7.org/CodeSystem/consentpolicycodes";

fn with(changes: &Value) -> Value {
    let mut consent = json!({
        "resourceType": "Consent", "id": "c1", "status": "active",
        "scope": { "coding": [{ "system": SCOPE, "code": "patient-privacy" }] },
        "patient": { "reference": "Patient/p1" }
    });
    for (name, value) in changes.as_object().unwrap() {
        consent[name] = value.clone();
    }
    consent
}

fn rule(provision: &Value) -> Value {
    with(&json!({ "provision": provision }))
}

fn policy(code: &str, provision: &Value) -> Value {
    let coding = json!({ "coding": [{ "system": ACT_CODE, "code": code }] });
    with(&json!({ "policyRule": coding, "provision": provision }))
}

fn actor(role: &str, reference: &str) -> Value {
    json!({ "role": { "coding": [{ "system": PARTY, "code": role }] },
        "reference": { "reference": reference } })
}

/// What a page of Salus gives, and what a bank of rules may hold.
fn usual() -> Vec<(&'static str, Value)> {
    let labels = json!([{ "system": LEVEL, "code": "R" }, { "system": ACT_CODE, "code": "HIV" },
        { "system": ACT_CODE, "code": "ETH" }, { "system": "urn:own", "code": "x" }]);
    let share = json!({ "type": "permit",
        "period": { "start": "2026-09-01", "end": "2027-09-01" },
        "actor": [actor("IRCP", "Organization/north-clinic"),
            actor("PRCP", "Organization/city-lab")],
        "purpose": [{ "system": REASON, "code": "TREAT" }, { "system": REASON, "code": "HRESCH" }],
        "provision": [{ "type": "deny", "securityLabel": labels }] });
    let classes = json!([{ "system": TYPES, "code": "Observation" },
        { "system": TYPES, "code": "Account" }, { "system": TYPES, "code": "VisionPrescription" },
        { "system": TYPES, "code": "Nothing" }, { "system": "urn:class", "code": "a" }]);
    let action = json!([{ "coding": [{ "system": ACTION, "code": "disclose" },
        { "system": ACTION, "code": "access" }, { "system": ACTION, "code": "sing" }] }]);
    let code = json!([{ "coding": [{ "system": "http://loinc.org", "code": "8867-4" },
        { "system": "urn:b", "code": "1" }, { "system": "urn:a", "code": "1" }, { "code": "z" }] }]);
    let uuid = "Observation/0b7e2d43-6f3a-4c1d-9a52-1f0e5d6c7b8a";
    let data = json!([
        { "meaning": "related", "reference": { "reference": "Encounter/e1/_history/3" } },
        { "meaning": "instance", "reference": { "reference": uuid } },
        { "meaning": "authoredby",
            "reference": { "reference": "https://a.example/fhir/Practitioner/1/_history/2" } },
        { "meaning": "dependents", "reference": { "reference": "#contained" } }]);
    vec![
        ("a share", rule(&share)),
        ("no provision", with(&json!({}))),
        (
            "classes",
            rule(&json!({ "type": "permit", "class": classes })),
        ),
        (
            "actions",
            rule(&json!({ "type": "deny", "action": action })),
        ),
        ("codes", rule(&json!({ "type": "deny", "code": code }))),
        ("data", rule(&json!({ "type": "permit", "data": data }))),
        (
            "data period",
            rule(&json!({ "type": "permit",
            "dataPeriod": { "start": "2020", "end": "2020-02" } })),
        ),
        (
            "purposes",
            rule(&json!({ "type": "permit", "purpose": [
            { "system": REASON, "code": "BTG" }, { "system": REASON, "code": "CLINTRCHPC" },
            { "system": "urn:p", "code": "own" }, { "code": "ähnlich" }, { "code": " " }] })),
        ),
        (
            "keepers and authors",
            rule(&json!({ "type": "permit", "actor": [
            actor("CST", "Organization/st-mary"), actor("AUT", "Practitioner/x"),
            actor("AUT", "Practitioner/a"), actor("TRC", "PractitionerRole/clinician")] })),
        ),
        (
            "a logical reference",
            rule(&json!({ "type": "permit", "actor": [
            { "role": { "coding": [{ "system": PARTY, "code": "IRCP" }] },
              "reference": { "type": "Organization",
                "identifier": { "system": "urn:org", "value": "7" } } }] })),
        ),
    ]
}

/// What is read with doubt, or not at all.
fn odd() -> Vec<(&'static str, Value)> {
    let open = json!({ "period": { "start": "2026-09-01T10:00:00+02:00" } });
    let nested = json!({ "type": "permit", "provision": [{ "type": "deny", "provision": [
        { "type": "permit", "provision": [{ "type": "deny" }] }] }] });
    let deep = json!({ "type": "permit", "provision": [nested.clone()] });
    let many: Vec<Value> = (0..65)
        .map(|at| json!({ "code": at.to_string() }))
        .collect();
    vec![
        ("opt in", policy("OPTIN", &open)),
        ("opt out", policy("OPTOUT", &open)),
        (
            "opt in, typed",
            policy("OPTIN", &json!({ "type": "permit" })),
        ),
        (
            "opt in, narrowed",
            policy("OPTIN", &json!({ "provision": [{ "type": "permit" }] })),
        ),
        (
            "opt out, untyped",
            policy("OPTOUT", &json!({ "purpose": [{ "code": "TREAT" }] })),
        ),
        (
            "opt out, typed",
            policy("OPTOUT", &json!({ "type": "permit" })),
        ),
        (
            "a rule nobody knows",
            policy("OTHER", &json!({ "type": "permit" })),
        ),
        (
            "the name of a form",
            with(&json!({
            "policyRule": { "coding": [{ "system": FORMS, "code": "cric" }] } })),
        ),
        (
            "a rule in words",
            with(&json!({ "policyRule": { "text": "as agreed" } })),
        ),
        (
            "no type",
            rule(&json!({ "purpose": [{ "system": REASON, "code": "TREAT" }] })),
        ),
        ("a type nobody knows", rule(&json!({ "type": "maybe" }))),
        ("four levels", rule(&nested)),
        ("five levels", rule(&deep)),
        (
            "too many values",
            rule(&json!({ "type": "permit", "purpose": many })),
        ),
        (
            "an unknown modifier",
            with(&json!({ "modifierExtension": [{ "url": "x" }],
            "provision": { "type": "permit" } })),
        ),
        (
            "a modified value",
            rule(&json!({ "type": "permit",
            "purpose": [{ "system": REASON, "code": "TREAT", "modifierExtension": [] }] })),
        ),
        (
            "an unknown element",
            rule(&json!({ "type": "permit", "surprise": true })),
        ),
        (
            "an empty list",
            rule(&json!({ "type": "permit", "purpose": [] })),
        ),
        (
            "one that stands alone",
            rule(&json!({ "type": "permit",
            "purpose": { "system": REASON, "code": "TREAT" } })),
        ),
        (
            "an actor without a role",
            rule(&json!({ "type": "permit",
            "actor": [{ "reference": { "reference": "Organization/a" } }] })),
        ),
        (
            "an actor nobody can name",
            rule(&json!({ "type": "permit",
            "actor": [actor("IRCP", "two words"), actor("IRCP", "urn:uuid:1")] })),
        ),
        (
            "a period that ends before",
            rule(&json!({ "type": "permit",
            "period": { "start": "2026-02-30" }, "dataPeriod": { "start": "2027", "end": "2026" } })),
        ),
        (
            "periods as texts",
            rule(&json!({ "type": "permit", "period": "2024-02-29",
            "dataPeriod": "2026-12-31T23:59:60.1234567Z" })),
        ),
        (
            "draft, research",
            with(&json!({ "status": "draft", "dateTime": "2026-11",
            "scope": { "coding": [{ "system": SCOPE, "code": "research" }] } })),
        ),
        (
            "no status, no scope",
            with(&json!({ "status": 1, "scope": { "text": "x" } })),
        ),
        (
            "with meta",
            with(&json!({ "dateTime": "2026-11-26T03:00:00-05:30",
            "meta": { "versionId": "7", "lastUpdated": "2026-11-26T00:00:00Z" } })),
        ),
        (
            "no patient",
            with(&json!({ "patient": { "display": "somebody" } })),
        ),
    ]
}

#[test]
fn the_terms_of_consents_are_frozen() {
    let all = usual().into_iter().chain(odd());
    let found = all.map(|(name, consent)| {
        let terms = Terms::read(&as_signed(&consent, "c1")).ok();
        json!({
            "name": name,
            "consent": consent.to_string(),
            "terms": terms.map_or(Value::Null, |it| hex(&it.to_bytes())),
            "policy": hex(&policy_digest(&consent, "c1").0),
            "body": hex(&body_digest(&consent, "c1").unwrap().0),
        })
    });
    assert_frozen("terms.json", &found.collect());
}

fn statement(act: Act, delegation: Option<Digest>) -> Statement {
    Statement {
        id: Digest([1; 32]),
        chain: Digest([2; 32]),
        home: "st-mary".into(),
        patient: "p1".into(),
        until_ms: 1_790_000_000_000,
        delegation,
        act,
    }
}

fn statements() -> Vec<(&'static str, Statement)> {
    let (_, consent) = usual().swap_remove(0);
    let consenting = |recipients: &[&str]| {
        Act::Consent(Consenting {
            consent: "c1".into(),
            body: body_digest(&consent, "c1").unwrap(),
            recipients: recipients.iter().map(|it| (*it).into()).collect(),
            recipients_key: CommitmentKey([3; 32]),
            policy_key: CommitmentKey([4; 32]),
            from: 497_222,
            until: 505_982,
            custodial: false,
        })
    };
    let withdraw = Act::Withdraw {
        consent: "c1".into(),
        grants: vec![Digest([5; 32]), Digest([6; 32])],
    };
    let link = Act::Link {
        organisation: "north-clinic".into(),
    };
    let accept = Act::Accept {
        delegator: SecretKey::from_seed(&[8; 32]).public(),
        until: 505_982,
    };
    vec![
        (
            "a consent",
            statement(consenting(&["city-lab", "north-clinic"]), None),
        ),
        ("a refusal", statement(consenting(&[]), None)),
        ("a withdrawal", statement(withdraw.clone(), None)),
        ("a code", statement(link, None)),
        ("an acceptance", statement(accept, None)),
        (
            "under a delegation",
            statement(withdraw, Some(Digest([7; 32]))),
        ),
    ]
}

/// What is signed with the key of the seed 9 repeated as authority or as a delegate's key, and with
/// its public key as the derived value.
#[test]
fn what_is_signed_of_statements_is_frozen() {
    let (_, consent) = usual().swap_remove(0);
    let key = SecretKey::from_seed(&[9; 32]).public();
    let found = statements().into_iter().map(|(name, statement)| {
        let ledger: Vec<Digest> = match &statement.act {
            Act::Consent(_) => {
                let grant = statement.grant(&consent, key);
                let grant = grant.map(|it| it.message(&statement.chain, &statement.home));
                grant.into_iter().collect()
            }
            Act::Withdraw { grants, .. } => {
                let message = |it: &Digest| Revoke::message(&statement.chain, it);
                grants.iter().map(message).collect()
            }
            Act::Link { .. } => Vec::new(),
            Act::Accept { .. } => {
                let accepted = statement.delegation(key).unwrap();
                vec![accepted.message(&statement.chain, &statement.home)]
            }
        };
        json!({
            "name": name,
            "statement": hex(&statement.to_bytes()),
            "consent": consent.to_string(),
            "alone": hex(&statement.message(None).0),
            "derived": hex(&statement.message(Some(&key.0)).0),
            "ledger": ledger.iter().map(|it| hex(&it.0)).collect::<Value>(),
        })
    });
    let mut found: Vec<Value> = found.collect();
    let names = ["city-lab".to_owned(), "north-clinic".to_owned()];
    found.push(json!({ "name": "recipients", "digest": hex(&recipients_digest(&names).0) }));
    assert_frozen("statements.json", &Value::Array(found));
}
