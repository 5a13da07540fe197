//! Balance and order of the arms.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Slot;
use crate::chance::{above_chi_square, both_sides_normal};
use crate::robust::count;

/// How many of each arm there are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Balance {
    /// The stratum; none for all of them together.
    pub stratum: Option<String>,
    /// How many of each arm.
    pub arms: Vec<usize>,
    /// How many the ratio asks for.
    pub expected: Vec<f64>,
    /// How probable so much imbalance is if each were drawn for itself (Pearson's chi-square).
    pub p: f64,
    /// In words.
    pub why: String,
}

/// Balance overall, then stratum by stratum. `ratio` is that of the arms, e.g. `[2, 1]`; slots of
/// an arm that it does not have are not counted.
pub fn balance(slots: &[Slot], ratio: &[u32]) -> Vec<Balance> {
    let mut strata: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut all = vec![0; ratio.len()];
    for slot in slots.iter().filter(|it| it.arm < ratio.len()) {
        let arms = strata
            .entry(&slot.stratum)
            .or_insert_with(|| vec![0; ratio.len()]);
        arms[slot.arm] += 1;
        all[slot.arm] += 1;
    }
    let mut found = vec![one(None, all, ratio)];
    found.extend(
        strata
            .into_iter()
            .map(|(name, arms)| one(Some(name), arms, ratio)),
    );
    found
}

fn one(stratum: Option<&str>, arms: Vec<usize>, ratio: &[u32]) -> Balance {
    let n = count(arms.iter().sum());
    let whole = f64::from(ratio.iter().sum::<u32>()).max(1.0);
    let expected: Vec<f64> = ratio.iter().map(|it| n * f64::from(*it) / whole).collect();
    let squares = arms
        .iter()
        .zip(&expected)
        .filter(|(_, expected)| **expected > 0.0);
    let squares = squares.map(|(arm, expected)| (count(*arm) - expected).powi(2) / expected);
    let p = above_chi_square(squares.sum(), count(ratio.len().saturating_sub(1)));
    let counts: Vec<String> = arms.iter().map(ToString::to_string).collect();
    let asked: Vec<String> = expected.iter().map(|it| format!("{it:.1}")).collect();
    let (place, counts, asked) = (
        stratum.unwrap_or("all strata"),
        counts.join(", "),
        asked.join(", "),
    );
    Balance {
        stratum: stratum.map(str::to_owned),
        why: format!("{place}: {counts} of the arms, where the ratio asks for {asked}; p = {p:.4}"),
        arms,
        expected,
        p,
    }
}

/// How often the arm changes from one slot to the next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Runs {
    /// Stretches of the same arm.
    pub runs: usize,
    /// How many there are by chance.
    pub expected: f64,
    /// In standard deviations from it.
    pub z: f64,
    /// How probable so much is, to either side.
    pub p: f64,
    /// In words.
    pub why: String,
}

/// The runs test of Wald and Wolfowitz (1940), for any number of arms (Mood 1940). None where fewer
/// than two arms occur. Blocks break long runs up: a list in blocks has more of them than chance.
pub fn runs(arms: &[usize]) -> Option<Runs> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for arm in arms {
        *counts.entry(*arm).or_default() += 1;
    }
    if counts.len() < 2 {
        return None;
    }
    let n = count(arms.len());
    let squares: f64 = counts.values().map(|it| count(*it).powi(2)).sum();
    let cubes: f64 = counts.values().map(|it| count(*it).powi(3)).sum();
    let expected = (n * (n + 1.0) - squares) / n;
    let variance =
        (squares * (squares + n * (n + 1.0)) - 2.0 * n * cubes - n.powi(3)) / (n * n * (n - 1.0));
    let runs = 1 + arms.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let z = if variance > 0.0 {
        (count(runs) - expected) / variance.sqrt()
    } else {
        0.0
    };
    let p = both_sides_normal(z);
    let way = if z < 0.0 { "fewer" } else { "more" };
    Some(Runs {
        runs,
        expected,
        z,
        p,
        why: format!(
            "the arm changes {} times in {} slots, {way} than the {:.1} of chance; p = {p:.4}",
            runs - 1,
            arms.len(),
            expected - 1.0
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(arms: &[(&str, usize, usize)]) -> Vec<Slot> {
        let many = arms.iter().flat_map(|(stratum, arm, n)| {
            let slot = Slot {
                stratum: (*stratum).to_owned(),
                block: 0,
                arm: *arm,
            };
            vec![slot; *n]
        });
        many.collect()
    }

    #[test]
    fn imbalance_is_told_overall_and_by_stratum() {
        let list = slots(&[
            ("a", 0, 30),
            ("a", 1, 10),
            ("b", 0, 30),
            ("b", 1, 30),
            ("b", 7, 1),
        ]);
        let found = balance(&list, &[1, 1]);
        assert_eq!(found.len(), 3);
        // 60 and 40: chi-square 4.00 with one degree of freedom; 30 and 10: 10.00.
        let p: Vec<String> = found.iter().map(|it| format!("{:.4}", it.p)).collect();
        assert_eq!(p, ["0.0455", "0.0016", "1.0000"]);
        assert_eq!(found[1].stratum.as_deref(), Some("a"));
        assert_eq!(
            found[0].why,
            "all strata: 60, 40 of the arms, where the ratio asks for 50.0, 50.0; p = 0.0455"
        );
        let two_to_one = balance(&slots(&[("a", 0, 60), ("a", 1, 30)]), &[2, 1]);
        assert!((two_to_one[0].p - 1.0).abs() < 1e-9);
    }

    #[test]
    fn runs_are_those_of_the_textbook() {
        // NIST/SEMATECH e-Handbook 1.3.5.13: 100 above, 100 below the middle, 120 runs, Z = 2.6938.
        let mut arms = Vec::new();
        for run in 0..120 {
            let length = if run < 80 { 2 } else { 1 };
            arms.extend(std::iter::repeat_n(run % 2, length));
        }
        let found = runs(&arms).unwrap();
        assert_eq!((arms.len(), found.runs), (200, 120));
        assert!((found.z - 2.6938).abs() < 5e-5, "{found:?}");
        assert!((found.expected - 101.0).abs() < 1e-9, "{found:?}");
        assert!(
            found
                .why
                .contains("119 times in 200 slots, more than the 100.0"),
            "{found:?}"
        );
        let sorted = [vec![0; 20], vec![1; 20], vec![2; 20]].concat();
        let found = runs(&sorted).unwrap();
        assert!(found.z < -5.0 && found.why.contains("fewer"), "{found:?}");
        assert_eq!(runs(&[1, 1, 1]), None);
    }
}
