//! Delegations: a guardian acts for a child, a proxy for an adult, each until a set end.
//!
//! A delegation holds here from its row on. The ledger's `Delegate` act (kind 22) follows it
//! (`sharing::delegation`), so that other organisations can judge what a delegate signed.

use store::DelegationStep;

use super::statement::step_mark;
use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::setup::Hospital;

/// Longest delegation: a guardianship ends with childhood, a proxy is renewed.
const YEAR_US: i64 = 366 * 86_400 * 1_000_000;
/// Delegations of one patient, or to one user, that are in force at most.
const LIVE_MAX: usize = 32;

/// Why somebody acts for a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DelegationKind {
    /// For a child or a ward: recorded by the organisation, which saw the proof of it.
    Guardian,
    /// For an adult who asked for it.
    Proxy,
}

impl DelegationKind {
    /// The name in the database, in records and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guardian => "guardian",
            Self::Proxy => "proxy",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Guardian, Self::Proxy]
            .into_iter()
            .find(|kind| kind.name() == text)
    }

    fn longest_us(self) -> i64 {
        match self {
            Self::Guardian => 18 * YEAR_US,
            Self::Proxy => YEAR_US,
        }
    }
}

/// By which right a caller acts for somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Acting {
    /// The delegation.
    pub delegation: String,
    /// Its kind.
    pub kind: DelegationKind,
}

/// A delegation that is to be made.
#[derive(Clone, Debug)]
pub struct NewDelegation {
    /// The patient for whom somebody shall act.
    pub patient: String,
    /// The user who shall act; a user of the role `patient`.
    pub delegate: String,
    /// Why.
    pub kind: DelegationKind,
    /// Microseconds since 1970: when it ends by itself.
    pub until_us: i64,
}

/// A delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Its id.
    pub id: String,
    /// The patient for whom somebody acts.
    pub patient: String,
    /// The user who acts.
    pub delegate: String,
    /// Why.
    pub kind: DelegationKind,
    /// Microseconds since 1970: when it was made.
    pub since_us: i64,
    /// Microseconds since 1970: when it ends by itself.
    pub until_us: i64,
    /// When it was ended before that.
    pub ended_us: Option<i64>,
    /// Who made it.
    pub by: String,
}

impl Delegation {
    /// Whether it gives anything at this moment.
    pub fn in_force(&self, now_us: i64) -> bool {
        self.ended_us.is_none() && self.since_us <= now_us && now_us < self.until_us
    }
}

impl Hospital {
    /// Makes a delegation. A proxy is made by the patient, a guardian by a clinician or an
    /// administrator of the organisation.
    pub async fn delegate(
        &self,
        caller: &Caller,
        new: NewDelegation,
    ) -> Result<Delegation, HospitalError> {
        let own = caller.acting.is_none() && caller.compartment() == Some(new.patient.as_str());
        let staff = matches!(caller.role, Role::Clinician | Role::Admin);
        match new.kind {
            DelegationKind::Proxy if !own => {
                return Err(refused("a proxy is made by the patient alone"));
            }
            DelegationKind::Guardian if !staff => {
                return Err(refused(
                    "a guardian is recorded by a clinician or an administrator",
                ));
            }
            _ => {}
        }
        let now_us = instant::floor_ms(self.now_us());
        let until_us = instant::floor_ms(new.until_us);
        if until_us <= now_us || until_us - now_us > new.kind.longest_us() {
            return Err(refused(
                "a delegation ends in the future: a proxy within a year, a guardian within 18",
            ));
        }
        self.current_record("Patient", &new.patient).await?;
        let user = self.0.store.user(&new.delegate).await?;
        let user = user.filter(|user| {
            user.role == Role::Patient.name() && user.patient.as_ref() != Some(&new.patient)
        });
        if user.is_none() {
            return Err(refused(
                "the delegate is another user of this organisation with the role patient",
            ));
        }
        let live = self
            .live(self.0.store.delegations_of(&new.patient).await?)?
            .len();
        let held = self
            .live(self.0.store.delegations_to(&new.delegate).await?)?
            .len();
        if live.max(held) >= LIVE_MAX {
            return Err(refused("32 delegations are in force: end one first"));
        }
        let step = DelegationStep {
            id: new_id()?,
            number: 1,
            patient: new.patient,
            delegate: new.delegate,
            kind: new.kind.name().to_owned(),
            since_us: now_us,
            until_us,
            by: caller.username.clone(),
            record: new_id()?,
            integrity: Vec::new(),
        };
        let id = step.id.clone();
        self.store_step(step).await?;
        let made = self.delegation(&id).await?;
        // It holds here even while the ledger stands still; then nobody signs under it.
        if let Err(error) = self.enter_delegation(&made).await {
            tracing::warn!(%error, "a delegation is not on the ledger");
        }
        Ok(made)
    }

    /// Ends a delegation before its time: by the patient, the delegate, or who may record one.
    pub async fn end_delegation(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Delegation, HospitalError> {
        let found = self.delegation(id).await?;
        let own = caller.acting.is_none() && caller.compartment() == Some(found.patient.as_str());
        let delegate = caller.role == Role::Patient && caller.username == found.delegate;
        let staff = matches!(caller.role, Role::Clinician | Role::Admin);
        if !(own || delegate || (staff && found.kind == DelegationKind::Guardian)) {
            // As if there were none: an id says nothing about others.
            return Err(HospitalError::Absent(format!("delegation {id}")));
        }
        if found.ended_us.is_some() {
            // The first time it may have ended here only.
            self.end_entry(&found).await?;
            return Ok(found);
        }
        let step = self.end_step(found, &caller.username)?;
        self.store_step(step).await?;
        let ended = self.delegation(id).await?;
        self.end_entry(&ended).await?;
        Ok(ended)
    }

    /// The step that ends a delegation now.
    fn end_step(&self, found: Delegation, by: &str) -> Result<DelegationStep, HospitalError> {
        Ok(DelegationStep {
            id: found.id,
            number: 2,
            patient: found.patient,
            delegate: found.delegate,
            kind: found.kind.name().to_owned(),
            since_us: instant::floor_ms(self.now_us()),
            until_us: found.until_us,
            by: by.to_owned(),
            record: new_id()?,
            integrity: Vec::new(),
        })
    }

    /// Ends every delegation to a user who is being erased, here and on the ledger. The
    /// organisation does it. Doing it again ends what a node that was stopped left on the ledger.
    pub(crate) async fn end_delegations_to(&self, delegate: &str) -> Result<(), HospitalError> {
        let steps = self.0.store.delegations_to(delegate).await?;
        let now_us = self.now_us();
        for found in self.paired(steps)? {
            let id = found.id.clone();
            if found.in_force(now_us) {
                let step = self.end_step(found, &self.0.organisation)?;
                self.store_step(step).await?;
            }
            self.end_entry(&self.delegation(&id).await?).await?;
        }
        Ok(())
    }

    /// The delegations that concern a caller: of the own record, and to the caller.
    pub async fn delegations(&self, caller: &Caller) -> Result<Vec<Delegation>, HospitalError> {
        let mut steps = self.0.store.delegations_to(&caller.username).await?;
        if let Some(patient) = caller.compartment() {
            steps.extend(self.0.store.delegations_of(patient).await?);
        }
        self.paired(steps)
    }

    /// The caller in the place of another patient, by a delegation that is in force. The answer
    /// sees that patient's compartment and no longer the own one.
    pub async fn act_for(&self, caller: &Caller, patient: &str) -> Result<Caller, HospitalError> {
        if caller.acting.is_none() && caller.compartment() == Some(patient) {
            return Ok(caller.clone());
        }
        // The same answer whether there is such a patient or not.
        let absent = || HospitalError::Absent(format!("a delegation for Patient/{patient}"));
        if caller.role != Role::Patient || caller.acting.is_some() {
            return Err(absent());
        }
        let steps = self.0.store.delegations_to(&caller.username).await?;
        let live = self.live(steps)?;
        let found = live.into_iter().find(|one| one.patient == patient);
        let found = found.ok_or_else(absent)?;
        Ok(Caller {
            patient: Some(found.patient),
            acting: Some(Acting {
                delegation: found.id,
                kind: found.kind,
            }),
            ..caller.clone()
        })
    }

    async fn delegation(&self, id: &str) -> Result<Delegation, HospitalError> {
        let steps = self.0.store.delegation(id).await?;
        let found = self.paired(steps)?.pop();
        found.ok_or_else(|| HospitalError::Absent(format!("delegation {id}")))
    }

    fn live(&self, steps: Vec<DelegationStep>) -> Result<Vec<Delegation>, HospitalError> {
        let now_us = self.now_us();
        let mut all = self.paired(steps)?;
        all.retain(|one| one.in_force(now_us));
        Ok(all)
    }

    /// Delegations out of their steps; every row is checked.
    fn paired(&self, steps: Vec<DelegationStep>) -> Result<Vec<Delegation>, HospitalError> {
        let mut found: Vec<Delegation> = Vec::new();
        for step in steps {
            let damaged = || HospitalError::Damaged {
                item: format!("delegation {}", step.id),
                reason: "its row was changed outside Salus".into(),
            };
            let mark = step_mark(self.0.keyring.root(), &step);
            if !vault::keys::same(&mark, &step.integrity) {
                return Err(damaged());
            }
            let kind = DelegationKind::parse(&step.kind).ok_or_else(damaged)?;
            match (step.number, found.last_mut()) {
                (1, _) => found.push(Delegation {
                    id: step.id,
                    patient: step.patient,
                    delegate: step.delegate,
                    kind,
                    since_us: step.since_us,
                    until_us: step.until_us,
                    ended_us: None,
                    by: step.by,
                }),
                (2, Some(before)) if before.id == step.id => before.ended_us = Some(step.since_us),
                // The row that ends a delegation stands alone: the one before was taken away.
                _ => return Err(damaged()),
            }
        }
        Ok(found)
    }
}

/// Whether the caller is the patient, or acts for the patient.
pub(super) fn may_act(caller: &Caller, patient: &str) -> Result<(), HospitalError> {
    if caller.role == Role::Patient && caller.compartment() == Some(patient) {
        return Ok(());
    }
    let item = format!("the keys of Patient/{patient}");
    Err(HospitalError::Absent(item))
}

/// The same for keys: a guardian keeps a child's, a proxy only acts.
pub(super) fn may_manage_keys(caller: &Caller, patient: &str) -> Result<(), HospitalError> {
    may_act(caller, patient)?;
    match &caller.acting {
        Some(acting) if acting.kind == DelegationKind::Proxy => Err(refused(
            "a proxy acts with the patient's keys and does not change them",
        )),
        _ => Ok(()),
    }
}

fn refused(text: &str) -> HospitalError {
    HospitalError::request("business-rule", text, "see docs/reference/keys.md")
}
