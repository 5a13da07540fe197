//! Every decoder of the ledger takes any bytes without harm, and has one form for each value.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use consent::acts::{
    BreakGlass, Delegate, Delegation, Erase, EraseAttest, Erasure, Glass, Grant, Granted, Review,
    Revoke,
};
use ledger::evidence::Release;
use ledger::{
    Announce, BlockHeader, Checked, Genesis, KeyOwner, KeyUse, OpenProposal, Openers, OrgId,
    Organisation, Parameters, Proposal, Propose, Roles, RotateKey, Vote,
};
use proof::codec::Canonical;
use proof::{Digest, hash};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Network, acts, genesis, id, key, organisation, service};

fn one_form<T: Canonical>(bytes: &[u8]) -> bool {
    T::from_bytes(bytes).is_ok_and(|value| {
        assert_eq!(value.to_bytes(), bytes);
        true
    })
}

fn decode_all(bytes: &[u8]) -> usize {
    let decoders = [
        one_form::<Genesis>,
        one_form::<Organisation>,
        one_form::<OrgId>,
        one_form::<Parameters>,
        one_form::<Propose>,
        one_form::<Proposal>,
        one_form::<OpenProposal>,
        one_form::<Vote>,
        one_form::<RotateKey>,
        one_form::<BlockHeader>,
        one_form::<KeyOwner>,
        one_form::<Announce>,
        one_form::<Grant>,
        one_form::<Granted>,
        one_form::<Revoke>,
        one_form::<BreakGlass>,
        one_form::<Glass>,
        one_form::<Review>,
        one_form::<Erase>,
        one_form::<EraseAttest>,
        one_form::<Erasure>,
        one_form::<Delegate>,
        one_form::<Delegation>,
        one_form::<Release>,
    ];
    let checked = Checked::check(bytes, &hash("test/chain", &[])).is_ok();
    decoders.iter().filter(|decode| decode(bytes)).count() + usize::from(checked)
}

fn header() -> BlockHeader {
    BlockHeader {
        height: 7,
        epoch: 1,
        parent: Digest([1; 32]),
        time_ms: 2,
        state_root: Digest([3; 32]),
        history_size: 4,
        history_root: Digest([5; 32]),
        transactions_root: ledger::transactions_root(&[b"one", b"two"]),
    }
}

fn samples() -> Vec<Vec<u8>> {
    let network = Network::new(&["a", "b"]);
    let proposals = [
        Proposal::AddOrganisation(organisation("new", true)),
        Proposal::RemoveOrganisation(id("a")),
        Proposal::SetValidator {
            organisation: id("a"),
            validator: false,
        },
        Proposal::SetParameters(Parameters::default()),
        Proposal::SetPartner {
            organisation: id("a"),
            roles: Roles::MAKER.and(Roles::DISPENSER),
        },
        Proposal::SetOpeners(Openers::new(vec!["a".into(), "b".into()], 1).unwrap()),
    ];
    let open = OpenProposal {
        proposal: proposals[1].clone(),
        proposer: id("a"),
        expires: 9,
        votes: vec![(id("a"), true), (id("b"), false)],
    };
    let mut samples = vec![
        genesis(&["a", "b"]).to_bytes(),
        organisation("a", true).to_bytes(),
        Parameters::default().to_bytes(),
        open.to_bytes(),
        Vote {
            proposal: Digest([1; 32]),
            approve: true,
        }
        .to_bytes(),
        RotateKey::sign(&network.chain, &key("a", "x").public(), &key("b", "x")).to_bytes(),
        header().to_bytes(),
        Announce {
            service: service("a", 1),
        }
        .to_bytes(),
        KeyOwner {
            organisation: id("a"),
            usage: KeyUse::Retired,
        }
        .to_bytes(),
    ];
    samples.extend(acts::samples(&network.chain));
    samples.extend(proposals.map(|proposal| Propose { proposal }.to_bytes()));
    samples
}

#[test]
fn every_sample_is_taken() {
    for (index, sample) in samples().iter().enumerate() {
        assert!(decode_all(sample) > 0, "sample {index}");
    }
}

#[test]
fn the_chain_id_depends_on_every_byte_of_the_genesis() {
    let bytes = genesis(&["a", "b"]).to_bytes();
    let id = genesis(&["a", "b"]).chain_id();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let other = Genesis::from_bytes(&changed).map(|it| it.chain_id());
        assert!(other.is_err() || other != Ok(id), "byte {place}");
    }
}

#[test]
fn a_block_is_known_by_every_field() {
    let bytes = header().to_bytes();
    assert_eq!(bytes.len(), 160);
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let other = BlockHeader::from_bytes(&changed).unwrap();
        assert_ne!(other.digest(), header().digest(), "byte {place}");
    }
    assert_ne!(
        ledger::transactions_root(&[b"a", b"b"]),
        ledger::transactions_root(&[b"b", b"a"])
    );
}

#[test]
fn votes_out_of_order_are_refused() {
    for votes in [vec!["b", "a"], vec!["a", "a"]] {
        let votes = votes.into_iter().map(|it| (id(it), true)).collect();
        let proposal = Proposal::RemoveOrganisation(id("a"));
        let open = OpenProposal {
            proposal,
            proposer: id("a"),
            expires: 9,
            votes,
        };
        assert!(OpenProposal::from_bytes(&open.to_bytes()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(bytes in vec(any::<u8>(), 0..300)) {
        decode_all(&bytes);
    }

    #[test]
    fn changed_samples_have_one_form_too(
        sample in any::<prop::sample::Index>(),
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let samples = samples();
        let mut bytes = samples[sample.index(samples.len())].clone();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        decode_all(&bytes);
    }
}
