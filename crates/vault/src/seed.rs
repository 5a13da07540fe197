//! A patient's seed: 32 bytes from which every key of the patient follows.
//!
//! The seed lies wrapped in up to three ways, and each opens it alone: under the root key of the
//! home organisation (custodial), under a key that a device's passkey gives, and as shares of
//! which two of three are needed ([`recovery`]). `docs/reference/keys.md` has labels and formats.

mod file;
mod gf256;
pub mod recovery;
mod share_text;

use std::fmt;

use aws_lc_rs::hkdf;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::aead::{NONCE, TAG};
use crate::keys::{SALT, derive, expand, mark, random};
use crate::root::{unwrap, wrap};
use crate::{RootKey, VaultError};

const CONSENT: &str = "patient/consent-signing";
const X_WING: &str = "patient/x-wing";
const LINKAGE: &str = "patient/linkage";
/// The grant's id follows.
const GRANT: &str = "patient/grant/";
/// The delegation's id follows.
const DELEGATOR: &str = "patient/delegation/";
/// The delegation's id follows.
const DELEGATE: &str = "patient/delegate/";
const DEVICE: &str = "patient/device-wrap";
const PSEUDONYM: &str = "patient/pseudonym";

/// Length of a wrapped seed.
pub const WRAPPED_BYTES: usize = NONCE + 32 + TAG;

/// The seed of one patient. `Debug` does not show it; it is wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl fmt::Debug for Seed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seed(..)")
    }
}

impl Seed {
    /// A fresh one.
    pub fn random() -> Result<Self, VaultError> {
        Ok(Self(random()?))
    }

    /// A seed from its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the patient's own device and for nobody else.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    /// The Ed25519 seed (RFC 8032) of the key that signs the patient's consents.
    pub fn consent_signing(&self) -> Zeroizing<[u8; 32]> {
        derive(&self.0, CONSENT)
    }

    /// The Ed25519 seed of the one-time key that alone revokes one grant. Two of them show no
    /// relation: nothing on the ledger tells that two grants are of the same patient.
    pub fn grant_authority(&self, grant: &[u8]) -> Zeroizing<[u8; 32]> {
        self.one_time(GRANT, grant)
    }

    /// The Ed25519 seed of the one-time key by which this patient lets somebody act, and ends it.
    pub fn delegator(&self, delegation: &[u8]) -> Zeroizing<[u8; 32]> {
        self.one_time(DELEGATOR, delegation)
    }

    /// The Ed25519 seed of the one-time key with which this patient acts for another one.
    pub fn delegate(&self, delegation: &[u8]) -> Zeroizing<[u8; 32]> {
        self.one_time(DELEGATE, delegation)
    }

    fn one_time(&self, label: &str, id: &[u8]) -> Zeroizing<[u8; 32]> {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(&self.0);
        let mut key = Zeroizing::new([0; 32]);
        // Both parts are joined; no label is the beginning of another, so no two inputs meet.
        expand(&secret, &[label.as_bytes(), id], key.as_mut_slice());
        key
    }

    /// The X-Wing seed (the 32-byte decapsulation key) of the patient.
    pub fn x_wing(&self) -> Zeroizing<[u8; 32]> {
        derive(&self.0, X_WING)
    }

    /// What this patient is called at an organisation. Two organisations cannot join their
    /// lists: without the seed, two pseudonyms of a patient are two random values.
    pub fn pseudonym(&self, organisation: &str) -> [u8; 32] {
        let linkage = derive(&self.0, LINKAGE);
        mark(&linkage, PSEUDONYM, &[organisation.as_bytes()])
    }

    /// Wraps the seed at the home organisation; it opens for this patient there only.
    pub fn wrap_custodial(
        &self,
        root: &RootKey,
        organisation: &str,
        patient: &str,
    ) -> Result<Vec<u8>, VaultError> {
        root.seal_secret(&custodial(organisation, patient), &self.0)
    }

    /// Opens what [`Seed::wrap_custodial`] wrapped.
    pub fn open_custodial(
        root: &RootKey,
        organisation: &str,
        patient: &str,
        wrapped: &[u8],
    ) -> Result<Self, VaultError> {
        let bytes = root.open_secret(&custodial(organisation, patient), wrapped)?;
        Self::opened(&bytes)
    }

    /// Wraps the seed under the secret that a passkey gives for it (WebAuthn 3, `prf`); the
    /// context names what the wrapping is for, as `st-mary/<patient>`.
    pub fn wrap_device(&self, prf: &[u8; 32], context: &str) -> Result<Vec<u8>, VaultError> {
        wrap(&derive(prf, DEVICE), context, &self.0)
    }

    /// Opens what [`Seed::wrap_device`] wrapped.
    pub fn open_device(prf: &[u8; 32], context: &str, wrapped: &[u8]) -> Result<Self, VaultError> {
        if wrapped.len() != WRAPPED_BYTES {
            return Err(VaultError::Sealed("seed"));
        }
        let bytes = unwrap(&derive(prf, DEVICE), context, wrapped);
        Self::opened(&bytes.ok_or(VaultError::Sealed("seed"))?)
    }

    fn opened(bytes: &[u8]) -> Result<Self, VaultError> {
        let bytes = bytes.try_into().map_err(|_| VaultError::Sealed("seed"))?;
        Ok(Self(bytes))
    }
}

/// The label of the custodial wrapping. Neither slugs nor ids of records hold a slash.
fn custodial(organisation: &str, patient: &str) -> String {
    format!("patient-seed/{organisation}/{patient}")
}
