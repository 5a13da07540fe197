//! A share and how far it can be trusted.

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
}

impl Share {
    /// One more, which is one of those or not.
    pub fn add(&mut self, is_one: bool) {
        self.of += 1;
        self.count += u64::from(is_one);
    }

    /// The share, and Wilson's interval for it, 95 %. (0, 0, 1) of nothing.
    #[allow(clippy::cast_precision_loss, reason = "a measurement rounds")]
    pub fn interval(self) -> (f64, f64, f64) {
        if self.of == 0 {
            return (0.0, 0.0, 1.0);
        }
        let (n, z) = (self.of as f64, 1.96_f64);
        let share = self.count as f64 / n;
        let middle = share + z * z / (2.0 * n);
        let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z * z / n;
        let low = ((middle - half) / scale).clamp(0.0, share);
        let high = ((middle + half) / scale).clamp(share, 1.0);
        (share, low, high)
    }

    /// `99.8 (99.0 to 100)`, in so many of `unit`.
    pub fn written(self, unit: f64, digits: usize) -> String {
        let (share, low, high) = self.interval();
        let [share, low, high] = [share, low, high].map(|it| format!("{:.digits$}", it * unit));
        format!("{share} ({low} to {high})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // Newcombe 1998, table I: 81 of 263 and 0 of 20.
        let rounded = |count, of| {
            let (_, low, high) = Share { count, of }.interval();
            (format!("{low:.4}"), format!("{high:.4}"))
        };
        assert_eq!(rounded(81, 263), ("0.2553".into(), "0.3662".into()));
        assert_eq!(rounded(0, 20), ("0.0000".into(), "0.1611".into()));
        assert_eq!(Share::default().interval(), (0.0, 0.0, 1.0));
    }
}
