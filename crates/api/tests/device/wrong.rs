//! Answers that are not exactly what was prepared: refused, and nothing changed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::{Act, Statement};
use hospital::{Role, SignedStatement, sign_statement};
use proof::{Canonical, Digest, SecretKey};
use serde_json::{Value, json};
use vault::Seed;

use crate::common::Client;
use crate::ward::{
    FILE, REVOKE, Ward, answer, consent, end, parameter, parameters, prepare, reference, set,
    statement,
};

/// What of a request is wrong, the request, and the status of its refusal.
type Wrong = (&'static str, Vec<Value>, u16);

/// A preparation, the right answer to it, and who would like to have given it.
struct Case {
    given: Value,
    mine: Statement,
    good: SignedStatement,
    right: Vec<Value>,
    seed: Seed,
    thief: Seed,
}

impl Case {
    fn of(mine: Statement, given: Value) -> Self {
        let (seed, thief) = (Seed::from_bytes([1; 32]), Seed::from_bytes([2; 32]));
        let good = sign_statement(&seed, &mine, &given);
        let right = answer(&mine, &given, &good);
        Self {
            given,
            mine,
            good,
            right,
            seed,
            thief,
        }
    }

    fn answered(&self, signed: &SignedStatement) -> Vec<Value> {
        answer(&self.mine, &self.given, signed)
    }

    /// Answers that are signed, but not as they must be.
    fn signatures(&self, to_second: &SignedStatement) -> Vec<Wrong> {
        let (mine, good) = (&self.mine, &self.good);
        let stolen = sign_statement(&self.thief, mine, &self.given);
        let own_key = SecretKey::from_seed(&self.seed.consent_signing());
        let own = own_key.public();
        let grant = mine.grant(&self.given, own).unwrap();
        let reused = SignedStatement {
            signature: own_key.sign(&mine.message(Some(&own.0)).0),
            derived: Some(own.0),
            ledger: vec![own_key.sign(&grant.message(&mine.chain, &mine.home).0)],
        };
        let zero = SignedStatement {
            signature: own_key.sign(&mine.message(Some(&[0; 32])).0),
            derived: Some([0; 32]),
            ledger: good.ledger.clone(),
        };
        let bare = SignedStatement {
            signature: own_key.sign(&mine.message(None).0),
            ..good.clone()
        };
        let swapped = SignedStatement {
            signature: good.ledger[0],
            ledger: vec![good.signature],
            ..good.clone()
        };
        let patched = SignedStatement {
            ledger: stolen.ledger.clone(),
            ..good.clone()
        };
        vec![
            ("another seed", self.answered(&stolen), 422),
            ("authority of another seed", self.answered(&patched), 422),
            ("a consent key as authority", self.answered(&reused), 422),
            ("an authority nobody holds", self.answered(&zero), 422),
            ("the authority not signed for", self.answered(&bare), 422),
            ("signatures swapped", self.answered(&swapped), 422),
            ("an answer to another", self.answered(to_second), 422),
        ]
    }

    /// Right signatures for a Consent that is another one.
    fn consents(&self) -> Vec<Wrong> {
        let changed = |what: &'static str, pointer: &str, value: Value| {
            let mut other = self.given.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            let other = json!({ "name": "consent", "resource": other });
            (what, set(&self.right, "consent", Some(other)), 422)
        };
        let recipient = "/provision/actor/0/reference/reference";
        vec![
            changed(
                "another purpose",
                "/provision/purpose/0/code",
                "HRESCH".into(),
            ),
            changed(
                "another recipient",
                recipient,
                "Organization/st-mary".into(),
            ),
            changed("no bounds", "/provision/purpose", json!([])),
            changed("a refusal", "/provision/type", "deny".into()),
            changed("another patient", "/patient/reference", "Patient/p2".into()),
            changed(
                "another policy",
                "/policy/0/uri",
                "https://example.org".into(),
            ),
        ]
    }

    /// Requests that lack something, or say it in another form.
    fn forms(&self) -> Vec<Wrong> {
        let unknown = Digest([9; 32]).to_string();
        let without = |name: &str| set(&self.right, name, None);
        let with = |name: &str, type_: &str, value: Value| {
            let mut parameter = json!({ "name": name });
            parameter[type_] = value;
            set(&self.right, name, Some(parameter))
        };
        let id = |value: &str| with("preparation", "valueString", value.into());
        let data = |text: &str| with("signature", "valueSignature", json!({ "data": text }));
        let short = data(&STANDARD.encode([1; 63]));
        vec![
            ("no authority", without("authority"), 422),
            ("nothing for the ledger", without("grantSignature"), 422),
            ("no signature", without("signature"), 400),
            ("no Consent", without("consent"), 400),
            ("an unknown preparation", id(&unknown), 409),
            ("no id", id("first"), 400),
            (
                "no text",
                with("preparation", "valueInteger", 1.into()),
                400,
            ),
            (
                "both steps",
                with("prepare", "valueBoolean", true.into()),
                400,
            ),
            (
                "no truth",
                with("prepare", "valueString", "true".into()),
                400,
            ),
            (
                "no key",
                with("authority", "valueString", "00ff".into()),
                400,
            ),
            ("no base64", data("%%%"), 400),
            ("a short signature", short, 400),
            (
                "one step, as if the seed were here",
                vec![self.right[0].clone()],
                422,
            ),
        ]
    }
}

fn prepared(client: &Client, given: &Value) -> Value {
    prepare(client, given).expect(200).json()
}

#[test]
fn what_a_device_did_not_sign_exactly_is_refused_and_changes_nothing() {
    let ward = Ward::new();
    let client = ward.patient("p1");
    ward.enrol("p1", &Seed::from_bytes([1; 32]), 1).expect(201);
    ward.enrol("p2", &Seed::from_bytes([2; 32]), 1).expect(201);
    let given = consent();
    let first = prepared(&client, &given);
    let words = parameter(&first, "words")["valueString"].as_str().unwrap();
    assert!(words.contains("st-mary may release records of Patient/p1 to north-clinic"));
    let case = Case::of(statement(&first), given.clone());
    let second = Case::of(statement(&prepared(&client, &given)), given);
    let before = ward.consents();

    let mut wrong = case.signatures(&second.good);
    wrong.extend(case.consents());
    wrong.extend(case.forms());
    assert!(wrong.len() >= 20);
    for (what, list, status) in wrong {
        let refused = client.post(FILE, &parameters(list));
        assert_eq!(refused.status, status, "{what}: {}", refused.text());
    }
    // Nobody else answers it: another patient, staff; nor does it do another act.
    let body = parameters(case.right.clone());
    ward.patient("p2").post(FILE, &body).expect(409);
    for role in [Role::Clinician, Role::Admin, Role::Auditor] {
        ward.world.client(role, None).post(FILE, &body).expect(403);
    }
    let other_act = parameters(end(&case.mine, "c1", &case.good));
    client.post(REVOKE, &other_act).expect(422);
    assert_eq!(ward.consents(), before, "nothing was stored");
    assert_eq!(ward.grant(&case.mine.id), None, "nothing was granted");

    the_right_answer_is_taken_once(&ward, &case);
    assert_eq!(ward.consents(), before + 1);

    // What is not answered in time is gone.
    ward.world.later(601);
    let body = parameters(second.right.clone());
    client.post(FILE, &body).expect(409);
    assert_eq!(ward.grant(&second.mine.id), None);
}

fn the_right_answer_is_taken_once(ward: &Ward, case: &Case) {
    let (client, mine) = (ward.patient("p1"), &case.mine);
    let body = parameters(case.right.clone());
    let filed = client.post(FILE, &body).expect(201).json();
    let id = mine.id.to_string();
    assert_eq!(parameter(&filed, "grant")["valueString"], id.as_str());
    let granted = ward.grant(&mine.id).unwrap();
    assert!(!granted.custodial);
    assert_eq!(Some(granted.authority.0), case.good.derived);
    let own = mine.grant(&case.given, granted.authority).unwrap();
    assert_eq!(
        (granted.policy, granted.recipients),
        (own.policy, own.recipients)
    );
    client.post(FILE, &body).expect(409);
    // The signature and all that it is over are in the record.
    let told = client.get("/fhir/Provenance?target=Patient/p1").expect(200);
    let told = told.text();
    assert!(told.contains(&STANDARD.encode(case.good.signature.0)));
    assert!(told.contains(&STANDARD.encode(mine.to_bytes())));
    withdrawals(
        ward,
        &case.seed,
        &case.thief,
        parameter(&filed, "consent"),
        &mine.id,
    );
}

fn withdrawals(ward: &Ward, seed: &Seed, thief: &Seed, filed: &Value, grant: &Digest) {
    let client = ward.patient("p1");
    let consent = filed["resource"]["id"].as_str().unwrap();
    let ask = |client: &Client, consent: &str| {
        let prepare = json!({ "name": "prepare", "valueBoolean": true });
        client.post(REVOKE, &parameters(vec![reference(consent), prepare]))
    };
    ask(&client, "of-nobody").expect(404);
    ask(&ward.patient("p2"), consent).expect(404);
    ask(&ward.world.clinician(), consent).expect(403);
    let prepared = ask(&client, consent).expect(200).json();
    let mine = statement(&prepared);
    let expected = Act::Withdraw {
        consent: consent.into(),
        grants: vec![*grant],
    };
    assert_eq!(mine.act, expected);
    let good = sign_statement(seed, &mine, &Value::Null);
    let stolen = sign_statement(thief, &mine, &Value::Null);
    let patched = SignedStatement {
        ledger: stolen.ledger.clone(),
        ..good.clone()
    };
    let twice = SignedStatement {
        ledger: [good.ledger.clone(), good.ledger.clone()].concat(),
        ..good.clone()
    };
    let right = end(&mine, consent, &good);
    let another = set(&right, "consent", Some(reference("another")));
    for (what, list, status) in [
        ("another seed", end(&mine, consent, &stolen), 422),
        (
            "authority of another seed",
            end(&mine, consent, &patched),
            422,
        ),
        ("a signature too many", end(&mine, consent, &twice), 422),
        ("none for the ledger", set(&right, "revocation", None), 422),
        ("none of the patient", set(&right, "signature", None), 400),
        ("another consent", another, 422),
        (
            "one step, as if the seed were here",
            vec![right[0].clone()],
            422,
        ),
    ] {
        let refused = client.post(REVOKE, &parameters(list));
        assert_eq!(refused.status, status, "{what}: {}", refused.text());
    }
    assert_eq!(ward.grant(grant).unwrap().revoked, None);
    let body = parameters(right);
    ward.patient("p2").post(REVOKE, &body).expect(409);
    client.post(REVOKE, &body).expect(200);
    assert!(ward.grant(grant).unwrap().revoked.is_some());
    client.post(REVOKE, &body).expect(409);
    ask(&client, consent).expect(404);
}
