//! Which key is a patient's, and since when.

use proof::{Digest, PublicKey, SecretKey, Signature};
use store::{PatientKey, SeedChange};
use vault::Seed;

use super::delegations::may_manage_keys;
use super::statement::{key_mark, signature};
use crate::admit::new_id;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::failed;
use crate::setup::Hospital;

/// An X-Wing public key (draft-connolly-cfrg-xwing-kem 5.3).
const X_WING_BYTES: usize = 1216;
/// Changes of a key that are kept for a patient at most.
const CHANGES_MAX: u64 = 100;

/// Where a patient's seed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMode {
    /// Here, wrapped by the root key: this organisation signs for the patient.
    Custodial,
    /// On the patient's device: nobody here can sign.
    Device,
}

impl KeyMode {
    /// The name in the database, in records and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Custodial => "custodial",
            Self::Device => "device",
        }
    }
}

/// One change of a patient's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientKeyChange {
    /// 1 for the first key, one more for each change.
    pub number: u64,
    /// Where the seed is.
    pub mode: KeyMode,
    /// `enrolled`, `replaced` or `recovery`.
    pub reason: String,
    /// Verifies the patient's consents.
    pub consent_key: PublicKey,
    /// Seals to the patient, where there is one.
    pub x_wing_key: Option<Vec<u8>>,
    /// Microseconds since 1970.
    pub since_us: i64,
    /// The new key's signature over [`key_change_digest`].
    pub possession: Signature,
    /// The signature of the key before, unless the change was a recovery or the first.
    pub approval: Option<Signature>,
    /// The id of the Provenance record whose receipt proves the change.
    pub record: String,
}

/// The keys of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientKeys {
    /// What is in force.
    pub current: PatientKeyChange,
    /// Every change, the first one first, the current one included.
    pub history: Vec<PatientKeyChange>,
}

/// A key that a device brings.
#[derive(Clone, Debug)]
pub struct DeviceKey {
    /// Verifies the patient's consents.
    pub consent_key: PublicKey,
    /// Seals to the patient.
    pub x_wing_key: Option<Vec<u8>>,
    /// The new key's signature over [`key_change_digest`].
    pub possession: Signature,
    /// The signature over the same by the key that is in force, where a device holds it.
    pub approval: Option<Signature>,
}

/// What the new and the old key sign: this key, at this organisation, as this change.
pub fn key_change_digest(
    chain_id: &Digest,
    organisation: &str,
    patient: &str,
    number: u64,
    (consent_key, x_wing_key): (&PublicKey, Option<&[u8]>),
) -> Digest {
    proof::hash(
        "salus/patient-key/v1",
        &[
            &chain_id.0,
            organisation.as_bytes(),
            patient.as_bytes(),
            &number.to_be_bytes(),
            &consent_key.0,
            x_wing_key.unwrap_or_default(),
        ],
    )
}

impl Hospital {
    /// The keys of a patient; `None`: none was enrolled. Every row is checked.
    pub async fn patient_keys(&self, patient: &str) -> Result<Option<PatientKeys>, HospitalError> {
        let rows = self.0.store.patient_keys(patient).await?;
        let mut history = Vec::with_capacity(rows.len());
        for (row, number) in rows.into_iter().zip(1..) {
            history.push(self.checked_key(row, number)?);
        }
        let current = history.last().cloned();
        Ok(current.map(|current| PatientKeys { current, history }))
    }

    fn checked_key(&self, row: PatientKey, number: u64) -> Result<PatientKeyChange, HospitalError> {
        let damaged = |reason: &str| HospitalError::Damaged {
            item: format!("key {number} of Patient/{}", row.patient),
            reason: reason.into(),
        };
        let mark = key_mark(self.0.keyring.root(), &row);
        if !vault::keys::same(&mark, &row.integrity) || row.number != number {
            return Err(damaged("its row was changed outside Salus"));
        }
        let form = || damaged("its row does not have the form of a key");
        let consent_key = row.consent_key.as_slice().try_into().map_err(|_| form())?;
        Ok(PatientKeyChange {
            number,
            mode: match row.mode.as_str() {
                "custodial" => KeyMode::Custodial,
                "device" => KeyMode::Device,
                _ => return Err(form()),
            },
            consent_key: PublicKey(consent_key),
            since_us: row.since_us,
            possession: signature(&row.possession).ok_or_else(form)?,
            approval: match &row.approval {
                Some(bytes) => Some(signature(bytes).ok_or_else(form)?),
                None => None,
            },
            reason: row.reason,
            x_wing_key: row.x_wing_key,
            record: row.record,
        })
    }

    /// Enrols a patient without a device: this organisation makes the seed and keeps it. Answers
    /// what is in force when the patient has a key already.
    pub async fn enrol_custodial_key(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<PatientKeys, HospitalError> {
        may_manage_keys(caller, patient)?;
        if let Some(keys) = self.patient_keys(patient).await? {
            return Ok(keys);
        }
        self.current_record("Patient", patient).await?;
        let seed = Seed::random().map_err(failed)?;
        let change = self.custodial(&caller.username, patient, 1, "enrolled", &seed);
        match change.await {
            // Two asked at the same time: the other's seed is the patient's.
            Ok(()) | Err(HospitalError::Contended(_)) => {}
            Err(error) => return Err(error),
        }
        let keys = self.patient_keys(patient).await?;
        keys.ok_or_else(|| HospitalError::Absent(format!("the key of Patient/{patient}")))
    }

    /// Stores a seed that this organisation keeps, as this change.
    pub(super) async fn custodial(
        &self,
        by: &str,
        patient: &str,
        number: u64,
        reason: &str,
        seed: &Seed,
    ) -> Result<(), HospitalError> {
        let key = SecretKey::from_seed(&seed.consent_signing());
        let consent_key = key.public();
        let digest = self.change_digest(patient, number, (&consent_key, None));
        let root = self.0.keyring.root();
        let wrapped = seed
            .wrap_custodial(root, &self.0.organisation, patient)
            .map_err(failed)?;
        let row = PatientKey {
            patient: patient.to_owned(),
            number,
            mode: KeyMode::Custodial.name().to_owned(),
            reason: reason.to_owned(),
            consent_key: consent_key.0.to_vec(),
            x_wing_key: None,
            since_us: instant::floor_ms(self.now_us()),
            possession: key.sign(&digest.0).0.to_vec(),
            approval: None,
            record: new_id()?,
            integrity: Vec::new(),
        };
        self.store_key(row, SeedChange::Keep(wrapped), by).await
    }

    /// Enrols the key of a patient's device, or replaces the one in force by it.
    ///
    /// The new key must prove itself, and the one in force must approve: a device's by its
    /// signature, a custodial one by this organisation, which then destroys its seed.
    pub async fn enrol_patient_key(
        &self,
        caller: &Caller,
        patient: &str,
        new: DeviceKey,
    ) -> Result<PatientKeys, HospitalError> {
        may_manage_keys(caller, patient)?;
        self.current_record("Patient", patient).await?;
        let keys = self.patient_keys(patient).await?;
        let number = keys.as_ref().map_or(0, |keys| keys.current.number) + 1;
        if number > CHANGES_MAX {
            return Err(refused("the patient's key was changed too often"));
        }
        let x_wing = new.x_wing_key.as_deref();
        if x_wing.is_some_and(|key| key.len() != X_WING_BYTES) {
            return Err(refused("an X-Wing public key has 1,216 bytes"));
        }
        let digest = self.change_digest(patient, number, (&new.consent_key, x_wing));
        let proven =
            new.consent_key.is_sound() && new.consent_key.verify(&digest.0, &new.possession);
        if !proven {
            return Err(refused("the signature of the new key does not verify"));
        }
        let approval = match keys.as_ref().map(|keys| &keys.current) {
            None => None,
            Some(current) if current.mode == KeyMode::Device => {
                let given = new
                    .approval
                    .filter(|approval| current.consent_key.verify(&digest.0, approval));
                let given = given.ok_or_else(|| {
                    refused("the key in force has not approved the change by its signature")
                })?;
                Some(given)
            }
            Some(current) => {
                let seed = self.custodial_seed(patient, current).await?;
                self.sign_withdrawals_ahead(patient, &seed).await?;
                Some(SecretKey::from_seed(&seed.consent_signing()).sign(&digest.0))
            }
        };
        let row = PatientKey {
            patient: patient.to_owned(),
            number,
            mode: KeyMode::Device.name().to_owned(),
            reason: if number == 1 { "enrolled" } else { "replaced" }.to_owned(),
            consent_key: new.consent_key.0.to_vec(),
            x_wing_key: new.x_wing_key,
            since_us: instant::floor_ms(self.now_us()),
            possession: new.possession.0.to_vec(),
            approval: approval.map(|approval| approval.0.to_vec()),
            record: new_id()?,
            integrity: Vec::new(),
        };
        self.store_key(row, SeedChange::Destroy, &caller.username)
            .await?;
        let keys = self.patient_keys(patient).await?;
        keys.ok_or_else(|| HospitalError::Absent(format!("the key of Patient/{patient}")))
    }

    pub(super) fn change_digest(
        &self,
        patient: &str,
        number: u64,
        keys: (&PublicKey, Option<&[u8]>),
    ) -> Digest {
        let organisation = &self.0.organisation;
        key_change_digest(&self.0.chain_id, organisation, patient, number, keys)
    }

    /// The seed of a custodial patient; it must be that of the key in force.
    pub(crate) async fn custodial_seed(
        &self,
        patient: &str,
        current: &PatientKeyChange,
    ) -> Result<Seed, HospitalError> {
        let damaged = |reason: &str| HospitalError::Damaged {
            item: format!("seed of Patient/{patient}"),
            reason: reason.into(),
        };
        let wrapped = self.0.store.patient_seed(patient).await?;
        let wrapped = wrapped.ok_or_else(|| damaged("the database does not have it"))?;
        let root = self.0.keyring.root();
        let seed = Seed::open_custodial(root, &self.0.organisation, patient, &wrapped)
            .map_err(|error| damaged(&error.to_string()))?;
        if SecretKey::from_seed(&seed.consent_signing()).public() != current.consent_key {
            return Err(damaged("it is not the seed of the key in force"));
        }
        Ok(seed)
    }
}

/// A request about keys that is not done.
pub(super) fn refused(text: &str) -> HospitalError {
    HospitalError::request("business-rule", text, "see docs/reference/keys.md")
}
