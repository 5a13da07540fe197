//! Signing for a patient whose keys this organisation keeps.

use proof::{Digest, PublicKey, SecretKey, Signature};
use vault::Seed;

use super::delegations::may_act;
use super::keys::{KeyMode, PatientKeyChange, refused};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Longest message that is signed.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Longest id of a grant.
const GRANT_BYTES_MAX: usize = 64;

/// A grant, signed for the patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantSignature {
    /// Where the seed is: every consent says it.
    pub mode: KeyMode,
    /// The patient's consent key.
    pub consent_key: PublicKey,
    /// Its signature over [`consent_digest`].
    pub signature: Signature,
    /// The one-time key that alone revokes this grant.
    pub authority: PublicKey,
}

/// What a consent key signs: the bytes of the consent, on this ledger.
pub fn consent_digest(chain_id: &Digest, message: &[u8]) -> Digest {
    consent::statement::signed(chain_id, message)
}

impl Hospital {
    /// Signs the canonical bytes of a consent with the patient's keys, which are made here if the
    /// patient has none. Refused for a patient whose seed is on a device.
    pub async fn sign_grant(
        &self,
        caller: &Caller,
        patient: &str,
        grant: &[u8],
        message: &[u8],
    ) -> Result<GrantSignature, HospitalError> {
        bounded(grant, message)?;
        let (seed, current) = self.signing_seed(caller, patient).await?;
        let key = SecretKey::from_seed(&seed.consent_signing());
        Ok(GrantSignature {
            mode: current.mode,
            consent_key: key.public(),
            signature: key.sign(&consent_digest(&self.0.chain_id, message).0),
            authority: SecretKey::from_seed(&seed.grant_authority(grant)).public(),
        })
    }

    /// Signs with the one-time key of a grant; the ledger says over which bytes (`Revoke`).
    pub async fn sign_revoke(
        &self,
        caller: &Caller,
        patient: &str,
        grant: &[u8],
        message: &[u8],
    ) -> Result<Signature, HospitalError> {
        bounded(grant, message)?;
        let (seed, _) = self.signing_seed(caller, patient).await?;
        Ok(SecretKey::from_seed(&seed.grant_authority(grant)).sign(message))
    }

    /// What a patient with custodial keys is called at another organisation.
    pub async fn patient_pseudonym(
        &self,
        caller: &Caller,
        patient: &str,
        organisation: &str,
    ) -> Result<[u8; 32], HospitalError> {
        let (seed, _) = self.signing_seed(caller, patient).await?;
        Ok(seed.pseudonym(organisation))
    }

    pub(crate) async fn signing_seed(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<(Seed, PatientKeyChange), HospitalError> {
        may_act(caller, patient)?;
        let current = match self.patient_keys(patient).await? {
            Some(keys) => keys.current,
            None => self.enrol_custodial_key(caller, patient).await?.current,
        };
        if current.mode == KeyMode::Device {
            return Err(HospitalError::request(
                "business-rule",
                "the patient's keys are on a device: it must sign, nobody here can",
                "send `prepare`, and then what the device signed: docs/reference/sharing.md",
            ));
        }
        let seed = self.custodial_seed(patient, &current).await?;
        Ok((seed, current))
    }
}

fn bounded(grant: &[u8], message: &[u8]) -> Result<(), HospitalError> {
    if grant.len() > GRANT_BYTES_MAX || message.len() > MESSAGE_BYTES_MAX {
        return Err(refused(
            "a grant's id has at most 64 bytes, a consent 1 MiB",
        ));
    }
    Ok(())
}
