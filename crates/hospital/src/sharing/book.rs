//! The refusals that were filed here, at hand for every query of this organisation's own people.
//!
//! Inside the organisation treatment needs no consent (the default permits), but what a patient
//! refuses to a role, a person or a purpose here is hidden here too. Consents that name recipients
//! are about other organisations and are not asked here. The organisation's own systems, which
//! bring records in, are not narrowed: they would not find what they have to update.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use consent::decide::{Asking, Decision, Fallback, Obligation, Rules};
use consent::facts::Facts;
use consent::terms::{Actions, Purpose, Terms};
use store::{PactKind, SieveRow};

use super::decision::{OWN_AFFAIRS, organisation_reference};
use super::pact::{GivenPact, Kept};
use super::terms;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::setup::Hospital;
use crate::sight::{Decide, Redaction, Shown, Sight};

/// The purpose of this organisation's own people.
const TREATMENT: &str = "TREAT";

/// Terms by patient, and how often they changed.
#[derive(Debug, Default)]
struct Pages {
    terms: BTreeMap<String, Vec<Terms>>,
    changes: u64,
}

/// The book. A query holds the pages that it began with.
#[derive(Debug, Default)]
pub(crate) struct Book(RwLock<Arc<Pages>>);

impl Book {
    fn pages(&self) -> Arc<Pages> {
        let pages = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&pages)
    }

    fn put(&self, patient: &str, terms: Vec<Terms>) {
        let mut pages = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = pages.terms.clone();
        if terms.is_empty() {
            all.remove(patient);
        } else {
            all.insert(patient.to_owned(), terms);
        }
        *pages = Arc::new(Pages {
            terms: all,
            changes: pages.changes + 1,
        });
    }
}

/// What the consents of all patients show to one of this organisation's own people.
struct Inside {
    pages: Arc<Pages>,
    organisation: String,
    practitioner: String,
    role: String,
    purpose: Option<Purpose>,
    at_us: i64,
}

impl Hospital {
    /// Reads the consents and the suspensions that hold here; call it once, before anybody is
    /// answered.
    pub async fn read_consents(&self) -> Result<(), HospitalError> {
        let given = self.all_pacts::<GivenPact>(PactKind::Given).await?;
        let patients: std::collections::BTreeSet<String> =
            given.into_iter().map(|pact| pact.patient).collect();
        for patient in patients {
            self.note_consents(&patient).await?;
        }
        self.read_suspensions().await
    }

    /// Takes the consents of a patient into the book, after one was given or withdrawn.
    pub(crate) async fn note_consents(&self, patient: &str) -> Result<(), HospitalError> {
        let given = self.pacts_of::<GivenPact>(PactKind::Given, patient).await?;
        let refusals = given
            .into_iter()
            .filter(|it| it.value.recipients.is_empty());
        let terms = self.terms_in(refusals).await?;
        self.0.book.put(patient, terms);
        Ok(())
    }

    /// The terms of everything that the patient consented to or refused here.
    pub(super) async fn terms_of(&self, patient: &str) -> Result<Vec<Terms>, HospitalError> {
        let given = self.pacts_of::<GivenPact>(PactKind::Given, patient).await?;
        self.terms_in(given).await
    }

    pub(super) async fn terms_in(
        &self,
        given: impl IntoIterator<Item = Kept<GivenPact>>,
    ) -> Result<Vec<Terms>, HospitalError> {
        let mut all = Vec::new();
        for pact in given {
            let consent = &pact.value.consent;
            let record = self.current_record("Consent", consent).await?;
            all.push(terms::of(&record.body, consent));
        }
        Ok(all)
    }

    /// What the patients' refusals leave to a caller of this organisation. Patients see their own,
    /// but for what a suspended accounting leaves out; auditors see the log.
    pub fn sight_of(&self, caller: &Caller) -> Sight {
        if caller.role == Role::Patient {
            return Sight::of(self.0.withheld.sight(self.now_us()));
        }
        let pages = self.0.book.pages();
        let exempt = !matches!(
            caller.role,
            Role::Clinician | Role::Pharmacist | Role::Researcher
        );
        if exempt || pages.terms.is_empty() {
            return Sight::default();
        }
        Sight::of(Arc::new(Inside {
            pages,
            organisation: organisation_reference(&self.0.organisation),
            practitioner: format!("Practitioner/{}", caller.username),
            role: format!("PractitionerRole/{}", caller.role),
            purpose: Purpose::reason(TREATMENT),
            at_us: self.now_us(),
        }))
    }
}

impl Inside {
    fn decide(&self, terms: &[Terms], facts: &Facts) -> Decision {
        let organisation = [self.organisation.as_str()];
        let asking = Asking {
            organisation: &organisation,
            practitioner: &[self.practitioner.as_str()],
            role: &[self.role.as_str()],
            groups: None,
            custodian: &organisation,
            purpose: self.purpose.clone(),
            actions: Actions::READ,
            at_us: self.at_us,
        };
        Rules::new(terms).decide(Fallback::Permit, &asking, facts)
    }
}

impl Decide for Inside {
    fn id(&self) -> String {
        let Self {
            practitioner, role, ..
        } = self;
        format!("inside {practitioner} {role} {}", self.pages.changes)
    }

    fn view(&self, row: &SieveRow<'_>) -> Shown {
        let known = row
            .patients
            .iter()
            .filter_map(|it| self.pages.terms.get(*it));
        let mut known = known.peekable();
        if known.peek().is_none() || OWN_AFFAIRS.contains(&row.type_) {
            return Shown::Whole;
        }
        let Ok(facts) = Facts::from_bytes(row.facts) else {
            return Shown::Hidden;
        };
        let mut shown = Shown::Whole;
        for terms in known {
            match self.decide(terms, &facts) {
                Decision::Deny { .. } => return Shown::Hidden,
                Decision::Permit { obligations, .. }
                    if obligations.contains(&Obligation::Redact) =>
                {
                    shown = Shown::Redacted(Redaction::default());
                }
                Decision::Permit { .. } => {}
            }
        }
        shown
    }
}
