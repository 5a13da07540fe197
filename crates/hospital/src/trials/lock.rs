//! Locking and unlocking by the quorum, and what comes after: both hands show their secrets.

use proof::Digest;
use trial::acts::{Act, Decision, Role, Trial, Which};

use super::dataset::{SnapshotLine, snapshot};
use super::kept::{KeptDecision, KeptReason, What, new_key};
use super::message::{DECISION, NumberAsk};
use super::protocol::{digest_of, sites};
use super::{investigates, looks, reasoned, studies, wrong};
use crate::access_log::AccessAgent;
use crate::caller::{self, Caller};
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sharing::message;

/// Most programs of a lock.
const PROGRAMS_MAX: usize = 100;

impl Hospital {
    /// The sponsor proposes to lock the rows as they are now, for these programs (name and text).
    /// Answers the number of the decision and how many rows it is about.
    pub async fn propose_lock(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, programs): (&Digest, &[(String, String)]),
    ) -> Result<(u32, usize), HospitalError> {
        studies(caller)?;
        if programs.len() > PROGRAMS_MAX {
            return Err(wrong(format!("at most {PROGRAMS_MAX} programs")));
        }
        let (_, trial, role) = self.trial_here(id).await?;
        sponsors(role)?;
        self.trial_access(agent, "lock").await?;
        let lines = snapshot(&self.all_rows((id, &trial, role)).await?)?;
        let programs = programs
            .iter()
            .map(|(name, text)| (name.clone(), digest_of(text)));
        let kept = KeptDecision {
            lines,
            programs: programs.collect(),
            unlock: None,
        };
        let number = trial.decisions.saturating_add(1);
        let decision = decided(&kept)?;
        self.keep_of_trial(id, What::Decision(number), &kept)
            .await?;
        self.act_of_trial(id, Act::Propose { number, decision })
            .await?;
        Ok((number, kept.lines.len()))
    }

    /// The sponsor proposes to unlock, for a reason.
    pub async fn propose_unlock(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, reason): (&Digest, &str),
    ) -> Result<u32, HospitalError> {
        studies(caller)?;
        let reason = reasoned(reason)?;
        let (_, trial, role) = self.trial_here(id).await?;
        sponsors(role)?;
        self.trial_access(agent, "unlock").await?;
        let (_, key) = new_key()?;
        let kept = KeptDecision {
            lines: Vec::new(),
            programs: Vec::new(),
            unlock: Some(KeptReason { text: reason, key }),
        };
        let number = trial.decisions.saturating_add(1);
        let decision = decided(&kept)?;
        self.keep_of_trial(id, What::Decision(number), &kept)
            .await?;
        self.act_of_trial(id, Act::Propose { number, decision })
            .await?;
        Ok(number)
    }

    /// A party adds its voice to the latest proposal. A site's node first looks whether its own
    /// rows are all in the lock, as they are.
    pub async fn confirm_decision(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, number): (&Digest, u32),
    ) -> Result<bool, HospitalError> {
        let (state, trial, role) = self.trial_here(id).await?;
        match role {
            Role::Site => investigates(caller)?,
            Role::Sponsor => studies(caller)?,
            Role::Monitor | Role::Regulator => {
                use caller::Role::{Auditor, Researcher, System};
                super::allow(
                    caller,
                    &[Auditor, Researcher, System],
                    "decides nothing here",
                )?;
            }
        }
        self.trial_access(agent, "confirm").await?;
        let proposed = state.trial_decision(id, number);
        let proposed = proposed
            .ok_or_else(|| HospitalError::Absent(format!("decision {number} of this trial")))?;
        let kept = self.decision_of((id, &trial), number).await?;
        if decided(&kept)? != proposed.decision {
            let text = "what the sponsor tells of the decision is not what was proposed";
            return Err(wrong(text));
        }
        if proposed.decision.locks() && role == Role::Site {
            self.own_rows_are_in((id, &trial), &kept.lines).await?;
        }
        self.keep_of_trial(id, What::Decision(number), &kept)
            .await?;
        self.act_of_trial(id, Act::Confirm { number }).await?;
        let decided = self.0.chain.state().trial_decision(id, number);
        Ok(decided.is_some_and(|it| it.effective_ms > 0))
    }

    /// What a decision is about, from here or from the sponsor.
    pub(super) async fn decision_of(
        &self,
        (id, trial): (&Digest, &Trial),
        number: u32,
    ) -> Result<KeptDecision, HospitalError> {
        if let Some(kept) = self.kept_of_trial(id, What::Decision(number)).await? {
            return Ok(kept);
        }
        let ask = NumberAsk {
            trial: id.to_string(),
            number,
        };
        let answer = self.call(&trial.sponsor, DECISION, &ask).await?;
        message::read(&answer)
    }

    /// Why a decision to unlock was proposed; `None`: the sponsor does not say, or not what it
    /// sealed.
    pub(super) async fn reason_of(
        &self,
        (id, trial): (&Digest, &Trial),
        (number, decision): (u32, &Decision),
    ) -> Option<String> {
        if decision.locks() {
            return None;
        }
        let kept = self.decision_of((id, trial), number).await.ok()?;
        let is_sealed = kept.is_sealed(decision);
        kept.unlock.filter(|_| is_sealed).map(|why| why.text)
    }

    async fn own_rows_are_in(
        &self,
        (id, trial): (&Digest, &Trial),
        lines: &[SnapshotLine],
    ) -> Result<(), HospitalError> {
        let own = snapshot(&self.all_rows((id, trial, Role::Site)).await?)?;
        let here = &self.0.organisation;
        let theirs: Vec<&SnapshotLine> = lines.iter().filter(|it| it.site == *here).collect();
        let missing = own
            .iter()
            .filter(|it| theirs.binary_search(it).is_err())
            .count();
        let foreign = theirs
            .iter()
            .filter(|it| own.binary_search(it).is_err())
            .count();
        if missing + foreign == 0 {
            return Ok(());
        }
        Err(wrong(format!(
            "the lock is not about the rows of this site: {missing} are not in it as they are, \
             {foreign} in it are none of this site's"
        )))
    }

    /// Tells a party what a decision is about.
    pub(crate) async fn answer_decision(
        &self,
        from: &str,
        ask: &NumberAsk,
    ) -> Result<KeptDecision, HospitalError> {
        let absent = || HospitalError::Absent("a decision of this number".into());
        let id = ask.trial.parse().map_err(|_| absent())?;
        let (_, trial, _) = self.trial_here(&id).await?;
        trial.role(from).ok_or_else(absent)?;
        let kept = self.kept_of_trial(&id, What::Decision(ask.number)).await?;
        kept.ok_or_else(absent)
    }

    /// This organisation shows the secrets of its hands, once the data are locked.
    pub async fn reveal_hands(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &Digest,
    ) -> Result<usize, HospitalError> {
        looks(caller)?;
        let (state, trial, role) = self.trial_here(id).await?;
        match role {
            Role::Sponsor => studies(caller)?,
            _ => investigates(caller)?,
        }
        self.trial_access(agent, "reveal").await?;
        let here = &self.0.organisation;
        let mut shown = self.show_shares(id).await?;
        for name in sites(&trial.parties) {
            let which = match role {
                Role::Sponsor => Which::Sponsor,
                _ if name == here => Which::Site,
                _ => continue,
            };
            let hand = *state.trial_site(id, name).hand(which);
            if hand.commitment.is_none() || hand.secret.is_some() {
                continue;
            }
            let reveal = Act::Reveal {
                site: name.to_owned(),
                secret: self.hand_secret(id, name).await?,
            };
            self.act_of_trial(id, reveal).await?;
            shown += 1;
        }
        Ok(shown)
    }
}

/// What the ledger is told of a decision.
fn decided(kept: &KeptDecision) -> Result<Decision, HospitalError> {
    let decision = kept.decision();
    decision.ok_or_else(|| wrong("the rows of the lock are not in order"))
}

pub(super) fn sponsors(role: Role) -> Result<(), HospitalError> {
    match role {
        Role::Sponsor => Ok(()),
        other => Err(HospitalError::Forbidden(format!(
            "the sponsor does this; this organisation is a {other} of the trial"
        ))),
    }
}
