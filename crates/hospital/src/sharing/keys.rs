//! The patient's keys that sharing needs, from the seed that is kept for the patient.
//!
//! A patient whose seed is on a device signs there; what this organisation cannot sign it says so.

use proof::SecretKey;

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::identity::KeyMode;
use crate::setup::Hospital;

impl Hospital {
    /// The one-time key of a grant, and whether this organisation keeps it for the patient.
    pub(super) async fn grant_authority(
        &self,
        caller: &Caller,
        patient: &str,
        grant: &[u8; 32],
    ) -> Result<(SecretKey, bool), HospitalError> {
        let (seed, _) = self.signing_seed(caller, patient).await?;
        Ok((SecretKey::from_seed(&seed.grant_authority(grant)), true))
    }

    /// What the patient is called between this organisation and another. The patient asked for it
    /// by making a code.
    pub(super) async fn linking_pseudonym(
        &self,
        patient: &str,
        organisation: &str,
    ) -> Result<[u8; 32], HospitalError> {
        let missing = || HospitalError::Absent(format!("the key of Patient/{patient}"));
        let keys = self.patient_keys(patient).await?.ok_or_else(missing)?;
        if keys.current.mode == KeyMode::Device {
            return Err(HospitalError::request(
                "not-supported",
                "the patient's keys are on a device, which alone knows the pseudonym",
                "link from the device",
            ));
        }
        let seed = self.custodial_seed(patient, &keys.current).await?;
        Ok(seed.pseudonym(organisation))
    }
}
