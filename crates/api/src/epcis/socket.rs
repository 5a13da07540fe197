//! Whoever watches a named query over a WebSocket (RFC 6455). EPCIS 2.0, 12.8.
//!
//! Nothing is confirmed here: a client whose connection broke comes again with an
//! `initialRecordTime` from before that.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::access_log::AccessAgent;
use hospital::packs::{QuerySchedule, Watcher, Watching};
use hospital::pairs::{self, Pairs};
use hospital::{HospitalError, instant};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::failure;
use super::subscriptions::{record_time, when};
use crate::error::ApiError;
use crate::fhir::agent;
use crate::state::Door;

/// Connections at the same time.
pub(crate) const SOCKETS_MAX: usize = 64;
/// What a client may send: it has nothing to say.
const HEARD_BYTES_MAX: usize = 4 << 10;
/// Time for one message to leave.
const SEND_MAX: Duration = Duration::from_secs(30);
/// So often a client is asked whether it is there, and after so long without a word it is not.
const PING: Duration = Duration::from_secs(30);
const SILENCE_MAX: Duration = Duration::from_secs(95);

/// `GET /epcis/queries/{queryName}/events`: a page, or what there will be from now on.
pub(super) async fn events(
    State(door): State<Door>,
    Path(name): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    parts: Parts,
) -> Response {
    if !parts.headers.contains_key("upgrade") {
        return super::queries::found(&door, &name, &parts).await;
    }
    let begun = async {
        let caller = door.caller(&parts.headers)?;
        let asked = pairs::decode(parts.uri.query().unwrap_or("")).unwrap_or_default();
        let asked = watching(&asked)?;
        let initial_us = asked.initial_us;
        let upgrade = upgrade.map_err(|_| unusable("the upgrade is none to a WebSocket"))?;
        let watcher = door.hospital().watch_query(&caller, &name, asked).await?;
        let place = Arc::clone(&door.0.sockets).try_acquire_owned();
        let place = place.map_err(|_| ApiError::Crowded("too many open WebSockets"))?;
        let from_us = initial_us.unwrap_or_else(|| door.hospital().now_us());
        Ok((upgrade, watcher, place, from_us, agent(&caller, &parts)))
    };
    let begun: Result<_, ApiError> = begun.await;
    let (upgrade, watcher, place, from_us, agent) = match begun {
        Ok(begun) => begun,
        Err(error) => return failure::subscription(&error),
    };
    let told = Told {
        door,
        headers: parts.headers,
        agent,
        watcher,
        _place: place,
    };
    let mut response = upgrade
        .max_message_size(HEARD_BYTES_MAX)
        .max_frame_size(HEARD_BYTES_MAX)
        .on_upgrade(|socket| told.tell(socket));
    if let Ok(from) = instant::fhir(from_us).parse() {
        response
            .headers_mut()
            .insert("gs1-query-min-record-time", from);
    }
    response
}

fn unusable(text: impl Into<String>) -> HospitalError {
    let hint = "docs/reference/epcis.md says how a query is watched";
    HospitalError::request("value", text, hint)
}

/// The parameters of a subscription in an address.
fn watching(pairs: &Pairs) -> Result<Watching, HospitalError> {
    let (mut stream, mut schedule) = (None, QuerySchedule::default());
    let (mut report_if_empty, mut initial_us) = (false, None);
    let flag = |name: &str, value: &str| match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(unusable(format!("{name} is true or false"))),
    };
    for (name, value) in pairs {
        let field = match name.as_str() {
            "stream" => {
                stream = Some(flag(name, value)?);
                continue;
            }
            "reportIfEmpty" => {
                report_if_empty = flag(name, value)?;
                continue;
            }
            "initialRecordTime" => {
                initial_us = Some(record_time(value)?);
                continue;
            }
            "second" => &mut schedule.second,
            "minute" => &mut schedule.minute,
            "hour" => &mut schedule.hour,
            "dayOfMonth" => &mut schedule.day_of_month,
            "month" => &mut schedule.month,
            "dayOfWeek" => &mut schedule.day_of_week,
            other => {
                let other: String = other.chars().take(80).collect();
                return Err(unusable(format!(
                    "{other} is no parameter of a subscription"
                )));
            }
        };
        *field = Some(value.clone());
    }
    let schedule = Some(schedule).filter(|schedule| !schedule.is_empty());
    Ok(Watching {
        when: when(stream, schedule)?,
        report_if_empty,
        initial_us,
    })
}

/// One connection.
struct Told {
    door: Door,
    /// As it was asked for: the token is looked at again before each message.
    headers: HeaderMap,
    agent: AccessAgent,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
}

impl Told {
    async fn tell(mut self, mut socket: WebSocket) {
        let (code, why) = self.tell_on(&mut socket).await;
        let close = Message::Close(Some(CloseFrame {
            code,
            reason: why.into(),
        }));
        let _ = tokio::time::timeout(SEND_MAX, socket.send(close)).await;
    }

    /// Until somebody hangs up: the code of RFC 6455 7.4.1, and why.
    async fn tell_on(&mut self, socket: &mut WebSocket) -> (u16, &'static str) {
        let mut changes = self.door.hospital().standing_changes();
        let mut heard = Instant::now();
        let mut pinged = heard;
        loop {
            if self.door.caller(&self.headers).is_err() {
                return (close_code::POLICY, "the access token is no longer good");
            }
            let hospital = self.door.hospital();
            let found = hospital
                .next_watched(self.agent.clone(), &mut self.watcher)
                .await;
            let message = match found {
                Ok(Some(document)) => Some(Message::Text(document.to_string().into())),
                Ok(None) if self.watcher.has_more() => continue,
                Ok(None) if pinged.elapsed() >= PING => {
                    pinged = Instant::now();
                    Some(Message::Ping(bytes::Bytes::new()))
                }
                Ok(None) => None,
                Err(HospitalError::Absent(_)) => return (close_code::NORMAL, "the query is gone"),
                Err(error) => {
                    tracing::warn!(%error, "a watched query cannot be answered");
                    return (close_code::ERROR, "the query could not be answered");
                }
            };
            if let Some(message) = message {
                let sent = tokio::time::timeout(SEND_MAX, socket.send(message)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return (close_code::AWAY, "a message did not leave");
                }
                if self.watcher.has_more() {
                    continue;
                }
            }
            if heard.elapsed() >= SILENCE_MAX {
                return (close_code::AWAY, "nothing was heard of the client");
            }
            tokio::select! {
                told = changes.changed() => if told.is_err() {
                    return (close_code::AWAY, "the node stops");
                },
                () = tokio::time::sleep(self.pause()) => {}
                said = socket.recv() => match said {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => {
                        return (close_code::NORMAL, "");
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => heard = Instant::now(),
                    Some(Ok(_)) => return (close_code::POLICY, "nothing is to be said here"),
                },
            }
        }
    }

    /// Until the next run by the clock, or the next question whether the client is there.
    fn pause(&self) -> Duration {
        match self.watcher.due_us() {
            0 => PING,
            due_us => {
                let us = u64::try_from(due_us - self.door.hospital().now_us()).unwrap_or(0);
                Duration::from_micros(us).clamp(Duration::from_millis(1), PING)
            }
        }
    }
}
