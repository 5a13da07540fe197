//! What belongs to one patient. FHIR R4, operation Patient-everything.

use crate::search::{Page, Scope};

/// Everything in the compartment of a patient, the Patient included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Everything {
    /// Logical id of the patient.
    pub patient: String,
    /// Only these types; empty: all.
    pub types: Vec<&'static str>,
    /// Only what was stored at this microsecond or later.
    pub since_us: Option<i64>,
    /// Only what happened in this stretch, and what has no date; the Patient always.
    pub between_us: Option<(i64, i64)>,
    /// Who looks.
    pub scope: Scope,
    /// Page.
    pub page: Page,
}
