//! Named queries. EPCIS 2.0, 12.7.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::packs::{NamedQuery, QueryPage};
use hospital::pairs::{self, Pairs};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::events::{extensions, link};
use super::{answered, failure, versions};
use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::respond;
use crate::state::Door;

/// Largest definition.
const QUERY_BYTES_MAX: usize = 64 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    name: String,
    query: Map<String, Value>,
}

/// `GET /epcis/queries`
pub(super) async fn list(
    State(door): State<Door>,
    Query(asked): Query<Pairs>,
    parts: Parts,
) -> Response {
    let listed = async {
        let caller = door.caller(&parts.headers)?;
        Ok(door.hospital().queries_of_names(&caller, &asked).await?)
    };
    let listed: Result<QueryPage, ApiError> = listed.await;
    match listed {
        Ok(page) => {
            let told = page.queries.iter().map(told).collect();
            let mut response = answered(StatusCode::OK, Ok(told));
            link(&mut response, &parts, page.next.as_deref());
            response
        }
        Err(error) => failure::query(&error),
    }
}

/// `POST /epcis/queries`
pub(super) async fn make(State(door): State<Door>, request: Request) -> Response {
    let made = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let hint = "send {\"name\": \"...\", \"query\": {...}}: docs/reference/epcis.md";
        let definition: Definition = door
            .form(
                &parts.headers,
                body,
                QUERY_BYTES_MAX,
                "not a query with its name",
                hint,
            )
            .await?;
        let query = NamedQuery {
            name: definition.name,
            query: definition.query,
            extensions: extensions(&parts.headers),
        };
        door.hospital().name_query(&caller, &query).await?;
        Ok(query.name)
    };
    let made: Result<String, ApiError> = made.await;
    match made {
        Ok(name) => {
            let path = format!("/epcis/queries/{}", pairs::encode_segment(&name));
            super::located(StatusCode::CREATED, &path)
        }
        Err(error) => failure::query(&error),
    }
}

/// `GET /epcis/queries/{queryName}`
pub(super) async fn one(
    State(door): State<Door>,
    Path(name): Path<String>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        Ok(told(&door.hospital().query_of_name(&caller, &name).await?))
    };
    match found.await {
        Ok(told) => answered(StatusCode::OK, Ok(told)),
        Err(error) => failure::query(&error),
    }
}

/// `DELETE /epcis/queries/{queryName}`: whoever watches it is told no more.
pub(super) async fn remove(
    State(door): State<Door>,
    Path(name): Path<String>,
    parts: Parts,
) -> Response {
    let removed = async {
        let caller = door.caller(&parts.headers)?;
        Ok(door.hospital().drop_query(&caller, &name).await?)
    };
    nothing_more(removed.await, failure::query)
}

/// The answer to what took something away.
pub(super) fn nothing_more(
    removed: Result<(), ApiError>,
    failed: fn(&ApiError) -> Response,
) -> Response {
    match removed {
        Ok(()) => {
            let mut response = respond(StatusCode::NO_CONTENT, "application/json", "");
            let headers = response.headers_mut();
            headers.remove("content-type");
            versions(headers);
            response
        }
        Err(error) => failed(&error),
    }
}

/// A page of what a named query finds.
pub(super) async fn found(door: &Door, name: &str, parts: &Parts) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let asked = pairs::decode(parts.uri.query().unwrap_or("")).unwrap_or_default();
        let agent = agent(&caller, parts);
        let hospital = door.hospital();
        Ok(hospital.named_events(&caller, agent, name, &asked).await?)
    };
    super::events::paged(found.await, parts)
}

fn told(query: &NamedQuery) -> Value {
    json!({ "name": query.name, "query": query.query })
}
