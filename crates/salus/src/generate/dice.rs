//! Seeded dice: the same seed gives the same patients on every machine.

/// SplitMix64 (Steele, Lea, Flood, 2014): plenty for plausible, useless for secrets.
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice for one purpose of one seed; different purposes do not disturb each other.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut dice = Self(seed ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// True `per_thousand` times in a thousand.
    pub(crate) fn chance(&mut self, per_thousand: i64) -> bool {
        self.between(0, 999) < per_thousand
    }

    /// One of the given things.
    pub(crate) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        let last = i64::try_from(things.len()).unwrap_or(1) - 1;
        &things[usize::try_from(self.between(0, last)).unwrap_or(0)]
    }

    /// A random (version 4) UUID as a URN, for references inside a bundle (RFC 9562 5.4).
    pub(crate) fn urn(&mut self) -> String {
        let high = (self.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000;
        let low = (self.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000;
        format!(
            "urn:uuid:{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFFF,
            low >> 48,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}
