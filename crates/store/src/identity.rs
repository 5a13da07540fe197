//! Keys of patients, their wrapped seeds, delegations, and legal holds.

use crate::sqlite::identity;
use crate::{Store, StoreError};

/// A change of a patient's key. The one with the greatest number is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientKey {
    /// Logical id of the patient record.
    pub patient: String,
    /// 1 for the first key, one more for each change.
    pub number: u64,
    /// `custodial` or `device`.
    pub mode: String,
    /// `enrolled`, `replaced` or `recovery`.
    pub reason: String,
    /// Ed25519 key that signs the patient's consents.
    pub consent_key: Vec<u8>,
    /// X-Wing key, where the patient has one.
    pub x_wing_key: Option<Vec<u8>>,
    /// Microseconds since 1970 UTC.
    pub since_us: i64,
    /// Signature of this key over the change.
    pub possession: Vec<u8>,
    /// Signature of the key before over the change.
    pub approval: Option<Vec<u8>>,
    /// Id of the Provenance record that tells of it.
    pub record: String,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

/// A step of a delegation: 1 grants it, 2 ends it before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegationStep {
    /// Names the delegation.
    pub id: String,
    /// 1 or 2.
    pub number: u64,
    /// The patient for whom somebody acts.
    pub patient: String,
    /// The user who acts.
    pub delegate: String,
    /// `guardian` or `proxy`.
    pub kind: String,
    /// Microseconds since 1970 UTC: when it begins, or for step 2 when it was ended.
    pub since_us: i64,
    /// Microseconds since 1970 UTC: when it ends by itself.
    pub until_us: i64,
    /// The user who did this step.
    pub by: String,
    /// Id of the Provenance record that tells of it.
    pub record: String,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

/// A step of the legal holds on a patient: odd ones place a hold, even ones lift it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldStep {
    /// Logical id of the patient record.
    pub patient: String,
    /// 1 for the first hold, one more for each step.
    pub number: u64,
    /// Who, why and when, sealed; opaque here.
    pub sealed: Vec<u8>,
    /// Id of the Provenance record that tells of it.
    pub record: String,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

impl HoldStep {
    /// Whether nothing is erased after this step.
    pub fn holds(&self) -> bool {
        self.number % 2 == 1
    }
}

/// What happens to the wrapped seed of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeedChange {
    /// It is kept, replacing one that was there.
    Keep(Vec<u8>),
    /// It is destroyed.
    Destroy,
}

/// What is added to the tables of identity, in the same commit as the records that tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A change of key, with what becomes of the seed. Refused as a conflict unless its number
    /// follows.
    Key(PatientKey, SeedChange),
    /// A step of a delegation. Refused as a conflict when there is one.
    Delegation(DelegationStep),
    /// A step of the legal holds on a patient. Refused as a conflict unless its number follows.
    Hold(HoldStep),
}

impl Store {
    /// The changes of a patient's key, the first one first.
    pub async fn patient_keys(&self, patient: &str) -> Result<Vec<PatientKey>, StoreError> {
        let patient = patient.to_owned();
        self.readers()
            .run(move |connection| identity::keys_of(connection, &patient))
            .await
    }

    /// The wrapped seed of a patient.
    pub async fn patient_seed(&self, patient: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let patient = patient.to_owned();
        self.readers()
            .run(move |connection| identity::seed(connection, &patient))
            .await
    }

    /// The steps of all delegations of a patient, in order.
    pub async fn delegations_of(&self, patient: &str) -> Result<Vec<DelegationStep>, StoreError> {
        let patient = patient.to_owned();
        self.readers()
            .run(move |connection| identity::delegations(connection, "patient", &patient))
            .await
    }

    /// The steps of all delegations to a user, in order.
    pub async fn delegations_to(&self, delegate: &str) -> Result<Vec<DelegationStep>, StoreError> {
        let delegate = delegate.to_owned();
        self.readers()
            .run(move |connection| identity::delegations(connection, "delegate", &delegate))
            .await
    }

    /// The steps of one delegation, in order.
    pub async fn delegation(&self, id: &str) -> Result<Vec<DelegationStep>, StoreError> {
        let id = id.to_owned();
        self.readers()
            .run(move |connection| identity::delegations(connection, "id", &id))
            .await
    }

    /// The last step of the legal holds on a patient.
    pub async fn last_hold(&self, patient: &str) -> Result<Option<HoldStep>, StoreError> {
        let patient = patient.to_owned();
        self.readers()
            .run(move |connection| identity::last_hold(connection, &patient))
            .await
    }

    /// Steps of legal holds by patient and number, after the given one.
    pub async fn scan_holds(
        &self,
        after: (&str, u64),
        limit: u32,
    ) -> Result<Vec<HoldStep>, StoreError> {
        let (patient, number) = (after.0.to_owned(), after.1);
        self.readers()
            .run_long(move |connection| identity::holds_after(connection, &patient, number, limit))
            .await
    }

    /// Takes all keys, the seed, the delegations and the holds of a patient away, for an erasure.
    pub async fn forget_identity(&self, patient: &str) -> Result<(), StoreError> {
        let patient = patient.to_owned();
        self.write(move |connection, _| identity::forget(connection, &patient))
            .await
    }

    /// Audit: changes of keys by patient and number, after the given one.
    pub async fn scan_patient_keys(
        &self,
        after: (&str, u64),
        limit: u32,
    ) -> Result<Vec<PatientKey>, StoreError> {
        let (patient, number) = (after.0.to_owned(), after.1);
        self.readers()
            .run_long(move |connection| identity::keys_after(connection, &patient, number, limit))
            .await
    }

    /// Audit: steps of delegations by id and number, after the given one.
    pub async fn scan_delegations(
        &self,
        after: (&str, u64),
        limit: u32,
    ) -> Result<Vec<DelegationStep>, StoreError> {
        let (id, number) = (after.0.to_owned(), after.1);
        self.readers()
            .run_long(move |connection| identity::delegations_after(connection, &id, number, limit))
            .await
    }

    /// Audit: wrapped seeds by patient, after the given one.
    pub async fn scan_patient_seeds(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let after = after.to_owned();
        self.readers()
            .run_long(move |connection| identity::seeds_after(connection, &after, limit))
            .await
    }
}
