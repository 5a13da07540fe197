//! A verifiable random function: ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381.
//!
//! Who holds the key gets one number for each input, and no choice; everybody else gets none until
//! it is shown, and then a proof that it is the one. Hashing to the curve takes a number of tries
//! that depends on the input: inputs here are public in the end, so that time tells nothing
//! (RFC 9381 7.5). `tests/vrf.rs` has the vectors of its appendix B.3.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest as _, Sha512};
use std::fmt;

use crate::codec::{Canonical, CodecError, Reader, Writer};

/// `suite_string` (RFC 9381 5.5).
const SUITE: u8 = 0x03;
/// Bytes of a challenge: `cLen`.
const CHALLENGE_BYTES: usize = 16;
/// Bytes of a proof: a point, a challenge and a scalar.
pub const VRF_PROOF_BYTES: usize = 32 + CHALLENGE_BYTES + 32;

/// The key of whoever draws. It is not shown by `Debug`.
#[derive(Clone)]
pub struct VrfKey {
    scalar: Scalar,
    /// What nonces are made of (RFC 9381 5.4.2.2).
    prefix: [u8; 32],
    public: VrfPublic,
}

impl fmt::Debug for VrfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VrfKey(of {:?})", self.public)
    }
}

/// What others verify with, as its 32 bytes; they need not encode a point.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct VrfPublic(pub [u8; 32]);

/// `pi_string`: that an output is the one of an input under a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VrfProof(pub [u8; VRF_PROOF_BYTES]);

/// `beta_string`: nobody can tell it from random bytes without the key or the proof.
pub type VrfOutput = [u8; 64];

impl VrfKey {
    /// The key of an RFC 8032 seed (5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let (low, prefix) = halves(&Sha512::digest(seed).into());
        let scalar = Scalar::from_bytes_mod_order(clamp_integer(low));
        let public = EdwardsPoint::mul_base(&scalar).compress();
        Self {
            scalar,
            prefix,
            public: VrfPublic(public.to_bytes()),
        }
    }

    /// What others verify with.
    pub fn public(&self) -> VrfPublic {
        self.public
    }

    /// The output of an input, and its proof (RFC 9381 5.1). None: no point was found for the
    /// input, which nobody will live to see.
    pub fn prove(&self, input: &[u8]) -> Option<(VrfOutput, VrfProof)> {
        let hash = encode_to_curve(&self.public, input)?;
        let hashed = hash.compress().to_bytes();
        let gamma = hash * self.scalar;
        let nonce = Sha512::new().chain_update(self.prefix).chain_update(hashed);
        let nonce = Scalar::from_bytes_mod_order_wide(&nonce.finalize().into());
        let points = [gamma, EdwardsPoint::mul_base(&nonce), hash * nonce];
        let (challenge, bytes) = challenge(&self.public, &hashed, &points);
        let response = nonce + challenge * self.scalar;
        let mut proof = [0; VRF_PROOF_BYTES];
        proof[..32].copy_from_slice(gamma.compress().as_bytes());
        proof[32..48].copy_from_slice(&bytes);
        proof[48..].copy_from_slice(response.as_bytes());
        Some((output(&gamma), VrfProof(proof)))
    }
}

impl VrfPublic {
    /// Whether it encodes a point that is not of low order: only then has an input one output
    /// (RFC 9381 5.4.5).
    pub fn is_sound(&self) -> bool {
        self.point().is_some()
    }

    /// The output that a proof shows for an input; none if it shows nothing (RFC 9381 5.3).
    pub fn verify(&self, input: &[u8], proof: &VrfProof) -> Option<VrfOutput> {
        let key = self.point()?;
        let (gamma, challenged, response) = proof.parts()?;
        let hash = encode_to_curve(self, input)?;
        let hashed = hash.compress().to_bytes();
        let minus = -scalar_of(&challenged);
        let u = EdwardsPoint::vartime_double_scalar_mul_basepoint(&minus, &key, &response);
        let v = hash * response + gamma * minus;
        let (_, expected) = challenge(self, &hashed, &[gamma, u, v]);
        (expected == challenged).then(|| output(&gamma))
    }

    fn point(&self) -> Option<EdwardsPoint> {
        point(&self.0).filter(|it| !it.is_small_order())
    }
}

impl VrfProof {
    /// RFC 9381 5.4.4.
    fn parts(&self) -> Option<(EdwardsPoint, [u8; CHALLENGE_BYTES], Scalar)> {
        let (gamma, rest) = self.0.split_first_chunk::<32>()?;
        let (challenge, response) = rest.split_first_chunk::<CHALLENGE_BYTES>()?;
        let response = Scalar::from_canonical_bytes(response.try_into().ok()?);
        Some((point(gamma)?, *challenge, Option::<Scalar>::from(response)?))
    }
}

/// RFC 8032 5.1.3: one encoding of each point. The library also takes a second one of a few.
fn point(bytes: &[u8; 32]) -> Option<EdwardsPoint> {
    let point = CompressedEdwardsY(*bytes).decompress()?;
    (point.compress().as_bytes() == bytes).then_some(point)
}

/// Try and increment (RFC 9381 5.4.1.1).
fn encode_to_curve(key: &VrfPublic, input: &[u8]) -> Option<EdwardsPoint> {
    (0..=u8::MAX).find_map(|counter| {
        let hash = Sha512::new()
            .chain_update([SUITE, 0x01])
            .chain_update(key.0)
            .chain_update(input)
            .chain_update([counter, 0x00]);
        let (bytes, _) = halves(&hash.finalize().into());
        let found = point(&bytes)?.mul_by_cofactor();
        (!found.is_identity()).then_some(found)
    })
}

/// RFC 9381 5.4.3, as a scalar and as its bytes.
fn challenge(
    key: &VrfPublic,
    hashed: &[u8; 32],
    points: &[EdwardsPoint; 3],
) -> (Scalar, [u8; CHALLENGE_BYTES]) {
    let mut hash = Sha512::new()
        .chain_update([SUITE, 0x02])
        .chain_update(key.0)
        .chain_update(hashed);
    for point in points {
        hash.update(point.compress().as_bytes());
    }
    hash.update([0x00]);
    let mut bytes = [0; CHALLENGE_BYTES];
    bytes.copy_from_slice(&hash.finalize()[..CHALLENGE_BYTES]);
    (scalar_of(&bytes), bytes)
}

fn scalar_of(challenge: &[u8; CHALLENGE_BYTES]) -> Scalar {
    u128::from_le_bytes(*challenge).into()
}

/// RFC 9381 5.2.
fn output(gamma: &EdwardsPoint) -> VrfOutput {
    Sha512::new()
        .chain_update([SUITE, 0x03])
        .chain_update(gamma.mul_by_cofactor().compress().as_bytes())
        .chain_update([0x00])
        .finalize()
        .into()
}

fn halves(bytes: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut low, mut high) = ([0; 32], [0; 32]);
    low.copy_from_slice(&bytes[..32]);
    high.copy_from_slice(&bytes[32..]);
    (low, high)
}

impl Canonical for VrfPublic {
    fn write(&self, writer: &mut Writer) {
        writer.fixed(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.fixed().map(Self)
    }
}

impl Canonical for VrfProof {
    fn write(&self, writer: &mut Writer) {
        writer.fixed(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.fixed().map(Self)
    }
}
