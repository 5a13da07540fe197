//! The simple event query: EPCIS 2.0, 8.2.7.1 and 12.7.
//!
//! The store narrows by what its index knows; whether an event matches is decided on the event
//! itself.

use epcis::Context;
use epcis::identifier::Pattern;
use epcis::query::{Condition, Moment, OrderBy, Query, Subject};
use serde_json::{Value, json};
use store::{EPCIS_EVENT, EpcisOrder, EpcisQuery, Page};

use super::capture::refused;
use super::compose::CONTEXT;
use super::event::{self, EPC_FIELDS};
use super::looks;
use crate::access_log::{Access, AccessAgent, AccessDeed, Touched};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::pairs::Pairs;
use crate::setup::Hospital;

/// The name of a query that has no name of its own. EPCIS 2.0, 8.2.7.1.
pub(super) const SIMPLE: &str = "SimpleEventQuery";

/// Events of a page, unless the client asks for fewer.
const PAGE: u32 = 30;
pub(super) const PAGE_MAX: u32 = 1_000;
/// Events that one page of an answer may look at.
const LOOKED_MAX: usize = 5_000;
/// Values of a page of a resource.
const VALUES_PAGE: u32 = 100;

/// A top-level resource: what its values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Types of events.
    EventTypes,
    /// Single things and classes.
    Epcs,
    /// Business steps.
    BizSteps,
    /// Business locations.
    BizLocations,
    /// Read points.
    ReadPoints,
    /// Dispositions.
    Dispositions,
}

impl Resource {
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::EventTypes => &["type"],
            Self::Epcs => &EPC_FIELDS,
            Self::BizSteps => &["step"],
            Self::BizLocations => &["location"],
            Self::ReadPoints => &["read-point"],
            Self::Dispositions => &["disposition"],
        }
    }

    /// The parameter that asks for one of its values.
    fn parameter(self) -> &'static str {
        match self {
            Self::EventTypes => "eventType",
            Self::Epcs => "MATCH_anyEPC",
            Self::BizSteps => "EQ_bizStep",
            Self::BizLocations => "EQ_bizLocation",
            Self::ReadPoints => "EQ_readPoint",
            Self::Dispositions => "EQ_disposition",
        }
    }
}

/// An answer to a query.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// An `EPCISQueryDocument`.
    pub document: Value,
    /// The token of the next page, where there is one.
    pub next: Option<String>,
}

impl Hospital {
    /// Answers a query. `extensions` are `prefix=namespace` of `GS1-Extensions`.
    pub async fn epcis_events(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (pairs, within): (&Pairs, Option<(Resource, &str)>),
        extensions: &[(String, String)],
    ) -> Result<EventPage, HospitalError> {
        looks(caller)?;
        let mut asked = pairs.clone();
        if let Some((resource, value)) = within {
            asked.push((resource.parameter().to_owned(), value.to_owned()));
        }
        let prefixes = extensions.iter().map(|(prefix, to)| (&**prefix, &**to));
        let context = Context::of_prefixes(prefixes);
        let query = Query::from_pairs(&asked, &context).map_err(|error| refused(&error))?;
        self.answered_query(agent, &query, SIMPLE).await
    }

    /// Answers a query that was read already.
    pub(super) async fn answered_query(
        &self,
        agent: AccessAgent,
        query: &Query,
        name: &str,
    ) -> Result<EventPage, HospitalError> {
        let (events, next) = self.matching_events(query).await?;
        let touched = events.iter().map(|(id, _)| Touched {
            type_: EPCIS_EVENT.to_owned(),
            id: id.clone(),
            version: Some(1),
        });
        let access = Access {
            touched: touched.collect(),
            ..Access::new(agent, AccessDeed::Search, self.now_us())
        };
        self.record_access(access).await?;
        let events: Vec<Value> = events.into_iter().map(|(_, event)| event).collect();
        Ok(EventPage {
            document: document(&events, self.now_us(), (name, None)),
            next,
        })
    }

    /// One event, or the several of one eventID where it was declared to be wrong.
    pub async fn epcis_event(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        event_id: &str,
    ) -> Result<Value, HospitalError> {
        let pairs = vec![("EQ_eventID".to_owned(), event_id.to_owned())];
        let page = self
            .epcis_events(caller, agent, (&pairs, None), &[])
            .await?;
        let events = &page.document["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
        if events.as_array().is_none_or(Vec::is_empty) {
            return Err(HospitalError::Absent("an event of this eventID".into()));
        }
        Ok(page.document)
    }

    /// The values of a resource, with the token of the next page.
    pub async fn epcis_values(
        &self,
        caller: &Caller,
        resource: Resource,
        pairs: &Pairs,
    ) -> Result<(Vec<String>, Option<String>), HospitalError> {
        looks(caller)?;
        let asked = |name: &str| pairs.iter().find(|(it, _)| it == name).map(|it| &it.1);
        let limit = match asked("perPage").map(|it| it.parse::<u32>()) {
            None => VALUES_PAGE,
            Some(Ok(limit @ 1..=PAGE_MAX)) => limit,
            Some(_) => {
                let text = format!("perPage is 1 to {PAGE_MAX}");
                return Err(super::order::unusable(text));
            }
        };
        let after = asked("nextPageToken").map_or("", String::as_str);
        let found = self.0.store.epcis_values(resource.fields(), after, limit);
        let found = found.await?;
        let full = found.len() == limit as usize;
        let next = found.last().filter(|_| full).cloned();
        let short = found.iter().map(|value| bare(resource, value));
        Ok((short.collect(), next))
    }

    /// The events of a page: each with the id of its record.
    async fn matching_events(
        &self,
        query: &Query,
    ) -> Result<(Vec<(String, Value)>, Option<String>), HospitalError> {
        let per_page = query.per_page.unwrap_or(u64::from(PAGE));
        let per_page = u32::try_from(per_page).unwrap_or(u32::MAX).min(PAGE_MAX);
        // One more than may match: then there are too many.
        let few = query.max_event_count.map(|max| max.saturating_add(1));
        let most = query.event_count_limit.or(few).unwrap_or(u64::MAX);
        let most = most.min(u64::from(per_page));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut asked = narrowed(query, per_page);
        let (mut events, mut looked, mut next) = (Vec::new(), 0, None);
        'pages: while events.len() < most {
            let page = self.0.store.epcis_events(asked.clone()).await?;
            let tokens = page.after.iter().cloned();
            for (row, token) in page.rows.into_iter().zip(tokens) {
                looked += 1;
                let id = row.id.clone();
                let event = event::read(&self.opened(row).await?.record)?;
                let recorded_us = event::recorded_us(&event);
                asked.page.after = Some(token);
                if query.matches(&epcis::index(&event), recorded_us) {
                    events.push((id, event.to_json()));
                }
                if events.len() == most || looked >= LOOKED_MAX {
                    next = asked.page.after.clone();
                    break 'pages;
                }
            }
            if !page.more {
                break;
            }
        }
        if let Some(limit) = query.event_count_limit
            && events.len() as u64 >= limit
        {
            next = None;
        }
        if query
            .max_event_count
            .is_some_and(|max| events.len() as u64 > max)
        {
            return Err(HospitalError::request(
                "too-costly",
                "more events match than maxEventCount allows",
                "narrow the query, or leave maxEventCount out and follow the pages",
            ));
        }
        Ok((events, next))
    }
}

/// What the index can tell of a query.
pub(super) fn narrowed(query: &Query, per_page: u32) -> EpcisQuery {
    let span = |moment| {
        let (from, to) = query.bounds_us(moment);
        (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX))
    };
    let mut types = Vec::new();
    let mut terms = Vec::new();
    for condition in &query.conditions {
        match condition {
            Condition::Among(Subject::EventType, values) => types.extend(values.iter().cloned()),
            Condition::Among(subject, values) => {
                if let Some(field) = field(*subject) {
                    let any = values.iter().map(|value| (field.to_owned(), value.clone()));
                    terms.push(any.collect());
                }
            }
            Condition::Epc(roles, patterns) => {
                let exact: Option<Vec<&str>> = patterns.iter().map(exact).collect();
                let Some(exact) = exact else { continue };
                let any = roles.iter().flat_map(|role| {
                    let field = event::epc_field(*role);
                    exact
                        .iter()
                        .map(move |id| (field.to_owned(), (*id).to_owned()))
                });
                terms.push(any.collect());
            }
            _ => {}
        }
    }
    EpcisQuery {
        terms,
        types,
        event_us: span(Moment::Event),
        recorded_us: span(Moment::Record),
        order: match query.order_by {
            Some(OrderBy::EventTime) => EpcisOrder::Event,
            Some(OrderBy::RecordTime) | None => EpcisOrder::Record,
        },
        descending: !query.is_ascending,
        short: None,
        page: Page {
            limit: per_page,
            after: query.next_page_token.clone(),
        },
    }
}

/// The one identifier that a pattern means, if it means one.
fn exact(pattern: &Pattern) -> Option<&str> {
    match pattern {
        Pattern::Exact(id) => Some(id),
        _ => None,
    }
}

fn field(subject: Subject) -> Option<&'static str> {
    Some(match subject {
        Subject::Action => "action",
        Subject::BizStep => "step",
        Subject::Disposition => "disposition",
        Subject::ReadPoint => "read-point",
        Subject::BizLocation => "location",
        Subject::TransformationId => "transformation",
        _ => return None,
    })
}

/// A standard word without its URI, as JSON-LD writes it.
fn bare(resource: Resource, value: &str) -> String {
    let start = match resource {
        Resource::BizSteps => "https://ref.gs1.org/cbv/BizStep-",
        Resource::Dispositions => "https://ref.gs1.org/cbv/Disp-",
        _ => return value.to_owned(),
    };
    value.strip_prefix(start).unwrap_or(value).to_owned()
}

/// An `EPCISQueryDocument` of whole events, each with its own `@context`: so they are what their
/// receipts are about. It says which query it answers, and for which subscription.
pub(super) fn document(
    events: &[Value],
    now_us: i64,
    (name, subscription): (&str, Option<&str>),
) -> Value {
    let mut results = json!({ "queryName": name });
    if let Some(id) = subscription {
        results["subscriptionID"] = id.into();
    }
    results["resultsBody"] = json!({ "eventList": events });
    json!({
        "@context": [CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": instant::fhir(now_us),
        "epcisBody": { "queryResults": results },
    })
}
