//! The endpoints of a version, as plain data for the comparison of what was registered with what
//! is reported.

use super::study::{Design, Endpoint, Level, StudyVersion};
use super::timing::timing_of;

/// An endpoint as it is compared: one of `trial::compare`, which does not know this crate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegisteredEndpoint {
    /// Its id in the document.
    pub id: String,
    /// Its text, or its name where it has no text.
    pub name: String,
    /// Its level.
    pub level: Level,
    /// Its description and purpose.
    pub measure: String,
    /// The times that its text names: USDM 4 has no property for them.
    pub timing: String,
    /// The population-level summaries of the estimands whose variable it is, with their
    /// populations.
    pub analysis: String,
}

impl StudyVersion {
    /// The endpoints of all designs, in the order of the document.
    pub fn registered(&self) -> Vec<RegisteredEndpoint> {
        let designs = self.designs.iter();
        let endpoints = designs.flat_map(|design| {
            let objectives = design.objectives.iter();
            let endpoints = objectives.flat_map(|objective| &objective.endpoints);
            endpoints.map(|endpoint| registered(design, endpoint))
        });
        endpoints.collect()
    }

    /// Why this version replaces the one before: the reasons and the summary of its newest
    /// amendment.
    pub fn reason(&self) -> Option<String> {
        let newest = self.newest_amendment()?;
        let mut parts = newest.reasons.clone();
        parts.push(newest.summary.clone());
        parts.retain(|part| !part.trim().is_empty());
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

fn registered(design: &Design, endpoint: &Endpoint) -> RegisteredEndpoint {
    let name = if endpoint.text.trim().is_empty() {
        &endpoint.name
    } else {
        &endpoint.text
    };
    let joined = |parts: &[&str]| {
        let parts: Vec<&str> = parts
            .iter()
            .map(|it| it.trim())
            .filter(|it| !it.is_empty())
            .collect();
        parts.join("; ")
    };
    let estimands = design.estimands.iter();
    let analysis: Vec<String> = estimands
        .filter(|estimand| estimand.endpoint_id == endpoint.id)
        .map(|estimand| joined(&[&estimand.summary, &estimand.population]))
        .collect();
    RegisteredEndpoint {
        id: endpoint.id.clone(),
        name: name.trim().to_owned(),
        level: endpoint.level,
        measure: joined(&[&endpoint.description, &endpoint.purpose]),
        timing: timing_of(name),
        analysis: analysis.join("; "),
    }
}
