//! The acts of a trial on the ledger: bodies, state and rules of kind 48.
//!
//! One file for each group of acts. A rule is a function of the state as it is, the scene and the
//! act; its result is the new value or a refusal. Under which key of the state a value stands is
//! the ledger's (`docs/reference/ledger.md`).

pub mod body;
mod decide;
mod draw;
mod enrol;
mod minimise;
mod seal;
mod state;

pub use body::{Act, Enrolment, LISTED_MAX, OPENED_MAX, Opened, TRIAL_KIND, TrialBody};
pub use decide::{confirm, propose, report, reveal};
pub use draw::{contribute, list, open};
pub use enrol::{consent, enrol, unblind, withdraw};
pub use minimise::{
    Allocated, Entrant, Minimisation, Minimise, Place, Showing, allocate, bind, enter, mix, show,
};
pub use seal::{accept, amend, seal};
pub use state::{
    Decided, Decision, Hand, Keep, Lock, PARTIES_MAX, Participant, Party, Reported, Role,
    STRATA_MAX, Site, Slot, Trial, Version, Which,
};

use thiserror::Error;

/// What a rule knows besides the state and the body.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The organisation whose key signed the transaction.
    pub sender: &'a str,
    /// The time of the block, in milliseconds since 1970.
    pub time_ms: u64,
}

/// Why an act of a trial is refused. It is a value, not an error: all nodes refuse alike.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Refused {
    /// The id of a trial is taken, or unknown.
    #[error("{} trial has this id", if *(.known) { "another" } else { "no" })]
    Trial {
        /// Whether it is known.
        known: bool,
    },
    /// The parties are not members, not in order, twice, or the quorum is not among them.
    #[error("the parties: each a member, once, in order, one site at least, and a quorum of them")]
    Parties,
    /// Only some of the parties may do this.
    #[error("only the {0} may do this")]
    Party(Role),
    /// The version is not the one in force, or not the next.
    #[error("the version is {expected}, not {given}")]
    Version {
        /// The one that it must be.
        expected: u32,
        /// The one given.
        given: u32,
    },
    /// A step is missing that comes before.
    #[error("{0} comes first")]
    Before(Step),
    /// It was done before, and is done once.
    #[error("this was done before")]
    Done,
    /// What is opened, or revealed, is not what was sealed.
    #[error("this is not what was sealed")]
    Sealed,
    /// The slot is not the next one of its stratum.
    #[error("the next slot of this stratum is {0}")]
    Slot(u32),
    /// There is no such stratum, or its list is used up.
    #[error("the list has no such stratum, or no slot left in it")]
    Stratum,
    /// A participant is enrolled, or is not.
    #[error("the participant is {}enrolled", if *(.enrolled) { "" } else { "not " })]
    Participant {
        /// Whether so.
        enrolled: bool,
    },
    /// The participant has withdrawn.
    #[error("the participant has withdrawn")]
    Withdrawn,
    /// The data are locked, or are not.
    #[error("the data are {}locked", if *(.locked) { "" } else { "not " })]
    Locked {
        /// Whether so.
        locked: bool,
    },
    /// The number of a decision is not the next, or it is no open one.
    #[error("the next decision is {0}, and each stands until the next is proposed")]
    Decision(u32),
    /// Levels that the design of a minimisation does not have.
    #[error("these are no levels of the design, one of each factor")]
    Levels,
    /// The trial allocates in another way.
    #[error("this trial allocates by {}", if *(.minimises) { "minimisation" } else { "a list" })]
    Design {
        /// Whether by minimisation.
        minimises: bool,
    },
    /// Somebody else allocates, or may not.
    #[error(
        "one allocates: the sponsor, a monitor or a regulator, with a sound key that was bound"
    )]
    Allocator,
}

/// A step that comes before another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The site accepts the version in force.
    Acceptance,
    /// Sponsor and site commit to their secrets.
    Contribution,
    /// Both seal their halves of the list.
    List,
    /// The participant is enrolled in the slot.
    Enrolment,
    /// The sponsor binds who minimises, and how.
    Binding,
    /// A site mixes the beacon of a minimisation.
    Beacon,
    /// The share of a participant is committed to.
    Allocation,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Acceptance => "the site's acceptance of the version in force",
            Self::Contribution => "the contribution of sponsor and site",
            Self::List => "the sealing of both halves of the list",
            Self::Enrolment => "the enrolment in this slot",
            Self::Binding => "the binding of a key and a design of minimisation",
            Self::Beacon => "the beacon that a site mixes",
            Self::Allocation => "the allocation of this participant",
        })
    }
}
