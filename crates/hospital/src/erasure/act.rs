//! Beginning an erasure: who may, what is in its way, and the ledger.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use consent::acts::Erase;
use ledger::Kind;
use proof::{Canonical, Digest};
use store::PactKind;

use super::plan::{Other, Plan, commitment_keys};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::identity::DelegationKind;
use crate::keyring::failed;
use crate::setup::Hospital;

/// Most bytes of an administrator's words.
const WORDS_BYTES_MAX: usize = 2_000;
/// Grants that one holder is told of; the others go with the link, by which it finds them too.
const GRANTS_MAX: usize = 256;

/// An erasure that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureBegun {
    /// Its id on the ledger.
    pub id: Digest,
    /// Opens the commitment to the patient: for the patient, who reads the certificate with it.
    pub key: String,
    /// Whether everything here is gone already.
    pub done_here: bool,
}

impl Hospital {
    /// Erases a patient. Answers when everything here is gone and attested, or, if the ledger
    /// takes longer, when it cannot be stopped any more. `shared` names every record that goes
    /// too although it names others: [`Hospital::preview_erasure`].
    pub async fn erase(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
        shared: &[String],
    ) -> Result<ErasureBegun, HospitalError> {
        may_erase(caller, patient, words, shared)?;
        let (hospital, caller) = (self.clone(), caller.clone());
        let (patient, words, shared) = (patient.to_owned(), words.to_owned(), shared.to_owned());
        // A task of its own: a client that hangs up does not stop it half way.
        let begun = tokio::spawn(async move {
            let _one = hospital.0.erasing.one.lock().await;
            hospital.begin(&caller, &patient, &words, &shared).await
        });
        let gone = |_| HospitalError::Internal("the task of an erasure is gone".into());
        let begun = begun.await.map_err(gone)??;
        let hospital = self.clone();
        // The node tells them again and again (`pursue_erasures`): this only spares the wait.
        tokio::spawn(async move {
            if let Err(error) = hospital.pursue_erasures().await {
                tracing::warn!(%error, "the holders of an erased record were not told yet");
            }
        });
        Ok(begun)
    }

    async fn begin(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
        shared: &[String],
    ) -> Result<ErasureBegun, HospitalError> {
        let under_way = self.plans().await?;
        if let Some((id, plan)) = under_way.into_iter().find(|(_, it)| it.patient == patient) {
            return Ok(ErasureBegun {
                id,
                key: plan.subject_key,
                done_here: false,
            });
        }
        self.refuse_unknown(patient).await?;
        self.refuse_held(patient).await?;
        // From here on nothing is made for the patient that the plan does not know of.
        self.0.keyring.leave(patient);
        let begun = match self.refuse_undecided(patient, shared).await {
            Ok(()) => self.put_on_ledger(caller, patient, words, shared).await,
            Err(error) => Err(error),
        };
        let (id, plan) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.0.keyring.stay(patient);
                return Err(error);
            }
        };
        let done_here = self.0.chain.state().erasure(&id).is_some();
        if done_here {
            self.destroy(&id, &plan).await?;
            if let Err(error) = self.attest(&id).await {
                tracing::warn!(%error, "an erasure is not attested here yet");
            }
        }
        Ok(ErasureBegun {
            id,
            key: plan.subject_key,
            done_here,
        })
    }

    /// Plans an erasure and puts it on the ledger. A failure leaves nothing; an answer means that
    /// it cannot be stopped any more, even if the ledger has not accepted it yet.
    async fn put_on_ledger(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
        shared: &[String],
    ) -> Result<(Digest, Plan), HospitalError> {
        let id = Digest(vault::random().map_err(failed)?);
        let plan = self
            .planned(&id, (caller.role.name(), words), patient, shared)
            .await?;
        self.0.erasing.none_under_way.store(false, Ordering::SeqCst);
        self.keep_plan(&id, &plan).await?;
        let enacted = match self.submit_erasure(&id, &plan).await {
            Ok(transaction) => self.enacted(&transaction).await.map(|_| ()).or_else(late),
            refused => refused.map(|_| ()),
        };
        if let Err(error) = enacted {
            self.drop_plan(&id).await?;
            return Err(error);
        }
        Ok((id, plan))
    }

    /// Signs the erasure and hands it to the ledger.
    pub(super) async fn submit_erasure(
        &self,
        id: &Digest,
        plan: &Plan,
    ) -> Result<Digest, HospitalError> {
        let body = Erase {
            id: *id,
            subject: plan.subject(&self.0.organisation)?,
            holders: plan.holders()?,
        };
        self.sign_and_submit(Kind::Erase as u8, body.to_bytes(), |_| async { Ok(()) })
            .await
    }

    async fn planned(
        &self,
        id: &Digest,
        (by, words): (&str, &str),
        patient: &str,
        shared: &[String],
    ) -> Result<Plan, HospitalError> {
        let others = self.other_holders(patient).await?;
        let (subject_key, holders_key) = commitment_keys(self.0.keyring.root(), id, patient);
        Ok(Plan {
            patient: patient.to_owned(),
            subject_key: Digest(subject_key.0).to_string(),
            holders_key: Digest(holders_key.0).to_string(),
            holders: self.names(&others),
            others,
            by: by.to_owned(),
            words: words.to_owned(),
            shared: shared.to_owned(),
        })
    }

    /// Who would have to attest.
    pub(super) async fn holders_of(&self, patient: &str) -> Result<Vec<String>, HospitalError> {
        Ok(self.names(&self.other_holders(patient).await?))
    }

    fn names(&self, others: &[Other]) -> Vec<String> {
        let mut names: Vec<String> = others.iter().map(|it| it.organisation.clone()).collect();
        names.push(self.0.organisation.clone());
        names.sort();
        names.dedup();
        names
    }

    /// The organisations with a link or a grant of the patient, the ended ones too.
    pub(super) async fn other_holders(&self, patient: &str) -> Result<Vec<Other>, HospitalError> {
        let mut found: BTreeMap<String, Other> = BTreeMap::new();
        for link in self.links_kept(patient).await? {
            let other = other(&mut found, &link.0);
            other.pseudonyms.push(link.1);
        }
        for grant in self.0.store.pacts_of(PactKind::Given, patient).await? {
            let id = <[u8; 32]>::try_from(grant.id.as_slice()).map(Digest);
            for recipient in self.recipients_of(&grant)? {
                let other = other(&mut found, &recipient);
                if let Ok(id) = &id
                    && other.grants.len() < GRANTS_MAX
                {
                    other.grants.push(id.to_string());
                }
            }
        }
        Ok(found.into_values().collect())
    }
}

/// Signed and on its way, but not in time: it may be accepted yet, so it counts as begun.
fn late(error: HospitalError) -> Result<(), HospitalError> {
    match error {
        HospitalError::Busy(_) => Ok(()),
        other => Err(other),
    }
}

fn other<'a>(found: &'a mut BTreeMap<String, Other>, name: &str) -> &'a mut Other {
    found.entry(name.to_owned()).or_insert_with(|| Other {
        organisation: name.to_owned(),
        pseudonyms: Vec::new(),
        grants: Vec::new(),
    })
}

/// The patient, a guardian, or an administrator who says why.
fn may_erase(
    caller: &Caller,
    patient: &str,
    words: &str,
    shared: &[String],
) -> Result<(), HospitalError> {
    if caller.sight.reach.is_some() {
        return Err(HospitalError::OutOfScope(
            "an app does not erase a patient: sign in with name and password".into(),
        ));
    }
    if words.len() > WORDS_BYTES_MAX {
        return Err(HospitalError::request(
            "too-costly",
            format!("the words have more than {WORDS_BYTES_MAX} bytes"),
            "say it shorter",
        ));
    }
    let proxy = matches!(&caller.acting, Some(acting) if acting.kind == DelegationKind::Proxy);
    match caller.role {
        // What others have a part in is not one patient's to decide.
        Role::Patient if !shared.is_empty() => Err(HospitalError::Forbidden(
            "an administrator decides about records that name others too".into(),
        )),
        Role::Patient if proxy => Err(HospitalError::Forbidden(
            "a proxy does not erase whom it acts for".into(),
        )),
        Role::Patient if caller.compartment() == Some(patient) => Ok(()),
        // Somebody else's patient record is absent for a patient.
        Role::Patient => Err(HospitalError::Absent(format!("Patient/{patient}"))),
        Role::Admin if words.trim().is_empty() => Err(HospitalError::request(
            "required",
            "an administrator says why a patient is erased",
            "send {\"words\": \"...\"} with the patient's request or the ground in law",
        )),
        Role::Admin => Ok(()),
        role => Err(HospitalError::Forbidden(format!(
            "the role {role} does not erase patients"
        ))),
    }
}
