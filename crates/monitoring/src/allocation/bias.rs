//! Selection bias: whoever knows the blocks and the arms so far can guess the next one, and choose
//! whom to enrol (Berger and Exner 1999; Berger 2005).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Slot;
use crate::chance::above_student;
use crate::robust::count;

/// For each slot the probability of arm `arm` for whoever knows the blocks and the arms before it:
/// how many of the arm are left in the block, of how many slots are left.
pub fn reverse_propensity(slots: &[Slot], arm: usize) -> Vec<f64> {
    let mut left: BTreeMap<(&str, u32), (usize, usize)> = BTreeMap::new();
    for slot in slots {
        let (of_arm, all) = left.entry((&slot.stratum, slot.block)).or_default();
        *of_arm += usize::from(slot.arm == arm);
        *all += 1;
    }
    let mut scores = Vec::with_capacity(slots.len());
    for slot in slots {
        let (of_arm, all) = left.entry((&slot.stratum, slot.block)).or_default();
        scores.push(count(*of_arm) / count((*all).max(1)));
        *of_arm = of_arm.saturating_sub(usize::from(slot.arm == arm));
        *all = all.saturating_sub(1);
    }
    scores
}

/// A participant as the test needs them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enrolled {
    /// The slot, by its place in the list.
    pub slot: usize,
    /// What was known before: age, severity, risk.
    pub covariate: f64,
}

/// What the test says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SelectionBias {
    /// How many participants it is about.
    pub participants: usize,
    /// How much higher the covariate is where the arm was certain than where it was impossible.
    pub slope: f64,
    /// Student's t of it, with so many degrees of freedom.
    pub t: f64,
    /// The degrees of freedom.
    pub freedom: usize,
    /// How probable so much is without bias, to either side.
    pub p: f64,
    /// In words.
    pub why: String,
}

/// The test of Berger and Exner: within each arm, does what was known of a participant follow from
/// how probable arm `arm` was? None where too few participants, or blocks of one, say nothing.
pub fn selection_bias(slots: &[Slot], arm: usize, enrolled: &[Enrolled]) -> Option<SelectionBias> {
    let scores = reverse_propensity(slots, arm);
    let mut arms: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for one in enrolled.iter().filter(|it| it.covariate.is_finite()) {
        let slot = slots.get(one.slot)?;
        arms.entry(slot.arm)
            .or_default()
            .push((scores[one.slot], one.covariate));
    }
    let participants: usize = arms.values().map(Vec::len).sum();
    let freedom = participants
        .checked_sub(arms.len() + 1)
        .filter(|it| *it > 0)?;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for pairs in arms.values() {
        let n = count(pairs.len());
        let (mx, my) = pairs
            .iter()
            .fold((0.0, 0.0), |sum, it| (sum.0 + it.0 / n, sum.1 + it.1 / n));
        for (x, y) in pairs {
            xx += (x - mx).powi(2);
            xy += (x - mx) * (y - my);
            yy += (y - my).powi(2);
        }
    }
    if xx <= 1e-12 {
        return None;
    }
    let slope = xy / xx;
    let rest = (yy - slope * xy).max(1e-12 * yy).max(f64::MIN_POSITIVE);
    let t = slope / (rest / count(freedom) / xx).sqrt();
    let p = (2.0 * above_student(t.abs(), count(freedom))).min(1.0);
    Some(SelectionBias {
        participants,
        slope,
        t,
        freedom,
        p,
        why: format!(
            "of {participants} participants, those who came when the arm could be foreseen differ \
             by {slope:.3} from those who came when it could be excluded; t = {t:.2} with \
             {freedom} degrees of freedom, p = {p:.4}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<Slot> {
        let blocks = text.split(' ').enumerate();
        let slots = blocks.flat_map(|(block, letters)| {
            letters.chars().map(move |letter| Slot {
                stratum: "one".to_owned(),
                block: u32::try_from(block).unwrap(),
                arm: usize::from(letter == 'C'),
            })
        });
        slots.collect()
    }

    #[test]
    fn the_score_is_what_is_left_of_the_block() {
        // Berger 2005, blocks of four of E and C.
        let near = |text: &str, expected: [f64; 4]| {
            let found = reverse_propensity(&blocks(text), 0);
            let far = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
            assert!(far.fold(0.0, f64::max) < 1e-12, "{text}: {found:?}");
        };
        near("CCEE", [0.5, 2.0 / 3.0, 1.0, 1.0]);
        near("ECEC", [0.5, 1.0 / 3.0, 0.5, 0.0]);
        near("EECC", [0.5, 1.0 / 3.0, 0.0, 0.0]);
        near("CECE", [0.5, 2.0 / 3.0, 0.5, 1.0]);
    }

    /// The healthier come when E is to be expected, or everybody comes as they come.
    fn enrol(slots: &[Slot], choosing: f64) -> Vec<Enrolled> {
        let scores = reverse_propensity(slots, 0);
        let people = scores.iter().enumerate().map(|(slot, score)| Enrolled {
            slot,
            covariate: 10.0 * choosing * score + f64::from(u8::try_from(slot * 37 % 11).unwrap()),
        });
        people.collect()
    }

    #[test]
    fn whoever_foresees_the_arm_is_found_and_whoever_does_not_is_not() {
        let list = blocks(&["CCEE ECEC EECC CECE CEEC ECCE"; 5].join(" "));
        let honest = selection_bias(&list, 0, &enrol(&list, 0.0)).unwrap();
        assert!(honest.p > 0.05, "{honest:?}");
        let chosen = selection_bias(&list, 0, &enrol(&list, 1.0)).unwrap();
        assert!(chosen.p < 1e-6 && chosen.slope > 5.0, "{chosen:?}");
        assert_eq!(chosen.freedom, 120 - 3);
        assert!(chosen.why.contains("of 120 participants"), "{chosen:?}");
    }

    #[test]
    fn the_slope_is_that_of_the_regression_by_hand() {
        // Within E: (1/2, 2), (1, 4), (1, 3); within C: (1/2, 1), (2/3, 1), (1/2, 0).
        let list = blocks("CCEE EC");
        let scores = [0.5, 2.0 / 3.0, 1.0, 1.0, 0.5, 0.0];
        assert_eq!(reverse_propensity(&list, 0), scores);
        let covariates = [1.0, 1.0, 4.0, 3.0, 2.0, 0.0];
        let people = covariates.iter().enumerate();
        let people: Vec<Enrolled> = people
            .map(|(slot, covariate)| Enrolled {
                slot,
                covariate: *covariate,
            })
            .collect();
        let found = selection_bias(&list, 0, &people).unwrap();
        // Sxx = 1/6 + 13/54, Sxy = 1/2 + 7/18, Syy = 2 + 2/3, by hand.
        let (xx, xy, yy): (f64, f64, f64) =
            (1.0 / 6.0 + 13.0 / 54.0, 0.5 + 7.0 / 18.0, 2.0 + 2.0 / 3.0);
        let slope = xy / xx;
        let t = slope / ((yy - slope * xy) / 3.0 / xx).sqrt();
        assert!((found.slope - slope).abs() < 1e-9, "{found:?} {slope}");
        assert!((found.t - t).abs() < 1e-9, "{found:?} {t}");
        // Too few say nothing, and neither do blocks of one.
        assert_eq!(selection_bias(&list, 0, &people[..3]), None);
        let single = blocks("C E C E C E");
        assert_eq!(selection_bias(&single, 0, &people), None);
    }
}
