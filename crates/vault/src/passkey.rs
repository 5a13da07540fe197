//! Signatures by the passkeys of people. The keys are theirs; here is only the check.
//! WebAuthn 2 5.8.5, RFC 9053 2.1, RFC 8812 2.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

/// ES256: ECDSA on P-256 with SHA-256. The signature is in DER; a point off the curve fits nothing.
pub fn fits_es256(x: &[u8; 32], y: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    // SEC 1 2.3.3: an uncompressed point.
    let mut point = [4_u8; 65];
    point[1..33].copy_from_slice(x);
    point[33..].copy_from_slice(y);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
    key.verify(message, signature).is_ok()
}

/// RS256: RSASSA-PKCS1-v1_5 with SHA-256, of 2048 to 8192 bits.
pub fn fits_rs256(n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = RsaPublicKeyComponents { n, e };
    let kind = &RSA_PKCS1_2048_8192_SHA256;
    key.verify(kind, message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdKey;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    #[test]
    fn a_signature_fits_its_key_and_message_only() {
        let kind = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pair = EcdsaKeyPair::generate(kind).unwrap();
        let signature = pair.sign(&SystemRandom::new(), b"said").unwrap();
        let point = pair.public_key().as_ref();
        let x: [u8; 32] = point[1..33].try_into().unwrap();
        let y: [u8; 32] = point[33..].try_into().unwrap();
        assert!(fits_es256(&x, &y, b"said", signature.as_ref()));
        assert!(!fits_es256(&x, &y, b"sail", signature.as_ref()));
        assert!(!fits_es256(&y, &x, b"said", signature.as_ref()));
        assert!(!fits_es256(&x, &[0; 32], b"said", signature.as_ref()));
        assert!(!fits_es256(&x, &y, b"said", &[]));
        let key = IdKey::generate().unwrap();
        let (n, e) = key.public();
        let signature = key.sign(b"said").unwrap();
        assert!(fits_rs256(&n, &e, b"said", &signature));
        assert!(!fits_rs256(&n, &e, b"sail", &signature));
        assert!(!fits_rs256(&[3], &e, b"said", &signature));
        assert!(!fits_rs256(&[], &[], b"said", &signature));
    }
}
