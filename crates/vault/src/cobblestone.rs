//! Cobblestone-256: chunked encryption with HKDF-Expand-SHA-512 and AES-256-GCM.
//!
//! <https://c2sp.org/chunked-encryption>. `salt (24) || commitment (32) || chunks`.

use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::aead::{Cipher, NONCE, TAG};
use crate::keys::expand;

/// Plaintext bytes of a full chunk; the last chunk is always shorter.
pub const CHUNK: usize = 16 * 1024;
/// Length of the salt.
pub const SALT: usize = 24;
/// Length of salt and commitment.
pub const HEAD: usize = SALT + 32;

const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

struct Derived {
    cipher: Cipher,
    base: [u8; NONCE],
    commitment: [u8; 32],
}

fn derive(input: &[u8; 32], salt: &[u8; SALT], context: &[u8]) -> Derived {
    let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, input);
    let mut stream = Zeroizing::new([0; 32 + NONCE + 32]);
    expand(&secret, &[INFO, salt, context], stream.as_mut_slice());
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(&stream[..32]);
    let mut base = [0; NONCE];
    base.copy_from_slice(&stream[32..32 + NONCE]);
    let mut commitment = [0; 32];
    commitment.copy_from_slice(&stream[32 + NONCE..]);
    Derived {
        cipher: Cipher::new(&key),
        base,
        commitment,
    }
}

/// The base nonce XOR the chunk number, big-endian. The number is far below 2^38: see the bound
/// in `envelope`.
fn nonce(base: [u8; NONCE], number: u64) -> [u8; NONCE] {
    let mut nonce = base;
    for (byte, counter) in nonce[NONCE - 8..].iter_mut().zip(number.to_be_bytes()) {
        *byte ^= counter;
    }
    nonce
}

/// Appends the encrypted message to `out`. The salt must never repeat under one input key.
pub fn seal(
    input: &[u8; 32],
    salt: &[u8; SALT],
    context: &[u8],
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let derived = derive(input, salt, context);
    out.extend_from_slice(salt);
    out.extend_from_slice(&derived.commitment);
    let full = message.len() / CHUNK;
    for number in 0..=full {
        let chunk = &message[number * CHUNK..message.len().min((number + 1) * CHUNK)];
        let from = out.len();
        out.extend_from_slice(chunk);
        derived
            .cipher
            .seal(nonce(derived.base, number as u64), &[], out, from)
            .ok_or(VaultError::Library("encryption"))?;
    }
    Ok(())
}

/// Whether the message was sealed under this key and context, without decrypting any of it.
pub(crate) fn check(input: &[u8; 32], context: &[u8], sealed: &[u8]) -> Result<(), VaultError> {
    committed(input, context, sealed).map(|_| ())
}

/// Derives the keys and compares the commitment; answers them with the chunks.
fn committed<'a>(
    input: &[u8; 32],
    context: &[u8],
    sealed: &'a [u8],
) -> Result<(Derived, &'a [u8]), VaultError> {
    let short = VaultError::Format {
        what: "envelope",
        reason: "too short",
    };
    let (salt, rest) = sealed.split_first_chunk::<SALT>().ok_or(short.clone())?;
    let (commitment, chunks) = rest.split_first_chunk::<32>().ok_or(short)?;
    let derived = derive(input, salt, context);
    if !crate::keys::same(commitment, &derived.commitment) {
        return Err(VaultError::Commitment);
    }
    Ok((derived, chunks))
}

/// A message that is encrypted or decrypted chunk by chunk, in order.
pub(crate) struct Chunks {
    derived: Derived,
    number: u64,
}

impl Chunks {
    /// The keys of a message, and the commitment to them that follows its salt.
    pub(crate) fn new(input: &[u8; 32], salt: &[u8; SALT], context: &[u8]) -> (Self, [u8; 32]) {
        let derived = derive(input, salt, context);
        let commitment = derived.commitment;
        (Self { derived, number: 0 }, commitment)
    }

    fn next(&mut self) -> Result<[u8; NONCE], VaultError> {
        // NIST SP 800-38D 8.3: so many invocations under one key.
        if self.number >= 1 << 32 {
            return Err(VaultError::TooLarge {
                what: "message",
                bound: CHUNK << 32,
            });
        }
        let nonce = nonce(self.derived.base, self.number);
        self.number += 1;
        Ok(nonce)
    }

    /// Encrypts the next chunk in place; one that is shorter than a full one is the last.
    pub(crate) fn seal(&mut self, chunk: &mut Vec<u8>) -> Result<(), VaultError> {
        let nonce = self.next()?;
        let sealed = self.derived.cipher.seal(nonce, &[], chunk, 0);
        sealed.ok_or(VaultError::Library("encryption"))
    }

    /// Appends the plaintext of the next chunk to `out`.
    pub(crate) fn open(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), VaultError> {
        let nonce = self.next()?;
        let opened = self.derived.cipher.open(nonce, &[], sealed, out);
        opened.ok_or(VaultError::Changed)
    }
}

/// Decrypts a whole message. The commitment is compared before any chunk is touched.
pub fn open(
    input: &[u8; 32],
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (derived, chunks) = committed(input, context, sealed)?;
    // The last chunk is shorter than a full one, possibly empty: its absence is a truncation.
    let full = chunks.len() / (CHUNK + TAG);
    if chunks.len() - full * (CHUNK + TAG) < TAG {
        return Err(VaultError::Changed);
    }
    let mut message = Zeroizing::new(Vec::with_capacity(chunks.len()));
    for (number, chunk) in chunks.chunks(CHUNK + TAG).enumerate() {
        derived
            .cipher
            .open(nonce(derived.base, number as u64), &[], chunk, &mut message)
            .ok_or(VaultError::Changed)?;
    }
    Ok(message)
}
