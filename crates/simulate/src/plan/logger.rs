//! What the thermometer of a refrigerated transport shows.

use supply::detect::cold::{Limits, Measured};
use supply::detect::{HOUR_MS, MINUTE_MS};

use crate::dice::Dice;

/// Nobody logs more often, or less.
const EVERY_MINUTES: [u64; 4] = [5, 10, 15, 30];
/// Readings of one transport, at most.
const READINGS_MAX: u64 = 400;

/// How a transport goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Without a thermometer.
    Plain,
    /// Kept cold.
    Kept,
    /// Too warm, or frozen.
    Broken,
    /// The same, and somebody wrote other readings.
    Forged,
    /// The same, and somebody left the bad hours away.
    Erased,
}

impl Transport {
    /// The readings of it.
    pub(crate) fn log(self, from_ms: u64, to_ms: u64, dice: &mut Dice) -> Vec<Measured> {
        match self {
            Self::Plain => Vec::new(),
            Self::Kept => kept(from_ms, to_ms, dice),
            Self::Broken => broken(from_ms, to_ms, dice),
            Self::Forged => forged(from_ms, to_ms, dice),
            Self::Erased => erased(from_ms, to_ms, dice),
        }
    }
}

/// The door is open now and then, and some loggers are silent for a while.
fn kept(from_ms: u64, to_ms: u64, dice: &mut Dice) -> Vec<Measured> {
    let step_ms = *dice.pick(&EVERY_MINUTES) * MINUTE_MS;
    let step_ms = step_ms.max((to_ms - from_ms) / READINGS_MAX);
    let mut readings = Vec::new();
    let mut time_ms = from_ms;
    while time_ms <= to_ms {
        readings.push(Measured {
            time_ms,
            temperature_mc: inside(dice),
        });
        time_ms += step_ms;
    }
    if dice.in_1000(100) {
        // An open door: one reading, which holds until the next one.
        let at = dice.place(readings.len());
        readings[at].temperature_mc = 8_000 + number(dice, 100, 3_000);
    }
    if dice.in_1000(20) {
        let long_ms = dice.between(2 * HOUR_MS, 4 * HOUR_MS);
        silent(&mut readings, long_ms, dice);
    }
    readings
}

/// Too warm once, or several times for a short while, or frozen.
fn broken(from_ms: u64, to_ms: u64, dice: &mut Dice) -> Vec<Measured> {
    let mut readings = kept(from_ms, to_ms, dice);
    let span_ms = to_ms - from_ms;
    match dice.below(3) {
        0 => {
            let long_ms = dice.between(HOUR_MS, (span_ms / 2).max(2 * HOUR_MS));
            let from_ms = from_ms + dice.below(span_ms / 3);
            warm(&mut readings, from_ms, long_ms, dice);
        }
        1 => {
            for part in 0..4 {
                let from_ms = from_ms + part * span_ms / 4;
                warm(&mut readings, from_ms, 45 * MINUTE_MS, dice);
            }
        }
        _ => {
            let at = dice.place(readings.len().saturating_sub(1));
            readings[at].temperature_mc = -number(dice, 200, 8_000);
        }
    }
    readings
}

/// What somebody makes up who knows what is expected.
fn forged(from_ms: u64, to_ms: u64, dice: &mut Dice) -> Vec<Measured> {
    let mut readings = kept(from_ms, to_ms, dice);
    for reading in &mut readings {
        reading.temperature_mc = inside(dice);
    }
    readings
}

fn erased(from_ms: u64, to_ms: u64, dice: &mut Dice) -> Vec<Measured> {
    let mut readings = forged(from_ms, to_ms, dice);
    let long_ms = dice.between(3 * HOUR_MS, 8 * HOUR_MS);
    silent(&mut readings, long_ms, dice);
    readings
}

fn inside(dice: &mut Dice) -> i32 {
    Limits::REFRIGERATED.min_mc + number(dice, 600, 5_400)
}

fn number(dice: &mut Dice, low: u64, high: u64) -> i32 {
    i32::try_from(dice.between(low, high)).unwrap_or(0)
}

fn warm(readings: &mut [Measured], from_ms: u64, long_ms: u64, dice: &mut Dice) {
    let excess = number(dice, 500, 20_000);
    for reading in readings {
        if (from_ms..from_ms + long_ms).contains(&reading.time_ms) {
            reading.temperature_mc = 8_000 + excess + number(dice, 0, 400);
        }
    }
}

/// Takes readings away; the first and the last stay, which tell when the transport was.
fn silent(readings: &mut Vec<Measured>, long_ms: u64, dice: &mut Dice) {
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else {
        return;
    };
    let (first_ms, last_ms) = (first.time_ms, last.time_ms);
    let room_ms = (last_ms - first_ms).saturating_sub(long_ms).max(1);
    let from_ms = first_ms + 1 + dice.below(room_ms);
    readings.retain(|one| {
        let is_gone = (from_ms..from_ms + long_ms).contains(&one.time_ms);
        !is_gone || one.time_ms == last_ms
    });
}
