//! What an answer shows or a write leaves, and of whom: from it the events are made.

use std::collections::{BTreeMap, BTreeSet};

use super::{Access, AccessDeed, Touched};
use crate::perform::Response;
use crate::record::Record;

/// A record version with the patients in whose compartments it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which version.
    pub touched: Touched,
    /// Whose; empty for a record of the organisation.
    pub patients: Vec<String>,
}

impl Seen {
    /// One version.
    pub fn new(type_: &str, id: &str, version: u64, patients: Vec<String>) -> Self {
        let touched = Touched {
            type_: type_.to_owned(),
            id: id.to_owned(),
            version: Some(version),
        };
        Self { touched, patients }
    }

    /// The version of a record.
    pub fn of(record: &Record) -> Self {
        Self::new(
            &record.type_,
            &record.id,
            record.version,
            record.patients.clone(),
        )
    }
}

impl Response {
    /// The versions that an answer shows or names.
    pub fn seen(&self) -> Vec<Seen> {
        match self {
            Response::Read(record) => vec![Seen::of(record)],
            Response::NotModified { seen, .. } => vec![seen.clone()],
            Response::Written(admitted) => vec![Seen::of(&admitted.record)],
            Response::Retired(retired) => retired.seen.iter().cloned().collect(),
            Response::Found(page) => page
                .matches
                .iter()
                .chain(&page.included)
                .map(Seen::of)
                .collect(),
            Response::History(page) => page.versions.iter().map(Seen::of).collect(),
        }
    }
}

/// The events of an access to records of one: one for each patient, or one without.
pub(crate) fn singly(base: &Access, seen: &[Seen]) -> Vec<Access> {
    by_patient(seen)
        .into_iter()
        .map(|(patient, touched)| Access {
            patient,
            touched,
            ..base.clone()
        })
        .collect()
}

/// What was seen of each patient; of nobody first. An empty list is one access to nothing.
fn by_patient(seen: &[Seen]) -> BTreeMap<Option<String>, Vec<Touched>> {
    let mut groups: BTreeMap<Option<String>, Vec<Touched>> = BTreeMap::new();
    for one in seen {
        if one.patients.is_empty() {
            groups.entry(None).or_default().push(one.touched.clone());
        }
        for patient in &one.patients {
            let group = groups.entry(Some(patient.clone())).or_default();
            group.push(one.touched.clone());
        }
    }
    if groups.is_empty() {
        groups.insert(None, Vec::new());
    }
    groups
}

/// The events of a search, a history or a batch, which may show records of many.
///
/// The request as it was sent may name other patients (`?patient=p1,p2`): it is in the one event
/// that is in no compartment, and each patient's event has the request without values. A request
/// that names nobody but the one patient whom all of it is about goes into that patient's event.
pub(crate) fn together(base: &Access, seen: &[Seen], own: Option<&str>) -> Vec<Access> {
    let patients: BTreeSet<&str> = seen
        .iter()
        .flat_map(|one| one.patients.iter().map(String::as_str))
        .collect();
    let alone = match (own, patients.len()) {
        // A patient's own search is within the own compartment, whatever it names.
        (Some(own), _) => Some(own),
        (None, 1) => patients.first().copied().filter(|patient| {
            let of_all = seen.iter().all(|one| one.patients.len() == 1);
            of_all
                && base
                    .query
                    .as_deref()
                    .is_none_or(|query| tells_only(query, patient))
        }),
        _ => None,
    };
    if let Some(patient) = alone {
        return vec![Access {
            patient: Some(patient.to_owned()),
            touched: seen.iter().map(|one| one.touched.clone()).collect(),
            ..base.clone()
        }];
    }
    let mut events = vec![Access {
        touched: seen.iter().map(|one| one.touched.clone()).collect(),
        ..base.clone()
    }];
    for (patient, touched) in by_patient(seen) {
        if patient.is_some() {
            events.push(Access {
                patient,
                touched,
                query: base.query.as_deref().map(without_values),
                ..base.clone()
            });
        }
    }
    events
}

/// Parameters whose values say nothing of a person.
const NEUTRAL: [&str; 14] = [
    "_count",
    "_elements",
    "_format",
    "_include",
    "_lastUpdated",
    "_pretty",
    "_revinclude",
    "_sort",
    "_summary",
    "_total",
    "category",
    "code",
    "date",
    "status",
];

/// Whether every value of a request line is neutral or names this patient.
fn tells_only(request: &str, patient: &str) -> bool {
    let Some((_, query)) = request.split_once('?') else {
        return true;
    };
    query.split('&').all(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = value.replace("%2F", "/").replace("%2f", "/");
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        NEUTRAL.contains(&name) || value.strip_prefix("Patient/").unwrap_or(&value) == patient
    })
}

/// `GET /fhir/Patient?name=Ann` as `GET /fhir/Patient?name`.
fn without_values(request: &str) -> String {
    let Some((path, query)) = request.split_once('?') else {
        return request.to_owned();
    };
    let names: Vec<&str> = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name))
        .collect();
    format!("{path}?{}", names.join("&"))
}

/// Whether an access of this kind is about one record.
pub(crate) fn is_single(deed: &AccessDeed) -> bool {
    !matches!(
        deed,
        AccessDeed::Search | AccessDeed::History | AccessDeed::Batch | AccessDeed::Transaction
    )
}

/// The events of an access.
pub fn events(base: &Access, seen: &[Seen], own: Option<&str>) -> Vec<Access> {
    if is_single(&base.deed) {
        singly(base, seen)
    } else {
        together(base, seen, own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_log::AccessAgent;

    fn seen(id: &str, patients: &[&str]) -> Seen {
        let patients = patients.iter().map(|one| (*one).to_owned()).collect();
        Seen::new("Observation", id, 1, patients)
    }

    fn search(query: &str) -> Access {
        Access {
            query: Some(format!("GET /fhir/Observation?{query}")),
            ..Access::new(AccessAgent::default(), AccessDeed::Search, 0)
        }
    }

    #[test]
    fn no_patient_s_event_names_another_patient() {
        let found = [seen("a", &["p1"]), seen("b", &["p2"]), seen("c", &[])];
        let made = events(&search("subject=Patient/p1,Patient/p2"), &found, None);
        assert_eq!(made.len(), 3);
        assert_eq!(made[0].patient, None);
        assert_eq!(made[0].touched.len(), 3);
        for event in &made[1..] {
            let other = if event.patient.as_deref() == Some("p1") {
                "p2"
            } else {
                "p1"
            };
            assert_eq!(event.touched.len(), 1);
            assert_eq!(
                event.query.as_deref(),
                Some("GET /fhir/Observation?subject")
            );
            assert!(!format!("{event:?}").contains(other));
        }
    }

    #[test]
    fn a_request_about_one_patient_is_one_event() {
        let found = [seen("a", &["p1"]), seen("b", &["p1"])];
        for (query, count) in [
            ("subject=Patient/p1&_count=20", 1),
            ("patient=p1&code=8302-2", 1),
            ("subject:Patient=p1", 1),
            ("subject=Patient%2Fp1", 1),
            ("patient=p1,p2", 2),
            ("subject.name=Ann", 2),
            ("_id=a", 2),
        ] {
            assert_eq!(events(&search(query), &found, None).len(), count, "{query}");
        }
        assert_eq!(events(&search("_id=x"), &[], Some("p1")).len(), 1);
        assert_eq!(events(&search("_id=x"), &[], None)[0].patient, None);
    }
}
