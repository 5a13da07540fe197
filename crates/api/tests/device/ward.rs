//! An organisation with two patients who are linked with another member, and what a device sends.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use consent::statement::Statement;
use hospital::{Role, SignedStatement, key_change_digest};
use ledger::{Announce, Genesis, Kind, Organisation, OrganisationKind, Service};
use proof::transaction::{Header, Transaction};
use proof::{Canonical, Digest, PublicKey, SecretKey, Signature};
use rusqlite::Connection;
use serde_json::{Value, json};
use vault::{RootKey, Seed};

use crate::common::{self, Answer, Client, SEEDS, World};

pub(crate) const CLINIC: &str = "north-clinic";
pub(crate) const FILE: &str = "/fhir/Consent/$fileConsent";
pub(crate) const REVOKE: &str = "/fhir/Consent/$revokeConsent";

pub(crate) fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.concat()
}

/// An organisation with two patients, who are linked with another member of the ledger.
pub(crate) struct Ward {
    pub(crate) world: World,
    _temp: tempfile::TempDir,
}

impl Ward {
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let genesis = common::genesis(temp.path());
        let clinic = SecretKey::from_seed(&[21; 32]);
        let mut organisations = genesis.organisations.clone();
        // In the order of their ids.
        organisations.insert(
            0,
            Organisation {
                id: CLINIC.parse().unwrap(),
                kind: OrganisationKind::Clinic,
                transaction_key: clinic.public(),
                node_key: SecretKey::from_seed(&[22; 32]).public(),
                checkpoint_key: SecretKey::from_seed(&[23; 32]).public(),
                address: format!("127.0.0.1:{}", common::free_port()),
                validator: false,
            },
        );
        let genesis = Genesis {
            organisations,
            ..genesis
        };
        std::fs::write(temp.path().join("genesis"), genesis.to_bytes()).unwrap();
        let world = World::open(temp.path(), |_| {});
        let ward = Self { world, _temp: temp };
        for id in ["p1", "p2"] {
            let body = json!({ "resourceType": "Patient", "id": id, "name": [{ "family": id }] });
            let path = format!("/fhir/Patient/{id}");
            ward.world.clinician().put(&path, &body).expect(201);
            ward.link(id);
        }
        ward.announce(&clinic);
        ward
    }

    /// As if the patient had carried a code: a row under this organisation's mark.
    pub(crate) fn link(&self, patient: &str) {
        let id = [CLINIC.as_bytes(), b"/", &[7; 32]].concat();
        let id = [id, patient.as_bytes().to_vec()].concat();
        let value = json!({ "pseudonym": hex(&[7; 32]) }).to_string();
        let until = i64::MAX;
        let columns: [&[u8]; 6] = [
            &[1],
            &id,
            CLINIC.as_bytes(),
            patient.as_bytes(),
            &until.to_be_bytes(),
            value.as_bytes(),
        ];
        let mark = RootKey::from_bytes(&SEEDS.root).mark("pacts", &columns);
        let database = Connection::open(self.world.dir.join("store.db")).unwrap();
        database
            .execute(
                "INSERT INTO pacts VALUES (2, ?1, ?2, ?3, ?4, ?5, ?6)",
                rusqlite::params![id, CLINIC, patient, until, value.as_bytes(), mark],
            )
            .unwrap();
    }

    pub(crate) fn announce(&self, key: &SecretKey) {
        let public = |seed| SecretKey::from_seed(&[seed; 32]).public();
        let service = Service {
            address: "127.0.0.1:1".into(),
            tls_key: public(24),
            xwing_key: vault::WrapKey::from_seed(&[25; 32])
                .public()
                .as_slice()
                .try_into()
                .unwrap(),
            credential_key: public(26),
            credential_epoch: 1,
        };
        let chain = self.world.hospital.chain();
        let header = Header {
            kind: Kind::Announce as u8,
            chain: self.world.hospital.chain_id(),
            sender: key.public(),
            sequence: 1,
            expires: chain.state().height() + 100,
        };
        let body = Announce { service }.to_bytes();
        let transaction = Transaction::sign(header, body, key).to_bytes();
        self.world.wait(chain.submit(transaction)).unwrap();
        let began = Instant::now();
        while chain.state().service(&CLINIC.parse().unwrap()).is_none() {
            assert!(began.elapsed() < Duration::from_secs(20), "not announced");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn patient(&self, id: &str) -> Client {
        self.world.client(Role::Patient, Some(id))
    }

    /// Enrols the seed of a device.
    pub(crate) fn enrol(&self, patient: &str, seed: &Seed, number: u64) -> Answer {
        let key = SecretKey::from_seed(&seed.consent_signing());
        let public = key.public();
        let chain = self.world.hospital.chain_id();
        let digest = key_change_digest(&chain, "st-mary", patient, number, (&public, None));
        let body = json!({ "mode": "device", "consent_key": public.to_string(),
            "possession": hex(&key.sign(&digest.0).0) });
        self.patient(patient).post("/identity/keys", &body)
    }

    pub(crate) fn consents(&self) -> usize {
        let found = self
            .patient("p1")
            .get("/fhir/Consent?patient=p1&_count=100");
        common::ids(&found.expect(200).json()).len()
    }

    pub(crate) fn grant(&self, id: &Digest) -> Option<::consent::acts::Granted> {
        self.world.hospital.chain().state().grant(id)
    }
}

pub(crate) fn consent() -> Value {
    let code = |system: &str, code: &str| json!({ "system": system, "code": code });
    json!({
        "resourceType": "Consent", "status": "active",
        "scope": { "coding": [code(
            "http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")] },
        "category": [{ "coding": [code("http://loinc.org", "59284-0")] }],
        "patient": { "reference": "Patient/p1" },
        "policy": [{ "uri": "https://salus.example/policy/sharing" }],
        "provision": {
            "type": "permit",
            "actor": [{
                "role": { "coding": [code(
                    "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")] },
                "reference": { "reference": format!("Organization/{CLINIC}") }
            }],
            "purpose": [code("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")]
        }
    })
}

pub(crate) fn parameters(list: Vec<Value>) -> Value {
    json!({ "resourceType": "Parameters", "parameter": list })
}

pub(crate) fn parameter<'a>(of: &'a Value, name: &str) -> &'a Value {
    let list = of["parameter"].as_array().unwrap();
    list.iter().find(|it| it["name"] == name).unwrap()
}

pub(crate) fn prepare(client: &Client, consent: &Value) -> Answer {
    let body = parameters(vec![
        json!({ "name": "consent", "resource": consent }),
        json!({ "name": "prepare", "valueBoolean": true }),
    ]);
    client.post(FILE, &body)
}

pub(crate) fn statement(prepared: &Value) -> Statement {
    let text = parameter(prepared, "statement")["valueBase64Binary"].as_str();
    Statement::from_bytes(&STANDARD.decode(text.unwrap()).unwrap()).unwrap()
}

pub(crate) fn signature(name: &str, signature: &Signature) -> Value {
    json!({ "name": name, "valueSignature": { "data": STANDARD.encode(signature.0) } })
}

/// The second step of giving a consent.
pub(crate) fn answer(
    statement: &Statement,
    consent: &Value,
    signed: &SignedStatement,
) -> Vec<Value> {
    let mut list = vec![
        json!({ "name": "consent", "resource": consent }),
        json!({ "name": "preparation", "valueString": statement.id.to_string() }),
        signature("signature", &signed.signature),
    ];
    let authority = signed.derived.map(|it| PublicKey(it).to_string());
    list.extend(authority.map(|it| json!({ "name": "authority", "valueString": it })));
    list.extend(
        signed
            .ledger
            .iter()
            .map(|it| signature("grantSignature", it)),
    );
    list
}

pub(crate) fn reference(consent: &str) -> Value {
    let reference = json!({ "reference": format!("Consent/{consent}") });
    json!({ "name": "consent", "valueReference": reference })
}

/// The second step of withdrawing one.
pub(crate) fn end(statement: &Statement, consent: &str, signed: &SignedStatement) -> Vec<Value> {
    let mut list = vec![
        reference(consent),
        json!({ "name": "preparation", "valueString": statement.id.to_string() }),
        signature("signature", &signed.signature),
    ];
    list.extend(signed.ledger.iter().map(|it| signature("revocation", it)));
    list
}

pub(crate) fn set(list: &[Value], name: &str, value: Option<Value>) -> Vec<Value> {
    let mut list = list.to_vec();
    list.retain(|it| it["name"] != name);
    list.extend(value);
    list
}
