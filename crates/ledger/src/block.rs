//! What a block says, apart from its transactions.

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, hash, tree};

/// The height and the time of the block that is executed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BlockContext {
    /// Counted from 1; 0 is the genesis.
    pub height: u64,
    /// In milliseconds since 1970; later than that of the block before.
    pub time_ms: u64,
}

/// The header of a block. State and history are those after the parent, before this block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlockHeader {
    /// Counted from 1.
    pub height: u64,
    /// Which set of validators makes it.
    pub epoch: u64,
    /// The digest of the parent's header; the chain id for the first block.
    pub parent: Digest,
    /// In milliseconds since 1970; later than the parent's.
    pub time_ms: u64,
    /// The root of the state.
    pub state_root: Digest,
    /// The size of the history.
    pub history_size: u64,
    /// The root of the history.
    pub history_root: Digest,
    /// [`transactions_root`] of this block.
    pub transactions_root: Digest,
}

impl BlockHeader {
    /// The digest by which a block is known.
    pub fn digest(&self) -> Digest {
        hash("salus/block/v1", &[&self.to_bytes()])
    }
}

/// The RFC 9162 root over the bytes of a block's transactions.
pub fn transactions_root<T: AsRef<[u8]>>(transactions: &[T]) -> Digest {
    let leaves: Vec<_> = transactions
        .iter()
        .map(|it| tree::leaf_hash(it.as_ref()))
        .collect();
    tree::root(&leaves)
}

impl Canonical for BlockHeader {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.height);
        writer.u64(self.epoch);
        self.parent.write(writer);
        writer.u64(self.time_ms);
        self.state_root.write(writer);
        writer.u64(self.history_size);
        self.history_root.write(writer);
        self.transactions_root.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            height: reader.u64()?,
            epoch: reader.u64()?,
            parent: Digest::read(reader)?,
            time_ms: reader.u64()?,
            state_root: Digest::read(reader)?,
            history_size: reader.u64()?,
            history_root: Digest::read(reader)?,
            transactions_root: Digest::read(reader)?,
        })
    }
}
