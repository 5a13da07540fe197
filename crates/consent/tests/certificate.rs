//! The certificate of an erasure proves all of it, or nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

use consent::acts::certificate::{Certificate, Uncertified, build, parse, verify};
use consent::acts::erase::{ATTEST_KIND, ERASE_KIND, holders, subject};
use consent::acts::{Erase, EraseAttest};
use proof::checkpoint::{Checkpoint, cosigner, origin};
use proof::codec::Canonical;
use proof::note::{Line, Note};
use proof::policy::{self, Policy};
use proof::receipt::{EntryReceipt, build_entry};
use proof::transaction::{Entry, Header, Transaction};
use proof::tree::{inclusion_path, leaf_hash, root};
use proof::{CommitmentKey, Digest, SecretKey, cosignature, hash};

const MEMBERS: [&str; 3] = ["city-lab", "north-clinic", "st-mary"];
const SUBJECT: CommitmentKey = CommitmentKey([1; 32]);
const HOLDERS: CommitmentKey = CommitmentKey([2; 32]);
const ERASURE: Digest = Digest([3; 32]);

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(&hash("test/seed", &[name.as_bytes()]).0)
}

fn chain() -> Digest {
    hash("test/chain", &[])
}

fn policy() -> Policy {
    let members = MEMBERS.map(|name| (name, key(name).public()));
    let logs = members.map(|(_, key)| key);
    let text = policy::render(&origin(&chain()), &logs, &members).unwrap();
    Policy::parse(text.as_bytes()).unwrap()
}

fn entry(organisation: &str, kind: u8, body: Vec<u8>, height: u64) -> Entry {
    let key = key(organisation);
    let header = Header {
        kind,
        chain: chain(),
        sender: key.public(),
        sequence: 1,
        expires: 99,
    };
    Entry {
        height,
        time_ms: 1_800_000_000_000,
        organisation: organisation.to_owned(),
        transaction: Transaction::sign(header, body, &key),
    }
}

/// The receipts of these entries, which are the whole history, cosigned by all.
fn receipts(entries: &[Entry]) -> Vec<String> {
    let leaves: Vec<_> = entries.iter().map(|it| leaf_hash(&it.to_bytes())).collect();
    let checkpoint = Checkpoint {
        origin: origin(&chain()),
        size: leaves.len() as u64,
        root: root(&leaves),
    };
    let text = checkpoint.to_string();
    let mut lines = vec![Line::sign(&text, &checkpoint.origin, &key("st-mary"))];
    lines.extend(MEMBERS.map(|name| {
        let cosigner = cosigner(&checkpoint.origin, name);
        cosignature::cosign(&checkpoint, &cosigner, &key(name), 1_800_000_000)
    }));
    let receipt = |(index, entry): (u64, &Entry)| {
        build_entry(&EntryReceipt {
            entry: entry.to_bytes(),
            index,
            path: inclusion_path(&leaves, index).unwrap(),
            checkpoint: Note {
                text: text.clone(),
                lines: lines.clone(),
            },
        })
    };
    (0..).zip(entries).map(receipt).collect()
}

/// The erasure of one patient at `st-mary`, which `st-mary` and `city-lab` hold, and attestations
/// by `attesting`.
fn certificate(attesting: &[&str]) -> Certificate {
    let held = ["city-lab", "st-mary"];
    let body = Erase {
        id: ERASURE,
        subject: subject(&SUBJECT, "st-mary", "p-7"),
        holders: holders(&HOLDERS, &held),
    };
    let mut entries = vec![entry("st-mary", ERASE_KIND, body.to_bytes(), 5)];
    entries.extend(attesting.iter().map(|name| {
        let body = EraseAttest { id: ERASURE };
        entry(name, ATTEST_KIND, body.to_bytes(), 6)
    }));
    Certificate {
        subject_key: SUBJECT,
        patient: "p-7".to_owned(),
        holders_key: HOLDERS,
        holders: held.map(str::to_owned).to_vec(),
        receipts: receipts(&entries),
    }
}

fn judge(certificate: &Certificate) -> Result<(), Uncertified> {
    verify(build(certificate).as_bytes(), &policy()).map(|_| ())
}

#[test]
fn a_certificate_shows_the_erasure_and_who_attested() {
    let whole = certificate(&["st-mary", "city-lab", "north-clinic"]);
    let text = build(&whole);
    assert_eq!(parse(text.as_bytes()), Ok(whole));
    let certified = verify(text.as_bytes(), &policy()).unwrap();
    assert_eq!(
        (certified.custodian.as_str(), certified.patient.as_str()),
        ("st-mary", "p-7")
    );
    assert_eq!(certified.erased.entry.height, 5);
    let who: Vec<_> = certified
        .attested
        .iter()
        .map(|it| it.entry.organisation.as_str())
        .collect();
    assert_eq!(who, ["st-mary", "city-lab", "north-clinic"]);
}

#[test]
fn a_holder_that_has_not_attested_is_named() {
    for attesting in [
        &["st-mary"][..],
        &["st-mary", "st-mary"],
        &["st-mary", "north-clinic"],
    ] {
        let missing = Uncertified::Missing("city-lab".to_owned());
        assert_eq!(judge(&certificate(attesting)), Err(missing));
    }
    let mut hidden = certificate(&["st-mary"]);
    hidden.holders = vec!["st-mary".to_owned()];
    assert_eq!(judge(&hidden), Err(Uncertified::Holders));
}

#[test]
fn a_certificate_is_of_one_patient_and_one_erasure() {
    let all = ["st-mary", "city-lab"];
    let mut other = certificate(&all);
    other.patient = "p-8".to_owned();
    assert_eq!(judge(&other), Err(Uncertified::Subject));
    let mut swapped = certificate(&all);
    swapped.receipts.swap(0, 1);
    assert_eq!(judge(&swapped), Err(Uncertified::Other(0)));
    let mut twice = certificate(&all);
    twice.receipts[2] = twice.receipts[0].clone();
    assert_eq!(judge(&twice), Err(Uncertified::Other(2)));
    let mut empty = certificate(&all);
    empty.receipts.clear();
    assert!(matches!(judge(&empty), Err(Uncertified::Malformed(_))));
    let foreign = EraseAttest {
        id: Digest([4; 32]),
    };
    let mut strange = certificate(&all);
    strange.receipts[1] =
        receipts(&[entry("city-lab", ATTEST_KIND, foreign.to_bytes(), 6)]).remove(0);
    assert_eq!(judge(&strange), Err(Uncertified::Other(1)));
}

#[test]
fn no_certificate_with_one_changed_byte_is_valid() {
    let text = build(&certificate(&["st-mary", "city-lab"])).into_bytes();
    let policy = policy();
    assert!(verify(&text, &policy).is_ok());
    for place in 0..text.len() {
        for flip in [1, 4, 0x20] {
            let mut changed = text.clone();
            changed[place] ^= flip;
            assert!(verify(&changed, &policy).is_err(), "byte {place} ^ {flip}");
        }
        if place % 7 == 0 {
            let cut = verify(&text[..place], &policy);
            assert!(cut.is_err(), "cut at {place}");
        }
    }
}
