//! A legal hold: as long as it stands, nothing of a patient is erased (GDPR article 17(3)).

use serde::{Deserialize, Serialize};
use store::HoldStep;

use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::identity::statement::hold_mark;
use crate::keyring::{failed, patient_vault};
use crate::setup::Hospital;

/// Most bytes of the words of a hold.
const WORDS_BYTES_MAX: usize = 2_000;
/// Steps read at a time.
const PAGE: u32 = 512;

/// A hold that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The logical id of the patient.
    pub patient: String,
    /// Who placed it.
    pub by: String,
    /// Why, in words.
    pub words: String,
    /// When, microseconds since 1970.
    pub since_us: i64,
}

impl Hospital {
    /// Places a hold. One that stands already stays as it is.
    pub async fn place_hold(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
    ) -> Result<Hold, HospitalError> {
        may_hold(caller, words)?;
        let _one = self.0.erasing.one.lock().await;
        self.current_record("Patient", patient).await?;
        if self.is_going(patient).await? {
            return Err(HospitalError::request(
                "conflict",
                "the patient, or one who is in the same records, is being erased already",
                "an erasure that is on the ledger cannot be stopped",
            ));
        }
        let last = self.last_step(patient).await?;
        if let Some(step) = last.as_ref().filter(|step| step.holds()) {
            return self.opened_hold(step);
        }
        self.next_step(caller, patient, words, last).await
    }

    /// Lifts a hold.
    pub async fn lift_hold(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
    ) -> Result<(), HospitalError> {
        may_hold(caller, words)?;
        let _one = self.0.erasing.one.lock().await;
        let last = self.last_step(patient).await?;
        let standing = last.filter(HoldStep::holds);
        let absent = || HospitalError::Absent(format!("a hold on Patient/{patient}"));
        let standing = standing.ok_or_else(absent)?;
        self.next_step(caller, patient, words, Some(standing))
            .await?;
        Ok(())
    }

    /// Adds a step with the Provenance that tells of it: whoever reads the record sees the hold,
    /// and the audit sees a row that was taken away.
    async fn next_step(
        &self,
        caller: &Caller,
        patient: &str,
        words: &str,
        last: Option<HoldStep>,
    ) -> Result<Hold, HospitalError> {
        let hold = Hold {
            patient: patient.to_owned(),
            by: caller.username.clone(),
            words: words.to_owned(),
            since_us: self.now_us(),
        };
        let number = last.map_or(0, |step| step.number) + 1;
        let bytes = serde_json::to_vec(&hold)
            .map_err(|error| HospitalError::Internal(format!("a hold does not print: {error}")))?;
        let root = self.0.keyring.root();
        let step = HoldStep {
            patient: patient.to_owned(),
            number,
            sealed: root
                .seal_secret(&label(patient, number), &bytes)
                .map_err(failed)?,
            record: new_id()?,
            integrity: Vec::new(),
        };
        self.store_hold(step, (&caller.username, words, hold.since_us))
            .await?;
        Ok(hold)
    }

    /// The holds that stand.
    pub async fn legal_holds(&self, caller: &Caller) -> Result<Vec<Hold>, HospitalError> {
        may_hold(caller, "read")?;
        let standing = self.standing_holds().await?;
        standing.iter().map(|step| self.opened_hold(step)).collect()
    }

    async fn standing_holds(&self) -> Result<Vec<HoldStep>, HospitalError> {
        let mut standing: Vec<HoldStep> = Vec::new();
        let mut after = (String::new(), 0);
        loop {
            let page = self.0.store.scan_holds((&after.0, after.1), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = (last.patient.clone(), last.number);
            for step in page {
                // The steps of one patient follow each other.
                standing.retain(|before| before.patient != step.patient);
                if step.holds() {
                    standing.push(step);
                }
            }
        }
        Ok(standing)
    }

    /// Refuses what a hold forbids.
    pub(super) async fn refuse_held(&self, patient: &str) -> Result<(), HospitalError> {
        if !self.is_held(patient).await? {
            return Ok(());
        }
        Err(HospitalError::request(
            "conflict",
            "a legal hold stands on this patient, or on one who is in the same records: nothing is \
             erased",
            "an administrator or auditor lifts it: DELETE /erasures/holds",
        ))
    }

    /// Whether a hold stands on the patient, or on somebody with whom the patient shares records:
    /// they would go, or former versions of them.
    pub(super) async fn is_held(&self, patient: &str) -> Result<bool, HospitalError> {
        let last = self.last_step(patient).await?;
        if last.is_some_and(|step| step.holds()) {
            return Ok(true);
        }
        for step in self.standing_holds().await? {
            if self.share_records(patient, &step.patient).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn share_records(&self, one: &str, other: &str) -> Result<bool, HospitalError> {
        let (one, other) = (patient_vault(one), patient_vault(other));
        Ok(self.0.store.share_a_key(&one, &other).await?)
    }

    /// Whether something of the patient is just going, with the patient or with somebody else.
    async fn is_going(&self, patient: &str) -> Result<bool, HospitalError> {
        if self.0.keyring.is_leaving(patient) {
            return Ok(true);
        }
        for (_, plan) in self.plans().await? {
            if self.share_records(&plan.patient, patient).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn last_step(&self, patient: &str) -> Result<Option<HoldStep>, HospitalError> {
        let Some(step) = self.0.store.last_hold(patient).await? else {
            return Ok(None);
        };
        let mark = hold_mark(self.0.keyring.root(), &step);
        if !vault::keys::same(&mark, &step.integrity) {
            return Err(damaged(&step));
        }
        Ok(Some(step))
    }

    fn opened_hold(&self, step: &HoldStep) -> Result<Hold, HospitalError> {
        let label = label(&step.patient, step.number);
        let opened = self.0.keyring.root().open_secret(&label, &step.sealed);
        let opened = opened.map_err(|_| damaged(step))?;
        serde_json::from_slice(&opened).map_err(|_| damaged(step))
    }
}

fn label(patient: &str, number: u64) -> String {
    format!("hold/{patient}/{number}")
}

fn damaged(step: &HoldStep) -> HospitalError {
    HospitalError::Damaged {
        item: format!(
            "step {} of the holds on Patient/{}",
            step.number, step.patient
        ),
        reason: "its row was changed outside Salus".into(),
    }
}

fn may_hold(caller: &Caller, words: &str) -> Result<(), HospitalError> {
    if !matches!(caller.role, Role::Admin | Role::Auditor) || caller.sight.reach.is_some() {
        return Err(HospitalError::Forbidden(
            "an administrator or an auditor places and lifts legal holds".into(),
        ));
    }
    if words.trim().is_empty() || words.len() > WORDS_BYTES_MAX {
        return Err(HospitalError::request(
            "required",
            format!("a hold needs words: 1 to {WORDS_BYTES_MAX} bytes"),
            "say on what ground it is placed or lifted",
        ));
    }
    Ok(())
}
