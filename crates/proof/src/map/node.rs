//! The nodes of the trie. A branch stands at the first bit in which its leaves differ, so
//! the shape follows from the set of keys alone.

use std::sync::{Arc, OnceLock};

use crate::{Digest, hash, sha256};

/// An entry at its place. Key and value are one piece of memory: a ledger has millions of them.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) place: Digest,
    entry: Box<[u8]>,
    key_length: usize,
}

impl Leaf {
    pub(super) fn new(place: Digest, key: &[u8], value: &[u8]) -> Self {
        Self {
            place,
            entry: [key, value].concat().into_boxed_slice(),
            key_length: key.len(),
        }
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.entry[..self.key_length]
    }

    pub(super) fn value(&self) -> &[u8] {
        &self.entry[self.key_length..]
    }
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// In memory of its own, so that branches, which are copied on every change, are small.
    Leaf(Box<Leaf>),
    /// The leaves of the first child have bit `bit` clear, those of the second have it set.
    Branch { bit: u8, children: [Arc<Node>; 2] },
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
            kind: Kind::Leaf(Box::new(leaf)),
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
            Kind::Leaf(leaf) => leaf_hash(&leaf.place, &sha256(leaf.value())),
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

/// Puts a leaf below the node and tells whether its place is new.
pub(super) fn insert(root: &mut Arc<Node>, leaf: Leaf) -> bool {
    let difference = first_difference(&find(root, &leaf.place).place, &leaf.place);
    insert_at(root, leaf, difference);
    difference.is_some()
}

fn insert_at(slot: &mut Arc<Node>, leaf: Leaf, difference: Option<u8>) {
    if let (Kind::Branch { bit, .. }, Some(new)) = (&slot.kind, difference)
        && new < *bit
    {
        return split(slot, leaf, new);
    }
    if let (Kind::Leaf(_), Some(new)) = (&slot.kind, difference) {
        return split(slot, leaf, new);
    }
    let node = Arc::make_mut(slot);
    node.hash = OnceLock::new();
    match &mut node.kind {
        Kind::Leaf(old) => **old = leaf,
        Kind::Branch { bit, children } => {
            insert_at(&mut children[bit_of(&leaf.place, *bit)], leaf, difference);
        }
    }
}

/// Puts a branch where the node was, with the node and the leaf below it.
fn split(slot: &mut Arc<Node>, leaf: Leaf, bit: u8) {
    let side = bit_of(&leaf.place, bit);
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
