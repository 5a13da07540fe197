//! Trials: what is kept about them is what was sealed on the ledger.
//!
//! Rows of values are records, and looked at with all versions. Here: protocols, reports and locks
//! against their commitments, participants against their pseudonyms and consents.

use proof::Digest;
use store::{Drawer, Sealed};

use super::{Desk, Report};
use crate::error::HospitalError;
use crate::sealed;
use crate::trials::kept::{self, KeptDecision, KeptParticipant, KeptReport, KeptVersion};

/// Rows read at a time.
const ROWS: u32 = 512;

impl Desk {
    /// Compares what is kept of trials with what the ledger says of them.
    pub(super) async fn trials(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let Some(state) = &self.state else {
            return Ok(());
        };
        for drawer in [Drawer::Trials, Drawer::Participants] {
            let mut before = None;
            loop {
                let page = self.store.latest_sealed(drawer, before, ROWS).await?;
                let Some(last) = page.last() else { break };
                before = Some((last.at_us, last.id.clone()));
                for row in &page {
                    self.compare_trial(drawer, row, state, report).await?;
                }
            }
        }
        Ok(())
    }

    async fn compare_trial(
        &self,
        drawer: Drawer,
        row: &Sealed,
        state: &ledger::State,
        report: &mut Report<'_>,
    ) -> Result<(), HospitalError> {
        let label = sealed::seal_label(drawer, &row.id, row.at_us);
        // What does not open is told with all sealed rows.
        let Ok(bytes) = self.keyring.root().open_row(&label, &row.body) else {
            return Ok(());
        };
        let Some(trial) = row.id.first_chunk::<32>().copied().map(Digest) else {
            return Ok(());
        };
        let number = row
            .id
            .get(33..37)
            .and_then(|it| <[u8; 4]>::try_from(it).ok());
        let number = number.map_or(0, u32::from_be_bytes);
        let other = "it is not what was sealed on the ledger";
        match (drawer, row.id.get(32)) {
            (Drawer::Participants, _) => {
                let name = row
                    .id
                    .get(32..)
                    .and_then(|it| <[u8; 32]>::try_from(it).ok());
                let name = name.map(Digest).unwrap_or_default();
                let item = format!("participant {name} of trial {trial}");
                let kept: Option<KeptParticipant> = serde_json::from_slice(&bytes).ok();
                let Some(kept) = kept else {
                    report.find(item, "its row is no participant");
                    return Ok(());
                };
                // One that was never enrolled is left by an act that was refused while killed.
                let Some(known) = state.trial_participant(&trial, &name) else {
                    return Ok(());
                };
                if self.pseudonym_of(&trial, &kept.subject).await? != Some(name) {
                    report.find(
                        item.clone(),
                        "the person in it is not the one who was enrolled",
                    );
                }
                let patient = kept.patient.as_deref();
                let mut consents = kept.consents.iter().filter_map(|it| it.commitment(patient));
                if !consents.any(|it| it == known.consent) {
                    report.find(
                        item,
                        "its consent, or the patient who gave it, is not the one that was sealed",
                    );
                }
            }
            (_, Some(1)) => {
                let kept: Option<KeptVersion> = serde_json::from_slice(&bytes).ok();
                let sealed = state.trial_version(&trial, number);
                if let Some(sealed) = sealed
                    && !kept.is_some_and(|it| it.is_sealed(&sealed))
                {
                    report.find(format!("protocol version {number} of trial {trial}"), other);
                }
            }
            (_, Some(2)) => {
                let kept: Option<KeptDecision> = serde_json::from_slice(&bytes).ok();
                let decided = state.trial_decision(&trial, number);
                if let Some(decided) = decided
                    && !kept.is_some_and(|it| it.is_sealed(&decided.decision))
                {
                    report.find(format!("decision {number} of trial {trial}"), other);
                }
            }
            (_, Some(3)) => {
                let kept: Option<KeptReport> = serde_json::from_slice(&bytes).ok();
                let sealed = state.trial_report(&trial, number);
                if let Some(sealed) = sealed
                    && !kept.is_some_and(|it| it.is_sealed(&sealed.results))
                {
                    report.find(format!("report {number} of trial {trial}"), other);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The pseudonym that a subject has here; `None`: the secret is gone or does not open.
    async fn pseudonym_of(
        &self,
        trial: &Digest,
        subject: &str,
    ) -> Result<Option<Digest>, HospitalError> {
        let name = kept::people_secret(trial);
        let Some(setting) = self.store.setting(&name).await? else {
            return Ok(None);
        };
        let opened = self.keyring.root().open_secret(&name, &setting.value);
        let secret = opened
            .ok()
            .and_then(|it| <[u8; 32]>::try_from(it.as_slice()).ok());
        Ok(secret.map(|secret| kept::pseudonym(&Digest(secret), subject)))
    }
}
