//! Habits: what of a single visit tells by which hand it was written down.

use crate::frame::{Frame, Person};
use crate::robust::{count, mean};
use crate::study::Kind;

/// Added to how far values moved before the logarithm is taken.
const NEAR: f64 = 0.1;

/// What of a visit tells how it was written down.
pub(super) type Habit = fn(&Frame, &Person, usize) -> Option<f64>;

pub(super) const ALL: [(&str, Habit); 7] = [
    ("visits off the planned day", off_plan),
    ("visits not at a quarter of an hour", past_the_quarter),
    ("visits at a full hour", full_hour),
    ("root of the values missing", missing),
    ("readings that end in 0 or 5", round),
    ("values as at the visit before", repeated),
    ("how far values are from those of the visit before", moved),
];

fn off_plan(frame: &Frame, person: &Person, visit: usize) -> Option<f64> {
    let first = person
        .at
        .iter()
        .position(Option::is_some)
        .filter(|first| *first < visit)?;
    let day = |visit: usize| Some(person.at[visit]?.day - frame.study.plan[visit].day);
    Some(if day(visit)? == day(first)? { 0.0 } else { 1.0 })
}

fn past_the_quarter(_: &Frame, person: &Person, visit: usize) -> Option<f64> {
    Some(f64::from(person.at[visit]?.minute? % 15 != 0))
}

fn full_hour(_: &Frame, person: &Person, visit: usize) -> Option<f64> {
    Some(f64::from(person.at[visit]?.minute? % 60 == 0))
}

fn missing(frame: &Frame, person: &Person, visit: usize) -> Option<f64> {
    person.at[visit]?;
    let known = person.visit(visit).iter().flatten().count();
    Some(count(frame.items - known).sqrt())
}

fn round(frame: &Frame, person: &Person, visit: usize) -> Option<f64> {
    let visit = person
        .subject
        .visits
        .iter()
        .find(|it| it.planned == visit)?;
    let read = frame
        .numbered()
        .filter(|(_, item)| item.kind == Kind::Reading);
    let digits = read.filter_map(|(at, item)| (*visit.values.get(at)?)?.last_digit(item.decimals));
    let round: Vec<f64> = digits.map(|digit| f64::from(digit % 5 == 0)).collect();
    mean(&round)
}

/// The visit before this one, and both values of each item.
fn both(person: &Person, visit: usize) -> Vec<(f64, f64)> {
    let Some(before) = (0..visit).rev().find(|it| person.at[*it].is_some()) else {
        return Vec::new();
    };
    let pairs = person
        .values
        .iter()
        .filter_map(|item| Some((item[before]?, item[visit]?)));
    pairs.collect()
}

fn repeated(_: &Frame, person: &Person, visit: usize) -> Option<f64> {
    let same = both(person, visit)
        .into_iter()
        .map(|(a, b)| f64::from((a - b).abs() < NEAR / 2.0));
    mean(&same.collect::<Vec<f64>>())
}

fn moved(_: &Frame, person: &Person, visit: usize) -> Option<f64> {
    let far = both(person, visit)
        .into_iter()
        .map(|(a, b)| ((a - b).abs() + NEAR).ln());
    mean(&far.collect::<Vec<f64>>())
}
