//! How far a recall has come: counts, and shares of them in hundredths of a percent.

use serde::{Deserialize, Serialize};

/// What has become of the packs of a lot, by the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Packs that were made.
    pub made: u64,
    /// They were given to patients.
    pub dispensed: u64,
    /// They were taken out of the trade: destroyed, exported and so on.
    pub decommissioned: u64,
    /// They are here, at the maker: never shipped, or returned.
    pub here: u64,
    /// They are with others, or on their way.
    pub out: u64,
}

/// One organisation that was told of a recall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Which.
    pub organisation: String,
    /// Whether it answered.
    pub answered: bool,
    /// Packs of the lot that it has in its hands.
    pub here: u64,
    /// Packs that it gave to patients or took out of the trade.
    pub ended: u64,
    /// Packs that it handed on.
    pub passed_on: u64,
    /// Packs that were handed to it and that it did not take yet.
    pub awaited: u64,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The reach of a recall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// What has become of the packs.
    pub counts: Counts,
    /// The share of those made that nobody can use any more: decommissioned, or back at the maker.
    pub secured_percent: Percent,
    /// The share of those that are out whose holders know of the recall.
    pub reached_percent: Percent,
    /// The share of those that were told who answered.
    pub answered_percent: Percent,
    /// Packs that are out with nobody who answered.
    pub unreached: u64,
    /// Who was told.
    pub told: Vec<Told>,
}

/// A share in hundredths of a percent, written as `97.53`; rounded down, so that `100.00` is all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u64);

impl Percent {
    /// The share of a whole; all of nothing.
    pub fn of(part: u64, whole: u64) -> Self {
        let hundredths = u128::from(part.min(whole)) * 10_000;
        let share = hundredths.checked_div(u128::from(whole)).unwrap_or(10_000);
        Self(u64::try_from(share).unwrap_or(10_000))
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Percent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = || {
            let (whole, rest) = text.split_once('.')?;
            let rest = rest.parse::<u64>().ok().filter(|it| *it < 100)?;
            let whole = whole.parse::<u64>().ok()?;
            whole.checked_mul(100)?.checked_add(rest)
        };
        let share = read().filter(|it| *it <= 10_000);
        share
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a share is 0.00 to 100.00"))
    }
}

impl Reach {
    /// Of what the ledger counts, and of who answered.
    pub fn of(counts: Counts, told: Vec<Told>) -> Self {
        let answered = told.iter().filter(|it| it.answered);
        // A pack on its way is known to whoever awaits it, and to whoever handed it on.
        let known: u64 = answered.clone().map(|it| it.here + it.awaited).sum();
        let known = known.min(counts.out);
        Self {
            secured_percent: Percent::of(counts.decommissioned + counts.here, counts.made),
            reached_percent: Percent::of(known, counts.out),
            answered_percent: Percent::of(answered.count() as u64, told.len() as u64),
            unreached: counts.out - known,
            counts,
            told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_all_only_where_it_is_all() {
        for (part, whole, text) in [
            (0, 3, "0.00"),
            (1, 3, "33.33"),
            (2, 3, "66.66"),
            (3, 3, "100.00"),
            (9_999_999, 10_000_000, "99.99"),
            (5, 3, "100.00"),
            (0, 0, "100.00"),
        ] {
            let share = Percent::of(part, whole);
            assert_eq!(share.to_string(), text);
            let json = serde_json::to_string(&share).unwrap();
            assert_eq!(serde_json::from_str::<Percent>(&json).unwrap(), share);
        }
        assert!(serde_json::from_str::<Percent>("\"100.01\"").is_err());
        assert!(serde_json::from_str::<Percent>("\"1.100\"").is_err());
    }

    #[test]
    fn who_did_not_answer_is_not_reached() {
        let counts = Counts {
            made: 10,
            dispensed: 2,
            decommissioned: 1,
            here: 2,
            out: 5,
        };
        let one = |answered, here, awaited| Told {
            organisation: "pharmacy".into(),
            answered,
            here,
            awaited,
            ..Told::default()
        };
        let reach = Reach::of(counts, vec![one(true, 2, 1), one(false, 0, 0)]);
        assert_eq!(reach.secured_percent.to_string(), "30.00");
        assert_eq!(reach.reached_percent.to_string(), "60.00");
        assert_eq!(reach.answered_percent.to_string(), "50.00");
        assert_eq!(reach.unreached, 2);
    }
}
