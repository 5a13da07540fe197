//! How far a site is from the others, where honest sites differ too.
//!
//! A measure of a site has a variance of its own: few participants say little. Honest sites differ
//! by more than that: other instruments, other habits. So the sites are taken as draws around a
//! middle with a variance between sites (a random-effects model), and that variance is what makes
//! the middle half of the sites and nine tenths of them as wide as a normal distribution says. One
//! site, or a few, cannot move either.

use crate::chance;
use crate::robust::{count, mean, quantile, variance, weighted_median};

/// A measure of a site, and the variance that chance gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measure {
    pub(crate) estimate: f64,
    pub(crate) variance: f64,
}

/// Fewer sites than this say nothing about what is usual.
pub(crate) const SITES_MIN: usize = 5;
/// Where measures lie closer than their own variance allows, it was overstated, by so much at most.
const NARROWEST: f64 = 0.7;
/// Rates of rare things differ between honest sites by at least, and at most, so much (squared
/// coefficient of variation).
const SPREAD_LEAST: f64 = 0.2;
const SPREAD_MOST: f64 = 20.0;
const STEPS: usize = 60;
/// A measure whose variance is to come from the sites alone.
pub(crate) const NEARLY_NONE: f64 = 1e-6;
/// Half of normal numbers, and nine tenths of them, are closer to 0 than this.
const HALF: f64 = 0.674_49;
const NINE_TENTHS: f64 = 1.644_85;

/// For each site the distance from the middle in standard deviations; none where nothing was
/// measured or too few sites were.
pub(crate) fn scores(measures: &[Option<Measure>]) -> Vec<Option<f64>> {
    let known: Vec<Measure> = measures.iter().flatten().copied().collect();
    if known.len() < SITES_MIN {
        return vec![None; measures.len()];
    }
    let (mut low, mut high) = (0.0, spread_between(&known));
    if excess(&known, 0.0) <= 1.0 || high <= 0.0 {
        high = 0.0;
    }
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if excess(&known, middle) > 1.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let scale = excess(&known, high).clamp(NARROWEST, 1.0);
    let middle = middle_of(&known, high);
    let score = |it: &Measure| {
        let variance = it.variance + high;
        (variance > 0.0).then(|| (it.estimate - middle) / variance.sqrt() / scale)
    };
    let scores = measures.iter().map(|it| it.as_ref().and_then(score));
    scores.collect()
}

fn middle_of(known: &[Measure], between: f64) -> f64 {
    let weigh = |it: &Measure| (it.estimate, 1.0 / (it.variance + between).max(1e-12));
    let pairs: Vec<(f64, f64)> = known.iter().map(weigh).collect();
    weighted_median(&pairs).unwrap_or(0.0)
}

/// How much wider the sites lie than they should with this variance between them.
fn excess(known: &[Measure], between: f64) -> f64 {
    let middle = middle_of(known, between);
    let far =
        |it: &Measure| (it.estimate - middle).abs() / (it.variance + between).max(1e-12).sqrt();
    let distances: Vec<f64> = known.iter().map(far).collect();
    let half = quantile(&distances, 0.5).unwrap_or(0.0) / HALF;
    let most = quantile(&distances, 0.9).unwrap_or(0.0) / NINE_TENTHS;
    half.max(most)
}

/// No variance between sites is larger than this.
fn spread_between(known: &[Measure]) -> f64 {
    let estimates: Vec<f64> = known.iter().map(|it| it.estimate).collect();
    variance(&estimates).unwrap_or(0.0) * 20.0
}

/// A number for each participant becomes the mean of the site; the variance of that mean comes
/// from how participants of the same site differ, over all sites.
pub(crate) fn means(sites: &[Vec<f64>]) -> Vec<Option<Measure>> {
    let (mut squares, mut freedom) = (0.0, 0.0);
    for values in sites {
        if let Some(variance) = variance(values) {
            squares += variance * count(values.len() - 1);
            freedom += count(values.len() - 1);
        }
    }
    let within = if freedom > 0.0 {
        squares / freedom
    } else {
        0.0
    };
    let measure = |values: &Vec<f64>| {
        Some(Measure {
            estimate: mean(values)?,
            variance: within / count(values.len()),
        })
    };
    sites.iter().map(measure).collect()
}

/// How often something happens at a site, out of what happened to each participant and how often it
/// could have; its root, for the variance of a rate grows with the rate. How much participants of
/// the same site differ is learnt from all sites.
pub(crate) fn rates(sites: &[Vec<(f64, f64)>]) -> Vec<Option<Measure>> {
    let rate = |people: &[(f64, f64)]| {
        let (seen, places) = people
            .iter()
            .fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        (places > 0.0).then(|| (seen / places, places))
    };
    let (mut squares, mut sum) = (0.0, 0.0);
    for people in sites.iter().filter(|it| it.len() > 1) {
        let Some((typical, _)) = rate(people) else {
            continue;
        };
        let n = count(people.len());
        let off = |it: &(f64, f64)| (it.0 - typical * it.1).powi(2);
        squares += people.iter().map(off).sum::<f64>() * n / (n - 1.0);
        sum += people.iter().map(|it| typical * it.1).sum::<f64>();
    }
    let dispersion = if sum > 0.0 { squares / sum } else { 1.0 };
    let measure = |people: &Vec<(f64, f64)>| {
        let (rate, places) = rate(people)?;
        Some(Measure {
            estimate: rate.sqrt(),
            variance: dispersion / (4.0 * places),
        })
    };
    sites.iter().map(measure).collect()
}

/// So many of so many at each site, on a scale where the variance does not depend on the share
/// (Anscombe 1948).
pub(crate) fn shares(sites: &[(usize, usize)]) -> Vec<Option<Measure>> {
    let measure = |&(some, all): &(usize, usize)| {
        let share = (count(some) + 0.375) / (count(all) + 0.75);
        (all > 0).then(|| Measure {
            estimate: share.sqrt().asin(),
            variance: 0.25 / (count(all) + 0.5),
        })
    };
    sites.iter().map(measure).collect()
}

/// One score out of those of several items, each site by the items that it has.
pub(crate) fn together(items: &[Vec<Option<f64>>]) -> Vec<Option<f64>> {
    let sites = items.first().map_or(0, Vec::len);
    let measure = |site: usize| {
        let scores: Vec<f64> = items.iter().filter_map(|item| item[site]).collect();
        let root = count(scores.len()).sqrt();
        (!scores.is_empty()).then(|| Measure {
            estimate: scores.iter().sum::<f64>() / root,
            variance: 1.0,
        })
    };
    let measures: Vec<Option<Measure>> = (0..sites).map(measure).collect();
    scores(&measures)
}

/// One score out of those of several items that may be off to either side: the squares of the
/// farthest few, on a scale where their sum is nearly normal (Wilson and Hilferty 1931).
pub(crate) fn farthest(items: &[Vec<Option<f64>>], few: usize) -> Vec<Option<f64>> {
    let sites = items.first().map_or(0, Vec::len);
    let measure = |site: usize| {
        let squares = items.iter().filter_map(|item| item[site]).map(|it| it * it);
        let mut squares: Vec<f64> = squares.collect();
        squares.sort_by(|a, b| b.total_cmp(a));
        squares.truncate(few);
        (!squares.is_empty()).then(|| Measure {
            estimate: squares.iter().sum::<f64>().cbrt(),
            variance: NEARLY_NONE,
        })
    };
    let measures: Vec<Option<Measure>> = (0..sites).map(measure).collect();
    scores(&measures)
}

/// The same where only what is above the others counts.
pub(crate) fn highest(items: &[Vec<Option<f64>>], few: usize) -> Vec<Option<f64>> {
    let above = |item: &Vec<Option<f64>>| item.iter().map(|it| it.map(|it| it.max(0.0))).collect();
    let above: Vec<Vec<Option<f64>>> = items.iter().map(above).collect();
    farthest(&above, few)
}

/// Rare things: so many seen in so many places where they could have been. For each site the score
/// of seeing so many or more, where sites differ by a gamma distribution (negative binomial).
pub(crate) fn rare(sites: &[(usize, usize)]) -> Vec<Option<f64>> {
    let rate_of = |sites: &[(usize, usize)]| {
        let (seen, places) = sites
            .iter()
            .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        (count(seen) + 0.5) / (count(places) + 1.0)
    };
    if sites.len() < SITES_MIN {
        return vec![None; sites.len()];
    }
    // The one site that is farthest above does not say what is usual.
    let rate = rate_of(sites);
    let above = |it: &(usize, usize)| count(it.0) - rate * count(it.1);
    let mut usual = sites.to_vec();
    usual.sort_by(|a, b| above(a).total_cmp(&above(b)));
    usual.pop();
    let rate = rate_of(&usual);
    let (mut over, mut squares) = (0.0, 0.0);
    for (seen, places) in &usual {
        let expected = rate * count(*places);
        over += (count(*seen) - expected).powi(2) - expected;
        squares += expected * expected;
    }
    let spread = (over / squares.max(1e-9)).clamp(SPREAD_LEAST, SPREAD_MOST);
    let score = |&(seen, places): &(usize, usize)| {
        (places > 0).then(|| {
            let expected = rate * count(places);
            let more = chance::above_negative_binomial(seen + 1, expected, spread);
            let as_many = chance::above_negative_binomial(seen, expected, spread);
            chance::normal_above(f64::midpoint(more, as_many))
        })
    };
    sites.iter().map(score).collect()
}
