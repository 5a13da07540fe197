//! The nodes of the trie. A branch stands at the first bit in which its leaves differ, so
//! the shape follows from the set of keys alone.

use std::sync::{Arc, OnceLock};

use crate::{Digest, hash, sha256};

const PLACE_BYTES: usize = 32;

/// An entry at its place. Place, key and value are one piece of memory: a ledger has millions of
/// them, and each piece is one more wait for memory on the way to it.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    bytes: Box<[u8]>,
    key_length: usize,
}

impl Leaf {
    pub(super) fn new(place: Digest, key: &[u8], value: &[u8]) -> Self {
        Self {
            bytes: [&place.0, key, value].concat().into_boxed_slice(),
            key_length: key.len(),
        }
    }

    pub(super) fn place(&self) -> Digest {
        let mut place = [0; PLACE_BYTES];
        place.copy_from_slice(&self.bytes[..PLACE_BYTES]);
        Digest(place)
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.bytes[PLACE_BYTES..PLACE_BYTES + self.key_length]
    }

    pub(super) fn value(&self) -> &[u8] {
        &self.bytes[PLACE_BYTES + self.key_length..]
    }
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Leaf(Leaf),
    /// The leaves of the first child have bit `bit` clear, those of the second have it set.
    Branch {
        bit: u8,
        children: [Arc<Node>; 2],
    },
}

/// A node with its hash, once that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Node {
    hash: OnceLock<Digest>,
    pub(super) kind: Kind,
}

impl Node {
    pub(super) fn leaf(leaf: Leaf) -> Self {
        Self {
            hash: OnceLock::new(),
            kind: Kind::Leaf(leaf),
        }
    }

    fn branch(bit: u8, children: [Arc<Self>; 2]) -> Self {
        Self {
            hash: OnceLock::new(),
            kind: Kind::Branch { bit, children },
        }
    }

    pub(super) fn hash(&self) -> Digest {
        *self.hash.get_or_init(|| match &self.kind {
            Kind::Leaf(leaf) => leaf_hash(&leaf.place(), &sha256(leaf.value())),
            Kind::Branch {
                bit,
                children: [left, right],
            } => branch_hash(*bit, &left.hash(), &right.hash()),
        })
    }
}

/// The hash of a leaf. The value enters hashed, so that a proof of absence can show the
/// neighbour without its value.
pub(super) fn leaf_hash(place: &Digest, value: &Digest) -> Digest {
    hash("salus/map/leaf/v1", &[&place.0, &value.0])
}

/// The hash of a branch. It binds the bit, or absence could not be proven.
pub(super) fn branch_hash(bit: u8, left: &Digest, right: &Digest) -> Digest {
    hash("salus/map/branch/v1", &[&[bit], &left.0, &right.0])
}

/// The bit of a place, counted from the most significant one of the first byte.
pub(super) fn bit_of(place: &Digest, bit: u8) -> usize {
    usize::from(place.0[usize::from(bit / 8)] >> (7 - bit % 8) & 1)
}

/// The first bit in which two places differ.
fn first_difference(one: &Digest, other: &Digest) -> Option<u8> {
    let byte = one.0.iter().zip(&other.0).position(|(a, b)| a != b)?;
    let bit = (one.0[byte] ^ other.0[byte]).leading_zeros() as usize;
    u8::try_from(byte * 8 + bit).ok()
}

/// The only leaf that can have this place.
pub(super) fn find<'a>(mut node: &'a Node, place: &Digest) -> &'a Leaf {
    loop {
        match &node.kind {
            Kind::Leaf(leaf) => return leaf,
            Kind::Branch { bit, children } => node = &children[bit_of(place, *bit)],
        }
    }
}

/// Places that are walked to at once.
pub(super) const AT_ONCE: usize = 16;

/// Walks to up to [`AT_ONCE`] places side by side and changes nothing. Each step of a walk waits
/// for memory; the waits of independent walks overlap, and a walk that comes later finds its way,
/// and what stands beside it, close to the processor.
pub(super) fn approach<'a>(root: &'a Node, places: impl Iterator<Item = &'a Digest>) {
    let mut walks: Vec<(&Node, &Digest)> = places.map(|place| (root, place)).collect();
    let mut beside = 0;
    while !walks.is_empty() {
        walks.retain_mut(|(node, place)| match &node.kind {
            Kind::Leaf(leaf) => {
                beside += usize::from(leaf.bytes[0]);
                false
            }
            Kind::Branch { bit, children } => {
                let side = bit_of(place, *bit);
                *node = &children[side];
                // A change counts one more owner there.
                beside += Arc::strong_count(&children[1 - side]);
                true
            }
        });
    }
    std::hint::black_box(beside);
}

/// Puts a leaf below the node and tells whether its place is new.
pub(super) fn insert(root: &mut Arc<Node>, leaf: Leaf) -> bool {
    let place = leaf.place();
    let difference = first_difference(&find(root, &place).place(), &place);
    insert_at(root, leaf, &place, difference);
    difference.is_some()
}

fn insert_at(slot: &mut Arc<Node>, leaf: Leaf, place: &Digest, difference: Option<u8>) {
    if let (Kind::Branch { bit, .. }, Some(new)) = (&slot.kind, difference)
        && new < *bit
    {
        return split(slot, leaf, place, new);
    }
    if let (Kind::Leaf(_), Some(new)) = (&slot.kind, difference) {
        return split(slot, leaf, place, new);
    }
    let node = Arc::make_mut(slot);
    node.hash = OnceLock::new();
    match &mut node.kind {
        Kind::Leaf(old) => *old = leaf,
        Kind::Branch { bit, children } => {
            insert_at(&mut children[bit_of(place, *bit)], leaf, place, difference);
        }
    }
}

/// Puts a branch where the node was, with the node and the leaf below it.
fn split(slot: &mut Arc<Node>, leaf: Leaf, place: &Digest, bit: u8) {
    let side = bit_of(place, bit);
    let new = Arc::new(Node::leaf(leaf));
    let old = Arc::clone(slot);
    let children = if side == 0 { [new, old] } else { [old, new] };
    *slot = Arc::new(Node::branch(bit, children));
}

/// Removes the leaf of a place that is there; true when nothing is left below this node.
pub(super) fn remove(slot: &mut Arc<Node>, place: &Digest) -> bool {
    let Kind::Branch { bit, .. } = slot.kind else {
        return true;
    };
    let side = bit_of(place, bit);
    let node = Arc::make_mut(slot);
    node.hash = OnceLock::new();
    let Kind::Branch { children, .. } = &mut node.kind else {
        return true;
    };
    if remove(&mut children[side], place) {
        let other = Arc::clone(&children[1 - side]);
        *slot = other;
    }
    false
}

/// The leaves from left to right.
pub(super) struct Leaves<'a> {
    waiting: Vec<&'a Node>,
}

impl<'a> Leaves<'a> {
    pub(super) fn new(root: Option<&'a Node>) -> Self {
        Self {
            waiting: root.into_iter().collect(),
        }
    }
}

impl<'a> Iterator for Leaves<'a> {
    type Item = &'a Leaf;

    fn next(&mut self) -> Option<&'a Leaf> {
        loop {
            match &self.waiting.pop()?.kind {
                Kind::Leaf(leaf) => return Some(leaf),
                Kind::Branch {
                    children: [left, right],
                    ..
                } => {
                    self.waiting.push(right);
                    self.waiting.push(left);
                }
            }
        }
    }
}
