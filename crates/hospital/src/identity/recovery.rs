//! The recovery split of a custodial seed, and getting back a seed that was lost.

use proof::SecretKey;
use vault::Seed;
use vault::Zeroizing;
use vault::seed::recovery::Share;

use super::delegations::may_manage_keys;
use super::keys::{KeyMode, PatientKeys, refused};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// A share, to be shown once. `Debug` does not show it.
pub struct RecoveryShare {
    /// Names the set: shares of two sets do not fit.
    pub set: String,
    /// 1, 2 or 3.
    pub number: u8,
    /// What is to be printed or written down.
    pub text: Zeroizing<String>,
}

impl std::fmt::Debug for RecoveryShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecoveryShare({} of set {})", self.number, self.set)
    }
}

impl Hospital {
    /// Makes three shares of a patient's seed, any two of which give it back. They are kept
    /// nowhere. Shares that were made before stay good: they are of the same seed.
    pub async fn make_recovery(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<Vec<RecoveryShare>, HospitalError> {
        may_manage_keys(caller, patient)?;
        let keys = self.enrol_custodial_key(caller, patient).await?;
        if keys.current.mode == KeyMode::Device {
            return Err(refused(
                "the patient's seed is on a device: the device makes the shares",
            ));
        }
        let seed = self.custodial_seed(patient, &keys.current).await?;
        let shares = seed.split().map_err(failed)?;
        let shown = shares.iter().map(|share| {
            Ok(RecoveryShare {
                set: share.set().to_string(),
                number: share.number(),
                text: share.to_text().map_err(failed)?,
            })
        });
        shown.collect()
    }

    /// Puts a seed back from two or three shares: for a lost device, or for a custodial seed that
    /// does not open. The seed must be that of the key in force, which is the proof that it is the
    /// patient's; this organisation keeps it from then on.
    pub async fn restore_recovery(
        &self,
        caller: &Caller,
        patient: &str,
        texts: &[Zeroizing<String>],
    ) -> Result<PatientKeys, HospitalError> {
        may_manage_keys(caller, patient)?;
        self.current_record("Patient", patient).await?;
        if texts.len() > usize::from(vault::seed::recovery::SHARES) {
            return Err(refused("a set has three shares"));
        }
        let mut shares = Vec::with_capacity(texts.len());
        for (text, number) in texts.iter().zip(1..) {
            let share: Share = text
                .parse()
                .map_err(|error| refused(&format!("text {number}: {error}")))?;
            shares.push(share);
        }
        let seed = Seed::recover(&shares).map_err(|error| refused(&error.to_string()))?;
        let Some(keys) = self.patient_keys(patient).await? else {
            return Err(refused(
                "the patient has no key here that could be recovered",
            ));
        };
        let key = SecretKey::from_seed(&seed.consent_signing()).public();
        if key != keys.current.consent_key {
            return Err(refused(
                "the shares are of another seed than that of the patient's key",
            ));
        }
        let number = keys.current.number + 1;
        self.custodial(&caller.username, patient, number, "recovery", &seed)
            .await?;
        let keys = self.patient_keys(patient).await?;
        keys.ok_or_else(|| HospitalError::Absent(format!("the key of Patient/{patient}")))
    }
}
