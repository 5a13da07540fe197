//! The calendar of the simulated trial: when it begins, when visits are, who works when.

use monitoring::{Calendar, PlannedVisit};

use super::habit::Habit;
use crate::dice::Dice;

/// 2025-01-06, a Monday, in days since 1970.
pub(crate) const START_DAY: i64 = 20_094;
/// Participants come in during so many days.
pub(crate) const ENROL_DAYS: u64 = 270;
/// Data until this day are in.
pub(crate) const CUT_DAY: i64 = START_DAY + 345;
/// What a site that begins late makes up, it makes up from here on.
pub(crate) const MIDDLE_DAY: i64 = START_DAY + 170;
/// Visits, in days after the first.
pub(crate) const VISIT_DAYS: [i64; 6] = [0, 14, 28, 42, 63, 84];

/// The visits as the judge is told of them.
pub(crate) fn visits() -> Vec<PlannedVisit> {
    let days = VISIT_DAYS.iter().enumerate();
    days.map(|(at, day)| PlannedVisit {
        code: format!("V{}", at + 1),
        day: *day,
    })
    .collect()
}

/// Weekends, and ten holidays.
pub(crate) fn calendar() -> Calendar {
    let holidays = [102, 104, 115, 143, 154, 220, 270, 299, 353, 354];
    Calendar {
        days_off: vec![5, 6],
        holidays: holidays.iter().map(|it| START_DAY + it).collect(),
    }
}

/// A day on which the site works, at or after this one.
pub(crate) fn working(day: i64, habit: &Habit, calendar: &Calendar, dice: &mut Dice) -> i64 {
    let mut day = day;
    for _ in 0..14 {
        let is_saturday = monitoring::weekday(day) == 5;
        let is_open = !calendar.is_off(day) || dice.happens(habit.off_day);
        if is_open || is_saturday && dice.happens(habit.saturday) {
            return day;
        }
        day += 1;
    }
    day
}

/// The minute of the day at which a visit is.
pub(crate) fn minute(habit: &Habit, dice: &mut Dice) -> i64 {
    if dice.happens(0.002) {
        return whole(dice.unit() * 1_440.0);
    }
    let minute = habit.clock_middle + habit.clock_width * dice.normal();
    let minute = whole(minute.clamp(435.0, 1_200.0));
    if dice.happens(habit.clock_rounds) {
        minute / 15 * 15
    } else {
        minute
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "days and minutes are small"
)]
pub(crate) fn whole(number: f64) -> i64 {
    number.round() as i64
}
