//! The first state of a ledger, agreed on outside of it.

use std::collections::BTreeSet;

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, hash};
use thiserror::Error;

use crate::{OrgId, Organisation, Parameters};

/// The most organisations of a ledger.
pub const ORGANISATIONS_MAX: usize = 1024;

/// What the founders agree on. Its hash is the chain id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Genesis {
    /// When the ledger starts, in milliseconds since 1970; every block is later.
    pub time_ms: u64,
    /// The first parameters.
    pub parameters: Parameters,
    /// The founders, in the order of their ids.
    pub organisations: Vec<Organisation>,
}

/// Why a genesis is not one.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum GenesisError {
    /// The organisations are not in the order of their ids, or one is there twice.
    #[error("the organisations are not in the order of their ids")]
    Order,
    /// There are too many organisations.
    #[error("more than {ORGANISATIONS_MAX} organisations")]
    TooMany,
    /// Nobody could make a block.
    #[error("no organisation is a validator")]
    NoValidator,
    /// A key is there twice, or nobody can hold its secret.
    #[error("a key of `{0}` is not its own or not sound")]
    Key(OrgId),
    /// An address is none.
    #[error("the address of `{0}` is not `host:port`")]
    Address(OrgId),
    /// A parameter is out of its range.
    #[error("the parameter `{0}` is out of range")]
    Parameter(&'static str),
}

impl Genesis {
    /// The id of the ledger.
    pub fn chain_id(&self) -> Digest {
        hash("salus/genesis/v1", &[&self.to_bytes()])
    }

    /// Checks what the rules assume of every state.
    pub fn check(&self) -> Result<(), GenesisError> {
        if let Some(name) = self.parameters.out_of_range() {
            return Err(GenesisError::Parameter(name));
        }
        if self.organisations.len() > ORGANISATIONS_MAX {
            return Err(GenesisError::TooMany);
        }
        if !self
            .organisations
            .is_sorted_by(|one, next| one.id < next.id)
        {
            return Err(GenesisError::Order);
        }
        if !self.organisations.iter().any(|it| it.validator) {
            return Err(GenesisError::NoValidator);
        }
        let mut keys = BTreeSet::new();
        for it in &self.organisations {
            for key in [it.transaction_key, it.node_key, it.checkpoint_key] {
                if !key.is_sound() || !keys.insert(key) {
                    return Err(GenesisError::Key(it.id.clone()));
                }
            }
            if !Organisation::is_address(&it.address) {
                return Err(GenesisError::Address(it.id.clone()));
            }
        }
        Ok(())
    }
}

impl Canonical for Genesis {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.time_ms);
        self.parameters.write(writer);
        writer.list(&self.organisations);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            time_ms: reader.u64()?,
            parameters: Parameters::read(reader)?,
            organisations: reader.list(ORGANISATIONS_MAX)?,
        })
    }
}
