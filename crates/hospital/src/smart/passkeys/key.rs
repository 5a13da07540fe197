//! Public keys of passkeys (COSE), and what fits them. RFC 9053 7, RFC 8230 4, RFC 8812 2.

use ciborium::Value;

use super::said::{Unfit, field, whole};

/// The algorithms that are asked for, in the order that is liked: EdDSA, ES256, RS256.
pub(super) const ALGORITHMS: [i64; 3] = [-8, -7, -257];

/// A public key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Es256 { x: [u8; 32], y: [u8; 32] },
    EdDsa([u8; 32]),
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

fn number(key: &Value, name: i64) -> Result<i64, Unfit> {
    let found = field(key, &name.into())?.as_integer();
    let found = found.and_then(|value| i64::try_from(value).ok());
    found.ok_or(Unfit::Key)
}

fn bytes(key: &Value, name: i64) -> Result<&[u8], Unfit> {
    let found = field(key, &name.into())?.as_bytes();
    found.map(Vec::as_slice).ok_or(Unfit::Key)
}

fn coordinate(key: &Value, name: i64) -> Result<[u8; 32], Unfit> {
    bytes(key, name)?.try_into().map_err(|_| Unfit::Key)
}

impl Key {
    /// Reads a COSE key; its algorithm must be one that was asked for.
    pub(super) fn read(cose: &[u8]) -> Result<Self, Unfit> {
        let key = whole(cose)?;
        let (kind, algorithm) = (number(&key, 1)?, number(&key, 3)?);
        match (algorithm, kind) {
            (-7, 2) if number(&key, -1)? == 1 => Ok(Self::Es256 {
                x: coordinate(&key, -2)?,
                y: coordinate(&key, -3)?,
            }),
            (-8, 1) if number(&key, -1)? == 6 => {
                let point = coordinate(&key, -2)?;
                let sound = proof::PublicKey(point).is_sound();
                sound.then_some(Self::EdDsa(point)).ok_or(Unfit::Key)
            }
            (-257, 3) => Ok(Self::Rs256 {
                n: bytes(&key, -1)?.to_vec(),
                e: bytes(&key, -2)?.to_vec(),
            }),
            (other, _) if ALGORITHMS.contains(&other) => Err(Unfit::Key),
            _ => Err(Unfit::Algorithm),
        }
    }

    /// Its algorithm.
    pub(super) fn algorithm(&self) -> i64 {
        match self {
            Self::Es256 { .. } => -7,
            Self::EdDsa(_) => -8,
            Self::Rs256 { .. } => -257,
        }
    }

    /// Whether a signature over a message is by this key.
    pub(super) fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256 { x, y } => vault::passkey::fits_es256(x, y, message, signature),
            Self::Rs256 { n, e } => vault::passkey::fits_rs256(n, e, message, signature),
            Self::EdDsa(key) => {
                let signature = signature.try_into().map(proof::Signature);
                signature.is_ok_and(|it| proof::PublicKey(*key).verify(message, &it))
            }
        }
    }
}
