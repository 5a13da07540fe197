//! Retiring a record: delete, with and without a condition. FHIR R4 3.1.0.7.

use store::{Guard, Method, StoreError, Stored};

use crate::access_log::Seen;
use crate::admit::check;
use crate::caller::Caller;
use crate::commit::ATTEMPTS_MAX;
use crate::draft::{self, Stamp};
use crate::error::HospitalError;
use crate::pairs::Pairs;
use crate::request::Conditions;
use crate::setup::Hospital;

/// What a deletion left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// The version that the deletion made; `None` when there was nothing to delete.
    pub version: Option<u64>,
    /// When.
    pub updated_us: i64,
    /// The version with its patients, for the log of accesses.
    pub seen: Option<Seen>,
}

impl Retired {
    /// There was nothing to delete.
    pub(crate) fn nothing(now_us: i64) -> Self {
        Self {
            version: None,
            updated_us: now_us,
            seen: None,
        }
    }

    /// It was deleted before.
    pub(crate) fn already(stored: &Stored) -> Self {
        Self::at(stored, stored.version, stored.updated_us)
    }

    /// The deletion that follows a stored version.
    pub(crate) fn after(before: &Stored, stamp: &Stamp) -> Self {
        Self::at(before, stamp.version, stamp.updated_us)
    }

    fn at(stored: &Stored, version: u64, updated_us: i64) -> Self {
        let patients = stored.patients.clone();
        let seen = Seen::new(&stored.type_, &stored.id, version, patients);
        Self {
            version: Some(version),
            updated_us,
            seen: Some(seen),
        }
    }
}

impl Hospital {
    /// Deletes a record. Deleting what is deleted already, or never was, succeeds.
    pub async fn retire(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
        conditions: &Conditions,
    ) -> Result<Retired, HospitalError> {
        self.retire_guarded(caller, type_, id, conditions, &[])
            .await
    }

    /// Deletes the one record that the condition fits.
    pub async fn retire_where(
        &self,
        caller: &Caller,
        type_: &'static str,
        pairs: &Pairs,
        conditions: &Conditions,
    ) -> Result<Retired, HospitalError> {
        for _ in 0..ATTEMPTS_MAX {
            let matched = self.matched(caller, type_, pairs).await?;
            let Some(id) = matched.id else {
                return Ok(Retired::nothing(self.now_us()));
            };
            match self
                .retire_guarded(caller, type_, &id, conditions, &[matched.guard])
                .await
            {
                Err(HospitalError::Contended(_)) => {}
                other => return other,
            }
        }
        Err(HospitalError::Contended(format!(
            "{type_} of the condition"
        )))
    }

    async fn retire_guarded(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
        conditions: &Conditions,
        guards: &[Guard],
    ) -> Result<Retired, HospitalError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.before(caller, type_, id).await?;
            check(type_, id, before.as_ref(), conditions)?;
            let before: Stored = match before {
                None => return Ok(Retired::nothing(self.now_us())),
                Some(stored) if stored.deleted() => return Ok(Retired::already(&stored)),
                Some(stored) => stored,
            };
            let stamp = Stamp::after(type_, &before, self.now_us(), Method::Delete);
            let retired = Retired::after(&before, &stamp);
            let draft = draft::tombstone(stamp, before.vault, before.patients);
            match self.store_drafts(vec![draft], guards).await? {
                Ok(()) => return Ok(retired),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HospitalError::Contended(format!("{type_}/{id}")))
    }
}
