//! A desk reads a scan: what is printed on the pack, and how sure that is.

use gs1::Elements;
use gs1::fault::{Explainer, Explanation, Layout, Repair};
use supply::detect::{Printed, Reading};

use crate::book::{Book, Code};

/// What a desk made of a scan.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Read {
    pub(crate) code: Code,
    pub(crate) printed: Printed,
    pub(crate) reading: Reading,
}

/// The explainer of a desk with this keyboard.
pub(crate) fn explainer(layout: Layout) -> Explainer {
    Explainer::new([layout])
}

/// Reads a scan. Where several readings are possible, the ledger decides between them, if it knows
/// exactly one (`docs/reference/gs1.md`, scans that do not read). `None`: scan again, or type it.
pub(crate) fn read(raw: &str, explainer: &Explainer, book: &Book) -> Option<Read> {
    if raw.starts_with('(') {
        let elements = gs1::brackets::parse(raw).ok()?;
        return marking(&elements, Reading::Clean);
    }
    match explainer.explain(raw) {
        Explanation::Sound(elements) => {
            let read = marking(&elements, Reading::Clean)?;
            if book.knows(&read.code) {
                return Some(as_committed(read, raw, explainer, book));
            }
            // A pack has a lot and an expiry: this scan may be cut off, within the number.
            if read.printed.lot.is_none() || read.printed.expiry.is_none() {
                return None;
            }
            // A fault that leaves no trace made a pack of it that nobody knows.
            let repairs = explainer.alternatives(raw);
            Some(decided(&repairs, book).unwrap_or(read))
        }
        Explanation::Repaired(repair) => marking(&repair.elements, Reading::Repaired),
        Explanation::Unlikely { read, repairs } => {
            let as_read = marking(&read, Reading::Clean);
            match as_read.filter(|read| book.knows(&read.code)) {
                Some(read) => Some(read),
                None => decided(&repairs, book),
            }
        }
        Explanation::Ambiguous {
            repairs,
            or_truncated: false,
        } => decided(&repairs, book),
        _ => None,
    }
}

/// A known pack with another lot than its maker committed to may be a keyboard's y and z.
fn as_committed(read: Read, raw: &str, explainer: &Explainer, book: &Book) -> Read {
    if facts_match(&read, book) {
        return read;
    }
    let repairs = explainer.alternatives(raw);
    let readings = repairs
        .iter()
        .filter_map(|it| marking(&it.elements, Reading::Repaired));
    let mut fitting = readings.filter(|it| it.code == read.code && facts_match(it, book));
    fitting.next().unwrap_or(read)
}

/// Whether the ledger knows the pack, and nothing else of it than was read.
fn facts_match(read: &Read, book: &Book) -> bool {
    let known = book.known(&read.code, "", &read.printed);
    known.is_some_and(|known| known.facts_match != Some(false))
}

/// The readings that the ledger knows: one is a fault and no fake, two are a doubt.
fn decided(repairs: &[Repair], book: &Book) -> Option<Read> {
    let read = |repair: &Repair| marking(&repair.elements, Reading::Repaired);
    let mut known: Vec<Read> = repairs.iter().filter_map(read).collect();
    known.retain(|read| book.knows(&read.code));
    // The same pack with another lot is another reading, and the ledger has a commitment to it.
    let fitting: Vec<&Read> = known.iter().filter(|it| facts_match(it, book)).collect();
    match (fitting.as_slice(), known.as_slice()) {
        ([one], _) => Some((*one).clone()),
        ([], [one]) => Some(one.clone()),
        (_, [first, ..]) => Some(Read {
            reading: Reading::Doubtful,
            ..first.clone()
        }),
        _ => None,
    }
}

fn marking(elements: &Elements, reading: Reading) -> Option<Read> {
    let code = Code {
        product: elements.gtin()?.to_owned(),
        serial: elements.serial()?.to_owned(),
    };
    let printed = Printed {
        lot: elements.lot().map(str::to_owned),
        expiry: elements.expiry().map(|date| date.to_string()),
    };
    Some(Read {
        code,
        printed,
        reading,
    })
}
