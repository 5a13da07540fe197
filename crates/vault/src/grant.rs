//! The key of a grant, and the key pairs that it is sealed to. Bytes: `docs/reference/keys.md`.
//!
//! HPKE base mode (RFC 9180) with X-Wing, HKDF-SHA-256 and AES-256-GCM. Who sealed it is not said
//! here: the custodian signs the sealed key (`hospital`).

use std::fmt;

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::aead::TAG;
use crate::envelope::NAME_BYTES_MAX;
use crate::keys::{derive, random, same};
use crate::{RootKey, VaultError};

mod dice;

use dice::Dice;

/// Bytes of an X-Wing public key: ML-KEM-768 (1,184), then X25519 (32).
pub const PUBLIC_BYTES: usize = 1216;
/// Bytes of a sealed grant key: suite, X-Wing ciphertext, key and tag.
pub const SEALED_BYTES: usize = 1 + ENCAPSULATED + 32 + TAG;

/// Suite 1: X-Wing (0x647a), HKDF-SHA-256 (0x0001), AES-256-GCM (0x0002).
const SUITE: u8 = 1;
const ENCAPSULATED: usize = 1120;
const DOMAIN: &[u8] = b"salus/grant-key/v1\0";

type Public = <XWing as Kem>::PublicKey;
type Private = <XWing as Kem>::PrivateKey;
type Encapsulated = <XWing as Kem>::EncappedKey;

/// What a grant key is sealed for; it opens for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantContext<'a> {
    /// Organisation that keeps the records.
    pub custodian: &'a str,
    /// Organisation that may read them.
    pub recipient: &'a str,
    /// Id of the grant on the ledger.
    pub grant_id: &'a [u8],
}

impl GrantContext<'_> {
    /// The `info` of HPKE: each part preceded by its length, so that no two contexts collide.
    fn bytes(&self) -> Result<Vec<u8>, VaultError> {
        let mut bytes = DOMAIN.to_vec();
        for part in [
            self.custodian.as_bytes(),
            self.recipient.as_bytes(),
            self.grant_id,
        ] {
            named(&mut bytes, part)?;
        }
        Ok(bytes)
    }
}

/// Appends a name or an id, its length in 4 bytes before it.
pub(crate) fn named(bytes: &mut Vec<u8>, part: &[u8]) -> Result<(), VaultError> {
    let refused = VaultError::TooLarge {
        what: "name",
        bound: NAME_BYTES_MAX,
    };
    if part.len() > NAME_BYTES_MAX {
        return Err(refused);
    }
    let length = u32::try_from(part.len()).map_err(|_| refused)?;
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
    Ok(())
}

/// The X-Wing key pair of an organisation or a patient, from a 32-byte seed.
///
/// The seed is the whole private key (draft-connolly-cfrg-xwing-kem, 5.2): the pair is expanded
/// from it at each use and is never kept.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct WrapKey([u8; 32]);

impl fmt::Debug for WrapKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WrapKey(..)")
    }
}

impl WrapKey {
    /// The key pair of this seed; give it a seed of its own (`keys::derive`).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(*seed)
    }

    /// What others seal to; the ledger's registry carries it.
    pub fn public(&self) -> [u8; PUBLIC_BYTES] {
        XWing::sk_to_pk(&self.private()).to_bytes().into()
    }

    /// Opens a grant key that was sealed to this pair for exactly this context.
    pub fn open(&self, sealed: &[u8], context: &GrantContext<'_>) -> Result<GrantKey, VaultError> {
        let form = |reason| VaultError::Format {
            what: "sealed grant key",
            reason,
        };
        if sealed.len() != SEALED_BYTES {
            return Err(form("wrong length"));
        }
        let (suite, rest) = sealed.split_first().ok_or(form("wrong length"))?;
        if *suite != SUITE {
            return Err(form("unknown suite"));
        }
        let (encapsulated, body) = rest.split_at(ENCAPSULATED);
        let refused = VaultError::Sealed("grant key");
        let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| refused.clone())?;
        let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.private(),
            &encapsulated,
            &context.bytes()?,
            body,
            &[],
        );
        let opened = Zeroizing::new(opened.map_err(|_| refused.clone())?);
        let bytes = <&[u8; 32]>::try_from(opened.as_slice()).map_err(|_| refused)?;
        Ok(GrantKey(*bytes))
    }

    fn private(&self) -> Private {
        #[expect(
            clippy::expect_used,
            reason = "the library refuses only other lengths of a seed"
        )]
        Private::from_bytes(&self.0).expect("invariant: an X-Wing seed has 32 bytes")
    }
}

/// The key of one grant to one organisation: data keys of what is released travel under it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct GrantKey([u8; 32]);

/// In constant time.
impl PartialEq for GrantKey {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for GrantKey {}

impl fmt::Debug for GrantKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("GrantKey(..)")
    }
}

impl GrantKey {
    /// A fresh key.
    pub fn fresh() -> Result<Self, VaultError> {
        Ok(Self(random()?))
    }

    /// A key from its bytes, for tests and recovery.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Seals the key to a recipient's X-Wing public key; only its [`WrapKey`] opens it.
    pub fn seal_to(
        &self,
        recipient_public: &[u8],
        context: &GrantContext<'_>,
    ) -> Result<Vec<u8>, VaultError> {
        self.seal_with(Dice::fresh()?, recipient_public, context)
    }

    fn seal_with(
        &self,
        mut dice: Dice,
        recipient_public: &[u8],
        context: &GrantContext<'_>,
    ) -> Result<Vec<u8>, VaultError> {
        // FIPS 203 7.2: a public key whose numbers are not reduced is refused here.
        let public = Public::from_bytes(recipient_public).map_err(|_| VaultError::Format {
            what: "public key",
            reason: "not an X-Wing public key",
        })?;
        let (encapsulated, body) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
            &OpModeS::Base,
            &public,
            &context.bytes()?,
            &self.0,
            &[],
            &mut dice,
        )
        .map_err(|_| VaultError::Library("encryption"))?;
        let mut sealed = Vec::with_capacity(SEALED_BYTES);
        sealed.push(SUITE);
        sealed.extend_from_slice(&encapsulated.to_bytes());
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Seals the key under the organisation's own root key, to keep it beside the grant.
    pub fn keep(&self, root: &RootKey, grant_id: &[u8]) -> Result<Vec<u8>, VaultError> {
        root.seal_secret(&kept(grant_id), &self.0)
    }

    /// Opens what [`GrantKey::keep`] sealed.
    pub fn kept(root: &RootKey, grant_id: &[u8], sealed: &[u8]) -> Result<Self, VaultError> {
        let refused = VaultError::Sealed("grant key");
        let opened = root
            .open_secret(&kept(grant_id), sealed)
            .map_err(|_| refused.clone())?;
        let bytes = <&[u8; 32]>::try_from(opened.as_slice()).map_err(|_| refused)?;
        Ok(Self(*bytes))
    }

    /// The key itself, for whom it is a name's key and opens nothing.
    pub fn bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// A key of its own for each of its purposes.
    pub(crate) fn purpose(&self, label: &str) -> Zeroizing<[u8; 32]> {
        derive(&self.0, label)
    }
}

/// The label of a kept grant key: its id in hexadecimal.
fn kept(grant_id: &[u8]) -> String {
    use std::fmt::Write;
    grant_id
        .iter()
        .fold("grant-key/".to_owned(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

#[cfg(test)]
mod tests;
