//! Middles and widths that a few odd values do not move.

/// The value below which a share of the values lies, between two by proportion; none of nothing.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
pub(crate) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let low = place.floor() as usize;
    let high = (low + 1).min(last);
    Some(sorted[low] + (sorted[high] - sorted[low]) * (place - place.floor()))
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The standard deviation as the median distance from the middle tells it.
pub(crate) fn width(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    let distances: Vec<f64> = values.iter().map(|it| (it - middle).abs()).collect();
    Some(median(&distances)? * 1.482_602)
}

/// The middle of values that weigh differently.
pub(crate) fn weighted_median(pairs: &[(f64, f64)]) -> Option<f64> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = sorted.iter().map(|it| it.1).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    for (value, weight) in &sorted {
        sum += weight;
        if sum >= half {
            return Some(*value);
        }
    }
    None
}

/// The mean; none of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

/// The variance of a sample around its own mean; none of less than two.
pub(crate) fn variance(values: &[f64]) -> Option<f64> {
    let middle = mean(values)?;
    let squares: f64 = values.iter().map(|it| (it - middle).powi(2)).sum();
    (values.len() > 1).then(|| squares / count(values.len() - 1))
}

/// A count as a number to compute with.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn count(of: usize) -> f64 {
    of as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_and_widths_are_those_of_the_table() {
        let values = [3.0, 1.0, 2.0, 4.0, 1_000.0];
        assert_eq!(median(&values), Some(3.0));
        assert_eq!(quantile(&values, 0.25), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0], 0.5), Some(1.5));
        assert_eq!(width(&values), Some(1.482_602));
        assert_eq!(variance(&[1.0, 2.0, 3.0]), Some(1.0));
        assert_eq!(
            weighted_median(&[(1.0, 1.0), (2.0, 5.0), (9.0, 1.0)]),
            Some(2.0)
        );
        assert_eq!(
            (median(&[]), mean(&[]), variance(&[1.0])),
            (None, None, None)
        );
    }
}
