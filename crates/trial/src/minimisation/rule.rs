//! Which share comes next: Pocock and Simon, Biometrics 31 (1975), 103-115, sections 3 and 4.

use proof::hash;
use proof::vrf::VrfOutput;
use std::collections::BTreeMap;

use super::{Design, Measure};
use crate::allocation::draws::Draws;

const CHANCE: &str = "salus/trial-minimisation-chance/v1";
/// A probability is so many of these.
const WHOLE: u64 = 1_000;

/// Somebody who takes part, as the rule sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entered {
    /// Where.
    pub site: String,
    /// The level of each factor.
    pub levels: Vec<u16>,
}

/// How many have each share, by levels and sites.
#[derive(Clone, Debug)]
pub struct Balance<'a> {
    design: &'a Design,
    factors: Vec<BTreeMap<u16, Vec<u32>>>,
    sites: BTreeMap<String, Vec<u32>>,
}

impl<'a> Balance<'a> {
    /// Of nobody yet.
    pub fn new(design: &'a Design) -> Self {
        Self {
            design,
            factors: vec![BTreeMap::new(); design.factors.len()],
            sites: BTreeMap::new(),
        }
    }

    /// Counts somebody who has a share.
    pub fn add(&mut self, entered: &Entered, share: u16) {
        let nobody = || vec![0; usize::from(self.design.shares())];
        let at_levels = self.factors.iter_mut().zip(&entered.levels);
        let at_levels = at_levels.map(|(known, level)| known.entry(*level).or_insert_with(nobody));
        let site = self.sites.entry(entered.site.clone());
        let at_site = std::iter::once(site.or_insert_with(nobody));
        for counts in at_levels.chain(at_site) {
            if let Some(count) = counts.get_mut(usize::from(share)) {
                *count += 1;
            }
        }
    }

    /// How unequal all would be if the next one got each of the shares.
    pub fn scores(&self, entered: &Entered) -> Vec<u128> {
        let shares = 0..usize::from(self.design.shares());
        shares.map(|share| self.score(entered, share)).collect()
    }

    fn score(&self, entered: &Entered, share: usize) -> u128 {
        let factors = self.factors.iter().zip(&entered.levels);
        let factors = factors.zip(&self.design.factors);
        let by_levels: u128 = factors
            .map(|((known, level), factor)| {
                u128::from(factor.weight) * self.unequal(known.get(level), share)
            })
            .sum();
        let site = self.unequal(self.sites.get(&entered.site), share);
        by_levels + u128::from(self.design.site_weight) * site
    }

    /// How unequal counts are once one more has a share.
    fn unequal(&self, counts: Option<&Vec<u32>>, share: usize) -> u128 {
        let all = usize::from(self.design.shares());
        let counts = (0..all).map(|at| {
            let count = counts.and_then(|it| it.get(at)).copied().unwrap_or(0);
            u128::from(count) + u128::from(at == share)
        });
        match self.design.measure {
            Measure::Range => {
                let (low, high) = counts.fold((u128::MAX, 0), |(low, high), count| {
                    (low.min(count), high.max(count))
                });
                high.saturating_sub(low)
            }
            // n times the sum of squares, less the square of the sum: n squared times the variance.
            Measure::Variance => {
                let (squares, sum) = counts.fold((0, 0), |(squares, sum), count| {
                    (squares + count * count, sum + count)
                });
                (all as u128 * squares).saturating_sub(sum * sum)
            }
        }
    }

    /// The share of the next one, by a random number that nobody chose.
    ///
    /// One of the shares that leave all least unequal is preferred, and is taken with the
    /// probability of the design; else one of all others is, each as likely.
    pub fn choose(&self, entered: &Entered, output: &VrfOutput) -> u16 {
        let scores = self.scores(entered);
        let least = scores.iter().min().copied().unwrap_or_default();
        let best: Vec<u16> = (0..)
            .zip(&scores)
            .filter_map(|(share, score)| (*score == least).then_some(share))
            .collect();
        let mut draws = Draws::of(hash(CHANCE, &[output]));
        let preferred = one_of(&best, &mut draws);
        if draws.below(WHOLE) < u64::from(self.design.preferred) {
            return preferred;
        }
        let others = (0..self.design.shares()).filter(|share| *share != preferred);
        one_of(&others.collect::<Vec<_>>(), &mut draws)
    }
}

/// One of some shares, of which there is one at least.
fn one_of(shares: &[u16], draws: &mut Draws) -> u16 {
    let place = draws.below((shares.len() as u64).max(1));
    let share = usize::try_from(place).ok().and_then(|at| shares.get(at));
    share.copied().unwrap_or_default()
}
