//! The JSON door of an organisation: FHIR R4, sign-in, patients' keys, the ledger's public view,
//! health.
//!
//! What lives here: routes, negotiation, access by role, access tokens, the
//! authorization server (`smart`), the addresses of health links, the rendering of answers
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
//! 6. The authorization server grants no more than user, client and request allow
//!    (`tests/smart_refusals.rs`, `every_misuse_is_refused_with_its_error`).
//! 7. An answer under `/fhir` leaves after its AuditEvent is on disk
//!    (`tests/access_log.rs`, `an_answered_read_has_its_event_on_disk`).
//!
//! # Specifications
//!
//! FHIR R4 3.1.0 and 3.1.1, RFC 9110, RFC 9457, RFC 6749, RFC 6750, RFC 7519. Reference:
//! `docs/reference/http.md`, `access.md`, `errors.md`.

mod access;
mod auth;
mod blocks;
mod config;
mod dscsa;
mod epcis;
mod erasure;
mod error;
mod fhir;
mod figures;
mod health;
mod identity;
mod inside;
mod ledger;
mod links;
mod metrics;
mod negotiate;
mod openings;
mod operations;
mod outcome;
mod outgoing;
mod packs;
mod proposal;
mod questions;
mod report;
mod requests;
mod research;
mod serve;
mod sharing;
mod smart;
mod state;
mod token;
mod trials;
mod unread;

use axum::Router;
use axum::http::{HeaderName, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{any, delete, get, post};
use hospital::{Caller, Hospital};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{Any, CorsLayer};

pub use config::{Config, Sights};
pub use error::ApiError;
pub use inside::{Entrance, Inside, Visitor, Wrong};
pub use outgoing::Reach;
pub use serve::{Connections, serve};
pub use smart::{Provider, find_cookie};

/// Answers smaller than this are not worth compressing.
const COMPRESS_BYTES_MIN: u16 = 1024;

/// Every route of this door. Mount it, or hand it to [`serve`].
pub fn router(hospital: Hospital, config: Config) -> Result<Router, ApiError> {
    Ok(doors(hospital, config)?.0)
}

/// The same, and the door as pages of this process ask it.
pub fn doors(hospital: Hospital, config: Config) -> Result<(Router, Inside), ApiError> {
    let door = state::Door::new(hospital, config)?;
    let routes = routes(&door);
    Ok((routes.clone(), Inside::new(door, routes)))
}

fn routes(door: &state::Door) -> Router {
    let worth = SizeAbove::new(COMPRESS_BYTES_MIN).and(NotForContentType::IMAGES);
    let open = smart::open_routes()
        .route("/fhir", any(fhir::serve))
        .route("/fhir/", any(fhir::serve))
        .route("/fhir/{*path}", any(fhir::serve))
        .route("/auth/token", post(auth::token))
        .route("/shl/{secret}", post(links::manifest))
        .route("/shl/files/{secret}", get(links::file))
        // Before the layer: it must see the verbs that no route takes, OPTIONS above all.
        .method_not_allowed_fallback(wrong_verb)
        .layer(other_origins());
    Router::new()
        .merge(open)
        .merge(smart::own_routes())
        .merge(epcis::routes())
        .merge(packs::routes())
        .merge(dscsa::routes())
        .merge(trials::routes())
        .merge(research::routes())
        .route("/auth/users", get(auth::users).post(auth::add_user))
        .route("/identity/keys", get(identity::keys).post(identity::enrol))
        .route("/identity/recovery", post(identity::recovery))
        .route("/identity/recovery/restore", post(identity::restore))
        .route(
            "/identity/delegations",
            get(identity::delegations).post(identity::delegate),
        )
        .route("/identity/delegations/{id}", delete(identity::end))
        .route(
            "/identity/delegations/{id}/acceptance",
            post(identity::accept),
        )
        .route("/links", get(links::list).post(links::make))
        .route("/links/{id}", delete(links::end))
        .route("/ledger/status", get(ledger::status))
        .route("/ledger/blocks/{height}", get(ledger::block))
        .route("/ledger/blocks", get(blocks::list))
        .route("/ledger/consistency", get(blocks::consistency))
        .route("/ledger/entries/{index}/receipt", get(blocks::receipt))
        .route("/ledger/checkpoint", get(ledger::checkpoint))
        .route("/ledger/trust", get(ledger::trust))
        .route("/ledger/organisations", get(ledger::organisations))
        .route(
            "/ledger/proposals",
            get(ledger::proposals).post(ledger::propose),
        )
        .route("/ledger/proposals/{id}/votes", post(ledger::vote))
        .route("/sharing/codes", post(sharing::make_code))
        .route("/sharing/locate", get(sharing::locate))
        .route("/sharing/preview", post(sharing::preview))
        .route("/sharing/links", get(sharing::links).post(sharing::link))
        .route(
            "/sharing/break-glass",
            get(sharing::openings).post(sharing::break_glass),
        )
        .route("/sharing/break-glass/{id}/review", post(sharing::review))
        .route(
            "/sharing/requests",
            get(requests::list).post(requests::send),
        )
        .route("/sharing/requests/{id}/decline", post(requests::decline))
        .route("/sharing/evidence", get(sharing::evidence))
        .route("/sharing/credentials/end", post(sharing::end_credentials))
        .route(
            "/erasures/holds",
            get(erasure::holds)
                .post(erasure::place_hold)
                .delete(erasure::lift_hold),
        )
        .route("/erasures/preview", get(erasure::preview))
        .route("/erasures/{id}", get(erasure::status))
        .route("/erasures/{id}/certificate", get(erasure::certificate))
        .route("/reports/disclosures", get(report::disclosures))
        .route("/reports/export", get(report::export))
        .route("/reports/accesses", get(report::accesses))
        .route(
            "/reports/suspensions",
            get(report::suspensions::list).post(report::suspensions::enter),
        )
        .route(
            "/reports/suspensions/{id}/end",
            post(report::suspensions::end),
        )
        .route("/questions", get(questions::list).post(questions::ask))
        .route("/questions/{id}/answer", post(questions::answer))
        .route("/operations/backups", get(operations::backups))
        .route("/operations/storage", get(operations::storage))
        .route("/operations/keys", get(operations::keys))
        .route("/operations/peers", get(operations::peers))
        .route("/operations/figures", get(operations::figures))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_verb)
        .layer(from_fn_with_state(door.clone(), dscsa::own_systems))
        .layer(from_fn_with_state(door.clone(), figures::count))
        .layer(CompressionLayer::new().compress_when(worth))
        .with_state(door.clone())
}

/// Apps in a browser come from other origins (SMART App Launch 2.2, "CORS"). Nothing that they
/// may call heeds a cookie, so any origin may: what counts is the token.
fn other_origins() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_MODIFIED_SINCE,
            header::IF_NONE_MATCH,
            HeaderName::from_static("if-none-exist"),
            HeaderName::from_static("prefer"),
        ])
        .expose_headers([
            header::CONTENT_LOCATION,
            header::ETAG,
            header::LAST_MODIFIED,
            header::LOCATION,
            header::RETRY_AFTER,
        ])
        .max_age(std::time::Duration::from_mins(10))
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
