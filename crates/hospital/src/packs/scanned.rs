//! From what a scanner or a person gave to what is printed on a pack.

use gs1::Elements;
use gs1::fault::{self, Explainer, Explanation, Repair};
use supply::detect::Reading;

use super::order::{Marking, unusable};
use crate::error::HospitalError;

/// What was read.
#[derive(Debug, Clone)]
pub(crate) struct Scanned {
    pub(crate) marking: Marking,
    /// What had to be mended, in words.
    pub(crate) mended: Option<String>,
    /// How far it can be trusted.
    pub(crate) reading: Reading,
}

/// How a scan can be read.
pub(crate) enum Readings {
    /// In one way, and the others that a fault of the scanner would explain, where this one names
    /// no pack that anybody made.
    One(Box<Scanned>, Vec<Scanned>),
    /// In several ways, and none is likelier than the others; what to say if that stays so.
    Several(Vec<Scanned>, HospitalError),
}

impl Readings {
    /// The one reading that holds without asking anybody.
    fn only(self) -> Result<Scanned, HospitalError> {
        match self {
            Self::One(read, _) => Ok(*read),
            Self::Several(_, error) => Err(error),
        }
    }
}

/// Reads a scan, an element string with brackets or a Digital Link. A reading that a known fault of
/// scanners spoiled is mended where only one original is possible, and said so.
pub(crate) fn scanned(scan: &str) -> Result<Scanned, HospitalError> {
    readings(scan)?.only()
}

/// The SSCC of a case or a pallet, where a scan is one.
pub(crate) fn case_of(scan: &str) -> Option<String> {
    let scan = scan.trim();
    if scan.len() > fault::BYTES_MAX {
        return None;
    }
    let elements = if scan.starts_with('(') {
        gs1::brackets::parse(scan).ok()?
    } else {
        match Explainer::default().explain(scan) {
            Explanation::Sound(elements) => elements,
            Explanation::Repaired(repair) => repair.elements,
            _ => return None,
        }
    };
    elements.sscc().map(str::to_owned)
}

/// All that a scan may mean, for whoever can ask the ledger which of it there is.
pub(crate) fn readings(scan: &str) -> Result<Readings, HospitalError> {
    let scan = scan.trim();
    if scan.is_empty() || scan.len() > fault::BYTES_MAX {
        return Err(unusable(format!(
            "a scan has 1 to {} bytes",
            fault::BYTES_MAX
        )));
    }
    if scan.starts_with('(') {
        return match gs1::brackets::parse(scan) {
            Ok(elements) => Ok(one(read(&elements, None, Reading::Clean)?)),
            Err(error) => Err(unusable(format!("the code cannot be read: {error}"))),
        };
    }
    let explainer = Explainer::default();
    let others = || several(&explainer.alternatives(scan));
    match explainer.explain(scan) {
        Explanation::Sound(elements) => {
            let read = read(&elements, None, Reading::Clean)?;
            Ok(Readings::One(Box::new(read), others()))
        }
        Explanation::Repaired(repair) => Ok(one(mended(&repair)?)),
        // It names a pack, or the one thing that may have been meant does.
        Explanation::Unlikely { read: elements, .. } if elements.serial().is_some() => {
            let read = read(&elements, None, Reading::Doubtful)?;
            Ok(Readings::One(Box::new(read), others()))
        }
        Explanation::Unlikely { repairs, .. } if repairs.len() == 1 => {
            Ok(one(mended(&repairs[0])?))
        }
        Explanation::Unlikely { repairs, .. } | Explanation::Ambiguous { repairs, .. } => {
            let meant = repairs.iter().map(|it| it.elements.bracketed());
            let meant: Vec<String> = meant.collect();
            let error = unusable(format!(
                "the scanner spoiled the code, and it may mean {}: scan again, or type it",
                meant.join(" or ")
            ));
            Ok(Readings::Several(several(&repairs), error))
        }
        Explanation::Truncated(error) => Err(unusable(format!(
            "the code is cut off: {error}; scan again"
        ))),
        Explanation::Unexplained(error) => {
            Err(unusable(format!("the code cannot be read: {error}")))
        }
    }
}

fn one(read: Scanned) -> Readings {
    Readings::One(Box::new(read), Vec::new())
}

/// Those of them that name a pack.
fn several(repairs: &[Repair]) -> Vec<Scanned> {
    repairs.iter().filter_map(|it| mended(it).ok()).collect()
}

fn mended(repair: &Repair) -> Result<Scanned, HospitalError> {
    let faults = repair.faults.iter().map(ToString::to_string);
    let faults: Vec<String> = faults.collect();
    read(&repair.elements, Some(faults.join("; ")), Reading::Repaired)
}

fn read(
    elements: &Elements,
    mended: Option<String>,
    reading: Reading,
) -> Result<Scanned, HospitalError> {
    Ok(Scanned {
        marking: marking(elements)?,
        mended,
        reading,
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
