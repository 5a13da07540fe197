//! The tree of commitments under one batch transaction (`docs/reference/merkle.md`).
//!
//! Leaf 0 is random. It hides how many events there are: the root of an empty batch looks
//! like any other. For the same reason a path shows sides and siblings, never the size.

use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::tree::{self, PATH_MAX, leaf_hash, node_hash, split};
use crate::{CommitmentKey, Digest, commit};

/// The commitments of an organisation in one interval.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Leaf hashes; the first is the blinding one.
    leaves: Vec<Digest>,
}

impl Tree {
    /// The tree of a random blinding value and the commitments in their order.
    pub fn new(blinding: &[u8; 32], commitments: &[Digest]) -> Self {
        let blinding = std::iter::once(leaf_hash(blinding));
        Self {
            leaves: blinding
                .chain(commitments.iter().map(|it| leaf_hash(&it.0)))
                .collect(),
        }
    }

    /// The root that the batch transaction carries.
    pub fn root(&self) -> Digest {
        tree::root(&self.leaves)
    }

    /// The path of the commitment at this place, counted from 0.
    pub fn path(&self, commitment: usize) -> Option<Path> {
        let index = u64::try_from(commitment).ok()?.checked_add(1)?;
        let siblings = tree::inclusion_path(&self.leaves, index)?;
        let mut sides = sides(index, self.leaves.len() as u64);
        sides.reverse();
        Some(Path(sides.into_iter().zip(siblings).collect()))
    }
}

/// On which side the sibling stands, from the root down.
fn sides(index: u64, size: u64) -> Vec<Side> {
    let (mut start, mut end) = (0, size);
    let mut sides = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            sides.push(Side::Right);
            end = middle;
        } else {
            sides.push(Side::Left);
            start = middle;
        }
    }
    sides
}

/// Where a sibling stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// Before the hash it is joined with.
    Left,
    /// After it.
    Right,
}

/// The way from a commitment to the root of its batch, from the leaf up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Path(pub Vec<(Side, Digest)>);

impl Path {
    /// The root to which the path leads from the commitment of an event.
    ///
    /// None if the path is that of the blinding leaf, which has no sibling on its left.
    pub fn root(&self, key: &CommitmentKey, event: &Digest) -> Option<Digest> {
        if self.0.iter().all(|(side, _)| *side == Side::Right) {
            return None;
        }
        let leaf = leaf_hash(&commit(key, event).0);
        Some(
            self.0
                .iter()
                .fold(leaf, |hash, (side, sibling)| match side {
                    Side::Left => node_hash(sibling, &hash),
                    Side::Right => node_hash(&hash, sibling),
                }),
        )
    }
}

impl Canonical for Path {
    fn write(&self, writer: &mut Writer) {
        writer.length(self.0.len());
        for (side, sibling) in &self.0 {
            writer.u8(match side {
                Side::Left => 0,
                Side::Right => 1,
            });
            sibling.write(writer);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.length(PATH_MAX)?;
        let mut steps = Vec::new();
        for _ in 0..count {
            let side = match reader.u8()? {
                0 => Side::Left,
                1 => Side::Right,
                _ => return Err(reader.malformed("side")),
            };
            steps.push((side, Digest::read(reader)?));
        }
        Ok(Self(steps))
    }
}
