//! Two hands: a site that makes some of its participants up has two kinds of them. Participants of
//! one site are compared with each other, so that how sites differ does not matter.

use super::habits::{self, Habit};
use super::{Column, levels};
use crate::calibrate::{self, Measure};
use crate::finding::Rule;
use crate::frame::{Frame, Person};
use crate::robust::{count, mean, median, variance};

/// Fewer participants than this are no two kinds.
const PEOPLE_MIN: usize = 4;
/// So many things count, those in which participants differ most.
const THINGS: usize = 3;
/// Added to variances before their logarithm is taken.
const LEAST: f64 = 0.003;

/// How much more participants differ than their own visits do: the logarithm of the ratio of the
/// two mean squares (Fisher's z).
fn between_to_within(people: &[Vec<f64>]) -> Option<Measure> {
    let people: Vec<&Vec<f64>> = people.iter().filter(|it| it.len() > 1).collect();
    let visits: usize = people.iter().map(|it| it.len()).sum();
    if people.len() < PEOPLE_MIN {
        return None;
    }
    let all: f64 = people.iter().flat_map(|it| it.iter()).sum();
    let middle = all / count(visits);
    let (mut between, mut within) = (0.0, 0.0);
    for values in &people {
        let own = mean(values)?;
        between += count(values.len()) * (own - middle).powi(2);
        within += values.iter().map(|it| (it - own).powi(2)).sum::<f64>();
    }
    let (groups, rest) = (count(people.len() - 1), count(visits - people.len()));
    let ratio = (between / groups + LEAST) / (within / rest + LEAST);
    Some(Measure {
        estimate: ratio.ln() + 1.0 / groups - 1.0 / rest,
        variance: 2.0 / groups + 2.0 / rest,
    })
}

/// How much participants differ in one number each.
fn between(people: &[f64]) -> Option<Measure> {
    if people.len() < PEOPLE_MIN {
        return None;
    }
    let groups = count(people.len() - 1);
    Some(Measure {
        estimate: (variance(people)? + LEAST).ln() + 1.0 / groups,
        variance: 2.0 / groups,
    })
}

fn by_habit(frame: &Frame, habit: Habit) -> Vec<Option<Measure>> {
    let of_person = |person: &Person| {
        let visits = (0..frame.visits).filter_map(|visit| habit(frame, person, visit));
        visits.collect::<Vec<f64>>()
    };
    let of_site = |site: &Vec<Person>| {
        let people: Vec<Vec<f64>> = site.iter().map(of_person).collect();
        between_to_within(&people)
    };
    frame.sites.iter().map(of_site).collect()
}

/// Participants of two kinds.
pub(super) fn two_hands(frame: &Frame) -> Column {
    let mut things: Vec<(String, Vec<Option<Measure>>)> = Vec::new();
    for (name, habit) in habits::ALL {
        things.push((name.to_owned(), by_habit(frame, habit)));
    }
    for (at, item) in frame.numbered() {
        let sites = levels::changes(frame, at);
        let measures = sites.iter().map(|it| between(it)).collect();
        things.push((format!("change of {}", item.name), measures));
    }
    let each = things.iter().map(|(_, it)| calibrate::scores(it));
    let scored: Vec<Vec<Option<f64>>> = each.collect();
    let together = calibrate::highest(&scored, THINGS);
    Column::new(Rule::TwoHands, together, |site| {
        let mut most: Vec<(f64, String)> = Vec::new();
        for ((name, measures), scores) in things.iter().zip(&scored) {
            let all: Vec<f64> = measures.iter().flatten().map(|it| it.estimate).collect();
            if let (Some(measure), Some(usual), Some(score)) =
                (measures[site], median(&all), scores[site])
            {
                let times = (measure.estimate - usual).exp();
                most.push((score, format!("{name} ({times:.1} times the variance)")));
            }
        }
        most.sort_by(|a, b| b.0.total_cmp(&a.0));
        let words: Vec<String> = most.into_iter().take(THINGS).map(|it| it.1).collect();
        let why = format!(
            "participants differ from each other more than at the middle site, as if they were of \
             two kinds: {}",
            words.join(", ")
        );
        (why, Vec::new())
    })
}
