//! What a provider says of itself. OpenID Connect Discovery 1.0, 3 and 4.

use serde::Deserialize;

use super::Provider;
use crate::outgoing::Ask;
use crate::state::Door;

/// How long it is believed, and how long a failure holds others back from asking again.
const FRESH_US: i64 = 3_600 * 1_000_000;
const PAUSE_US: i64 = 10 * 1_000_000;

#[derive(Deserialize)]
struct Told {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Where a provider is.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(super) authorization: String,
    pub(super) token: String,
    pub(super) jwks: String,
    /// Its answers name it (RFC 9207).
    pub(super) names_itself: bool,
}

#[derive(Default)]
struct Kept {
    found: Option<Found>,
    until_us: i64,
}

/// What is known of the one provider.
#[derive(Default)]
pub(crate) struct Discovered(tokio::sync::Mutex<Kept>);

impl Discovered {
    /// Where the provider is; asked once an hour. The error is for the log.
    pub(super) async fn get(&self, door: &Door, provider: &Provider) -> Result<Found, String> {
        let now_us = door.hospital().now_us();
        let mut kept = self.0.lock().await;
        if now_us < kept.until_us && kept.until_us <= now_us.saturating_add(FRESH_US) {
            let failed = || "it could not be reached a moment ago".to_owned();
            return kept.found.clone().ok_or_else(failed);
        }
        *kept = Kept {
            found: None,
            until_us: now_us.saturating_add(PAUSE_US),
        };
        let found = ask(door, provider).await?;
        *kept = Kept {
            found: Some(found.clone()),
            until_us: now_us.saturating_add(FRESH_US),
        };
        Ok(found)
    }
}

async fn ask(door: &Door, provider: &Provider) -> Result<Found, String> {
    let base = provider.issuer.trim_end_matches('/');
    let url = format!("{base}/.well-known/openid-configuration");
    let answer = door.0.outgoing.ask(&url, Ask::Get).await?;
    if answer.status != 200 {
        return Err(format!("{url} answers {}", answer.status));
    }
    let told: Told = serde_json::from_slice(&answer.bytes)
        .map_err(|_| format!("{url} answers no configuration of a provider"))?;
    // Discovery 4.3: byte by byte, or one provider could pass as another.
    if told.issuer != provider.issuer {
        return Err(format!("{url} is of another issuer"));
    }
    let reach = door.0.outgoing.reach();
    for url in [
        &told.authorization_endpoint,
        &told.token_endpoint,
        &told.jwks_uri,
    ] {
        reach.check(url).map_err(|why| format!("{url}: {why}"))?;
    }
    Ok(Found {
        authorization: told.authorization_endpoint,
        token: told.token_endpoint,
        jwks: told.jwks_uri,
        names_itself: told.authorization_response_iss_parameter_supported,
    })
}
