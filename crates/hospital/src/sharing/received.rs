//! What other organisations released: opened, and checked before anybody sees it.

use bytes::Bytes;
use proof::policy::Policy;
use proof::{Digest, receipt};
use vault::envelope::{self, Context};
use vault::grant::GrantKey;

use super::message::{self, Released};
use crate::error::HospitalError;
use crate::keyring::failed;

/// What other organisations answered.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// One for each organisation that was asked.
    pub sources: Vec<Source>,
}

/// What one organisation answered.
#[derive(Debug, Clone)]
pub struct Source {
    /// The organisation.
    pub organisation: String,
    /// Its records, or why there are none.
    pub answer: Result<Vec<Sourced>, String>,
    /// It has more than it released.
    pub more: bool,
    /// How many match there, where that was asked.
    pub total: Option<u64>,
    /// What the reader is bound to.
    pub notice: Option<String>,
}

/// A record of another organisation with its provenance.
#[derive(Debug, Clone)]
pub struct Sourced {
    /// The FHIR base of the custodian.
    pub base: String,
    /// Record type.
    pub type_: String,
    /// Logical id there.
    pub id: String,
    /// Version.
    pub version: u64,
    /// When it was written, microseconds since 1970.
    pub updated_us: i64,
    /// The record: exactly as committed to, unless something was left out.
    pub body: Bytes,
    /// Whether the custodian left something out.
    pub redacted: bool,
    /// Whether it came by `_include` or `_revinclude`.
    pub included: bool,
    /// What proves it. It was checked here against this node's own view of the members.
    pub receipt: Option<Proved>,
}

/// A receipt that was checked.
#[derive(Debug, Clone)]
pub struct Proved {
    /// The file.
    pub text: String,
    /// The block.
    pub height: u64,
    /// The time of the block, milliseconds since 1970.
    pub time_ms: u64,
}

/// Opens what was released, and checks what came with it.
pub(super) fn opened(
    custodian: &str,
    grant: &Digest,
    key: &GrantKey,
    base: &str,
    released: Released,
    policy: &Policy,
) -> Result<Sourced, HospitalError> {
    let context = Context {
        custodian,
        record_type: &released.resource,
        record_id: &released.id,
        version: released.version,
    };
    let sealed = message::from_base64(&released.content)?;
    let body = if released.redacted {
        envelope::open_derived(key, &grant.0, &context, &sealed).map_err(failed)?
    } else {
        let mut opened =
            envelope::open_released(key, &grant.0, &context, &sealed).map_err(failed)?;
        std::mem::take(&mut opened.plaintext)
    };
    let body = Bytes::from(body.to_vec());
    let receipt = match released.receipt.filter(|_| !released.redacted) {
        Some(text) => Some(proved(custodian, &released.resource, &text, &body, policy)?),
        None => None,
    };
    Ok(Sourced {
        base: base.to_owned(),
        type_: released.resource,
        id: released.id,
        version: released.version,
        updated_us: released.updated_us,
        body,
        redacted: released.redacted,
        included: released.included,
        receipt,
    })
}

/// A record that does not fit its receipt is not shown at all.
fn proved(
    custodian: &str,
    type_: &str,
    text: &str,
    body: &[u8],
    policy: &Policy,
) -> Result<Proved, HospitalError> {
    let damaged = |reason: String| HospitalError::Damaged {
        item: format!("a {type_} of {custodian}"),
        reason,
    };
    let verified = receipt::verify(text.as_bytes(), policy, Some(body))
        .map_err(|error| damaged(error.to_string()))?;
    if verified.event.organisation != custodian {
        return Err(damaged("its receipt is of another organisation".into()));
    }
    Ok(Proved {
        text: text.to_owned(),
        height: verified.height,
        time_ms: verified.time_ms,
    })
}
