//! Copies: participants, visits and values that are nearly those of others. How near two may come
//! by chance is learnt from pairs of different sites, which nobody copied from each other.

use std::collections::BTreeMap;

use super::{Column, turned};
use crate::calibrate::{self, Measure};
use crate::finding::{EVIDENCE_MAX, Evidence, Rule};
use crate::frame::{Frame, Person, distance};
use crate::robust::{count, mean, quantile};

/// Pairs of different sites that are measured, about.
const PAIRS: usize = 30_000;
/// Squared distances below this are the same: values are rounded.
const SAME: f64 = 0.002;
/// Fewer pairs than this do not say how near two come by chance.
const PAIRS_MIN: usize = 200;
/// Of a participant's visits this share is nearer than what counts: not all need be copied.
const NEARER: f64 = 0.3;
/// Participants of a site that are compared with each other.
const PEOPLE_MAX: usize = 200;

/// How near pairs come by chance: logarithms of distances, sorted.
struct Chance(Vec<f64>);

impl Chance {
    /// The distance of the nearest of so many that is passed with this probability.
    fn nearest_of(&self, many: usize, p: f64) -> f64 {
        let share = 1.0 - (1.0 - p).powf(1.0 / count(many.max(1)));
        let last = count(self.0.len() - 1);
        let place = share * last;
        // Fewer pairs than are compared: the lowest few are drawn out as a straight line.
        if place < 1.0 {
            let few = self.0.len().min(50);
            let slope = (self.0[few - 1] - self.0[0]) / count(few).ln().max(1.0);
            return self.0[0] + slope * place.max(1e-6).ln().min(0.0);
        }
        self.0[index(place)]
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn index(place: f64) -> usize {
    place as usize
}

fn log(distance: f64) -> f64 {
    (distance + SAME).ln()
}

/// What such a logarithm was made of, in widths of the items.
fn apart(log: f64) -> f64 {
    (log.exp() - SAME).max(0.0).sqrt()
}

fn of_people(one: &Person, other: &Person) -> Option<f64> {
    let pairs = one
        .values
        .iter()
        .flatten()
        .zip(other.values.iter().flatten());
    let cells = one.values.iter().map(Vec::len).sum::<usize>();
    distance(pairs, cells / 3).map(log)
}

type Row = Vec<Option<f64>>;

fn of_rows(one: &Row, other: &Row) -> Option<f64> {
    distance(one.iter().zip(other), one.len() / 2 + 1).map(log)
}

/// Distances over pairs of different sites, at several strides through the list.
fn by_chance<T>(listed: &[(usize, T)], measure: impl Fn(&T, &T) -> Option<f64>) -> Option<Chance> {
    let n = listed.len();
    let rounds = (PAIRS / n.max(1)).clamp(1, n.max(2) / 2);
    let mut distances = Vec::new();
    for round in 1..=rounds {
        let stride = round * n / (2 * rounds + 1);
        for at in 0..n {
            let ((site, one), (elsewhere, other)) = (&listed[at], &listed[(at + stride) % n]);
            if site != elsewhere {
                distances.extend(measure(one, other));
            }
        }
    }
    distances.sort_by(f64::total_cmp);
    (distances.len() >= PAIRS_MIN).then_some(Chance(distances))
}

fn silent(frame: &Frame, rule: Rule) -> Column {
    let none = vec![None; frame.sites.len()];
    Column::new(rule, none, |_| (String::new(), Vec::new()))
}

/// The nearest two participants of each site, against the nearest of as many pairs by chance.
pub(super) fn participants(frame: &Frame) -> Column {
    let numbered = frame.sites.iter().enumerate();
    let listed: Vec<(usize, &Person)> = numbered
        .flat_map(|(at, site)| site.iter().map(move |it| (at, it)))
        .collect();
    let Some(chance) = by_chance(&listed, |one, other| of_people(one, other)) else {
        return silent(frame, Rule::CopiedParticipants);
    };
    let near = |site: &Vec<Person>| {
        let few = &site[..site.len().min(PEOPLE_MAX)];
        let mut near = Vec::new();
        for (at, one) in few.iter().enumerate() {
            for (next, other) in few.iter().enumerate().skip(at + 1) {
                near.extend(of_people(one, other).map(|it| (it, at, next)));
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near
    };
    let sites: Vec<Vec<(f64, usize, usize)>> = frame.sites.iter().map(near).collect();
    let measure = |near: &Vec<(f64, usize, usize)>| {
        let [low, middle, high] = [0.16, 0.5, 0.84].map(|p| chance.nearest_of(near.len(), p));
        Some(Measure {
            estimate: near.first()?.0 - middle,
            variance: ((high - low) / 2.0).powi(2),
        })
    };
    let measures: Vec<_> = sites.iter().map(measure).collect();
    let scores = turned(calibrate::scores(&measures));
    Column::new(Rule::CopiedParticipants, scores, |site| {
        let near = &sites[site];
        let first = near.first().map_or(0.0, |it| apart(it.0));
        let usual = apart(chance.nearest_of(near.len(), 0.5));
        let why = format!(
            "the two participants most alike are {first:.2} deviations apart on average; of \
             {} pairs that have nothing to do with each other, the nearest would be {usual:.2}",
            near.len()
        );
        let evidence = near.iter().take(EVIDENCE_MAX).map(|(log, one, other)| {
            let (one, twin) = (&frame.sites[site][*one], frame.sites[site][*other].subject);
            let (far, id) = (apart(*log), &twin.id);
            let born = one.subject.born_day.is_some() && one.subject.born_day == twin.born_day;
            let same = if born && one.subject.sex == twin.sex {
                ", of the same birth date and sex"
            } else {
                ""
            };
            one.evidence(format!("{far:.2} deviations from {id}{same}"))
        });
        (why, evidence.collect())
    })
}

/// Visits of a site that are compared with each other.
const ROWS_MAX: usize = 1_500;

/// A visit of a site: whose, which, and its values.
struct Attended {
    person: usize,
    visit: usize,
    row: Row,
}

fn attended(site: &[Person], visits: usize) -> Vec<Attended> {
    let mut rows = Vec::new();
    for (person, of) in site.iter().take(PEOPLE_MAX).enumerate() {
        for visit in 0..visits {
            let row = of.visit(visit);
            if row.iter().flatten().count() > row.len() / 2 {
                rows.push(Attended { person, visit, row });
            }
        }
    }
    rows.truncate(ROWS_MAX);
    rows
}

/// A visit and the nearest of another participant, and how many were compared.
struct Nearest {
    log: f64,
    one: usize,
    other: usize,
    compared: usize,
}

fn nearest(rows: &[Attended], one: usize) -> Option<Nearest> {
    let mut best: Option<Nearest> = None;
    let mut compared = 0;
    for (other, twin) in rows.iter().enumerate() {
        if twin.person == rows[one].person {
            continue;
        }
        let Some(log) = of_rows(&rows[one].row, &twin.row) else {
            continue;
        };
        compared += 1;
        if best.as_ref().is_none_or(|it| log < it.log) {
            best = Some(Nearest {
                log,
                one,
                other,
                compared,
            });
        }
    }
    best.map(|it| Nearest { compared, ..it })
}

/// For each visit the nearest of another participant, against what as many would do by chance.
pub(super) fn visits(frame: &Frame) -> Column {
    let sites = frame.sites.iter().map(|site| attended(site, frame.visits));
    let sites: Vec<Vec<Attended>> = sites.collect();
    let numbered = sites.iter().enumerate();
    let listed: Vec<(usize, &Row)> = numbered
        .flat_map(|(at, rows)| rows.iter().map(move |it| (at, &it.row)))
        .collect();
    let Some(chance) = by_chance(&listed, |one, other| of_rows(one, other)) else {
        return silent(frame, Rule::CopiedVisits);
    };
    let of_site = |rows: &Vec<Attended>| {
        let found = (0..rows.len()).filter_map(|at| nearest(rows, at));
        let mut found: Vec<Nearest> = found.collect();
        found.sort_by(|a, b| a.log.total_cmp(&b.log));
        found
    };
    let found: Vec<Vec<Nearest>> = sites.iter().map(of_site).collect();
    let mut people = Vec::new();
    for (rows, found) in sites.iter().zip(&found) {
        let mut of_person: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for it in found {
            let nearer = it.log - chance.nearest_of(it.compared, 0.5);
            of_person
                .entry(rows[it.one].person)
                .or_default()
                .push(nearer);
        }
        let known = of_person.values().filter_map(|it| quantile(it, NEARER));
        people.push(known.collect::<Vec<f64>>());
    }
    let scores = turned(calibrate::scores(&calibrate::means(&people)));
    Column::new(Rule::CopiedVisits, scores, |site| {
        let percent = 100.0 * mean(&people[site]).unwrap_or(0.0).exp().sqrt();
        let why = format!(
            "the nearest visit of another participant is {percent:.0} % as far as by chance"
        );
        let named = |at: usize| {
            let it = &sites[site][at];
            let code = frame.study.plan[it.visit].code.clone();
            (frame.sites[site][it.person].subject.id.clone(), code)
        };
        let evidence = found[site].iter().take(EVIDENCE_MAX).map(|it| {
            let ((subject, visit), (twin, then)) = (named(it.one), named(it.other));
            Evidence {
                subject,
                visit: Some(visit),
                seen: format!("{:.2} deviations from {twin} {then}", apart(it.log)),
            }
        });
        (why, evidence.collect())
    })
}

/// Values of an item that are those of the visit before.
fn same_as_before(frame: &Frame, item: usize, person: &Person) -> (usize, usize) {
    let decimals = frame.study.items[item].decimals;
    let scale = 10_f64.powi(i32::from(decimals.min(9)));
    let mut visits: Vec<_> = person.subject.visits.iter().collect();
    visits.sort_by_key(|it| it.planned);
    let values = visits.iter().filter_map(|it| *it.values.get(item)?);
    let written: Vec<f64> = values.map(|it| (it.number * scale).round()).collect();
    let pairs = written.windows(2);
    #[allow(clippy::float_cmp, reason = "both are rounded to whole numbers")]
    let same = pairs.clone().filter(|it| it[0] == it[1]).count();
    (same, pairs.count())
}

/// Values that are those of the visit before, item by item.
pub(super) fn repeated(frame: &Frame) -> Column {
    let mut items = Vec::new();
    let mut totals = vec![(0, 0); frame.sites.len()];
    for item in 0..frame.items {
        let sites = frame.sites.iter().zip(&mut totals).map(|(site, total)| {
            let both = site.iter().map(|it| same_as_before(frame, item, it));
            let sum = both.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
            (total.0, total.1) = (total.0 + sum.0, total.1 + sum.1);
            sum
        });
        items.push(calibrate::scores(&calibrate::shares(
            &sites.collect::<Vec<_>>(),
        )));
    }
    let scores = calibrate::together(&items);
    Column::new(Rule::RepeatedValues, scores, |site| {
        let percent = |(same, all): (usize, usize)| 100.0 * count(same) / count(all.max(1));
        let all = totals
            .iter()
            .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        let (here, there) = (percent(totals[site]), percent(all));
        let why = format!(
            "{here:.0} % of {} values are exactly those of the visit before, in the study \
             {there:.0} %",
            totals[site].1
        );
        let say = |share: f64| format!("{:.0} % as at the visit before", -100.0 * share);
        let share = |person: &Person| {
            let both = (0..frame.items).map(|item| same_as_before(frame, item, person));
            let (same, all) = both.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
            (all > 0).then(|| -count(same) / count(all))
        };
        (why, frame.lowest(site, share, say))
    })
}
