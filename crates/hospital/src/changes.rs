//! A signal for whoever shows a patient's record live: it changed, look again.
//!
//! It carries a count and nothing of the record. It is given after the commit, so that who looks
//! then finds what it was given for. An event that is withheld from the patient gives none: the
//! patient may not learn that there is one (45 CFR 164.528(a)(2)).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::SieveRow;
use tokio::sync::watch;

use crate::draft::Draft;
use crate::setup::Hospital;

/// Patients that are kept before those whom nobody watches any more are dropped.
const KEPT_MIN: usize = 64;

/// Who watches which patient. There are at most twice as many entries as watched patients, and
/// [`KEPT_MIN`].
#[derive(Debug, Default)]
pub(crate) struct Changes(Mutex<Watched>);

#[derive(Debug, Default)]
struct Watched {
    by_patient: BTreeMap<String, watch::Sender<u64>>,
    /// How many entries there may be before they are swept again.
    sweep_at: usize,
}

impl Changes {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, patient: &str) -> watch::Receiver<u64> {
        let mut watched = self.watched();
        if watched.by_patient.len() >= watched.sweep_at {
            watched
                .by_patient
                .retain(|_, sender| sender.receiver_count() > 0);
            watched.sweep_at = KEPT_MIN.max(watched.by_patient.len() * 2);
        }
        let sender = watched.by_patient.entry(patient.to_owned());
        sender.or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// Tells whoever watches one of these patients.
    pub(crate) fn tell(&self, patients: &BTreeSet<String>) {
        let mut watched = self.watched();
        for patient in patients {
            let Some(sender) = watched.by_patient.get(patient) else {
                continue;
            };
            if sender.receiver_count() == 0 {
                watched.by_patient.remove(patient);
            } else {
                sender.send_modify(|count| *count = count.wrapping_add(1));
            }
        }
    }
}

impl Hospital {
    /// Changes each time after a record of the patient, or an event of somebody else's access that
    /// the patient may see, was committed. Several commits may show as one change. What a patient
    /// or delegate reads is no change: a page that looks again would be told of its own look.
    ///
    /// Whether the caller may see that patient is asked before this.
    pub fn changes_of(&self, patient: &str) -> watch::Receiver<u64> {
        self.0.changes.of(patient)
    }

    /// The patients who may learn that these drafts were stored.
    pub(crate) fn changed_by(&self, drafts: &[Draft]) -> BTreeSet<String> {
        let now_us = self.now_us();
        let shown = drafts.iter().filter(|draft| {
            let patients: Vec<&str> = draft.compartments.iter().map(String::as_str).collect();
            let row = SieveRow {
                type_: draft.stamp.type_,
                id: &draft.stamp.id,
                version: draft.stamp.version,
                patients: &patients,
                facts: &draft.facts,
            };
            self.0.withheld.until_us(&row, now_us).is_none()
        });
        shown
            .flat_map(|draft| draft.compartments.iter().cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(patient: &str) -> BTreeSet<String> {
        BTreeSet::from([patient.to_owned()])
    }

    #[test]
    fn who_watches_is_told_of_that_patient_alone() {
        let changes = Changes::default();
        let (mut first, mut second) = (changes.of("a"), changes.of("b"));
        changes.tell(&one("a"));
        changes.tell(&one("a"));
        assert!(first.has_changed().unwrap());
        assert_eq!(*first.borrow_and_update(), 2);
        assert!(!first.has_changed().unwrap());
        assert!(!second.has_changed().unwrap());
        changes.tell(&BTreeSet::from(["a".into(), "b".into(), "c".into()]));
        assert_eq!(*first.borrow_and_update(), 3);
        assert_eq!(*second.borrow_and_update(), 1);
    }

    #[test]
    fn a_patient_whom_nobody_watches_takes_no_room() {
        let changes = Changes::default();
        let kept = changes.of("kept");
        for number in 0..10_000 {
            drop(changes.of(&number.to_string()));
            let entries = changes.watched().by_patient.len();
            assert!(entries <= KEPT_MIN + 1, "{entries}");
        }
        changes.tell(&one("kept"));
        assert!(kept.has_changed().unwrap());
        drop(kept);
        changes.tell(&one("kept"));
        assert!(!changes.watched().by_patient.contains_key("kept"));
    }
}
