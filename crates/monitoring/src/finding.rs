//! What a rule says about a site.

use serde::Serialize;
use std::fmt;

/// A rule of central monitoring.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Last digits that no rounding explains are preferred or avoided.
    DigitPreference,
    /// Readings end in 0 or 5, or in even digits, more or less often than elsewhere.
    Rounding,
    /// A participant's values differ too little from visit to visit.
    SteadyValues,
    /// A participant's values differ too much from visit to visit.
    UnsteadyValues,
    /// Participants differ too little from each other.
    AlikeParticipants,
    /// What goes together elsewhere does not here.
    LostCorrelation,
    /// Two participants have nearly the same values.
    CopiedParticipants,
    /// A visit has nearly the same values as one of another participant.
    CopiedVisits,
    /// Values are the same as at the visit before.
    RepeatedValues,
    /// Dates that cannot be.
    ImpossibleDates,
    /// Visits on weekends and holidays.
    DaysOff,
    /// Visits at night.
    OddHours,
    /// Visits too exactly on the planned day.
    RegularVisits,
    /// All values of a visit are too near to the middle.
    Inliers,
    /// Too little is missing.
    NothingMissing,
    /// Means differ.
    MeanShift,
    /// Changes from the first visit differ.
    ChangeShift,
    /// From some day on, visits are written down in another way than before.
    BreakInTime,
    /// Participants are of two kinds, as if one were real and one made up.
    TwoHands,
    /// Too few adverse events.
    FewAdverseEvents,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 20] = [
        Self::DigitPreference,
        Self::Rounding,
        Self::SteadyValues,
        Self::UnsteadyValues,
        Self::AlikeParticipants,
        Self::LostCorrelation,
        Self::CopiedParticipants,
        Self::CopiedVisits,
        Self::RepeatedValues,
        Self::ImpossibleDates,
        Self::DaysOff,
        Self::OddHours,
        Self::RegularVisits,
        Self::Inliers,
        Self::NothingMissing,
        Self::MeanShift,
        Self::ChangeShift,
        Self::BreakInTime,
        Self::TwoHands,
        Self::FewAdverseEvents,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DigitPreference => "digit-preference",
            Self::Rounding => "rounding",
            Self::SteadyValues => "steady-values",
            Self::UnsteadyValues => "unsteady-values",
            Self::AlikeParticipants => "alike-participants",
            Self::LostCorrelation => "lost-correlation",
            Self::CopiedParticipants => "copied-participants",
            Self::CopiedVisits => "copied-visits",
            Self::RepeatedValues => "repeated-values",
            Self::ImpossibleDates => "impossible-dates",
            Self::DaysOff => "days-off",
            Self::OddHours => "odd-hours",
            Self::RegularVisits => "regular-visits",
            Self::Inliers => "inliers",
            Self::NothingMissing => "nothing-missing",
            Self::MeanShift => "mean-shift",
            Self::ChangeShift => "change-shift",
            Self::BreakInTime => "break-in-time",
            Self::TwoHands => "two-hands",
            Self::FewAdverseEvents => "few-adverse-events",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What stands behind a finding: whom to look at first.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Evidence {
    /// The participant.
    pub subject: String,
    /// The visit, if it is about one.
    pub visit: Option<String>,
    /// What there is to see.
    pub seen: String,
}

/// What a rule says about a site.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// How many standard deviations the site is from the others, in the direction that the rule
    /// is about; below 0 in the other one.
    pub score: f64,
    /// How probable such a score is at an honest site.
    pub p: f64,
    /// In words, with the numbers behind it.
    pub why: String,
    /// The participants and values that say most, at most [`EVIDENCE_MAX`].
    pub evidence: Vec<Evidence>,
}

/// So much evidence is told of a finding.
pub const EVIDENCE_MAX: usize = 10;
