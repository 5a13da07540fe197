//! Dates and times: those that cannot be, those at which nobody works, and those that are too
//! exact.

use super::{Column, turned};
use crate::calibrate;
use crate::finding::{EVIDENCE_MAX, Evidence, Rule};
use crate::frame::{Frame, Person};
use crate::robust::{count, mean, variance};
use crate::study::{Moment, Visit, date};

/// A working day begins and ends, in minutes since midnight; generous.
const DAY_BEGINS: u16 = 6 * 60;
const DAY_ENDS: u16 = 21 * 60;
/// Added to spreads of the time of day before their logarithm is taken.
const TEN_MINUTES: f64 = 10.0;

/// What is wrong with the dates of a participant, visit by visit.
fn wrong<'b>(frame: &Frame, person: &'b Person) -> Vec<(&'b Visit, String)> {
    let subject = person.subject;
    let mut wrong = Vec::new();
    let mut visits: Vec<&Visit> = subject.visits.iter().collect();
    visits.sort_by_key(|it| it.planned);
    let mut before: Option<(i64, i64)> = None;
    for visit in visits {
        let Some(Moment { day, .. }) = visit.at else {
            continue;
        };
        let mut says = |words: String| wrong.push((visit, words));
        // A visit that no plan has may be at any time between the others.
        let planned = frame.study.plan.get(visit.planned).map(|it| it.day);
        let is_late = |(plan, at)| planned.is_some_and(|planned| planned > plan && day <= at);
        if let Some(consent) = subject.consent_day.filter(|consent| day < *consent) {
            says(format!("{} days before consent", consent - day));
        } else if day > frame.study.cut_day {
            says(format!(
                "{} days after the data cut",
                day - frame.study.cut_day
            ));
        } else if subject.born_day.is_some_and(|born| day < born) {
            says("before birth".to_owned());
        } else if before.is_some_and(is_late) {
            says("not after the visit before".to_owned());
        }
        before = planned.map(|planned| (planned, day)).or(before);
    }
    wrong
}

fn dated(person: &Person) -> usize {
    person
        .subject
        .visits
        .iter()
        .filter(|it| it.at.is_some())
        .count()
}

fn evidence(frame: &Frame, person: &Person, visit: &Visit, seen: String) -> Evidence {
    Evidence {
        subject: person.subject.id.clone(),
        visit: frame
            .study
            .plan
            .get(visit.planned)
            .map(|it| it.code.clone()),
        seen,
    }
}

/// Before consent, after the data cut, before birth, or not after the visit before.
pub(super) fn impossible(frame: &Frame) -> Column {
    let sum = |site: &Vec<Person>| {
        let all = site.iter().map(dated).sum();
        (
            site.iter().map(|it| wrong(frame, it).len()).sum::<usize>(),
            all,
        )
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
        let at = site
            .iter()
            .flat_map(|it| &it.subject.visits)
            .filter_map(|it| it.at);
        let at: Vec<Moment> = at.filter(|it| counts(*it)).collect();
        (at.iter().filter(|it| is(**it)).count(), at.len())
    };
    let sites: Vec<(usize, usize)> = frame.sites.iter().map(sum).collect();
    let total = sites
        .iter()
        .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    Column::new(rule, calibrate::rare(&sites), |site| {
        let (some, all) = sites[site];
        let usual = 100.0 * count(total.0) / count(total.1.max(1));
        let why = format!("{some} of {all} visits {words}; in the study {usual:.1} %");
        let mut found = Vec::new();
        for person in &frame.sites[site] {
            for visit in &person.subject.visits {
                if let Some(at) = visit.at.filter(|at| is(*at)) {
                    let clock = at.minute.map_or_else(String::new, |minute| {
                        format!(" at {:02}:{:02}", minute / 60, minute % 60)
                    });
                    let seen = format!("{}{clock}", date(at.day));
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
    moments(
        frame,
        Rule::DaysOff,
        "are on weekends or holidays",
        |_| true,
        is_off,
    )
}

/// At night.
pub(super) fn odd_hours(frame: &Frame) -> Column {
    let is_night = |at: Moment| {
        at.minute
            .is_some_and(|it| !(DAY_BEGINS..DAY_ENDS).contains(&it))
    };
    let counts = |at: Moment| at.minute.is_some();
    moments(frame, Rule::OddHours, "are at night", counts, is_night)
}

/// Days by which visits after the first are off the plan.
fn days_off_plan(frame: &Frame, person: &Person) -> Vec<i64> {
    let both = person.at.iter().zip(&frame.study.plan);
    let mut known = both.filter_map(|(at, plan)| Some(((*at)?.day, plan.day)));
    let Some((start, day)) = known.next() else {
        return Vec::new();
    };
    known.map(|(at, plan)| at - start - (plan - day)).collect()
}

/// How much the time of day of a participant's visits differs, in minutes.
fn clock_spread(person: &Person) -> Option<f64> {
    let minutes = person.at.iter().filter_map(|it| (*it)?.minute);
    let minutes: Vec<f64> = minutes.map(f64::from).collect();
    (minutes.len() > 2)
        .then(|| variance(&minutes).map(f64::sqrt))
        .flatten()
}

/// Visits after the first that are exactly on the planned day, and all of them.
fn exact(frame: &Frame, person: &Person) -> (usize, usize) {
    let off = days_off_plan(frame, person);
    (off.iter().filter(|it| **it == 0).count(), off.len())
}

/// Visits at a full hour, and all with a time.
fn at_full_hours(person: &Person) -> (usize, usize) {
    let minutes: Vec<u16> = person.at.iter().filter_map(|it| (*it)?.minute).collect();
    (
        minutes.iter().filter(|it| **it % 60 == 0).count(),
        minutes.len(),
    )
}

/// Too exactly on the planned day, or at the same time of day.
pub(super) fn regular(frame: &Frame) -> Column {
    let sum = |site: &Vec<Person>, of: &dyn Fn(&Person) -> (usize, usize)| {
        let each = site.iter().map(of);
        each.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1))
    };
    let exact_of = |it: &Person| exact(frame, it);
    let exact_days: Vec<_> = frame
        .sites
        .iter()
        .map(|site| sum(site, &exact_of))
        .collect();
    let full: Vec<_> = frame
        .sites
        .iter()
        .map(|site| sum(site, &at_full_hours))
        .collect();
    let clock = frame.by_person(|it| Some((clock_spread(it)? + TEN_MINUTES).ln()));
    let parts = [
        calibrate::scores(&calibrate::shares(&exact_days)),
        calibrate::scores(&calibrate::shares(&full)),
        turned(calibrate::scores(&calibrate::means(&clock))),
    ];
    let scores = calibrate::highest(&parts, 2);
    Column::new(Rule::RegularVisits, scores, |site| {
        let percent = |(some, all): (usize, usize)| 100.0 * count(some) / count(all.max(1));
        let total = |of: &[(usize, usize)]| {
            percent(
                of.iter()
                    .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1)),
            )
        };
        let minutes = |it: &[f64]| mean(it).unwrap_or(0.0).exp() - TEN_MINUTES;
        let all: Vec<f64> = clock.iter().flatten().copied().collect();
        let why = format!(
            "{:.0} % of visits are exactly on the planned day, {:.0} % at a full hour, and a \
             participant's are within {:.0} minutes of the day; in the study {:.0} %, {:.0} % and \
             {:.0} minutes",
            percent(exact_days[site]),
            percent(full[site]),
            minutes(&clock[site]),
            total(&exact_days),
            total(&full),
            minutes(&all)
        );
        let share = |it: &Person| {
            let (some, all) = exact(frame, it);
            (all > 0).then(|| -count(some) / count(all))
        };
        let say = |share: f64| format!("{:.0} % of visits on the planned day", -100.0 * share);
        (why, frame.lowest(site, share, say))
    })
}
