//! Messages to subscribers: at least once, in the order in which events were stored.
//!
//! A place moves on, on disk, after the receiver confirmed what comes before it. A node that is
//! killed between the two sends that message again. A receiver that fails is tried again, later and
//! later, and at last no more; nothing of what it missed is thrown away.

use bytes::Bytes;

use super::subscription::{Subscription, When};
use crate::access_log::AccessAgent;
use crate::error::HospitalError;
use crate::identity::statement::hex;
use crate::setup::Hospital;

/// Tries of one message: 37 h in all.
const TRIES_MAX: u32 = 48;
/// After the first try, and at most.
const PAUSE_US: i64 = 1_000_000;
const PAUSE_MAX_US: i64 = 3_600 * 1_000_000;
/// Batches without anything to tell that are looked at one after the other.
const EMPTY_MAX: usize = 20;
/// A place without anything to tell is kept on disk after so many records.
const SCANNED_MAX: i64 = 10_000;
/// Longest reason that is kept.
const REASON_CHARS_MAX: usize = 200;

/// Subscriptions that have to be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Now, by their ids.
    pub now: Vec<String>,
    /// When the next one is due, microseconds since 1970.
    pub next_us: Option<i64>,
}

/// A message to a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The subscription.
    pub id: String,
    /// Where it goes.
    pub dest: String,
    /// An `EPCISQueryDocument`.
    pub body: Bytes,
    /// What `GS1-Signature` says: HMAC-SHA-256 of the body under the receiver's secret.
    pub signature: Option<String>,
    events: usize,
    end: i64,
    more: bool,
}

impl Hospital {
    /// Which subscriptions may have something to tell.
    pub async fn due_deliveries(&self) -> Result<Due, HospitalError> {
        let mut due = Due::default();
        let all = self.kept_subscriptions().await?;
        if all.is_empty() {
            return Ok(due);
        }
        let (now_us, end) = (self.now_us(), self.0.store.epcis_end().await?);
        for it in all.into_iter().filter(|it| it.stopped.is_none()) {
            let at_us = it.due_us.max(it.retry_us.unwrap_or(0));
            if at_us > now_us {
                due.next_us = Some(due.next_us.map_or(at_us, |known| known.min(at_us)));
            } else if it.when != When::Stream || self.looked_at(&it) < end {
                due.now.push(it.id);
            }
        }
        Ok(due)
    }

    fn looked_at(&self, it: &Subscription) -> i64 {
        it.place.max(self.0.standing.scanned(&it.id))
    }

    /// The next message of a subscription; `None`: there is none now.
    pub async fn next_delivery(&self, id: &str) -> Result<Option<Delivery>, HospitalError> {
        let Some(it) = self.kept_subscription(id).await? else {
            return Ok(None);
        };
        let at_us = it.due_us.max(it.retry_us.unwrap_or(0));
        if it.stopped.is_some() || at_us > self.now_us() {
            return Ok(None);
        }
        let query = match self.query_named(&it.query).await {
            Ok((query, _)) => query.read()?,
            Err(HospitalError::Absent(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut since = it.since();
        since.place = self.looked_at(&it);
        for _ in 0..EMPTY_MAX {
            let fed = self.fed(&query, since, it.batch).await?;
            since.place = fed.end;
            let nothing = fed.events.is_empty();
            if nothing && fed.more {
                self.0.standing.set_scanned(id, Some(fed.end));
                continue;
            }
            if nothing && (it.when == When::Stream || !it.report_if_empty) {
                self.nothing_to_tell(&it, fed.end).await?;
                return Ok(None);
            }
            let (events, end, more) = (fed.events.len(), fed.end, fed.more);
            let agent = AccessAgent {
                user: it.owner.0.clone(),
                role: it.owner.1.clone(),
                ..AccessAgent::default()
            };
            let told = self
                .told_events(agent, fed, (&it.query, Some(&it.id)))
                .await?;
            let body = told.to_string().into_bytes();
            let sign = |secret: &String| {
                let signed = vault::keys::hmac_sha256(secret.as_bytes(), &body);
                format!("sha256={}", hex(&signed))
            };
            return Ok(Some(Delivery {
                signature: it.token.as_ref().map(sign),
                id: it.id,
                dest: it.dest,
                body: body.into(),
                events,
                end,
                more,
            }));
        }
        Ok(None)
    }

    /// A run that found nothing.
    async fn nothing_to_tell(&self, it: &Subscription, end: i64) -> Result<(), HospitalError> {
        self.0.standing.set_scanned(&it.id, Some(end));
        if it.when == When::Stream && end - it.place < SCANNED_MAX {
            return Ok(());
        }
        self.change(&it.id, |it, now_us| ran(it, end, now_us))
            .await?;
        Ok(())
    }

    /// What became of a message: the status of the receiver's answer, or why there was none.
    /// True: there may be another one now.
    pub async fn delivered(
        &self,
        delivery: &Delivery,
        answer: Result<u16, String>,
    ) -> Result<bool, HospitalError> {
        let why = match answer {
            Ok(200..=299) => {
                return self
                    .change(&delivery.id, |it, now_us| {
                        confirmed(it, now_us);
                        if delivery.more {
                            it.place = delivery.end;
                        } else {
                            ran(it, delivery.end, now_us);
                        }
                    })
                    .await;
            }
            Ok(413) if delivery.events > 1 => {
                return self
                    .change(&delivery.id, |it, _| it.batch = delivery.events / 2)
                    .await;
            }
            Ok(410) => {
                let stop = |it: &mut Subscription, _| {
                    it.stopped = Some("the receiver is gone (410)".to_owned());
                };
                self.change(&delivery.id, stop).await?;
                return Ok(false);
            }
            Ok(status) => format!("the receiver answered {status}"),
            Err(why) => why,
        };
        self.change(&delivery.id, |it, now_us| failed(it, &why, now_us))
            .await?;
        Ok(false)
    }

    /// Changes a subscription that is still there.
    async fn change(
        &self,
        id: &str,
        change: impl FnOnce(&mut Subscription, i64) + Send,
    ) -> Result<bool, HospitalError> {
        let _desk = self.0.standing.desk.lock().await;
        let Some(mut it) = self.kept_subscription(id).await? else {
            return Ok(false);
        };
        change(&mut it, self.now_us());
        self.keep_subscription(&it).await?;
        Ok(true)
    }
}

/// The query was run to its end.
fn ran(it: &mut Subscription, end: i64, now_us: i64) {
    it.place = it.place.max(end);
    it.executed_us = Some(now_us);
    it.due_us = it.when.run_after(now_us);
}

fn confirmed(it: &mut Subscription, now_us: i64) {
    it.notified_us = Some(now_us);
    it.tries = 0;
    it.retry_us = None;
}

/// Later and later, and at last no more.
fn failed(it: &mut Subscription, why: &str, now_us: i64) {
    it.tries = it.tries.saturating_add(1);
    let doubled = PAUSE_US.saturating_mul(1 << (it.tries - 1).min(20));
    it.retry_us = Some(now_us.saturating_add(doubled.min(PAUSE_MAX_US)));
    if it.tries >= TRIES_MAX {
        let why: String = why.chars().take(REASON_CHARS_MAX).collect();
        it.stopped = Some(format!("{TRIES_MAX} tries failed; the last: {why}"));
    }
}
