//! Ed25519 by the rules of ZIP-215, the only ones the ledger knows.
//!
//! Other libraries disagree with each other on edge cases of RFC 8032. A ledger whose nodes
//! disagree forks, so nothing here may be verified with another crate. `tests/ed25519_vectors.rs`
//! pins the verdict on the 914 vectors of C2SP CCTV.

mod weak;

use std::fmt;
use std::str::FromStr;

use ed25519_zebra::{SigningKey, VerificationKey, VerificationKeyBytes, batch};
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest as _, Sha512};

use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::digest::{NotHex, parse_hex};

/// A signing key. It is not shown by `Debug`.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of an RFC 8032 seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// What others verify with.
    pub fn public(&self) -> PublicKey {
        PublicKey(VerificationKeyBytes::from(&self.0).into())
    }

    /// The RFC 8032 signature of a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public())
    }
}

/// A verification key as its 32 bytes; they need not encode a point.
/// Shown and parsed as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether ZIP-215 accepts the signature of the message under this key.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_zebra::Signature::from_bytes(&signature.0);
        VerificationKey::try_from(self.0).is_ok_and(|key| key.verify(&signature, message).is_ok())
    }

    /// Whether somebody can hold the secret of this key: it encodes a point, and not one of
    /// low order, under which anybody can make signatures that ZIP-215 accepts.
    pub fn is_sound(&self) -> bool {
        !weak::is_low_order(&self.0) && VerificationKey::try_from(self.0).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKey {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        parse_hex(text).map(Self)
    }
}

impl Canonical for PublicKey {
    fn write(&self, writer: &mut Writer) {
        writer.fixed(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.fixed().map(Self)
    }
}

/// The 64 bytes of a signature; they need not verify under any key.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Canonical for Signature {
    fn write(&self, writer: &mut Writer) {
        writer.fixed(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.fixed().map(Self)
    }
}

/// One signature to verify among others.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who is said to have signed.
    pub key: PublicKey,
    /// What was signed.
    pub message: &'a [u8],
    /// The signature.
    pub signature: Signature,
}

/// Whether every claim holds, at about half the cost of verifying one by one.
///
/// ZIP-215 makes both ways agree. The coefficients come from a hash of all claims, so the
/// verdict needs no randomness: whoever wants a false claim to pass must find, by trial,
/// claims whose hash cancels a 128-bit equation.
pub fn verify_all(claims: &[Claim<'_>]) -> bool {
    let mut verifier = batch::Verifier::new();
    let mut transcript = Sha512::new();
    for claim in claims {
        let signature = ed25519_zebra::Signature::from_bytes(&claim.signature.0);
        verifier.queue((
            VerificationKeyBytes::from(claim.key.0),
            signature,
            claim.message,
        ));
        transcript.update(claim.key.0);
        transcript.update(claim.signature.0);
        transcript.update((claim.message.len() as u64).to_be_bytes());
        transcript.update(claim.message);
    }
    verifier.verify(Coefficients::from(transcript)).is_ok()
}

/// The coefficients of a batch: SHA-512 of the transcript and a counter.
struct Coefficients {
    seed: [u8; 64],
    counter: u64,
}

impl From<Sha512> for Coefficients {
    fn from(transcript: Sha512) -> Self {
        Self {
            seed: transcript.finalize().into(),
            counter: 0,
        }
    }
}

impl RngCore for Coefficients {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(64) {
            let block = Sha512::new()
                .chain_update(self.seed)
                .chain_update(self.counter.to_be_bytes())
                .finalize();
            self.counter += 1;
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Coefficients {}
