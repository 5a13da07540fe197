//! Proofs of presence and of absence.
//!
//! The proof is the walk from the root by the bits of the key's place, branch by branch, to
//! the leaf where it ends. Every leaf below a branch has the bit of its side, so a key that
//! is in the map is found at the end of that walk: a leaf of another place at its end proves
//! that the key is absent.

use thiserror::Error;

use super::node::{Kind, Node, bit_of, branch_hash, leaf_hash};
use super::{empty_root, place};
use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::{Digest, sha256};

/// The longest value that a proof can carry.
const VALUE_BYTES_MAX: usize = 1 << 20;
/// One branch for each bit of a place at most.
const BRANCHES_MAX: usize = 256;

/// Why a proof does not prove anything about the key.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum MapError {
    /// The branches are not in the order of their bits.
    #[error("the branches are not in the order of their bits")]
    Order,
    /// The walk ends at a leaf that it does not lead to, or says absent and shows the key.
    #[error("the walk does not lead to the leaf shown")]
    Leaf,
    /// The walk starts at another root.
    #[error("the proof leads to another root")]
    Root,
}

/// What a map says about one key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MapProof {
    /// Bit and the hash of the side not taken, from the root down.
    branches: Vec<(u8, Digest)>,
    end: End,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum End {
    /// The map has no entries.
    Empty,
    /// The walk ends at the key.
    Present { value: Vec<u8> },
    /// The walk ends at the leaf of another key.
    Absent { place: Digest, value: Digest },
}

pub(super) fn prove(root: Option<&Node>, place: &Digest) -> MapProof {
    let mut branches = Vec::new();
    let Some(mut node) = root else {
        return MapProof {
            branches,
            end: End::Empty,
        };
    };
    loop {
        match &node.kind {
            Kind::Branch { bit, children } => {
                let side = bit_of(place, *bit);
                branches.push((*bit, children[1 - side].hash()));
                node = &children[side];
            }
            Kind::Leaf(leaf) if leaf.place() == *place => {
                return MapProof {
                    branches,
                    end: End::Present {
                        value: leaf.value().to_vec(),
                    },
                };
            }
            Kind::Leaf(leaf) => {
                let end = End::Absent {
                    place: leaf.place(),
                    value: sha256(leaf.value()),
                };
                return MapProof { branches, end };
            }
        }
    }
}

impl MapProof {
    /// The value of the key in the map with this root, or that it has none.
    pub fn verify(&self, root: &Digest, key: &[u8]) -> Result<Option<Vec<u8>>, MapError> {
        let place = place(key);
        if !self.branches.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Err(MapError::Order);
        }
        let (mut hash, value) = match &self.end {
            End::Empty if self.branches.is_empty() => (empty_root(), None),
            End::Empty => return Err(MapError::Leaf),
            End::Present { value } => (leaf_hash(&place, &sha256(value)), Some(value.clone())),
            End::Absent {
                place: other,
                value,
            } => {
                self.check_neighbour(&place, other)?;
                (leaf_hash(other, value), None)
            }
        };
        for (bit, sibling) in self.branches.iter().rev() {
            hash = match bit_of(&place, *bit) {
                0 => branch_hash(*bit, &hash, sibling),
                _ => branch_hash(*bit, sibling, &hash),
            };
        }
        if hash == *root {
            Ok(value)
        } else {
            Err(MapError::Root)
        }
    }

    /// The neighbour is another place, and the walk leads to it as well.
    fn check_neighbour(&self, place: &Digest, other: &Digest) -> Result<(), MapError> {
        let led = self
            .branches
            .iter()
            .all(|(bit, _)| bit_of(place, *bit) == bit_of(other, *bit));
        if led && place != other {
            Ok(())
        } else {
            Err(MapError::Leaf)
        }
    }
}

impl Canonical for MapProof {
    fn write(&self, writer: &mut Writer) {
        writer.length(self.branches.len());
        for (bit, sibling) in &self.branches {
            writer.u8(*bit);
            sibling.write(writer);
        }
        match &self.end {
            End::Empty => writer.u8(0),
            End::Present { value } => {
                writer.u8(1);
                writer.bytes(value);
            }
            End::Absent { place, value } => {
                writer.u8(2);
                place.write(writer);
                value.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.length(BRANCHES_MAX)?;
        let mut branches: Vec<(u8, Digest)> = Vec::new();
        for _ in 0..count {
            let bit = reader.u8()?;
            if branches.last().is_some_and(|(last, _)| *last >= bit) {
                return Err(reader.malformed("branch in order"));
            }
            branches.push((bit, Digest::read(reader)?));
        }
        let end = match reader.u8()? {
            0 if branches.is_empty() => End::Empty,
            1 => End::Present {
                value: reader.bytes(VALUE_BYTES_MAX)?.to_vec(),
            },
            2 => End::Absent {
                place: Digest::read(reader)?,
                value: Digest::read(reader)?,
            },
            _ => return Err(reader.malformed("end of a walk")),
        };
        Ok(Self { branches, end })
    }
}
