//! What a patient does not see of the log of accesses while an accounting is suspended.
//!
//! The decision is asked inside each query of a patient, as every other one, so that reads,
//! searches, totals, histories, reports, receipts and the export answer as if the events were not
//! there. It is asked whether or not anything is suspended, under one name: neither a page token
//! nor the time of an answer tells that a suspension began.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use consent::Coding;
use consent::facts::Facts;
use store::SieveRow;

use crate::access_log::AUDIT_EVENT;
use crate::sight::{Decide, Shown};

/// The system of the labels of events that are written under a suspension.
pub(crate) const SYSTEM: &str = "urn:salus:suspension";

/// A suspension, as far as a query needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// Its id, in hexadecimal.
    pub(crate) id: String,
    /// When it ends, microseconds since 1970.
    pub(crate) until_us: i64,
    /// The disclosures that it names: ids of AuditEvents.
    pub(crate) events: BTreeSet<String>,
}

type Pages = BTreeMap<String, Vec<Standing>>;

/// The suspensions by patient. A query holds the pages that it began with.
#[derive(Debug, Default)]
pub(crate) struct Withheld(RwLock<Arc<Pages>>);

impl Withheld {
    fn pages(&self) -> Arc<Pages> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&pages)
    }

    /// Takes the suspensions of a patient.
    pub(crate) fn put(&self, patient: &str, standing: Vec<Standing>) {
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = Pages::clone(&pages);
        if standing.is_empty() {
            all.remove(patient);
        } else {
            all.insert(patient.to_owned(), standing);
        }
        *pages = Arc::new(all);
    }

    /// The suspension of a patient that ends last, of those in force.
    pub(crate) fn longest(&self, patient: &str, now_us: i64) -> Option<String> {
        let pages = self.pages();
        let standing = pages.get(patient)?.iter();
        let in_force = standing.filter(|it| it.until_us > now_us);
        in_force
            .max_by_key(|it| it.until_us)
            .map(|it| it.id.clone())
    }

    /// What a patient sees now.
    pub(crate) fn sight(&self, now_us: i64) -> Arc<dyn Decide> {
        Arc::new(OwnLog {
            pages: self.pages(),
            now_us,
        })
    }

    /// Until when an event is withheld from these patients.
    pub(crate) fn until_us(&self, row: &SieveRow<'_>, now_us: i64) -> Option<i64> {
        let pages = self.pages();
        OwnLog { pages, now_us }.until_us(row)
    }
}

struct OwnLog {
    pages: Arc<Pages>,
    now_us: i64,
}

impl OwnLog {
    fn until_us(&self, row: &SieveRow<'_>) -> Option<i64> {
        if row.type_ != AUDIT_EVENT {
            return None;
        }
        let own = row.patients.iter().filter_map(|it| self.pages.get(*it));
        let in_force = own.flatten().filter(|it| it.until_us > self.now_us);
        let mut in_force = in_force.peekable();
        in_force.peek()?;
        let facts = Facts::from_bytes(row.facts).ok();
        let withholds = |it: &&Standing| {
            it.events.contains(row.id)
                || facts.as_ref().is_none_or(|facts| {
                    Coding::new(SYSTEM, &it.id).is_some_and(|label| facts.carries(&label))
                })
        };
        in_force.filter(withholds).map(|it| it.until_us).max()
    }
}

impl Decide for OwnLog {
    fn id(&self) -> String {
        // The same before, during and after a suspension: a page token may not tell.
        "own log".into()
    }

    fn view(&self, row: &SieveRow<'_>) -> Shown {
        match self.until_us(row) {
            Some(_) => Shown::Hidden,
            None => Shown::Whole,
        }
    }
}
