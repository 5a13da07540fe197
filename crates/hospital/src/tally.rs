//! Counts by name within a span of time: how often somebody did something that is allowed only so
//! often. In memory: a restart forgives.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts by name. The names are users or members of this node, so the map is bounded by their
/// number.
#[derive(Debug)]
pub(crate) struct Tally {
    most: u32,
    span_us: i64,
    counts: Mutex<BTreeMap<String, (u32, i64)>>,
}

impl Tally {
    /// At most `most` in a span.
    pub(crate) fn new(most: u32, span_us: i64) -> Self {
        Self {
            most,
            span_us,
            counts: Mutex::default(),
        }
    }

    /// Counts one; false if it is one too many.
    pub(crate) fn take(&self, name: &str, now_us: i64) -> bool {
        let mut all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = all.entry(name.to_owned()).or_insert((0, now_us));
        if now_us - entry.1 >= self.span_us {
            *entry = (0, now_us);
        }
        entry.0 = entry.0.saturating_add(1);
        entry.0 <= self.most
    }

    /// Whether there is room for one more.
    pub(crate) fn has_room(&self, name: &str, now_us: i64) -> bool {
        let all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.get(name);
        found.is_none_or(|(count, since)| *count < self.most || now_us - since >= self.span_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_is_over_is_forgotten() {
        let tally = Tally::new(2, 100);
        for (name, now_us, taken) in [
            ("a", 0, true),
            ("b", 0, true),
            ("a", 10, true),
            ("a", 99, false),
            ("b", 99, true),
            ("a", 100, true),
        ] {
            assert_eq!(tally.take(name, now_us), taken, "{name} at {now_us}");
        }
        assert!(tally.has_room("a", 101) && !tally.has_room("b", 99));
        assert!(tally.has_room("b", 100) && tally.has_room("c", 0));
    }
}
