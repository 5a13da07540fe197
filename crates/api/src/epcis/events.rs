//! Queries. EPCIS 2.0, 12.7: parameters in the address, pages by the `Link` header.

use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use hospital::packs::EventPage;
use hospital::pairs::{self, Pairs};

use super::resources::TopLevel;
use super::{answered, failure};
use crate::error::ApiError;
use crate::fhir::agent;
use crate::state::Door;

/// Extensions that one request declares.
const EXTENSIONS_MAX: usize = 32;

/// `GET /epcis/events`
pub(super) async fn all(
    State(door): State<Door>,
    Query(asked): Query<Pairs>,
    parts: Parts,
) -> Response {
    found(&door, &asked, None, &parts).await
}

/// `GET /epcis/bizSteps/{bizStep}/events` and the like
pub(super) async fn of(
    resource: TopLevel,
    State(door): State<Door>,
    Path(name): Path<String>,
    parts: Parts,
) -> Response {
    let asked = pairs::decode(parts.uri.query().unwrap_or("")).unwrap_or_default();
    found(&door, &asked, Some((resource, &name)), &parts).await
}

/// `GET /epcis/events/{eventID}`
pub(super) async fn one(
    State(door): State<Door>,
    Path(id): Path<String>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let agent = agent(&caller, &parts);
        Ok(door.hospital().epcis_event(&caller, agent, &id).await?)
    };
    answered(StatusCode::OK, found.await)
}

async fn found(
    door: &Door,
    asked: &Pairs,
    within: Option<(TopLevel, &str)>,
    parts: &Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let extensions = extensions(&parts.headers);
        let within = within.map(|(resource, name)| (resource.kind, name));
        let agent = agent(&caller, parts);
        let page = door
            .hospital()
            .epcis_events(&caller, agent, (asked, within), &extensions)
            .await?;
        Ok(page)
    };
    paged(found.await, parts)
}

/// A page of events, with the `Link` to the next.
pub(super) fn paged(found: Result<EventPage, ApiError>, parts: &Parts) -> Response {
    match found {
        Ok(page) => {
            let mut response = answered(StatusCode::OK, Ok(page.document));
            link(&mut response, parts, page.next.as_deref());
            response
        }
        Err(error) => failure::query(&error),
    }
}

/// The `Link` to the next page. RFC 8288, EPCIS 2.0, 12.5.
pub(super) fn link(response: &mut Response, parts: &Parts, next: Option<&str>) {
    let Some(next) = next else { return };
    let mut asked = pairs::decode(parts.uri.query().unwrap_or("")).unwrap_or_default();
    asked.retain(|(name, _)| name != "nextPageToken");
    asked.push(("nextPageToken".to_owned(), next.to_owned()));
    let link = format!(
        "<{}?{}>; rel=\"next\"",
        parts.uri.path(),
        pairs::encode(&asked)
    );
    if let Ok(link) = link.parse() {
        response.headers_mut().insert(header::LINK, link);
    }
}

/// `GS1-Extensions: prefix=namespace, ...`
pub(super) fn extensions(headers: &HeaderMap) -> Vec<(String, String)> {
    let all = headers.get_all("gs1-extensions");
    let texts = all.iter().filter_map(|value| value.to_str().ok());
    let parts = texts.flat_map(|text| text.split(','));
    let pairs = parts.filter_map(|part| {
        let (prefix, namespace) = part.trim().split_once('=')?;
        Some((prefix.trim().to_owned(), namespace.trim().to_owned()))
    });
    pairs.take(EXTENSIONS_MAX).collect()
}
