//! What was registered against what was reported, endpoint by endpoint.
//!
//! An endpoint is followed from the first registered version through every amendment to the
//! report. Each step in which it changed is a [`Change`], with who made it so: an amendment (its
//! version, its reason, whether data existed) or the report alone. Nothing is judged by its net
//! effect: what was amended and then reported as before has changed twice.
//! `docs/reference/protocols.md`.

mod line;
mod matching;
mod thread;
mod words;

use std::collections::BTreeSet;

use proof::Digest;
use thiserror::Error;

pub use line::{Change, Field, Kind, Line, Link, Made, What, When};
pub use matching::{LIKENESS_LEAST_PER_MILLE, Match};
pub use words::likeness_per_mille;

/// Most endpoints in a version or a report.
pub const ENDPOINTS_MAX: usize = 200;
/// Most versions of a protocol.
pub const VERSIONS_MAX: usize = 100;
/// Longest text of an endpoint in bytes.
pub const TEXT_BYTES_MAX: usize = 4000;

/// How much an endpoint weighs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rank {
    /// The trial is sized for it.
    Primary,
    /// Supports the primary ones.
    Secondary,
    /// For later questions.
    Exploratory,
}

impl Rank {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Exploratory => "exploratory",
        }
    }
}

/// What is measured of whom, when, and how it is judged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Its id, the same in every version.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// How much it weighs.
    pub rank: Rank,
    /// What is measured, with its scale and unit.
    pub measure: String,
    /// When.
    pub timing: String,
    /// How it is analysed.
    pub analysis: String,
}

/// One registered version of a protocol.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registered {
    /// Its label, unique in the history.
    pub version: String,
    /// When it was registered, in seconds since 1970: the time of its receipt, not of its paper.
    pub time_s: u64,
    /// Why it replaces the one before.
    pub reason: Option<String>,
    /// Its endpoints, in any order.
    pub endpoints: Vec<Endpoint>,
}

/// When a trial passed the points after which a change is suspect, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Milestones {
    /// The first value of a participant was sealed.
    pub first_data_s: Option<u64>,
    /// The first allocation was opened to somebody who analyses.
    pub unblinded_s: Option<u64>,
}

/// What a report says of an endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReportedEndpoint {
    /// The endpoint as the report describes it.
    pub endpoint: Endpoint,
    /// The digest of its result; none when the report gives no result.
    pub result: Option<Digest>,
}

/// A comparison that cannot be made.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CompareError {
    /// There is nothing to compare with.
    #[error("no version of the protocol is registered: register it first")]
    NothingRegistered,
    /// Past a bound; the text names it.
    #[error("{0}")]
    TooLarge(String),
    /// One id for two endpoints, or one label for two versions.
    #[error("{place}: {id} is there twice")]
    Twice {
        /// The version, or `the report`, or `the history`.
        place: String,
        /// The id or label.
        id: String,
    },
}

/// Compares a report with all registered versions, in whatever order they are given. The answer
/// has a line for each endpoint that was ever registered or is reported, ordered by rank and id.
pub fn compare(
    registered: &[Registered],
    milestones: Milestones,
    reported: &[ReportedEndpoint],
) -> Result<Vec<Line>, CompareError> {
    let versions = ordered(registered)?;
    let endpoints: Vec<&Endpoint> = reported.iter().map(|it| &it.endpoint).collect();
    bounded("the report", &endpoints)?;
    let mut threads = thread::Threads::default();
    for version in &versions {
        threads.amend(version, milestones);
    }
    Ok(threads.report(reported))
}

/// The versions by time of registration.
fn ordered(registered: &[Registered]) -> Result<Vec<&Registered>, CompareError> {
    if registered.is_empty() {
        return Err(CompareError::NothingRegistered);
    }
    if registered.len() > VERSIONS_MAX {
        let count = registered.len();
        return Err(CompareError::TooLarge(format!(
            "{count} versions, at most {VERSIONS_MAX} are compared"
        )));
    }
    let mut labels = BTreeSet::new();
    for version in registered {
        if !labels.insert(&version.version) {
            return Err(CompareError::Twice {
                place: "the history".into(),
                id: version.version.clone(),
            });
        }
        let endpoints: Vec<&Endpoint> = version.endpoints.iter().collect();
        bounded(&version.version, &endpoints)?;
    }
    let mut versions: Vec<&Registered> = registered.iter().collect();
    versions
        .sort_by(|left, right| (left.time_s, &left.version).cmp(&(right.time_s, &right.version)));
    Ok(versions)
}

fn bounded(place: &str, endpoints: &[&Endpoint]) -> Result<(), CompareError> {
    if endpoints.len() > ENDPOINTS_MAX {
        let count = endpoints.len();
        return Err(CompareError::TooLarge(format!(
            "{place}: {count} endpoints, at most {ENDPOINTS_MAX} are compared"
        )));
    }
    let mut ids = BTreeSet::new();
    for endpoint in endpoints {
        let Endpoint {
            id,
            name,
            rank: _,
            measure,
            timing,
            analysis,
        } = endpoint;
        let mut texts = [id, name, measure, timing, analysis].into_iter();
        if texts.any(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(CompareError::TooLarge(format!(
                "{place}: a text of an endpoint is longer than {TEXT_BYTES_MAX} bytes"
            )));
        }
        if !ids.insert(id) {
            return Err(CompareError::Twice {
                place: place.to_owned(),
                id: id.clone(),
            });
        }
    }
    Ok(())
}
