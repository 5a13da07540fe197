//! The recovery split: three shares of a seed, any two give it back, one says nothing.
//!
//! Shamir's scheme with a line over the field of 256 elements, byte by byte: the secret lies at
//! 0, share n at n. The slope is uniform, zero included, so a share alone is uniform whatever the
//! secret is. What is shared is the seed and 8 bytes of check, so that a wrong or mixed set is
//! recognised; the check is inside, because a digest beside the shares would be a handle to guess
//! by. Own code: the crates for it are unkept, or bring curves and generics for forty lines.

use std::fmt;
use std::str::FromStr;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::gf256::{inverse, times};
use super::{Seed, share_text};
use crate::VaultError;
use crate::keys::{derive, mark, random, same};

/// Shares of a set.
pub const SHARES: u8 = 3;
/// Shares that give the seed back.
pub const THRESHOLD: usize = 2;

/// Version in the high half of the first byte, share number in the low half.
const VERSION: u8 = 1;
const CHECK_LABEL: &str = "patient/recovery-check";
const SECRET: usize = 32;
const CHECK: usize = 8;
const SHARED: usize = SECRET + CHECK;

/// Names a set of shares: random, on each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetId(pub [u8; 3]);

impl fmt::Display for SetId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// One share. `Debug` names it and does not show it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Share {
    #[zeroize(skip)]
    set: SetId,
    #[zeroize(skip)]
    number: u8,
    value: [u8; SHARED],
}

impl fmt::Debug for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Share({} of set {})", self.number, self.set)
    }
}

impl Share {
    /// The set that it is of.
    pub fn set(&self) -> SetId {
        self.set
    }

    /// Its number, 1 to 3.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The text to print or to write down.
    pub fn to_text(&self) -> Result<Zeroizing<String>, VaultError> {
        let mut bytes = Zeroizing::new([0; share_text::BYTES]);
        bytes[0] = VERSION << 4 | self.number;
        bytes[1..4].copy_from_slice(&self.set.0);
        bytes[4..].copy_from_slice(&self.value);
        share_text::write(&bytes)
    }
}

impl FromStr for Share {
    type Err = VaultError;

    /// Reads what [`Share::to_text`] wrote; spaces, line ends, dashes and capitals do not matter.
    fn from_str(text: &str) -> Result<Self, VaultError> {
        let bytes = share_text::read(text)?;
        let form = |reason| VaultError::Format {
            what: "recovery share",
            reason,
        };
        let (version, number) = (bytes[0] >> 4, bytes[0] & 15);
        if version != VERSION {
            return Err(form("made by a newer release: use that one"));
        }
        if !(1..=SHARES).contains(&number) {
            return Err(form("its number is not 1, 2 or 3"));
        }
        let mut value = [0; SHARED];
        value.copy_from_slice(&bytes[4..]);
        Ok(Self {
            set: SetId([bytes[1], bytes[2], bytes[3]]),
            number,
            value,
        })
    }
}

impl Seed {
    /// Makes a new set of three shares.
    pub fn split(&self) -> Result<[Share; 3], VaultError> {
        Ok(split_with(
            self,
            SetId(random()?),
            &Zeroizing::new(random()?),
        ))
    }

    /// The seed of at least two different shares of one set.
    pub fn recover(shares: &[Share]) -> Result<Self, VaultError> {
        let (first, second) = match shares {
            [first, second] | [first, second, _] => (first, second),
            [] | [_] => return Err(VaultError::Recovery("two shares are needed")),
            _ => return Err(VaultError::Recovery("a set has three shares at most")),
        };
        if shares.iter().any(|share| share.set != first.set) {
            return Err(VaultError::Recovery("the shares are of different sets"));
        }
        for (at, share) in shares.iter().enumerate() {
            if shares[..at]
                .iter()
                .any(|other| other.number == share.number)
            {
                return Err(VaultError::Recovery("a share is there twice"));
            }
        }
        let secret = at(0, first, second);
        let mut bytes = [0; SECRET];
        bytes.copy_from_slice(&secret[..SECRET]);
        let seed = Self(bytes);
        bytes.zeroize();
        if !same(&check(&seed, first.set), &secret[SECRET..]) {
            return Err(VaultError::Recovery("a share is wrong"));
        }
        // A third one that lies beside the line was changed, although two sufficed.
        if let [_, _, third] = shares
            && !same(&*at(third.number, first, second), &third.value)
        {
            return Err(VaultError::Recovery("a share is wrong"));
        }
        Ok(seed)
    }
}

/// The line through the secret at 0 with this slope, at 1, 2 and 3.
fn split_with(seed: &Seed, set: SetId, slope: &[u8; SHARED]) -> [Share; 3] {
    let mut shared = Zeroizing::new([0; SHARED]);
    shared[..SECRET].copy_from_slice(seed.reveal());
    shared[SECRET..].copy_from_slice(&check(seed, set));
    [1, 2, 3].map(|number| {
        let mut value = *shared;
        for (byte, slope) in value.iter_mut().zip(slope) {
            *byte ^= times(*slope, number);
        }
        Share { set, number, value }
    })
}

/// The line through two shares, at a place (Lagrange; numbers are public, values are not).
fn at(place: u8, first: &Share, second: &Share) -> Zeroizing<[u8; SHARED]> {
    let run = inverse(first.number ^ second.number);
    let of_first = times(place ^ second.number, run);
    let of_second = times(place ^ first.number, run);
    let mut value = Zeroizing::new([0; SHARED]);
    for (byte, (first, second)) in value.iter_mut().zip(first.value.iter().zip(&second.value)) {
        *byte = times(*first, of_first) ^ times(*second, of_second);
    }
    value
}

fn check(seed: &Seed, set: SetId) -> [u8; CHECK] {
    let key = derive(seed.reveal(), CHECK_LABEL);
    let mark = mark(&key, CHECK_LABEL, &[&set.0]);
    let mut check = [0; CHECK];
    check.copy_from_slice(&mark[..CHECK]);
    check
}

#[cfg(test)]
mod tests;
