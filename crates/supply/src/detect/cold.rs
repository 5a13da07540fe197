//! Whether a pack was kept within its temperatures.

use super::{Certainty, HOUR_MS, MINUTE_MS, Reason, Rule, Suspicion};

/// What a thermometer showed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Measured {
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// In thousandths of a degree Celsius.
    pub temperature_mc: i32,
}

/// What the product bears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Not colder, in thousandths of a degree Celsius.
    pub min_mc: i32,
    /// Not warmer.
    pub max_mc: i32,
    /// Outside for so long, all together, it is still good.
    pub outside_max_ms: u64,
    /// A thermometer that is silent for longer proves nothing.
    pub silence_max_ms: u64,
}

impl Limits {
    /// 2 to 8 degrees Celsius, as most vaccines and insulins want it, half an hour outside.
    pub const REFRIGERATED: Self = Self {
        min_mc: 2_000,
        max_mc: 8_000,
        outside_max_ms: 30 * MINUTE_MS,
        silence_max_ms: 2 * HOUR_MS,
    };
}

/// Readings in the order of time. A temperature holds until the next reading; the last one for no
/// time at all. What freezes is broken at once, where the lower limit is above zero.
pub fn chain(readings: &[Measured], limits: &Limits) -> Option<Suspicion> {
    let outside = |one: &Measured| !(limits.min_mc..=limits.max_mc).contains(&one.temperature_mc);
    let excess = |one: &Measured| {
        let below = limits.min_mc.saturating_sub(one.temperature_mc);
        below.max(one.temperature_mc.saturating_sub(limits.max_mc))
    };
    let (mut outside_ms, mut silence_ms) = (0_u64, 0_u64);
    for pair in readings.windows(2) {
        let [one, next] = pair else { continue };
        let held_ms = next.time_ms.saturating_sub(one.time_ms);
        silence_ms = silence_ms.max(held_ms);
        if outside(one) {
            // What happened in a silence is not known; it counts as far as it is short.
            outside_ms = outside_ms.saturating_add(held_ms.min(limits.silence_max_ms));
        }
    }
    let worst = readings
        .iter()
        .filter(|one| outside(one))
        .max_by_key(|one| excess(one));
    let froze = limits.min_mc > 0 && readings.iter().any(|one| one.temperature_mc < 0);
    if let Some(worst) = worst.filter(|_| froze || outside_ms > limits.outside_max_ms) {
        let reason = Reason::Temperature {
            minutes: outside_ms / MINUTE_MS,
            extreme_mc: worst.temperature_mc,
        };
        return Some(Suspicion::new(Rule::ColdChain, Certainty::Sure, reason));
    }
    let reason = Reason::Silence {
        minutes: silence_ms / MINUTE_MS,
    };
    (silence_ms > limits.silence_max_ms)
        .then(|| Suspicion::new(Rule::ColdChain, Certainty::Hint, reason))
}
