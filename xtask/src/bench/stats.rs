//! Percentiles of times.

use std::time::Duration;

/// Times that can be asked for percentiles.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Sorts the times.
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// The time that `percent` of all stay within (nearest rank).
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0
            .get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    /// `p50 1.2 ms, p99 3.4 ms (n 1000)`.
    pub(crate) fn words(&self) -> String {
        let (half, most) = (self.percentile(50), self.percentile(99));
        format!(
            "p50 {}, p99 {} (n {})",
            written(half),
            written(most),
            self.0.len()
        )
    }
}

/// Milliseconds below two seconds, seconds above.
pub(crate) fn written(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 2_000.0 {
        format!("{ms:.1} ms")
    } else {
        format!("{:.2} s", ms / 1e3)
    }
}

/// `1234/s`.
pub(crate) fn rate(count: usize, time: Duration) -> String {
    format!("{:.0}/s", count as f64 / time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(times.percentile(50), Duration::from_millis(100));
        assert_eq!(times.percentile(99), Duration::from_millis(198));
        assert_eq!(Times::new(Vec::new()).percentile(99), Duration::ZERO);
    }
}
