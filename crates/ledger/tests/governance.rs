//! How the members change their consortium.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ledger::{
    Kind, Organisation, OrganisationKind, Parameters, Proposal, Refusal, RotateKey, two_thirds,
};
use proof::codec::Canonical;
use proof::{Digest, PublicKey};
use support::{Network, id, key, organisation};

const FOUR: [&str; 4] = ["city-lab", "harbour-pharmacy", "north-clinic", "st-mary"];

fn network() -> Network {
    Network::new(&FOUR)
}

fn add(name: &str) -> Proposal {
    Proposal::AddOrganisation(organisation(name, false))
}

fn set(name: &str, validator: bool) -> Proposal {
    Proposal::SetValidator {
        organisation: id(name),
        validator,
    }
}

/// Proposes and has the others approve until it is decided.
fn pass(network: &mut Network, proposal: Proposal) -> Result<(), Refusal> {
    let members = network.members();
    let id = network.propose(&members[0], proposal)?;
    for member in &members[1..] {
        if network
            .state
            .proposals()
            .iter()
            .all(|(open, _)| *open != id)
        {
            break;
        }
        network.vote(member, id, true)?;
    }
    Ok(())
}

#[test]
fn two_thirds_are_rounded_up() {
    let needed = [0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7];
    assert_eq!((0..=10).map(two_thirds).collect::<Vec<_>>(), needed);
}

#[test]
fn two_thirds_of_the_members_decide() {
    let mut network = network();
    let proposal = network.propose("st-mary", add("new-clinic")).unwrap();
    assert_eq!(network.state.proposals()[0].0, proposal);
    assert_eq!(network.members(), FOUR, "one of four");
    network.vote("city-lab", proposal, true).unwrap();
    assert_eq!(network.members(), FOUR, "two of four");
    network.vote("north-clinic", proposal, true).unwrap();
    assert_eq!(
        network.members().len(),
        5,
        "three of four, in this very block"
    );
    assert!(network.state.proposals().is_empty());
    assert_eq!(
        network.vote("harbour-pharmacy", proposal, true),
        Err(Refusal::NoProposal)
    );
    let new = network.state.organisation(&id("new-clinic")).unwrap();
    assert_eq!(new, organisation("new-clinic", false));
    let batch = network.batch("new-clinic");
    assert!(
        network.act("new-clinic", Kind::Batch, &batch).is_ok(),
        "it acts from now on"
    );
}

#[test]
fn a_single_member_decides_alone() {
    let mut network = Network::new(&["st-mary"]);
    network.propose("st-mary", add("new-clinic")).unwrap();
    assert_eq!(network.members(), ["new-clinic", "st-mary"]);
    assert!(network.state.proposals().is_empty());
}

#[test]
fn votes_can_be_changed_and_are_counted_once() {
    let mut network = network();
    let proposal = network.propose("st-mary", add("new-clinic")).unwrap();
    assert_eq!(
        network.vote("st-mary", proposal, true),
        Err(Refusal::SameVote)
    );
    network.vote("city-lab", proposal, true).unwrap();
    network.vote("st-mary", proposal, false).unwrap();
    network.vote("north-clinic", proposal, true).unwrap();
    assert_eq!(network.members(), FOUR, "the proposer has changed its mind");
    network.vote("st-mary", proposal, true).unwrap();
    assert_eq!(network.members().len(), 5);
}

#[test]
fn what_can_no_longer_pass_is_dropped() {
    let mut network = network();
    let proposal = network.propose("st-mary", add("new-clinic")).unwrap();
    network.vote("city-lab", proposal, false).unwrap();
    assert_eq!(network.state.proposals().len(), 1);
    network.vote("north-clinic", proposal, false).unwrap();
    assert!(network.state.proposals().is_empty());
    assert_eq!(
        network.vote("harbour-pharmacy", proposal, true),
        Err(Refusal::NoProposal)
    );
}

#[test]
fn proposals_expire() {
    let mut network = network();
    let proposal = network.propose("st-mary", add("new-clinic")).unwrap();
    let expires = network.state.height() + 50;
    network.wait(48);
    network.vote("city-lab", proposal, true).unwrap();
    assert_eq!(network.state.height() + 1, expires);
    assert_eq!(network.state.proposals().len(), 1);
    network.wait(1);
    assert!(network.state.proposals().is_empty());
    assert_eq!(
        network.vote("north-clinic", proposal, true),
        Err(Refusal::ProposalExpired(expires))
    );
    assert_eq!(network.members(), FOUR);
    // The next proposal sweeps it away.
    network.propose("st-mary", add("new-clinic")).unwrap();
    assert_eq!(
        network.vote("north-clinic", proposal, true),
        Err(Refusal::NoProposal)
    );
}

#[test]
fn open_proposals_are_bounded_for_each_member() {
    let mut network = network();
    for number in 0..4 {
        network
            .propose("st-mary", add(&format!("new-{number}")))
            .unwrap();
    }
    let fifth = network.propose("st-mary", add("new-4"));
    assert_eq!(fifth, Err(Refusal::TooManyProposals(4)));
    // Nobody can keep the others from proposing.
    for member in &FOUR[..3] {
        network.propose(member, add("other")).unwrap();
    }
    assert_eq!(network.state.proposals().len(), 7);
    // What expires makes place; so does what is decided.
    network.wait(50);
    network.propose("st-mary", add("new-4")).unwrap();
    assert_eq!(network.state.proposals().len(), 1);
}

#[test]
fn the_last_validator_stays() {
    let mut network = network();
    for name in ["city-lab", "harbour-pharmacy", "north-clinic"] {
        pass(&mut network, set(name, false)).unwrap();
    }
    assert_eq!(network.validators(), ["st-mary"]);
    assert_eq!(
        pass(&mut network, set("st-mary", false)),
        Err(Refusal::LastValidator)
    );
    let remove = Proposal::RemoveOrganisation(id("st-mary"));
    assert_eq!(pass(&mut network, remove), Err(Refusal::LastValidator));
    pass(&mut network, set("city-lab", true)).unwrap();
    assert_eq!(network.validators(), ["city-lab", "st-mary"]);
}

/// Two proposals that are possible alone and impossible together.
#[test]
fn a_proposal_is_judged_again_when_it_is_decided() {
    let mut network = Network::new(&["city-lab", "st-mary"]);
    let one = network.propose("city-lab", set("city-lab", false)).unwrap();
    let other = network.propose("city-lab", set("st-mary", false)).unwrap();
    network.vote("st-mary", one, true).unwrap();
    assert_eq!(
        network.vote("st-mary", other, true),
        Err(Refusal::LastValidator)
    );
    assert_eq!(network.validators(), ["st-mary"]);
    let again = network.propose("city-lab", add("new-clinic")).unwrap();
    let same = network.propose("city-lab", add("new-clinic")).unwrap();
    network.vote("st-mary", again, true).unwrap();
    let refused = network.vote("st-mary", same, true);
    assert_eq!(refused, Err(Refusal::Member("new-clinic".to_owned())));
}

#[test]
fn a_removed_organisation_is_gone_and_its_votes_do_not_count() {
    let mut network = network();
    let proposal = network.propose("city-lab", add("new-clinic")).unwrap();
    pass(&mut network, Proposal::RemoveOrganisation(id("city-lab"))).unwrap();
    assert_eq!(network.members(), FOUR[1..]);
    let batch = network.batch("city-lab");
    assert_eq!(
        network.act("city-lab", Kind::Batch, &batch),
        Err(Refusal::Sender)
    );
    // Two of three are needed now; the vote of the one that left is no longer one of them.
    network.vote("st-mary", proposal, true).unwrap();
    assert_eq!(network.members(), FOUR[1..]);
    network.vote("north-clinic", proposal, true).unwrap();
    assert_eq!(network.members().len(), 4);
}

#[test]
fn impossible_proposals_are_refused_at_once() {
    let mut network = network();
    let new = organisation("new-clinic", true);
    let low_order = PublicKey([0; 32]);
    let text = |it: &str| it.to_owned();
    let parameters = network.state.parameters();
    let cases = [
        (add("st-mary"), Refusal::Member(text("st-mary"))),
        (
            Proposal::RemoveOrganisation(id("nobody")),
            Refusal::NoOrganisation(text("nobody")),
        ),
        (set("nobody", true), Refusal::NoOrganisation(text("nobody"))),
        (set("st-mary", true), Refusal::NoChange),
        (
            Proposal::SetParameters(parameters.clone()),
            Refusal::NoChange,
        ),
        (
            Proposal::SetParameters(Parameters {
                epoch_blocks: 0,
                ..parameters.clone()
            }),
            Refusal::Parameter("epoch_blocks"),
        ),
        (
            Proposal::SetParameters(Parameters {
                block_bytes_max: 1000,
                ..parameters
            }),
            Refusal::Parameter("block_bytes_max"),
        ),
        (
            Proposal::AddOrganisation(Organisation {
                node_key: new.transaction_key,
                ..new.clone()
            }),
            Refusal::KeyInUse,
        ),
        (
            Proposal::AddOrganisation(Organisation {
                checkpoint_key: key("st-mary", "node").public(),
                ..new.clone()
            }),
            Refusal::KeyInUse,
        ),
        (
            Proposal::AddOrganisation(Organisation {
                transaction_key: low_order,
                ..new
            }),
            Refusal::KeyUnsound,
        ),
    ];
    for (proposal, expected) in cases {
        assert_eq!(network.propose("st-mary", proposal), Err(expected));
    }
    assert!(network.state.proposals().is_empty());
}

#[test]
fn parameters_change_by_vote() {
    let mut network = network();
    let faster = Parameters {
        block_interval_ms: 50,
        ..network.state.parameters()
    };
    pass(&mut network, Proposal::SetParameters(faster.clone())).unwrap();
    assert_eq!(network.state.parameters(), faster);
}

fn rotate(network: &mut Network, name: &str, new: &str) -> Result<u64, Refusal> {
    let (old, new_key) = (network.sender(name), key(new, "rotated"));
    let body = RotateKey::sign(&network.chain, &old.public(), &new_key);
    let outcome = network.act(name, Kind::RotateKey, &body)?;
    network.rotated.insert(name.to_owned(), new_key);
    Ok(outcome)
}

#[test]
fn a_key_is_rotated_with_both_signatures() {
    let mut network = network();
    let old = network.sender("st-mary");
    let batch = network.batch("st-mary");
    network.act("st-mary", Kind::Batch, &batch).unwrap();
    rotate(&mut network, "st-mary", "first").unwrap();
    assert_eq!(
        network.registered("st-mary"),
        key("first", "rotated").public()
    );
    // The old key is worth nothing; the new one goes on with the chain of batches.
    let batch = network.batch("st-mary");
    let stale = network.signed(network.header(&old, 1), batch.to_bytes(), &old);
    assert_eq!(network.execute(&[stale]).outcomes, [Err(Refusal::Sender)]);
    network.act("st-mary", Kind::Batch, &batch).unwrap();
    assert_eq!(network.state.batch_head(&id("st-mary")).0, 2);
    rotate(&mut network, "st-mary", "second").unwrap();
}

#[test]
fn a_rotation_without_the_new_key_is_refused() {
    let mut network = network();
    let (old, new) = (network.sender("st-mary").public(), key("first", "rotated"));
    let good = RotateKey::sign(&network.chain, &old, &new);
    let other_chain = RotateKey::sign(&Digest([1; 32]), &old, &new);
    let other_key = RotateKey::sign(
        &network.chain,
        &key("city-lab", "transaction").public(),
        &new,
    );
    let stolen = RotateKey {
        new_key: key("second", "rotated").public(),
        ..good
    };
    for body in [other_chain, other_key, stolen] {
        assert_eq!(
            network.act("st-mary", Kind::RotateKey, &body),
            Err(Refusal::Rotation)
        );
    }
    let unsound = RotateKey {
        new_key: PublicKey([0; 32]),
        ..good
    };
    assert_eq!(
        network.act("st-mary", Kind::RotateKey, &unsound),
        Err(Refusal::KeyUnsound)
    );
    assert!(network.act("st-mary", Kind::RotateKey, &good).is_ok());
}

#[test]
fn a_key_has_one_owner_for_ever() {
    let mut network = network();
    // Nobody takes a key of somebody else, of any use, nor one of their own.
    for owner in FOUR {
        for usage in ["transaction", "node", "checkpoint"] {
            let old = network.sender("st-mary").public();
            let body = RotateKey::sign(&network.chain, &old, &key(owner, usage));
            assert_eq!(
                network.act("st-mary", Kind::RotateKey, &body),
                Err(Refusal::KeyInUse)
            );
        }
    }
    let retired = network.sender("st-mary");
    rotate(&mut network, "st-mary", "first").unwrap();
    // Not even a retired one, by its former owner or by a newcomer.
    let body = RotateKey::sign(
        &network.chain,
        &network.sender("st-mary").public(),
        &retired,
    );
    assert_eq!(
        network.act("st-mary", Kind::RotateKey, &body),
        Err(Refusal::KeyInUse)
    );
    let thief = Organisation {
        transaction_key: retired.public(),
        kind: OrganisationKind::Regulator,
        ..organisation("new-clinic", false)
    };
    let proposal = Proposal::AddOrganisation(thief);
    assert_eq!(
        network.propose("city-lab", proposal),
        Err(Refusal::KeyInUse)
    );
    // Nor the keys of one that has left.
    pass(&mut network, Proposal::RemoveOrganisation(id("st-mary"))).unwrap();
    let heir = Organisation {
        id: id("heir"),
        ..organisation("st-mary", false)
    };
    assert_eq!(
        pass(&mut network, Proposal::AddOrganisation(heir)),
        Err(Refusal::KeyInUse)
    );
    let owner = network.state.key_owner(&retired.public()).unwrap();
    assert_eq!(owner.organisation, id("st-mary"));
    assert_eq!(owner.usage, ledger::KeyUse::Retired);
}
