//! Frozen vectors of every format, also for verifiers in other languages.
//! `vectors/README.md` says what the fields are.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use proof::batch::Tree;
use proof::checkpoint::{cosigner, origin};
use proof::codec::Canonical;
use proof::event::{Action, Event, RecordVersion, deleted_digest};
use proof::json;
use proof::map::Map;
use proof::note::{Algorithm, Vkey};
use proof::policy::Policy;
use proof::receipt::{EntryReceipt, Receipt, build, build_entry, verify, verify_entry};
use proof::state::build as build_state;
use proof::transaction::{Batch, Entry, Header, Transaction};
use proof::tree::{consistency_path, inclusion_path, leaf_hash, root};
use proof::{CommitmentKey, Digest, SecretKey, Signature, commit, hash, sha256};
use serde_json::{Value, json};
use support::frozen::{assert_frozen, hex};
use support::states::{ABSENT, PRESENT, proof as proof_of};
use support::{RECORD, TIME_S, World, sized, world};

fn hexes(digests: &[Digest]) -> Value {
    digests.iter().map(|it| hex(&it.0)).collect()
}

#[test]
fn hashes_are_frozen() {
    let cases: [(&str, &[&[u8]]); 5] = [
        ("ab", &[]),
        ("salus/test/v1", &[b""]),
        ("salus/test/v1", &[b"one", b"two"]),
        ("salus/test/v1", &[b"onetwo"]),
        ("salus/test/v1", &[&[0; 300]]),
    ];
    let mut found: Vec<_> = cases
        .iter()
        .map(|(label, parts)| {
            let parts: Value = parts.iter().copied().map(hex).collect();
            json!({ "what": "hash", "label": label, "parts": parts })
        })
        .collect();
    for (case, (label, parts)) in found.iter_mut().zip(cases) {
        case["digest"] = hex(&hash(label, parts).0);
    }
    for (key, digest) in [([0; 32], sha256(b"")), ([0x42; 32], sha256(b"event"))] {
        let commitment = commit(&CommitmentKey(key), &digest);
        let (key, digest, commitment) = (hex(&key), hex(&digest.0), hex(&commitment.0));
        found.push(json!({
            "what": "commitment", "key": key, "digest": digest, "commitment": commitment
        }));
    }
    assert_frozen("hashes.json", &Value::Array(found));
}

#[test]
fn events_are_frozen() {
    let event = |action, body| {
        Event::RecordVersion(RecordVersion {
            organisation: "st-mary".to_owned(),
            record_type: "Observation".to_owned(),
            record_id: "obs-1".to_owned(),
            version: 2,
            time_us: TIME_S * 1_000_000,
            action,
            body,
        })
    };
    let cases = [
        event(Action::Create, sha256(b"{}")),
        event(Action::Update, sha256(b"{}")),
        event(Action::Delete, deleted_digest()),
    ];
    let found = cases.iter().map(|it| {
        json!({ "what": "event", "bytes": hex(&it.to_bytes()), "digest": hex(&it.digest().0) })
    });
    assert_frozen("events.json", &found.collect());
}

#[test]
fn transactions_are_frozen() {
    let mut found = Vec::new();
    for seed in 1..=3u8 {
        let key = SecretKey::from_seed(&[seed; 32]);
        let batch = Batch {
            sequence: seed.into(),
            previous: Digest([seed - 1; 32]),
            root: Digest([seed; 32]),
        };
        let header = Header {
            kind: 1,
            chain: hash("test/chain", &[]),
            sender: key.public(),
            sequence: seed.into(),
            expires: 1_000,
        };
        let transaction = Transaction::sign(header, batch.to_bytes(), &key);
        found.push(json!({
            "what": "transaction",
            "seed": hex(&[seed; 32]),
            "sender": key.public().to_string(),
            "header": hex(&header.to_bytes()),
            "body": hex(&transaction.body),
            "message": hex(&transaction.message()),
            "bytes": hex(&transaction.to_bytes()),
            "id": hex(&transaction.id().0),
        }));
    }
    assert_frozen("transactions.json", &Value::Array(found));
}

#[test]
fn canonical_json_is_frozen() {
    let cases = [
        "null",
        " [ 1.50 , 1e5, 1E+5, -0 ] ",
        "{\"b\":{\"d\":1,\"c\":2},\"a\":[]}",
        "\"\\u0041\\/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u00e9\\ud83d\\ude00\"",
        "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\
         \"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
        "{\"a\":1,\"\\u0061\":2}",
        "\"\\u00E9\"",
        "\"\\ud83d\"",
        "01",
        "[1,]",
        "{",
    ];
    let found = cases
        .iter()
        .map(|text| match json::canonical(text.as_bytes()) {
            Ok(form) => json!({
                "what": "json",
                "text": text,
                "canonical": String::from_utf8(form.clone()).unwrap(),
                "digest": hex(&sha256(&form).0),
            }),
            Err(error) => json!({ "what": "json", "text": text, "error": error.to_string() }),
        });
    assert_frozen("json.json", &found.collect());
}

#[test]
fn trees_are_frozen() {
    let leaves: Vec<_> = (0..8u8).map(|it| leaf_hash(&[it])).collect();
    let mut found = Vec::new();
    for size in 0..=8 {
        let tree = &leaves[..size];
        found.push(json!({ "what": "root", "size": size, "root": hex(&root(tree).0) }));
        for index in 0..size as u64 {
            let path = hexes(&inclusion_path(tree, index).unwrap());
            found.push(json!({ "what": "inclusion", "size": size, "index": index, "path": path }));
        }
        for old in 1..=size as u64 {
            let path = hexes(&consistency_path(tree, old).unwrap());
            found.push(json!({ "what": "consistency", "old": old, "new": size, "path": path }));
        }
    }
    for count in 0..5u8 {
        let commitments: Vec<_> = (0..count).map(|it| Digest([it; 32])).collect();
        let tree = Tree::new(&[0xbb; 32], &commitments);
        let path = |it: u8| hex(&tree.path(it.into()).unwrap().to_bytes());
        found.push(json!({
            "what": "batch",
            "blinding": hex(&[0xbb; 32]),
            "commitments": hexes(&commitments),
            "root": hex(&tree.root().0),
            "paths": (0..count).map(path).collect::<Value>(),
        }));
    }
    assert_frozen("trees.json", &Value::Array(found));
}

#[test]
fn maps_are_frozen() {
    let mut map = Map::new();
    let mut found = vec![json!({ "what": "map", "entries": 0, "root": hex(&map.root().0) })];
    for number in 0..10u8 {
        map.insert(&[b'k', number], &[b'v', number]);
        found.push(json!({
            "what": "map", "entries": number + 1, "root": hex(&map.root().0)
        }));
    }
    for key in [b"k\x00".as_slice(), b"k\x09", b"absent", b""] {
        let proof = map.prove(key);
        found.push(json!({
            "what": "map proof",
            "key": hex(key),
            "value": proof.verify(&map.root(), key).unwrap().map(|it| hex(&it)),
            "proof": hex(&proof.to_bytes()),
        }));
    }
    assert_frozen("maps.json", &Value::Array(found));
}

#[test]
fn keys_and_policies_are_frozen() {
    let world = world();
    let chain = hash("test/chain", &[]);
    let key = SecretKey::from_seed(&[1; 32]).public();
    let log = Vkey::new(&origin(&chain), Algorithm::Ed25519, key).unwrap();
    let name = cosigner(&origin(&chain), "city-lab");
    let witness = Vkey::new(&name, Algorithm::Cosignature, key).unwrap();
    let found = json!([
        { "what": "vkey", "key": key.to_string(), "vkey": log.to_string() },
        { "what": "vkey", "key": key.to_string(), "vkey": witness.to_string() },
        { "what": "policy", "chain": hex(&chain.0), "text": world.policy_text() },
    ]);
    assert_frozen("policies.json", &found);
}

/// A case for another verifier: receipt, policy and record as text, and the verdict.
fn case(name: &str, receipt: &str, policy: &str, record: Option<&str>) -> Value {
    let parsed = Policy::parse(policy.as_bytes()).unwrap();
    let verdict = verify(receipt.as_bytes(), &parsed, record.map(str::as_bytes));
    let mut case = json!({ "name": name, "receipt": receipt, "policy": policy });
    if let Some(record) = record {
        case["record"] = record.into();
    }
    match verdict {
        Ok(it) => {
            case["verdict"] = "valid".into();
            case["event"] = json!({
                "organisation": it.event.organisation,
                "type": it.event.record_type,
                "id": it.event.record_id,
                "version": it.event.version,
                "time_us": it.event.time_us,
                "body": it.event.body.to_string(),
            });
            case["height"] = it.height.into();
            case["time_ms"] = it.time_ms.into();
            case["sender"] = it.sender.to_string().into();
            case["cosigners"] = it.cosigners.into();
        }
        Err(error) => case["verdict"] = error.code().into(),
    }
    case
}

fn cases_with_records() -> Vec<Value> {
    let (text, policy) = (world().text(), world().policy_text());
    let record = std::str::from_utf8(RECORD).unwrap();
    let other = record.replace("1.50", "1.5");
    let mut found = vec![
        case("a valid receipt", &text, &policy, None),
        case("with its record", &text, &policy, Some(record)),
        case("with another record", &text, &policy, Some(&other)),
        case("with a damaged record", &text, &policy, Some(&record[1..])),
        case("with no record at all", &text, &policy, Some("no record")),
        case("no receipt at all", "hello\n", &policy, None),
    ];
    for (events, place, entries, index) in [(1, 0, 1, 0), (2, 1, 3, 2), (7, 6, 64, 63)] {
        let world = sized(events, place, entries, index);
        let name = format!("leaf {place} of {events}, entry {index} of {entries}");
        let case = case(&name, &world.text(), &world.policy_text(), Some(record));
        found.push(case);
    }
    found
}

fn cases_of_changed_parts() -> Vec<Value> {
    type Change = (&'static str, fn(&World, &mut Receipt));
    let changes: [Change; 11] = [
        ("two cosignatures", |world, it| {
            it.checkpoint = world.note(3, &[0, 1]);
        }),
        ("all cosignatures", |world, it| {
            it.checkpoint = world.note(3, &[0, 1, 2, 3]);
        }),
        ("a double cosignature", |world, it| {
            it.checkpoint = world.note(3, &[0, 1, 1, 2]);
        }),
        ("a false cosignature", |_, it| {
            it.checkpoint.lines[2].signature[40] ^= 1;
        }),
        ("a false log signature", |_, it| {
            it.checkpoint.lines[0].signature[40] ^= 1;
        }),
        ("an unknown cosigner", |_, it| {
            it.checkpoint.lines[2].name.push('x');
        }),
        ("another index", |_, it| it.index = 5),
        ("a shorter path", |_, it| it.path.truncate(2)),
        ("another commitment key", |_, it| {
            it.opening.key = CommitmentKey([0; 32]);
        }),
        ("a path in the batch that is empty", |_, it| {
            it.opening.path.0.clear();
        }),
        ("an entry with a byte more", |_, it| {
            it.opening.entry.push(0);
        }),
    ];
    let world = world();
    let judged = |(name, change): Change| {
        let mut receipt = world.receipt(&[0, 1, 3]);
        change(&world, &mut receipt);
        case(name, &build(&receipt), &world.policy_text(), None)
    };
    changes.into_iter().map(judged).collect()
}

fn cases_of_other_entries() -> Vec<Value> {
    type Change = (&'static str, fn(&World) -> Entry);
    let changes: [Change; 4] = [
        ("a transaction nobody signed", |it| {
            let mut entry = it.entry.clone();
            entry.transaction.signature = Signature([0; 64]);
            entry
        }),
        ("a transaction that is no batch", |it| {
            it.resigned(|header, _| header.kind = 3)
        }),
        ("a transaction of another ledger", |it| {
            it.resigned(|header, _| header.chain = Digest([1; 32]))
        }),
        ("an event of another organisation", |it| {
            let organisation = "north-clinic".to_owned();
            Entry {
                organisation,
                ..it.entry.clone()
            }
        }),
    ];
    let judged = |(name, change): Change| {
        let mut world = world();
        world.put_entry(change(&world));
        case(name, &world.text(), &world.policy_text(), None)
    };
    changes.into_iter().map(judged).collect()
}

fn cases_of_other_texts() -> Vec<Value> {
    let (text, policy) = (world().text(), world().policy_text());
    let replaced = [
        (
            "another version of the format",
            "tlog-proof@v1",
            "tlog-proof@v2",
        ),
        ("an index with a leading zero", "\nindex 6", "\nindex 06"),
        ("windows lines", "\nindex 6\n", "\nindex 6\r\n"),
        ("a checkpoint of another size", "\n11\n", "\n12\n"),
        ("a checkpoint of another log", "\nsalus/", "\nSalus/"),
    ];
    let judged = |(name, from, to)| case(name, &text.replace(from, to), &policy, None);
    let mut found: Vec<_> = replaced.into_iter().map(judged).collect();
    found.push(case("a line more", &format!("{text}\n"), &policy, None));
    found.push(case("a byte less", text.trim_end(), &policy, None));
    found
}

/// A proof about the state and what verifying it gives.
fn state_case(what: &str, text: &str, policy: &str) -> Value {
    let parsed = Policy::parse(policy.as_bytes()).unwrap();
    let mut case = json!({ "what": what, "proof": text, "policy": policy });
    match proof::state::verify(text.as_bytes(), &parsed) {
        Ok(it) => {
            case["verdict"] = "valid".into();
            case["key"] = hex(&it.key);
            case["value"] = it.value.map_or(Value::Null, |value| hex(&value));
            case["height"] = it.height.into();
            case["cosigned_s"] = json!([it.cosigned_s.0, it.cosigned_s.1]);
            case["cosigners"] = it.cosigners.into();
        }
        Err(error) => case["verdict"] = error.code().into(),
    }
    case
}

#[test]
fn proofs_about_the_state_are_frozen() {
    let world = world();
    let policy = world.policy_text();
    let text = |key, cosigners: &[usize]| build_state(&proof_of(&world, key, cosigners));
    let good = text(PRESENT, &[0, 1, 3]);
    let mut swapped = proof_of(&world, PRESENT, &[0, 1, 3]);
    swapped.key = ABSENT.to_vec();
    let found = [
        ("a present key", good.clone()),
        ("an absent key", text(ABSENT, &[0, 1, 3])),
        ("all cosigners", text(PRESENT, &[0, 1, 2, 3])),
        ("two cosigners", text(PRESENT, &[0, 1])),
        ("a proof of another key", build_state(&swapped)),
        ("another height", good.replace("\n77\n", "\n78\n")),
        ("of the history", good.replace("/state\n", "\n")),
        ("another version", good.replace("proof@v1", "proof@v2")),
        ("a line more", format!("{good}\n")),
    ];
    let found = found
        .iter()
        .map(|(what, text)| state_case(what, text, &policy));
    assert_frozen("states.json", &found.collect());
}

/// A receipt of a transaction and what verifying it gives.
fn entry_case(what: &str, text: &str, policy: &str) -> Value {
    let parsed = Policy::parse(policy.as_bytes()).unwrap();
    let mut case = json!({ "what": what, "receipt": text, "policy": policy });
    match verify_entry(text.as_bytes(), &parsed) {
        Ok(it) => {
            case["verdict"] = "valid".into();
            case["entry"] = hex(&it.entry.to_bytes());
            case["index"] = it.index.into();
            case["size"] = it.size.into();
            case["cosigners"] = it.cosigners.into();
        }
        Err(error) => case["verdict"] = error.code().into(),
    }
    case
}

#[test]
fn receipts_of_transactions_are_frozen() {
    let mut world = world();
    let policy = world.policy_text();
    let record = world.text();
    world.put_entry(world.resigned(|header, body| {
        header.kind = 17;
        *body = vec![7; 96];
    }));
    let text = |cosigners: &[usize]| {
        let whole = world.receipt(cosigners);
        build_entry(&EntryReceipt {
            entry: whole.opening.entry,
            index: whole.index,
            path: whole.path,
            checkpoint: whole.checkpoint,
        })
    };
    let good = text(&[0, 1, 3]);
    let found = [
        ("a transaction", good.clone()),
        ("two cosigners", text(&[0, 1])),
        ("a receipt of a record", record),
        ("another index", good.replace("index 6", "index 5")),
    ];
    let found = found
        .iter()
        .map(|(what, text)| entry_case(what, text, &policy));
    assert_frozen("entries.json", &found.collect());
}

#[test]
fn receipts_are_frozen() {
    let found = [
        cases_with_records(),
        cases_of_changed_parts(),
        cases_of_other_entries(),
        cases_of_other_texts(),
    ];
    assert_frozen("receipts.json", &Value::Array(found.concat()));
}
