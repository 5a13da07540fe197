//! The key of a SMART Health Link, files under it (JWE), and what is kept of both.
//!
//! A file is a JWE in compact form: `alg` is `dir`, `enc` is `A256GCM`. It is not compressed:
//! widely used libraries inflate 250 kB at most, or nothing. The key is in the link that the
//! patient hands on. What lies here is sealed under the patient's vault key, so that it goes with
//! the patient. RFC 7516 3.1 and 5.1, RFC 7518 4.5 and 5.3,
//! <https://hl7.org/fhir/uv/smart-health-cards-and-links/links-specification.html>

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::aead::{Cipher, NONCE, TAG};
use crate::keys::{derive, random};
use crate::root::{unwrap, wrap};
use crate::{VaultError, VaultKey};

/// Largest file.
const FILE_BYTES_MAX: usize = 64 << 20;
const BESIDE: &str = "vault/beside-records";

/// The key of one link.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct LinkKey([u8; 32]);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("LinkKey(..)")
    }
}

impl LinkKey {
    /// A fresh one.
    pub fn fresh() -> Result<Self, VaultError> {
        Ok(Self(random()?))
    }

    /// A key from the bytes of [`LinkKey::reveal`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VaultError> {
        let bytes = bytes.try_into();
        bytes.map(Self).map_err(|_| VaultError::Format {
            what: "key of a link",
            reason: "it has not 32 bytes",
        })
    }

    /// The bytes, to be kept beside the records or handed on in the link.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key as the link has it: 43 characters.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// Encrypts a file. `content_type` goes into `cty`.
    pub fn encrypt(&self, content_type: &str, file: &[u8]) -> Result<String, VaultError> {
        if file.len() > FILE_BYTES_MAX {
            return Err(VaultError::TooLarge {
                what: "file of a link",
                bound: FILE_BYTES_MAX,
            });
        }
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if !content_type.bytes().all(plain) {
            return Err(VaultError::Format {
                what: "content type",
                reason: "it has other characters than a media type",
            });
        }
        let head = format!(r#"{{"alg":"dir","enc":"A256GCM","cty":"{content_type}"}}"#);
        let head = URL_SAFE_NO_PAD.encode(head);
        // Room for the tag from the start: the plaintext is never left behind by a reallocation.
        let mut body = Vec::with_capacity(file.len() + TAG);
        body.extend_from_slice(file);
        let nonce = random::<NONCE>()?;
        // RFC 7516 5.1 step 14: the encoded header is the associated data.
        Cipher::new(&self.0)
            .seal(nonce, head.as_bytes(), &mut body, 0)
            .ok_or(VaultError::Library("encryption"))?;
        let (body, tag) = body.split_at(body.len() - TAG);
        let [nonce, body, tag] = [&nonce[..], body, tag].map(|it| URL_SAFE_NO_PAD.encode(it));
        // `dir`: there is no encrypted key (RFC 7518 4.5).
        Ok(format!("{head}..{nonce}.{body}.{tag}"))
    }
}

/// Seals what belongs to a patient and is no record, under a name that it opens by again.
pub fn keep_beside(key: &VaultKey, name: &str, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    wrap(&derive(key.bytes(), BESIDE), name, bytes)
}

/// Opens what [`keep_beside`] sealed.
pub fn kept_beside(
    key: &VaultKey,
    name: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let opened = unwrap(&derive(key.bytes(), BESIDE), name, sealed);
    opened.ok_or(VaultError::Sealed("part of a link"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn decrypted(key: &LinkKey, jwe: &str) -> Option<Vec<u8>> {
        let parts: Vec<&str> = jwe.split('.').collect();
        let [head, "", nonce, body, tag] = parts[..] else {
            return None;
        };
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let nonce: [u8; NONCE] = decode(nonce).try_into().unwrap();
        let sealed = [decode(body), decode(tag)].concat();
        let mut file = Vec::new();
        Cipher::new(&key.0).open(nonce, head.as_bytes(), &sealed, &mut file)?;
        Some(file)
    }

    #[test]
    fn a_file_opens_with_the_key_of_its_link_only() {
        let key = LinkKey::fresh().unwrap();
        let file = br#"{"resourceType":"Bundle","type":"collection"}"#.repeat(50);
        let jwe = key.encrypt("application/fhir+json", &file).unwrap();
        assert_eq!(decrypted(&key, &jwe), Some(file.clone()));
        assert_eq!(decrypted(&LinkKey::fresh().unwrap(), &jwe), None);
        assert_ne!(jwe, key.encrypt("application/fhir+json", &file).unwrap());
        let head = jwe.split('.').next().unwrap();
        let head = String::from_utf8(URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
        assert_eq!(
            head,
            r#"{"alg":"dir","enc":"A256GCM","cty":"application/fhir+json"}"#
        );
        assert_eq!(key.text().len(), 43);
        let again = LinkKey::from_bytes(key.reveal()).unwrap();
        assert_eq!(decrypted(&again, &jwe), Some(file));
    }

    /// Frozen: encrypted once and for all, so that a changed reading of the form is noticed.
    #[test]
    fn a_frozen_file_still_opens() {
        let key = LinkKey::from_bytes(&[7; 32]).unwrap();
        let frozen = include_str!("../vectors/health-link.jwe");
        let file = decrypted(&key, frozen.trim()).unwrap();
        assert_eq!(
            file,
            b"{\"resourceType\":\"Bundle\",\"type\":\"collection\"}"
        );
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        let key = LinkKey::fresh().unwrap();
        for name in ["a\"b", "a\\b", "a b", "a\nb"] {
            assert!(key.encrypt(name, b"x").is_err(), "{name}");
        }
        assert!(LinkKey::from_bytes(&[0; 31]).is_err());
    }

    #[test]
    fn what_is_kept_beside_records_opens_under_its_name_and_key_only() {
        let keys = [1, 2].map(|byte| VaultKey::from_bytes([byte; 32]));
        let sealed = keep_beside(&keys[0], "link/one", b"told").unwrap();
        assert_eq!(
            *kept_beside(&keys[0], "link/one", &sealed).unwrap(),
            b"told"
        );
        assert!(kept_beside(&keys[0], "link/two", &sealed).is_err());
        assert!(kept_beside(&keys[1], "link/one", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(kept_beside(&keys[0], "link/one", &changed).is_err());
        }
    }
}
