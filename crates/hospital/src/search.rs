//! Searching one type. FHIR R4 3.1.1.

use fhir::query::{self, Query, Summary, Total};
use store::Page;

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::pairs::Pairs;
use crate::record::Record;
use crate::scopes::Verb;
use crate::setup::Hospital;

/// Page size without `_count`.
pub const PAGE_DEFAULT: u32 = 50;
/// Largest page.
pub const PAGE_MAX: u32 = 1_000;
/// The parameter that carries the token of the next page.
pub const PAGE_TOKEN: &str = "_page";
/// Parameters about the form of the answer; `api` has heeded them.
const FORM: [&str; 2] = ["_format", "_pretty"];

/// One page of a search.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// What was searched.
    pub type_: &'static str,
    /// The path below the FHIR base that was asked.
    pub path: String,
    /// Matches, in order.
    pub matches: Vec<Record>,
    /// What `_include` and `_revinclude` added.
    pub included: Vec<Record>,
    /// Some of what they would add was left out.
    pub included_cut: bool,
    /// The number of matches, where it was asked for.
    pub total: Option<u64>,
    /// The query as it was understood, for the self link.
    pub used: Pairs,
    /// Parameters that were left out.
    pub ignored: Vec<String>,
    /// The token of the next page.
    pub next: Option<String>,
    /// What to show of each resource.
    pub view: View,
}

/// What to show of each resource. FHIR R4 3.1.1.5.8, 3.1.1.5.9.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// `_summary`.
    pub summary: Summary,
    /// `_elements`.
    pub elements: Vec<String>,
}

impl View {
    /// Whether whole resources are shown.
    pub fn is_whole(&self) -> bool {
        self.summary == Summary::False && self.elements.is_empty()
    }
}

impl Hospital {
    /// Searches records of one type within what the caller may see.
    pub async fn search(
        &self,
        caller: &Caller,
        type_: &'static str,
        pairs: Pairs,
        strict: bool,
    ) -> Result<SearchPage, HospitalError> {
        let (after, pairs) = split(pairs);
        let options = query::Options {
            base: Some(&self.0.fhir_base),
            count_max: PAGE_MAX,
            now_us: Some(self.now_us()),
        };
        let parsed = query::parse(type_, &pairs, &options)?;
        let ignored: Vec<String> = parsed
            .unknown
            .into_iter()
            .chain(parsed.unsupported)
            .collect();
        if strict && let Some(name) = ignored.first() {
            return Err(HospitalError::request(
                "not-supported",
                format!(
                    "`{}` is not a search parameter here",
                    crate::request::clip(name)
                ),
                "leave it out, or do not ask for handling=strict",
            ));
        }
        let used: Pairs = pairs
            .into_iter()
            .filter(|(name, _)| !ignored.contains(name))
            .collect();
        let query = totalled(parsed.query);
        let view = View {
            summary: query.summary,
            elements: query.elements.clone(),
        };
        let limit = match query.summary {
            Summary::Count => 0,
            _ => query.count.unwrap_or(PAGE_DEFAULT).min(PAGE_MAX),
        };
        let page = Page { limit, after };
        let found = self.0.store.search(query, caller.scope(), page).await?;
        Ok(SearchPage {
            type_,
            path: type_.to_owned(),
            matches: self.shown_all(caller, Verb::Search, found.rows).await?,
            included: self.shown_all(caller, Verb::Search, found.included).await?,
            included_cut: found.included_cut,
            total: found.total,
            used,
            ignored,
            next: found.next,
            view,
        })
    }
}

/// A page of no rows is asked for its total.
fn totalled(mut query: Query) -> Query {
    if query.summary == Summary::Count || query.count == Some(0) {
        query.total = Total::Accurate;
    }
    query
}

/// Takes the page token and the parameters of form out of a query.
fn split(pairs: Pairs) -> (Option<String>, Pairs) {
    let mut after = None;
    let mut rest = Pairs::with_capacity(pairs.len());
    for (name, value) in pairs {
        if name == PAGE_TOKEN {
            after = Some(value);
        } else if !FORM.contains(&name.as_str()) {
            rest.push((name, value));
        }
    }
    (after, rest)
}
