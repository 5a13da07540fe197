//! A record version out of its envelope.

use bytes::Bytes;
use proof::Canonical;
use proof::Digest;
use proof::event::{self, Action, Event, RecordVersion};
use store::{Method, Stored};
use vault::VaultKey;
use vault::envelope::{self, Context};

use crate::error::HospitalError;
use crate::setup::Hospital;

/// One version of a record, as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Resource type.
    pub type_: String,
    /// Logical id.
    pub id: String,
    /// Version, from 1.
    pub version: u64,
    /// Microseconds since 1970; `meta.lastUpdated`.
    pub updated_us: i64,
    /// What made it.
    pub method: Method,
    /// The JSON, exactly as committed to. Empty for a deletion.
    pub body: Bytes,
    /// The patients in whose compartments this version is, by the index.
    pub patients: Vec<String>,
}

impl Record {
    /// Whether this version is a deletion.
    pub fn deleted(&self) -> bool {
        self.method == Method::Delete
    }

    /// `Patient/123`
    pub fn reference(&self) -> String {
        format!("{}/{}", self.type_, self.id)
    }
}

/// A record with what opens its commitment.
pub(crate) struct OpenedRecord {
    pub(crate) record: Record,
    pub(crate) event: RecordVersion,
    pub(crate) commitment_key: [u8; 32],
}

/// Opens a stored version and compares the row with what was committed.
pub(crate) fn open(
    stored: Stored,
    key: &VaultKey,
    organisation: &str,
) -> Result<OpenedRecord, HospitalError> {
    let item = format!(
        "{}/{}/_history/{} body",
        stored.type_, stored.id, stored.version
    );
    let damaged = |reason: String| HospitalError::Damaged {
        item: item.clone(),
        reason,
    };
    let context = Context {
        custodian: organisation,
        record_type: &stored.type_,
        record_id: &stored.id,
        version: stored.version,
    };
    let mut opened = envelope::open(key, &context, &stored.envelope)
        .map_err(|error| damaged(error.to_string()))?;
    let Event::RecordVersion(event) = Event::from_bytes(&opened.event)
        .map_err(|error| damaged(format!("its event cannot be read: {error}")))?;
    let expected = RecordVersion {
        organisation: organisation.to_owned(),
        record_type: stored.type_.clone(),
        record_id: stored.id.clone(),
        version: stored.version,
        time_us: u64::try_from(stored.updated_us).unwrap_or(0),
        action: event.action,
        body: event.body,
    };
    let deletes = event.action == Action::Delete;
    if event != expected || deletes != stored.deleted() {
        return Err(damaged("the row does not say what was committed".into()));
    }
    let body = Bytes::from(std::mem::take(&mut *opened.plaintext));
    Ok(OpenedRecord {
        event,
        commitment_key: *opened.commitment_key,
        record: Record {
            type_: stored.type_,
            id: stored.id,
            version: stored.version,
            updated_us: stored.updated_us,
            method: stored.method,
            body,
            patients: stored.patients,
        },
    })
}

/// The digest that the ledger commits to: of the canonical JSON, or of nothing for a deletion.
pub(crate) fn body_digest(body: &[u8]) -> Result<Digest, HospitalError> {
    if body.is_empty() {
        return Ok(event::deleted_digest());
    }
    event::record_digest(body).map_err(|error| HospitalError::Malformed {
        line: error.line,
        column: error.column,
        reason: error.reason.to_string(),
        too_large: false,
    })
}

impl Hospital {
    /// Opens a stored version.
    pub(crate) async fn opened(&self, stored: Stored) -> Result<OpenedRecord, HospitalError> {
        let key = self.0.keyring.open(&self.0.store, &stored.vault).await?;
        open(stored, &key, &self.0.organisation)
    }

    /// Opens many, on every core when they are many.
    pub(crate) async fn opened_all(&self, rows: Vec<Stored>) -> Result<Vec<Record>, HospitalError> {
        let mut pairs = Vec::with_capacity(rows.len());
        for stored in rows {
            let key = self.0.keyring.open(&self.0.store, &stored.vault).await?;
            pairs.push((stored, key));
        }
        let organisation = self.0.organisation.clone();
        let open_one = move |(stored, key): (Stored, VaultKey)| {
            open(stored, &key, &organisation).map(|opened| opened.record)
        };
        // A few small envelopes open faster than a thread can be woken.
        if pairs
            .iter()
            .map(|(stored, _)| stored.envelope.len())
            .sum::<usize>()
            < 64 << 10
        {
            return pairs.into_iter().map(open_one).collect();
        }
        self.0.cpu.map(pairs, open_one).await?.into_iter().collect()
    }
}
