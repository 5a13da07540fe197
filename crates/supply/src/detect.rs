//! What speaks against a pack: rules over what was seen of it, each with its reason.
//!
//! What lives here: pure functions over plain values. A [`Case`] is a pack as somebody sees it now:
//! what was observed of it before, what the ledger says, who the partners are. [`judge`] asks each
//! rule about it. Three rules look at more than that, and are asked by themselves:
//! [`aggregation::contents`] about a container, [`probing::probing`] about whoever looks packs up,
//! [`cold::chain`] about the readings of a thermometer.
//! What does not: where observations come from, bar codes and the faults of scanners
//! (`gs1::fault`), what is done about a suspicion.
//!
//! # How sure
//!
//! Reads get lost, documents come late and scanners are set up wrong; a rule that took every gap
//! for a fake would be turned off within a week. Each suspicion therefore says how sure it is
//! ([`Certainty`]): only [`Certainty::Likely`] and [`Certainty::Sure`] are alarms. What one lost
//! read or one misread scan explains is a hint (`one_lost_read_is_no_alarm`).
//!
//! # What no rule sees
//!
//! A copy of a real pack that is scanned first, and alone: until the true one turns up, nothing
//! contradicts it. A pack whose contents were exchanged. A sale outside of the ledger. Partners
//! that work together and report a consistent story.

pub mod aggregation;
pub mod cold;
mod custody;
mod dates;
mod ended;
mod identity;
mod nearness;
pub mod probing;
mod reason;
mod travel;

use std::collections::BTreeMap;

use crate::acts::{self, Roles, Status};

pub use nearness::Fake;
pub use reason::{Certainty, Reason, Rule, Suspicion};
pub use travel::{Place, distance_km};

/// A second, and the units above it, in milliseconds.
pub const SECOND_MS: u64 = 1_000;
/// A minute.
pub const MINUTE_MS: u64 = 60 * SECOND_MS;
/// An hour.
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
/// A day.
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// So much of a history is looked at, the latest; no honest pack has more.
pub const HISTORY_MAX: usize = 1_000;

/// What somebody did with a pack, or saw of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// Made it known.
    Commissioned,
    /// Put it into a container.
    Packed {
        /// Which.
        container: String,
    },
    /// Took it out of a container.
    Unpacked {
        /// Which.
        container: String,
    },
    /// Sent it away.
    Shipped {
        /// To whom, if it is known.
        to: Option<String>,
    },
    /// Got it, or got it back.
    Received,
    /// Supplied it to the public.
    Dispensed,
    /// Took it out of the trade.
    Decommissioned,
    /// Put it back: it was dispensed or decommissioned by mistake.
    Undone,
    /// Had it in hand and looked at it.
    Verified,
}

impl Act {
    /// Which roles may do so.
    fn roles(&self) -> Roles {
        match self {
            Self::Commissioned => Roles::MAKER,
            Self::Dispensed => Roles::DISPENSER,
            Self::Verified => Roles::ALL,
            _ => Roles::TRADE,
        }
    }
}

/// What is printed on a pack, as far as it was read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Printed {
    /// The lot.
    pub lot: Option<String>,
    /// The expiry, as it is printed: `YYMMDD`.
    pub expiry: Option<String>,
}

/// How the scan was read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reading {
    /// As it came.
    #[default]
    Clean,
    /// After a fault of the scanner was undone in the one way there is.
    Repaired,
    /// Other readings are possible.
    Doubtful,
}

/// Something that was seen of a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Observation {
    /// When it happened, in milliseconds since 1970.
    pub time_ms: u64,
    /// What.
    pub act: Act,
    /// Who.
    pub organisation: String,
    /// Where, if it is known.
    pub place: Option<Place>,
    /// What was read off the pack besides its product and serial number.
    pub printed: Printed,
    /// How it was read.
    pub reading: Reading,
}

/// What the ledger says of a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    /// Whether it may still be supplied.
    pub status: Status,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
    /// Who ended it, where that is known.
    pub ended_by: Option<String>,
    /// What was found out about it.
    pub finding: acts::Finding,
    /// Since when its lot is recalled.
    pub recalled_ms: Option<u64>,
    /// Who commissioned it.
    pub maker: String,
    /// What its maker says is printed, where that is known.
    pub printed: Option<Printed>,
    /// Whether what was read now is what the maker committed to, where enough was read.
    pub facts_match: Option<bool>,
    /// Whether it is in the hands of who asks, where the ledger can say.
    pub in_hand: Option<bool>,
}

/// A pack as somebody sees it now.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// What was seen now.
    pub now: &'a Observation,
    /// What was seen before, the earliest first.
    pub history: &'a [Observation],
    /// What the ledger says; `None`: it knows no such pack.
    pub ledger: Option<&'a Known>,
    /// Who is in the trade, and what each may do.
    pub partners: &'a BTreeMap<String, Roles>,
    /// The last day of use, in days since 1970, if it was read.
    pub last_day: Option<u32>,
    /// Who the pack is, for the nearness to fakes.
    pub identity: Identity<'a>,
    /// Fakes that were proven.
    pub fakes: &'a [Fake],
}

/// Product and serial number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Identity<'a> {
    /// The product, 14 digits.
    pub product: &'a str,
    /// The serial number.
    pub serial: &'a str,
}

/// What a trade tolerates. The defaults are for medicines by road and air.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tolerance {
    /// Faster is impossible.
    pub speed_kmh: u64,
    /// Nearer is the same place.
    pub near_km: u64,
    /// Clocks may differ by so much.
    pub clock_ms: u64,
    /// A repeated scan within this time is the same one.
    pub repeat_ms: u64,
    /// So long what happened may take to reach the ledger.
    pub settle_ms: u64,
}

impl Default for Tolerance {
    fn default() -> Self {
        Self {
            speed_kmh: 1_000,
            near_km: 50,
            clock_ms: 15 * MINUTE_MS,
            repeat_ms: 10 * MINUTE_MS,
            settle_ms: DAY_MS,
        }
    }
}

/// Asks every rule about one pack; the surest suspicion first.
pub fn judge(case: &Case<'_>, tolerance: &Tolerance) -> Vec<Suspicion> {
    let skipped = case.history.len().saturating_sub(HISTORY_MAX);
    let case = &Case {
        history: case.history.get(skipped..).unwrap_or_default(),
        ..case.clone()
    };
    let rules: [fn(&Case<'_>, &Tolerance) -> Option<Suspicion>; 13] = [
        identity::never_commissioned,
        identity::commissioned_twice,
        identity::printed_otherwise,
        ended::after_the_end,
        ended::marked,
        custody::unauthorised,
        custody::two_custodians,
        custody::gap,
        travel::impossible,
        aggregation::aggregated_otherwise,
        dates::expired,
        dates::recalled,
        nearness::near_a_fake,
    ];
    let mut found: Vec<Suspicion> = rules
        .iter()
        .filter_map(|rule| rule(case, tolerance))
        .collect();
    found.sort_by_key(|suspicion| std::cmp::Reverse(suspicion.certainty));
    found
}

impl Case<'_> {
    /// All observations, with the one now at the end.
    fn seen(&self) -> impl DoubleEndedIterator<Item = &Observation> {
        self.history.iter().chain(std::iter::once(self.now))
    }
}

#[cfg(test)]
mod tests;
