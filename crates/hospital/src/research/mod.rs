//! Research inside the organisation: counts, and de-identified datasets with receipts.
//!
//! A researcher has a cohort counted (`cohort`, `table`, `count`), asks for a dataset of it
//! (`request`, `asking`), a privacy officer decides, and the dataset is made anew for each download
//! from what the consents permit then (`rows`, `pool`, `release`). The patients see in which ones
//! they are (`uses`). What may be used at all is decided record by record inside the queries, by
//! `crate::sharing::ByResearch`. `docs/reference/research.md` has the forms.
//!
//! Invariants:
//!
//! 1. Nothing of a patient without a consent to research is counted or released
//!    (`crates/salus/tests/processes/research.rs`).
//! 2. No answer narrows what a withheld cell may be (`table`).
//! 3. No row leaves before each patient in the dataset has a final event, and no text that
//!    somebody wrote is in a row (`rows`).

mod asking;
mod cohort;
mod count;
mod pool;
mod release;
mod request;
mod rows;
mod table;
mod uses;

pub use cohort::{AGES, Code, Cohort, Measure, SEXES};
pub use release::{RESEARCH_FORM, ResearchDataset};
pub use request::{Element, NewStudy, Study, StudyDecided, StudyPage, StudyState};
pub use table::{Cell, Counts};
pub use uses::{ResearchUse, UsePage};

use std::sync::Arc;

use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::sharing::ByResearch;
use crate::sight::Sight;
use crate::tally::Tally;

/// The smallest number that is told, and the smallest group that is released.
///
/// CMS's policy for small cells: none below 11.
pub const SMALL: u64 = 11;
/// Questions of one researcher in a day.
const COUNTS_MAX: u32 = 200;
const DAY_US: i64 = 86_400 * 1_000_000;
const HINT: &str = "docs/reference/research.md shows each form";

/// How often researchers had something counted.
pub(crate) fn counted() -> Tally {
    Tally::new(COUNTS_MAX, DAY_US)
}

/// Lets researchers in, and nobody else.
fn studies(caller: &Caller) -> Result<(), HospitalError> {
    if caller.role == Role::Researcher {
        return Ok(());
    }
    Err(HospitalError::Forbidden(format!(
        "the role {} asks for no data for research: a researcher does",
        caller.role
    )))
}

/// A researcher as the queries know one.
fn reader(caller: &Caller, decision: Arc<ByResearch>) -> Caller {
    Caller {
        sight: Sight::of(decision),
        ..Caller::new(caller.username.clone(), Role::Researcher, None)
    }
}

/// The purpose of use: system and code.
fn purpose() -> (String, String) {
    let system = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    (system.to_owned(), "HRESCH".to_owned())
}

fn wrong(text: impl Into<String>) -> HospitalError {
    HospitalError::request("value", text.into(), HINT)
}
