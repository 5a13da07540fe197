//! The answer of a comparison.

use proof::Digest;

use super::{Endpoint, Match, Rank};

/// What became of an endpoint. Several may be so at once; [`Kind::Kept`] stands alone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Registered from the beginning and reported, never changed.
    Kept,
    /// Registered, and not reported.
    Dropped,
    /// Not registered from the beginning.
    Added,
    /// Its rank was switched, or it changed places with one of another rank.
    RankSwitched,
    /// It is called something else.
    NameChanged,
    /// It measures something else.
    MeasureChanged,
    /// It is measured at another time.
    TimingChanged,
    /// It is analysed otherwise.
    AnalysisChanged,
}

impl Kind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Dropped => "dropped",
            Self::Added => "added",
            Self::RankSwitched => "switched in rank",
            Self::NameChanged => "name changed",
            Self::MeasureChanged => "measure changed",
            Self::TimingChanged => "timing changed",
            Self::AnalysisChanged => "analysis changed",
        }
    }
}

/// A part of an endpoint.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Field {
    /// Its name.
    Name,
    /// Its rank.
    Rank,
    /// What is measured.
    Measure,
    /// When.
    Timing,
    /// How it is analysed.
    Analysis,
}

impl Field {
    pub(super) const ALL: [Self; 5] = [
        Self::Name,
        Self::Rank,
        Self::Measure,
        Self::Timing,
        Self::Analysis,
    ];

    pub(super) fn of(self, endpoint: &Endpoint) -> &str {
        match self {
            Self::Name => &endpoint.name,
            Self::Rank => endpoint.rank.word(),
            Self::Measure => &endpoint.measure,
            Self::Timing => &endpoint.timing,
            Self::Analysis => &endpoint.analysis,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Name => Kind::NameChanged,
            Self::Rank => Kind::RankSwitched,
            Self::Measure => Kind::MeasureChanged,
            Self::Timing => Kind::TimingChanged,
            Self::Analysis => Kind::AnalysisChanged,
        }
    }
}

/// One step in which an endpoint changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What changed.
    pub what: What,
    /// Who made it so.
    pub made: Made,
}

/// What changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum What {
    /// It appeared.
    Added,
    /// It disappeared.
    Dropped,
    /// A part of it.
    Field {
        /// Which.
        field: Field,
        /// What it was.
        from: String,
        /// What it became.
        to: String,
    },
}

/// Who made a change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Made {
    /// A registered version.
    Amendment {
        /// Its label.
        version: String,
        /// When it was registered, in seconds since 1970.
        time_s: u64,
        /// Its reason, if it gives one.
        reason: Option<String>,
        /// What had happened by then.
        when: When,
    },
    /// The report; no registered version says so.
    ReportAlone,
}

/// What had happened when a version was registered.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum When {
    /// No data of a participant existed.
    BeforeData,
    /// Data existed.
    AfterData,
    /// Somebody who analyses knew an allocation.
    AfterUnblinding,
}

/// How an endpoint of one version was found in the next, where its id did not say so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// The version in which it was found; none for the report.
    pub version: Option<String>,
    /// How.
    pub by: Match,
}

/// What became of one endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// Its id in the last registered version that has it, or in the report.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// Its rank there.
    pub rank: Rank,
    /// The last registered version: the one that the report is compared with.
    pub compared_with: String,
    /// The first version that has it; none when only the report does.
    pub first_registered: Option<String>,
    /// The last version that has it; none when only the report does.
    pub last_registered: Option<String>,
    /// Its id in the report; none when it is not reported.
    pub reported_id: Option<String>,
    /// The digest of its result.
    pub result: Option<Digest>,
    /// What became of it, at least one, sorted.
    pub kinds: Vec<Kind>,
    /// Every step in which it changed, in their order.
    pub changes: Vec<Change>,
    /// Every step that did not follow the id.
    pub links: Vec<Link>,
    /// Another registered endpoint that the report describes under this one's id.
    pub reads_as: Option<String>,
}

impl Line {
    /// Whether every change was registered with a reason before data existed, and nothing was found
    /// by likeness only, so that nobody has to ask.
    pub fn is_explained(&self) -> bool {
        let by_likeness = |link: &Link| matches!(link.by, Match::Likeness { .. });
        let is_open = |change: &Change| match &change.made {
            Made::ReportAlone => true,
            Made::Amendment { reason, when, .. } => reason.is_none() || *when != When::BeforeData,
        };
        !self.changes.iter().any(is_open) && !self.links.iter().any(by_likeness)
    }
}
