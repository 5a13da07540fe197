//! Dates and times: those that cannot be, those at which nobody works, and those that are too exact.

use super::{Column, turned};
use crate::calibrate;
use crate::finding::{EVIDENCE_MAX, Evidence, Rule};
use crate::frame::{Frame, Person};
use crate::robust::{count, mean, variance};
use crate::study::{Moment, Visit};

/// A working day begins and ends, in minutes since midnight; generous.
const DAY_BEGINS: u16 = 6 * 60;
const DAY_ENDS: u16 = 21 * 60;
/// Added to distances in days and to spreads in minutes before their logarithm is taken.
const HALF_A_DAY: f64 = 0.5;
const TEN_MINUTES: f64 = 10.0;

/// What is wrong with the dates of a participant, visit by visit.
fn wrong<'b>(frame: &Frame, person: &'b Person) -> Vec<(&'b Visit, String)> {
    let subject = person.subject;
    let mut wrong = Vec::new();
    let mut visits: Vec<&Visit> = subject.visits.iter().collect();
    visits.sort_by_key(|it| it.planned);
    let mut before: Option<i64> = None;
    for visit in visits {
        let Some(Moment { day, .. }) = visit.at else {
            continue;
        };
        let mut says = |words: String| wrong.push((visit, words));
        if let Some(consent) = subject.consent_day.filter(|consent| day < *consent) {
            says(format!("{} days before consent", consent - day));
        } else if day > frame.study.cut_day {
            says(format!("{} days after the data cut", day - frame.study.cut_day));
        } else if subject.born_day.is_some_and(|born| day < born) {
            says("before birth".to_owned());
        } else if before.is_some_and(|before| day <= before) {
            says("not after the visit before".to_owned());
        }
        before = Some(day);
    }
    wrong
}

fn dated(person: &Person) -> usize {
    person.subject.visits.iter().filter(|it| it.at.is_some()).count()
}

fn evidence(frame: &Frame, person: &Person, visit: &Visit, seen: String) -> Evidence {
    Evidence {
        subject: person.subject.id.clone(),
        visit: frame.study.plan.get(visit.planned).map(|it| it.code.clone()),
        seen,
    }
}

/// Before consent, after the data cut, before birth, or not after the visit before.
pub(super) fn impossible(frame: &Frame) -> Column {
    let sum = |site: &Vec<Person>| {
        let all = site.iter().map(dated).sum();
        (site.iter().map(|it| wrong(frame, it).len()).sum::<usize>(), all)
    };
    let sites: Vec<(usize, usize)> = frame.sites.iter().map(sum).collect();
    Column::new(Rule::ImpossibleDates, calibrate::rare(&sites), |site| {
        let (bad, all) = sites[site];
        let people = frame.sites[site].iter();
        let found = people.flat_map(|person| {
            let wrong = wrong(frame, person).into_iter();
            wrong.map(move |(visit, words)| evidence(frame, person, visit, words))
        });
        let why = format!("{bad} of {all} visits have dates that cannot be");
        (why, found.take(EVIDENCE_MAX).collect())
    })
}

/// Visits for which something about the moment holds.
fn moments(
    frame: &Frame,
    rule: Rule,
    words: &str,
    counts: impl Fn(Moment) -> bool,
    is: impl Fn(Moment) -> bool,
) -> Column {
    let sum = |site: &Vec<Person>| {
        let at = site.iter().flat_map(|it| &it.subject.visits).filter_map(|it| it.at);
        let at: Vec<Moment> = at.filter(|it| counts(*it)).collect();
        (at.iter().filter(|it| is(**it)).count(), at.len())
    };
    let sites: Vec<(usize, usize)> = frame.sites.iter().map(sum).collect();
    let total = sites.iter().fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    Column::new(rule, calibrate::rare(&sites), |site| {
        let (some, all) = sites[site];
        let usual = 100.0 * count(total.0) / count(total.1.max(1));
        let why = format!("{some} of {all} visits {words}; in the study {usual:.1} %");
        let mut found = Vec::new();
        for person in &frame.sites[site] {
            for visit in &person.subject.visits {
                if let Some(at) = visit.at.filter(|at| is(*at)) {
                    let minute = at.minute.unwrap_or_default();
                    let seen = format!(
                        "on day {} since 1970, at {:02}:{:02}",
                        at.day,
                        minute / 60,
                        minute % 60
                    );
                    found.push(evidence(frame, person, visit, seen));
                }
            }
        }
        found.truncate(EVIDENCE_MAX);
        (why, found)
    })
}

/// On days off and holidays.
pub(super) fn days_off(frame: &Frame) -> Column {
    let is_off = |at: Moment| frame.study.calendar.is_off(at.day);
    moments(frame, Rule::DaysOff, "are on weekends or holidays", |_| true, is_off)
}

/// At night.
pub(super) fn odd_hours(frame: &Frame) -> Column {
    let is_night = |at: Moment| at.minute.is_some_and(|it| !(DAY_BEGINS..DAY_ENDS).contains(&it));
    let counts = |at: Moment| at.minute.is_some();
    moments(frame, Rule::OddHours, "are at night", counts, is_night)
}

/// The mean distance of visits from the day on which the plan has them, in days.
fn off_plan(frame: &Frame, person: &Person) -> Option<f64> {
    let first = person.at.iter().zip(&frame.study.plan);
    let (start, day) = first.filter_map(|(at, plan)| Some(((*at)?.day, plan.day))).next()?;
    let later = person.at.iter().zip(&frame.study.plan).skip(1);
    let off = later.filter_map(|(at, plan)| Some(((*at)?.day - start - (plan.day - day)).abs()));
    let off: Vec<f64> = off.map(whole).collect();
    (off.len() > 1).then(|| mean(&off)).flatten()
}

#[allow(clippy::cast_precision_loss, reason = "days are far below 2^52")]
fn whole(days: i64) -> f64 {
    days as f64
}

/// How much the time of day of a participant's visits differs, in minutes.
fn clock_spread(person: &Person) -> Option<f64> {
    let minutes = person.at.iter().filter_map(|it| (*it)?.minute);
    let minutes: Vec<f64> = minutes.map(f64::from).collect();
    (minutes.len() > 2).then(|| variance(&minutes).map(f64::sqrt)).flatten()
}

/// Too exactly on the planned day, or at the same time of day.
pub(super) fn regular(frame: &Frame) -> Column {
    let days = frame.by_person(|it| Some((off_plan(frame, it)? + HALF_A_DAY).ln()));
    let clock = frame.by_person(|it| Some((clock_spread(it)? + TEN_MINUTES).ln()));
    let both = [&days, &clock].map(|it| calibrate::scores(&calibrate::means(it)));
    let scores = turned(calibrate::together(&both));
    Column::new(Rule::RegularVisits, scores, |site| {
        let days_of = |it: &[f64]| mean(it).unwrap_or(0.0).exp() - HALF_A_DAY;
        let minutes_of = |it: &[f64]| mean(it).unwrap_or(0.0).exp() - TEN_MINUTES;
        let all = |of: &[Vec<f64>]| of.iter().flatten().copied().collect::<Vec<f64>>();
        let why = format!(
            "visits are {:.1} days from the plan and spread over {:.0} minutes of the day; in \
             the study {:.1} days and {:.0} minutes",
            days_of(&days[site]),
            minutes_of(&clock[site]),
            days_of(&all(&days)),
            minutes_of(&all(&clock))
        );
        let say = |off: f64| format!("visits {off:.1} days from the plan");
        (why, frame.lowest(site, |person| off_plan(frame, person), say))
    })
}
