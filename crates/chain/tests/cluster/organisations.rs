//! The organisations of a test network and what they sign.

use super::read;
use ledger::{Genesis, OrgId, Organisation, OrganisationKind, Parameters, Proposal, Propose, Vote};
use proof::{
    Canonical as _, Digest, SecretKey,
    transaction::{Batch, Header, KIND_BATCH, Transaction},
};
use std::path::Path;

/// An organisation with its secrets.
#[derive(Clone)]
pub struct Founder {
    pub number: usize,
    pub port: u16,
}

impl Founder {
    pub fn new(number: usize, port: u16) -> Self {
        Self { number, port }
    }

    pub fn seed(&self, purpose: u8) -> [u8; 32] {
        let mut seed = [purpose; 32];
        seed[0] = u8::try_from(self.number).unwrap();
        seed
    }

    pub fn transaction_key(&self) -> SecretKey {
        SecretKey::from_seed(&self.seed(1))
    }

    pub fn id(&self) -> OrgId {
        format!("org-{}", self.number).parse().unwrap()
    }

    pub fn organisation(&self, validator: bool) -> Organisation {
        Organisation {
            id: self.id(),
            kind: OrganisationKind::Hospital,
            transaction_key: self.transaction_key().public(),
            node_key: SecretKey::from_seed(&self.seed(2)).public(),
            checkpoint_key: SecretKey::from_seed(&self.seed(3)).public(),
            address: format!("127.0.0.1:{}", self.port),
            validator,
        }
    }
}

pub fn genesis(founders: &[Founder], parameters: Parameters) -> Genesis {
    let organisations = founders.iter().map(|it| it.organisation(true)).collect();
    // In the past: a block is later than the genesis.
    Genesis {
        time_ms: 1_700_000_000_000,
        parameters,
        organisations,
    }
}

pub fn write(directory: &Path, genesis: &Genesis, founder: &Founder) {
    std::fs::write(directory.join("genesis"), genesis.to_bytes()).unwrap();
    std::fs::write(
        directory.join("number"),
        format!("{} {}", founder.number, founder.port),
    )
    .unwrap();
}

pub fn load(directory: &Path) -> (Genesis, Founder) {
    let genesis = Genesis::from_bytes(&read(&directory.join("genesis"))).unwrap();
    let number = String::from_utf8(read(&directory.join("number"))).unwrap();
    let (number, port) = number.split_once(' ').unwrap();
    (
        genesis,
        Founder::new(number.parse().unwrap(), port.parse().unwrap()),
    )
}

/// Signs a transaction.
pub fn sign(
    founder: &Founder,
    chain: Digest,
    kind: u8,
    sequence: u64,
    expires: u64,
    body: Vec<u8>,
) -> Vec<u8> {
    let key = founder.transaction_key();
    let header = Header {
        kind,
        chain,
        sender: key.public(),
        sequence,
        expires,
    };
    Transaction::sign(header, body, &key).to_bytes()
}

/// The root of the batch with this sequence: anything that differs from batch to batch.
pub fn batch_root(founder: &Founder, sequence: u64) -> Digest {
    proof::hash("test/batch", &[&founder.seed(1), &sequence.to_be_bytes()])
}

/// The organisation's batch with this sequence. Its transactions are batches only, so both
/// sequences are the same up to `offset`, the other transactions that it sent before.
pub fn batch(founder: &Founder, chain: Digest, number: u64, offset: u64, expires: u64) -> Vec<u8> {
    let previous = match number {
        1 => Digest::default(),
        _ => batch_root(founder, number - 1),
    };
    let body = Batch {
        sequence: number,
        previous,
        root: batch_root(founder, number),
    };
    sign(
        founder,
        chain,
        KIND_BATCH,
        number + offset,
        expires,
        body.to_bytes(),
    )
}

pub fn propose(
    founder: &Founder,
    chain: Digest,
    sequence: u64,
    expires: u64,
    proposal: Proposal,
) -> Vec<u8> {
    let body = Propose { proposal }.to_bytes();
    sign(
        founder,
        chain,
        ledger::Kind::Propose as u8,
        sequence,
        expires,
        body,
    )
}

pub fn vote(
    founder: &Founder,
    chain: Digest,
    sequence: u64,
    expires: u64,
    proposal: Digest,
) -> Vec<u8> {
    let body = Vote {
        proposal,
        approve: true,
    }
    .to_bytes();
    sign(
        founder,
        chain,
        ledger::Kind::Vote as u8,
        sequence,
        expires,
        body,
    )
}
