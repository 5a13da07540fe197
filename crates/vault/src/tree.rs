//! The key tree: what an erasure takes out of the hands of every old copy of the database.
//!
//! A vault key is wrapped under the root key *and* a leaf of a binary tree of keys, which its id
//! chooses. The tree is the one key at its root until something is erased; to erase an id is to
//! replace the key above its leaf by the keys beside the way down, after which nobody can derive
//! that leaf and everybody can derive all others (a puncturable function by Goldreich, Goldwasser
//! and Micali). So an old `records.db` with the tree of today opens everything but what was erased.
//! Which combinations of copies are dead, and which are not: `docs/reference/keys.md`.
//!
//! The key of a record that names several patients has all their ids, with a space between them. It
//! is wrapped under the leaf of each: whoever of them is erased takes it along.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::LazyLock;

use aws_lc_rs::hkdf;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::keys::{derive, expand, mark, random};
use crate::root::{file_error, sync_folder, unwrap, wrap, write_new};
use crate::{RootKey, VaultError, VaultKey};

/// First bytes of the file, version included.
const MAGIC: &[u8; 16] = b"salus-key-tree-1";
/// The name that the sealed part of the file is bound to.
const LABEL: &str = "key-tree";
/// How deep the leaves are: no two ids share one, as far as a hash can promise.
const DEPTH: usize = 128;
/// Bytes of a node in the file: depth, way to it, key.
const NODE: usize = 1 + DEPTH / 8 + 32;
/// Each erasure adds 127 nodes: room for some ten thousand erasures.
const FILE_MAX: u64 = 64 << 20;

/// A key of the tree; everything below it can be derived from it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
struct Node {
    depth: u8,
    way: [u8; DEPTH / 8],
    key: [u8; 32],
}

/// The keys that are left. Cloning it copies secrets; it is wiped when dropped.
#[derive(PartialEq, Eq)]
pub struct KeyTree {
    nodes: Vec<Node>,
}

impl fmt::Debug for KeyTree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyTree({} nodes)", self.nodes.len())
    }
}

impl KeyTree {
    /// Makes a tree from which nothing was erased and writes its file, sealed by the root key.
    pub fn create(path: &Path, root: &RootKey) -> Result<Self, VaultError> {
        let whole = Node {
            depth: 0,
            way: [0; DEPTH / 8],
            key: random()?,
        };
        let tree = Self { nodes: vec![whole] };
        write_new(path, &tree.sealed(root)?)?;
        Ok(tree)
    }

    /// Opens the file.
    pub fn open(path: &Path, root: &RootKey) -> Result<Self, VaultError> {
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(FILE_MAX + 1).read_to_end(&mut bytes))
            .map_err(|error| file_error(path, "read", &error))?;
        let form = |reason| VaultError::Format {
            what: "key tree",
            reason,
        };
        let sealed = bytes
            .strip_prefix(MAGIC)
            .ok_or(form("does not begin with salus-key-tree-1"))?;
        let opened =
            unwrap(root.tree_key(), LABEL, sealed).ok_or(VaultError::Sealed("key tree"))?;
        if opened.is_empty() || opened.len() % NODE != 0 {
            return Err(form("wrong length"));
        }
        let nodes = opened.chunks_exact(NODE).map(Node::read).collect();
        Ok(Self { nodes })
    }

    /// Whether an id was erased, or one of several: nobody can derive its key from this tree.
    pub fn has_erased(&self, id: &str) -> bool {
        // One node is the root: nothing was erased yet.
        let gone = |one| self.above(&place(one)).is_none();
        self.nodes.len() > 1 && id.split(' ').any(gone)
    }

    /// Takes an id out of the tree and replaces the file at once; the bytes of the former file are
    /// overwritten. Erasing what is erased does nothing.
    pub fn erase(&mut self, path: &Path, root: &RootKey, id: &str) -> Result<(), VaultError> {
        let place = place(id);
        let Some(at) = self.above(&place) else {
            return Ok(());
        };
        let mut beside = self.nodes.clone();
        let mut node = beside.swap_remove(at);
        while usize::from(node.depth) < DEPTH {
            let side = bit(&place, node.depth);
            beside.push(node.child(!side));
            node = node.child(side);
        }
        let next = Self { nodes: beside };
        replace(path, &next.sealed(root)?)?;
        *self = next;
        Ok(())
    }

    /// Writes a copy of the tree as it is, sealed by the root key. A former copy at this place is
    /// overwritten: it may open what was erased since.
    pub fn copy_to(&self, path: &Path, root: &RootKey) -> Result<(), VaultError> {
        let sealed = self.sealed(root)?;
        if path.exists() {
            return replace(path, &sealed);
        }
        write_new(path, &sealed)
    }

    /// The node from which the leaf of a place can be derived.
    fn above(&self, place: &[u8; DEPTH / 8]) -> Option<usize> {
        let leads = |node: &Node| (0..node.depth).all(|at| bit(&node.way, at) == bit(place, at));
        self.nodes.iter().position(leads)
    }

    /// The keys of the leaves of an id, or of several with a space between them.
    fn leaves(&self, id: &str) -> Result<Vec<Zeroizing<[u8; 32]>>, VaultError> {
        let leaf = |one| self.leaf(one).ok_or(VaultError::Erased);
        id.split(' ').map(leaf).collect()
    }

    /// The key of the leaf of one id.
    fn leaf(&self, id: &str) -> Option<Zeroizing<[u8; 32]>> {
        let place = place(id);
        let mut node = self.nodes[self.above(&place)?].clone();
        while usize::from(node.depth) < DEPTH {
            node = node.child(bit(&place, node.depth));
        }
        Some(Zeroizing::new(node.key))
    }

    fn sealed(&self, root: &RootKey) -> Result<Vec<u8>, VaultError> {
        let mut nodes = Zeroizing::new(Vec::with_capacity(self.nodes.len() * NODE));
        for node in &self.nodes {
            nodes.push(node.depth);
            nodes.extend_from_slice(&node.way);
            nodes.extend_from_slice(&node.key);
        }
        let sealed = wrap(root.tree_key(), LABEL, &nodes)?;
        if (MAGIC.len() + sealed.len()) as u64 > FILE_MAX {
            return Err(VaultError::TooLarge {
                what: "key tree",
                bound: usize::try_from(FILE_MAX).unwrap_or(usize::MAX),
            });
        }
        Ok([MAGIC.as_slice(), &sealed].concat())
    }
}

impl Node {
    fn read(bytes: &[u8]) -> Self {
        let mut node = Self {
            // A depth beyond the leaves cannot come from us; it is taken for a leaf.
            depth: bytes[0].min(u8::try_from(DEPTH).unwrap_or(u8::MAX)),
            way: [0; DEPTH / 8],
            key: [0; 32],
        };
        node.way.copy_from_slice(&bytes[1..=DEPTH / 8]);
        node.key.copy_from_slice(&bytes[1 + DEPTH / 8..NODE]);
        node
    }

    fn child(&self, right: bool) -> Self {
        let mut child = self.clone();
        child.depth += 1;
        let at = usize::from(self.depth);
        if right {
            child.way[at / 8] |= 0x80 >> (at % 8);
        }
        let label: &[u8] = if right { b"tree/right" } else { b"tree/left" };
        let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &self.key);
        expand(&secret, &[label], &mut child.key);
        child
    }
}

impl RootKey {
    /// A fresh vault key and its form wrapped under the root key and the tree; the id is bound.
    pub fn new_vault_key_in(
        &self,
        tree: &KeyTree,
        id: &str,
    ) -> Result<(VaultKey, Vec<u8>), VaultError> {
        let key = VaultKey::from_bytes(random::<32>()?);
        let wrapped = self.wrap_vault_key_in(tree, id, &key)?;
        Ok((key, wrapped))
    }

    /// Wraps a vault key under the root key and the tree; refused if the id, or one of several, was
    /// erased.
    pub fn wrap_vault_key_in(
        &self,
        tree: &KeyTree,
        id: &str,
        key: &VaultKey,
    ) -> Result<Vec<u8>, VaultError> {
        wrap(&self.joined(&tree.leaves(id)?), id, key.bytes())
    }

    /// Unwraps a vault key. One whose id was erased opens for nobody, whoever has its wrapped form.
    pub fn open_vault_key_in(
        &self,
        tree: &KeyTree,
        id: &str,
        wrapped: &[u8],
    ) -> Result<VaultKey, VaultError> {
        let refused = VaultError::Sealed("vault key");
        let joined = self.joined(&tree.leaves(id)?);
        let bytes = unwrap(&joined, id, wrapped).ok_or(refused.clone())?;
        let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| refused)?;
        Ok(VaultKey::from_bytes(bytes))
    }

    /// A key that needs all: HMAC under the root's, over the leaves.
    fn joined(&self, leaves: &[Zeroizing<[u8; 32]>]) -> Zeroizing<[u8; 32]> {
        let parts: Vec<&[u8]> = leaves.iter().map(|leaf| leaf.as_slice()).collect();
        Zeroizing::new(mark(self.wrap_key(), "tree/wrap", &parts))
    }
}

/// The place of an id: the first bits of a hash of it.
fn place(id: &str) -> [u8; DEPTH / 8] {
    // A constant, and no secret.
    static KEY: LazyLock<Zeroizing<[u8; 32]>> = LazyLock::new(|| derive(&[0; 32], "tree/place"));
    let digest = mark(&KEY, "tree/place", &[id.as_bytes()]);
    let mut place = [0; DEPTH / 8];
    place.copy_from_slice(&digest[..DEPTH / 8]);
    place
}

fn bit(way: &[u8; DEPTH / 8], at: u8) -> bool {
    let at = usize::from(at);
    way[at / 8] & (0x80 >> (at % 8)) != 0
}

/// Puts the new file in the place of the old one, which is then overwritten where it lies.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    let failed = |error: std::io::Error| file_error(path, "written", &error);
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut former = OpenOptions::new().write(true).open(path).map_err(failed)?;
    write_new(&beside, bytes)?;
    fs::rename(&beside, path).map_err(failed)?;
    sync_folder(path).map_err(failed)?;
    let mut wipe = || {
        let length = usize::try_from(former.metadata()?.len()).unwrap_or_default();
        former.seek(SeekFrom::Start(0))?;
        former.write_all(&vec![0; length])?;
        former.sync_all()
    };
    wipe().map_err(failed)
}
