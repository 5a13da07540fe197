//! Honest sites differ: in their people, instruments, hands, calendars and care.

use super::item::SOURCES;
use crate::dice::Dice;

/// What a site is like.
#[derive(Clone, Debug)]
pub(crate) struct Habit {
    /// By which its instruments and its people differ, item by item, on the scale of the item.
    pub(crate) shift: Vec<f64>,
    /// How much more or less its people, and their visits, differ.
    pub(crate) people: f64,
    pub(crate) visits: Vec<f64>,
    /// The share of readings that are rounded, item by item.
    pub(crate) rounds: Vec<f64>,
    /// Whether blood pressure and pulse are read in twos.
    pub(crate) twos: [f64; 2],
    /// The share of values that are missing, and of visits.
    pub(crate) missing: f64,
    pub(crate) missed: f64,
    /// Days by which visits are off the plan.
    pub(crate) off_plan: f64,
    /// The share of Saturdays, and of other days off, that are worked.
    pub(crate) saturday: f64,
    pub(crate) off_day: f64,
    /// When visits are, in minutes of the day.
    pub(crate) clock_middle: f64,
    pub(crate) clock_width: f64,
    pub(crate) clock_rounds: f64,
    /// Minutes ahead of UTC.
    pub(crate) offset: i64,
    /// Adverse events that are told, in a hundred days.
    pub(crate) events: f64,
    /// The share of weights that are taken from the visit before.
    pub(crate) carries: f64,
    /// The share of dates and values that are mistyped.
    pub(crate) slips: f64,
}

/// About this much, by a factor that is as often above as below.
fn about(middle: f64, width: f64, dice: &mut Dice) -> f64 {
    middle * libm::exp(width * dice.normal())
}

/// Rounds hardly ever, now and then, or nearly always.
fn rounding(dice: &mut Dice) -> f64 {
    match dice.below(100) {
        0..50 => 0.02 * dice.unit(),
        50..80 => 0.05 + 0.3 * dice.unit(),
        _ => 0.35 + 0.5 * dice.unit(),
    }
}

impl Habit {
    pub(crate) fn new(region: usize, regions: &[Vec<f64>], dice: &mut Dice) -> Self {
        let shifts = SOURCES.iter().zip(&regions[region]);
        let shift = shifts
            .map(|(it, region)| region + it.sites * dice.normal())
            .collect();
        let pressure = rounding(dice);
        let rounds = SOURCES.iter().enumerate().map(|(at, _)| match at {
            0 | 1 => (pressure * (0.9 + 0.2 * dice.unit())).min(1.0),
            2..=4 => rounding(dice) * 0.8,
            _ => 0.0,
        });
        let rounds = rounds.collect();
        let twos = [0.45, 0.35].map(|share| {
            if dice.happens(share) {
                0.6 + 0.4 * dice.unit()
            } else {
                0.0
            }
        });
        let visits = SOURCES.iter().map(|_| about(1.0, 0.1, dice)).collect();
        Self {
            shift,
            people: about(1.0, 0.08, dice),
            visits,
            rounds,
            twos,
            missing: about(0.02, 0.6, dice).min(0.15),
            missed: about(0.025, 0.5, dice).min(0.15),
            off_plan: about(2.0, 0.35, dice).min(5.0),
            saturday: if dice.happens(0.08) {
                0.2 + 0.4 * dice.unit()
            } else {
                0.01
            },
            off_day: 0.003,
            clock_middle: 660.0 + 60.0 * dice.normal(),
            clock_width: about(100.0, 0.25, dice),
            clock_rounds: if dice.happens(0.6) { 0.9 } else { 0.2 },
            offset: [0, 60, 120, -300][region],
            events: about(1.3, 0.3, dice),
            carries: if dice.happens(0.15) { 0.1 } else { 0.0 },
            slips: about(0.001, 0.7, dice).min(0.01),
        }
    }

    /// How the hands of the site write a number down.
    pub(crate) fn read(&self, item: usize, number: f64, dice: &mut Dice) -> f64 {
        let source = &SOURCES[item];
        if dice.happens(self.rounds[item]) {
            return source.stepped(number);
        }
        let twos = match item {
            0 | 1 => self.twos[0],
            2 => self.twos[1],
            _ => 0.0,
        };
        if dice.happens(twos) {
            return (number / 2.0).round() * 2.0;
        }
        source.rounded(number)
    }
}
