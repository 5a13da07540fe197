//! The one form in which anything is asked of the ledger (`docs/reference/transactions.md`).

use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::digest::framed;
use crate::{Digest, PublicKey, SecretKey, Signature, event, hash};

/// The version of the header.
pub const VERSION: u8 = 1;
/// The kind of a transaction that carries a [`Batch`].
pub const KIND_BATCH: u8 = 1;
/// The longest body: 10,000 moves of packs of 48 bytes each, in a transaction that still fits the
/// smallest block that can be voted for.
pub const BODY_BYTES_MAX: usize = 480 * 1024;
/// The bytes of a header.
pub const HEADER_BYTES: usize = 82;
/// The longest transaction.
pub const TRANSACTION_BYTES_MAX: usize = HEADER_BYTES + 4 + BODY_BYTES_MAX + 64;

const SIGNED: &str = "salus/transaction/v1";

/// What every transaction says before its body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// What the body is.
    pub kind: u8,
    /// The ledger it is meant for.
    pub chain: Digest,
    /// The key that signs.
    pub sender: PublicKey,
    /// One more than the last accepted one of this key; the first is 1.
    pub sequence: u64,
    /// The last height at which it may be accepted.
    pub expires: u64,
}

/// A signed request to the ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transaction {
    /// Who asks what of which ledger, until when.
    pub header: Header,
    /// The canonical bytes of the value that the kind names.
    pub body: Vec<u8>,
    /// By the sender over the header and the body.
    pub signature: Signature,
}

impl Transaction {
    /// Makes a transaction; its sender becomes the owner of the key.
    pub fn sign(header: Header, body: Vec<u8>, key: &SecretKey) -> Self {
        let header = Header {
            sender: key.public(),
            ..header
        };
        let signature = Signature([0; 64]);
        let mut transaction = Self {
            header,
            body,
            signature,
        };
        transaction.signature = key.sign(&transaction.message());
        transaction
    }

    /// What is signed: the framed label, the header and the body.
    pub fn message(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.fixed(&framed(SIGNED));
        self.header.write(&mut writer);
        writer.bytes(&self.body);
        writer.into_bytes()
    }

    /// Whether the sender signed it.
    pub fn is_signed(&self) -> bool {
        self.header.sender.verify(&self.message(), &self.signature)
    }

    /// The digest by which a transaction is known.
    pub fn id(&self) -> Digest {
        id_of(&self.to_bytes())
    }
}

/// The id of the transaction with these canonical bytes.
pub fn id_of(bytes: &[u8]) -> Digest {
    hash("salus/transaction/id/v1", &[bytes])
}

/// An organisation's evidence of one interval (kind 1): the same size whatever happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Batch {
    /// One more than that of the organisation's last batch; the first is 1.
    pub sequence: u64,
    /// The root of the organisation's last batch; zeroes before the first.
    pub previous: Digest,
    /// The root of the tree of commitments ([`crate::batch::Tree`]).
    pub root: Digest,
}

/// An accepted transaction with what the ledger found out about it: a leaf of the history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The block that accepted it.
    pub height: u64,
    /// The time of that block, in milliseconds since 1970.
    pub time_ms: u64,
    /// The organisation whose key signed it, in that block. Without it, a member could show an
    /// event of its own batch as one of somebody else.
    pub organisation: String,
    /// The transaction.
    pub transaction: Transaction,
}

impl Canonical for Header {
    fn write(&self, writer: &mut Writer) {
        writer.u8(VERSION);
        writer.u8(self.kind);
        self.chain.write(writer);
        self.sender.write(writer);
        writer.u64(self.sequence);
        writer.u64(self.expires);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.u8()? != VERSION {
            return Err(reader.malformed("known transaction version"));
        }
        Ok(Self {
            kind: reader.u8()?,
            chain: Digest::read(reader)?,
            sender: PublicKey::read(reader)?,
            sequence: reader.u64()?,
            expires: reader.u64()?,
        })
    }
}

impl Canonical for Transaction {
    fn write(&self, writer: &mut Writer) {
        self.header.write(writer);
        writer.bytes(&self.body);
        self.signature.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            header: Header::read(reader)?,
            body: reader.bytes(BODY_BYTES_MAX)?.to_vec(),
            signature: Signature::read(reader)?,
        })
    }
}

impl Canonical for Batch {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.sequence);
        self.previous.write(writer);
        self.root.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            sequence: reader.u64()?,
            previous: Digest::read(reader)?,
            root: Digest::read(reader)?,
        })
    }
}

impl Canonical for Entry {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.height);
        writer.u64(self.time_ms);
        writer.text(&self.organisation);
        self.transaction.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            height: reader.u64()?,
            time_ms: reader.u64()?,
            organisation: event::read_organisation(reader)?,
            transaction: Transaction::read(reader)?,
        })
    }
}
