//! Who came in, who was turned away, and which tokens were given: events of user authentication
//! (DICOM PS3.15 A.5.3.12), on disk before the answer leaves.
//!
//! Who comes in has shown a credential, so those events are as many as there are people. Who is
//! turned away has shown nothing: anybody could fill the disk. Those events have a budget, and what
//! is past it is counted; the count is in the next event.

use std::sync::{Mutex, PoisonError};

use super::{Access, AccessAgent, AccessDeed, AccessOutcome};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;

const SECOND_US: i64 = 1_000_000;

/// So many events at once, and one more each so many seconds.
struct Rate {
    burst: u32,
    refill_s: i64,
}

/// Refusals of users that there are: their own number and the wait of [`crate::sign_in`] bound them
/// first.
const KNOWN: Rate = Rate {
    burst: 200,
    refill_s: 5,
};
/// Refusals of whoever is not known: strangers cannot use up the budget of users.
const UNKNOWN: Rate = Rate {
    burst: 50,
    refill_s: 20,
};

struct Bucket {
    rate: Rate,
    left: u32,
    filled_us: i64,
}

impl Bucket {
    const fn new(rate: Rate) -> Self {
        Self {
            left: rate.burst,
            rate,
            filled_us: i64::MIN,
        }
    }

    fn take(&mut self, now_us: i64) -> bool {
        let step_us = self.rate.refill_s * SECOND_US;
        let more = now_us.saturating_sub(self.filled_us).max(0) / step_us;
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(self.rate.burst);
            self.filled_us = now_us;
        }
        let taken = self.left.checked_sub(1);
        self.left = taken.unwrap_or(0);
        taken.is_some()
    }
}

struct Counts {
    known: Bucket,
    unknown: Bucket,
    /// Refusals without an event of their own.
    uncounted: u64,
}

/// The budget of events about refusals.
pub(crate) struct Refusals(Mutex<Counts>);

impl Refusals {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Counts {
            known: Bucket::new(KNOWN),
            unknown: Bucket::new(UNKNOWN),
            uncounted: 0,
        }))
    }

    /// Whether a refusal has an event of its own. One that has waited too often has none.
    fn has_event(&self, known: bool, waits: bool, now_us: i64) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = if known {
            &mut counts.known
        } else {
            &mut counts.unknown
        };
        let has = !waits && bucket.take(now_us);
        if !has {
            counts.uncounted = counts.uncounted.saturating_add(1);
        }
        has
    }

    /// The refusals that no event tells of yet.
    fn uncounted(&self) -> u64 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut counts.uncounted)
    }

    /// They could not be told after all.
    fn put_back(&self, uncounted: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.uncounted = counts.uncounted.saturating_add(uncounted);
    }
}

impl Hospital {
    /// Logs that somebody was let in, or was given something. `from` has the client and its
    /// address; the person or system is `caller`.
    pub async fn log_admitted(
        &self,
        deed: AccessDeed,
        caller: &Caller,
        from: &AccessAgent,
    ) -> Result<(), HospitalError> {
        let access = self.entry(deed, Some(caller), from, AccessOutcome::Permitted);
        self.log_entries(vec![access]).await
    }

    /// Logs that somebody was turned away, for the reason of this code. A name that no user has is
    /// not kept: people type passwords into the wrong field.
    pub async fn log_refused(
        &self,
        deed: AccessDeed,
        who: Option<&Caller>,
        from: &AccessAgent,
        code: &str,
        waits: bool,
    ) -> Result<(), HospitalError> {
        let refusals = &self.0.refusals;
        if !refusals.has_event(who.is_some(), waits, self.now_us()) {
            return Ok(());
        }
        let reasons = vec![code.to_owned()];
        let access = self.entry(deed, who, from, AccessOutcome::Refused { reasons });
        self.log_entries(vec![access]).await
    }

    fn entry(
        &self,
        deed: AccessDeed,
        who: Option<&Caller>,
        from: &AccessAgent,
        outcome: AccessOutcome,
    ) -> Access {
        let mut agent = from.clone();
        agent.user = who.map_or_else(String::new, |caller| caller.username.clone());
        agent.role = who.map_or_else(String::new, |caller| caller.role.name().to_owned());
        let own = who.filter(|caller| caller.role == Role::Patient);
        Access {
            // Patients see who signed in, or tried to, in their name.
            patient: own.and_then(|caller| caller.patient.clone()),
            outcome,
            ..Access::new(agent, deed, self.now_us())
        }
    }

    /// Writes entries, and one more that tells of the refusals that had no event.
    async fn log_entries(&self, mut entries: Vec<Access>) -> Result<(), HospitalError> {
        let uncounted = self.0.refusals.uncounted();
        if uncounted > 0 {
            let reasons = vec!["too-many".to_owned(), format!("{uncounted}-more")];
            let outcome = AccessOutcome::Refused { reasons };
            let from = AccessAgent::default();
            entries.push(self.entry(AccessDeed::SignIn, None, &from, outcome));
        }
        let written = self.record_accesses(entries).await;
        if written.is_err() {
            self.0.refusals.put_back(uncounted);
        }
        written.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_leaves_few_events_and_a_count() {
        let refusals = Refusals::new();
        let told = |seconds: std::ops::Range<i64>, known: bool| {
            let mut told = 0;
            for second in seconds {
                for _ in 0..100 {
                    told += u64::from(refusals.has_event(known, false, second * SECOND_US));
                }
            }
            told
        };
        assert_eq!(told(0..1_000, false), 50 + 1_000 / 20 - 1);
        assert_eq!(refusals.uncounted(), 100_000 - 99);
        assert_eq!(refusals.uncounted(), 0);
        // Strangers leave the budget of users alone.
        assert_eq!(told(1_000..1_001, true), 100);
        assert!(!refusals.has_event(true, true, 0));
        assert_eq!(refusals.uncounted(), 1);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = Bucket::new(UNKNOWN);
        for _ in 0..50 {
            assert!(bucket.take(1_000 * SECOND_US));
        }
        assert!(!bucket.take(0));
        assert!(!bucket.take(1_019 * SECOND_US));
        assert!(bucket.take(1_020 * SECOND_US));
    }
}
