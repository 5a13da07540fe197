//! Dates and times of day.

use crate::component::Fault;
use crate::date;
use crate::error::Defect;

/// The forms of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `YYMMDD`.
    Short,
    /// `YYMMDD`, where `00` leaves the day open.
    ShortOpen,
    /// `YYYYMMDD`.
    Long,
}

/// The year against which GS1's engine reads two digits. It matters for 29 February of `00` alone.
const DICTIONARY_YEAR: u16 = 2021;

/// A day that exists.
pub(super) fn date(form: Form, part: &str) -> Result<(), Fault> {
    let width = if form == Form::Long { 4 } else { 2 };
    let (Some(year), Some(month), Some(day)) = (
        two_digits(part, width - 2),
        two_digits(part, width),
        two_digits(part, width + 2),
    ) else {
        return Err((0, Defect::Length));
    };
    let year = match form {
        Form::Long => two_digits(part, 0).unwrap_or(0) * 100 + year,
        Form::Short | Form::ShortOpen => date::full_year(year, DICTIONARY_YEAR),
    };
    let Some(days) = date::days_in_month(year, month) else {
        return Err((width, Defect::Month));
    };
    let open = day == 0 && form == Form::ShortOpen;
    if open || (1..=days).contains(&day) {
        Ok(())
    } else {
        Err((width + 2, Defect::Day))
    }
}

/// Two digits at a place, below a limit.
pub(super) fn below(part: &str, at: usize, limit: u16) -> Result<(), Fault> {
    match two_digits(part, at) {
        Some(number) if number < limit => Ok(()),
        _ => Err((at, Defect::Time)),
    }
}

fn two_digits(part: &str, at: usize) -> Option<u16> {
    let digits = part.get(at..at + 2)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}
