//! Capture: EPCIS documents in. EPCIS 2.0, 12.6.
//!
//! A document is checked whole before it is accepted; what it says of packs is then done on the
//! ledger, consecutive events of one act together (`together`). The capture job keeps the document
//! until it is through, so that a node that was killed goes on.

use std::time::Duration;

use epcis::{Document, EpcisError, Event, Limits};
use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};

use super::together::{Together, grouped, repeated};
use super::{event, handles, looks, plan};
use crate::access_log::{Access, AccessAgent, AccessDeed, logged};
use crate::admit::new_id;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::pairs::Pairs;
use crate::setup::Hospital;

/// Jobs that are looked at in one round.
const PAGE_MAX: u32 = 100;
/// How often and how long after each other what is in the way of a job is tried again.
const TRIES_MAX: u32 = 60;
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// Errors that a job keeps.
const ERRORS_MAX: usize = 100;

/// In which form a document comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// JSON or JSON-LD.
    Json,
    /// XML, 1.2 or 2.0.
    Xml,
}

/// What happens to the other events where one is refused (`GS1-Capture-Error-Behaviour`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// None is captured.
    Rollback,
    /// They are captured.
    Proceed,
}

/// Where a capture stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// Its id.
    pub id: String,
    /// When the document came, RFC 3339.
    pub created: String,
    /// When it was through.
    pub finished: Option<String>,
    /// Whether it is still under way.
    pub running: bool,
    /// Whether every event was captured, so far.
    pub success: bool,
    /// What happens on an error.
    pub on_error: OnError,
    /// What was refused, in words.
    pub errors: Vec<String>,
    /// How many events were captured.
    pub captured: usize,
}

/// A job with what is left of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    told: Capture,
    /// The events of the document while it is under way. What is stored already is passed over.
    left: Vec<String>,
}

impl Hospital {
    /// Takes a document in: it is valid and kept when this returns. What it says is done later.
    pub async fn capture(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (document, media): (bytes::Bytes, Media),
        on_error: OnError,
    ) -> Result<Capture, HospitalError> {
        handles(caller)?;
        let events = self.read_document(document, media).await?;
        let now_us = self.now_us();
        let left = events.iter().map(|event| event.to_json().to_string());
        let job = Job {
            left: left.collect(),
            told: Capture {
                id: new_id()?,
                created: instant::fhir(now_us),
                finished: None,
                running: true,
                success: true,
                on_error,
                errors: Vec::new(),
                captured: 0,
            },
        };
        self.keep_job(&job, now_us).await?;
        let (id, hospital) = (job.told.id.clone(), self.clone());
        tokio::spawn(async move { hospital.pursue_job(&id, &agent).await });
        Ok(job.told)
    }

    /// Goes on with a job until it is through; what stands in its way may pass.
    async fn pursue_job(&self, id: &str, agent: &AccessAgent) {
        for _ in 0..TRIES_MAX {
            match Box::pin(self.finish_job(id, agent)).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "a capture waits"),
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
    }

    /// Takes one event in; it is stored when this returns. Answers its eventID.
    pub async fn capture_event(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (document, media): (bytes::Bytes, Media),
    ) -> Result<String, HospitalError> {
        handles(caller)?;
        let mut events = self.read_document(document, media).await?;
        let (Some(event), true) = (events.pop(), events.is_empty()) else {
            return Err(HospitalError::request(
                "value",
                "one event is expected here",
                "send documents to /epcis/capture",
            ));
        };
        let id = event.event_id().unwrap_or_default().to_owned();
        let access = Access::new(agent, AccessDeed::Create, self.now_us());
        logged(access, Box::pin(self.take_in(&event))).await.0?;
        Ok(id)
    }

    /// Reads and validates a document, off the async threads.
    async fn read_document(
        &self,
        document: bytes::Bytes,
        media: Media,
    ) -> Result<Vec<Event>, HospitalError> {
        let now_us = self.now_us();
        let read = move || {
            let limits = Limits::default();
            let document = match media {
                Media::Json => Document::from_json(&document, &limits),
                Media::Xml => Document::from_xml(&document, &limits),
            };
            document.map(|document| {
                let mut events = document.events;
                for event in &mut events {
                    event::recorded(event, now_us);
                }
                events
            })
        };
        self.0.cpu.run(read).await?.map_err(|error| refused(&error))
    }

    /// One event: what it says of packs is done on the ledger first.
    async fn take_in(&self, event: &Event) -> Result<(), HospitalError> {
        if self.is_stored(event).await? {
            return Ok(());
        }
        let order = [plan::order_of(event)];
        let concerns = self.concern_ledger(&order).await?;
        if let ([Some(order)], [true]) = (&order, concerns.as_slice()) {
            self.moved(order, event).await?;
            return Ok(());
        }
        self.store_events(std::slice::from_ref(event)).await
    }

    /// Does what is left of a job.
    async fn finish_job(&self, id: &str, agent: &AccessAgent) -> Result<(), HospitalError> {
        let ids = vec![id.as_bytes().to_vec()];
        let Some(row) = self.0.store.sealed(Drawer::Captures, ids).await?.pop() else {
            return Ok(());
        };
        let mut job = self.opened_job(&row)?;
        let read = |text: &String| Event::read(text.as_bytes(), &Limits::default());
        let events = job.left.iter().map(read).collect::<Result<Vec<_>, _>>();
        let events = events.map_err(|error| refused(&error))?;
        job.told.captured = 0;
        let access = Access::new(agent.clone(), AccessDeed::Create, self.now_us());
        let work = Box::pin(self.take_all_in(&events, &mut job.told));
        logged(access, work).await.0?;
        job.left.clear();
        job.told.running = false;
        job.told.finished = Some(instant::fhir(self.now_us()));
        self.keep_job(&job, row.at_us).await
    }

    /// Everything that is evidence alone is stored in one commit, then what moves packs is done.
    async fn take_all_in(&self, events: &[Event], told: &mut Capture) -> Result<(), HospitalError> {
        let mut fresh = Vec::new();
        for event in events {
            match self.is_stored(event).await {
                Ok(true) => told.captured += 1,
                Ok(false) => fresh.push(event),
                Err(error) if passes(&error) => return Err(error),
                Err(error) => say(told, &error),
            }
        }
        let orders: Vec<_> = fresh.iter().map(|event| plan::order_of(event)).collect();
        let concern = self.concern_ledger(&orders).await?;
        let (mut evidence, mut moving) = (Vec::new(), Vec::new());
        for ((event, order), concerns) in fresh.into_iter().zip(orders).zip(concern) {
            match order {
                Some(order) if concerns => moving.push((event, order)),
                _ => evidence.push(event.clone()),
            }
        }
        if told.on_error == OnError::Rollback {
            if !told.errors.is_empty() {
                told.captured = 0;
                return Ok(());
            }
            match self.store_events(&evidence).await {
                Ok(()) => told.captured += evidence.len(),
                Err(error) if passes(&error) => return Err(error),
                Err(error) => {
                    say(told, &error);
                    return Ok(());
                }
            }
        } else {
            for event in &evidence {
                match self.store_events(std::slice::from_ref(event)).await {
                    Ok(()) => told.captured += 1,
                    Err(error) if passes(&error) => return Err(error),
                    Err(error) => say(told, &error),
                }
            }
        }
        for group in grouped(moving, &repeated(events)) {
            self.take_together(group, told).await?;
        }
        Ok(())
    }

    /// Does what several events say in one transaction. Where it is refused, what is at fault is
    /// looked for by halves, and the rest goes through.
    async fn take_together(
        &self,
        group: Together<'_>,
        told: &mut Capture,
    ) -> Result<(), HospitalError> {
        let mut waiting = vec![group];
        while let Some(group) = waiting.pop() {
            let count = group.events.len();
            let done = match group.events.as_slice() {
                [alone] => self.take_in(alone).await,
                several => {
                    let moved = self.moved_together(&group.order, several);
                    Box::pin(moved).await.map(drop)
                }
            };
            match done {
                Ok(()) => told.captured += count,
                Err(error) if passes(&error) => return Err(error),
                Err(_) if count > 1 => {
                    let (first, rest) = group.halves();
                    waiting.extend([rest, first]);
                }
                Err(error) => say(told, &error),
            }
        }
        Ok(())
    }

    /// Goes on with captures that a stop before this time broke off.
    pub async fn pursue_captures(&self, before_us: i64) -> Result<(), HospitalError> {
        let rows = self
            .0
            .store
            .latest_sealed(Drawer::Captures, Some((before_us, Vec::new())), PAGE_MAX)
            .await?;
        for row in rows {
            let job = self.opened_job(&row)?;
            if job.told.running {
                let agent = AccessAgent::default();
                Box::pin(self.finish_job(&job.told.id, &agent)).await?;
            }
        }
        Ok(())
    }

    /// Where a capture stands.
    pub async fn capture_job(&self, caller: &Caller, id: &str) -> Result<Capture, HospitalError> {
        looks(caller)?;
        let absent = || HospitalError::Absent("a capture of this id".into());
        let ids = vec![id.as_bytes().to_vec()];
        let row = self.0.store.sealed(Drawer::Captures, ids).await?.pop();
        Ok(self.opened_job(&row.ok_or_else(absent)?)?.told)
    }

    /// A page of the captures, the latest first, with the token of the next.
    pub async fn capture_jobs(
        &self,
        caller: &Caller,
        pairs: &Pairs,
    ) -> Result<(Vec<Capture>, Option<String>), HospitalError> {
        looks(caller)?;
        let (rows, next) = self.sealed_page(Drawer::Captures, pairs).await?;
        let told = rows
            .iter()
            .map(|row| self.opened_job(row).map(|it| it.told));
        Ok((told.collect::<Result<_, _>>()?, next))
    }

    async fn keep_job(&self, job: &Job, made_us: i64) -> Result<(), HospitalError> {
        let id = job.told.id.as_bytes();
        let row = self.sealed_row(Drawer::Captures, (id, made_us), job)?;
        Ok(self.0.store.put_sealed(Drawer::Captures, vec![row]).await?)
    }

    fn opened_job(&self, row: &Sealed) -> Result<Job, HospitalError> {
        self.opened_row(Drawer::Captures, row)
    }
}

/// Whether a failure says nothing about the event: the job is tried again.
fn passes(error: &HospitalError) -> bool {
    use HospitalError as H;
    matches!(
        error,
        H::Busy(_) | H::DiskFull | H::Internal(_) | H::Damaged { .. }
    )
}

fn say(told: &mut Capture, error: &HospitalError) {
    if told.errors.len() < ERRORS_MAX {
        told.errors.push(error.to_string());
    }
    told.success = false;
}

/// What is wrong with a document.
pub(super) fn refused(error: &EpcisError) -> HospitalError {
    let code = match error {
        EpcisError::TooLarge(_) => "too-costly",
        _ => "structure",
    };
    HospitalError::request(
        code,
        error.to_string(),
        "correct what the pointers name; nothing was captured: docs/reference/epcis.md",
    )
}
