//! Hashes of people's passwords: argon2id in the PHC string form.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::VaultError;

/// Longest password taken: argon2 would take more, a request should not.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// OWASP's second recommendation: 19 MiB, 2 passes, 1 lane, so that a burst of sign-ins does not
/// exhaust a small machine. The root key's passphrase costs more.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes a password with a fresh salt.
pub fn hash(password: &str) -> Result<String, VaultError> {
    bounded(password)?;
    let library = |_| VaultError::Library("argon2");
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(library)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = crate::random::<16>()?;
    let hash = argon2
        .hash_password_customized(
            password.as_bytes(),
            &salt,
            None,
            None,
            argon2.params().clone(),
        )
        .map_err(|_| VaultError::Library("argon2"))?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed; the parameters are read from the hash.
pub fn verify(password: &str, hash: &str) -> Result<bool, VaultError> {
    bounded(password)?;
    let hash = PasswordHash::new(hash).map_err(|_| VaultError::Format {
        what: "password hash",
        reason: "not a PHC string",
    })?;
    Ok(Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok())
}

fn bounded(password: &str) -> Result<(), VaultError> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(VaultError::TooLarge {
            what: "password",
            bound: PASSWORD_BYTES_MAX,
        });
    }
    Ok(())
}
