//! Subscriptions to named queries, and those who watch over a WebSocket. EPCIS 2.0, 12.8.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::packs::{NewSubscription, QuerySchedule, Subscription, When};
use hospital::pairs::{self, Pairs};
use hospital::{HospitalError, instant};
use serde::Deserialize;
use serde_json::{Value, json};

use super::events::link;
use super::{answered, failure};
use crate::error::ApiError;
use crate::state::Door;

/// Largest body.
const BODY_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    dest: String,
    signature_token: Option<String>,
    #[serde(default)]
    report_if_empty: bool,
    initial_record_time: Option<String>,
    stream: Option<bool>,
    schedule: Option<QuerySchedule>,
}

/// `GET /epcis/queries/{queryName}/subscriptions`
pub(super) async fn list(
    State(door): State<Door>,
    Path(name): Path<String>,
    Query(asked): Query<Pairs>,
    parts: Parts,
) -> Response {
    let listed = async {
        let caller = door.caller(&parts.headers)?;
        Ok(door
            .hospital()
            .subscriptions(&caller, &name, &asked)
            .await?)
    };
    let listed: Result<(Vec<Subscription>, Option<String>), ApiError> = listed.await;
    match listed {
        Ok((found, next)) => {
            let mut response = answered(StatusCode::OK, Ok(found.iter().map(told).collect()));
            link(&mut response, &parts, next.as_deref());
            response
        }
        Err(error) => failure::subscription(&error),
    }
}

/// `POST /epcis/queries/{queryName}/subscriptions`
pub(super) async fn make(
    State(door): State<Door>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let made = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let hint = "send dest, signatureToken, and stream or schedule: docs/reference/epcis.md";
        let asked: Asked = door
            .form(
                &parts.headers,
                body,
                BODY_BYTES_MAX,
                "not a subscription",
                hint,
            )
            .await?;
        door.0.webhooks.reach().check(&asked.dest).map_err(|why| {
            let hint = "dest is an https address that access.outgoing reaches";
            HospitalError::request("value", format!("dest cannot be called: {why}"), hint)
        })?;
        let new = NewSubscription {
            when: when(asked.stream, asked.schedule)?,
            dest: asked.dest,
            token: asked.signature_token,
            report_if_empty: asked.report_if_empty,
            initial_us: asked
                .initial_record_time
                .as_deref()
                .map(record_time)
                .transpose()?,
        };
        Ok(door.hospital().subscribe(&caller, &name, new).await?)
    };
    let made: Result<Subscription, ApiError> = made.await;
    match made {
        Ok(made) => {
            let mut response = answered(StatusCode::CREATED, Ok(told(&made)));
            let name = pairs::encode_segment(&made.query);
            let path = format!("/epcis/queries/{name}/subscriptions/{}", made.id);
            if let Ok(path) = path.parse() {
                response.headers_mut().insert("location", path);
            }
            response
        }
        Err(error) => failure::subscription(&error),
    }
}

/// `GET /epcis/queries/{queryName}/subscriptions/{subscriptionID}`
pub(super) async fn one(
    State(door): State<Door>,
    Path((name, id)): Path<(String, String)>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        Ok(told(
            &door.hospital().subscription(&caller, &name, &id).await?,
        ))
    };
    match found.await {
        Ok(told) => answered(StatusCode::OK, Ok(told)),
        Err(error) => failure::subscription(&error),
    }
}

/// `DELETE /epcis/queries/{queryName}/subscriptions/{subscriptionID}`
pub(super) async fn remove(
    State(door): State<Door>,
    Path((name, id)): Path<(String, String)>,
    parts: Parts,
) -> Response {
    let removed = async {
        let caller = door.caller(&parts.headers)?;
        Ok(door.hospital().unsubscribe(&caller, &name, &id).await?)
    };
    super::queries::nothing_more(removed.await, failure::subscription)
}

/// At once or by the clock, and nothing of both. EPCIS 2.0, 12.8.
pub(super) fn when(
    stream: Option<bool>,
    schedule: Option<QuerySchedule>,
) -> Result<When, HospitalError> {
    match (stream, schedule) {
        (Some(true), None) => Ok(When::Stream),
        (None, Some(schedule)) => Ok(When::Schedule(schedule)),
        _ => Err(HospitalError::request(
            "value",
            "a subscription has either \"stream\": true or a schedule",
            "say when you want to be told: docs/reference/epcis.md",
        )),
    }
}

/// `initialRecordTime`, microseconds since 1970.
pub(super) fn record_time(text: &str) -> Result<i64, HospitalError> {
    instant::parse_fhir(text).ok_or_else(|| {
        HospitalError::request(
            "value",
            "initialRecordTime is a timestamp with its zone",
            "write it as 2026-11-23T08:00:00Z (RFC 3339)",
        )
    })
}

/// Never with its secret.
fn told(it: &Subscription) -> Value {
    let mut told = json!({
        "subscriptionID": it.id,
        "queryName": it.query,
        "dest": it.dest,
        "createdAt": instant::fhir(it.created_us),
        "reportIfEmpty": it.report_if_empty,
        "failures": it.tries,
    });
    match &it.when {
        When::Stream => told["stream"] = true.into(),
        When::Schedule(schedule) => told["schedule"] = json!(schedule),
    }
    for (name, us) in [
        ("initialRecordTime", it.initial_us),
        ("minRecordTime", it.executed_us.or(it.initial_us)),
        ("lastNotifiedAt", it.notified_us),
        ("nextTryAt", it.retry_us.filter(|_| it.stopped.is_none())),
    ] {
        if let Some(us) = us {
            told[name] = instant::fhir(us).into();
        }
    }
    if let Some(why) = &it.stopped {
        told["stopped"] = why.clone().into();
    }
    told
}
