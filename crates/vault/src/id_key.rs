//! The key that signs OpenID Connect id tokens: RSA, because SMART App Launch 2.2 asks for RS256
//! (`sso-openid-connect`: "Signed ID Token"). RFC 7518 3.3.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use zeroize::Zeroizing;

use crate::VaultError;

/// An RSA key of 2048 bits.
pub struct IdKey {
    pair: RsaKeyPair,
}

impl IdKey {
    /// A fresh key. Takes a moment: not on a thread that others wait for.
    pub fn generate() -> Result<Self, VaultError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)
            .map_err(|_| VaultError::Library("making an RSA key"))?;
        Ok(Self { pair })
    }

    /// The key as PKCS #8, to be sealed.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let der = self
            .pair
            .as_der()
            .map_err(|_| VaultError::Library("writing an RSA key"))?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// The key from [`IdKey::to_bytes`].
    pub fn from_bytes(der: &[u8]) -> Result<Self, VaultError> {
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| VaultError::Format {
            what: "id key",
            reason: "it is no RSA key in PKCS #8",
        })?;
        Ok(Self { pair })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| VaultError::Library("an RSA signature"))?;
        Ok(signature)
    }

    /// Modulus and exponent, big endian, for a JWK (RFC 7518 6.3.1).
    pub fn public(&self) -> (Vec<u8>, Vec<u8>) {
        let public = self.pair.public_key();
        (
            public.modulus().big_endian_without_leading_zero().to_vec(),
            public.exponent().big_endian_without_leading_zero().to_vec(),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    #[test]
    fn a_kept_key_signs_what_its_public_half_checks() {
        let made = IdKey::generate().unwrap();
        let kept = IdKey::from_bytes(&made.to_bytes().unwrap()).unwrap();
        assert_eq!(made.public(), kept.public());
        let signature = kept.sign(b"claims").unwrap();
        let (n, e) = made.public();
        let public = RsaPublicKeyComponents { n: &n, e: &e };
        let check =
            |message: &[u8]| public.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature);
        assert!(check(b"claims").is_ok());
        assert!(check(b"claimz").is_err());
        assert!(IdKey::from_bytes(b"no key").is_err());
    }
}
