//! Participants of a site: enrolled in the next slots, consenting again, withdrawing, their arms.

use ledger::Refusal;
use proof::Digest;
use std::collections::BTreeMap;
use trial::acts::{
    Act, Enrolment, Entrant, Keep, LISTED_MAX, Minimise, Participant, Refused, Role, Which,
};

use super::kept::{KeptConsent, KeptParticipant, committed, new_key};
use super::minimise::MinimisationPlan;
use super::seen::enrolled_at;
use super::{dispenses, investigates, looks, reasoned, wrong};
use crate::access_log::AccessAgent;
use crate::caller::{self, Caller};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Longest subject key.
const SUBJECT_BYTES_MAX: usize = 64;
/// Longest words of a consent.
const CONSENT_BYTES_MAX: usize = 4_000;
/// How often slots are asked for again, when others were faster.
const ATTEMPTS_MAX: usize = 20;
/// The refusal of a slot that is not the next one, whichever that is.
const TAKEN: Refusal = Refusal::Trial(Refused::Slot(0));
/// How long an arm is waited for: the sponsor's node opens its half by itself.
const ARM_WAIT: std::time::Duration = std::time::Duration::from_secs(15);

/// Somebody who is to take part.
#[derive(Debug, Clone)]
pub struct NewParticipant {
    /// The subject key of the trial, as `SUBJ-001`.
    pub subject: String,
    /// The place in the protocol's strata; 0 where there are none.
    pub stratum: u16,
    /// The names of levels, one of each factor, in a trial that minimises.
    pub levels: Vec<String>,
    /// The logical id of the patient here, if there is one.
    pub patient: Option<String>,
    /// What was consented to: words, or a reference to a Consent.
    pub consent: String,
}

/// Where somebody was enrolled.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The subject key.
    pub subject: String,
    /// The pseudonym on the ledger.
    pub participant: Digest,
    /// The stratum.
    pub stratum: u16,
    /// The slot in it.
    pub slot: u32,
}

/// A participant as this site knows it.
#[derive(Debug, Clone)]
pub struct ParticipantSeen {
    /// The subject key.
    pub subject: String,
    /// The pseudonym on the ledger.
    pub participant: Digest,
    /// What the ledger says.
    pub known: Participant,
    /// Whether the sponsor has opened its half of the slot.
    pub is_opened: bool,
    /// Whether a consent to a later version is due.
    pub must_consent: bool,
    /// The patient here; for clinicians alone.
    pub patient: Option<String>,
    /// The name of the arm: for a pharmacist, and for clinicians once it was opened in an
    /// emergency.
    pub arm: Option<String>,
}

impl Hospital {
    /// Enrols participants in the next slots of their strata, all or none.
    pub async fn enrol_participants(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, new): (&Digest, &[NewParticipant]),
    ) -> Result<Vec<Enrolled>, HospitalError> {
        investigates(caller)?;
        if new.is_empty() || new.len() > LISTED_MAX {
            return Err(wrong(format!("1 to {LISTED_MAX} participants at once")));
        }
        let (_, trial, _) = self.trial_here(id).await?;
        let mut kept = Vec::with_capacity(new.len());
        for one in new {
            is_subject(&one.subject)?;
            is_consent(&one.consent)?;
            let name = self.pseudonym(id, &one.subject).await?;
            if kept.iter().any(|(known, _): &(Digest, _)| *known == name) {
                return Err(wrong(format!("`{}` is there twice", one.subject)));
            }
            if self.0.chain.state().trial_participant(id, &name).is_some() {
                return Err(wrong(format!("`{}` is enrolled already", one.subject)));
            }
            let (_, key) = new_key()?;
            let content = KeptParticipant {
                subject: one.subject.clone(),
                patient: one.patient.clone(),
                consents: vec![KeptConsent {
                    version: trial.version,
                    text: one.consent.clone(),
                    key,
                    entry: None,
                }],
                unblinded: None,
                withdrawn_entry: None,
            };
            kept.push((name, content));
        }
        self.trial_access(agent, "enrol").await?;
        self.keep_participants(id, &kept).await?;
        let enrolled = self.enrol_kept((id, trial.version), new, &kept).await;
        match &enrolled {
            Ok((_, entry)) => {
                self.0.trials_wanted.notify_one();
                self.keep_entry(id, kept, *entry).await?;
            }
            // A node that is not sure keeps them: the ledger may have them.
            Err(HospitalError::Busy(_)) => {}
            Err(_) => self.forget_participants(id, &kept).await?,
        }
        enrolled.map(|it| it.0)
    }

    /// Keeps where in the history the latest consent of each stands.
    async fn keep_entry(
        &self,
        id: &Digest,
        mut kept: Vec<(Digest, KeptParticipant)>,
        entry: u64,
    ) -> Result<(), HospitalError> {
        for (_, one) in &mut kept {
            if let Some(consent) = one.consents.last_mut() {
                consent.entry = Some(entry);
            }
        }
        self.keep_participants(id, &kept).await
    }

    async fn enrol_kept(
        &self,
        (id, version): (&Digest, u32),
        new: &[NewParticipant],
        kept: &[(Digest, KeptParticipant)],
    ) -> Result<(Vec<Enrolled>, u64), HospitalError> {
        if let Some(plan) = &self.version_here(id, version).await?.protocol.minimisation {
            return self.enter_kept((id, version, plan), new, kept).await;
        }
        if new.iter().any(|one| !one.levels.is_empty()) {
            return Err(wrong("`levels` are for trials that minimise"));
        }
        let mut refused = None;
        for _ in 0..ATTEMPTS_MAX {
            // Slots are taken one after the other: whoever was faster has this one.
            let site = self.0.chain.state().trial_site(id, &self.0.organisation);
            let mut next = site.next;
            let mut enrolled = Vec::with_capacity(new.len());
            let mut participants = Vec::with_capacity(new.len());
            for (one, (name, content)) in new.iter().zip(kept) {
                let place = next.get_mut(usize::from(one.stratum));
                let slot = place.map(|next| {
                    *next += 1;
                    *next - 1
                });
                enrolled.push(Enrolled {
                    subject: one.subject.clone(),
                    participant: *name,
                    stratum: one.stratum,
                    slot: slot.unwrap_or_default(),
                });
                participants.push(Enrolment {
                    stratum: one.stratum,
                    slot: slot.unwrap_or_default(),
                    participant: *name,
                    consent: content.consent().unwrap_or_default(),
                });
            }
            let act = Act::Enrol {
                version,
                participants,
            };
            match self.act_of_trial(id, act).await {
                Ok(entry) => return Ok((enrolled, entry)),
                Err(error) => {
                    let now = self.0.chain.state().trial_site(id, &self.0.organisation);
                    let was = self.0.chain.state().trial(id).map(|it| it.version);
                    let moved = now.next.iter().zip(&next).any(|(now, next)| now > next)
                        || error.refusal() == Some(TAKEN.code());
                    if !moved || was != Some(version) {
                        return Err(error);
                    }
                    refused = Some(error);
                }
            }
        }
        Err(refused.unwrap_or_else(|| HospitalError::Contended("the slots of a list".into())))
    }

    /// The same where arms depend on those before: the ledger gives the numbers.
    async fn enter_kept(
        &self,
        (id, version, plan): (&Digest, u32, &MinimisationPlan),
        new: &[NewParticipant],
        kept: &[(Digest, KeptParticipant)],
    ) -> Result<(Vec<Enrolled>, u64), HospitalError> {
        let mut participants = Vec::with_capacity(new.len());
        for (one, (name, content)) in new.iter().zip(kept) {
            participants.push(Entrant {
                levels: plan.levels(&one.levels)?,
                participant: *name,
                consent: content.consent().unwrap_or_default(),
            });
        }
        let enter = Minimise::Enter {
            version,
            participants,
        };
        let entry = self.act_of_trial(id, Act::Minimise(enter)).await?;
        let state = self.0.chain.state();
        let enrolled = new.iter().zip(kept).map(|(one, (name, _))| {
            let known = state.trial_participant(id, name);
            Enrolled {
                subject: one.subject.clone(),
                participant: *name,
                stratum: 0,
                slot: known.map_or(0, |it| it.slot),
            }
        });
        Ok((enrolled.collect(), entry))
    }

    /// A participant consents to the version in force.
    pub async fn consent_again(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, subject, words): (&Digest, &str, &str),
    ) -> Result<u32, HospitalError> {
        investigates(caller)?;
        is_consent(words)?;
        let (_, trial, _) = self.trial_here(id).await?;
        let (participant, mut kept) = self.participant_here(id, subject).await?;
        let (_, digits) = new_key()?;
        kept.consents.push(KeptConsent {
            version: trial.version,
            text: words.to_owned(),
            key: digits,
            entry: None,
        });
        let act = Act::Consent {
            participant,
            version: trial.version,
            consent: kept.consent().unwrap_or_default(),
        };
        self.trial_access(agent, "consent").await?;
        let kept = vec![(participant, kept)];
        self.keep_participants(id, &kept).await?;
        let entry = self.act_of_trial(id, act).await?;
        self.keep_entry(id, kept, entry).await?;
        Ok(trial.version)
    }

    /// A participant withdraws: nothing is collected from now on.
    pub async fn withdraw_participant(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, subject, keep): (&Digest, &str, Keep),
    ) -> Result<(), HospitalError> {
        investigates(caller)?;
        let (participant, mut kept) = self.participant_here(id, subject).await?;
        self.trial_access(agent, "withdraw").await?;
        let act = Act::Withdraw { participant, keep };
        kept.withdrawn_entry = Some(self.act_of_trial(id, act).await?);
        self.keep_participants(id, &[(participant, kept)]).await
    }

    /// Opens an arm in an emergency: the ledger has it for ever that it was, and by whom.
    pub async fn unblind_participant(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, subject, reason): (&Digest, &str, &str),
    ) -> Result<String, HospitalError> {
        investigates(caller)?;
        let reason = reasoned(reason)?;
        let (participant, mut kept) = self.participant_here(id, subject).await?;
        self.trial_access(agent, "unblind").await?;
        let (key, digits) = new_key()?;
        let act = Act::Unblind {
            participant,
            reason: committed(&key, &reason),
        };
        self.act_of_trial(id, act).await?;
        kept.unblinded = Some(format!("{digits} {reason}"));
        self.keep_participants(id, &[(participant, kept)]).await?;
        self.arm_of(id, &participant).await
    }

    /// The arm of a participant, for whoever hands the treatment out.
    pub async fn allocation(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, subject): (&Digest, &str),
    ) -> Result<String, HospitalError> {
        dispenses(caller)?;
        let (participant, _) = self.participant_here(id, subject).await?;
        self.trial_access(agent, "allocation").await?;
        self.arm_of(id, &participant).await
    }

    /// Waits for the sponsor's half of the slot, and adds this site's.
    async fn arm_of(&self, id: &Digest, participant: &Digest) -> Result<String, HospitalError> {
        let until = tokio::time::Instant::now() + ARM_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            if let Some(arm) = self.arm_if_opened(id, participant).await? {
                return Ok(arm);
            }
            let changed = tokio::time::timeout_at(until, blocks.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return Err(HospitalError::Busy(
                    "the sponsor's node has not opened its half of this slot yet".into(),
                ));
            }
        }
    }

    pub(super) async fn arm_if_opened(
        &self,
        id: &Digest,
        participant: &Digest,
    ) -> Result<Option<String>, HospitalError> {
        let here = &self.0.organisation;
        let state = self.0.chain.state();
        let known = state.trial_participant(id, participant);
        let Some(known) = known.filter(|it| it.site == *here) else {
            return Ok(None);
        };
        if state.trial_minimisation(id).is_some() {
            let kept = self.version_here(id, known.version).await?;
            let numbers = [known.slot];
            let arms = self.minimised_arms((id, &kept.protocol), &numbers);
            return Ok(arms.await?.pop().flatten());
        }
        let slot = state.trial_slot(id, here, (known.stratum, known.slot));
        let Some(position) = slot.and_then(|it| it.position) else {
            return Ok(None);
        };
        // The design is the same in every version.
        let kept = self.version_here(id, known.version).await?;
        let design = kept.protocol.design()?;
        let site = state.trial_site(id, here);
        let half = self.half((id, &design), (here, &site), Which::Site).await?;
        let place = design.place(known.slot, position);
        let arm = half.and_then(|half| Some(half.leaf(known.stratum, place)?.value));
        let arm = arm.and_then(|arm| kept.protocol.arms.get(usize::from(arm)));
        Ok(arm.map(|arm| arm.name.clone()))
    }

    /// The participants of this site, stratum by stratum.
    pub async fn participants(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &Digest,
    ) -> Result<Vec<ParticipantSeen>, HospitalError> {
        looks(caller)?;
        let (state, trial, role) = self.trial_here(id).await?;
        if role != Role::Site {
            return Err(HospitalError::Forbidden(
                "only a site knows participants".into(),
            ));
        }
        self.trial_access(agent, "participants").await?;
        let here = &self.0.organisation;
        let enrolled = enrolled_at(&state, id, (&trial, here));
        let mut arms = self.known_arms(caller, id, &enrolled).await?;
        let mut seen = Vec::with_capacity(enrolled.len());
        for (name, is_opened) in enrolled {
            let Some(known) = state.trial_participant(id, &name) else {
                continue;
            };
            let kept = self.kept_participant(id, &name).await?;
            let sees_patient = caller.role == caller::Role::Clinician;
            let lost = || "(not in this database)".to_owned();
            seen.push(ParticipantSeen {
                subject: kept.as_ref().map_or_else(lost, |it| it.subject.clone()),
                participant: name,
                is_opened,
                must_consent: known.version < trial.reconsent,
                known,
                patient: kept.filter(|_| sees_patient).and_then(|it| it.patient),
                arm: arms.remove(&name),
            });
        }
        Ok(seen)
    }

    /// The arms that the caller may know: all for a pharmacist, those opened in an emergency for a
    /// clinician.
    async fn known_arms(
        &self,
        caller: &Caller,
        id: &Digest,
        enrolled: &[(Digest, bool)],
    ) -> Result<BTreeMap<Digest, String>, HospitalError> {
        let state = self.0.chain.state();
        let may_know = |known: &Participant| match caller.role {
            caller::Role::Pharmacist => true,
            caller::Role::Clinician => known.unblinded.is_some(),
            _ => false,
        };
        let known = enrolled.iter().filter_map(|(name, _)| {
            let known = state.trial_participant(id, name)?;
            may_know(&known).then_some((*name, known))
        });
        let known: Vec<(Digest, Participant)> = known.collect();
        let mut arms = BTreeMap::new();
        if state.trial_minimisation(id).is_some() {
            let Some((_, first)) = known.first() else {
                return Ok(arms);
            };
            // One call for all: the allocator is another node.
            let kept = self.version_here(id, first.version).await?;
            let numbers: Vec<u32> = known.iter().map(|(_, it)| it.slot).collect();
            let told = self.minimised_arms((id, &kept.protocol), &numbers).await?;
            let told = known.into_iter().zip(told);
            arms.extend(told.filter_map(|((name, _), arm)| Some((name, arm?))));
            return Ok(arms);
        }
        for (name, _) in known {
            if let Some(arm) = self.arm_if_opened(id, &name).await? {
                arms.insert(name, arm);
            }
        }
        Ok(arms)
    }

    /// A participant of this site that is on the ledger.
    pub(super) async fn participant_here(
        &self,
        id: &Digest,
        subject: &str,
    ) -> Result<(Digest, KeptParticipant), HospitalError> {
        is_subject(subject)?;
        let (state, _, _) = self.trial_here(id).await?;
        let name = self.pseudonym(id, subject).await?;
        let absent = || HospitalError::Absent(format!("the participant `{subject}`"));
        if state.trial_participant(id, &name).is_none() {
            return Err(absent());
        }
        let kept = self.kept_participant(id, &name).await?;
        Ok((name, kept.ok_or_else(absent)?))
    }
}

fn is_subject(subject: &str) -> Result<(), HospitalError> {
    let sound = !subject.is_empty()
        && subject.len() <= SUBJECT_BYTES_MAX
        && subject
            .bytes()
            .all(|it| it.is_ascii_graphic() && it != b'/');
    if sound {
        return Ok(());
    }
    Err(wrong(format!(
        "`subject` has 1 to {SUBJECT_BYTES_MAX} signs of ASCII, without blanks and slashes"
    )))
}

fn is_consent(words: &str) -> Result<(), HospitalError> {
    if words.trim().is_empty() || words.len() > CONSENT_BYTES_MAX {
        return Err(wrong(format!(
            "`consent` says what was consented to, in 1 to {CONSENT_BYTES_MAX} bytes"
        )));
    }
    Ok(())
}
