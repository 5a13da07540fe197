//! A scanner reads a pack, and now and then spoils what it read.

use gs1::Elements;
use gs1::fault::{Fault, REPLACEMENTS};

use crate::book::Code;
use crate::dice::Dice;
use crate::registry::Organisation;

/// So many of a thousand scans come spoiled.
const SPOILED: u64 = 5;
/// So many of a thousand typed codes have a wrong character.
const MISTYPED: u64 = 5;

/// What is printed on a pack.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Label {
    pub(crate) code: Code,
    pub(crate) lot: String,
    pub(crate) expiry: String,
    /// The order of the elements, which each maker has of its own.
    pub(crate) is_serial_first: bool,
}

impl Label {
    fn elements(&self) -> Option<Elements> {
        let Code { product, serial } = &self.code;
        let (lot, expiry) = (self.lot.as_str(), self.expiry.as_str());
        let order = if self.is_serial_first {
            [
                ("01", product.as_str()),
                ("21", serial),
                ("17", expiry),
                ("10", lot),
            ]
        } else {
            [
                ("01", product.as_str()),
                ("17", expiry),
                ("10", lot),
                ("21", serial),
            ]
        };
        Elements::new(order).ok()
    }
}

/// What the scanner of a desk hands over.
pub(crate) fn scan(label: &Label, desk: &Organisation, dice: &mut Dice) -> String {
    let data = label.elements().map(|it| it.separated());
    let symbology = if desk.names_symbology { "]d2" } else { "" };
    let text = format!("{symbology}{}", data.unwrap_or_default());
    if !dice.in_1000(SPOILED) {
        return text;
    }
    let fault = match dice.below(9) {
        0 | 1 => Fault::SeparatorLost,
        2 | 3 => Fault::SeparatorReplaced {
            by: dice.pick::<&str>(REPLACEMENTS),
        },
        4 => Fault::Keyboard(desk.layout()),
        5 => Fault::CaseFlipped,
        6 => Fault::SymbologyAsText,
        7 => Fault::Doubled,
        _ => {
            // Cut off somewhere: a bad contact.
            let keep = dice.place(text.len());
            return text.chars().take(keep).collect();
        }
    };
    fault.applied(&text).unwrap_or(text)
}

/// What a person types who reads it off the pack.
pub(crate) fn typed(label: &Label, dice: &mut Dice) -> String {
    let mut label = label.clone();
    if dice.in_1000(MISTYPED) {
        let at = dice.place(label.code.serial.len());
        let wrong = dice.text(b"0123456789", 1);
        label.code.serial.replace_range(at..=at, &wrong);
    }
    label
        .elements()
        .map(|it| it.bracketed())
        .unwrap_or_default()
}
