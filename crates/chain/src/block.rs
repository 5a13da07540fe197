//! A block as the engine carries it: the ledger's header and the transactions' bytes.
//!
//! ```text
//! block  = length header, count, { length transaction }
//! digest = that of the header
//! ```
//!
//! A block whose header names another root than that of the transactions which are really there
//! has a digest that no vote names, so nobody can pass other transactions off under a header.

use bytes::{BufMut, Bytes};
use commonware_codec::{Buf, EncodeSize, Error, RangeCfg, Read, Write};
use commonware_consensus::{BoundedBlock, Heightable, types::Height};
use commonware_cryptography::{Digestible, sha256};
use ledger::{BlockHeader, Genesis, State, transactions_root};
use proof::{Canonical as _, Digest, transaction};

/// The engine's digest type for blocks.
pub(crate) type BlockDigest = sha256::Digest;

const HEADER_BYTES_MAX: usize = 1_024;
/// The smallest transaction: header, empty body, signature. Bounds how many a block may have.
const TRANSACTION_BYTES_MIN: usize = transaction::HEADER_BYTES + 4 + 64;
const LENGTH_BYTES_MAX: usize = 5;

/// Bounds that a block from outside must keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockLimits {
    pub(crate) bytes_max: usize,
}

impl BlockLimits {
    fn count_max(self) -> usize {
        self.bytes_max / TRANSACTION_BYTES_MIN
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) header: BlockHeader,
    pub(crate) transactions: Vec<Bytes>,
}

impl Block {
    /// The ids of its transactions, in order.
    pub(crate) fn ids(&self) -> Vec<Digest> {
        self.transactions
            .iter()
            .map(|bytes| transaction::id_of(bytes))
            .collect()
    }

    /// Sum of the transactions' bytes: what `block_bytes_max` bounds.
    pub(crate) fn transaction_bytes(&self) -> usize {
        self.transactions.iter().map(Bytes::len).sum()
    }
}

/// The block before the first: what the founders agreed on. Its parent is the chain id.
pub(crate) fn genesis(genesis: &Genesis, state: &State) -> Block {
    let header = BlockHeader {
        height: 0,
        epoch: 0,
        parent: genesis.chain_id(),
        time_ms: genesis.time_ms,
        state_root: state.root(),
        history_size: 0,
        history_root: state.history().root(),
        transactions_root: transactions_root::<Bytes>(&[]),
    };
    Block {
        header,
        transactions: Vec::new(),
    }
}

pub(crate) fn to_engine(digest: &Digest) -> BlockDigest {
    sha256::Digest(digest.0)
}

pub(crate) fn from_engine(digest: &BlockDigest) -> Digest {
    Digest(digest.0)
}

impl Write for Block {
    fn write(&self, buf: &mut impl BufMut) {
        Bytes::from(self.header.to_bytes()).write(buf);
        self.transactions.write(buf);
    }
}

impl EncodeSize for Block {
    fn encode_size(&self) -> usize {
        Bytes::from(self.header.to_bytes()).encode_size() + self.transactions.encode_size()
    }
}

impl Read for Block {
    type Cfg = BlockLimits;

    fn read_cfg(buf: &mut impl Buf, limits: &BlockLimits) -> Result<Self, Error> {
        let header = Bytes::read_cfg(buf, &RangeCfg::new(1..=HEADER_BYTES_MAX))?;
        let header = BlockHeader::from_bytes(&header)
            .map_err(|_| Error::Invalid("Block", "header is not canonical"))?;
        let each = RangeCfg::new(1..=limits.bytes_max);
        let transactions =
            Vec::<Bytes>::read_cfg(buf, &(RangeCfg::new(0..=limits.count_max()), each))?;
        let block = Self {
            header,
            transactions,
        };
        if block.transaction_bytes() > limits.bytes_max {
            return Err(Error::Invalid(
                "Block",
                "transactions exceed block_bytes_max",
            ));
        }
        Ok(block)
    }
}

impl Digestible for Block {
    type Digest = BlockDigest;

    fn digest(&self) -> BlockDigest {
        let root = transactions_root(&self.transactions);
        if root == self.header.transactions_root {
            return to_engine(&self.header.digest());
        }
        to_engine(&proof::hash(
            "salus/block/torn/v1",
            &[&self.header.to_bytes(), &root.0],
        ))
    }
}

impl Heightable for Block {
    fn height(&self) -> Height {
        Height::new(self.header.height)
    }
}

impl BoundedBlock for Block {
    fn max_encode_size(limits: &BlockLimits) -> usize {
        let lengths = (2 + limits.count_max()) * LENGTH_BYTES_MAX;
        HEADER_BYTES_MAX + lengths + limits.bytes_max
    }
}

impl commonware_consensus::Block for Block {
    fn parent(&self) -> BlockDigest {
        to_engine(&self.header.parent)
    }
}

#[cfg(test)]
mod tests;
