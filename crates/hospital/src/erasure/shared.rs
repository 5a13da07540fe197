//! Records that name the patient and somebody else: known before an erasure, decided about one by
//! one. `docs/decisions/0020-records-of-several-patients.md` says why.

use std::collections::{BTreeMap, BTreeSet};

use store::{Erasure, SharedRecord};

use super::plan::Plan;
use crate::access_log::{Access, AccessAgent, AccessDeed, Touched};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::keyring::patient_vault;
use crate::setup::Hospital;

/// Most shared records that one erasure takes along.
pub const SHARED_MAX: usize = 1_000;

/// What an erasure would do, told before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasurePreview {
    /// Whether a legal hold is in its way.
    pub held: bool,
    /// Who would have to attest, this organisation included.
    pub holders: Vec<String>,
    /// The records that are not the patient's alone: each is amended before, or goes too.
    pub shared: Vec<SharedRecord>,
    /// Whether there are more than [`SHARED_MAX`] of them: some have to be amended first.
    pub more: bool,
}

impl Hospital {
    /// What the erasure of a patient would do. Changes nothing.
    pub async fn preview_erasure(
        &self,
        caller: &Caller,
        patient: &str,
    ) -> Result<ErasurePreview, HospitalError> {
        if !matches!(caller.role, Role::Admin | Role::Auditor) || caller.sight.reach.is_some() {
            return Err(HospitalError::Forbidden(
                "an administrator or an auditor looks at an erasure before it".into(),
            ));
        }
        self.refuse_unknown(patient).await?;
        let mut shared = self.shared_records(patient).await?;
        let more = shared.len() > SHARED_MAX;
        shared.truncate(SHARED_MAX);
        Ok(ErasurePreview {
            held: self.is_held(patient).await?,
            holders: self.holders_of(patient).await?,
            shared,
            more,
        })
    }

    /// Nobody of this id, or erased: nobody learns which.
    pub(super) async fn refuse_unknown(&self, patient: &str) -> Result<(), HospitalError> {
        let store = &self.0.store;
        let key = store.vault_key(&patient_vault(patient)).await?;
        // A Patient who is linked to another has a key together with that one.
        if key.is_none() && store.current("Patient", patient).await?.is_none() {
            return Err(HospitalError::Absent(format!("Patient/{patient}")));
        }
        Ok(())
    }

    /// Refuses an erasure unless somebody decided about each record that is not the patient's
    /// alone: those named go too, all others have to be amended before.
    pub(super) async fn refuse_undecided(
        &self,
        patient: &str,
        decided: &[String],
    ) -> Result<(), HospitalError> {
        let shared = self.shared_records(patient).await?;
        let consents = shared.iter().filter(|it| it.type_ == "Consent");
        for consent in consents {
            for other in &consent.also {
                // What another patient refused would be open, and what was shared without terms.
                if self.rests_on(other, &consent.id).await? {
                    return Err(HospitalError::request(
                        "conflict",
                        "a consent of another patient that holds names this one",
                        "take the patient out of it first: GET /erasures/preview shows which",
                    ));
                }
            }
        }
        let found: BTreeSet<String> = shared.iter().map(name).collect();
        let decided: BTreeSet<String> = decided.iter().cloned().collect();
        let open = found.difference(&decided).count();
        let (reason, hint) = if shared.len() > SHARED_MAX {
            let reason = format!("more than {SHARED_MAX} records name others too");
            (reason, "amend or delete some of them first")
        } else if open > 0 {
            let reason = format!("{open} records name others too, and nobody decided about them");
            let hint = "an administrator sees them at GET /erasures/preview?patient=..., takes the \
                        patient out of those that others keep, and names the rest as `shared`";
            (reason, hint)
        } else if decided != found {
            let reason = "a record that shall go too does not name the patient and others".into();
            (reason, "look again: GET /erasures/preview?patient=...")
        } else {
            return Ok(());
        };
        Err(HospitalError::request("conflict", reason, hint))
    }

    /// The names of what goes although it is not the patient's alone.
    pub(super) async fn preview_shared(&self, patient: &str) -> Result<Vec<String>, HospitalError> {
        let shared = self.shared_records(patient).await?;
        Ok(shared.iter().map(name).collect())
    }

    /// One more than [`SHARED_MAX`] at most.
    async fn shared_records(&self, patient: &str) -> Result<Vec<SharedRecord>, HospitalError> {
        let of = Erasure {
            id: [0; 32],
            patient: patient.to_owned(),
            vault: patient_vault(patient),
            sealed: Vec::new(),
            in_tickets: Vec::new(),
        };
        Ok(self.0.store.shared_with(of, SHARED_MAX + 1).await?)
    }

    /// Writes into the log of each other patient what is about to go. Done again after a crash: an
    /// event too many says nothing wrong.
    pub(super) async fn tell_others(&self, plan: &Plan) -> Result<(), HospitalError> {
        let mut of: BTreeMap<String, Vec<Touched>> = BTreeMap::new();
        for record in self.shared_records(&plan.patient).await? {
            for other in record.also {
                of.entry(other).or_default().push(Touched {
                    type_: record.type_.clone(),
                    id: record.id.clone(),
                    version: Some(record.version),
                });
            }
        }
        let agent = AccessAgent {
            role: plan.by.clone(),
            ..AccessAgent::default()
        };
        let accesses = of.into_iter().map(|(patient, touched)| Access {
            patient: Some(patient),
            touched,
            ..Access::new(
                agent.clone(),
                AccessDeed::Operation("erase".into()),
                self.now_us(),
            )
        });
        self.record_accesses(accesses.collect()).await?;
        Ok(())
    }
}

/// `Observation/17`.
fn name(record: &SharedRecord) -> String {
    format!("{}/{}", record.type_, record.id)
}
