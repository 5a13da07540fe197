//! A small ledger for the tests of this crate: members 0, 1 and 2.

use ledger::{Checked, Genesis, Organisation, OrganisationKind, Parameters, State};
use proof::{
    Canonical as _, Digest, SecretKey,
    transaction::{Batch, Header, KIND_BATCH, Transaction},
};

pub(crate) fn key(member: u8, purpose: u8) -> SecretKey {
    SecretKey::from_seed(&[member * 16 + purpose; 32])
}

pub(crate) fn genesis() -> Genesis {
    let organisation = |member: u8| Organisation {
        id: format!("org-{member}").parse().unwrap(),
        kind: OrganisationKind::Hospital,
        transaction_key: key(member, 1).public(),
        node_key: key(member, 2).public(),
        checkpoint_key: key(member, 3).public(),
        address: format!("127.0.0.1:{}", 4_000 + u16::from(member)),
        validator: true,
    };
    Genesis {
        time_ms: 1_700_000_000_000,
        parameters: Parameters {
            epoch_blocks: 10,
            ..Parameters::default()
        },
        organisations: (0..3).map(organisation).collect(),
    }
}

pub(crate) fn state() -> State {
    State::genesis(&genesis())
}

pub(crate) fn batch(member: u8, number: u64, expires: u64) -> Checked {
    let root = |number: u64| match number {
        0 => Digest::default(),
        _ => proof::hash("test/root", &[&[member], &number.to_be_bytes()]),
    };
    let body = Batch {
        sequence: number,
        previous: root(number - 1),
        root: root(number),
    };
    let (chain, key) = (genesis().chain_id(), key(member, 1));
    let header = Header {
        kind: KIND_BATCH,
        chain,
        sender: key.public(),
        sequence: number,
        expires,
    };
    let bytes = Transaction::sign(header, body.to_bytes(), &key).to_bytes();
    Checked::check(&bytes, &chain).unwrap()
}
