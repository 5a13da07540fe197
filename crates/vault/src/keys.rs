//! Vault keys, derived keys and random bytes.

use std::fmt;

use aws_lc_rs::{hkdf, hmac, rand};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::VaultError;

/// The salt of every HKDF-Extract in this crate: one domain for Salus, one version.
pub(crate) const SALT: &[u8] = b"salus/keys/v1";

/// The key that wraps the data keys of one patient's records (or of one other group of records).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct VaultKey([u8; 32]);

impl VaultKey {
    /// A vault key from its bytes; used by recovery and by tests.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("VaultKey(..)")
    }
}

/// Random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| VaultError::Library("no randomness"))?;
    Ok(bytes)
}

/// A key of its own for every purpose: HKDF-SHA-256 with the label as `info` (RFC 5869).
pub fn derive(seed: &[u8; 32], label: &str) -> Zeroizing<[u8; 32]> {
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(seed);
    let mut key = Zeroizing::new([0; 32]);
    expand(&secret, &[label.as_bytes()], key.as_mut_slice());
    key
}

/// HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists collide.
pub fn mark(key: &[u8; 32], label: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in std::iter::once(&label.as_bytes()).chain(parts) {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.sign().as_ref());
    bytes
}

/// HMAC-SHA-256 (RFC 2104) of a message under a secret that somebody else chose: what others check
/// with any library.
pub fn hmac_sha256(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let signed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message);
    bytes.copy_from_slice(signed.as_ref());
    bytes
}

/// Whether two marks are equal, in constant time.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand into `out`.
pub(crate) fn expand(secret: &hkdf::Prk, info: &[&[u8]], out: &mut [u8]) {
    let filled = secret
        .expand(info, Length(out.len()))
        .and_then(|stream| stream.fill(out));
    #[expect(
        clippy::expect_used,
        reason = "the library refuses only lengths over 255 hashes"
    )]
    filled.expect("invariant: every key of this crate is shorter than 255 hashes");
}
