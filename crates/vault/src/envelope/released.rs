//! Envelopes as they leave the custodian: under the key of a grant instead of a vault key.
//! Byte layouts: `docs/reference/envelope.md`.
//!
//! Two kinds, each with a first byte and keys of its own, so that neither passes for the other nor
//! for what is stored: *released* is the stored envelope with only its data key wrapped anew;
//! *derived* is a copy made for the recipient, from which something was left out.

use zeroize::Zeroizing;

use super::{
    Context, HEAD, NONCE, Opened, PLAINTEXT_BYTES_MAX, SUITE, content, open_data_key,
    unwrap_data_key,
};
use crate::aead::{Cipher, TAG};
use crate::cobblestone::{self, SALT};
use crate::grant::named;
use crate::keys::random;
use crate::{GrantKey, VaultError, VaultKey};

/// First byte of a released envelope.
pub const RELEASED: u8 = 2;
/// First byte of a copy made for a recipient.
pub const DERIVED: u8 = 3;

/// Domain and grant before the context of the envelope: one byte string per release.
fn bound(
    domain: &[u8],
    kind: u8,
    grant_id: &[u8],
    context: &Context<'_>,
) -> Result<Vec<u8>, VaultError> {
    let mut bytes = domain.to_vec();
    bytes.push(kind);
    named(&mut bytes, grant_id)?;
    bytes.extend_from_slice(&context.bytes()?);
    Ok(bytes)
}

fn released_bound(grant_id: &[u8], context: &Context<'_>) -> Result<Vec<u8>, VaultError> {
    bound(b"salus/released/v1\0", RELEASED, grant_id, context)
}

fn derived_bound(grant_id: &[u8], context: &Context<'_>) -> Result<Vec<u8>, VaultError> {
    bound(b"salus/derived/v1\0", DERIVED, grant_id, context)
}

/// The message behind the first byte of this kind and `head` bytes in all.
fn split(bytes: &[u8], kind: u8, head: usize) -> Result<(&[u8], &[u8]), VaultError> {
    let form = |reason| VaultError::Format {
        what: "released envelope",
        reason,
    };
    let (head, message) = bytes.split_at_checked(head).ok_or(form("too short"))?;
    if head.first() != Some(&kind) {
        return Err(form("not of the expected kind"));
    }
    Ok((&head[1..], message))
}

/// Wraps the data key of a stored envelope under the grant key; its content stays as it is.
///
/// An envelope of another version, of another patient's vault or with a changed data key, salt or
/// commitment is refused here; a changed content is found by whoever opens it.
pub fn release(
    vault_key: &VaultKey,
    context: &Context<'_>,
    envelope: &[u8],
    grant_key: &GrantKey,
    grant_id: &[u8],
) -> Result<Vec<u8>, VaultError> {
    release_with(random()?, vault_key, context, envelope, grant_key, grant_id)
}

fn release_with(
    nonce: [u8; NONCE],
    vault_key: &VaultKey,
    context: &Context<'_>,
    envelope: &[u8],
    grant_key: &GrantKey,
    grant_id: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let (wrapped, message) = split(envelope, SUITE, HEAD)?;
    let stored = context.bytes()?;
    let data_key = open_data_key(vault_key, &stored, wrapped)?;
    cobblestone::check(&data_key, &stored, message)?;
    let mut released = Vec::with_capacity(envelope.len());
    released.push(RELEASED);
    released.extend_from_slice(&nonce);
    released.extend_from_slice(data_key.as_slice());
    Cipher::new(&grant_key.purpose("grant/released"))
        .seal(
            nonce,
            &released_bound(grant_id, context)?,
            &mut released,
            1 + NONCE,
        )
        .ok_or(VaultError::Library("encryption"))?;
    released.extend_from_slice(message);
    Ok(released)
}

/// Opens what [`release`] made, for exactly this grant and this record version.
pub fn open_released(
    grant_key: &GrantKey,
    grant_id: &[u8],
    context: &Context<'_>,
    released: &[u8],
) -> Result<Opened, VaultError> {
    let (wrapped, message) = split(released, RELEASED, HEAD)?;
    let data_key = unwrap_data_key(
        &Cipher::new(&grant_key.purpose("grant/released")),
        &released_bound(grant_id, context)?,
        wrapped,
    )?;
    content(&data_key, &context.bytes()?, message)
}

/// Seals a copy made for the recipient, from which something was left out.
///
/// No event and no commitment key go with it: it is not what was committed to, and they would
/// confirm guesses of what is missing.
pub fn seal_derived(
    grant_key: &GrantKey,
    grant_id: &[u8],
    context: &Context<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, VaultError> {
    seal_derived_with(random()?, grant_key, grant_id, context, plaintext)
}

fn seal_derived_with(
    salt: [u8; SALT],
    grant_key: &GrantKey,
    grant_id: &[u8],
    context: &Context<'_>,
    plaintext: &[u8],
) -> Result<Vec<u8>, VaultError> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(VaultError::TooLarge {
            what: "record",
            bound: PLAINTEXT_BYTES_MAX,
        });
    }
    let chunks = plaintext.len() / cobblestone::CHUNK + 1;
    let length = 1 + cobblestone::HEAD + plaintext.len() + chunks * TAG;
    let mut derived = Vec::with_capacity(length);
    derived.push(DERIVED);
    cobblestone::seal(
        &grant_key.purpose("grant/derived"),
        &salt,
        &derived_bound(grant_id, context)?,
        plaintext,
        &mut derived,
    )?;
    Ok(derived)
}

/// Opens what [`seal_derived`] made, for exactly this grant and this record version.
pub fn open_derived(
    grant_key: &GrantKey,
    grant_id: &[u8],
    context: &Context<'_>,
    derived: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (_, message) = split(derived, DERIVED, 1)?;
    let bound = derived_bound(grant_id, context)?;
    cobblestone::open(&grant_key.purpose("grant/derived"), &bound, message)
}

#[cfg(test)]
mod tests;
