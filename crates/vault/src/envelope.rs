//! The envelope around one record version. Byte layout: `docs/reference/envelope.md`.

use zeroize::{Zeroize, Zeroizing};

use crate::aead::{Cipher, NONCE, TAG};
use crate::cobblestone::{self, SALT};
use crate::keys::random;
use crate::{VaultError, VaultKey};

mod released;

pub use released::{DERIVED, RELEASED, open_derived, open_released, release, seal_derived};

/// Suite 1: data key wrapped by AES-256-GCM, content by Cobblestone-256.
pub const SUITE: u8 = 1;
/// Largest plaintext.
pub const PLAINTEXT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Largest event.
pub const EVENT_BYTES_MAX: usize = 64 * 1024;
/// Largest custodian, record type or record id.
pub const NAME_BYTES_MAX: usize = 256;

const WRAPPED: usize = NONCE + 32 + TAG;
/// Suite and wrapped data key, before the Cobblestone message.
const HEAD: usize = 1 + WRAPPED;

/// What an envelope is sealed for; it opens for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// Organisation that keeps the record.
    pub custodian: &'a str,
    /// `Patient`, `Observation`...
    pub record_type: &'a str,
    /// Logical id.
    pub record_id: &'a str,
    /// Version of the record, from 1.
    pub version: u64,
}

/// What an envelope held.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// Opens the commitment on the ledger; erased together with the envelope.
    pub commitment_key: Zeroizing<[u8; 32]>,
    /// Canonical bytes of the event that was committed to.
    pub event: Zeroizing<Vec<u8>>,
    /// The record, exactly as served.
    pub plaintext: Zeroizing<Vec<u8>>,
}

/// Names the lengths only: whoever prints one prints no patient's data.
impl std::fmt::Debug for Opened {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (event, plaintext) = (self.event.len(), self.plaintext.len());
        write!(
            out,
            "Opened(event {event} bytes, plaintext {plaintext} bytes)"
        )
    }
}

impl Context<'_> {
    /// Suite, then each name with its length, then the version: one byte string per context.
    fn bytes(&self) -> Result<Vec<u8>, VaultError> {
        let mut bytes = b"salus/envelope/v1\0".to_vec();
        bytes.push(SUITE);
        for name in [self.custodian, self.record_type, self.record_id] {
            if name.len() > NAME_BYTES_MAX {
                return Err(VaultError::TooLarge {
                    what: "name",
                    bound: NAME_BYTES_MAX,
                });
            }
            bytes.extend_from_slice(&prefix(name.len(), "name")?);
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes.extend_from_slice(&self.version.to_be_bytes());
        Ok(bytes)
    }
}

fn prefix(length: usize, what: &'static str) -> Result<[u8; 4], VaultError> {
    u32::try_from(length)
        .map(u32::to_be_bytes)
        .map_err(|_| VaultError::TooLarge {
            what,
            bound: u32::MAX as usize,
        })
}

/// The random parts of an envelope: an input, so that vectors can be frozen.
struct Dice {
    data_key: Zeroizing<[u8; 32]>,
    nonce: [u8; NONCE],
    salt: [u8; SALT],
}

/// Seals one record version under a fresh data key.
pub fn seal(
    key: &VaultKey,
    context: &Context<'_>,
    commitment_key: &[u8; 32],
    event: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let dice = Dice {
        data_key: Zeroizing::new(random()?),
        nonce: random()?,
        salt: random()?,
    };
    seal_with(&dice, key, context, commitment_key, event, plaintext)
}

fn seal_with(
    dice: &Dice,
    key: &VaultKey,
    context: &Context<'_>,
    commitment_key: &[u8; 32],
    event: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, VaultError> {
    for (what, length, bound) in [
        ("event", event.len(), EVENT_BYTES_MAX),
        ("record", plaintext.len(), PLAINTEXT_BYTES_MAX),
    ] {
        if length > bound {
            return Err(VaultError::TooLarge { what, bound });
        }
    }
    let bound = context.bytes()?;
    let mut message = Vec::with_capacity(36 + event.len() + plaintext.len());
    message.extend_from_slice(commitment_key);
    message.extend_from_slice(&prefix(event.len(), "event")?);
    message.extend_from_slice(event);
    message.extend_from_slice(plaintext);

    let chunks = message.len() / cobblestone::CHUNK + 1;
    let length = HEAD + cobblestone::HEAD + message.len() + chunks * TAG;
    let mut envelope = Vec::with_capacity(length);
    envelope.push(SUITE);
    envelope.extend_from_slice(&dice.nonce);
    envelope.extend_from_slice(dice.data_key.as_slice());
    Cipher::new(key.bytes())
        .seal(dice.nonce, &bound, &mut envelope, 1 + NONCE)
        .ok_or(VaultError::Library("encryption"))?;
    let sealed = cobblestone::seal(&dice.data_key, &dice.salt, &bound, &message, &mut envelope);
    // The caller has the rest in clear all the same.
    message[..commitment_key.len()].zeroize();
    sealed.map(|()| envelope)
}

/// Opens an envelope for exactly this record version.
pub fn open(key: &VaultKey, context: &Context<'_>, envelope: &[u8]) -> Result<Opened, VaultError> {
    let form = |reason| VaultError::Format {
        what: "envelope",
        reason,
    };
    let (head, sealed) = envelope.split_at_checked(HEAD).ok_or(form("too short"))?;
    if head[0] != SUITE {
        return Err(form("unknown suite"));
    }
    let bound = context.bytes()?;
    let data_key = open_data_key(key, &bound, &head[1..])?;
    content(&data_key, &bound, sealed)
}

/// Opens the Cobblestone message of an envelope and takes it apart.
fn content(data_key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Result<Opened, VaultError> {
    let form = |reason| VaultError::Format {
        what: "envelope",
        reason,
    };
    let message = cobblestone::open(data_key, bound, sealed)?;
    let (commitment_key, rest) = message.split_first_chunk().ok_or(form("no key"))?;
    let (length, rest) = rest.split_first_chunk().ok_or(form("no event"))?;
    let length = u32::from_be_bytes(*length) as usize;
    let (event, plaintext) = rest.split_at_checked(length).ok_or(form("no event"))?;
    Ok(Opened {
        commitment_key: Zeroizing::new(*commitment_key),
        event: Zeroizing::new(event.to_vec()),
        plaintext: Zeroizing::new(plaintext.to_vec()),
    })
}

/// The data key, unwrapped by the vault key.
fn open_data_key(
    key: &VaultKey,
    bound: &[u8],
    wrapped: &[u8],
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    unwrap_data_key(&Cipher::new(key.bytes()), bound, wrapped)
}

fn unwrap_data_key(
    cipher: &Cipher,
    bound: &[u8],
    wrapped: &[u8],
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let refused = VaultError::Commitment;
    let (nonce, body) = wrapped
        .split_first_chunk::<NONCE>()
        .ok_or(refused.clone())?;
    let mut opened = Zeroizing::new(Vec::with_capacity(body.len()));
    cipher
        .open(*nonce, bound, body, &mut opened)
        .ok_or(refused)?;
    let mut data_key = Zeroizing::new([0; 32]);
    data_key.copy_from_slice(&opened);
    Ok(data_key)
}

#[cfg(test)]
mod tests;
