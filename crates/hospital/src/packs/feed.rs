//! What a standing query finds, batch by batch: each event that matches once, in the order in which
//! events were stored, by recordTime within a batch.
//!
//! A recordTime is given when a document comes; an event of it may be stored after one that came
//! later, when the ledger made it wait. So a place in this order is a number of the store, never a
//! time: nothing is passed over.

use epcis::Query;
use serde_json::Value;
use store::EPCIS_EVENT;

use super::event;
use super::query::narrowed;
use crate::access_log::Touched;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Events that are looked at for one batch; what is left comes with the next.
const LOOKED_MAX: usize = 5_000;
/// Events that are read at once.
const PAGE: u32 = 100;
/// A batch ends after so many bytes; an event that is larger comes alone.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// From where on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since {
    /// After this place of the store.
    pub(super) place: i64,
    /// `initialRecordTime`: recorded then or later, microseconds since 1970.
    pub(super) initial_us: Option<i64>,
}

/// A batch.
#[derive(Debug, Default)]
pub(super) struct Fed {
    pub(super) events: Vec<Value>,
    pub(super) touched: Vec<Touched>,
    /// Up to this place everything was looked at.
    pub(super) end: i64,
    /// Whether there may be more.
    pub(super) more: bool,
}

impl Hospital {
    /// The next batch of at most `most` events.
    pub(super) async fn fed(
        &self,
        query: &Query,
        since: Since,
        most: usize,
    ) -> Result<Fed, HospitalError> {
        let mut asked = narrowed(query, PAGE);
        if let Some(initial_us) = since.initial_us {
            asked.recorded_us.0 = asked.recorded_us.0.max(initial_us);
        }
        let (mut end, mut looked, mut bytes) = (since.place, 0, 0);
        let mut found: Vec<(i64, String, Value)> = Vec::new();
        let more = 'pages: loop {
            let page = self.0.store.epcis_feed(asked.clone(), end, PAGE).await?;
            for (place, row) in page.rows {
                let id = row.id.clone();
                let event = event::read(&self.opened(row).await?.record)?;
                let recorded_us = event::recorded_us(&event);
                if query.matches(&epcis::index(&event), recorded_us) {
                    let event = event.to_json();
                    let size = event.to_string().len();
                    if !found.is_empty() && (found.len() >= most || bytes + size > BATCH_BYTES_MAX)
                    {
                        break 'pages true;
                    }
                    bytes += size;
                    found.push((recorded_us, id, event));
                }
                end = place;
                looked += 1;
            }
            end = end.max(page.end);
            if !page.more || looked >= LOOKED_MAX {
                break page.more;
            }
        };
        found.sort_by_key(|(recorded_us, ..)| *recorded_us);
        let mut fed = Fed {
            end,
            more,
            ..Fed::default()
        };
        for (_, id, event) in found {
            fed.events.push(event);
            fed.touched.push(Touched {
                type_: EPCIS_EVENT.to_owned(),
                id,
                version: Some(1),
            });
        }
        Ok(fed)
    }
}
