//! What a receipt proves, and each reason why it does not.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use proof::batch::{Path, Side};
use proof::codec::Canonical;
use proof::event::{Action, Event};
use proof::note::{Line, Note};
use proof::policy::Policy;
use proof::receipt::{self, Invalid, Receipt, build, verify};
use proof::transaction::{Batch, Entry};
use proof::{Digest, SecretKey, Signature};
use support::{MEMBERS, RECORD, TIME_S, World, sized, world};

fn judge(world: &World, receipt: &Receipt) -> Result<receipt::Verified, Invalid> {
    verify(build(receipt).as_bytes(), &world.policy(), None)
}

fn code(world: &World, receipt: &Receipt) -> &'static str {
    judge(world, receipt).map_or_else(|it| it.code(), |_| "valid")
}

#[test]
fn a_receipt_tells_what_it_proves() {
    let world = world();
    let verified = verify(world.text().as_bytes(), &world.policy(), Some(RECORD)).unwrap();
    let Event::RecordVersion(event) = world.event.clone();
    assert_eq!(verified.event, event);
    assert_eq!(
        (verified.event.organisation.as_str(), verified.event.version),
        ("st-mary", 2)
    );
    assert_eq!(verified.sender, world.sender.public());
    assert_eq!(verified.chain, world.chain);
    assert_eq!(
        (verified.height, verified.time_ms),
        (77, TIME_S * 1_000 + 500)
    );
    assert_eq!((verified.index, verified.size), (6, 11));
    let names = ["city-lab", "harbour-pharmacy", "st-mary"];
    assert_eq!(
        verified.cosigners,
        names.map(|it| format!("{}/{it}", world.origin()))
    );
    assert!(verified.record_matches);
    let without = verify(world.text().as_bytes(), &world.policy(), None).unwrap();
    assert!(!without.record_matches);
}

#[test]
fn a_record_is_the_same_in_any_layout_and_order() {
    let world = world();
    let value: serde_json::Value = serde_json::from_slice(RECORD).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert!(
        verify(
            world.text().as_bytes(),
            &world.policy(),
            Some(pretty.as_bytes())
        )
        .is_ok()
    );
}

#[test]
fn the_format_is_that_of_tlog_proof() {
    let text = world().text();
    let lines: Vec<_> = text.split('\n').collect();
    assert_eq!(lines[0], "c2sp.org/tlog-proof@v1");
    assert!(lines[1].starts_with("extra "));
    assert_eq!(lines[2], "index 6");
    let empty = lines.iter().position(|it| it.is_empty()).unwrap();
    assert_eq!(
        empty,
        3 + 4,
        "four hashes lead from entry 6 to the root of 11"
    );
    assert_eq!(lines[empty + 1], world().origin());
    assert_eq!(lines[empty + 2], "11");
    assert!(lines[empty + 5].starts_with(&format!("— {} ", world().origin())));
    assert_eq!((lines.len(), lines[lines.len() - 1]), (empty + 10, ""));
    assert_eq!(build(&receipt::parse(text.as_bytes()).unwrap()), text);
    assert!(text.len() < 3_000, "about 3 KB: {}", text.len());
}

#[test]
fn all_places_in_all_trees_are_provable() {
    for events in 1..12 {
        for place in 0..events {
            let world = sized(events, place, 4, 2);
            assert!(verify(world.text().as_bytes(), &world.policy(), Some(RECORD)).is_ok());
        }
    }
    for entries in 1..20 {
        for index in 0..entries {
            let world = sized(2, 1, entries, index);
            assert!(verify(world.text().as_bytes(), &world.policy(), Some(RECORD)).is_ok());
        }
    }
}

#[test]
fn a_quorum_of_cosigners_is_needed() {
    let world = world();
    for (cosigners, expected) in [
        (vec![], "quorum"),
        (vec![0], "quorum"),
        (vec![1, 2], "quorum"),
        (vec![0, 1, 2], "valid"),
        (vec![3, 1, 0], "valid"),
        (vec![0, 1, 2, 3], "valid"),
        (vec![0, 0, 1], "signatures"),
    ] {
        assert_eq!(
            code(&world, &world.receipt(&cosigners)),
            expected,
            "{cosigners:?}"
        );
    }
}

/// The receipt with other signature lines, in the order given.
fn with_lines(world: &World, lines: &[Line]) -> &'static str {
    let receipt = world.receipt(&[]);
    let text = build(&receipt);
    let head = &text[..text.find("\n\nsalus/").unwrap() + 2];
    let note = Note {
        text: receipt.checkpoint.text.clone(),
        lines: lines.to_vec(),
    };
    let changed = format!("{head}{note}");
    verify(changed.as_bytes(), &world.policy(), None).map_or_else(|it| it.code(), |_| "valid")
}

#[test]
fn signature_lines_are_known_valid_and_in_order() {
    let world = world();
    let good = world.note(3, &[0, 1, 2]).lines;
    let (log, a, b, c) = (&good[0], &good[1], &good[2], &good[3]);
    let stranger = SecretKey::from_seed(&[99; 32]);
    let text = world.checkpoint().to_string();
    let strange_log = Line::sign(&text, &world.origin(), &stranger);
    let named = format!("{}/stranger", world.origin());
    let strange = proof::cosignature::cosign(&world.checkpoint(), &named, &stranger, TIME_S);
    let mut broken = c.clone();
    broken.signature[20] ^= 1;
    let mut broken_log = log.clone();
    broken_log.signature[20] ^= 1;
    let cases: [(&[&Line], &str); 14] = [
        (&[log, a, b, c], "valid"),
        (&[log, b, a, c], "signatures"),
        (&[a, b, c, log], "signatures"),
        (&[a, b, c], "signatures"),
        (&[log, log, a, b, c], "signatures"),
        (&[log, a, b, c, c], "signatures"),
        (&[log, a, b, &broken], "signatures"),
        (&[&broken_log, a, b, c], "signatures"),
        (&[&strange_log, a, b, c], "signatures"),
        (&[log, a, b, c, &strange], "signatures"),
        (&[log, a, b, &strange], "signatures"),
        (&[log, &strange_log, a, b, c], "signatures"),
        (&[log, a, b], "quorum"),
        (&[log], "quorum"),
    ];
    for (index, (lines, expected)) in cases.into_iter().enumerate() {
        let lines: Vec<_> = lines.iter().map(|it| (*it).clone()).collect();
        assert_eq!(with_lines(&world, &lines), expected, "case {index}");
    }
}

#[test]
fn cosignatures_of_another_checkpoint_do_not_count() {
    let world = world();
    let mut other = sized(5, 3, 12, 6);
    other.keys.clone_from(&world.keys);
    let mut lines = world.note(3, &[0, 1]).lines;
    lines.push(other.note(3, &[2]).lines[1].clone());
    assert_eq!(with_lines(&world, &lines), "signatures");
}

#[test]
fn the_log_must_be_one_of_the_policy() {
    let world = world();
    let other = sized(5, 3, 11, 6);
    let policy = other
        .policy_text()
        .replace(&other.origin(), "salus/0000000000000000");
    // The vkeys carry an id over the name, so a renamed file is no policy at all.
    assert!(Policy::parse(policy.as_bytes()).is_err());
    let validators: Vec<_> = MEMBERS
        .into_iter()
        .zip(world.keys.iter().map(SecretKey::public))
        .collect();
    let members: Vec<_> = validators.iter().map(|(_, key)| *key).collect();
    let text = proof::policy::render("salus/0000000000000000", &members, &validators).unwrap();
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let verdict = verify(world.text().as_bytes(), &policy, None);
    assert_eq!(verdict, Err(Invalid::Origin(world.origin())));
}

#[test]
fn the_entry_is_a_signed_batch_of_this_ledger() {
    type Case = (&'static str, fn(&World) -> Entry);
    let cases: [Case; 6] = [
        ("valid", |it| it.entry.clone()),
        ("valid", |it| it.resigned(|header, _| header.sequence = 10)),
        ("entry", |it| it.resigned(|header, _| header.kind = 2)),
        ("entry", |it| {
            it.resigned(|header, _| header.chain = Digest([1; 32]))
        }),
        ("entry", |it| it.resigned(|_, body| body.push(0))),
        ("entry", |it| {
            let mut entry = it.entry.clone();
            entry.transaction.signature = Signature([0; 64]);
            entry
        }),
    ];
    for (index, (expected, change)) in cases.into_iter().enumerate() {
        let mut world = world();
        world.put_entry(change(&world));
        assert_eq!(
            code(&world, &world.receipt(&[0, 1, 2])),
            expected,
            "case {index}"
        );
    }
}

/// A member cannot show an event of its own batch as one of another organisation.
#[test]
fn the_event_is_of_the_organisation_that_signed() {
    let mut world = world();
    world.put_entry(Entry {
        organisation: "north-clinic".to_owned(),
        ..world.entry.clone()
    });
    let refused = Invalid::Entry("it is of another organisation than the event");
    assert_eq!(judge(&world, &world.receipt(&[0, 1, 2])), Err(refused));
}

#[test]
fn an_entry_that_is_not_canonical_is_refused() {
    let mut world = world();
    let mut bytes = world.entry.to_bytes();
    bytes.push(0);
    world.history[world.index] = proof::tree::leaf_hash(&bytes);
    let mut receipt = world.receipt(&[0, 1, 2]);
    receipt.opening.entry = bytes;
    assert_eq!(
        judge(&world, &receipt),
        Err(Invalid::Entry("it is not canonical"))
    );
}

#[test]
fn the_entry_is_at_its_place_of_the_history() {
    let world = world();
    let good = world.receipt(&[0, 1, 2]);
    let changes: [fn(&mut Receipt); 7] = [
        |it| it.index = 7,
        |it| it.index = 10,
        |it| it.index = 11,
        |it| it.index = u64::MAX,
        |it| it.path.truncate(3),
        |it| it.path.push(Digest([1; 32])),
        |it| it.opening.entry[3] ^= 1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut receipt = good.clone();
        change(&mut receipt);
        assert_eq!(code(&world, &receipt), "history", "case {index}");
    }
}

#[test]
fn the_event_is_in_the_batch() {
    let world = world();
    let good = world.receipt(&[0, 1, 2]);
    let changes: [fn(&mut Receipt); 9] = [
        |it| it.opening.key.0[0] ^= 1,
        |it| {
            let Event::RecordVersion(event) = &mut it.opening.event;
            event.version += 1;
        },
        |it| {
            let Event::RecordVersion(event) = &mut it.opening.event;
            event.action = Action::Create;
        },
        |it| {
            let Event::RecordVersion(event) = &mut it.opening.event;
            event.record_id = "obs-2".to_owned();
        },
        |it| it.opening.path.0.truncate(1),
        |it| it.opening.path.0.clear(),
        |it| it.opening.path.0[0].0 = Side::Left,
        |it| it.opening.path.0[0].1.0[0] ^= 1,
        |it| it.opening.path.0.push((Side::Left, Digest([1; 32]))),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut receipt = good.clone();
        change(&mut receipt);
        assert_eq!(code(&world, &receipt), "event", "case {index}");
    }
}

/// Leaf 0 is the blinding one: nothing can be opened there.
#[test]
fn the_blinding_leaf_opens_nothing() {
    let mut world = world();
    let leaf = proof::tree::leaf_hash(&proof::commit(&world.key, &world.event.digest()).0);
    let sibling = Digest([5; 32]);
    let root = proof::tree::node_hash(&leaf, &sibling);
    let entry = world.resigned(|_, body| {
        *body = Batch {
            root,
            ..Batch::from_bytes(body).unwrap()
        }
        .to_bytes();
    });
    world.put_entry(entry);
    let mut receipt = world.receipt(&[0, 1, 2]);
    receipt.opening.path = Path(vec![(Side::Right, sibling)]);
    assert_eq!(judge(&world, &receipt), Err(Invalid::Event));
}

#[test]
fn another_record_is_not_the_committed_one() {
    let world = world();
    let (text, policy) = (world.text(), world.policy());
    let judge = |record: &[u8]| verify(text.as_bytes(), &policy, Some(record));
    assert_eq!(judge(b"{}"), Err(Invalid::Record));
    assert_eq!(
        judge(br#"{"resourceType":"Observation","#),
        Err(Invalid::Record)
    );
    // What never was a record is not judged.
    for other in [b"".as_slice(), b"no json", b"\xff\xfe", b"[1,2"] {
        assert!(judge(other).is_err_and(|it| it.is_unusable()), "{other:?}");
    }
}

#[test]
fn what_is_no_receipt_is_unusable_and_what_is_damaged_is_invalid() {
    let world = world();
    let policy = world.policy();
    let judge = |text: &[u8]| verify(text, &policy, None).unwrap_err();
    for other in [
        b"".as_slice(),
        b"{}",
        b"hello\nworld\n",
        b"\xff\xd8\xff\xe0",
        RECORD,
    ] {
        assert!(judge(other).is_unusable(), "{other:?}");
    }
    assert!(judge(&vec![b'a'; receipt::RECEIPT_BYTES_MAX + 1]).is_unusable());
    let text = world.text();
    for damaged in [
        text.replace("tlog-proof@v1", "tlog-proof@v2"),
        text.replace("c2sp.org/", "C2SP.org/"),
        text.replace("\nextra ", "\nextra  "),
        text.replace("\nindex 6", "\nindex 06"),
        text.replace("\nindex 6", "\nindex +6"),
        text.replace("\nindex 6\n", "\nindex 6\n\n"),
        text.replace("\nindex 6\n", "\nindex 6\r\n"),
        text.replace(
            "\nindex 6\n",
            &format!("\nindex 6\n{}", format!("{}=\n", "A".repeat(43)).repeat(65)),
        ),
        text.replace("\nextra ", "\nextra AAAA"),
        text.trim_end().to_owned(),
        format!("{text}\n"),
        format!("{text}— x AAAAAAA=\n"),
        text[..200].to_owned(),
        "c2sp.org/tlog-proof@v1\n".to_owned(),
    ] {
        let error = judge(damaged.as_bytes());
        assert!(!error.is_unusable(), "{error}: {damaged}");
    }
}
