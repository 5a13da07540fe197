//! Somebody watches a named query: over a connection that is open, or by subscription.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::feed::{Fed, Since};
use super::looks;
use super::query::document;
use super::subscription::{When, first_run, stands};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Events of one message.
pub(super) const BATCH_MAX: usize = 100;

/// What standing queries share.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Held while a query or a subscription is counted, made, changed or taken away.
    pub(super) desk: tokio::sync::Mutex<()>,
    /// Counts stored events, and changes of queries and subscriptions.
    changed: watch::Sender<u64>,
    /// Up to which place a subscription was looked at without anything to tell. Kept on disk only
    /// now and then.
    scanned: Mutex<BTreeMap<String, i64>>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            desk: tokio::sync::Mutex::new(()),
            changed: watch::Sender::new(0),
            scanned: Mutex::default(),
        }
    }
}

impl Standing {
    /// Something may have to be told.
    pub(super) fn tell(&self) {
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(super) fn scanned(&self, id: &str) -> i64 {
        let scanned = self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        scanned.get(id).copied().unwrap_or(0)
    }

    /// `None` forgets it: the subscription is gone.
    pub(super) fn set_scanned(&self, id: &str, place: Option<i64>) {
        let mut scanned = self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        match place {
            Some(place) => scanned.insert(id.to_owned(), place),
            None => scanned.remove(id),
        };
    }
}

/// One who watches a named query over an open connection. Its place is in memory: who comes again
/// says from when on (`initialRecordTime`).
#[derive(Debug)]
pub struct Watcher {
    name: String,
    /// When the query was made: another one of the same name is not this one.
    made_us: i64,
    since: Since,
    when: When,
    if_empty: bool,
    due_us: i64,
    more: bool,
}

/// How somebody watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watching {
    /// When a message comes.
    pub when: When,
    /// Whether a run by the clock tells that it found nothing.
    pub report_if_empty: bool,
    /// What was recorded from here on, microseconds since 1970; `None`: what is stored from now on.
    pub initial_us: Option<i64>,
}

impl Watcher {
    /// When the next run by the clock is; 0: at once.
    pub fn due_us(&self) -> i64 {
        self.due_us
    }

    /// Whether the last message left something to tell.
    pub fn has_more(&self) -> bool {
        self.more
    }
}

impl Hospital {
    /// Begins to watch a named query: what is stored from now on, or was recorded from a time on.
    pub async fn watch_query(
        &self,
        caller: &Caller,
        name: &str,
        asked: Watching,
    ) -> Result<Watcher, HospitalError> {
        looks(caller)?;
        let due_us = first_run(&asked.when, self.now_us())?;
        let (query, row) = self.query_named(name).await?;
        stands(&query.read()?)?;
        Ok(Watcher {
            name: name.to_owned(),
            made_us: row.at_us,
            since: self.told_since(asked.initial_us).await?,
            if_empty: asked.report_if_empty && asked.when != When::Stream,
            when: asked.when,
            due_us,
            more: due_us == 0,
        })
    }

    /// The next message of what somebody watches, once it is due. A query that was taken away is
    /// absent.
    pub async fn next_watched(
        &self,
        agent: AccessAgent,
        watcher: &mut Watcher,
    ) -> Result<Option<Value>, HospitalError> {
        let (query, row) = self.query_named(&watcher.name).await?;
        if row.at_us != watcher.made_us {
            return Err(HospitalError::Absent("a query of this name".into()));
        }
        if watcher.due_us > self.now_us() {
            return Ok(None);
        }
        let fed = self.fed(&query.read()?, watcher.since, BATCH_MAX).await?;
        (watcher.since.place, watcher.more) = (fed.end, fed.more);
        if !fed.more {
            watcher.due_us = watcher.when.run_after(self.now_us());
        }
        if fed.events.is_empty() && (fed.more || !watcher.if_empty) {
            return Ok(None);
        }
        let told = self.told_events(agent, fed, (&watcher.name, None)).await?;
        Ok(Some(told))
    }

    /// Changes when there may be something to tell to those who watch.
    pub fn standing_changes(&self) -> watch::Receiver<u64> {
        self.0.standing.changed.subscribe()
    }

    /// From where on somebody is told.
    pub(super) async fn told_since(&self, initial_us: Option<i64>) -> Result<Since, HospitalError> {
        let place = match initial_us {
            Some(_) => 0,
            None => self.0.store.epcis_end().await?,
        };
        Ok(Since { place, initial_us })
    }

    /// The message of a batch; the access is on disk before it leaves.
    pub(super) async fn told_events(
        &self,
        agent: AccessAgent,
        fed: Fed,
        of: (&str, Option<&str>),
    ) -> Result<Value, HospitalError> {
        let now_us = self.now_us();
        if !fed.touched.is_empty() {
            let access = Access {
                touched: fed.touched,
                ..Access::new(agent, AccessDeed::Search, now_us)
            };
            self.record_access(access).await?;
        }
        Ok(document(&fed.events, now_us, of))
    }
}
