//! What the consortium can set by vote.

use proof::codec::{Canonical, CodecError, Reader, Writer};

/// The parameters of a ledger. A change is in the state from its block on; `chain` applies
/// those that concern it at the block boundary.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameters {
    /// How long a proposer waits before it proposes the next block.
    pub block_interval_ms: u64,
    /// How many bytes of transactions a block may have.
    pub block_bytes_max: u64,
    /// How often each organisation sends its batch, whatever happened.
    pub batch_interval_ms: u64,
    /// After how many blocks a change of validators comes into force.
    pub epoch_blocks: u64,
    /// Whether an act that must be final may ask for a batch before its time.
    pub early_batches: bool,
    /// How many blocks ahead a transaction may set its expiry.
    pub expiry_blocks_max: u64,
    /// For how many blocks a proposal can be voted on.
    pub proposal_blocks: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            block_interval_ms: 100,
            block_bytes_max: 1 << 20,
            batch_interval_ms: 1_000,
            epoch_blocks: 600,
            early_batches: true,
            expiry_blocks_max: 6_000,
            proposal_blocks: 6_048_000,
        }
    }
}

impl Parameters {
    /// Which parameter is out of its range, if one is.
    pub fn out_of_range(&self) -> Option<&'static str> {
        let ranges = [
            ("block_interval_ms", self.block_interval_ms, 1, 600_000),
            // A block must hold the largest transaction.
            ("block_bytes_max", self.block_bytes_max, 1 << 19, 16 << 20),
            ("batch_interval_ms", self.batch_interval_ms, 10, 86_400_000),
            ("epoch_blocks", self.epoch_blocks, 2, 100_000_000),
            ("expiry_blocks_max", self.expiry_blocks_max, 1, 100_000_000),
            ("proposal_blocks", self.proposal_blocks, 1, 1_000_000_000),
        ];
        let outside = |(_, value, low, high): &(_, u64, u64, u64)| value < low || value > high;
        ranges
            .iter()
            .find(|range| outside(range))
            .map(|range| range.0)
    }
}

impl Canonical for Parameters {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.block_interval_ms);
        writer.u64(self.block_bytes_max);
        writer.u64(self.batch_interval_ms);
        writer.u64(self.epoch_blocks);
        writer.bool(self.early_batches);
        writer.u64(self.expiry_blocks_max);
        writer.u64(self.proposal_blocks);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            block_interval_ms: reader.u64()?,
            block_bytes_max: reader.u64()?,
            batch_interval_ms: reader.u64()?,
            epoch_blocks: reader.u64()?,
            early_batches: reader.bool()?,
            expiry_blocks_max: reader.u64()?,
            proposal_blocks: reader.u64()?,
        })
    }
}
