//! A share as people carry it: Bech32m (BIP 350) of 44 bytes, in groups of four characters.
//!
//! One to four wrong characters are always noticed, more but for one in a thousand million; the
//! text is below the 90 characters for which this holds.

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use zeroize::Zeroizing;

use crate::VaultError;

/// What a share begins with.
const PREFIX: Hrp = Hrp::parse_unchecked("salus");
/// Bytes that a text holds.
pub(super) const BYTES: usize = 44;
/// `salus1`, 71 characters of data, 6 of the checksum.
const CHARACTERS: usize = 6 + 71 + 6;
const GROUP: usize = 4;
/// Longest text that is looked at: spaces and dashes are left out before anything else.
const TEXT_BYTES_MAX: usize = 256;

pub(super) fn write(bytes: &[u8; BYTES]) -> Result<Zeroizing<String>, VaultError> {
    let mut text = Zeroizing::new(String::with_capacity(CHARACTERS));
    bech32::encode_lower_to_fmt::<Bech32m, _>(&mut *text, PREFIX, bytes)
        .map_err(|_| VaultError::Library("bech32"))?;
    // Room from the start: no copy is left behind by a reallocation.
    let mut grouped = Zeroizing::new(String::with_capacity(CHARACTERS * 5 / GROUP));
    let (prefix, data) = text.split_at(6);
    grouped.push_str(prefix);
    for (at, character) in data.chars().enumerate() {
        if at % GROUP == 0 {
            grouped.push('-');
        }
        grouped.push(character);
    }
    Ok(grouped)
}

pub(super) fn read(text: &str) -> Result<Zeroizing<[u8; BYTES]>, VaultError> {
    let form = |reason| VaultError::Format {
        what: "recovery share",
        reason,
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(form("longer than 256 characters"));
    }
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    for character in text.chars() {
        if !character.is_ascii_whitespace() && character != '-' {
            plain.push(character);
        }
    }
    if plain.len() != CHARACTERS {
        return Err(form("a character is missing or too many: there are 83"));
    }
    let checked = CheckedHrpstring::new::<Bech32m>(&plain)
        .map_err(|_| form("a character is wrong: compare it with the original"))?;
    if checked.hrp() != PREFIX {
        return Err(form("does not begin with salus1"));
    }
    let mut bytes = Zeroizing::new([0; BYTES]);
    let mut left = checked.byte_iter();
    for byte in bytes.iter_mut() {
        *byte = left.next().ok_or(form("wrong length"))?;
    }
    // One share has one text: the three bits that fill up the last character are zero.
    let last = checked.fe32_iter().last().map_or(0, bech32::Fe32::to_u8);
    if left.next().is_some() || last & 0b111 != 0 {
        return Err(form("its last character is not one that Salus writes"));
    }
    Ok(bytes)
}
