//! What a reader of another organisation wants, found within what the reader may see.

use super::message::Wanted;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::pairs::{self, Pairs};
use crate::record::Record;
use crate::request::{Target, is_id, known_type};
use crate::search::{PAGE_TOKEN, SearchPage};
use crate::setup::Hospital;

/// Records of one answer at most; what is included comes on top, as the store bounds it.
const RECORDS_MAX: usize = 200;
/// Parameters that are about the form of the answer, which is the asking side's own; how much is
/// answered at once, is the custodian's.
const FORM: [&str; 5] = ["_count", "_summary", "_elements", "_format", "_pretty"];

/// What was found.
pub(super) struct Found {
    pub(super) matches: Vec<Record>,
    pub(super) included: Vec<Record>,
    pub(super) next: Option<String>,
    pub(super) cut: bool,
    pub(super) total: Option<u64>,
}

impl Found {
    fn page(page: SearchPage) -> Self {
        Self {
            matches: page.matches,
            included: page.included,
            next: page.next,
            cut: page.included_cut,
            total: page.total,
        }
    }

    fn versions(mut versions: Vec<Record>, next: Option<String>) -> Self {
        // A deletion has no content that could be released.
        versions.retain(|it| !it.deleted());
        Self {
            matches: versions,
            included: Vec::new(),
            next,
            cut: false,
            total: None,
        }
    }

    /// Everything that is about to leave.
    pub(super) fn all(&self) -> impl Iterator<Item = &Record> {
        self.matches.iter().chain(&self.included)
    }
}

impl Hospital {
    /// Finds what is wanted. What is hidden and what is not there is not found alike.
    pub(super) async fn found(
        &self,
        caller: &Caller,
        patient: &str,
        wanted: &Wanted,
    ) -> Result<Found, HospitalError> {
        let found = match wanted {
            Wanted::Search { resource, query } => {
                let type_ = known_type(resource)?;
                // Strict: a parameter that is not understood would widen what leaves.
                let page = self.search(caller, type_, bounded(query), true).await;
                page.map(Found::page)
            }
            Wanted::Everything { query } => {
                let page = self
                    .everything_seen(caller, patient, bounded(query), true)
                    .await;
                page.map(Found::page)
            }
            Wanted::Version {
                resource,
                id,
                version,
            } => {
                let type_ = known_type(resource)?;
                let id = named(type_, id, patient)?;
                let read = self.read_version(caller, type_, &id, *version).await;
                read.map(|record| Found::versions(vec![record], None))
            }
            Wanted::History {
                resource,
                id,
                query,
            } => {
                let type_ = known_type(resource)?;
                let target = Target::InstanceHistory(type_, named(type_, id, patient)?);
                let page = self.history(caller, target, bounded(query), true).await;
                page.map(|page| Found::versions(page.versions, page.next))
            }
        };
        match found {
            Err(HospitalError::Absent(_) | HospitalError::Gone { .. }) => {
                Ok(Found::versions(Vec::new(), None))
            }
            found => found,
        }
    }
}

fn bounded(query: &Pairs) -> Pairs {
    let mut query = query.clone();
    query.retain(|(name, _)| !FORM.contains(&name.as_str()));
    query.push(("_count".into(), RECORDS_MAX.to_string()));
    query
}

/// The record that is meant.
fn named(type_: &str, id: &str, patient: &str) -> Result<String, HospitalError> {
    match (type_, id) {
        ("Patient", "") => Ok(patient.to_owned()),
        (_, id) if is_id(id) => Ok(id.to_owned()),
        _ => Err(HospitalError::Absent(format!("a {type_} of this id"))),
    }
}

/// The request as the log keeps it.
pub(super) fn text(wanted: &Wanted) -> String {
    let form = |path: String, query: &Pairs| {
        let mut query = query.clone();
        query.retain(|(name, _)| name != PAGE_TOKEN);
        format!("{path}?{}", pairs::encode(&query))
    };
    match wanted {
        Wanted::Search { resource, query } => form(resource.clone(), query),
        Wanted::Everything { query } => form("Patient/$everything".into(), query),
        Wanted::Version {
            resource,
            id,
            version,
        } => format!("{resource}/{id}/_history/{version}"),
        Wanted::History {
            resource,
            id,
            query,
        } => form(format!("{resource}/{id}/_history"), query),
    }
}
