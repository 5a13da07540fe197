//! The decision on each record of a patient, for one practitioner of another organisation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use consent::decide::{Asking, Decision, Fallback, Obligation, Reason, Rules};
use consent::facts::Facts;
use consent::terms::{Actions, Purpose, Terms};
use policy::Policy;
use store::SieveRow;

use super::ORGANISATION_REFERENCE;
use crate::identity::ACTIVITY;
use crate::sight::{Decide, Redaction, Shown};

/// Between the patient and the custodian; no grant to read records is about these.
pub(super) const OWN_AFFAIRS: [&str; 2] = ["AuditEvent", "Consent"];

/// Whether a record is about the patient's keys, delegations or decisions: a Provenance that this
/// organisation wrote of them. It names keys by which two organisations could join their lists.
/// Questions to the privacy officer, and who asked for access, stay here as well.
fn tells_of_decisions(facts: &Facts) -> bool {
    let decided = facts.resource_type() == Some("Provenance") && facts.may_hold_code_of(ACTIVITY);
    decided || crate::own::is_own(facts)
}

/// Whether a record stays between the patient and this organisation, whatever consents say.
pub(super) fn is_own_affair(type_: &str, facts: &Facts) -> bool {
    OWN_AFFAIRS.contains(&type_) || tells_of_decisions(facts)
}

/// How one record looks to a reader, and why.
pub(super) enum Look {
    /// All of it is shown.
    Whole,
    /// It is shown without its narrative, if it has one.
    Part,
    /// It answers as what was never there.
    Hidden(Because),
}

/// Why a record is hidden from a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// It is between the patient and the custodian: an event, a consent, what the patient signed.
    OwnAffair,
    /// It is about several patients: nobody of them gives it alone.
    Several,
    /// What the decision reads of it cannot be read.
    Unreadable,
    /// The policy of the organisation permits no such reading, whatever consents say.
    Policy,
    /// The consents do not permit it.
    Consent(Vec<Reason>),
    /// No grant to this reader holds now.
    NoGrant,
}

/// Who asks, in the words of consents.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// `Organization/north-clinic`
    pub(super) organisation: String,
    /// `Practitioner/<pseudonym>`
    pub(super) practitioner: String,
    /// `PractitionerRole/clinician`
    pub(super) role: String,
    /// `Organization/st-mary`
    pub(super) custodian: String,
    /// The purpose of use.
    pub(super) purpose: Purpose,
    /// When it was asked, microseconds since 1970.
    pub(super) at_us: i64,
}

/// The policy of this organisation, asked for one reader.
pub(super) struct ByPolicy {
    pub(super) policy: Arc<Policy>,
    /// The practitioner's pseudonym.
    pub(super) person: String,
    pub(super) role: &'static str,
    pub(super) organisation: String,
    pub(super) organisation_kind: &'static str,
    pub(super) custodian: String,
    pub(super) custodian_kind: &'static str,
    pub(super) purpose: String,
    pub(super) break_glass: bool,
}

impl ByPolicy {
    fn permits(&self, facts: &Facts) -> bool {
        let request = policy::Request {
            person: &self.person,
            role: self.role,
            organisation: &self.organisation,
            organisation_kind: self.organisation_kind,
            custodian: &self.custodian,
            custodian_kind: self.custodian_kind,
            action: policy::Action::Disclose,
            purpose: &self.purpose,
            break_glass: self.break_glass,
            facts,
        };
        matches!(
            self.policy.decide(&request),
            policy::Decision::Permit { .. }
        )
    }
}

/// What of a record a policy can tell apart: its type, subjects and level.
type Kind = (Option<&'static str>, String);

/// What the consents of one patient, and the organisation's policy, show to one reader.
pub(super) struct ByConsent {
    id: String,
    patient: String,
    terms: Vec<Terms>,
    fallback: Fallback,
    reader: Reader,
    policy: ByPolicy,
    /// What the policy said of each kind of record: asking takes longer than all the rest.
    said: Mutex<BTreeMap<Kind, bool>>,
}

impl ByConsent {
    pub(super) fn new(
        patient: &str,
        terms: Vec<Terms>,
        fallback: Fallback,
        reader: Reader,
        policy: ByPolicy,
    ) -> Arc<Self> {
        let digests = terms.iter().map(|it| it.digest().to_string());
        let digests: Vec<String> = digests.collect();
        // Not the time: the pages of one answer are asked for one after the other, and what is no
        // longer permitted is left out of the later ones.
        let Reader {
            organisation,
            practitioner,
            role,
            purpose,
            ..
        } = &reader;
        let who = format!("{organisation} {practitioner} {role} {purpose:?}");
        let id = format!("{patient} {fallback:?} {who} {}", digests.join(" "));
        Arc::new(Self {
            id,
            patient: patient.to_owned(),
            terms,
            fallback,
            reader,
            policy,
            said: Mutex::default(),
        })
    }

    /// Whether the organisation's policy permits a record with these facts. Consent is beside it.
    pub(super) fn permits(&self, facts: &Facts) -> bool {
        if tells_of_decisions(facts) {
            return false;
        }
        let told = format!("{:?} {:?}", facts.subjects(), facts.level());
        let kind = (facts.resource_type(), told);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        *said
            .entry(kind)
            .or_insert_with(|| self.policy.permits(facts))
    }

    /// What the consents say of a record with these facts.
    pub(super) fn decide(&self, facts: &Facts) -> Decision {
        let reader = &self.reader;
        let asking = Asking {
            organisation: &[reader.organisation.as_str()],
            practitioner: &[reader.practitioner.as_str()],
            role: &[reader.role.as_str()],
            groups: None,
            custodian: &[reader.custodian.as_str()],
            purpose: Some(reader.purpose.clone()),
            actions: Actions::DISCLOSURE,
            at_us: reader.at_us,
        };
        Rules::new(&self.terms).decide(self.fallback, &asking, facts)
    }
}

impl ByConsent {
    /// The whole decision on one record. What a patient is told before consenting and what a reader
    /// is shown after it are both this.
    pub(super) fn look(&self, row: &SieveRow<'_>) -> Look {
        // A record of several patients is nobody's to give alone.
        if row.patients != [self.patient.as_str()] {
            return Look::Hidden(Because::Several);
        }
        if OWN_AFFAIRS.contains(&row.type_) {
            return Look::Hidden(Because::OwnAffair);
        }
        let Ok(facts) = Facts::from_bytes(row.facts) else {
            return Look::Hidden(Because::Unreadable);
        };
        if tells_of_decisions(&facts) {
            return Look::Hidden(Because::OwnAffair);
        }
        if !self.permits(&facts) {
            return Look::Hidden(Because::Policy);
        }
        match self.decide(&facts) {
            Decision::Deny { reasons } => Look::Hidden(Because::Consent(reasons)),
            Decision::Permit { obligations, .. } if obligations.contains(&Obligation::Redact) => {
                Look::Part
            }
            Decision::Permit { .. } => Look::Whole,
        }
    }
}

impl Decide for ByConsent {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn view(&self, row: &SieveRow<'_>) -> Shown {
        match self.look(row) {
            Look::Hidden(_) => Shown::Hidden,
            Look::Part => Shown::Redacted(Redaction::default()),
            Look::Whole => Shown::Whole,
        }
    }
}

/// `Organization/st-mary`
pub(super) fn organisation_reference(organisation: &str) -> String {
    format!("{ORGANISATION_REFERENCE}{organisation}")
}
