//! Minimisation: an arm that depends on those of everybody before, and that nobody chooses.
//!
//! Pocock and Simon (1975): whoever comes next most likely gets the arm that leaves the arms least
//! unequal among those who share a level of a factor. "Most likely" is decided by a number that a
//! verifiable random function (`proof::vrf`) gives to the running number, the site and the levels.
//! Its key is bound before the first participant and before the beacon is known, so the one who
//! allocates has no choice, and nobody else can foresee anything. Afterwards each number is shown
//! with its proof, and everybody replays the sequence from the first participant on.
//!
//! Whoever allocates knows each arm: the next one depends on all before. That cannot be kept from
//! the allocator, as it is in a list that two hands draw (`allocation`); `docs/reference/trials.md`
//! says what is kept from whom.
//!
//! An arm of ratio 2 has two *shares*. Shares are equal; the rule chooses among them, and the arm
//! follows. So an unequal ratio is kept in the mean, whatever the probability.

mod draw;
mod replay;
mod rule;

pub use draw::{Allocator, Bound, commitment, input};
pub use replay::{Deviation, Told, replay};
pub use rule::{Balance, Entered};

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::vrf::VrfProof;

use crate::allocation::ARMS_MAX;

/// The most shares: the sum of the ratio.
pub const SHARES_MAX: u16 = 32;
/// The most factors.
pub const FACTORS_MAX: usize = 16;
/// The most levels of a factor.
pub const LEVELS_MAX: u16 = 256;
/// The heaviest factor.
pub const WEIGHT_MAX: u16 = 1_000;
/// The likeliest that the preferred share may be, of 1,000: a random element stays (ICH E9 2.3.2).
pub const PREFERRED_MAX: u16 = 950;

/// How unequal counts are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Measure {
    /// The largest less the smallest.
    Range = 1,
    /// The sum of the squares of all differences.
    Variance = 2,
}

/// Something by which arms are to be alike, as age or stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Factor {
    /// How many levels it has.
    pub levels: u16,
    /// How much it counts.
    pub weight: u16,
}

/// How participants are allocated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Design {
    ratio: Vec<u16>,
    factors: Vec<Factor>,
    /// How much the site counts as a factor; 0: it does not.
    site_weight: u16,
    measure: Measure,
    /// How likely the preferred share is, of 1,000.
    preferred: u16,
}

/// Why there is no such design.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoDesign {
    /// The ratio.
    #[error("the ratio has 2 to {ARMS_MAX} arms, each at least 1, and at most {SHARES_MAX} in all")]
    Ratio,
    /// The factors.
    #[error(
        "1 to {FACTORS_MAX} factors, or the site as one, each of 2 to {LEVELS_MAX} levels and of a \
         weight from 1 to {WEIGHT_MAX}"
    )]
    Factors,
    /// The probability.
    #[error(
        "the preferred arm is more likely than any other, and at most {PREFERRED_MAX} of 1,000"
    )]
    Preferred,
}

impl Design {
    /// Arms in this ratio, alike by these factors and, if it has a weight, by the site.
    pub fn new(
        ratio: Vec<u16>,
        (factors, site_weight): (Vec<Factor>, u16),
        (measure, preferred): (Measure, u16),
    ) -> Result<Self, NoDesign> {
        let arms = (2..=ARMS_MAX).contains(&ratio.len()) && !ratio.contains(&0);
        let sum = ratio.iter().try_fold(0u16, |sum, it| sum.checked_add(*it));
        let shares = sum.filter(|sum| arms && *sum <= SHARES_MAX);
        let shares = shares.ok_or(NoDesign::Ratio)?;
        let sound = |it: &Factor| {
            (2..=LEVELS_MAX).contains(&it.levels) && (1..=WEIGHT_MAX).contains(&it.weight)
        };
        let some = !factors.is_empty() || site_weight > 0;
        let few = factors.len() <= FACTORS_MAX && site_weight <= WEIGHT_MAX;
        if !some || !few || !factors.iter().all(sound) {
            return Err(NoDesign::Factors);
        }
        let likelier = u32::from(preferred) * u32::from(shares) > 1_000;
        if !likelier || preferred > PREFERRED_MAX {
            return Err(NoDesign::Preferred);
        }
        Ok(Self {
            ratio,
            factors,
            site_weight,
            measure,
            preferred,
        })
    }

    /// How many shares.
    pub fn shares(&self) -> u16 {
        self.ratio.iter().sum()
    }

    /// The arm of a share; none: there is no such share.
    pub fn arm(&self, share: u16) -> Option<u16> {
        let mut end = 0;
        let arms = (0..).zip(&self.ratio);
        let mut ends = arms.map(|(arm, shares)| {
            end += shares;
            (arm, end)
        });
        ends.find(|(_, end)| share < *end).map(|(arm, _)| arm)
    }

    /// Whether these are levels of its factors, one of each.
    pub fn has_levels(&self, levels: &[u16]) -> bool {
        levels.len() == self.factors.len()
            && levels
                .iter()
                .zip(&self.factors)
                .all(|(level, factor)| *level < factor.levels)
    }
}

/// What the allocator shows of one participant at the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shown {
    /// What was allocated.
    pub share: u16,
    /// What the commitment to it was salted with.
    pub nonce: [u8; 32],
    /// That the random number is the one.
    pub proof: VrfProof,
}

impl Canonical for Shown {
    fn write(&self, writer: &mut Writer) {
        writer.u16(self.share);
        writer.fixed(&self.nonce);
        self.proof.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            share: reader.u16()?,
            nonce: reader.fixed()?,
            proof: VrfProof::read(reader)?,
        })
    }
}

impl Canonical for Factor {
    fn write(&self, writer: &mut Writer) {
        writer.u16(self.levels);
        writer.u16(self.weight);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            levels: reader.u16()?,
            weight: reader.u16()?,
        })
    }
}

impl Canonical for Design {
    fn write(&self, writer: &mut Writer) {
        write_levels(writer, &self.ratio);
        writer.list(&self.factors);
        writer.u16(self.site_weight);
        writer.u8(self.measure as u8);
        writer.u16(self.preferred);
    }

    /// No other design than a sound one has bytes.
    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let ratio = read_levels(reader, ARMS_MAX)?;
        let factors = reader.list(FACTORS_MAX)?;
        let site_weight = reader.u16()?;
        let measure = match reader.u8()? {
            1 => Measure::Range,
            2 => Measure::Variance,
            _ => return Err(reader.malformed("measure")),
        };
        let preferred = reader.u16()?;
        Self::new(ratio, (factors, site_weight), (measure, preferred))
            .map_err(|_| reader.malformed("design of a minimisation"))
    }
}

pub(crate) fn write_levels(writer: &mut Writer, levels: &[u16]) {
    writer.length(levels.len());
    for level in levels {
        writer.u16(*level);
    }
}

pub(crate) fn read_levels(reader: &mut Reader<'_>, max: usize) -> Result<Vec<u16>, CodecError> {
    let count = reader.length(max)?;
    (0..count).map(|_| reader.u16()).collect()
}
