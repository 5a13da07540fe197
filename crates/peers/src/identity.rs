//! The key that a node shows on its links, as a raw public key (RFC 7250).

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::PeerError;

/// PKCS #8 before an Ed25519 seed (RFC 8410 7).
const PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// SubjectPublicKeyInfo before an Ed25519 public key (RFC 8410 4).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The Ed25519 key pair of a node's links.
#[derive(Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    public: [u8; 32],
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Identity(..)")
    }
}

impl Identity {
    /// The key pair of this seed; give it a seed of its own.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, PeerError> {
        let mut pkcs8 = Zeroizing::new([0; PKCS8.len() + 32]);
        pkcs8[..PKCS8.len()].copy_from_slice(&PKCS8);
        pkcs8[PKCS8.len()..].copy_from_slice(seed);
        let library = |reason: &str| PeerError::Library(reason.to_owned());
        let der = PrivatePkcs8KeyDer::from(pkcs8.as_slice());
        let key = rustls::crypto::aws_lc_rs::sign::any_eddsa_type(&der)
            .map_err(|error| library(&error.to_string()))?;
        let info = key.public_key().ok_or(library("no public key"))?;
        let public = key_in(&info).ok_or(library("no Ed25519 key"))?;
        let shown = CertificateDer::from(info.to_vec());
        let key = Arc::new(CertifiedKey::new(vec![shown], key));
        Ok(Self { key, public })
    }

    /// What the registry pins.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}

/// The key in a SubjectPublicKeyInfo. There is one byte string for each key: no parser is needed,
/// and none can be fooled.
pub(crate) fn key_in(info: &[u8]) -> Option<[u8; 32]> {
    info.strip_prefix(&SPKI)?.try_into().ok()
}
