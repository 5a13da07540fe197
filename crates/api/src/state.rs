//! What every handler shares, and the bounds on what is under way.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use hospital::{Caller, Hospital, HospitalError};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Config;
use crate::error::ApiError;
use crate::figures::{self, Figures};
use crate::metrics::Metrics;
use crate::negotiate::{self, Media};
use crate::outgoing::Outgoing;
use crate::smart::{Discovered, KeySets};
use crate::token::{Checked, Mint};

/// Bodies that are in memory at the same time, in KiB.
const BODIES_KIB: u32 = 256 << 10;
/// How long a body waits for room.
const ROOM_WAIT: Duration = Duration::from_secs(10);

/// Shared by all handlers.
#[derive(Clone)]
pub(crate) struct Door(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) hospital: Hospital,
    pub(crate) config: Config,
    pub(crate) mint: Mint,
    pub(crate) metrics: Metrics,
    pub(crate) figures: Figures,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) capabilities: Bytes,
    pub(crate) outgoing: Outgoing,
    /// To the receivers of subscriptions: apart, so that slow ones keep no sign-in waiting.
    pub(crate) webhooks: Outgoing,
    /// Places for those who watch over a WebSocket.
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) key_sets: KeySets,
    pub(crate) discovered: Discovered,
}

impl Door {
    pub(crate) fn new(hospital: Hospital, config: Config) -> Result<Self, ApiError> {
        let mint = Mint::new(&config)?;
        let capabilities = crate::fhir::capabilities(&config);
        let door = Self(Arc::new(Shared {
            places: Arc::new(Semaphore::new(config.concurrent_max)),
            room: Arc::new(Semaphore::new(BODIES_KIB as usize)),
            metrics: Metrics::new(),
            figures: Figures::default(),
            capabilities: capabilities.into(),
            outgoing: Outgoing::new(config.outgoing),
            webhooks: Outgoing::new(config.outgoing),
            sockets: Arc::new(Semaphore::new(crate::epcis::SOCKETS_MAX)),
            key_sets: KeySets::default(),
            discovered: Discovered::default(),
            hospital,
            config,
            mint,
        }));
        figures::start(&door);
        crate::epcis::start_webhooks(&door);
        Ok(door)
    }

    pub(crate) fn hospital(&self) -> &Hospital {
        &self.0.hospital
    }

    /// Who asks, by the bearer token. RFC 6750 2.1.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let value = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let Some(value) = value else {
            return Err(ApiError::Unauthorised("an access token is needed"));
        };
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::Unauthorised(
                "the access token must be a bearer token",
            ));
        }
        self.bearer(token)
    }

    /// Who asks, not through an app.
    pub(crate) fn person(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let caller = self.caller(headers)?;
        crate::access::allow_person(&caller)?;
        Ok(caller)
    }

    /// Whose access token this is.
    pub(crate) fn bearer(&self, token: &str) -> Result<Caller, ApiError> {
        let mut caller = self.checked(token.trim())?.caller;
        let sight = match &self.0.config.sights {
            Some(sights) => sights(&caller),
            None => self.hospital().sight_of(&caller),
        };
        caller.sight.decision = sight.decision;
        Ok(caller)
    }

    /// An access token that is good and was not revoked.
    pub(crate) fn checked(&self, token: &str) -> Result<Checked, ApiError> {
        let checked = self.0.mint.check(token, self.hospital().now_us())?;
        let hospital = self.hospital();
        if hospital.is_revoked(&checked.id, &checked.family, &checked.client) {
            return Err(ApiError::Unauthorised("the access token was revoked"));
        }
        Ok(checked)
    }

    /// Reads a body to its end, within its bound and the room there is.
    pub(crate) async fn body(
        &self,
        headers: &HeaderMap,
        body: Body,
        bytes_max: usize,
    ) -> Result<(Bytes, OwnedSemaphorePermit), ApiError> {
        let told = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse::<usize>().ok());
        let expected = told.unwrap_or(bytes_max).min(bytes_max);
        let kib = u32::try_from(expected / 1024 + 1)
            .unwrap_or(BODIES_KIB)
            .min(BODIES_KIB);
        let waited = Arc::clone(&self.0.room).acquire_many_owned(kib);
        let Ok(Ok(room)) = tokio::time::timeout(ROOM_WAIT, waited).await else {
            return Err(ApiError::Crowded("too many large bodies at the same time"));
        };
        if told.is_some_and(|told| told > bytes_max) {
            discard(body, bytes_max).await;
            return Err(ApiError::TooLarge(bytes_max));
        }
        let bytes = collect(body, bytes_max, told.unwrap_or(0)).await?;
        Ok((bytes, room))
    }

    /// Reads a body of JSON. What does not fit is told by its place and by what was expected, never
    /// by what stands there: it may be a secret.
    pub(crate) async fn form<T: DeserializeOwned>(
        &self,
        headers: &HeaderMap,
        body: Body,
        bytes_max: usize,
        expected: &str,
        hint: &'static str,
    ) -> Result<T, ApiError> {
        negotiate::media(headers, Media::Fhir)?;
        let (bytes, _room) = self.body(headers, body, bytes_max).await?;
        Ok(serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let text = format!("line {line}, column {column}: {expected}");
            HospitalError::request("structure", text, hint)
        })?)
    }
}

async fn collect(mut body: Body, bytes_max: usize, told: usize) -> Result<Bytes, ApiError> {
    let mut read = BytesMut::with_capacity(told.min(bytes_max));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::Body)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if read.len() + data.len() > bytes_max {
            discard(body, bytes_max).await;
            return Err(ApiError::TooLarge(bytes_max));
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

/// Reads on for a while without keeping it: a client that is still sending would otherwise see
/// its connection reset instead of the answer.
async fn discard(mut body: Body, bytes_max: usize) {
    const PATIENCE: Duration = Duration::from_secs(5);
    let mut left = bytes_max.saturating_mul(4).saturating_add(8 << 20);
    let drain = async {
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(size) else {
                return;
            };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(PATIENCE, drain).await;
}
