//! Spread: invented values vary too little, or a participant's do as if they were not one person's
//! (Buyse and others 1999; Kirkwood, Cox, Hackshaw 2013).

use super::{Column, turned};
use crate::calibrate::{self, Measure};
use crate::finding::Rule;
use crate::frame::{Frame, Person};
use crate::robust::{count, mean, median, variance};

/// A variance of nothing counts as this, in squared widths of the item: values are rounded.
const LEAST: f64 = 0.003;

/// The mean over the items of the logarithm of how much a participant varies, less what is usual.
fn unrest(usual: &[Option<f64>], person: &Person) -> Option<f64> {
    let known: Vec<f64> = usual
        .iter()
        .enumerate()
        .filter_map(|(item, usual)| Some((person.unrest(item)? + LEAST).ln() - (*usual)?))
        .collect();
    (known.len() >= 2).then(|| mean(&known)).flatten()
}

fn usual(frame: &Frame) -> Vec<Option<f64>> {
    let people = || frame.sites.iter().flatten();
    let of_item = |item| {
        let logs: Vec<f64> = people()
            .filter_map(|it| Some((it.unrest(item)? + LEAST).ln()))
            .collect();
        median(&logs)
    };
    (0..frame.items).map(of_item).collect()
}

/// How much participants vary from visit to visit.
struct Within {
    usual: Vec<Option<f64>>,
    people: Vec<Vec<f64>>,
    scores: Vec<Option<f64>>,
}

fn within(frame: &Frame) -> Within {
    let usual = usual(frame);
    let people = frame.by_person(|person| unrest(&usual, person));
    let scores = calibrate::scores(&calibrate::means(&people));
    Within {
        usual,
        people,
        scores,
    }
}

fn percent_of_usual(logs: &[f64]) -> f64 {
    100.0 * mean(logs).unwrap_or(0.0).exp().sqrt()
}

/// From visit to visit, too little.
pub(super) fn steady(frame: &Frame) -> Column {
    let Within {
        usual,
        people,
        scores,
    } = within(frame);
    Column::new(Rule::SteadyValues, turned(scores), |site| {
        let percent = percent_of_usual(&people[site]);
        let why = format!(
            "from visit to visit a participant's values vary {percent:.0} % of what they do in \
             the study"
        );
        let say = |log: f64| format!("varies {:.0} % of the usual", 100.0 * log.exp().sqrt());
        (
            why,
            frame.lowest(site, |person| unrest(&usual, person), say),
        )
    })
}

/// From visit to visit, too much.
pub(super) fn unsteady(frame: &Frame) -> Column {
    let Within {
        usual,
        people,
        scores,
    } = within(frame);
    Column::new(Rule::UnsteadyValues, scores, |site| {
        let percent = percent_of_usual(&people[site]);
        let why = format!(
            "from visit to visit a participant's values vary {percent:.0} % of what they do in \
             the study, as if they were not those of one person"
        );
        let say = |log: f64| format!("varies {:.0} % of the usual", 100.0 * (-log).exp().sqrt());
        let turned = |person: &Person| unrest(&usual, person).map(|log| -log);
        (why, frame.lowest(site, turned, say))
    })
}

/// From participant to participant, too little.
pub(super) fn alike(frame: &Frame) -> Column {
    let of_item = |item: usize| {
        let means = frame.by_person(|person| person.means[item]);
        let measure = |means: &Vec<f64>| {
            Some(Measure {
                estimate: (variance(means)? + LEAST).ln() + 1.0 / count(means.len() - 1),
                variance: 2.0 / count(means.len() - 1),
            })
        };
        means.iter().map(measure).collect::<Vec<_>>()
    };
    let measures: Vec<Vec<Option<Measure>>> = (0..frame.items).map(of_item).collect();
    let items: Vec<_> = measures.iter().map(|it| calibrate::scores(it)).collect();
    let scores = turned(calibrate::together(&items));
    Column::new(Rule::AlikeParticipants, scores, |site| {
        let least = frame.numbered().filter_map(|(at, item)| {
            let all: Vec<f64> = measures[at]
                .iter()
                .flatten()
                .map(|it| it.estimate)
                .collect();
            let log = measures[at][site]?.estimate - median(&all)?;
            let words = format!("{} {:.0} %", item.name, 100.0 * log.exp().sqrt());
            Some((items[at][site]?, words))
        });
        let mut least: Vec<(f64, String)> = least.collect();
        least.sort_by(|a, b| a.0.total_cmp(&b.0));
        let words: Vec<String> = least.into_iter().take(3).map(|it| it.1).collect();
        let why = format!(
            "participants differ from each other less than at the middle site: {} as much",
            words.join(", ")
        );
        (why, Vec::new())
    })
}
