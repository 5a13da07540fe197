//! Numbers with a range, and pairs of numbers.

use crate::component::Fault;
use crate::error::Defect;

/// A number of ten digits within its range.
pub(super) fn at_most(part: &str, max: u64, what: &'static str) -> Result<(), Fault> {
    match part.parse::<u64>() {
        Ok(number) if number <= max => Ok(()),
        _ => Err((0, Defect::Number(what))),
    }
}

/// Two halves: the piece, and of how many. Digits of one width compare as text.
pub(super) fn piece_of_total(part: &str) -> Result<(), Fault> {
    let half = part.len() / 2;
    let (Some(piece), Some(total)) = (part.get(..half), part.get(half..)) else {
        return Err((0, Defect::Length));
    };
    let zero = |digits: &str| digits.bytes().all(|byte| byte == b'0');
    if zero(piece) {
        return Err((0, Defect::Number("a piece that is zero")));
    }
    if zero(total) {
        return Err((half, Defect::Number("a total that is zero")));
    }
    if piece > total {
        return Err((0, Defect::Number("a piece beyond the total")));
    }
    Ok(())
}

/// `1/2`: born first of two. No leading zeros, so that a longer number is a larger one.
pub(super) fn position_in_sequence(part: &str) -> Result<(), Fault> {
    let malformed = Err((0, Defect::Form("position/end")));
    let Some((position, end)) = part.split_once('/') else {
        return malformed;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(position) || !digits(end) {
        return malformed;
    }
    for (at, number) in [(0, position), (position.len() + 1, end)] {
        if number.starts_with('0') {
            return Err((at, Defect::Number("a leading zero")));
        }
    }
    if (position.len(), position) > (end.len(), end) {
        return Err((0, Defect::Number("a position beyond the end")));
    }
    Ok(())
}
