//! What a patient sees of the trials in which they take part here: what was sealed when, what they
//! consented to, and what became of it. Never the arm, nor the slot that would tell of it.

use ledger::State;
use proof::Digest;
use store::Drawer;
use trial::acts::{Keep, Site};

use super::kept::{KeptParticipant, KeptVersion, What};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Participants that are looked through, and how many at a time.
const LOOKED_MAX: usize = 100_000;
const ROWS: u32 = 512;
/// Trials of one patient, and versions of one trial, that are shown.
const TRIALS_MAX: usize = 100;
const VERSIONS_MAX: u32 = 100;

/// A version of the protocol, as far as a participant is told.
#[derive(Debug, Clone)]
pub struct VersionTold {
    /// From 1.
    pub number: u32,
    /// When it was sealed, milliseconds since 1970.
    pub sealed_ms: u64,
    /// How many took part by then, at all sites.
    pub enrolled: u32,
    /// What the ledger has of it.
    pub commitment: Digest,
    /// Whether the text that the site has is the one that was sealed; `None`: the site has none.
    pub is_the_sealed: Option<bool>,
    /// Why it was amended.
    pub reason: Option<String>,
}

/// A consent of the participant.
#[derive(Debug, Clone)]
pub struct ConsentTold {
    /// To which version.
    pub version: u32,
    /// In words, or as a reference.
    pub text: String,
    /// What the ledger has of it.
    pub commitment: Option<Digest>,
    /// Opens the commitment to the words, 64 hexadecimal digits.
    pub key: String,
    /// The entry of the ledger's history, whose receipt anybody can have.
    pub entry: Option<u64>,
}

/// A trial in which a patient takes part, or took part.
#[derive(Debug, Clone)]
pub struct Participation {
    /// The trial.
    pub trial: Digest,
    /// Its title; empty if the protocol has not come.
    pub title: String,
    /// Who plans it and pays for it.
    pub sponsor: String,
    /// Who takes part in it, beside the sponsor, with their parts.
    pub parties: Vec<(String, &'static str)>,
    /// The name by which the participant stands on the ledger.
    pub participant: Digest,
    /// When the participant was enrolled, milliseconds since 1970.
    pub enrolled_ms: u64,
    /// The version that the participant consented to last.
    pub version: u32,
    /// The version in force.
    pub in_force: u32,
    /// Whether a consent to a later version is due.
    pub must_consent: bool,
    /// When the participant withdrew, what may be kept, and the entry of the history.
    pub withdrawn: Option<(u64, Keep, Option<u64>)>,
    /// When the arm was opened in an emergency, milliseconds since 1970.
    pub unblinded_ms: Option<u64>,
    /// Whether the data are locked now.
    pub is_locked: bool,
    /// How this site's list was drawn.
    pub site: Site,
    /// The versions, the first one first.
    pub versions: Vec<VersionTold>,
    /// The consents, the first one first.
    pub consents: Vec<ConsentTold>,
}

impl Hospital {
    /// The trials of a patient at this organisation; for the patient, or who acts for one.
    pub async fn participations(
        &self,
        caller: &Caller,
        agent: AccessAgent,
    ) -> Result<Vec<Participation>, HospitalError> {
        let patient = match (caller.role, &caller.patient) {
            (Role::Patient, Some(patient)) => patient.clone(),
            (role, _) => {
                return Err(HospitalError::Forbidden(format!(
                    "the role {role} takes part in no trial: this is for patients"
                )));
            }
        };
        let state = self.fresh_state().await?;
        let mut seen = Vec::new();
        for (trial, name, kept) in self.taking_part(&patient).await? {
            seen.extend(self.participation(&state, (&trial, &name), kept).await?);
        }
        seen.sort_by_key(|it: &Participation| std::cmp::Reverse(it.enrolled_ms));
        let deed = AccessDeed::Operation("trial-participations".into());
        let access = Access {
            patient: Some(patient),
            ..Access::new(agent, deed, self.now_us())
        };
        self.record_access(access).await?;
        Ok(seen)
    }

    /// The rows of participants that name a patient.
    async fn taking_part(
        &self,
        patient: &str,
    ) -> Result<Vec<(Digest, Digest, KeptParticipant)>, HospitalError> {
        let (mut found, mut before, mut looked) = (Vec::new(), None, 0);
        loop {
            let rows = self
                .0
                .store
                .latest_sealed(Drawer::Participants, before, ROWS);
            let rows = rows.await?;
            let Some(last) = rows.last() else { break };
            before = Some((last.at_us, last.id.clone()));
            looked += rows.len();
            for row in &rows {
                let kept: KeptParticipant = self.opened_row(Drawer::Participants, row)?;
                let (Some(trial), Some(name)) =
                    (row.id.first_chunk::<32>(), row.id.last_chunk::<32>())
                else {
                    continue;
                };
                if kept.patient.as_deref() == Some(patient) {
                    found.push((Digest(*trial), Digest(*name), kept));
                }
            }
            if looked >= LOOKED_MAX || found.len() >= TRIALS_MAX {
                break;
            }
        }
        Ok(found)
    }

    /// `None`: the ledger does not have the participant.
    async fn participation(
        &self,
        state: &State,
        (id, name): (&Digest, &Digest),
        kept: KeptParticipant,
    ) -> Result<Option<Participation>, HospitalError> {
        let (Some(trial), Some(known)) = (state.trial(id), state.trial_participant(id, name))
        else {
            return Ok(None);
        };
        let (mut versions, mut title) = (Vec::new(), String::new());
        for number in 1..=trial.version.min(VERSIONS_MAX) {
            let Some(sealed) = state.trial_version(id, number) else {
                continue;
            };
            let here: Option<KeptVersion> = self.kept_of_trial(id, What::Version(number)).await?;
            versions.push(VersionTold {
                number,
                sealed_ms: sealed.time_ms,
                enrolled: sealed.enrolled,
                commitment: sealed.protocol,
                is_the_sealed: here.as_ref().map(|it| it.is_sealed(&sealed)),
                reason: here
                    .as_ref()
                    .map(|it| it.reason.clone())
                    .filter(|it| !it.is_empty()),
            });
            if let Some(here) = here {
                title = here.protocol.title;
            }
        }
        let patient = kept.patient.as_deref();
        let consents = kept.consents.into_iter().map(|it| ConsentTold {
            version: it.version,
            commitment: it.commitment(patient),
            text: it.text,
            key: it.key,
            entry: it.entry,
        });
        let parties = trial.parties.iter();
        Ok(Some(Participation {
            trial: *id,
            title,
            parties: parties
                .map(|it| (it.organisation.clone(), it.role.word()))
                .collect(),
            participant: *name,
            enrolled_ms: known.enrolled_ms,
            version: known.version,
            in_force: trial.version,
            must_consent: known.withdrawn.is_none() && known.version < trial.reconsent,
            withdrawn: known
                .withdrawn
                .map(|(time_ms, keep)| (time_ms, keep, kept.withdrawn_entry)),
            unblinded_ms: known.unblinded.map(|it| it.0),
            is_locked: trial.lock.is_some(),
            site: state.trial_site(id, &self.0.organisation),
            versions,
            consents: consents.collect(),
            sponsor: trial.sponsor,
        }))
    }
}
