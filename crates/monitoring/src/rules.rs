//! The rules. Each looks at all sites at once, for what is usual is what the sites do, and answers
//! for each how far it is from the others and why.

use crate::finding::{Evidence, Rule};
use crate::frame::Frame;

mod breaks;
mod copies;
mod correlation;
mod dates;
mod digits;
mod habits;
mod hands;
mod inliers;
mod levels;
mod spread;

/// What a rule says about all sites.
pub(crate) struct Column {
    pub(crate) rule: Rule,
    /// Standard deviations from the other sites, positive where the rule is about it.
    pub(crate) scores: Vec<Option<f64>>,
    /// In words.
    pub(crate) why: Vec<String>,
    /// Whom to look at.
    pub(crate) evidence: Vec<Vec<Evidence>>,
}

impl Column {
    /// `tell` is asked only about sites that stand out.
    fn new(
        rule: Rule,
        scores: Vec<Option<f64>>,
        tell: impl Fn(usize) -> (String, Vec<Evidence>),
    ) -> Self {
        let asked = scores.iter().enumerate();
        let told = asked.map(|(site, score)| match score {
            Some(score) if *score > TELLING => tell(site),
            _ => (String::new(), Vec::new()),
        });
        let (why, evidence) = told.unzip();
        Self {
            rule,
            scores,
            why,
            evidence,
        }
    }
}

/// Below this score there is nothing to tell.
pub(crate) const TELLING: f64 = 1.5;

/// Asks all of them.
pub(crate) fn ask(frame: &Frame) -> Vec<Column> {
    vec![
        digits::preference(frame),
        digits::rounding(frame),
        spread::steady(frame),
        spread::unsteady(frame),
        spread::alike(frame),
        correlation::lost(frame),
        copies::participants(frame),
        copies::visits(frame),
        copies::repeated(frame),
        dates::impossible(frame),
        dates::days_off(frame),
        dates::odd_hours(frame),
        dates::regular(frame),
        inliers::inliers(frame),
        levels::nothing_missing(frame),
        levels::mean_shift(frame),
        levels::change_shift(frame),
        breaks::in_time(frame),
        hands::two_hands(frame),
        levels::few_events(frame),
    ]
}

/// The scores the other way round: for rules about too little.
fn turned(scores: Vec<Option<f64>>) -> Vec<Option<f64>> {
    scores
        .into_iter()
        .map(|it| it.map(|score| -score))
        .collect()
}
