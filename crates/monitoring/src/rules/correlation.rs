//! What goes together in the study: two items from participant to participant, and from visit to
//! visit. Whoever invents one number after the other loses it.

use super::{Column, turned};
use crate::calibrate::{self, Measure};
use crate::finding::Rule;
use crate::frame::{Frame, Person};
use crate::robust::count;

/// Pairs that go together less than this in the study are not looked at.
const WEAKEST: f64 = 0.12;
/// Fewer pairs of values than this have no correlation.
const PAIRS_MIN: usize = 5;
const STRONGEST: f64 = 0.995;

/// Sums from which a correlation follows.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: usize,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    fn add(&mut self, x: f64, y: f64) {
        self.n += 1;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }

    fn correlation(self) -> Option<f64> {
        if self.n < PAIRS_MIN {
            return None;
        }
        let n = count(self.n);
        let (vx, vy) = (self.xx - self.x * self.x / n, self.yy - self.y * self.y / n);
        let both = self.xy - self.x * self.y / n;
        (vx > 1e-9 && vy > 1e-9).then(|| both / (vx * vy).sqrt())
    }
}

/// From participant to participant.
fn between(people: &[Person], one: usize, other: usize, sums: &mut Sums) {
    for person in people {
        if let (Some(x), Some(y)) = (person.means[one], person.means[other]) {
            sums.add(x, y);
        }
    }
}

/// From visit to visit of the same participant.
fn within(people: &[Person], one: usize, other: usize, sums: &mut Sums) {
    for person in people {
        let (Some(mx), Some(my)) = (person.means[one], person.means[other]) else {
            continue;
        };
        for (x, y) in person.values[one].iter().zip(&person.values[other]) {
            if let (Some(x), Some(y)) = (x, y) {
                sums.add(x - mx, y - my);
            }
        }
    }
}

struct Pair {
    words: String,
    usual: f64,
    sites: Vec<Option<f64>>,
    n: Vec<usize>,
}

fn pairs(frame: &Frame) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for one in 0..frame.items {
        for other in one + 1..frame.items {
            let names = [one, other].map(|it| frame.study.items[it].name.as_str());
            for (way, words) in [
                (
                    between as fn(&[Person], usize, usize, &mut Sums),
                    "participants",
                ),
                (within, "visits"),
            ] {
                let mut all = Sums::default();
                frame
                    .sites
                    .iter()
                    .for_each(|site| way(site, one, other, &mut all));
                let Some(usual) = all.correlation().filter(|it| it.abs() > WEAKEST) else {
                    continue;
                };
                let site_sums = frame.sites.iter().map(|site| {
                    let mut sums = Sums::default();
                    way(site, one, other, &mut sums);
                    sums
                });
                let site_sums: Vec<Sums> = site_sums.collect();
                pairs.push(Pair {
                    words: format!("{} and {} over {words}", names[0], names[1]),
                    usual,
                    sites: site_sums.iter().map(|it| it.correlation()).collect(),
                    n: site_sums.iter().map(|it| it.n).collect(),
                });
            }
        }
    }
    pairs
}

fn fisher(r: f64) -> f64 {
    r.clamp(-STRONGEST, STRONGEST).atanh()
}

/// The correlations of a site, each by Fisher's z, weighed by how strong they are in the study.
pub(super) fn lost(frame: &Frame) -> Column {
    let pairs = pairs(frame);
    let measure = |site: usize| {
        let (mut sum, mut information) = (0.0, 0.0);
        for pair in &pairs {
            let Some(r) = pair.sites[site] else { continue };
            let usual = fisher(pair.usual);
            let precision = count(pair.n[site] - 3);
            sum += precision * usual * (fisher(r) - usual);
            information += precision * usual * usual;
        }
        (information > 0.0).then(|| Measure {
            estimate: sum / information,
            variance: 1.0 / information,
        })
    };
    let measures: Vec<_> = (0..frame.sites.len()).map(measure).collect();
    let scores = turned(calibrate::scores(&measures));
    Column::new(Rule::LostCorrelation, scores, |site| {
        let mut told: Vec<(f64, String)> = pairs
            .iter()
            .filter_map(|pair| {
                let r = pair.sites[site]?;
                let gap = (fisher(pair.usual) - fisher(r)) * pair.usual.signum();
                let weight = gap * count(pair.n[site] - 3).sqrt();
                let words = format!("{}: {r:.2}, in the study {:.2}", pair.words, pair.usual);
                Some((-weight, words))
            })
            .collect();
        told.sort_by(|a, b| a.0.total_cmp(&b.0));
        let told: Vec<String> = told.into_iter().take(3).map(|it| it.1).collect();
        (
            format!(
                "values go together less than elsewhere: {}",
                told.join("; ")
            ),
            Vec::new(),
        )
    })
}
