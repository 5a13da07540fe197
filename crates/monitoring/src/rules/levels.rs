//! Levels: means, what is missing, adverse events.

use super::{Column, turned};
use crate::calibrate;
use crate::finding::Rule;
use crate::frame::{Frame, Person};
use crate::robust::{count, mean, width};
use crate::study::Visit;

/// A larger change, in widths of all changes, counts as this: somebody mistyped a weight.
const CHANGE_MOST: f64 = 3.0;

/// So many items count, those that are farthest from the other sites.
const ITEMS_TOLD: usize = 3;

/// A participant's missing values at the visits that took place, and all that could be there.
fn missing(frame: &Frame, person: &Person) -> (f64, f64) {
    let visits = person.subject.visits.iter();
    let known = |it: &Visit| it.values.iter().flatten().count().min(frame.items);
    let missing: usize = visits.clone().map(|it| frame.items - known(it)).sum();
    (count(missing), count(visits.len() * frame.items))
}

/// Too little is missing at visits that took place.
pub(super) fn nothing_missing(frame: &Frame) -> Column {
    let of_site = |site: &Vec<Person>| site.iter().map(|it| missing(frame, it)).collect();
    let sites: Vec<Vec<(f64, f64)>> = frame.sites.iter().map(of_site).collect();
    let scores = turned(calibrate::scores(&calibrate::rates(&sites)));
    let percent = |people: &mut dyn Iterator<Item = &(f64, f64)>| {
        let (some, all) = people.fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        (100.0 * some / f64::max(all, 1.0), all)
    };
    Column::new(Rule::NothingMissing, scores, |site| {
        let (here, all) = percent(&mut sites[site].iter());
        let (there, _) = percent(&mut sites.iter().flatten());
        let why = format!(
            "{here:.1} % of {all:.0} values at visits that took place are missing, in the study \
             {there:.1} %"
        );
        (why, Vec::new())
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
    let scores = calibrate::farthest(&items, ITEMS_TOLD);
    Column::new(Rule::MeanShift, scores, |site| {
        let farthest = farthest(frame, &items, site);
        (
            format!("means differ from other sites': {farthest}"),
            Vec::new(),
        )
    })
}

/// A participant's change of an item from the first visit to the mean of the later ones, site by
/// site.
pub(super) fn changes(frame: &Frame, item: usize) -> Vec<Vec<f64>> {
    let mut people = frame.by_person(|person| {
        let mut values = person.values[item].iter().flatten();
        let first = *values.next()?;
        let later: Vec<f64> = values.copied().collect();
        Some(mean(&later)? - first)
    });
    let all: Vec<f64> = people.iter().flatten().copied().collect();
    let most = CHANGE_MOST * width(&all).unwrap_or(0.0);
    for change in people.iter_mut().flatten() {
        *change = change.clamp(-most, most);
    }
    people
}

/// Changes from a participant's first visit that differ, to either side, over all items.
pub(super) fn change_shift(frame: &Frame) -> Column {
    let of_item = |item| calibrate::scores(&calibrate::means(&changes(frame, item)));
    let items: Vec<_> = (0..frame.items).map(of_item).collect();
    let scores = calibrate::farthest(&items, ITEMS_TOLD);
    Column::new(Rule::ChangeShift, scores, |site| {
        let farthest = farthest(frame, &items, site);
        let why = format!("changes from the first visit differ from other sites': {farthest}");
        (why, Vec::new())
    })
}

/// The three items that are farthest from the other sites.
fn farthest(frame: &Frame, items: &[Vec<Option<f64>>], site: usize) -> String {
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
    let far: Vec<String> = far.into_iter().take(ITEMS_TOLD).map(|it| it.1).collect();
    far.join(", ")
}

/// Too few adverse events, by visit that took place.
pub(super) fn few_events(frame: &Frame) -> Column {
    let told = |person: &Person| {
        (
            f64::from(person.subject.adverse_events),
            count(person.subject.visits.len()),
        )
    };
    let sites = frame
        .sites
        .iter()
        .map(|site| site.iter().map(told).collect());
    let sites: Vec<Vec<(f64, f64)>> = sites.collect();
    let scores = turned(calibrate::scores(&calibrate::rates(&sites)));
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
