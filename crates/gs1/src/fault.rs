//! Why a scan cannot be read, or reads as something unlikely: the faults of scanners and keyboards.
//!
//! Most alarms about packs are no fakes but scanners that are set up wrong: the separator is lost,
//! so that the lot swallows the serial number; the scanner types on an American keyboard and the
//! host reads a German one; caps lock is on. [`explain`] says which of these explains a scan, and
//! what was meant.
//!
//! It never guesses in silence. Two readings that fit are both handed over; a valid reading is
//! never replaced, only doubted. For a pack with its four identifiers (01), (10), (17) and (21),
//! scanned with a symbology identifier, and one fault of [`Fault`]: what is called
//! [`Explanation::Repaired`] is what was printed, and so is what is called [`Explanation::Sound`]
//! (`one_fault_is_never_repaired_into_something_else`), if its lot is not spelled like a separator
//! (`<GS>`). Outside of that some faults leave no trace: caps lock on a scan without symbology
//! identifier, a lost separator before an identifier that a pack need not have, a serial number
//! cut at its end. Whoever then finds the pack unknown asks [`alternatives`] and looks them up.

use crate::elements::Elements;
use crate::error::{Defect, Error};
use crate::scan;

mod candidates;
mod keyboard;
mod separators;

pub use keyboard::Layout;
use separators::Budget;
pub use separators::REPLACEMENTS;

/// More readings than this are not worth a person's time.
pub const REPAIRS_MAX: usize = 16;
/// Longer scans are read, not explained: no pack carries as much, even scanned twice.
pub const BYTES_MAX: usize = 512;

/// What a scanner or keyboard did to a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Fault {
    /// Spaces, tabs or line ends around the scan.
    #[error("there are blanks around the scan")]
    Blanks,
    /// The symbology identifier came as text, with something before it or without its bracket.
    #[error("the symbology identifier came as text")]
    SymbologyAsText,
    /// The same scan twice.
    #[error("the code was scanned twice")]
    Doubled,
    /// A printable text stands where the separator was.
    #[error("the separator came as `{by}`")]
    SeparatorReplaced {
        /// The text, one of [`REPLACEMENTS`].
        by: &'static str,
    },
    /// The separator is missing after an element whose length varies.
    #[error("the separator between two elements is missing")]
    SeparatorLost,
    /// Capitals are small letters and the other way round.
    #[error("capitals and small letters are exchanged (caps lock)")]
    CaseFlipped,
    /// The scanner types on an American keyboard, and the host reads another.
    #[error("the scanner types on an American keyboard, and the computer reads a {0} one")]
    Keyboard(Layout),
}

impl Fault {
    /// What the fault makes of a scan; `None` where it cannot happen to it. For simulations.
    pub fn applied(self, text: &str) -> Option<String> {
        let faulty = match self {
            Self::Blanks => format!("{text}\r\n"),
            Self::SymbologyAsText => text.strip_prefix(']')?.to_owned(),
            Self::Doubled => format!("{text}{text}"),
            Self::SeparatorReplaced { by } => text.replace(separators::SEPARATOR, by),
            Self::SeparatorLost => text.replace(separators::SEPARATOR, ""),
            Self::CaseFlipped => candidates::flip_case(text),
            Self::Keyboard(layout) => layout.typed(text),
        };
        (faulty != text).then_some(faulty)
    }
}

/// One way to read a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// What must have happened, in the order in which it is undone.
    pub faults: Vec<Fault>,
    /// The scan as it should have come.
    pub text: String,
    /// What it says.
    pub elements: Elements,
}

/// What to make of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// It reads, and nothing speaks against it.
    Sound(Elements),
    /// It reads, but it lacks what a pack has, and a fault would explain that. Ask which is right.
    Unlikely {
        /// As it reads.
        read: Elements,
        /// As it may have been meant, the most plausible first.
        repairs: Vec<Repair>,
    },
    /// It does not read, and one thing only was meant.
    Repaired(Repair),
    /// It does not read, and more than one thing may have been meant, the most plausible first.
    Ambiguous {
        /// What may have been meant; at most [`REPAIRS_MAX`].
        repairs: Vec<Repair>,
        /// It may also be cut off, so that none of them was meant.
        or_truncated: bool,
    },
    /// It ends in the middle of an element: nothing can restore it, scan again.
    Truncated(Error),
    /// No fault that is known explains it.
    Unexplained(Error),
}

/// Explains scans for keyboards of some countries.
#[derive(Debug, Clone)]
pub struct Explainer {
    layouts: Vec<Layout>,
}

impl Default for Explainer {
    fn default() -> Self {
        Self {
            layouts: vec![Layout::German, Layout::French],
        }
    }
}

impl Explainer {
    /// For the keyboards that may stand at this place. The fewer, the less is ambiguous.
    pub fn new(layouts: impl IntoIterator<Item = Layout>) -> Self {
        let mut layouts: Vec<Layout> = layouts.into_iter().collect();
        layouts.sort_unstable();
        layouts.dedup();
        Self { layouts }
    }

    /// What to make of a scan.
    pub fn explain(&self, text: &str) -> Explanation {
        match scan(text) {
            Ok(read) if is_complete(&read) => Explanation::Sound(read),
            Ok(read) => self.doubt(text, read),
            Err(error) => self.mend(text, error),
        }
    }

    /// What else a scan may have been, readable as it is: for one whose pack nobody knows.
    pub fn alternatives(&self, text: &str) -> Vec<Repair> {
        if text.len() > BYTES_MAX {
            return Vec::new();
        }
        let as_read = scan(text).ok();
        let mut budget = Budget::default();
        let mut found = Vec::new();
        for faults in 1..=candidates::FAULTS_MAX {
            let level = candidates::with(&self.layouts, text, faults, &mut budget);
            found.extend(
                level
                    .repairs
                    .into_iter()
                    .filter(|repair| as_read.as_ref() != Some(&repair.elements)),
            );
            if found.len() >= REPAIRS_MAX {
                break;
            }
        }
        candidates::ranked(found)
    }

    fn doubt(&self, text: &str, read: Elements) -> Explanation {
        if text.len() > BYTES_MAX {
            return Explanation::Sound(read);
        }
        let level = candidates::with(&self.layouts, text, 1, &mut Budget::default());
        let mut repairs = level.repairs;
        repairs.retain(|repair| is_complete(&repair.elements));
        if repairs.is_empty() {
            return Explanation::Sound(read);
        }
        Explanation::Unlikely {
            read,
            repairs: candidates::ranked(repairs),
        }
    }

    fn mend(&self, text: &str, error: Error) -> Explanation {
        if text.len() > BYTES_MAX {
            return Explanation::Unexplained(error);
        }
        let truncated = may_be_truncated(text, &error);
        let mut budget = Budget::default();
        for faults in 1..=candidates::FAULTS_MAX {
            let level = candidates::with(&self.layouts, text, faults, &mut budget);
            let mut repairs = candidates::ranked(level.repairs);
            if repairs.len() == 1 && level.is_whole && !truncated {
                return Explanation::Repaired(repairs.remove(0));
            }
            if !repairs.is_empty() {
                return Explanation::Ambiguous {
                    repairs,
                    or_truncated: truncated,
                };
            }
        }
        if truncated {
            Explanation::Truncated(error)
        } else {
            Explanation::Unexplained(error)
        }
    }
}

/// [`Explainer::explain`] for German and French keyboards.
///
/// ```
/// use gs1::fault::{Explanation, Fault, explain};
///
/// // The lot has swallowed the serial number.
/// let scan = "]d201095060001343521727123110LOT-7XYZ421SERIAL-0815-A";
/// let Explanation::Repaired(repair) = explain(scan) else { panic!("it is clear what was meant") };
/// assert_eq!(repair.faults, [Fault::SeparatorLost]);
/// assert_eq!(repair.elements.lot(), Some("LOT-7XYZ4"));
/// assert_eq!(repair.elements.serial(), Some("SERIAL-0815-A"));
/// ```
pub fn explain(text: &str) -> Explanation {
    Explainer::default().explain(text)
}

/// [`Explainer::alternatives`] for German and French keyboards.
pub fn alternatives(text: &str) -> Vec<Repair> {
    Explainer::default().alternatives(text)
}

/// A pack, or a logistic unit, which has one number.
fn is_complete(read: &Elements) -> bool {
    is_complete_pack(|code| read.get(code).is_some()) || read.sscc().is_some()
}

/// What the law wants on a pack of a prescription medicine: product code, serial number, lot,
/// expiry (Delegated Regulation (EU) 2016/161 art. 4(b); FD&C Act 581(14)).
fn is_complete_pack(has: impl Fn(&str) -> bool) -> bool {
    ["01", "10", "17", "21"].into_iter().all(has)
}

/// Whether the text may be the beginning of a longer scan.
fn may_be_truncated(text: &str, error: &Error) -> bool {
    match error {
        // An element that others require may be the one that is missing.
        Error::Required { .. } | Error::Empty => true,
        Error::Symbology => text.len() < PREFIX_LENGTH,
        Error::Retail(Defect::Length) => text.len() < PREFIX_LENGTH + EAN_LENGTH,
        Error::Value { .. } | Error::UnknownIdentifier { .. } => {
            let data = if text.starts_with(']') {
                text.get(PREFIX_LENGTH..)
            } else {
                Some(text)
            };
            data.is_some_and(separators::ends_within_element)
        }
        _ => false,
    }
}

const PREFIX_LENGTH: usize = 3;
const EAN_LENGTH: usize = 13;

#[cfg(test)]
mod tests;
