//! What a standing query finds: events in the order in which they were stored, after a place.
//!
//! The place is the number of an event's record. Events are never taken away, so numbers only
//! grow, and one that is committed later has a greater one, whenever it was recorded.

use crate::sqlite::feed;
use crate::{EpcisQuery, Store, StoreError, Stored};

/// Events after a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpcisFeed {
    /// Their places and versions, in order.
    pub rows: Vec<(i64, Stored)>,
    /// Up to here everything was looked at.
    pub end: i64,
    /// Whether there is more.
    pub more: bool,
}

impl Store {
    /// Events after a place that the index finds; order and page of the query do not count.
    pub async fn epcis_feed(
        &self,
        query: EpcisQuery,
        after: i64,
        limit: u32,
    ) -> Result<EpcisFeed, StoreError> {
        self.readers()
            .run(move |connection| feed::after(connection, &query, after, limit))
            .await
    }

    /// The place of the event that was stored last; 0: there is none.
    pub async fn epcis_end(&self) -> Result<i64, StoreError> {
        self.readers().run(feed::end).await
    }
}
