//! Digests, labelled hashes and keyed commitments (`docs/reference/encoding.md`).

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::codec::{Canonical, CodecError, Reader, Writer};

/// The label of a commitment.
const COMMITMENT: &str = "salus/commitment/v1";

/// A SHA-256 value. Shown and parsed as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A text that is not 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not 64 lowercase hexadecimal digits")]
pub struct NotHex;

impl FromStr for Digest {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        parse_hex(text).map(Self)
    }
}

impl Canonical for Digest {
    fn write(&self, writer: &mut Writer) {
        writer.fixed(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.fixed().map(Self)
    }
}

/// Reads exactly 64 lowercase hexadecimal digits.
pub(crate) fn parse_hex(text: &str) -> Result<[u8; 32], NotHex> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(NotHex);
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Ok(bytes)
}

fn nibble(digit: u8) -> Result<u8, NotHex> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NotHex),
    }
}

/// The plain SHA-256 of bytes whose meaning is fixed by where the value is kept.
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The SHA-256 of labelled parts: `u8(length) label (u64(length) part)*`.
///
/// Lengths make the parts unambiguous. A label has 2 to 255 bytes, so that the first byte
/// hashed is neither `0x00` nor `0x01`, the prefixes of Merkle leaves and nodes.
pub fn hash(label: &str, parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update([label_length(label)]);
    hasher.update(label);
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    Digest(hasher.finalize().into())
}

/// A label with its length in front, as it starts every labelled hash and signed message.
pub(crate) fn framed(label: &str) -> Vec<u8> {
    [&[label_length(label)], label.as_bytes()].concat()
}

#[allow(clippy::expect_used, reason = "labels are constants of this workspace")]
fn label_length(label: &str) -> u8 {
    debug_assert!(label.len() >= 2, "a label has at least 2 bytes");
    u8::try_from(label.len()).expect("invariant: a label has at most 255 bytes")
}

/// The random key of one commitment. It lives only inside an erasable envelope; whoever has
/// lost it can link the commitment to nothing.
#[derive(Clone, Eq, PartialEq)]
pub struct CommitmentKey(pub [u8; 32]);

impl fmt::Debug for CommitmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CommitmentKey(..)")
    }
}

impl Canonical for CommitmentKey {
    fn write(&self, writer: &mut Writer) {
        writer.fixed(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.fixed().map(Self)
    }
}

/// Commits to a digest: HMAC-SHA-256 under the key over the framed label and the digest.
pub fn commit(key: &CommitmentKey, digest: &Digest) -> Digest {
    let mut message = framed(COMMITMENT);
    message.extend_from_slice(&digest.0);
    hmac(&key.0, &message)
}

/// HMAC-SHA-256 under a key over the framed label and parts: `u8(length) label (u64(length)
/// part)*`.
///
/// Without the key nobody can try what the parts were.
pub fn keyed_hash<const N: usize>(key: &[u8; N], label: &str, parts: &[&[u8]]) -> Digest {
    let mut message = framed(label);
    for part in parts {
        message.extend_from_slice(&(part.len() as u64).to_be_bytes());
        message.extend_from_slice(part);
    }
    hmac(key, &message)
}

/// RFC 2104, for keys no longer than the 64-byte block of SHA-256.
fn hmac<const N: usize>(key: &[u8; N], message: &[u8]) -> Digest {
    const { assert!(N <= 64, "a longer key would have to be hashed first") };
    let mut block = [0; 64];
    block[..N].copy_from_slice(key);
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    let outer = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize();
    Digest(outer.into())
}

#[cfg(test)]
mod tests;
