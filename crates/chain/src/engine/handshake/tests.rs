//! Whoever changes a frame is found out.

use super::{DIALER, LISTENER, confirm, confirmation, mix};
use commonware_cryptography::transcript::{Transcript, Version};

#[test]
fn both_ends_confirm_only_the_same_secrets() {
    let classical = Transcript::new(b"test", Version::V1);
    let transcript = mix(&classical, b"key", b"ciphertext", b"secret");
    let said = confirmation(&transcript, LISTENER);
    assert!(confirm(&transcript, LISTENER, &said).is_ok());
    assert!(
        confirm(&transcript, DIALER, &said).is_err(),
        "said by the other end"
    );
    let other = Transcript::new(b"another", Version::V1);
    for (classical, key, ciphertext, secret) in [
        (&other, "key", "ciphertext", "secret"),
        (&classical, "kez", "ciphertext", "secret"),
        (&classical, "key", "ciphertexu", "secret"),
        (&classical, "key", "ciphertext", "secreu"),
    ] {
        let theirs = mix(
            classical,
            key.as_bytes(),
            ciphertext.as_bytes(),
            secret.as_bytes(),
        );
        assert!(confirm(&theirs, LISTENER, &said).is_err());
    }
}
