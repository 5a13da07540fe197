//! The list of sites: one number out of all rules, and which sites are to be looked at.

use serde::Serialize;

use crate::calibrate::{self, Measure};
use crate::chance;
use crate::finding::Finding;
use crate::frame::Frame;
use crate::robust::count;
use crate::rules::{self, Column};
use crate::study::Study;

/// What central monitoring says about a study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// All sites with data, the most striking first.
    pub sites: Vec<Ranked>,
}

/// A site in the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ranked {
    /// Its identifier.
    pub site: String,
    /// How many take part there.
    pub subjects: usize,
    /// All rules together, in standard deviations from what is usual among sites.
    pub score: f64,
    /// How probable such a score is at an honest site.
    pub p: f64,
    /// The same for so many sites (Holm 1979): that any honest site of the study is so far out.
    pub adjusted_p: f64,
    /// Whether the site is to be looked at.
    pub standing: Standing,
    /// What the rules say, the most striking first; only what stands out.
    pub findings: Vec<Finding>,
}

/// Whether a site is to be looked at.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing that honest sites are not.
    Quiet,
    /// [`WATCH_P`]: one honest site in a hundred is here too.
    Watch,
    /// [`ALARM_P`]: of twenty studies one has an honest site here.
    Alarm,
}

/// An adjusted probability up to this is an alarm.
pub const ALARM_P: f64 = 0.05;
/// A probability up to this is worth a look.
pub const WATCH_P: f64 = 0.01;
/// A rule that stands out by this is told.
const FINDING_SCORE: f64 = 2.0;
/// One rule alone does not count for more than this.
const SCORE_MOST: f64 = 10.0;

/// Looks at a study. Sites without data are not in the list.
pub fn monitor(study: &Study) -> Report {
    let frame = Frame::new(study);
    let columns = rules::ask(&frame);
    let scores = overall(&columns, frame.sites.len());
    let mut sites: Vec<Ranked> = Vec::new();
    for (at, score) in scores.iter().enumerate() {
        if let Some(score) = score {
            sites.push(Ranked {
                site: study.sites[at].id.clone(),
                subjects: study.sites[at].subjects.len(),
                score: *score,
                p: chance::above_normal(*score),
                adjusted_p: 1.0,
                standing: Standing::Quiet,
                findings: findings(&columns, at),
            });
        }
    }
    sites.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.site.cmp(&b.site))
    });
    adjust(&mut sites);
    Report { sites }
}

/// Holm's step-down: the smallest times all, the next times all but one, never less than before.
fn adjust(sites: &mut [Ranked]) {
    let (all, mut least) = (sites.len(), 0.0_f64);
    for (at, site) in sites.iter_mut().enumerate() {
        least = least.max((site.p * count(all - at)).min(1.0));
        site.adjusted_p = least;
        site.standing = match (site.adjusted_p, site.p) {
            (adjusted, _) if adjusted <= ALARM_P => Standing::Alarm,
            (_, p) if p <= WATCH_P => Standing::Watch,
            _ => Standing::Quiet,
        };
    }
}

/// The squares of what is above 0, on average over the rules that could be asked.
fn overall(columns: &[Column], sites: usize) -> Vec<Option<f64>> {
    let measure = |site: usize| {
        let scores: Vec<f64> = columns.iter().filter_map(|it| it.scores[site]).collect();
        let squares = scores.iter().map(|it| it.clamp(0.0, SCORE_MOST).powi(2));
        (!scores.is_empty()).then(|| Measure {
            estimate: (squares.sum::<f64>() / count(scores.len())).cbrt(),
            variance: calibrate::NEARLY_NONE,
        })
    };
    let measures: Vec<Option<Measure>> = (0..sites).map(measure).collect();
    calibrate::scores(&measures)
}

fn findings(columns: &[Column], site: usize) -> Vec<Finding> {
    let said = columns.iter().filter_map(|column| {
        let score = column.scores[site].filter(|it| *it >= FINDING_SCORE)?;
        Some(Finding {
            rule: column.rule,
            score,
            p: chance::above_normal(score),
            why: column.why[site].clone(),
            evidence: column.evidence[site].clone(),
        })
    });
    let mut said: Vec<Finding> = said.collect();
    said.sort_by(|a, b| b.score.total_cmp(&a.score));
    said
}
