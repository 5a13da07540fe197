//! The rules for all kinds, and those of batches.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use consent::acts::Refused;
use ledger::{Checked, Kind, Refusal};
use proof::codec::Canonical;
use proof::transaction::{Batch, Header, Transaction};
use proof::tree::{leaf_hash, verify_inclusion};
use proof::{Digest, SecretKey, Signature};
use support::{Network, id, key};

const FOUR: [&str; 4] = ["city-lab", "harbour-pharmacy", "north-clinic", "st-mary"];

fn network() -> Network {
    Network::new(&FOUR)
}

#[test]
fn a_transaction_that_is_not_canonical_for_this_ledger_and_signed_is_not_checked() {
    let network = network();
    let key = key("st-mary", "transaction");
    let good = Transaction::sign(
        network.header(&key, 1),
        network.batch("st-mary").to_bytes(),
        &key,
    );
    let check = |it: &Transaction| Checked::check(&it.to_bytes(), &network.chain);
    let checked = check(&good).unwrap();
    assert_eq!((checked.id(), checked.transaction()), (good.id(), &good));
    assert_eq!(checked.bytes(), good.to_bytes());

    let other_chain = Header {
        chain: Digest([1; 32]),
        ..good.header
    };
    let other = Transaction::sign(other_chain, good.body.clone(), &key);
    assert_eq!(check(&other).unwrap_err(), Refusal::Chain);
    let unsigned = Transaction {
        signature: Signature([0; 64]),
        ..good.clone()
    };
    assert_eq!(check(&unsigned).unwrap_err(), Refusal::Signature);
    let mut trailing = good.to_bytes();
    trailing.push(0);
    let refusal = Checked::check(&trailing, &network.chain).unwrap_err();
    assert!(matches!(refusal, Refusal::Transaction(_)));
    // Every field is under the signature.
    let bytes = good.to_bytes();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(
            Checked::check(&changed, &network.chain).is_err(),
            "byte {place}"
        );
    }
}

#[test]
fn checking_many_gives_the_verdicts_of_checking_each() {
    let network = network();
    let good: Vec<_> = FOUR
        .iter()
        .map(|it| {
            network
                .transaction(it, Kind::Batch, &network.batch(it))
                .bytes()
                .to_vec()
        })
        .collect();
    let mut forged = good[1].clone();
    *forged.last_mut().unwrap() ^= 1;
    let mut altered = good[2].clone();
    altered[100] ^= 1;
    let sets: [Vec<Vec<u8>>; 5] = [
        vec![],
        good.clone(),
        vec![good[0].clone(), forged.clone(), good[3].clone()],
        vec![vec![], good[0].clone(), vec![1, 2, 3]],
        vec![altered, good[0].clone(), good[0].clone(), forged],
    ];
    for set in sets {
        let many = Checked::check_all(&set, &network.chain);
        assert_eq!(many.len(), set.len());
        for (one, bytes) in many.into_iter().zip(&set) {
            let single = Checked::check(bytes, &network.chain).map(|it| it.id());
            assert_eq!(one.map(|it| it.id()), single);
        }
    }
}

#[test]
fn a_transaction_is_accepted_once() {
    let mut network = network();
    let transaction = network.transaction("st-mary", Kind::Batch, &network.batch("st-mary"));
    let executed = network.execute(&[transaction.clone(), transaction.clone()]);
    let refused = Refusal::Sequence {
        expected: 2,
        given: 1,
    };
    assert_eq!(executed.outcomes[0].as_ref().unwrap().index, 0);
    assert_eq!(executed.outcomes[1], Err(refused.clone()));
    assert_eq!(network.execute(&[transaction]).outcomes, [Err(refused)]);
    assert_eq!(network.state.history().size(), 1);
}

/// The verdict on a batch of `st-mary` with another header, signed by that key.
fn judge(
    network: &Network,
    signer: &SecretKey,
    change: impl Fn(&mut Header),
) -> Result<(), Refusal> {
    let mut header = network.header(signer, 1);
    change(&mut header);
    let checked = network.signed(header, network.batch("st-mary").to_bytes(), signer);
    let executed = ledger::execute(&network.state, &network.block(), &[checked]);
    executed.outcomes[0].clone().map(|_| ())
}

#[test]
fn a_transaction_expires_and_not_too_late() {
    let mut network = network();
    network.wait(20);
    let (now, key) = (network.block().height, key("st-mary", "transaction"));
    let too_far = Refusal::ExpiryTooFar { latest: now + 100 };
    let cases = [
        (now, Ok(())),
        (now + 100, Ok(())),
        (now - 1, Err(Refusal::Expired(now - 1))),
        (0, Err(Refusal::Expired(0))),
        (now + 101, Err(too_far.clone())),
        (u64::MAX, Err(too_far)),
    ];
    for (expires, expected) in cases {
        let verdict = judge(&network, &key, |it| it.expires = expires);
        assert_eq!(verdict, expected, "{expires}");
    }
}

#[test]
fn sequence_kind_and_sender_are_judged() {
    let network = network();
    let key = key("st-mary", "transaction");
    for given in [0, 2, u64::MAX] {
        let refused = Refusal::Sequence { expected: 1, given };
        assert_eq!(
            judge(&network, &key, |it| it.sequence = given),
            Err(refused)
        );
    }
    for kind in [0, 6, 15, 23, 255] {
        assert_eq!(
            judge(&network, &key, |it| it.kind = kind),
            Err(Refusal::Kind(kind))
        );
    }
    // Only the transaction key of a member signs transactions.
    for (name, usage) in [
        ("stranger", "transaction"),
        ("st-mary", "node"),
        ("st-mary", "checkpoint"),
    ] {
        let other = support::key(name, usage);
        assert_eq!(
            judge(&network, &other, |_| ()),
            Err(Refusal::Sender),
            "{name} {usage}"
        );
    }
}

#[test]
fn batches_of_an_organisation_form_a_chain() {
    let mut network = network();
    for expected in 1..=5 {
        let batch = network.batch("st-mary");
        network.act("st-mary", Kind::Batch, &batch).unwrap();
        assert_eq!(
            network.state.batch_head(&id("st-mary")),
            (expected, batch.root)
        );
    }
    let good = network.batch("st-mary");
    let cases = [
        (
            Batch {
                sequence: 5,
                ..good
            },
            Refusal::BatchSequence {
                expected: 6,
                given: 5,
            },
        ),
        (
            Batch {
                sequence: 7,
                ..good
            },
            Refusal::BatchSequence {
                expected: 6,
                given: 7,
            },
        ),
        (
            Batch {
                previous: Digest([0; 32]),
                ..good
            },
            Refusal::BatchPrevious,
        ),
    ];
    for (batch, expected) in cases {
        assert_eq!(network.act("st-mary", Kind::Batch, &batch), Err(expected));
    }
    // The batches of another organisation are another chain.
    assert_eq!(
        network.state.batch_head(&id("city-lab")),
        (0, Digest([0; 32]))
    );
    let other = network.batch("city-lab");
    assert!(network.act("city-lab", Kind::Batch, &other).is_ok());
    let key = network.sender("st-mary");
    let short = network.signed(network.header(&key, 1), good.to_bytes()[1..].to_vec(), &key);
    assert!(matches!(
        network.execute(&[short]).outcomes[0],
        Err(Refusal::Body(_))
    ));
}

#[test]
fn every_accepted_transaction_is_provable_in_the_history() {
    let mut network = network();
    let mut entries = Vec::new();
    for _ in 0..7 {
        let block: Vec<_> = FOUR
            .iter()
            .map(|it| network.transaction(it, Kind::Batch, &network.batch(it)))
            .collect();
        let executed = network.execute(&block);
        for ((entry, transaction), name) in executed.entries.iter().zip(&block).zip(FOUR) {
            let read = proof::transaction::Entry::from_bytes(entry).unwrap();
            assert_eq!(&read.transaction, transaction.transaction());
            assert_eq!(read.height, network.state.height());
            assert_eq!(
                (read.time_ms % 1_000, read.organisation.as_str()),
                (read.height * 100 % 1_000, name)
            );
        }
        entries.extend(executed.entries);
    }
    let leaves: Vec<_> = entries.iter().map(|it| leaf_hash(it)).collect();
    let (size, root) = (
        network.state.history().size(),
        network.state.history().root(),
    );
    assert_eq!(size, 28);
    for (index, leaf) in (0u64..).zip(&leaves) {
        let path = proof::tree::inclusion_path(&leaves, index).unwrap();
        assert_eq!(verify_inclusion(leaf, index, size, &path, &root), Ok(()));
    }
}

#[test]
fn refusals_have_distinct_codes_and_hints() {
    let inner = proof::CodecError::Trailing { count: 1 };
    let text = String::new;
    let all = [
        Refusal::Transaction(inner),
        Refusal::Chain,
        Refusal::Signature,
        Refusal::Kind(9),
        Refusal::Body(inner),
        Refusal::Sender,
        Refusal::Sequence {
            expected: 1,
            given: 2,
        },
        Refusal::Expired(1),
        Refusal::ExpiryTooFar { latest: 1 },
        Refusal::BatchSequence {
            expected: 1,
            given: 2,
        },
        Refusal::BatchPrevious,
        Refusal::NoProposal,
        Refusal::ProposalExpired(1),
        Refusal::SameVote,
        Refusal::TooManyProposals(64),
        Refusal::NoOrganisation(text()),
        Refusal::Member(text()),
        Refusal::TooManyOrganisations(1024),
        Refusal::KeyInUse,
        Refusal::KeyUnsound,
        Refusal::LastValidator,
        Refusal::NoChange,
        Refusal::Parameter("block_bytes_max"),
        Refusal::Rotation,
        Refusal::CredentialEpoch(1),
        Refused::Taken.into(),
        Refused::Past.into(),
        Refused::Span(1).into(),
        Refused::Key.into(),
        Refused::Unsigned.into(),
        Refused::Unknown.into(),
        Refused::Revoked(1).into(),
        Refused::Custodian.into(),
        Refused::Late(1).into(),
        Refused::Reviewer.into(),
        Refused::Done(1).into(),
    ];
    let codes: Vec<_> = all.iter().map(Refusal::code).collect();
    assert_eq!(
        codes,
        (1..=36).collect::<Vec<u16>>(),
        "codes are never given anew"
    );
    assert!(
        all.iter()
            .all(|it| !it.hint().is_empty() && !it.to_string().is_empty())
    );
}
