//! North American coupons: AI (8110) and AI (8112).
//!
//! Fields follow each other; where a field varies, a digit before it says its length. Optional
//! fields begin with their number and stand in ascending order. GS1 US, North American Coupon
//! Application Guideline Using GS1 DataBar Expanded Symbols; GS1 AI (8112) Coupon Data
//! Specification.

use super::dates::{self, Form};
use crate::component::Fault;
use crate::error::{Charset, Defect};

/// What is left of a coupon.
struct Fields<'a> {
    digits: &'a str,
    at: usize,
}

impl<'a> Fields<'a> {
    fn of(part: &'a str) -> Result<Self, Fault> {
        match part.bytes().position(|byte| !byte.is_ascii_digit()) {
            Some(at) => Err((at, Defect::Character(Charset::Numeric))),
            None => Ok(Self {
                digits: part,
                at: 0,
            }),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.digits.as_bytes().get(self.at).copied()
    }

    /// So many digits.
    fn take(&mut self, length: usize, field: &'static str) -> Result<&'a str, Fault> {
        let taken = self.digits.get(self.at..self.at + length);
        let taken = taken.ok_or((self.at, Defect::Form(field)))?;
        self.at += length;
        Ok(taken)
    }

    /// One digit out of some.
    fn one(&mut self, allowed: &str, field: &'static str) -> Result<char, Fault> {
        let at = self.at;
        let digit = self.take(1, field)?;
        let known = digit
            .chars()
            .next()
            .filter(|digit| allowed.contains(*digit));
        known.ok_or((at, Defect::Form(field)))
    }

    /// A digit that says the length, then so many digits and `more`.
    fn sized(&mut self, allowed: &str, more: usize, field: &'static str) -> Result<(), Fault> {
        let length = self.one(allowed, field)?;
        let length = length.to_digit(10).map_or(0, |digit| digit as usize);
        self.take(length + more, field).map(|_| ())
    }

    /// The optional field of that number, if it comes next.
    fn begins(&mut self, number: u8) -> bool {
        let here = self.peek() == Some(number);
        self.at += usize::from(here);
        here
    }

    fn end(&self) -> Result<(), Fault> {
        match self.peek() {
            Some(_) => Err((self.at, Defect::Form("digits after the last field"))),
            None => Ok(()),
        }
    }
}

const ANY: &str = "0123456789";
const PREFIX: &str = "a company prefix of a coupon";

/// AI (8112), a coupon of the positive offer file.
pub(super) fn offer(part: &str) -> Result<(), Fault> {
    let mut fields = Fields::of(part)?;
    fields.one("01", "the format of a coupon")?;
    fields.sized("0123456", 6, "the funder of a coupon")?;
    fields.take(6, "the offer code of a coupon")?;
    fields.sized(ANY, 6, "the serial number of a coupon")?;
    fields.end()
}

/// AI (8110), a coupon that says itself what it is good for.
pub(super) fn code(part: &str) -> Result<(), Fault> {
    let mut fields = Fields::of(part)?;
    fields.sized("0123456", 6, PREFIX)?;
    fields.take(6, "the offer code of a coupon")?;
    fields.sized("12345", 0, "the save value of a coupon")?;
    purchase(&mut fields)?;
    if fields.begins(b'1') {
        fields.one("0123", "the additional purchase rules of a coupon")?;
        purchase(&mut fields)?;
        other_prefix(&mut fields)?;
    }
    if fields.begins(b'2') {
        purchase(&mut fields)?;
        other_prefix(&mut fields)?;
    }
    validity(&mut fields)?;
    if fields.begins(b'5') {
        fields.sized(ANY, 6, "the serial number of a coupon")?;
    }
    if fields.begins(b'6') {
        fields.sized("1234567", 6, "the retailer of a coupon")?;
    }
    if fields.begins(b'9') {
        fields.one("01256", "the save value code of a coupon")?;
        fields.one("012", "the item a coupon applies to")?;
        fields.one(ANY, "the store flag of a coupon")?;
        fields.one("01", "the multiplication flag of a coupon")?;
    }
    fields.end()
}

/// The requirement, its code and the family.
fn purchase(fields: &mut Fields<'_>) -> Result<(), Fault> {
    fields.sized("12345", 0, "a purchase requirement of a coupon")?;
    fields.one("012349", "a purchase requirement code of a coupon")?;
    fields.take(3, "a purchase family of a coupon").map(|_| ())
}

/// A prefix of another company; nine says that it is the same one.
fn other_prefix(fields: &mut Fields<'_>) -> Result<(), Fault> {
    if fields.begins(b'9') {
        return Ok(());
    }
    fields.sized("0123456", 6, PREFIX)
}

/// The last day and the first one.
fn validity(fields: &mut Fields<'_>) -> Result<(), Fault> {
    let mut last = None;
    if fields.begins(b'3') {
        last = Some(day(fields, "the last day of a coupon")?);
    }
    if fields.begins(b'4') {
        let at = fields.at;
        let first = day(fields, "the first day of a coupon")?;
        if last.is_some_and(|last| first > last) {
            return Err((at, Defect::Form("a coupon that ends before it begins")));
        }
    }
    Ok(())
}

fn day<'a>(fields: &mut Fields<'a>, field: &'static str) -> Result<&'a str, Fault> {
    let at = fields.at;
    let day = fields.take(6, field)?;
    dates::date(Form::Short, day).map_err(|(place, defect)| (at + place, defect))?;
    Ok(day)
}
