//! The pseudonym of a patient whose seed is kept here.

use crate::error::HospitalError;
use crate::identity::KeyMode;
use crate::setup::Hospital;

impl Hospital {
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
