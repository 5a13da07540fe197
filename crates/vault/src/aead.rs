//! AES-256-GCM under one name (RFC 5116 5.2).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// Length of the authentication tag.
pub(crate) const TAG: usize = 16;
/// Length of a nonce.
pub(crate) const NONCE: usize = 12;

/// A cipher ready to use.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    /// A cipher under this key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key);
        #[expect(
            clippy::expect_used,
            reason = "the library refuses only other key lengths"
        )]
        let key = key.expect("invariant: an AES-256 key has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Encrypts `text[from..]` in place and appends the tag. `None`: the library refused.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE],
        bound: &[u8],
        text: &mut Vec<u8>,
        from: usize,
    ) -> Option<()> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let (_, body) = text.split_at_mut_checked(from)?;
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(bound), body);
        text.extend_from_slice(tag.ok()?.as_ref());
        Some(())
    }

    /// Appends the plaintext of `sealed` to `out`; on failure `out` is as before.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE],
        bound: &[u8],
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        let from = out.len();
        out.resize(from + body.len(), 0);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened =
            self.0
                .open_separate_gather(nonce, Aad::from(bound), body, tag, &mut out[from..]);
        if opened.is_err() {
            out.truncate(from);
            return None;
        }
        Some(())
    }
}
