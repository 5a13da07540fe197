//! What a member offers to the others beside its node: how to reach it, and the keys it answers by.

use proof::PublicKey;
use proof::codec::{Canonical, CodecError, Reader, Writer};

use crate::Organisation;
use crate::organisation::ADDRESS_BYTES_MAX;

/// The bytes of an X-Wing public key: ML-KEM-768, then X25519 (draft-connolly-cfrg-xwing-kem).
pub const XWING_KEY_BYTES: usize = 1216;

/// The service record of a member. It announces it itself, without a vote.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Service {
    /// Where its peers ask, as `host:port`.
    pub address: String,
    /// The Ed25519 key of its TLS certificate.
    pub tls_key: PublicKey,
    /// What others seal keys to.
    pub xwing_key: [u8; XWING_KEY_BYTES],
    /// Signs the credentials of its practitioners (Ed25519).
    pub credential_key: PublicKey,
    /// Credentials of an earlier epoch are void. It never decreases.
    pub credential_epoch: u64,
}

/// Sets the service record of the sender (kind 5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Announce {
    /// The record, whole.
    pub service: Service,
}

impl Canonical for Service {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.address);
        self.tls_key.write(writer);
        writer.fixed(&self.xwing_key);
        self.credential_key.write(writer);
        writer.u64(self.credential_epoch);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            address: match reader.text(ADDRESS_BYTES_MAX)? {
                text if Organisation::is_address(text) => text.to_owned(),
                _ => return Err(reader.malformed("address")),
            },
            tls_key: PublicKey::read(reader)?,
            xwing_key: reader.fixed()?,
            credential_key: PublicKey::read(reader)?,
            credential_epoch: reader.u64()?,
        })
    }
}

impl Canonical for Announce {
    fn write(&self, writer: &mut Writer) {
        self.service.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            service: Service::read(reader)?,
        })
    }
}
