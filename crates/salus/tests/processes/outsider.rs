//! The whole ledger, read as an outsider would: nothing of a person, nothing twice, and no sign of
//! who was busy.

use crate::consortium::Consortium;
use crate::http::Http;
use crate::sharing::{CLINIC, HOME, Visit};
use proof::Canonical;
use proof::transaction::{Batch, KIND_BATCH, Transaction};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const IDLE: usize = 2;
/// Batches of two organisations over the same blocks may differ by so many: one may have begun
/// its interval before the window and another after it, at both ends.
const BATCHES_APART_MAX: usize = 2;
const RECORDS: u64 = 400;

/// What stands on the ledger.
struct Entry {
    height: u64,
    bytes: Vec<u8>,
    transaction: Transaction,
}

#[test]
fn the_ledger_tells_an_outsider_nothing_of_patients() {
    let consortium = Consortium::start(4);
    let visit = Visit::begin(&consortium);
    assert_eq!(visit.bring(&visit.code()).status, 201);
    let consent = visit.consents(&visit.consent());
    assert_eq!(visit.breaks_glass(None).status, 201);
    assert_eq!(visit.withdraws(&consent).status, 200);
    visit.consents(&visit.consent());
    let secrets = secrets(&visit);

    // A busy hospital and an idle laboratory, over the same blocks.
    let began = consortium.height(0);
    let before = batches(&consortium, began);
    let http = Http::new();
    let clinician = consortium.token(HOME, "clinician");
    let url = format!("{}/Observation", consortium.fhir(HOME));
    for number in 0..RECORDS {
        let body = crate::consortium::observation(number);
        assert_eq!(http.post(&url, &clinician, &body).unwrap().status, 201);
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = consortium.height(0);
    let after = batches(&consortium, ended);

    let ledger = read(&consortium, ended);
    assert!(ledger.len() > 40, "{} entries", ledger.len());
    nothing_of_a_person(&ledger, &secrets);
    nothing_twice(&ledger);
    one_size_for_each_kind(&ledger);
    let sent = |index: usize| after[index] - before[index];
    let (busy, idle) = (sent(HOME), sent(IDLE));
    println!("{RECORDS} records: {busy} batches; none: {idle} batches");
    assert!(busy > 5 && idle > 5, "{busy} {idle}");
    assert!(
        busy.abs_diff(idle) <= BATCHES_APART_MAX,
        "{busy} and {idle}"
    );
}

/// Texts that are about a person, as they stand in records and addresses.
fn secrets(visit: &Visit<'_>) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    for query in [
        "Patient?",
        "Condition?",
        "Observation?",
        "Consent?",
        "AuditEvent?",
    ] {
        gather(&visit.at_home(query).0["entry"], &mut secrets);
    }
    assert!(secrets.len() > 50, "{}", secrets.len());
    secrets
}

/// Every text of a resource that is long enough not to be in random bytes by chance.
fn gather(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() >= 7 && !text.contains("127.0.0.1") => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|it| gather(it, found)),
        Value::Object(fields) => fields.values().for_each(|it| gather(it, found)),
        _ => {}
    }
}

fn read(consortium: &Consortium, height: u64) -> Vec<Entry> {
    let http = Http::new();
    let mut entries = Vec::new();
    for height in 1..=height {
        let url = format!("{}/ledger/blocks/{height}", consortium.base(CLINIC));
        let block = http.get(&url, "").unwrap().json();
        for one in block["transactions"].as_array().unwrap() {
            let bytes = crate::sharing::from_base64(one["bytes"].as_str().unwrap());
            let transaction = Transaction::from_bytes(&bytes).unwrap();
            entries.push(Entry {
                height,
                bytes,
                transaction,
            });
        }
    }
    entries
}

/// How many batches each organisation has sent up to a height.
fn batches(consortium: &Consortium, height: u64) -> Vec<usize> {
    let http = Http::new();
    let url = format!("{}/ledger/organisations", consortium.base(0));
    let members = http.get(&url, "").unwrap().json();
    let members = members["organisations"].as_array().cloned().unwrap();
    let ledger = read(consortium, height);
    let count = |index: usize| {
        let id = consortium.id(index);
        let member = members.iter().find(|it| it["id"] == id).unwrap();
        let key = member["transaction_key"].as_str().unwrap();
        let own = ledger.iter().filter(|it| {
            let header = &it.transaction.header;
            header.kind == KIND_BATCH && proof::Digest(header.sender.0).to_string() == key
        });
        own.count()
    };
    (0..4).map(count).collect()
}

fn nothing_of_a_person(ledger: &[Entry], secrets: &BTreeSet<String>) {
    for entry in ledger {
        let bytes = entry.bytes.to_ascii_lowercase();
        for secret in secrets {
            // Which organisations there are is public.
            let secret = secret.to_ascii_lowercase();
            if ["st-mary", "north-clinic", "organization/north-clinic"].contains(&secret.as_str()) {
                continue;
            }
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` in block {}", entry.height);
        }
    }
}

/// No 32 bytes of a batch or of an act of consent stand in another: equal data gives no equal
/// commitment, and no two acts can be linked.
fn nothing_twice(ledger: &[Entry]) {
    let mut roots = BTreeSet::new();
    let mut acts: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for entry in ledger {
        let Transaction { header, body, .. } = &entry.transaction;
        if header.kind == KIND_BATCH {
            let batch = Batch::from_bytes(body).unwrap();
            assert!(roots.insert(batch.root.0), "a root twice");
        }
        // Grants and openings: their ids, keys and commitments are the first 128 and 64 bytes.
        let fields = match header.kind {
            16 => 4,
            18 => 2,
            _ => 0,
        };
        for field in body.chunks(32).take(fields) {
            let before = acts.insert(field.to_vec(), entry.height);
            assert!(
                before.is_none(),
                "the same field in {before:?} and {}",
                entry.height
            );
        }
    }
    assert!(
        acts.len() >= 10,
        "two grants and an opening: {}",
        acts.len()
    );
}

fn one_size_for_each_kind(ledger: &[Entry]) {
    let mut sizes: BTreeMap<u8, BTreeSet<usize>> = BTreeMap::new();
    for entry in ledger {
        let kind = entry.transaction.header.kind;
        // The address in a service record is a public fact of its own length.
        if kind != ledger::Kind::Announce as u8 {
            sizes.entry(kind).or_default().insert(entry.bytes.len());
        }
    }
    assert!(sizes.values().all(|it| it.len() == 1), "{sizes:?}");
    assert!(sizes.len() >= 4, "{sizes:?}");
}
