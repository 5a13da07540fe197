//! From what a scanner or a person gave to what is printed on a pack.

use gs1::Elements;
use gs1::fault::{self, Explainer, Explanation, Repair};

use super::order::{Marking, unusable};
use crate::error::HospitalError;

/// What was read.
pub(crate) struct Scanned {
    pub(crate) marking: Marking,
    /// What had to be mended, in words.
    pub(crate) mended: Option<String>,
}

/// Reads a scan, an element string with brackets or a Digital Link. A reading that a known fault of
/// scanners spoiled is mended where only one original is possible, and said so.
pub(crate) fn scanned(scan: &str) -> Result<Scanned, HospitalError> {
    let scan = scan.trim();
    if scan.is_empty() || scan.len() > fault::BYTES_MAX {
        return Err(unusable(format!(
            "a scan has 1 to {} bytes",
            fault::BYTES_MAX
        )));
    }
    if scan.starts_with('(') {
        return match gs1::brackets::parse(scan) {
            Ok(elements) => read(&elements, None),
            Err(error) => Err(unusable(format!("the code cannot be read: {error}"))),
        };
    }
    match Explainer::default().explain(scan) {
        Explanation::Sound(elements) => read(&elements, None),
        Explanation::Repaired(repair) => mended(&repair),
        // It names a pack, or the one thing that may have been meant does.
        Explanation::Unlikely { read: elements, .. } if elements.serial().is_some() => {
            read(&elements, None)
        }
        Explanation::Unlikely { repairs, .. } if repairs.len() == 1 => mended(&repairs[0]),
        Explanation::Unlikely { repairs, .. } | Explanation::Ambiguous { repairs, .. } => {
            let meant = repairs.iter().map(|it| it.elements.bracketed());
            let meant: Vec<String> = meant.collect();
            Err(unusable(format!(
                "the scanner spoiled the code, and it may mean {}: scan again, or type it",
                meant.join(" or ")
            )))
        }
        Explanation::Truncated(error) => Err(unusable(format!(
            "the code is cut off: {error}; scan again"
        ))),
        Explanation::Unexplained(error) => {
            Err(unusable(format!("the code cannot be read: {error}")))
        }
    }
}

fn mended(repair: &Repair) -> Result<Scanned, HospitalError> {
    let faults = repair.faults.iter().map(ToString::to_string);
    let faults: Vec<String> = faults.collect();
    read(&repair.elements, Some(faults.join("; ")))
}

fn read(elements: &Elements, mended: Option<String>) -> Result<Scanned, HospitalError> {
    Ok(Scanned {
        marking: marking(elements)?,
        mended,
    })
}

/// GTIN and serial number, with lot and expiry where they are there.
fn marking(elements: &Elements) -> Result<Marking, HospitalError> {
    let missing = |what: &str| unusable(format!("the code has no {what}: it names no single pack"));
    Ok(Marking {
        gtin: elements
            .gtin()
            .ok_or_else(|| missing("GTIN (01)"))?
            .to_owned(),
        serial: elements
            .serial()
            .ok_or_else(|| missing("serial number (21)"))?
            .to_owned(),
        lot: elements.lot().unwrap_or_default().to_owned(),
        expiry: elements
            .expiry()
            .map(|it| it.to_string())
            .unwrap_or_default(),
    })
}
