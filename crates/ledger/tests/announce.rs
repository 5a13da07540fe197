//! Service records: each member announces its own, and keys have one owner for ever.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use ledger::{Announce, KeyUse, Kind, Proposal, Refusal, Service};
use proof::PublicKey;
use proof::codec::Canonical;
use support::{Network, id, key, service};

const THREE: [&str; 3] = ["city-lab", "north-clinic", "st-mary"];

fn announce(network: &mut Network, name: &str, service: Service) -> Result<u64, Refusal> {
    network.act(name, Kind::Announce, &Announce { service })
}

#[test]
fn a_member_announces_its_service_and_replaces_it() {
    let mut network = Network::new(&THREE);
    assert_eq!(network.state.service(&id("st-mary")), None);
    let first = service("st-mary", 0);
    announce(&mut network, "st-mary", first.clone()).unwrap();
    assert_eq!(network.state.service(&id("st-mary")), Some(first.clone()));
    assert_eq!(network.state.service(&id("city-lab")), None);

    let again = announce(&mut network, "st-mary", first.clone());
    assert_eq!(again, Err(Refusal::NoChange));
    let moved = Service {
        address: "elsewhere.example:9001".to_owned(),
        credential_epoch: 3,
        ..first.clone()
    };
    announce(&mut network, "st-mary", moved.clone()).unwrap();
    assert_eq!(network.state.service(&id("st-mary")), Some(moved));
    // An epoch that ended never comes back, nor does a credential of it.
    let back = announce(&mut network, "st-mary", first);
    assert_eq!(back, Err(Refusal::CredentialEpoch(3)));
}

#[test]
fn a_key_of_a_service_has_one_owner_for_ever() {
    let mut network = Network::new(&THREE);
    let own = service("st-mary", 0);
    announce(&mut network, "st-mary", own.clone()).unwrap();
    let use_of = |network: &Network, key| network.state.key_owner(&key).unwrap().usage;
    assert_eq!(use_of(&network, own.tls_key), KeyUse::Link);
    assert_eq!(use_of(&network, own.credential_key), KeyUse::Credential);

    let other = service("city-lab", 0);
    let weak = PublicKey([0; 32]);
    let cases = [
        // Another's key, another use of an own one, one key for two uses, no key at all.
        (own.tls_key, other.credential_key, Refusal::KeyInUse),
        (other.tls_key, own.credential_key, Refusal::KeyInUse),
        (
            key("city-lab", "node").public(),
            other.credential_key,
            Refusal::KeyInUse,
        ),
        (other.tls_key, other.tls_key, Refusal::KeyInUse),
        (weak, other.credential_key, Refusal::KeyUnsound),
        (other.tls_key, weak, Refusal::KeyUnsound),
    ];
    for (tls_key, credential_key, refusal) in cases {
        let record = Service {
            tls_key,
            credential_key,
            ..other.clone()
        };
        assert_eq!(announce(&mut network, "city-lab", record), Err(refusal));
    }
    let swapped = Service {
        tls_key: own.credential_key,
        credential_key: own.tls_key,
        ..own.clone()
    };
    assert_eq!(
        announce(&mut network, "st-mary", swapped),
        Err(Refusal::KeyInUse)
    );

    let renewed = Service {
        tls_key: key("st-mary", "tls 2").public(),
        ..own.clone()
    };
    announce(&mut network, "st-mary", renewed).unwrap();
    assert_eq!(use_of(&network, own.tls_key), KeyUse::Retired);
    assert_eq!(use_of(&network, own.credential_key), KeyUse::Credential);
    assert_eq!(
        announce(&mut network, "st-mary", own),
        Err(Refusal::KeyInUse)
    );
}

#[test]
fn the_service_of_a_removed_member_goes() {
    let mut network = Network::new(&THREE);
    let record = service("city-lab", 5);
    announce(&mut network, "city-lab", record.clone()).unwrap();
    let removal = Proposal::RemoveOrganisation(id("city-lab"));
    let proposal = network.propose("st-mary", removal).unwrap();
    network.vote("north-clinic", proposal, true).unwrap();
    assert_eq!(network.members(), ["north-clinic", "st-mary"]);
    assert_eq!(network.state.service(&id("city-lab")), None);
    for key in [record.tls_key, record.credential_key] {
        let owner = network.state.key_owner(&key).unwrap();
        assert_eq!(owner.usage, KeyUse::Retired);
    }
    let refused = announce(&mut network, "city-lab", service("city-lab", 6));
    assert_eq!(refused, Err(Refusal::Sender));
}

#[test]
fn an_address_without_a_port_is_no_service() {
    let network = Network::new(&THREE);
    for address in ["", "st-mary.example", "st-mary.example:0", "a b:1"] {
        let service = Service {
            address: address.to_owned(),
            ..service("st-mary", 0)
        };
        let body = Announce { service }.to_bytes();
        let key = network.sender("st-mary");
        let sent = network.signed(network.header(&key, Kind::Announce as u8), body, &key);
        let mut network = Network::new(&THREE);
        let outcome = network.execute(&[sent]).outcomes.remove(0);
        assert!(matches!(outcome, Err(Refusal::Body(_))), "{address}");
    }
}
