//! A consortium made by hand, whose members act through a state.
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

pub mod acts;
pub mod cosigned;
pub mod crowd;
pub mod trade;

use std::collections::BTreeMap;

use ledger::{
    BlockContext, Checked, Executed, Genesis, Kind, OrgId, Organisation, OrganisationKind,
    Parameters, Proposal, Propose, Refusal, Service, State, Vote, XWING_KEY_BYTES, execute,
};
use proof::codec::Canonical;
use proof::transaction::{Batch, Header, Transaction};
use proof::{Digest, PublicKey, SecretKey, hash};

/// The keys of an organisation by name, made from the name.
pub fn key(name: &str, usage: &str) -> SecretKey {
    SecretKey::from_seed(&hash("test/seed", &[name.as_bytes(), usage.as_bytes()]).0)
}

/// The id of a name.
pub fn id(name: &str) -> OrgId {
    name.parse().unwrap()
}

/// An organisation with keys of its own.
pub fn organisation(name: &str, validator: bool) -> Organisation {
    Organisation {
        id: id(name),
        kind: OrganisationKind::Hospital,
        transaction_key: key(name, "transaction").public(),
        node_key: key(name, "node").public(),
        checkpoint_key: key(name, "checkpoint").public(),
        address: format!("{name}.example:9000"),
        validator,
    }
}

/// The service record of a name, with keys of its own.
pub fn service(name: &str, credential_epoch: u64) -> Service {
    Service {
        address: format!("{name}.example:9443"),
        tls_key: key(name, "tls").public(),
        xwing_key: [7; XWING_KEY_BYTES],
        credential_key: key(name, "credential").public(),
        credential_epoch,
    }
}

/// A genesis of validators with those names, which must be in order.
pub fn genesis(names: &[&str]) -> Genesis {
    genesis_of(names.iter().map(|name| organisation(name, true)).collect())
}

/// A genesis of these members, which must be in order.
pub fn genesis_of(organisations: Vec<Organisation>) -> Genesis {
    let parameters = Parameters {
        expiry_blocks_max: 100,
        proposal_blocks: 50,
        ..Default::default()
    };
    Genesis {
        time_ms: 1_795_424_400_000,
        parameters,
        organisations,
    }
}

/// A state and the blocks that led to it.
pub struct Network {
    /// The ledger's id.
    pub chain: Digest,
    /// The state after the last block.
    pub state: State,
    /// Transaction keys that are not those of [`key`].
    pub rotated: BTreeMap<String, SecretKey>,
}

impl Network {
    /// The state of a genesis.
    pub fn new(names: &[&str]) -> Self {
        Self::of(&genesis(names))
    }

    /// The state of this genesis.
    pub fn of(genesis: &Genesis) -> Self {
        genesis.check().unwrap();
        Self {
            chain: genesis.chain_id(),
            state: State::genesis(genesis),
            rotated: BTreeMap::new(),
        }
    }

    /// The next block.
    pub fn block(&self) -> BlockContext {
        let height = self.state.height() + 1;
        BlockContext {
            height,
            time_ms: 1_795_424_400_000 + height * 100,
        }
    }

    /// The transaction key of an organisation.
    pub fn sender(&self, name: &str) -> SecretKey {
        self.rotated
            .get(name)
            .cloned()
            .unwrap_or_else(|| key(name, "transaction"))
    }

    /// A header that is right for the next block.
    pub fn header(&self, key: &SecretKey, kind: u8) -> Header {
        let sequence = self.state.sequence(&key.public()) + 1;
        let expires = self.block().height + 10;
        Header {
            kind,
            chain: self.chain,
            sender: key.public(),
            sequence,
            expires,
        }
    }

    /// A signed and checked transaction of an organisation.
    pub fn transaction(&self, name: &str, kind: Kind, body: &impl Canonical) -> Checked {
        let key = self.sender(name);
        self.signed(self.header(&key, kind as u8), body.to_bytes(), &key)
    }

    /// A signed and checked transaction.
    pub fn signed(&self, header: Header, body: Vec<u8>, key: &SecretKey) -> Checked {
        let bytes = Transaction::sign(header, body, key).to_bytes();
        Checked::check(&bytes, &self.chain).unwrap()
    }

    /// The next batch of an organisation.
    pub fn batch(&self, name: &str) -> Batch {
        let (sequence, previous) = self.state.batch_head(&id(name));
        let root = hash("test/root", &[name.as_bytes(), &sequence.to_be_bytes()]);
        Batch {
            sequence: sequence + 1,
            previous,
            root,
        }
    }

    /// The time of the last block.
    pub fn time_ms(&self) -> u64 {
        self.block().time_ms - 100
    }

    /// The hour of the next block, counted since 1970.
    pub fn hour(&self) -> u32 {
        u32::try_from(self.block().time_ms / 3_600_000).unwrap()
    }

    /// Executes a block of these transactions.
    pub fn execute(&mut self, transactions: &[Checked]) -> Executed {
        let executed = execute(&self.state, &self.block(), transactions);
        self.state = executed.state.clone();
        executed
    }

    /// Executes a block of one transaction.
    pub fn act(&mut self, name: &str, kind: Kind, body: &impl Canonical) -> Result<u64, Refusal> {
        let transaction = self.transaction(name, kind, body);
        self.execute(&[transaction])
            .outcomes
            .remove(0)
            .map(|it| it.index)
    }

    /// Proposes in a block of its own and returns the id.
    pub fn propose(&mut self, name: &str, proposal: Proposal) -> Result<Digest, Refusal> {
        let transaction = self.transaction(name, Kind::Propose, &Propose { proposal });
        let id = transaction.id();
        self.execute(&[transaction]).outcomes.remove(0).map(|_| id)
    }

    /// Votes in a block of its own.
    pub fn vote(&mut self, name: &str, proposal: Digest, approve: bool) -> Result<u64, Refusal> {
        self.act(name, Kind::Vote, &Vote { proposal, approve })
    }

    /// Executes empty blocks.
    pub fn wait(&mut self, blocks: u64) {
        for _ in 0..blocks {
            self.execute(&[]);
        }
    }

    /// The names of the members.
    pub fn members(&self) -> Vec<String> {
        self.state
            .organisations()
            .iter()
            .map(|it| it.id.to_string())
            .collect()
    }

    /// The names of the validators.
    pub fn validators(&self) -> Vec<String> {
        self.state
            .validators()
            .iter()
            .map(|it| it.id.to_string())
            .collect()
    }

    /// The transaction key that the state has for a member.
    pub fn registered(&self, name: &str) -> PublicKey {
        self.state.organisation(&id(name)).unwrap().transaction_key
    }
}
