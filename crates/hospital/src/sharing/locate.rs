//! Locating: which organisations have records of a patient, asked of every member alike.
//!
//! The asking node sends each member the pairwise name of the patient that the two of them have, or
//! a random one where there is none, so that no member and nobody on the wire learns who knows
//! whom. A member says yes only if the patient is linked, lets that organisation locate, and
//! refuses nothing of it; any other answer is the same no, after the same work, of the same
//! size, at a fixed time. Nothing of it is on the ledger. IHE XCPD has this as the Patient Location
//! Query (ITI-56), over a list of who is treated where, which here nobody keeps.
//! `docs/decisions/0018-locating-records.md` has the reasons.

use std::time::Duration;

use consent::decide::Fallback;
use consent::terms::Purpose;
use proof::Digest;
use serde::{Deserialize, Serialize};
use store::PactKind;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::decision::{ByConsent, Reader, organisation_reference};
use super::disclose::{ACT_REASON, agent};
use super::door::reason;
use super::link::allow_sharing;
use super::message::{self, LocateAnswer, LocateAsk};
use super::pact::{HeldPact, Kept, LinkPact};
use crate::access_log::{Access, AccessDeed, AccessOutcome, Touched};
use crate::caller::{Caller, Role};
use crate::credential::Practitioner;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;
use crate::sight::{Decide, Shown};

/// Members that are asked at the same time.
const AT_ONCE: usize = 16;
/// A question is answered this long after it came, or at the next multiple: what was found does not
/// show in the time. An answer, its disclosure final, takes less.
const ANSWER_STEP: Duration = Duration::from_millis(750);
/// Stands for a patient where there is none, so that the same is looked for. No id has a slash.
pub(super) const NOBODY: &str = "nobody/here";

/// A consent to be located. The row's id is random.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LocatePact {
    /// The Consent record.
    pub(super) consent: String,
    /// Organisations that may ask; none: every member.
    pub(super) organisations: Vec<String>,
}

/// What the members answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Those that have records.
    pub found: Vec<LocatedAt>,
    /// Those that did not answer, with the reason.
    pub unanswered: Vec<(String, String)>,
}

/// An organisation that has records of the patient.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocatedAt {
    /// The organisation.
    pub organisation: String,
    /// Whether a grant to read there is held here.
    pub granted: bool,
}

/// Waits until an answer tells nothing by its time.
pub(super) async fn at_next_step(began: Instant) {
    let steps = began.elapsed().as_millis() / ANSWER_STEP.as_millis() + 1;
    let steps = u32::try_from(steps).unwrap_or(u32::MAX);
    tokio::time::sleep_until(began + ANSWER_STEP * steps).await;
}

/// Who asks, and what for.
struct Who<'a> {
    practitioner: Option<&'a Practitioner>,
    subject: &'a str,
    role: Role,
    purpose: &'static str,
}

impl<'a> Who<'a> {
    fn of(practitioner: Option<&'a Practitioner>) -> Self {
        Self {
            practitioner,
            subject: practitioner.map_or("patient", |it| it.subject.as_str()),
            role: practitioner.map_or(Role::Patient, |it| it.role),
            purpose: practitioner.map_or("PATRQT", |_| "TREAT"),
        }
    }

    fn may_ask(&self) -> bool {
        matches!(
            self.role,
            Role::Clinician | Role::Pharmacist | Role::Patient
        )
    }
}

impl Hospital {
    /// Asks all members whether they have records of a patient.
    pub async fn locate(&self, caller: &Caller, patient: &str) -> Result<Located, HospitalError> {
        allow_sharing(caller, patient)?;
        self.current_record("Patient", patient).await?;
        self.log_own(caller, patient, "locate", None).await?;
        let links = self.pacts_of::<LinkPact>(PactKind::Link, patient).await?;
        let held = self.pacts_of::<HeldPact>(PactKind::Held, patient).await?;
        let mut waiting = self.questions(&links)?;
        let mut located = Located {
            found: Vec::new(),
            unanswered: Vec::new(),
        };
        while !waiting.is_empty() {
            let some = waiting.split_off(waiting.len().saturating_sub(AT_ONCE));
            let mut tasks = JoinSet::new();
            for (organisation, pseudonym) in some {
                let (hospital, caller) = (self.clone(), caller.clone());
                tasks.spawn(async move {
                    let asked = hospital.locate_at(&caller, &organisation, pseudonym).await;
                    (organisation, asked)
                });
            }
            for (organisation, asked) in tasks.join_all().await {
                match asked {
                    Ok(true) => located.found.push(LocatedAt {
                        granted: held.iter().any(|it| it.organisation == organisation),
                        organisation,
                    }),
                    Ok(false) => {}
                    Err(error) => located.unanswered.push((organisation, reason(&error))),
                }
            }
        }
        located.found.sort();
        located.unanswered.sort();
        Ok(located)
    }

    /// Every other member, with the name that it has for the patient, or a random one.
    fn questions(&self, links: &[Kept<LinkPact>]) -> Result<Vec<(String, String)>, HospitalError> {
        let state = self.0.chain.state();
        let members = state.organisations();
        let others = members
            .iter()
            .filter(|it| it.id.as_str() != self.0.organisation && state.service(&it.id).is_some());
        others
            .map(|member| {
                let name = member.id.to_string();
                let link = links.iter().find(|it| it.organisation == name);
                let pseudonym = match link {
                    Some(link) => link.value.pseudonym.clone(),
                    None => Digest(vault::random().map_err(failed)?).to_string(),
                };
                Ok((name, pseudonym))
            })
            .collect()
    }

    async fn locate_at(
        &self,
        caller: &Caller,
        organisation: &str,
        pseudonym: String,
    ) -> Result<bool, HospitalError> {
        let nonce = Digest(vault::random().map_err(failed)?).to_string();
        let ask = LocateAsk {
            pseudonym,
            // That it is the patient is the asking side's word; a consent has to name it anyway.
            credential: match caller.role {
                Role::Patient => None,
                _ => Some(self.credential(caller, organisation, &nonce)?),
            },
            nonce,
        };
        let answer = self.call(organisation, message::LOCATE, &ask).await?;
        let answer: LocateAnswer = message::read(&answer)?;
        Ok(answer.known == 1)
    }

    /// Answers a member. What it costs and when it is answered does not tell what it is.
    pub(super) async fn answer_locate(
        &self,
        from: &str,
        ask: LocateAsk,
    ) -> Result<LocateAnswer, HospitalError> {
        let began = Instant::now();
        let (hospital, by) = (self.clone(), from.to_owned());
        // Carried out whole even if the other side hangs up, as a disclosure is.
        let task = tokio::spawn(async move { hospital.known_to(&by, &ask).await });
        let known = task
            .await
            .map_err(|_| HospitalError::Internal("a location query broke off".into()))?;
        at_next_step(began).await;
        Ok(LocateAnswer {
            known: u8::from(known?),
        })
    }

    async fn known_to(&self, from: &str, ask: &LocateAsk) -> Result<bool, HospitalError> {
        let state = self.fresh_state().await?;
        let practitioner = match &ask.credential {
            Some(credential) => Some(
                self.practitioner(from, credential, &ask.nonce, &state)
                    .await?,
            ),
            None => None,
        };
        let who = Who::of(practitioner.as_ref());
        let pseudonym = message::digest(&ask.pseudonym)?;
        let linked = self.linked_patient(from, &pseudonym).await?;
        let patient = linked.as_deref().unwrap_or(NOBODY);
        let permitted = self.lets_locate(from, patient, &who).await?;
        // Both answers leave an event, and both wait until it is final.
        let written = self
            .log_location(from, linked.clone(), &who, permitted.as_deref())
            .await?;
        self.anchored(&written.type_, &written.id, written.version)
            .await?;
        Ok(permitted.is_some())
    }

    /// The consent by which a patient lets an organisation know, if nothing refuses it.
    async fn lets_locate(
        &self,
        from: &str,
        patient: &str,
        who: &Who<'_>,
    ) -> Result<Option<String>, HospitalError> {
        let consents = self
            .pacts_of::<LocatePact>(PactKind::Locate, patient)
            .await?;
        let given = consents.into_iter().find(|it| {
            let named = &it.value.organisations;
            named.is_empty() || named.iter().any(|name| name == from)
        });
        let terms = self.terms_of(patient).await?;
        let record = self.0.store.current("Patient", patient).await?;
        let policy = self.policy_for(from, (who.subject, who.role), who.purpose, false)?;
        let reader = Reader {
            organisation: organisation_reference(from),
            practitioner: format!("Practitioner/{}", who.subject),
            role: format!("PractitionerRole/{}", who.role),
            custodian: organisation_reference(&self.0.organisation),
            purpose: Purpose::reason(who.purpose).ok_or_else(message::unusable)?,
            at_us: self.now_us(),
        };
        // The consent to be located permits; here it is asked whether another refuses.
        let decision = ByConsent::new(patient, terms, Fallback::Permit, reader, policy);
        let shown = record.filter(|it| !it.deleted()).is_some_and(|it| {
            let patients: Vec<&str> = it.patients.iter().map(String::as_str).collect();
            let row = store::SieveRow {
                type_: &it.type_,
                id: &it.id,
                version: it.version,
                patients: &patients,
                facts: &it.facts,
            };
            decision.view(&row) != Shown::Hidden
        });
        let given = given.filter(|_| shown && who.may_ask());
        Ok(given.map(|it| format!("Consent/{}", it.value.consent)))
    }

    /// That a patient is known here is a disclosure, and counts as one in the accounting.
    async fn log_location(
        &self,
        from: &str,
        patient: Option<String>,
        who: &Who<'_>,
        permitted: Option<&str>,
    ) -> Result<crate::access_log::RecordRef, HospitalError> {
        let touched = patient.iter().map(|id| Touched {
            type_: "Patient".into(),
            id: id.clone(),
            version: None,
        });
        let outcome = match permitted {
            Some(_) => AccessOutcome::Permitted,
            None => AccessOutcome::Refused {
                reasons: vec!["no-consent".into()],
            },
        };
        let to = from.to_owned();
        let access = Access {
            touched: touched.collect(),
            patient,
            purpose: Some((ACT_REASON.into(), who.purpose.into())),
            basis: permitted.map(str::to_owned),
            outcome,
            ..Access::new(
                agent(from, who.practitioner),
                AccessDeed::Disclose { to },
                self.now_us(),
            )
        };
        self.record_access(access).await
    }
}
