//! Probabilities of the usual distributions; the functions behind them are `statrs`'.

use statrs::function::{beta, erf, gamma};
use std::f64::consts::SQRT_2;

/// The smallest probability that is told apart from nothing.
const FLOOR: f64 = 1e-300;

/// That a standard normal number is at least `z`.
pub(crate) fn above_normal(z: f64) -> f64 {
    (0.5 * erf::erfc(z / SQRT_2)).max(FLOOR)
}

/// That a standard normal number is at least as far from 0 as `z`.
pub(crate) fn both_sides_normal(z: f64) -> f64 {
    (2.0 * above_normal(z.abs())).min(1.0)
}

/// The number that a standard normal one passes with this probability.
pub(crate) fn normal_above(p: f64) -> f64 {
    SQRT_2 * erf::erfc_inv(2.0 * p.clamp(FLOOR, 1.0 - 1e-15))
}

/// That a chi-square number is at least `x`.
pub(crate) fn above_chi_square(x: f64, freedom: f64) -> f64 {
    if x <= 0.0 || freedom <= 0.0 {
        return 1.0;
    }
    gamma::gamma_ur(freedom / 2.0, x / 2.0).max(FLOOR)
}

/// That Student's t is at least `t`.
pub(crate) fn above_student(t: f64, freedom: f64) -> f64 {
    let share = freedom / (freedom + t * t);
    let half = 0.5 * beta::beta_reg(freedom / 2.0, 0.5, share.clamp(0.0, 1.0));
    if t >= 0.0 {
        half.max(FLOOR)
    } else {
        1.0 - half
    }
}

/// That a negative binomial number of this mean is at least `k`; `spread` is its variance beyond
/// Poisson's, in squares of the mean.
pub(crate) fn above_negative_binomial(k: usize, mean: f64, spread: f64) -> f64 {
    if k == 0 || mean <= 0.0 || spread <= 0.0 {
        return if k == 0 { 1.0 } else { FLOOR };
    }
    let size = 1.0 / spread;
    let share = (mean / (size + mean)).clamp(0.0, 1.0);
    beta::beta_reg(crate::robust::count(k), size, share).max(FLOOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_printed_tables() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 5e-5, "{a} {b}");
        near(above_normal(1.96), 0.025);
        near(above_normal(-1.0), 0.84134);
        near(both_sides_normal(-2.5758), 0.01);
        near(normal_above(0.025), 1.95996);
        near(above_chi_square(16.919, 9.0), 0.05);
        near(above_chi_square(3.841, 1.0), 0.05);
        near(above_student(2.228, 10.0), 0.025);
        near(above_student(-2.228, 10.0), 0.975);
        // Mean 2, size 1 is geometric: P(X >= 3) = (2/3)^3.
        near(above_negative_binomial(3, 2.0, 1.0), 8.0 / 27.0);
        let far = normal_above(above_normal(20.0));
        assert!((far - 20.0).abs() < 1e-3, "{far}");
    }
}
