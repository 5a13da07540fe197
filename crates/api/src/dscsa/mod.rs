//! Papers of the trade in the United States over HTTP: verification for partners (GS1 Lightweight
//! Messaging), transaction information and statements, inspections, notices, exceptions, recalls,
//! who is authorized. `docs/reference/dscsa.md`.

mod cases;
mod master_data;
mod papers;
mod printed;
mod verification;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use hospital::access_log::AccessAgent;
use hospital::{Caller, HospitalError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::problem;
use crate::state::Door;

/// Largest form: 10,000 scans of 100 bytes.
const FORM_BYTES_MAX: usize = 1 << 20;
const HINT: &str = "docs/reference/dscsa.md shows each form";

/// What the system of another member may ask for.
const OPEN_TO_PARTNERS: [&str; 6] = [
    "/verify/",
    "/gtin/",
    "/01/",
    "/checkConnectivity",
    "/auth/",
    "/health/",
];

/// `?after=`
#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

pub(crate) fn routes() -> Router<Door> {
    let mut routes = Router::new();
    // The path of the standard, and the same as a Digital Link writes it (GS1 Digital Link 4.9).
    for path in [
        "/verify/gtin/{gtin}/lot/{lot}/ser/{serial}",
        "/verify/01/{gtin}/10/{lot}/21/{serial}",
        "/gtin/{gtin}/lot/{lot}/ser/{serial}",
        "/01/{gtin}/10/{lot}/21/{serial}",
    ] {
        routes = routes.route(path, get(verification::answer));
    }
    routes
        .route("/checkConnectivity", get(verification::connectivity))
        .route("/packs/verification", post(verification::ask))
        .route("/packs/master-data", get(master_data::read))
        .route("/packs/master-data/party", post(master_data::card))
        .route("/packs/master-data/products", post(master_data::product))
        .route("/packs/master-data/clients", post(master_data::client))
        .route("/packs/partners", get(master_data::partners))
        .route("/packs/partners/{id}", get(master_data::partner))
        .route("/packs/transactions", get(papers::list))
        .route("/packs/transactions/{event}", get(papers::one))
        .route("/packs/inspection", post(papers::inspect))
        .route("/packs/notices", get(cases::quarantines))
        .route(
            "/packs/notices/{event}",
            get(cases::quarantine).post(cases::file_notice),
        )
        .route(
            "/packs/exceptions",
            get(cases::exceptions).post(cases::report),
        )
        .route("/packs/exceptions/{case}/response", post(cases::respond))
        .route("/packs/exceptions/{case}/resolution", post(cases::resolve))
        .route("/packs/recalls", get(cases::recalls).post(cases::reach))
}

/// Keeps systems of partners out of this organisation's own medicines: they verify, no more.
pub(crate) async fn own_systems(
    State(door): State<Door>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let is_open = OPEN_TO_PARTNERS.iter().any(|it| path.starts_with(it));
    if !is_open && let Ok(caller) = door.caller(request.headers()) {
        let refused = match door.hospital().is_partner_system(&caller).await {
            Ok(false) => None,
            Ok(true) => Some(ApiError::Denied(
                "the system of another member verifies packs here, and does nothing else".into(),
            )),
            Err(error) => Some(error.into()),
        };
        if let Some(error) = refused {
            return problem(&error);
        }
    }
    next.run(request).await
}

/// Who asks, and the form that came.
async fn form<T: DeserializeOwned>(
    door: &Door,
    (parts, body): (Parts, Body),
    expected: &str,
) -> Result<(Caller, AccessAgent, T), ApiError> {
    let caller = door.caller(&parts.headers)?;
    let form = door
        .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
        .await?;
    let agent = agent(&caller, &parts);
    Ok((caller, agent, form))
}

/// Carried out whole even if the client hangs up: others may have been told.
async fn whole<T: Send + 'static>(
    act: impl Future<Output = Result<T, HospitalError>> + Send + 'static,
) -> Result<T, ApiError> {
    let broke = |_| HospitalError::Internal("an act on papers broke off".into());
    Ok(tokio::spawn(act).await.map_err(broke)??)
}

fn wrong(text: &str) -> ApiError {
    HospitalError::request("value", text, HINT).into()
}
