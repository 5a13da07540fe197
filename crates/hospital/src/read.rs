//! Reading one record. FHIR R4 3.1.0.2, 3.1.0.3.

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::record::Record;
use crate::scopes::Verb;
use crate::setup::Hospital;
use crate::shown::Seen;

impl Hospital {
    /// The current version.
    pub async fn read(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
    ) -> Result<Record, HospitalError> {
        let item = format!("{type_}/{id}");
        let seen = self.seen(caller, item, type_, id, None).await?;
        Ok(seen.record)
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
        let seen = self.seen(caller, item, type_, id, Some(version)).await?;
        Ok(seen.record)
    }

    /// The current version, for acts of the organisation itself.
    pub(crate) async fn current_record(
        &self,
        type_: &str,
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

    /// A version as the caller is shown it. What is hidden takes the same way as what is not there,
    /// and ends where that ends: no envelope is opened.
    pub(crate) async fn seen(
        &self,
        caller: &Caller,
        item: String,
        type_: &str,
        id: &str,
        version: Option<u64>,
    ) -> Result<Seen, HospitalError> {
        let scope = caller.scope();
        let Some(stored) = self.0.store.seen(type_, id, version, scope).await? else {
            return Err(HospitalError::Absent(item));
        };
        let gone = stored.deleted().then(|| HospitalError::Gone {
            item: item.clone(),
            version: stored.version,
            updated_us: stored.updated_us,
        });
        match (gone, self.shown(caller, Verb::Read, stored).await?) {
            (_, None) => Err(HospitalError::Absent(item)),
            (Some(gone), Some(_)) => Err(gone),
            (None, Some(seen)) => Ok(seen),
        }
    }
}
