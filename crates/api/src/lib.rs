//! The JSON door of an organisation: FHIR R4, sign-in, the ledger's public view, health.
//!
//! What lives here: routes, negotiation, access by role, access tokens, the rendering of answers
//! and failures, bounds on what is under way. What does not: rules about records (`hospital`,
//! `fhir`), SQL (`store`), keys and envelopes (`vault`), pages for people (`portal`).
//!
//! # Invariants
//!
//! 1. Nothing under `/fhir` but `metadata` and `.well-known` is answered without a token
//!    (`tests/access.rs`, `no_token_no_data`).
//! 2. What a role may do is decided in one table (`src/access.rs`, `the_table_is_as_documented`).
//! 3. Every failure is an OperationOutcome under `/fhir` and a problem elsewhere, by one table
//!    (`src/error.rs`, `every_failure_is_documented`; `tests/bad_input.rs`).
//! 4. Every body, list, wait and queue is bounded (`tests/bad_input.rs`,
//!    `what_is_past_a_bound_is_refused_and_the_node_lives`).
//! 5. The CapabilityStatement is made of the tables that the handlers use
//!    (`tests/capabilities.rs`, `what_is_claimed_works`).
//!
//! 6. An answer under `/fhir` leaves after its AuditEvent is on disk
//!    (`tests/access_log.rs`, `an_answered_read_has_its_event_on_disk`).
//!
//! # Specifications
//!
//! FHIR R4 3.1.0 and 3.1.1, RFC 9110, RFC 9457, RFC 6749, RFC 6750, RFC 7519. Reference:
//! `docs/reference/http.md`, `access.md`, `errors.md`.

mod access;
mod auth;
mod config;
mod error;
mod fhir;
mod health;
mod ledger;
mod metrics;
mod negotiate;
mod outcome;
mod proposal;
mod report;
mod serve;
mod state;
mod token;

use axum::Router;
use axum::response::Response;
use axum::routing::{any, get, post};
use hospital::{Caller, Hospital};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

pub use config::Config;
pub use error::ApiError;
pub use serve::{Connections, serve};

/// Answers smaller than this are not worth compressing.
const COMPRESS_BYTES_MIN: u16 = 1024;

/// Every route of this door. Mount it, or hand it to [`serve`].
pub fn router(hospital: Hospital, config: Config) -> Result<Router, ApiError> {
    let door = state::Door::new(hospital, config)?;
    let worth = SizeAbove::new(COMPRESS_BYTES_MIN).and(NotForContentType::IMAGES);
    Ok(Router::new()
        .route("/fhir", any(fhir::serve))
        .route("/fhir/", any(fhir::serve))
        .route("/fhir/{*path}", any(fhir::serve))
        .route("/auth/token", post(auth::token))
        .route("/auth/jwks", get(auth::keys))
        .route("/auth/users", get(auth::users).post(auth::add_user))
        .route("/ledger/status", get(ledger::status))
        .route("/ledger/blocks/{height}", get(ledger::block))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/trust", get(ledger::trust))
        .route("/ledger/organisations", get(ledger::organisations))
        .route(
            "/ledger/proposals",
            get(ledger::proposals).post(ledger::propose),
        )
        .route("/ledger/proposals/{id}/votes", post(ledger::vote))
        .route("/reports/disclosures", get(report::disclosures))
        .route("/reports/export", get(report::export))
        .route("/reports/accesses", get(report::accesses))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_verb)
        .layer(CompressionLayer::new().compress_when(worth))
        .with_state(door))
}

async fn nothing_here() -> Response {
    outcome::problem(&ApiError::Path)
}

async fn wrong_verb(method: axum::http::Method) -> Response {
    let verb = method.as_str().chars().take(16).collect();
    outcome::problem(&ApiError::Method {
        verb,
        allow: "GET, POST",
    })
}

/// An access token for a user of this organisation, as `/auth/token` would issue it
/// (for `demo.json`); good for `config.token_life`.
pub fn issue_token(config: &Config, caller: &Caller, now_us: i64) -> Result<String, ApiError> {
    token::Mint::new(config)?.issue(caller, now_us)
}
