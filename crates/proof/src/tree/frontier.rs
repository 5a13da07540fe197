//! The right edge of a growing tree: enough to append and to know the root.

use super::node_hash;
use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::{Digest, sha256};

/// A complete subtree to be stored: level, index within the level, hash.
pub type StoredNode = (u8, u64, Digest);

/// A tree as its size and the roots of its complete subtrees, largest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// The frontier of the empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[Digest] {
        &self.peaks
    }

    /// Appends a leaf hash and returns the subtrees that became complete, leaf first.
    pub fn append(&mut self, leaf: Digest) -> Vec<StoredNode> {
        let (mut hash, mut index) = (leaf, self.size);
        let mut nodes = vec![(0, index, hash)];
        // As many peaks merge as the size has trailing ones.
        for level in (1u8..).take(self.size.trailing_ones() as usize) {
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
            index >>= 1;
            nodes.push((level, index, hash));
        }
        self.peaks.push(hash);
        self.size += 1;
        nodes
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => sha256(&[]),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

impl Canonical for Frontier {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.size);
        for peak in &self.peaks {
            peak.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let size = reader.u64()?;
        let peaks = (0..size.count_ones())
            .map(|_| Digest::read(reader))
            .collect::<Result<_, _>>()?;
        Ok(Self { size, peaks })
    }
}
