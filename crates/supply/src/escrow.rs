//! How `k` of `n` openers learn to whom one pack was handed, and nothing else.
//!
//! Pseudorandom secret sharing (Cramer, Damgård, Ishai, TCC 2005): a partner has one secret for
//! each set of `n - k + 1` openers, and gives it to exactly those. Any `k` openers meet every set,
//! so together they know all secrets; any `k - 1` are missed by the set of the others. The opening
//! of one item is the exclusive or of a keyed hash under every secret, so no ciphertext is
//! anywhere: who holds secrets answers for the item that was asked about, and for no other.
//!
//! What this cannot do: make a partner use its secrets. One that draws its openings otherwise is
//! found out when an opening fails though all openers agree ([`NotOpened::Partner`]).

mod answer;
mod open;

pub use answer::{Answer, Held};
pub use open::{NotOpened, Opened, open, owner};

use std::fmt;

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, PublicKey, keyed_hash};

use crate::acts::Openers;
use crate::ids::{ID_BYTES, Opening, cut};

const SECRET: &str = "salus/escrow/secret/v1";
const CHECK: &str = "salus/escrow/check/v1";
const SHARE: &str = "salus/escrow/v1";

/// Which opening: that of an item of a transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The key that signed the transaction.
    pub sender: PublicKey,
    /// Its sequence.
    pub sequence: u64,
    /// The item, counted from 0; [`Place::BESIDE`] for the opening that stands beside the items.
    pub index: u16,
}

impl Place {
    /// The index of the opening of a container, which is one for all items.
    pub const BESIDE: u16 = u16::MAX;
}

/// The secret of one subset of openers.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// What the ledger keeps of it: whoever receives the secret compares.
    pub fn check(&self, partner: &str) -> Digest {
        keyed_hash(&self.0, CHECK, &[partner.as_bytes()])
    }

    /// Its share of one opening. It tells nothing about another.
    pub fn share(&self, place: &Place) -> Share {
        let (sequence, index) = (place.sequence.to_be_bytes(), place.index.to_be_bytes());
        let parts: [&[u8]; 3] = [&place.sender.0, &sequence, &index];
        Share(cut(&keyed_hash(&self.0, SHARE, &parts)))
    }
}

/// A share of one opening.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct Share(pub [u8; ID_BYTES]);

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share(..)")
    }
}

/// The secrets of a partner: one for each subset, in the order of [`Openers::subsets`].
#[derive(Clone, Debug)]
pub struct Secrets {
    openers: Openers,
    secrets: Vec<Secret>,
}

impl Secrets {
    /// The secrets of an epoch ([`crate::acts::Escrowed`]) from a seed of 32 random bytes, so that
    /// a partner has to keep nothing else.
    pub fn derive(openers: Openers, seed: &[u8; 32], epoch: u32) -> Self {
        let subsets = openers.subsets();
        let secret = |number: u32| {
            let parts: [&[u8]; 2] = [&epoch.to_be_bytes(), &number.to_be_bytes()];
            Secret(keyed_hash(seed, SECRET, &parts).0)
        };
        let secrets = (0..).take(subsets.len()).map(secret).collect();
        Self { openers, secrets }
    }

    /// The body of kind 34.
    pub fn checks(&self, partner: &str) -> Vec<Digest> {
        self.secrets.iter().map(|it| it.check(partner)).collect()
    }

    /// What one opener gets: the secrets of the subsets that it is in. None if it is no opener.
    pub fn of(&self, holder: &str) -> Option<Held> {
        let place = place_of(&self.openers, holder)?;
        let subsets = self.openers.subsets();
        let numbered = (0u8..).zip(subsets.iter().zip(&self.secrets));
        let its = numbered.filter(|(_, (subset, _))| subset.contains(&place));
        Some(Held {
            secrets: its.map(|(number, (_, it))| (number, it.clone())).collect(),
        })
    }

    /// The opening of an item that the partner is about to send.
    pub fn opening(&self, place: &Place) -> Opening {
        combine(self.secrets.iter().map(|it| it.share(place)))
    }
}

/// The exclusive or of one share of every subset.
fn combine(shares: impl Iterator<Item = Share>) -> Opening {
    let mut opening = [0; ID_BYTES];
    for share in shares {
        for (byte, other) in opening.iter_mut().zip(share.0) {
            *byte ^= other;
        }
    }
    Opening(opening)
}

fn place_of(openers: &Openers, holder: &str) -> Option<usize> {
    openers.holders().iter().position(|it| it == holder)
}

/// The numbers of the subsets that a holder is in.
fn subsets_of(openers: &Openers, holder: &str) -> Option<Vec<u8>> {
    let place = place_of(openers, holder)?;
    let subsets = openers.subsets();
    let numbered = (0u8..).zip(subsets.iter());
    let its = numbered.filter(|(_, subset)| subset.contains(&place));
    Some(its.map(|(number, _)| number).collect())
}

/// The sets of `n - k + 1` among `n`, as increasing places, in lexical order. Empty where `k` is
/// not from 1 to `n`.
pub fn subsets(n: usize, k: usize) -> Vec<Vec<usize>> {
    if k == 0 || k > n {
        return Vec::new();
    }
    let size = n - k + 1;
    let mut all = Vec::new();
    let mut places: Vec<usize> = (0..size).collect();
    loop {
        all.push(places.clone());
        // The last place that can still move on; those behind it follow closely.
        let Some(moving) = (0..size).rev().find(|it| places[*it] < n - size + it) else {
            return all;
        };
        places[moving] += 1;
        for behind in moving + 1..size {
            places[behind] = places[behind - 1] + 1;
        }
    }
}

impl Canonical for Place {
    fn write(&self, writer: &mut Writer) {
        self.sender.write(writer);
        writer.u64(self.sequence);
        writer.u16(self.index);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            sender: PublicKey::read(reader)?,
            sequence: reader.u64()?,
            index: reader.u16()?,
        })
    }
}
