//! How a site makes data up.

use serde::{Deserialize, Serialize};

/// A way of making data up.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Numbers as people invent them: favourite digits, nothing round, one after the other.
    Invented,
    /// Draws around the middle, too near to it.
    Tight,
    /// Participants are others with a little noise.
    CopiedParticipants,
    /// A visit repeats the visit before.
    CarriedForward,
    /// Draws with the right middle and width, each item by itself.
    Uncorrelated,
    /// What is missing is filled in, visits are as planned, no adverse event is told.
    Polished,
    /// Visits get dates from the plan, whatever day and hour that is.
    PaperDates,
    /// Visits are pasted from those of others.
    CopiedVisits,
    /// Values are moved to where the sponsor would like them.
    Favourable,
    /// Guesses: round numbers.
    Rounded,
    /// Participants who do not exist, drawn from all that is known about real ones.
    Informed,
}

impl Way {
    /// All ways.
    pub const ALL: [Self; 11] = [
        Self::Invented,
        Self::Tight,
        Self::CopiedParticipants,
        Self::CarriedForward,
        Self::Uncorrelated,
        Self::Polished,
        Self::PaperDates,
        Self::CopiedVisits,
        Self::Favourable,
        Self::Rounded,
        Self::Informed,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invented => "invented",
            Self::Tight => "tight",
            Self::CopiedParticipants => "copied-participants",
            Self::CarriedForward => "carried-forward",
            Self::Uncorrelated => "uncorrelated",
            Self::Polished => "polished",
            Self::PaperDates => "paper-dates",
            Self::CopiedVisits => "copied-visits",
            Self::Favourable => "favourable",
            Self::Rounded => "rounded",
            Self::Informed => "informed",
        }
    }

    /// The way of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Whether the rules claim to see it: nothing distinguishes a perfect invention.
    pub fn is_claimed(self) -> bool {
        self != Self::Informed
    }

    /// The ways that the rules claim to see.
    pub fn claimed() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|it| it.is_claimed())
    }
}

/// How much of the site's data is made up.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// All of it.
    All,
    /// All of some participants.
    Share,
    /// Whatever is dated after the middle of the study.
    FromTheMiddle,
    /// All of every fifth participant; never drawn, only where it is asked for.
    Few,
}

impl Extent {
    /// All extents.
    pub const ALL: [Self; 4] = [Self::All, Self::Share, Self::FromTheMiddle, Self::Few];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Share => "share",
            Self::FromTheMiddle => "from-the-middle",
            Self::Few => "few",
        }
    }
}
