//! Subscriptions to named queries. EPCIS 2.0, 8.2.5 and 12.8: a receiver is told, at once or by a
//! schedule, of what a query finds. `delivery` tells it.
//!
//! Where answers go and the secret that signs them are sealed, with the place up to which the
//! receiver has confirmed.

use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};

use super::feed::Since;
use super::named::unusable;
use super::schedule::QuerySchedule;
use super::watching::BATCH_MAX;
use super::{handles, looks};
use crate::admit::new_id;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::pairs::Pairs;
use crate::setup::Hospital;

/// Subscriptions of an organisation, to all queries together.
pub const SUBSCRIPTIONS_MAX: u32 = 100;
/// Longest secret of a receiver.
const TOKEN_BYTES_MAX: usize = 512;
/// Longest address of a receiver.
const DEST_BYTES_MAX: usize = 512;

/// When a receiver is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// At once.
    Stream,
    /// By the clock.
    Schedule(QuerySchedule),
}

impl When {
    /// The first run by the clock after a time. Whether there is one was asked at the beginning.
    pub(super) fn run_after(&self, now_us: i64) -> i64 {
        match self {
            Self::Stream => 0,
            Self::Schedule(schedule) => {
                let next = schedule.next_us(now_us).ok().flatten();
                next.unwrap_or(i64::MAX)
            }
        }
    }
}

/// What a subscriber asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// The address of the receiver. Whether it may be called is decided by who calls.
    pub dest: String,
    /// The secret that messages are signed with.
    pub token: Option<String>,
    /// Whether a run by the clock tells that it found nothing.
    pub report_if_empty: bool,
    /// What was recorded from here on, microseconds since 1970; `None`: what is stored from now on.
    pub initial_us: Option<i64>,
    /// When.
    pub when: When,
}

/// A subscription, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// The name of the query.
    pub query: String,
    /// The address of the receiver.
    pub dest: String,
    /// The secret that messages are signed with; it is never told again.
    pub(super) token: Option<String>,
    /// Whether a run by the clock tells that it found nothing.
    pub report_if_empty: bool,
    /// What was recorded from here on.
    pub initial_us: Option<i64>,
    /// When.
    pub when: When,
    /// Who subscribed: user and role. Messages stand in the log of accesses under this name.
    pub(super) owner: (String, String),
    /// When it was made, microseconds since 1970.
    pub created_us: i64,
    /// Up to this place the receiver has confirmed.
    pub(super) place: i64,
    /// The next run by the clock.
    pub(super) due_us: i64,
    /// When the query was last run to its end.
    pub executed_us: Option<i64>,
    /// When the receiver last confirmed a message.
    pub notified_us: Option<i64>,
    /// Tries of the next message that failed.
    pub tries: u32,
    /// When it is tried again.
    pub retry_us: Option<i64>,
    /// Why nothing more is sent, if so.
    pub stopped: Option<String>,
    /// Events of one message: fewer, where the receiver said that it was too large.
    pub(super) batch: usize,
}

impl Subscription {
    pub(super) fn since(&self) -> Since {
        Since {
            place: self.place,
            initial_us: self.initial_us,
        }
    }
}

/// Refuses a query that cannot stand: what bounds or sorts one answer has no meaning for answers
/// that go on. EPCIS 2.0, 8.2.5.
pub(super) fn stands(query: &epcis::Query) -> Result<(), HospitalError> {
    let bounds = [
        (query.order_by.is_some(), "orderBy"),
        (query.event_count_limit.is_some(), "eventCountLimit"),
        (query.max_event_count.is_some(), "maxEventCount"),
    ];
    match bounds.iter().find(|(is_there, _)| *is_there) {
        Some((_, name)) => Err(HospitalError::request(
            "value",
            format!("a query with {name} cannot be subscribed to"),
            "make a query without it",
        )),
        None => Ok(()),
    }
}

impl Hospital {
    /// Subscribes a receiver to a named query.
    pub async fn subscribe(
        &self,
        caller: &Caller,
        name: &str,
        asked: NewSubscription,
    ) -> Result<Subscription, HospitalError> {
        handles(caller)?;
        check(&asked)?;
        let now_us = self.now_us();
        let due_us = first_run(&asked.when, now_us)?;
        let _desk = self.0.standing.desk.lock().await;
        stands(&self.query_named(name).await?.0.read()?)?;
        let store = &self.0.store;
        let kept = store
            .latest_sealed(Drawer::Subscriptions, None, SUBSCRIPTIONS_MAX)
            .await?;
        if kept.len() >= SUBSCRIPTIONS_MAX as usize {
            return Err(HospitalError::request(
                "too-costly",
                format!("there are {SUBSCRIPTIONS_MAX} subscriptions already"),
                "end one that nobody needs",
            ));
        }
        let since = self.told_since(asked.initial_us).await?;
        let made = Subscription {
            id: new_id()?,
            query: name.to_owned(),
            dest: asked.dest,
            token: asked.token,
            report_if_empty: asked.report_if_empty,
            initial_us: asked.initial_us,
            when: asked.when,
            owner: (caller.username.clone(), caller.role.to_string()),
            created_us: now_us,
            place: since.place,
            due_us,
            executed_us: None,
            notified_us: None,
            tries: 0,
            retry_us: None,
            stopped: None,
            batch: BATCH_MAX,
        };
        self.keep_subscription(&made).await?;
        self.0.standing.tell();
        Ok(made)
    }

    /// One subscription to a query.
    pub async fn subscription(
        &self,
        caller: &Caller,
        name: &str,
        id: &str,
    ) -> Result<Subscription, HospitalError> {
        looks(caller)?;
        self.subscription_to(name, id).await
    }

    /// The subscriptions to a query, the latest first. The page is one of all subscriptions: it may
    /// have fewer of this query.
    pub async fn subscriptions(
        &self,
        caller: &Caller,
        name: &str,
        pairs: &Pairs,
    ) -> Result<(Vec<Subscription>, Option<String>), HospitalError> {
        looks(caller)?;
        self.query_named(name).await?;
        let (rows, next) = self.sealed_page(Drawer::Subscriptions, pairs).await?;
        let mut found = self.opened_subscriptions(&rows)?;
        found.retain(|it| it.query == name);
        Ok((found, next))
    }

    /// Ends a subscription.
    pub async fn unsubscribe(
        &self,
        caller: &Caller,
        name: &str,
        id: &str,
    ) -> Result<(), HospitalError> {
        handles(caller)?;
        let _desk = self.0.standing.desk.lock().await;
        let found = self.subscription_to(name, id).await?;
        self.forget_subscriptions(&[found]).await
    }

    async fn subscription_to(&self, name: &str, id: &str) -> Result<Subscription, HospitalError> {
        let absent = || HospitalError::Absent("a subscription of this id to this query".into());
        let found = self.kept_subscription(id).await?;
        found.filter(|it| it.query == name).ok_or_else(absent)
    }

    pub(super) async fn kept_subscription(
        &self,
        id: &str,
    ) -> Result<Option<Subscription>, HospitalError> {
        let ids = vec![id.as_bytes().to_vec()];
        let row = self.0.store.sealed(Drawer::Subscriptions, ids).await?.pop();
        row.map(|row| self.opened_row(Drawer::Subscriptions, &row))
            .transpose()
    }

    /// All subscriptions.
    pub(super) async fn kept_subscriptions(&self) -> Result<Vec<Subscription>, HospitalError> {
        let store = &self.0.store;
        let rows = store
            .latest_sealed(Drawer::Subscriptions, None, SUBSCRIPTIONS_MAX)
            .await?;
        self.opened_subscriptions(&rows)
    }

    fn opened_subscriptions(&self, rows: &[Sealed]) -> Result<Vec<Subscription>, HospitalError> {
        let opened = rows
            .iter()
            .map(|row| self.opened_row(Drawer::Subscriptions, row));
        opened.collect()
    }

    pub(super) async fn keep_subscription(&self, it: &Subscription) -> Result<(), HospitalError> {
        let place = (it.id.as_bytes(), it.created_us);
        let row = self.sealed_row(Drawer::Subscriptions, place, it)?;
        let rows = vec![row];
        Ok(self.0.store.put_sealed(Drawer::Subscriptions, rows).await?)
    }

    /// Ends every subscription to a query that is taken away.
    pub(super) async fn drop_subscriptions_to(&self, name: &str) -> Result<(), HospitalError> {
        let mut all = self.kept_subscriptions().await?;
        all.retain(|it| it.query == name);
        self.forget_subscriptions(&all).await
    }

    async fn forget_subscriptions(&self, gone: &[Subscription]) -> Result<(), HospitalError> {
        let ids = gone.iter().map(|it| it.id.clone().into_bytes()).collect();
        self.0.store.drop_sealed(Drawer::Subscriptions, ids).await?;
        for it in gone {
            self.0.standing.set_scanned(&it.id, None);
        }
        Ok(())
    }
}

fn check(asked: &NewSubscription) -> Result<(), HospitalError> {
    if asked.dest.is_empty() || asked.dest.len() > DEST_BYTES_MAX {
        return Err(unusable(format!("dest has 1 to {DEST_BYTES_MAX} bytes")));
    }
    let token = asked.token.as_ref();
    if token.is_some_and(|it| it.is_empty() || it.len() > TOKEN_BYTES_MAX) {
        return Err(unusable(format!(
            "signatureToken has 1 to {TOKEN_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}

/// The first run by the clock; a schedule that never comes is refused.
pub(super) fn first_run(when: &When, now_us: i64) -> Result<i64, HospitalError> {
    let When::Schedule(schedule) = when else {
        return Ok(0);
    };
    let never = || unusable("this schedule never comes".to_owned());
    schedule
        .next_us(now_us)
        .map_err(unusable)?
        .ok_or_else(never)
}
