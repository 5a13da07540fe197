//! A store in a folder of its own, and synthetic records.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part")]

pub(crate) mod hospital;

use fhir::query::{Options as QueryOptions, Query};
use serde_json::{Value, json};
use store::{Method, NewVaultKey, Options, Page, Put, Scope, Store, StoreError, Stored, Write};
use tempfile::TempDir;

pub(crate) const VAULT: &str = "vault-1";

/// A store with one vault key.
pub(crate) struct Ward {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
}

pub(crate) async fn ward() -> Ward {
    ward_with(&Options::default()).await
}

pub(crate) async fn ward_with(options: &Options) -> Ward {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("salus.db"), options).unwrap();
    add_vault(&store).await;
    Ward { folder, store }
}

pub(crate) async fn add_vault(store: &Store) {
    let key = NewVaultKey {
        id: VAULT.to_owned(),
        wrapped: vec![7; 60],
    };
    let write = Write {
        vault_keys: vec![key],
        ..Write::default()
    };
    store.commit(write).await.unwrap();
}

/// The next version of this resource, built on `expect`. The "envelope" is the plain body.
pub(crate) fn put(resource: &Value, expect: Option<u64>, updated_us: i64) -> Put {
    let text = |name: &str| resource[name].as_str().unwrap().to_owned();
    let version = expect.unwrap_or(0) + 1;
    let body = resource.to_string().into_bytes();
    let mut commitment = [0; 32];
    commitment[..8].copy_from_slice(&(body.len() as u64).to_be_bytes());
    commitment[8..16].copy_from_slice(&updated_us.to_be_bytes());
    Put {
        type_: text("resourceType"),
        id: text("id"),
        version,
        expect,
        updated_us,
        method: Method::Put,
        vault: VAULT.to_owned(),
        compartments: fhir::compartment::patients(resource),
        index: fhir::search::values(resource),
        facts: facts_of(resource),
        envelope: body,
        commitment,
    }
}

/// Stands for what a decision would be told: everything.
pub(crate) fn facts_of(resource: &Value) -> Vec<u8> {
    resource["id"].as_str().unwrap().as_bytes().to_vec()
}

pub(crate) fn tombstone(type_: &str, id: &str, expect: u64, updated_us: i64) -> Put {
    let empty = json!({"resourceType": type_, "id": id});
    Put {
        method: Method::Delete,
        ..put(&empty, Some(expect), updated_us)
    }
}

pub(crate) fn puts(puts: Vec<Put>) -> Write {
    Write {
        puts,
        ..Write::default()
    }
}

pub(crate) async fn admit(
    store: &Store,
    resource: &Value,
    updated_us: i64,
) -> Result<(), StoreError> {
    store
        .commit(puts(vec![put(resource, None, updated_us)]))
        .await
        .map(|_| ())
}

pub(crate) fn query(type_: &str, text: &str) -> Query {
    let pairs: Vec<(String, String)> = text
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let parsed = fhir::query::parse(type_, &pairs, &QueryOptions::default()).unwrap();
    assert!(parsed.unknown.is_empty(), "{:?}", parsed.unknown);
    assert!(parsed.unsupported.is_empty(), "{:?}", parsed.unsupported);
    parsed.query
}

pub(crate) fn ids(rows: &[Stored]) -> Vec<String> {
    rows.iter().map(|row| row.id.clone()).collect()
}

/// Ids of all matches, in order, read in pages of this size.
pub(crate) async fn find(
    store: &Store,
    type_: &str,
    text: &str,
    scope: &Scope,
    limit: u32,
) -> Vec<String> {
    let query = query(type_, text);
    let mut page = Page::first(limit);
    let mut all = Vec::new();
    loop {
        let found = store
            .search(query.clone(), scope.clone(), page)
            .await
            .unwrap();
        assert!(found.rows.len() <= limit as usize);
        all.extend(ids(&found.rows));
        match found.next {
            Some(token) => {
                assert_eq!(found.rows.len(), limit as usize, "a short page is the last");
                page = Page {
                    limit,
                    after: Some(token),
                };
            }
            None => return all,
        }
    }
}

/// All matches of a query, unscoped, in one page.
pub(crate) async fn all(store: &Store, type_: &str, text: &str) -> Vec<String> {
    find(store, type_, text, &Scope::all(), 1000).await
}

/// Somebody read a record of a patient.
pub(crate) fn event(id: &str, patient: &str, observation: &str) -> Value {
    json!({
        "resourceType": "AuditEvent", "id": id,
        "type": { "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
                  "code": "rest" },
        "action": "R", "recorded": "2026-11-23T08:48:30.123Z",
        "agent": [{ "requestor": true, "name": "Ada", "network": { "address": "192.0.2.7" } }],
        "source": { "site": "st-mary", "observer": { "display": "st-mary" } },
        "entity": [
            { "what": { "reference": format!("Patient/{patient}") } },
            { "what": { "reference": format!("Observation/{observation}/_history/1") } },
        ],
    })
}

pub(crate) fn patient(id: &str, family: &str, born: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id,
        "identifier": [{"system": "urn:mrn", "value": format!("mrn-{id}")}],
        "name": [{"family": family, "given": ["Ada"]}],
        "gender": "female", "birthDate": born,
    })
}

pub(crate) fn observation(id: &str, patient: &str, code: &str, when: &str, value: &str) -> Value {
    let number: serde_json::Number = value.parse().unwrap();
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": format!("Patient/{patient}")},
        "effectiveDateTime": when,
        "valueQuantity": {"value": number, "unit": "mmHg",
            "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    })
}
