//! Numbers out of a seed, each as likely as any other.

use proof::{Digest, keyed_hash};

const DRAW: &str = "salus/trial-draw/v1";

/// A stream of numbers. Whoever has the seed gets the same.
pub(crate) struct Draws {
    seed: Digest,
    counter: u64,
}

impl Draws {
    pub(crate) fn of(seed: Digest) -> Self {
        Self { seed, counter: 0 }
    }

    fn next(&mut self) -> u64 {
        let counter = self.counter.to_be_bytes();
        self.counter += 1;
        let bytes = keyed_hash(&self.seed.0, DRAW, &[&counter]).0;
        let (first, _) = bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
        u64::from_be_bytes(*first)
    }

    /// One of 0 to `bound` - 1. What would favour the small ones is drawn again.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let number = self.next();
            if number < fair {
                return number % bound;
            }
        }
    }

    /// Fisher and Yates.
    pub(crate) fn shuffle(&mut self, values: &mut [u16]) {
        for last in (1..values.len()).rev() {
            let other = self.below(last as u64 + 1);
            let other = usize::try_from(other).unwrap_or(last);
            values.swap(last, other);
        }
    }
}
