//! `/reports`: pages of reports as JSON, CSV or a page to print.

mod columns;
mod csv;
mod html;
pub(crate) mod suspensions;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hospital::HospitalError;
use hospital::pairs::{self, Pairs};
use hospital::report::{ReportAsk, ReportKind, ReportPage};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::{problem, respond};
use crate::state::Door;

/// `GET /reports/disclosures`
pub(crate) async fn disclosures(State(door): State<Door>, request: Request) -> Response {
    report(&door, ReportKind::Disclosures, &request.into_parts().0).await
}

/// `GET /reports/accesses`
pub(crate) async fn accesses(State(door): State<Door>, request: Request) -> Response {
    report(&door, ReportKind::Accesses, &request.into_parts().0).await
}

/// `GET /reports/export`: the copy of the patient who asks, as a ZIP.
pub(crate) async fn export(State(door): State<Door>, request: Request) -> Response {
    let parts = request.into_parts().0;
    let packed = async {
        let caller = door.acting(&parts.headers).await?;
        crate::access::allow_person(&caller)?;
        let agent = agent(&caller, &parts);
        Ok::<_, ApiError>(door.hospital().export(&caller, agent).await?)
    };
    match packed.await {
        Ok(bytes) => {
            let mut response = respond(axum::http::StatusCode::OK, "application/zip", bytes);
            let name = HeaderValue::from_static("attachment; filename=\"record.zip\"");
            response
                .headers_mut()
                .insert(header::CONTENT_DISPOSITION, name);
            response
        }
        Err(error) => problem(&error),
    }
}

async fn report(door: &Door, kind: ReportKind, parts: &Parts) -> Response {
    answer(door, kind, parts)
        .await
        .unwrap_or_else(|error| problem(&error))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Html,
}

async fn answer(door: &Door, kind: ReportKind, parts: &Parts) -> Result<Response, ApiError> {
    let caller = door.acting(&parts.headers).await?;
    crate::access::allow_person(&caller)?;
    let refused = |what: &str, hint| HospitalError::request("value", what.to_owned(), hint);
    let query = pairs::decode(parts.uri.query().unwrap_or(""))
        .ok_or_else(|| refused("the query is not usable", "percent-encode it as UTF-8"))?;
    let form = form(parts, &query)?;
    let value = |name: &str| {
        let found = query.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.clone())
    };
    let count = match value("count") {
        Some(text) => Some(
            text.parse()
                .map_err(|_| refused("`count` is not a number", "give 1 to 1000"))?,
        ),
        None => None,
    };
    let ask = ReportAsk {
        kind,
        patient: value("patient"),
        from: value("from"),
        to: value("to"),
        count,
        after: value("after"),
    };
    let agent = agent(&caller, parts);
    let page = door.hospital().report(&caller, agent, ask).await?;
    let base = door.hospital().fhir_base();
    Ok(match form {
        Form::Json => {
            let body = written(&page, base).to_string();
            respond(axum::http::StatusCode::OK, "application/json", body)
        }
        Form::Csv => respond(
            axum::http::StatusCode::OK,
            "text/csv; charset=utf-8; header=present",
            csv::written(&page, base),
        ),
        Form::Html => respond(
            axum::http::StatusCode::OK,
            "text/html; charset=utf-8",
            html::written(&page, base),
        ),
    })
}

fn form(parts: &Parts, query: &Pairs) -> Result<Form, ApiError> {
    let asked = query.iter().find(|(name, _)| name == "format");
    match asked.map(|(_, value)| value.as_str()) {
        Some("json") => return Ok(Form::Json),
        Some("csv") => return Ok(Form::Csv),
        Some("html") => return Ok(Form::Html),
        Some(_) => {
            let hint = "ask for json, csv or html";
            return Err(HospitalError::request("value", "`format` is not known", hint).into());
        }
        None => {}
    }
    let accept = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    Ok(match accept {
        _ if accept.starts_with("text/csv") => Form::Csv,
        _ if accept.starts_with("text/html") => Form::Html,
        _ => Form::Json,
    })
}

fn written(page: &ReportPage, base: &str) -> Value {
    let columns: Vec<Value> = columns::of(page)
        .map(|column| {
            json!({ "name": column.name, "title": column.title, "provision": column.provision })
        })
        .collect();
    let lines: Vec<Value> = page
        .lines
        .iter()
        .map(|line| {
            let mut entry = serde_json::Map::new();
            for column in columns::of(page) {
                entry.insert(column.name.into(), (column.value)(line, base).into());
            }
            entry.into()
        })
        .collect();
    json!({
        "report": columns::title(page.kind), "patient": page.patient,
        "organisation": page.organisation, "from": page.from, "to": page.to, "made": page.made,
        "columns": columns, "lines": lines, "next": page.next,
    })
}
