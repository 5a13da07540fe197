//! The randomness of one encapsulation, drawn before it is needed.
//!
//! HPKE wants a source that cannot fail. Ours can (the system has no randomness), so the bytes are
//! drawn first, and the source hands them out; it also lets vectors be frozen.

use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::VaultError;
use crate::keys::random;

/// What X-Wing takes: 32 bytes for ML-KEM, 32 for X25519.
const BYTES: usize = 64;

/// The random bytes of one encapsulation.
pub(super) struct Dice {
    bytes: Zeroizing<[u8; BYTES]>,
    used: usize,
}

impl Dice {
    /// Bytes from the system.
    pub(super) fn fresh() -> Result<Self, VaultError> {
        Ok(Self::loaded(random()?))
    }

    /// Bytes that are known, for vectors.
    pub(super) fn loaded(bytes: [u8; BYTES]) -> Self {
        Self {
            bytes: Zeroizing::new(bytes),
            used: 0,
        }
    }
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let end = self.used + out.len();
        assert!(
            end <= BYTES,
            "invariant: X-Wing takes 64 random bytes, once (its encaps, 5.4 of the draft)"
        );
        out.copy_from_slice(&self.bytes[self.used..end]);
        self.used = end;
        Ok(())
    }
}

impl TryCryptoRng for Dice {}
