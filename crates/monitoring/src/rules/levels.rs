//! Levels: means, what is missing, adverse events.

use super::{Column, turned};
use crate::calibrate;
use crate::finding::Rule;
use crate::frame::{Frame, Person};
use crate::robust::{count, mean};

/// Days after which a visit that did not take place is missing.
const GRACE_DAYS: i64 = 14;

/// The share of a participant's values that are missing, of those that were due; its root, for
/// shares near 0 spread less.
fn missing(frame: &Frame, person: &Person) -> Option<f64> {
    let first = person.at.iter().flatten().min()?.day;
    let is_due = |day: i64| first + day + GRACE_DAYS <= frame.study.cut_day;
    let plan = frame.study.plan.iter().enumerate();
    let due: Vec<usize> = plan.filter(|(_, it)| is_due(it.day)).map(|it| it.0).collect();
    let all = due.len() * frame.items;
    let known = due.iter().map(|visit| person.visit(*visit).iter().flatten().count()).sum::<usize>();
    (all > 0).then(|| (count(all - known) / count(all)).sqrt())
}

/// Too little is missing.
pub(super) fn nothing_missing(frame: &Frame) -> Column {
    let people = frame.by_person(|person| missing(frame, person));
    let scores = turned(calibrate::scores(&calibrate::means(&people)));
    let percent = |roots: &mut dyn Iterator<Item = f64>| {
        let squares: Vec<f64> = roots.map(|it| it * it).collect();
        100.0 * mean(&squares).unwrap_or(0.0)
    };
    Column::new(Rule::NothingMissing, scores, |site| {
        let here = percent(&mut people[site].iter().copied());
        let there = percent(&mut people.iter().flatten().copied());
        (format!("{here:.1} % of the values are missing, in the study {there:.1} %"), Vec::new())
    })
}

/// Means that differ, to either side, over all items.
pub(super) fn mean_shift(frame: &Frame) -> Column {
    let items: Vec<Vec<Option<f64>>> = (0..frame.items)
        .map(|item| {
            let people = frame.by_person(|person| person.means[item]);
            calibrate::scores(&calibrate::means(&people))
        })
        .collect();
    let scores = calibrate::together_either_way(&items);
    Column::new(Rule::MeanShift, scores, |site| {
        let mut far: Vec<(f64, String)> = frame
            .numbered()
            .filter_map(|(at, item)| {
                let score = items[at][site]?;
                let way = if score > 0.0 { "above" } else { "below" };
                let words = format!("{} {:.1} deviations {way}", item.name, score.abs());
                Some((-score.abs(), words))
            })
            .collect();
        far.sort_by(|a, b| a.0.total_cmp(&b.0));
        let far: Vec<String> = far.into_iter().take(3).map(|it| it.1).collect();
        (format!("means differ from other sites': {}", far.join(", ")), Vec::new())
    })
}

/// Too few adverse events, by visit that took place.
pub(super) fn few_events(frame: &Frame) -> Column {
    let rate = |person: &Person| {
        let visits = person.subject.visits.len();
        let events = f64::from(person.subject.adverse_events);
        (visits > 0).then(|| ((events + 0.375) / count(visits)).sqrt())
    };
    let scores = turned(calibrate::scores(&calibrate::means(&frame.by_person(rate))));
    let total = |people: &mut dyn Iterator<Item = &Person>| {
        let (mut events, mut visits) = (0.0, 0);
        for person in people {
            events += f64::from(person.subject.adverse_events);
            visits += person.subject.visits.len();
        }
        (events, visits)
    };
    Column::new(Rule::FewAdverseEvents, scores, |site| {
        let (events, visits) = total(&mut frame.sites[site].iter());
        let (all_events, all_visits) = total(&mut frame.sites.iter().flatten());
        let expected = all_events * count(visits) / count(all_visits.max(1));
        let why = format!(
            "{events:.0} adverse events in {visits} visits; as often as in the study would be \
             {expected:.1}"
        );
        (why, Vec::new())
    })
}
