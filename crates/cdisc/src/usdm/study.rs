//! What a document says, for a reader: the parts of USDM 4 that are shown and compared.

pub(super) mod read;

use crate::error::Check;
use read::Node;

/// A study.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Study {
    /// Its id, where it has one.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its label.
    pub label: String,
    /// Its description.
    pub description: String,
    /// The version of the model.
    pub usdm_version: String,
    /// Its versions, in the order of the document.
    pub versions: Vec<StudyVersion>,
}

/// A version of a study.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StudyVersion {
    /// Its id.
    pub id: String,
    /// Its label: `2`, `3.1`.
    pub identifier: String,
    /// Why the study is done so.
    pub rationale: String,
    /// Its titles.
    pub titles: Vec<Title>,
    /// Its identifiers at sponsors and registries.
    pub identifiers: Vec<Identifier>,
    /// When it was approved, and the like.
    pub dates: Vec<Dated>,
    /// All amendments up to this version.
    pub amendments: Vec<Amendment>,
    /// Its designs.
    pub designs: Vec<Design>,
}

/// A code of a terminology.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Code {
    /// The code.
    pub code: String,
    /// What it means.
    pub decode: String,
}

/// A title.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Title {
    /// Official, brief, public, acronym.
    pub kind: Code,
    /// The title.
    pub text: String,
}

/// An identifier of a study.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identifier {
    /// The identifier.
    pub text: String,
    /// The name of the organisation that gave it.
    pub scope: String,
    /// What that organisation is: a sponsor, a registry, an agency.
    pub scope_kind: Code,
}

/// A day with a meaning.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dated {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Code,
    /// YYYY-MM-DD.
    pub date: String,
}

/// An amendment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Amendment {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub summary: String,
    /// Why, the main reason first; what is said beside `Other` in its place.
    pub reasons: Vec<String>,
    /// The id of the amendment before.
    pub previous: Option<String>,
    /// When it was approved, and the like.
    pub dates: Vec<Dated>,
    /// Its single changes.
    pub changes: Vec<Change>,
}

/// A single change of an amendment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What was changed.
    pub summary: String,
    /// Why.
    pub rationale: String,
}

/// Whether participants are assigned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DesignKind {
    /// They are.
    Interventional,
    /// They are observed only.
    Observational,
}

/// A design of a study.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Design {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: DesignKind,
    /// Its phase.
    pub phase: Option<Code>,
    /// Who does not know the allocation.
    pub blinding: Option<Code>,
    /// Its arms.
    pub arms: Vec<Arm>,
    /// Its epochs.
    pub epochs: Vec<Epoch>,
    /// Its objectives with their endpoints.
    pub objectives: Vec<Objective>,
    /// Who takes part.
    pub population: Population,
    /// Its estimands.
    pub estimands: Vec<Estimand>,
}

/// An arm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Arm {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Code,
    /// What is done there.
    pub description: String,
}

/// An epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Epoch {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Code,
}

/// How much an objective or an endpoint weighs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Primary.
    Primary,
    /// Secondary.
    Secondary,
    /// Exploratory.
    Exploratory,
}

/// An objective.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Objective {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its level.
    pub level: Level,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// An endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its level.
    pub level: Level,
    /// What it is for.
    pub purpose: String,
    /// What it measures, where that is said.
    pub description: String,
}

/// Who takes part.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Whether healthy people take part.
    pub includes_healthy: bool,
    /// How many shall be enrolled, as it is written; the larger end of a range.
    pub planned_enrolment: Option<String>,
    /// How many shall complete.
    pub planned_completion: Option<String>,
    /// How many eligibility criteria there are.
    pub criteria: usize,
}

/// What is to be estimated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Estimand {
    /// Its id.
    pub id: String,
    /// The endpoint that it is about.
    pub endpoint_id: String,
    /// How the endpoint is summarised over the population.
    pub summary: String,
    /// The analysis population.
    pub population: String,
}

impl Study {
    pub(super) fn of(
        document: &serde_json::Value,
        check: &mut Check,
        warnings: &mut Check,
    ) -> Self {
        read::study(&Node::new(document), check, warnings)
    }
}

impl StudyVersion {
    /// The amendment that no other follows.
    pub fn newest_amendment(&self) -> Option<&Amendment> {
        let is_followed = |id: &str| {
            let mut others = self.amendments.iter();
            others.any(|other| other.previous.as_deref() == Some(id))
        };
        let mut open = self.amendments.iter().filter(|it| !is_followed(&it.id));
        open.next_back()
    }

    /// The official title, else the first.
    pub fn title(&self) -> &str {
        let official = self
            .titles
            .iter()
            .find(|title| title.kind.decode == "Official Study Title");
        let title = official.or_else(|| self.titles.first());
        title.map_or("", |title| &title.text)
    }
}
