//! The JSON door of an organisation: FHIR R4, sign-in, the ledger's public view, health.

mod config;

use axum::Router;
use hospital::{Caller, Hospital};

pub use config::Config;

/// Every route of this door. Mount it, or hand it to [`serve`].
pub fn router(hospital: Hospital, config: Config) -> Result<Router, ApiError> {
    let _ = (hospital, config);
    Err(ApiError::Key)
}

/// Serves a router until `stop` resolves; requests under way are finished within ten seconds.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    stop: impl std::future::Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

/// An access token for a user of this organisation, as `/auth/token` would issue it
/// (for `demo.json`); good for `config.token_life`.
pub fn issue_token(config: &Config, caller: &Caller, now_us: i64) -> Result<String, ApiError> {
    let _ = (config, caller, now_us);
    Err(ApiError::Key)
}

/// Why the door did not open.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The token key could not be made.
    #[error("the key for access tokens cannot be used")]
    Key,
}
