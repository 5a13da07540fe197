//! The gate: what keeps everybody else from writing into the log.

use super::AUDIT_EVENT;
use crate::draft::Draft;
use crate::error::HospitalError;

/// Refuses drafts of AuditEvents that do not come from this log.
pub(crate) fn refuse_own(drafts: &[Draft]) -> Result<(), HospitalError> {
    if drafts.iter().all(|draft| draft.stamp.type_ != AUDIT_EVENT) {
        return Ok(());
    }
    Err(HospitalError::request(
        "forbidden",
        "AuditEvents are written by this node alone, and never changed or deleted",
        "keep the audit events of other systems at those systems: docs/reference/audit-log.md",
    ))
}
