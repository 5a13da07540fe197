//! Evidence proves misconduct by the parts that it holds, and nothing else.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ledger::evidence::{
    Evidence, EvidenceKind, Misconduct, Release, Unproven, build, parse, part_of, verify,
};
use ledger::{Kind, RotateKey};
use proof::checkpoint::origin;
use proof::codec::Canonical;
use proof::transaction::Batch;
use proof::{SecretKey, hash, state};
use support::cosigned::{CUSTODIAN, Ledger, MEMBERS};
use support::{acts, key};

fn judge(ledger: &Ledger, evidence: &Evidence) -> Result<Misconduct, Unproven> {
    let text = build(evidence);
    assert_eq!(parse(text.as_bytes()), Ok(evidence.clone()));
    verify(text.as_bytes(), &ledger.policy())
}

fn signer() -> SecretKey {
    key(CUSTODIAN, "transaction")
}

/// The batch that the custodian sent first.
fn first(ledger: &Ledger) -> Batch {
    let entry = proof::transaction::Entry::from_bytes(&ledger.entries[3]).unwrap();
    assert_eq!(entry.organisation, CUSTODIAN);
    Batch::from_bytes(&entry.transaction.body).unwrap()
}

fn fork(ledger: &Ledger) -> Evidence {
    let other = Batch {
        root: hash("test/other", &[]),
        ..first(ledger)
    };
    ledger.forked(&other, &signer())
}

fn silent(ledger: &mut Ledger) -> Evidence {
    let last = ledger.entries.len() as u64;
    // Blocks of the tests are 100 ms apart.
    ledger.network.wait(700);
    ledger.batches();
    Evidence {
        kind: EvidenceKind::BatchSilence,
        parts: vec![ledger.receipt(3), ledger.receipt(last + 3)],
    }
}

#[test]
fn a_release_after_the_revocation_is_proven_by_the_custodians_own_words() {
    let ledger = Ledger::new();
    for height in [ledger.revoked, ledger.revoked + 9] {
        let Ok(Misconduct::Released(it)) = judge(&ledger, &ledger.released_at(height)) else {
            panic!("a release on block {height}");
        };
        assert_eq!(it.revoked, ledger.revoked);
        assert_eq!(it.release.custodian.as_str(), CUSTODIAN);
        assert_eq!(it.release.height, height);
        assert_eq!(it.state.1.len(), 3);
    }
}

#[test]
fn a_release_before_the_revocation_is_no_misconduct() {
    let ledger = Ledger::new();
    let before = judge(&ledger, &ledger.released_at(ledger.revoked - 1));
    assert!(matches!(before, Err(Unproven::Harmless(_))), "{before:?}");
    let mut nothing = ledger.release(ledger.revoked);
    nothing.records = 0;
    let nothing = judge(&ledger, &ledger.released(nothing, &signer()));
    assert!(matches!(nothing, Err(Unproven::Harmless(_))), "{nothing:?}");
    // A grant that stands.
    let mut ledger = ledger;
    let stands = acts::number(2);
    let body = acts::grant(&ledger.network.chain, CUSTODIAN, stands);
    ledger.act(CUSTODIAN, Kind::Grant, &body);
    let mut release = ledger.release(99);
    release.pass = stands;
    let held = judge(&ledger, &ledger.released(release, &signer()));
    assert!(matches!(held, Err(Unproven::Harmless(_))), "{held:?}");
}

#[test]
fn nobody_can_be_accused_of_what_another_signed() {
    let ledger = Ledger::new();
    let release = ledger.release(ledger.revoked);
    // Signed by another member, by a key that signs other things, by a key of nobody.
    for signer in [
        key("city-lab", "transaction"),
        key(CUSTODIAN, "checkpoint"),
        key("a stranger", "transaction"),
    ] {
        let forged = judge(&ledger, &ledger.released(release.clone(), &signer));
        assert!(matches!(forged, Err(Unproven::Other(_, _))), "{forged:?}");
    }
    // Another member says that it is the custodian's, or that the grant is its own.
    let mut other = release.clone();
    other.custodian = "city-lab".parse().unwrap();
    for signer in [signer(), key("city-lab", "transaction")] {
        let forged = judge(&ledger, &ledger.released(other.clone(), &signer));
        assert!(matches!(forged, Err(Unproven::Other(2, _))), "{forged:?}");
    }
    // A field changed after it was signed.
    let mut changed = release.sign(&signer());
    changed.records += 1;
    let mut evidence = ledger.released_at(ledger.revoked);
    evidence.parts[2] = part_of(&changed.to_bytes());
    let forged = judge(&ledger, &evidence);
    assert!(matches!(forged, Err(Unproven::Other(2, _))), "{forged:?}");
    // The state of another grant.
    let mut evidence = ledger.released_at(ledger.revoked);
    evidence.parts[0] = ledger.state_proof(&ledger::keys::grant(&acts::number(5)));
    assert!(matches!(
        judge(&ledger, &evidence),
        Err(Unproven::Other(0, _))
    ));
}

#[test]
fn a_custodian_that_changed_its_key_is_still_held_to_its_words() {
    let mut ledger = Ledger::new();
    let new = SecretKey::from_seed(&[9; 32]);
    let body = RotateKey::sign(&ledger.network.chain, &signer().public(), &new);
    ledger.act(CUSTODIAN, Kind::RotateKey, &body);
    let old = judge(&ledger, &ledger.released_at(ledger.revoked));
    assert!(matches!(old, Ok(Misconduct::Released(_))), "{old:?}");
    let release = ledger.release(ledger.revoked);
    let new = judge(&ledger, &ledger.released(release, &new));
    assert!(matches!(new, Ok(Misconduct::Released(_))), "{new:?}");
}

#[test]
fn two_batches_that_exclude_each_other_are_a_fork() {
    let ledger = Ledger::new();
    let accepted = first(&ledger);
    let strange = hash("test/strange", &[]);
    let same = Batch {
        root: strange,
        ..accepted
    };
    let next = Batch {
        sequence: accepted.sequence + 1,
        previous: strange,
        root: strange,
    };
    for other in [same, next] {
        let Ok(Misconduct::Forked(it)) = judge(&ledger, &ledger.forked(&other, &signer())) else {
            panic!("{other:?}");
        };
        assert_eq!((it.batch, it.other), (accepted, other));
        assert_eq!(it.accepted.entry.organisation, CUSTODIAN);
    }
    let follows = Batch {
        previous: accepted.root,
        ..next
    };
    let later = Batch {
        sequence: accepted.sequence + 2,
        ..next
    };
    for fits in [accepted, follows, later] {
        let judged = judge(&ledger, &ledger.forked(&fits, &signer()));
        assert!(matches!(judged, Err(Unproven::Harmless(_))), "{fits:?}");
    }
    let others = judge(
        &ledger,
        &ledger.forked(&same, &key("city-lab", "transaction")),
    );
    assert!(matches!(others, Err(Unproven::Other(1, _))), "{others:?}");
}

#[test]
fn a_silence_is_what_lies_between_two_batches_that_follow_each_other() {
    let mut ledger = Ledger::new();
    let evidence = silent(&mut ledger);
    let Ok(Misconduct::Silent(it)) = judge(&ledger, &evidence) else {
        panic!("no silence");
    };
    assert_eq!(it.before.entry.organisation, CUSTODIAN);
    assert!(it.lasted_ms() > 60_000);
    for (before, after) in [(3, 2), (3, 4), (0, 3)] {
        let wrong = Evidence {
            parts: vec![ledger.receipt(before), ledger.receipt(after)],
            ..evidence.clone()
        };
        let wrong = judge(&ledger, &wrong);
        assert!(matches!(wrong, Err(Unproven::Other(_, _))), "{wrong:?}");
    }
    let last = ledger.entries.len() as u64;
    ledger.batches();
    let short = Evidence {
        parts: vec![ledger.receipt(last - 1), ledger.receipt(last + 3)],
        ..evidence
    };
    let short = judge(&ledger, &short);
    assert!(matches!(short, Err(Unproven::Harmless(_))), "{short:?}");
}

#[test]
fn validators_that_cosign_two_ledgers_are_named() {
    let ledger = Ledger::new();
    let history = origin(&ledger.network.chain);
    for (origin, of_state) in [(history.clone(), false), (state::origin(&history), true)] {
        for (members, quorum) in [(&MEMBERS[..1], false), (&MEMBERS[1..], true)] {
            let judged = judge(&ledger, &ledger.two(&origin, members));
            let Ok(Misconduct::TwoHistories(it)) = judged else {
                panic!("{judged:?}");
            };
            assert_eq!((it.of_state, it.quorum), (of_state, quorum));
            assert_eq!(it.cosigners.len(), members.len());
        }
    }
    let mut evidence = ledger.two(&history, &MEMBERS);
    let strangers = ledger.two("salus/0123456789abcdef", &MEMBERS);
    assert!(matches!(
        judge(&ledger, &strangers),
        Err(Unproven::Part(0, _))
    ));
    evidence.parts.swap(0, 1);
    assert!(matches!(
        judge(&ledger, &evidence),
        Err(Unproven::Malformed(_))
    ));
    evidence.parts[0] = evidence.parts[1].clone();
    assert!(matches!(
        judge(&ledger, &evidence),
        Err(Unproven::Harmless(_))
    ));
    let fewer = ledger.two(&history, &MEMBERS[1..]);
    evidence.parts[0].clone_from(&fewer.parts[0]);
    evidence.parts[1] = ledger.two(&origin(&ledger.network.chain), &MEMBERS).parts[1].clone();
    assert!(matches!(
        judge(&ledger, &evidence),
        Err(Unproven::Other(1, _))
    ));
}

#[test]
fn two_entries_in_one_place_show_that_the_ledger_was_forked() {
    let (ledger, fork) = (Ledger::new(), Ledger::with(acts::number(9)));
    let evidence = ledger.entries(&fork, 4);
    let Ok(Misconduct::TwoEntries(it)) = judge(&ledger, &evidence) else {
        panic!("two grants in one place");
    };
    assert_eq!((it.one.index, it.other.index), (4, 4));
    assert_eq!(it.cosigners.len(), 3);
    // Before the fork both are one ledger.
    let same = judge(&ledger, &ledger.entries(&fork, 3));
    assert!(matches!(same, Err(Unproven::Harmless(_))), "{same:?}");
    let mut swapped = evidence.clone();
    swapped.parts.swap(0, 1);
    let swapped = judge(&ledger, &swapped);
    assert!(
        matches!(swapped, Err(Unproven::Malformed(_))),
        "{swapped:?}"
    );
    let mut other = evidence;
    other.parts[1] = fork.receipt(3);
    let other = judge(&ledger, &other);
    assert!(matches!(other, Err(Unproven::Other(1, _))), "{other:?}");
}

/// One file of each kind.
fn files() -> (Ledger, Vec<Evidence>) {
    let mut ledger = Ledger::new();
    let mut files = vec![
        ledger.released_at(ledger.revoked),
        fork(&ledger),
        ledger.two(&origin(&ledger.network.chain), &MEMBERS),
        ledger.entries(&Ledger::with(acts::number(9)), 4),
    ];
    let silence = silent(&mut ledger);
    files.push(silence);
    (ledger, files)
}

#[test]
fn evidence_with_one_changed_byte_proves_nothing() {
    let (ledger, files) = files();
    let policy = ledger.policy();
    for evidence in files {
        let text = build(&evidence).into_bytes();
        assert!(verify(&text, &policy).is_ok(), "{:?}", evidence.kind);
        for place in 0..text.len() {
            for flip in [1, 0x20] {
                let mut changed = text.clone();
                changed[place] ^= flip;
                let judged = verify(&changed, &policy);
                assert!(judged.is_err(), "{:?}: {place} ^ {flip}", evidence.kind);
            }
            if place % 5 == 0 {
                assert!(verify(&text[..place], &policy).is_err(), "cut at {place}");
                let mut longer = text.clone();
                longer.insert(place, b'\n');
                assert!(verify(&longer, &policy).is_err(), "longer at {place}");
            }
        }
        let another = Ledger::new();
        let fewer = support::cosigned::MEMBERS.map(|name| (name, key(name, "node").public()));
        let logs = fewer.map(|(_, key)| key);
        let others = proof::policy::render(&origin(&another.network.chain), &logs, &fewer).unwrap();
        let others = proof::policy::Policy::parse(others.as_bytes()).unwrap();
        assert!(verify(&text, &others).is_err(), "another trust file");
    }
}

#[test]
fn a_part_of_another_kind_is_refused() {
    let (ledger, files) = files();
    let policy = ledger.policy();
    for one in &files {
        for other in &files {
            let mixed = Evidence {
                kind: one.kind,
                parts: other.parts.clone(),
            };
            let judged = verify(build(&mixed).as_bytes(), &policy);
            assert_eq!(judged.is_ok(), one.kind == other.kind, "{:?}", one.kind);
        }
    }
}

/// The forms are frozen: to change one is to delete the file by hand, and to say why.
#[test]
fn the_files_are_frozen() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/evidence");
    let (ledger, files) = files();
    let mut vectors = vec![("trust.policy".to_owned(), ledger.trust())];
    let named = |it: &Evidence| (format!("{}.txt", it.kind.as_str()), build(it));
    vectors.extend(files.iter().map(named));
    for (name, text) in vectors {
        let path = folder.join(&name);
        if !path.exists() {
            assert!(
                std::env::var_os("SALUS_FREEZE").is_some(),
                "{name} is missing"
            );
            std::fs::write(&path, &text).unwrap();
        }
        let frozen = std::fs::read_to_string(&path).unwrap();
        assert!(frozen == text, "{name}: a frozen format has changed");
    }
}

#[test]
fn a_statement_has_one_form() {
    let ledger = Ledger::new();
    let bytes = ledger.release(5).sign(&signer()).to_bytes();
    let release = Release::from_bytes(&bytes).unwrap();
    assert_eq!(release.to_bytes(), bytes);
    assert!(release.is_signed());
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let signed = Release::from_bytes(&changed).is_ok_and(|it| it.is_signed());
        assert!(!signed, "byte {place}");
        assert!(Release::from_bytes(&bytes[..place]).is_err());
    }
}
