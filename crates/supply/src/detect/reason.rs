//! A suspicion, how sure it is, and why, in words.

use std::fmt;

/// The rule that spoke.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// The ledger knows no such pack.
    NeverCommissioned,
    /// It was commissioned more than once.
    CommissionedTwice,
    /// Lot or expiry are not those that its maker printed.
    PrintedOtherwise,
    /// Something was done with it after it had left the trade.
    AfterTheEnd,
    /// It was marked as suspect or illegitimate.
    Marked,
    /// Two organisations had it at a time.
    TwoCustodians,
    /// It was at two places in less time than the way takes.
    ImpossibleTravel,
    /// How it came into these hands is not known.
    CustodyGap,
    /// Somebody acted who is no partner for this.
    Unauthorised,
    /// It came out of a container into which it had not been put, or the other way round.
    Aggregation,
    /// Its last day of use is over.
    Expired,
    /// Its lot is recalled.
    Recalled,
    /// Somebody guesses or collects serial numbers.
    Probing,
    /// It resembles a fake that was proven.
    NearAFake,
    /// It was too warm or too cold.
    ColdChain,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 15] = [
        Self::NeverCommissioned,
        Self::CommissionedTwice,
        Self::PrintedOtherwise,
        Self::AfterTheEnd,
        Self::Marked,
        Self::TwoCustodians,
        Self::ImpossibleTravel,
        Self::CustodyGap,
        Self::Unauthorised,
        Self::Aggregation,
        Self::Expired,
        Self::Recalled,
        Self::Probing,
        Self::NearAFake,
        Self::ColdChain,
    ];

    /// The rule as a lowercase word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverCommissioned => "never-commissioned",
            Self::CommissionedTwice => "commissioned-twice",
            Self::PrintedOtherwise => "printed-otherwise",
            Self::AfterTheEnd => "after-the-end",
            Self::Marked => "marked",
            Self::TwoCustodians => "two-custodians",
            Self::ImpossibleTravel => "impossible-travel",
            Self::CustodyGap => "custody-gap",
            Self::Unauthorised => "unauthorised",
            Self::Aggregation => "aggregation",
            Self::Expired => "expired",
            Self::Recalled => "recalled",
            Self::Probing => "probing",
            Self::NearAFake => "near-a-fake",
            Self::ColdChain => "cold-chain",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How sure a suspicion is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Certainty {
    /// One lost read or one misread scan explains it as well: for who looks closer, no alarm.
    Hint,
    /// Two such accidents would have to come together.
    Likely,
    /// No accident that is known explains it.
    Sure,
}

impl Certainty {
    /// It as a lowercase word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }

    /// Whether somebody should be called.
    pub fn is_alarm(self) -> bool {
        self > Self::Hint
    }

    /// The same, made no surer than this.
    pub(super) fn at_most(self, most: Self) -> Self {
        self.min(most)
    }
}

/// What speaks against a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suspicion {
    /// Which rule says so.
    pub rule: Rule,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why.
    pub reason: Reason,
}

impl Suspicion {
    pub(super) fn new(rule: Rule, certainty: Certainty, reason: Reason) -> Self {
        Self {
            rule,
            certainty,
            reason,
        }
    }
}

/// Why, with what a person needs to look closer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Reason {
    /// Nothing with this product and serial number was ever made known.
    #[error("nobody ever commissioned this serial number")]
    Unknown,
    /// Its maker has reported it just now; the ledger may not have it yet.
    #[error("{maker} reported it {hours} hours ago, and the ledger does not have it yet")]
    NotYet {
        /// Who.
        maker: String,
        /// How long ago.
        hours: u64,
    },
    /// Commissioned more than once.
    #[error("{first} commissioned it, and then {second} did")]
    Twice {
        /// The first.
        first: String,
        /// The other, or the same.
        second: String,
    },
    /// The lot is another one.
    #[error("its lot is not the one that its maker gave it")]
    Lot,
    /// The expiry is another one.
    #[error("its expiry is not the one that its maker gave it")]
    Expiry,
    /// One of both is another one.
    #[error("lot or expiry is not what its maker committed to")]
    Facts,
    /// Done after the end.
    #[error("{organisation} acted on it {minutes} minutes after it was {status}")]
    Ended {
        /// Who.
        organisation: String,
        /// What it was.
        status: crate::acts::Status,
        /// How long after.
        minutes: u64,
    },
    /// Marked before.
    #[error("it is marked as {0}")]
    Marked(crate::acts::Finding),
    /// Who had it acts again, though another has it.
    #[error("{first} acts on it again, though {second} had it in between and nothing came back")]
    Both {
        /// Who had it first.
        first: String,
        /// Who had it then.
        second: String,
    },
    /// Hands changed without a word.
    #[error("it came to {organisation} {gaps} times without being sent there")]
    Gap {
        /// Whom it came to last.
        organisation: String,
        /// How often.
        gaps: usize,
    },
    /// The ledger has it elsewhere.
    #[error("the ledger has it in the hands of somebody else than {organisation}")]
    Elsewhere {
        /// Who acts.
        organisation: String,
    },
    /// Too fast.
    #[error("{first} and {second} are {km} km apart, and it took {minutes} minutes")]
    Travel {
        /// Who had it at the first place.
        first: String,
        /// Who had it at the second.
        second: String,
        /// The distance, at least.
        km: u64,
        /// The time.
        minutes: u64,
    },
    /// No partner.
    #[error("{organisation} is no authorised partner for this")]
    Partner {
        /// Who.
        organisation: String,
    },
    /// Another container.
    #[error("it came out of another container than it was put into")]
    OtherContainer,
    /// Twice in a container.
    #[error("it was put into a second container without coming out of the first")]
    SecondContainer,
    /// Seen by itself.
    #[error("it is handled by itself, and was not taken out of its container")]
    StillInside,
    /// A container with other contents than declared.
    #[error("of {declared} declared packs {missing} are missing, and {extra} others are inside")]
    Contents {
        /// So many were declared.
        declared: usize,
        /// So many of them were not seen.
        missing: usize,
        /// So many were seen that were not declared.
        extra: usize,
    },
    /// Over.
    #[error("its last day of use was {days} days ago")]
    Expired {
        /// How long ago, rounded up.
        days: u64,
    },
    /// Recalled.
    #[error("its lot was recalled {hours} hours ago")]
    Recalled {
        /// How long ago.
        hours: u64,
    },
    /// Serial numbers in a row.
    #[error("{organisation} asked for {count} serial numbers in a row")]
    Sequence {
        /// Who.
        organisation: String,
        /// How many.
        count: usize,
    },
    /// Too many that nobody knows.
    #[error("{organisation} asked for {unknown} unknown packs out of {asked}")]
    Guessing {
        /// Who.
        organisation: String,
        /// So many were unknown.
        unknown: usize,
        /// Of so many.
        asked: usize,
    },
    /// Too many that are elsewhere.
    #[error("{organisation} asked for {foreign} packs that it never held out of {asked}")]
    Harvesting {
        /// Who.
        organisation: String,
        /// So many are elsewhere.
        foreign: usize,
        /// Of so many.
        asked: usize,
    },
    /// The very number of a fake.
    #[error("its serial number was found on a fake")]
    SameSerial,
    /// Near a fake.
    #[error("a fake of the same lot has nearly the same serial number")]
    NearSerial,
    /// The same way as a fake.
    #[error("a fake of the same lot came through {organisation} too")]
    SameWay {
        /// Who.
        organisation: String,
    },
    /// The same lot as a fake.
    #[error("a fake has its lot")]
    SameLot,
    /// Too warm or too cold for too long.
    #[error("it was outside of its temperatures for {minutes} minutes, up to {extreme_mc} m°C")]
    Temperature {
        /// For how long.
        minutes: u64,
        /// The worst, in thousandths of a degree Celsius.
        extreme_mc: i32,
    },
    /// The thermometer was silent.
    #[error("the thermometer was silent for {minutes} minutes")]
    Silence {
        /// For how long.
        minutes: u64,
    },
}
