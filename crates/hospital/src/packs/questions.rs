//! What each user asked about within a day, for the rule that sees who guesses or collects serial
//! numbers. In memory: a restart forgets, and the log of accesses does not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use supply::detect::DAY_MS;
use supply::detect::Suspicion;
use supply::detect::probing::{Limits, Lookup, probing};

/// Questions of a user that are looked at, the latest.
const QUESTIONS_MAX: usize = 500;

/// By user of this node, so the map is bounded by their number.
#[derive(Debug, Default)]
pub(crate) struct Questions(Mutex<BTreeMap<String, VecDeque<Lookup>>>);

impl Questions {
    /// Takes a question in, and says what the user's questions of a day look like.
    pub(super) fn asked(&self, user: &str, lookup: Lookup) -> Option<Suspicion> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = all.entry(user.to_owned()).or_default();
        let since_ms = lookup.time_ms.saturating_sub(DAY_MS);
        let is_same = |it: &Lookup| (&it.product, &it.serial) == (&lookup.product, &lookup.serial);
        // Who looks at one pack again asks nothing new.
        mine.retain(|it| it.time_ms >= since_ms && !is_same(it));
        if mine.len() >= QUESTIONS_MAX {
            mine.pop_front();
        }
        mine.push_back(lookup);
        probing(user, mine.make_contiguous(), &Limits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(serial: u64, time_ms: u64) -> Lookup {
        Lookup {
            time_ms,
            product: "09506000134352".to_owned(),
            serial: format!("{serial:08}"),
            is_known: false,
            is_own: false,
            is_misread: false,
        }
    }

    #[test]
    fn numbers_in_a_row_are_seen_and_one_that_is_asked_again_is_not() {
        let questions = Questions::default();
        for time in 0..50 {
            assert!(questions.asked("again", lookup(7, time)).is_none());
        }
        let found = (0..8).map(|serial| questions.asked("row", lookup(serial, 0)));
        let found: Vec<bool> = found.map(|it| it.is_some()).collect();
        assert_eq!(
            found,
            [false, false, false, false, false, false, false, true]
        );
        let slow = (0..8).map(|serial| questions.asked("slow", lookup(serial, serial * DAY_MS)));
        assert_eq!(slow.flatten().count(), 0);
    }
}
