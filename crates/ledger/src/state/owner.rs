//! Whose a key is. A key that was in use once is never given to somebody else.

use proof::codec::{Canonical, CodecError, Reader, Writer};

use crate::OrgId;

/// What a key is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyUse {
    /// Signs transactions.
    Transaction,
    /// Identifies a node.
    Node,
    /// Signs checkpoints.
    Checkpoint,
    /// Proves to its peers who a member's node is (TLS).
    Link,
    /// Signs the credentials of a member's practitioners.
    Credential,
    /// Nothing any more: it was replaced, or its owner has left.
    Retired,
}

/// The owner of a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyOwner {
    /// Whose it is or was.
    pub organisation: OrgId,
    /// What for.
    pub usage: KeyUse,
}

impl Canonical for KeyOwner {
    fn write(&self, writer: &mut Writer) {
        self.organisation.write(writer);
        writer.u8(match self.usage {
            KeyUse::Transaction => 1,
            KeyUse::Node => 2,
            KeyUse::Checkpoint => 3,
            KeyUse::Retired => 4,
            KeyUse::Link => 5,
            KeyUse::Credential => 6,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let organisation = OrgId::read(reader)?;
        let usage = match reader.u8()? {
            1 => KeyUse::Transaction,
            2 => KeyUse::Node,
            3 => KeyUse::Checkpoint,
            4 => KeyUse::Retired,
            5 => KeyUse::Link,
            6 => KeyUse::Credential,
            _ => return Err(reader.malformed("use of a key")),
        };
        Ok(Self {
            organisation,
            usage,
        })
    }
}
