//! Reading one record. FHIR R4 3.1.0.2, 3.1.0.3.

use serde_json::Value;

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::record::Record;
use crate::scopes::Verb;
use crate::setup::Hospital;

impl Hospital {
    /// The current version.
    pub async fn read(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
    ) -> Result<Record, HospitalError> {
        let item = format!("{type_}/{id}");
        let stored = self.0.store.current(type_, id).await?;
        let Some(stored) = stored else {
            return Err(HospitalError::Absent(item));
        };
        self.seen(caller, item, stored).await
    }

    /// One version.
    pub async fn read_version(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
        version: u64,
    ) -> Result<Record, HospitalError> {
        let item = format!("{type_}/{id}/_history/{version}");
        let stored = self.0.store.version(type_, id, version).await?;
        let Some(stored) = stored else {
            return Err(HospitalError::Absent(item));
        };
        self.seen(caller, item, stored).await
    }

    /// The current version, for acts of the organisation itself.
    pub(crate) async fn current_record(
        &self,
        type_: &'static str,
        id: &str,
    ) -> Result<Record, HospitalError> {
        let stored = self.0.store.current(type_, id).await?;
        self.current_record_of(type_, id, stored).await
    }

    /// The opened current version, or why there is none.
    pub(crate) async fn current_record_of(
        &self,
        type_: &str,
        id: &str,
        stored: Option<store::Stored>,
    ) -> Result<Record, HospitalError> {
        let item = format!("{type_}/{id}");
        match stored {
            None => Err(HospitalError::Absent(item)),
            Some(stored) if stored.deleted() => Err(HospitalError::Gone {
                item,
                version: stored.version,
                updated_us: stored.updated_us,
            }),
            Some(stored) => Ok(self.opened(stored).await?.record),
        }
    }

    async fn seen(
        &self,
        caller: &Caller,
        item: String,
        stored: store::Stored,
    ) -> Result<Record, HospitalError> {
        if stored.deleted() {
            // A tombstone has no body: it is in the compartments of what it deleted.
            let seen = match caller.compartment() {
                Some(patient) => stored.patients.iter().any(|id| id == patient),
                None => true,
            };
            let shown = caller
                .sight
                .shows_tombstone(Verb::Read, &stored.type_, &stored.patients);
            if !seen || !shown {
                return Err(HospitalError::Absent(item));
            }
            return Err(HospitalError::Gone {
                item,
                version: stored.version,
                updated_us: stored.updated_us,
            });
        }
        let record = self.opened(stored).await?.record;
        if visible(caller, &record) && caller.sight.shows(Verb::Read, &record) {
            Ok(record)
        } else {
            Err(HospitalError::Absent(item))
        }
    }
}

/// Whether this very version is in the compartment that the caller is bound to.
pub(crate) fn visible(caller: &Caller, record: &Record) -> bool {
    let Some(patient) = caller.compartment() else {
        return true;
    };
    // The body is our own, already checked; it is read again so that no index decides this.
    let Ok(value) = serde_json::from_slice::<Value>(&record.body) else {
        return false;
    };
    fhir::compartment::patients(&value)
        .iter()
        .any(|id| id == patient)
}
