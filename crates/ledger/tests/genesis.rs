//! What a genesis must be, and the formats of the ledger, frozen.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ledger::{
    BlockHeader, Genesis, GenesisError, Organisation, OrganisationKind, Parameters, State,
};
use proof::codec::Canonical;
use proof::{Digest, PublicKey};
use support::{genesis, id, key, organisation};

fn with(change: impl Fn(&mut Genesis)) -> Result<(), GenesisError> {
    let mut genesis = genesis(&["a", "b", "c"]);
    change(&mut genesis);
    genesis.check()
}

#[test]
fn a_genesis_is_sound() {
    assert_eq!(with(|_| ()), Ok(()));
    assert_eq!(with(|it| it.organisations.truncate(1)), Ok(()));
    assert_eq!(with(|it| it.organisations[0].validator = false), Ok(()));
    assert_eq!(
        with(|it| it.organisations.clear()),
        Err(GenesisError::NoValidator)
    );
    let nobody = |it: &mut Genesis| {
        it.organisations
            .iter_mut()
            .for_each(|it| it.validator = false);
    };
    assert_eq!(with(nobody), Err(GenesisError::NoValidator));
    assert_eq!(
        with(|it| it.organisations.swap(0, 1)),
        Err(GenesisError::Order)
    );
    let twice = |it: &mut Genesis| it.organisations[1].id = id("a");
    assert_eq!(with(twice), Err(GenesisError::Order));
    let shared = |it: &mut Genesis| it.organisations[2].node_key = key("a", "checkpoint").public();
    assert_eq!(with(shared), Err(GenesisError::Key(id("c"))));
    let unsound = |it: &mut Genesis| it.organisations[1].node_key = PublicKey([0; 32]);
    assert_eq!(with(unsound), Err(GenesisError::Key(id("b"))));
    let nowhere = |it: &mut Genesis| it.organisations[1].address = "nowhere".to_owned();
    assert_eq!(with(nowhere), Err(GenesisError::Address(id("b"))));
    let never = |it: &mut Genesis| it.parameters.batch_interval_ms = 0;
    assert_eq!(
        with(never),
        Err(GenesisError::Parameter("batch_interval_ms"))
    );
}

#[test]
fn the_default_parameters_are_in_range() {
    assert_eq!(Parameters::default().out_of_range(), None);
}

#[test]
fn addresses_have_a_host_and_a_port() {
    for good in ["127.0.0.1:9000", "node.example:1", "[::1]:65535"] {
        assert!(Organisation::is_address(good), "{good}");
    }
    let long = format!("{}:1", "a".repeat(254));
    for bad in [
        "",
        "host",
        ":9000",
        "host:",
        "host:65536",
        "host:0",
        "host:09",
        "host:+9",
        "a b:1",
        "é:1",
        &long,
    ] {
        assert!(!Organisation::is_address(bad), "{bad}");
    }
}

#[test]
fn kinds_of_organisations_are_their_words() {
    for kind in OrganisationKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
        assert_eq!(OrganisationKind::from_bytes(&kind.to_bytes()), Ok(kind));
    }
    assert!("Hospital".parse::<OrganisationKind>().is_err());
    assert!(OrganisationKind::from_bytes(&[0]).is_err());
    assert!(OrganisationKind::from_bytes(&[9]).is_err());
}

#[test]
fn the_first_state_is_that_of_the_genesis() {
    let genesis = genesis(&["a", "b"]);
    let state = State::genesis(&genesis);
    assert_eq!((state.height(), state.history().size()), (0, 0));
    assert_eq!(state.chain_id(), genesis.chain_id());
    assert_eq!(state.parameters(), genesis.parameters);
    assert_eq!(state.organisations(), genesis.organisations);
    assert_eq!(state.validators(), genesis.organisations);
    assert_eq!(state.organisation(&id("a")), Some(organisation("a", true)));
    assert_eq!(state.organisation(&id("c")), None);
    assert_eq!(state.sequence(&key("a", "transaction").public()), 0);
    assert_eq!(state.batch_head(&id("a")), (0, Digest([0; 32])));
    assert_eq!(State::genesis(&genesis).root(), state.root());
}

/// To change a line of this file is to start another ledger.
#[test]
fn genesis_state_and_block_are_frozen() {
    let genesis = genesis(&["a", "b", "c", "d"]);
    let header = BlockHeader {
        height: 1,
        epoch: 0,
        parent: genesis.chain_id(),
        time_ms: genesis.time_ms + 100,
        state_root: State::genesis(&genesis).root(),
        history_size: 0,
        history_root: State::genesis(&genesis).history().root(),
        transactions_root: ledger::transactions_root::<&[u8]>(&[]),
    };
    let digits = genesis
        .to_bytes()
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect::<Vec<_>>();
    let found = format!(
        "genesis {}\nchain {}\nstate {}\nblock {}\n",
        digits.concat(),
        genesis.chain_id(),
        header.state_root,
        header.digest(),
    );
    assert_eq!(found, include_str!("../vectors/genesis.txt"));
}
