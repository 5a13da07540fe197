//! The custodian's side: what must hold, the notice to the patient, the key for some hours.

use consent::acts::{Glass, HOUR_MS};
use ledger::State;
use proof::Digest;
use serde_json::json;
use store::PactKind;
use vault::grant::GrantKey;

use super::{AnsweredPact, Words};
use crate::access_log::{Access, AccessDeed};
use crate::caller::{Caller, Role};
use crate::credential::Practitioner;
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::failed;
use crate::request::Body;
use crate::setup::Hospital;
use crate::sharing::disclose::agent;
use crate::sharing::give::key_message;
use crate::sharing::message::{self, GlassAnswer, GlassAsk};
use crate::sharing::pact::Kept;
use vault::grant::GrantContext;

/// The pacts of an opening are kept for a year, the key not so long.
const KEPT_US: i64 = 366 * 24 * 3_600 * 1_000_000;
/// Who opens, and without a quorum a second one.
const OFFICERS_MAX: usize = 2;
/// How long a missing opening is waited for: the opener's node may be ahead of this one.
const BEHIND_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

impl Hospital {
    /// Answers an organisation that breaks the glass.
    pub(in crate::sharing) async fn answer_glass(
        &self,
        from: &str,
        ask: GlassAsk,
    ) -> Result<GlassAnswer, HospitalError> {
        let (hospital, from) = (self.clone(), from.to_owned());
        let task = tokio::spawn(async move { hospital.answered_glass(&from, &ask).await });
        task.await
            .map_err(|_| HospitalError::Internal("an opening broke off".into()))?
    }

    async fn answered_glass(
        &self,
        from: &str,
        ask: &GlassAsk,
    ) -> Result<GlassAnswer, HospitalError> {
        let id = message::digest(&ask.glass)?;
        let state = self.0.chain.state();
        if ask.credentials.len() > OFFICERS_MAX {
            return Err(refused("more than two officers open"));
        }
        let mut officers: Vec<Practitioner> = Vec::with_capacity(OFFICERS_MAX);
        for credential in &ask.credentials {
            let officer = self.practitioner(from, credential, &ask.nonce, &state);
            officers.push(officer.await?);
        }
        let Some(practitioner) = officers.first() else {
            return Err(refused("nobody opens"));
        };
        if practitioner.role != Role::Clinician {
            return Err(refused("the role does not break the glass"));
        }
        let officer = |it: &Practitioner| matches!(it.role, Role::Clinician | Role::Auditor);
        if !officers.iter().all(officer) {
            return Err(refused("the second officer is a clinician or an auditor"));
        }
        let pseudonym = message::digest(&ask.pseudonym)?;
        let patient = self.linked_patient(from, &pseudonym).await?;
        let patient = patient.ok_or_else(|| HospitalError::Absent("the patient".into()))?;
        let late = self
            .check_opening(from, ask, &id, practitioner, &officers)
            .await?;
        self.check_not_suspended(from, practitioner, &state).await?;
        let key = GrantKey::fresh().map_err(failed)?;
        let kept = key.keep(self.0.keyring.root(), &id.0).map_err(failed)?;
        let now_us = self.now_us();
        let hours_us = i64::try_from(u64::from(ask.hours) * HOUR_MS * 1_000).unwrap_or(0);
        let pact = Kept {
            id: answered_id(&id),
            organisation: from.to_owned(),
            patient: patient.clone(),
            until_us: now_us + KEPT_US,
            value: AnsweredPact {
                practitioner: practitioner.subject.clone(),
                reason: ask.reason.clone(),
                kept: message::to_base64(&kept),
                until_us: now_us + hours_us,
                opened_us: now_us,
                late,
                reviewed: false,
                review: None,
            },
        };
        self.keep_pact(PactKind::Glass, &pact).await?;
        self.log_opening(from, practitioner, &patient, &id).await?;
        self.tell_patient(from, &patient, now_us).await?;
        self.sealed_answer(from, &id, &key)
    }

    /// The opening on the ledger; or, where there is no quorum, two officers. True if late.
    async fn check_opening(
        &self,
        from: &str,
        ask: &GlassAsk,
        id: &Digest,
        practitioner: &Practitioner,
        officers: &[Practitioner],
    ) -> Result<bool, HospitalError> {
        let words = Words {
            pseudonym: ask.pseudonym.clone(),
            practitioner: practitioner.subject.clone(),
            reason: ask.reason.clone(),
            key: ask.key.clone(),
        };
        if self.fresh_state().await.is_err() {
            let two = officers.len() == 2 && officers[0].subject != officers[1].subject;
            return if two {
                Ok(true)
            } else {
                Err(refused("without a quorum two officers open"))
            };
        }
        let glass = self.glass_soon(id).await?;
        let now_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
        let ours = glass.custodian.as_deref() == Some(self.0.organisation.as_str());
        let opens = words.commitment(&message::digest(&ask.key)?) == glass.commitment;
        if glass.opener == from && ours && opens && now_ms < glass.until_ms {
            Ok(false)
        } else {
            Err(refused("the ledger has no such opening"))
        }
    }

    async fn glass_soon(&self, id: &Digest) -> Result<Glass, HospitalError> {
        let until = tokio::time::Instant::now() + BEHIND_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            if let Some(glass) = self.0.chain.state().glass(id) {
                return Ok(glass);
            }
            let waited = tokio::time::timeout_at(until, blocks.changed()).await;
            if !matches!(waited, Ok(Ok(()))) {
                return Err(refused("the ledger has no such opening"));
            }
        }
    }

    /// Whose opening was not reviewed in time opens nothing more.
    async fn check_not_suspended(
        &self,
        from: &str,
        practitioner: &Practitioner,
        state: &State,
    ) -> Result<(), HospitalError> {
        let now_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
        for pact in self.all_pacts::<AnsweredPact>(PactKind::Glass).await? {
            let own = pact.organisation == from && pact.value.practitioner == practitioner.subject;
            let id = own.then(|| glass_of(&pact.id)).flatten();
            let Some(glass) = id.and_then(|id| state.glass(&id)) else {
                continue;
            };
            if glass.is_overdue_at(now_ms) {
                return Err(refused(
                    "an earlier opening of this practitioner was not reviewed in time",
                ));
            }
        }
        Ok(())
    }

    async fn log_opening(
        &self,
        from: &str,
        practitioner: &Practitioner,
        patient: &str,
        id: &Digest,
    ) -> Result<(), HospitalError> {
        let to = from.to_owned();
        let access = Access {
            patient: Some(patient.to_owned()),
            purpose: Some((super::super::disclose::ACT_REASON.into(), "BTG".into())),
            basis: Some(id.to_string()),
            ..Access::new(
                agent(from, Some(practitioner)),
                AccessDeed::BreakGlass { to },
                self.now_us(),
            )
        };
        self.record_access(access).await.map(|_| ())
    }

    /// The patient is told, in a record of their own.
    async fn tell_patient(
        &self,
        from: &str,
        patient: &str,
        now_us: i64,
    ) -> Result<(), HospitalError> {
        let notice = json!({
            "resourceType": "Communication",
            "status": "completed",
            "category": [{ "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/communication-category",
                "code": "alert"
            }]}],
            "priority": "urgent",
            "subject": { "reference": format!("Patient/{patient}") },
            "recipient": [{ "reference": format!("Patient/{patient}") }],
            "sent": instant::fhir(now_us),
            "payload": [{ "contentString": format!(
                "In an emergency {from} opened your records here without asking you. The privacy \
                 officer reviews this within 72 hours. Your access log says who it was."
            )}]
        });
        let own = Caller::organisation();
        self.create(&own, "Communication", Body::Json(notice), None)
            .await
            .map(|_| ())
    }

    fn sealed_answer(
        &self,
        from: &str,
        id: &Digest,
        key: &GrantKey,
    ) -> Result<GlassAnswer, HospitalError> {
        let service = from.parse().ok().and_then(|id| {
            let state = self.0.chain.state();
            state.service(&id)
        });
        let service = service.ok_or_else(|| refused("the opener has not announced its keys"))?;
        let context = GrantContext {
            custodian: &self.0.organisation,
            recipient: from,
            grant_id: &id.0,
        };
        let sealed = key.seal_to(&service.xwing_key, &context).map_err(failed)?;
        let signed = key_message(&self.0.chain_id, id, from, &sealed);
        Ok(GlassAnswer {
            sealed: message::to_base64(&sealed),
            signature: message::to_base64(&self.0.transaction_key.sign(&signed.0).0),
        })
    }
}

/// The custodian's row: an organisation may be opener and custodian, of different openings.
pub(crate) fn answered_id(id: &Digest) -> Vec<u8> {
    [b"answered/".as_slice(), &id.0].concat()
}

/// The id of the opening of a custodian's row.
pub(super) fn glass_of(id: &[u8]) -> Option<Digest> {
    let id = id.strip_prefix(b"answered/".as_slice())?;
    <[u8; 32]>::try_from(id).ok().map(Digest)
}

fn refused(text: &str) -> HospitalError {
    HospitalError::Forbidden(text.to_owned())
}
