//! What an organisation may do in the trade: the entry of an authorised trading partner.

use std::fmt;

use proof::codec::{Canonical, CodecError, Reader, Writer};

/// A set of roles. Members vote on it (`SetPartner`); before that, the kind of an organisation says
/// it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Roles(u8);

/// Roles with their words, in the order of their bits.
const WORDS: [(Roles, &str); 4] = [
    (Roles::MAKER, "maker"),
    (Roles::WHOLESALER, "wholesaler"),
    (Roles::DISPENSER, "dispenser"),
    (Roles::REGULATOR, "regulator"),
];

impl Roles {
    /// None: no partner of the trade.
    pub const NONE: Self = Self(0);
    /// Makes packs and answers for their lots.
    pub const MAKER: Self = Self(1);
    /// Passes packs on.
    pub const WHOLESALER: Self = Self(2);
    /// Supplies to the public.
    pub const DISPENSER: Self = Self(4);
    /// Watches over the trade.
    pub const REGULATOR: Self = Self(8);
    /// Every role that holds packs in trade.
    pub const TRADE: Self = Self(1 | 2 | 4);
    /// All.
    pub const ALL: Self = Self(15);

    /// The roles of the bits, if there are no others.
    pub fn of_bits(bits: u8) -> Option<Self> {
        (bits & !Self::ALL.0 == 0).then_some(Self(bits))
    }

    /// The bits: 1 maker, 2 wholesaler, 4 dispenser, 8 regulator.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of those is among these.
    pub fn has_any_of(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The role of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        let row = WORDS.iter().find(|(_, it)| *it == word);
        row.map(|(role, _)| *role)
    }

    /// The words of the roles, in the order of their bits.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let held = WORDS.iter().filter(move |(role, _)| self.has_any_of(*role));
        held.map(|(_, word)| *word)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in self.words().enumerate() {
            let comma = if place > 0 { " or " } else { "" };
            write!(f, "{comma}{word}")?;
        }
        Ok(())
    }
}

impl Canonical for Roles {
    fn write(&self, writer: &mut Writer) {
        writer.u8(self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let bits = reader.u8()?;
        Self::of_bits(bits).ok_or_else(|| reader.malformed("set of roles"))
    }
}
