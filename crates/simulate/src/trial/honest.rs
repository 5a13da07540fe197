//! Participants as they are, and visits as honest sites write them down.

use monitoring::Calendar;

use super::habit::Habit;
use super::item::{FACTORS, SOURCES, Source};
use super::plan::{self, CUT_DAY, ENROL_DAYS, START_DAY, VISIT_DAYS};
use crate::dice::Dice;

/// A participant.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) born_day: i64,
    pub(crate) is_female: bool,
    pub(crate) consent_day: i64,
    pub(crate) events: u32,
    pub(crate) visits: Vec<Visit>,
}

/// A visit that took place, or was said to.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) planned: usize,
    /// Of the site's own clock.
    pub(crate) day: i64,
    pub(crate) minute: i64,
    pub(crate) values: Vec<Option<f64>>,
}

/// What of a person is always the same.
struct Body {
    factors: [f64; FACTORS],
    own: Vec<f64>,
    is_treated: bool,
}

impl Body {
    fn new(dice: &mut Dice) -> Self {
        Self {
            factors: std::array::from_fn(|_| dice.normal()),
            own: SOURCES.iter().map(|_| dice.normal()).collect(),
            is_treated: dice.happens(0.5),
        }
    }

    /// The values of a visit, before anybody reads them.
    fn values(&self, habit: &Habit, visit: usize, dice: &mut Dice) -> Vec<f64> {
        let today: [f64; FACTORS] = std::array::from_fn(|_| dice.normal());
        let made = SOURCES.iter().enumerate().map(|(at, source)| {
            let person = with(&source.of_person, &self.factors, self.own[at]) * habit.people;
            let visit_part = with(&source.of_visit, &today, dice.normal()) * habit.visits[at];
            let effect = if self.is_treated && visit > 0 {
                source.effect
            } else {
                0.0
            };
            source.mean
                + habit.shift[at]
                + source.people * (person + effect)
                + source.visits * visit_part
        });
        let made: Vec<f64> = made.collect();
        SOURCES
            .iter()
            .zip(made)
            .map(|(source, it)| source.written(it))
            .collect()
    }
}

fn with(loads: &[f64; FACTORS], factors: &[f64; FACTORS], own: f64) -> f64 {
    let shared: f64 = loads
        .iter()
        .zip(factors)
        .map(|(load, factor)| load * factor)
        .sum();
    shared + Source::own(loads) * own
}

/// A participant who exists.
pub(crate) fn person(habit: &Habit, calendar: &Calendar, dice: &mut Dice) -> Person {
    let body = Body::new(dice);
    let enrolled = START_DAY + signed(dice.below(ENROL_DAYS));
    let consent_day = plan::working(enrolled, habit, calendar, dice);
    let first = consent_day + signed(dice.below(8));
    let leaves = if dice.happens(0.08) {
        dice.place(VISIT_DAYS.len()).max(1)
    } else {
        6
    };
    let mut visits: Vec<Visit> = Vec::new();
    let mut first_day = None;
    for (planned, after) in VISIT_DAYS.iter().enumerate().take(leaves) {
        let off = plan::whole(habit.off_plan * dice.normal());
        let planned_day = first_day.map_or(first, |day| day + after + off);
        let day = plan::working(planned_day.max(first), habit, calendar, dice);
        first_day = first_day.or(Some(day));
        let values = body.values(habit, planned, dice);
        if day > CUT_DAY || planned > 0 && dice.happens(habit.missed) {
            continue;
        }
        let mut visit = Visit {
            planned,
            day,
            minute: plan::minute(habit, dice),
            values: write_down(habit, &values, dice),
        };
        if dice.happens(habit.carries)
            && let Some(before) = visits.last()
        {
            visit.values[3] = before.values[3];
        }
        visits.push(visit);
    }
    mistype(habit, &mut visits, dice);
    let days = visits.last().map_or(0, |it| it.day - consent_day).max(1);
    let proneness = -libm::log(1.0 - dice.unit());
    Person {
        born_day: consent_day - 365 * 40 - signed(dice.below(365 * 40)),
        is_female: dice.happens(0.5),
        consent_day,
        events: poisson(
            habit.events * float(days) / 100.0 * (0.5 + 0.5 * proneness),
            dice,
        ),
        visits,
    }
}

fn write_down(habit: &Habit, values: &[f64], dice: &mut Dice) -> Vec<Option<f64>> {
    // The laboratory's values are missing together, when the blood was not drawn.
    let is_drawn = !dice.happens(habit.missing);
    let each = values.iter().enumerate().map(|(item, number)| {
        let is_there = !dice.happens(habit.missing) && (item < 5 || is_drawn);
        is_there.then(|| habit.read(item, *number, dice))
    });
    each.collect()
}

/// Slips of the pen: a month, a digit too many.
fn mistype(habit: &Habit, visits: &mut [Visit], dice: &mut Dice) {
    for visit in visits {
        if dice.happens(habit.slips) {
            visit.day -= if dice.happens(0.5) { 30 } else { 365 };
        }
        for (source, value) in SOURCES.iter().zip(&mut visit.values) {
            if dice.happens(habit.slips) {
                let factor = if dice.happens(0.5) { 10.0 } else { 1.1 };
                *value = value.map(|it| source.rounded(it * factor));
            }
        }
    }
}

fn poisson(mean: f64, dice: &mut Dice) -> u32 {
    let (limit, mut product, mut count) = (libm::exp(-mean), dice.unit(), 0);
    while product > limit && count < 100 {
        product *= dice.unit();
        count += 1;
    }
    count
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[allow(clippy::cast_precision_loss, reason = "days are few")]
fn float(days: i64) -> f64 {
    days as f64
}
