//! Seeded dice: the same seed gives the same patients on every machine.

/// The dice of the simulated trade, for whole numbers of both signs.
pub(crate) struct Dice(simulate::Dice);

impl Dice {
    /// Dice for one purpose of one seed; different purposes do not disturb each other.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        Self(simulate::Dice::new(seed, purpose))
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.0.below(span)).unwrap_or(0)
    }

    /// True `per_thousand` times in a thousand.
    pub(crate) fn chance(&mut self, per_thousand: i64) -> bool {
        self.between(0, 999) < per_thousand
    }

    /// One of the given things.
    pub(crate) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        self.0.pick(things)
    }

    /// A random (version 4) UUID as a URN, for references inside a bundle (RFC 9562 5.4).
    pub(crate) fn urn(&mut self) -> String {
        self.0.urn()
    }
}
