//! What the ledger answered to a batch, as it is kept beside the batch.

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};

/// Longest entry, path and checkpoint that are read back.
const ENTRY_BYTES_MAX: usize = 512 << 10;
const PATH_MAX: usize = 64;
const CHECKPOINT_BYTES_MAX: usize = 64 << 10;

/// The place of a batch transaction in the history, with the proof of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnchor {
    /// Index in the history tree.
    pub index: u64,
    /// Canonical bytes of the `proof::transaction::Entry`.
    pub entry: Vec<u8>,
    /// Inclusion path to the checkpoint's root.
    pub path: Vec<Digest>,
    /// Signed note with a quorum of cosignatures.
    pub checkpoint: String,
}

impl From<chain::Anchor> for KeptAnchor {
    fn from(anchor: chain::Anchor) -> Self {
        let chain::Anchor {
            index,
            entry,
            path,
            checkpoint,
        } = anchor;
        Self {
            index,
            entry,
            path,
            checkpoint,
        }
    }
}

impl Canonical for KeptAnchor {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.index);
        writer.bytes(&self.entry);
        writer.list(&self.path);
        writer.text(&self.checkpoint);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            index: reader.u64()?,
            entry: reader.bytes(ENTRY_BYTES_MAX)?.to_vec(),
            path: reader.list(PATH_MAX)?,
            checkpoint: reader.text(CHECKPOINT_BYTES_MAX)?.to_owned(),
        })
    }
}
