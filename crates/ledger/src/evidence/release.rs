//! What a custodian says when it releases records: under which grant, and on which state of the
//! ledger it decided. A recipient takes no records without it (`docs/reference/sharing.md`).

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, PublicKey, SecretKey, Signature, hash, sha256};

use crate::OrgId;

/// The statement of one release.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Release {
    /// The ledger.
    pub chain: Digest,
    /// The grant or the emergency opening.
    pub pass: Digest,
    /// Who releases.
    pub custodian: OrgId,
    /// To whom.
    pub recipient: OrgId,
    /// The last block of the state on which the custodian decided that the grant holds.
    pub height: u64,
    /// When, in milliseconds since 1970, by the custodian's own clock.
    pub time_ms: u64,
    /// The commitment to the record of the disclosure: a leaf of the custodian's batch.
    pub disclosure: Digest,
    /// How many records.
    pub records: u32,
    /// The [`content`] that was released.
    pub content: Digest,
    /// The transaction key of the custodian.
    pub signer: PublicKey,
    /// By the signer over the [`Release::message`].
    pub signature: Signature,
}

impl Release {
    /// The statement with the key of the custodian and its signature.
    #[must_use]
    pub fn sign(self, key: &SecretKey) -> Self {
        let unsigned = Self {
            signer: key.public(),
            ..self
        };
        let signature = key.sign(&unsigned.message().0);
        Self {
            signature,
            ..unsigned
        }
    }

    /// What is signed: a digest of all fields but the signature.
    pub fn message(&self) -> Digest {
        let mut writer = Writer::new();
        self.write_unsigned(&mut writer);
        hash("salus/release/v1", &[&writer.into_bytes()])
    }

    /// Whether the signer signed it.
    pub fn is_signed(&self) -> bool {
        self.signer.verify(&self.message().0, &self.signature)
    }

    fn write_unsigned(&self, writer: &mut Writer) {
        self.chain.write(writer);
        self.pass.write(writer);
        self.custodian.write(writer);
        self.recipient.write(writer);
        writer.u64(self.height);
        writer.u64(self.time_ms);
        self.disclosure.write(writer);
        writer.u32(self.records);
        self.content.write(writer);
        self.signer.write(writer);
    }
}

/// The digest of what was released: of each record's sealed bytes, in their order.
pub fn content<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let digests: Vec<Digest> = records.into_iter().map(sha256).collect();
    let parts: Vec<&[u8]> = digests.iter().map(|it| it.0.as_slice()).collect();
    hash("salus/released/v1", &parts)
}

impl Canonical for Release {
    fn write(&self, writer: &mut Writer) {
        self.write_unsigned(writer);
        self.signature.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            chain: Digest::read(reader)?,
            pass: Digest::read(reader)?,
            custodian: OrgId::read(reader)?,
            recipient: OrgId::read(reader)?,
            height: reader.u64()?,
            time_ms: reader.u64()?,
            disclosure: Digest::read(reader)?,
            records: reader.u32()?,
            content: Digest::read(reader)?,
            signer: PublicKey::read(reader)?,
            signature: Signature::read(reader)?,
        })
    }
}
