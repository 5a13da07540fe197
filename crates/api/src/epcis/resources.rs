//! What can be asked for: the top-level resources with their values. EPCIS 2.0, 12.7.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::packs::Resource;
use hospital::pairs::Pairs;
use serde_json::{Value, json};

use super::answered;
use crate::error::ApiError;
use crate::state::Door;

/// A top-level resource.
#[derive(Clone, Copy)]
pub(super) struct TopLevel {
    pub(super) path: &'static str,
    pub(super) kind: Resource,
}

pub(super) const ALL: [TopLevel; 6] = [
    TopLevel {
        path: "eventTypes",
        kind: Resource::EventTypes,
    },
    TopLevel {
        path: "epcs",
        kind: Resource::Epcs,
    },
    TopLevel {
        path: "bizSteps",
        kind: Resource::BizSteps,
    },
    TopLevel {
        path: "bizLocations",
        kind: Resource::BizLocations,
    },
    TopLevel {
        path: "readPoints",
        kind: Resource::ReadPoints,
    },
    TopLevel {
        path: "dispositions",
        kind: Resource::Dispositions,
    },
];

/// `GET /epcis`
pub(super) async fn root(State(door): State<Door>, parts: Parts) -> Response {
    let told = async {
        door.caller(&parts.headers)?;
        let all = ["capture", "events", "queries"].into_iter();
        let all = all.chain(ALL.iter().map(|it| it.path));
        Ok(collection(&all.map(str::to_owned).collect::<Vec<_>>()))
    };
    answered(StatusCode::OK, told.await)
}

/// `GET /epcis/bizSteps` and the like: the values that events here have.
pub(super) async fn list(
    resource: TopLevel,
    State(door): State<Door>,
    Query(asked): Query<Pairs>,
    parts: Parts,
) -> Response {
    let listed: Result<(Vec<String>, Option<String>), ApiError> = async {
        let caller = door.caller(&parts.headers)?;
        let values = door
            .hospital()
            .epcis_values(&caller, resource.kind, &asked)
            .await?;
        Ok(values)
    }
    .await;
    match listed {
        Ok((values, next)) => {
            let mut response = answered(StatusCode::OK, Ok(collection(&values)));
            super::events::link(&mut response, &parts, next.as_deref());
            response
        }
        Err(error) => super::failure::query(&error),
    }
}

/// `GET /epcis/bizSteps/{bizStep}` and the like: what is below it.
pub(super) async fn below(
    _resource: TopLevel,
    State(door): State<Door>,
    Path(_name): Path<String>,
    parts: Parts,
) -> Response {
    let told = async {
        door.caller(&parts.headers)?;
        Ok(collection(&["events".to_owned()]))
    };
    answered(StatusCode::OK, told.await)
}

fn collection(members: &[String]) -> Value {
    json!({
        "@context": hospital::packs::CONTEXT,
        "type": "Collection",
        "member": members,
    })
}
