//! What an opener holds of a partner, and what it answers when one item is asked about.

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{NotOpened, Place, Secret, Share, subsets_of};
use crate::acts::Openers;
use crate::acts::escrow::CHECKS_MAX;

/// The secrets that a partner gave to one opener, by the numbers of their subsets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// In increasing order of the subsets.
    pub secrets: Vec<(u8, Secret)>,
}

/// An opener's shares of one opening.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// By the numbers of the subsets, in increasing order.
    pub shares: Vec<(u8, Share)>,
}

impl Held {
    /// Compares what a holder was given with the partner's check values on the ledger: all its
    /// secrets, no other, and each the one that was announced. A wrong one is named.
    pub fn check(
        &self,
        (partner, holder): (&str, &str),
        (openers, checks): (&Openers, &[Digest]),
    ) -> Result<(), NotOpened> {
        let expected = subsets_of(openers, holder).ok_or(NotOpened::NoOpener)?;
        let given: Vec<_> = self.secrets.iter().map(|(number, _)| *number).collect();
        if given != expected {
            return Err(NotOpened::Subsets);
        }
        let wrong = self.secrets.iter().find(|(number, secret)| {
            checks.get(usize::from(*number)) != Some(&secret.check(partner))
        });
        wrong.map_or(Ok(()), |(number, _)| Err(NotOpened::Secret(*number)))
    }

    /// The shares of one opening.
    pub fn answer(&self, place: &Place) -> Answer {
        let share = |(number, secret): &(u8, Secret)| (*number, secret.share(place));
        Answer {
            shares: self.secrets.iter().map(share).collect(),
        }
    }
}

/// A count of at most ten, and that many pairs in increasing order.
fn write_pairs<'a, const N: usize>(
    writer: &mut Writer,
    pairs: impl ExactSizeIterator<Item = (u8, &'a [u8; N])>,
) {
    writer.length(pairs.len());
    for (number, bytes) in pairs {
        writer.u8(number);
        writer.fixed(bytes);
    }
}

fn read_pairs<const N: usize>(reader: &mut Reader<'_>) -> Result<Vec<(u8, [u8; N])>, CodecError> {
    let mut pairs: Vec<(u8, [u8; N])> = Vec::new();
    for _ in 0..reader.length(CHECKS_MAX)? {
        let number = reader.u8()?;
        if pairs.last().is_some_and(|(last, _)| *last >= number) {
            return Err(reader.malformed("subset in order"));
        }
        pairs.push((number, reader.fixed()?));
    }
    Ok(pairs)
}

impl Canonical for Held {
    fn write(&self, writer: &mut Writer) {
        write_pairs(
            writer,
            self.secrets.iter().map(|(number, it)| (*number, &it.0)),
        );
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let pairs = read_pairs(reader)?.into_iter();
        Ok(Self {
            secrets: pairs.map(|(number, it)| (number, Secret(it))).collect(),
        })
    }
}

impl Canonical for Answer {
    fn write(&self, writer: &mut Writer) {
        write_pairs(
            writer,
            self.shares.iter().map(|(number, it)| (*number, &it.0)),
        );
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let pairs = read_pairs(reader)?.into_iter();
        Ok(Self {
            shares: pairs.map(|(number, it)| (number, Share(it))).collect(),
        })
    }
}
