//! The store's methods for medicines: the index of EPCIS events, captures, packs and moves.

use crate::sqlite::supply;
use crate::{Page, Store, StoreError, Stored};

/// The record type of EPCIS events. It is none of FHIR's: no request under `/fhir` reaches one.
pub const EPCIS_EVENT: &str = "EPCISEvent";

/// What an EPCIS event is found by. Its version is a [`crate::Put`] of the same write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpcisRow {
    /// The logical id of its version.
    pub id: String,
    /// Its eventID, unique here.
    pub event_id: String,
    /// Such as `ObjectEvent`.
    pub event_type: String,
    /// eventTime, microseconds since 1970.
    pub event_us: i64,
    /// recordTime, microseconds since 1970.
    pub recorded_us: i64,
    /// Field and value, each pair once.
    pub terms: Vec<(String, String)>,
}

/// By which time events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpcisOrder {
    /// eventTime.
    Event,
    /// recordTime.
    Record,
}

/// What the index can tell of a query; the caller looks at what it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpcisQuery {
    /// Each line: the event has one of these values in one of these fields.
    pub terms: Vec<Vec<(String, String)>>,
    /// One of these types; none: any.
    pub types: Vec<String>,
    /// eventTime from and before, microseconds since 1970.
    pub event_us: (i64, i64),
    /// recordTime from and before.
    pub recorded_us: (i64, i64),
    /// The order.
    pub order: EpcisOrder,
    /// Latest first.
    pub descending: bool,
    /// Long ones left out; none: all.
    pub short: Option<Short>,
    /// Page.
    pub page: Page,
}

impl EpcisQuery {
    /// What has these terms, at whatever time, in the order of recordTime, the earliest first.
    pub fn of(terms: Vec<Vec<(String, String)>>, page: Page) -> Self {
        Self {
            terms,
            types: Vec::new(),
            event_us: (i64::MIN, i64::MAX),
            recorded_us: (i64::MIN, i64::MAX),
            order: EpcisOrder::Record,
            descending: false,
            short: None,
            page,
        }
    }
}

/// Events whose envelope has at most so many bytes, and those of one type however long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// The bytes.
    pub bytes_max: u32,
    /// The type.
    pub but: &'static str,
}

/// One page of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpcisPage {
    /// The versions, in order.
    pub rows: Vec<Stored>,
    /// Token of what comes after each row, in the same order.
    pub after: Vec<String>,
    /// Whether there is more.
    pub more: bool,
}

/// A row that belongs to the caller: id, time and sealed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The id.
    pub id: Vec<u8>,
    /// Microseconds since 1970.
    pub at_us: i64,
    /// The caller's sealed bytes.
    pub body: Vec<u8>,
}

/// Which table of sealed rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawer {
    /// Captures, by their id as text.
    Captures,
    /// Packs, by their name on the ledger.
    Packs,
    /// Cases and pallets, by their name on the ledger.
    Containers,
    /// Moves under way, by the id of their transaction.
    Moves,
    /// Named queries, by a keyed hash of their name.
    Queries,
    /// Subscriptions to them, by their id as text.
    Subscriptions,
    /// What businesses and products are, by kind and name.
    MasterData,
    /// Papers of changes of hands, by the eventID of the shipping.
    Papers,
    /// Notices, exceptions and recalls, by kind and name.
    Cases,
    /// Openings by a threshold, by 1 (asked here) or 2 (asked of here) and the id of the inquiry.
    Openings,
    /// What is known of trials, by the id of the trial and what it is.
    Trials,
    /// Participants of trials, by the id of the trial and the pseudonym.
    Participants,
    /// Scans made without a connection that wait, by their UUID as text.
    OfflineWaiting,
    /// What came of such scans, by the same.
    OfflineSettled,
    /// Research: what was counted, and who is in a dataset, by 1 or 2 and a digest.
    Research,
}

impl Drawer {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Captures,
        Self::Packs,
        Self::Containers,
        Self::Moves,
        Self::Queries,
        Self::Subscriptions,
        Self::MasterData,
        Self::Papers,
        Self::Cases,
        Self::Openings,
        Self::Trials,
        Self::Participants,
        Self::OfflineWaiting,
        Self::OfflineSettled,
        Self::Research,
    ];
}

impl Store {
    /// Events that the index finds.
    pub async fn epcis_events(&self, query: EpcisQuery) -> Result<EpcisPage, StoreError> {
        self.readers()
            .run(move |connection| supply::page(connection, &query))
            .await
    }

    /// The logical id of the version of an event, by its eventID.
    pub async fn epcis_event(&self, event_id: &str) -> Result<Option<String>, StoreError> {
        let event_id = event_id.to_owned();
        self.readers()
            .run(move |connection| supply::find(connection, &event_id))
            .await
    }

    /// The values that stand in a field, in order, after one.
    pub async fn epcis_values(
        &self,
        fields: &'static [&'static str],
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let after = after.to_owned();
        self.readers()
            .run(move |connection| supply::values(connection, fields, &after, limit))
            .await
    }

    /// Keeps sealed rows, in the place of those of the same ids.
    pub async fn put_sealed(&self, drawer: Drawer, rows: Vec<Sealed>) -> Result<(), StoreError> {
        self.write(move |connection, _| supply::put_sealed(connection, drawer, &rows))
            .await
    }

    /// Sealed rows by their ids; those that are not there are left out.
    pub async fn sealed(
        &self,
        drawer: Drawer,
        ids: Vec<Vec<u8>>,
    ) -> Result<Vec<Sealed>, StoreError> {
        self.readers()
            .run(move |connection| supply::sealed(connection, drawer, &ids))
            .await
    }

    /// Sealed rows, the latest first, before a time and an id.
    pub async fn latest_sealed(
        &self,
        drawer: Drawer,
        before: Option<(i64, Vec<u8>)>,
        limit: u32,
    ) -> Result<Vec<Sealed>, StoreError> {
        self.readers()
            .run(move |connection| supply::latest(connection, drawer, before.as_ref(), limit))
            .await
    }

    /// Removes sealed rows.
    pub async fn drop_sealed(&self, drawer: Drawer, ids: Vec<Vec<u8>>) -> Result<(), StoreError> {
        self.write(move |connection, _| supply::drop_sealed(connection, drawer, &ids))
            .await
    }

    /// Compares the index row of an event with what it should be.
    pub async fn check_epcis(&self, row: EpcisRow) -> Result<Vec<String>, StoreError> {
        self.readers()
            .run_long(move |connection| supply::check(connection, &row))
            .await
    }
}
