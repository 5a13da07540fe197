//! The custodian's side: kept for the patient, and the same answer for whom it does not know.

use tokio::time::Instant;

use super::record::{self, Side, TYPE};
use super::send::check_purpose;
use super::{AccessRequest, OPEN_US, TEXT_MAX};
use crate::access_log::{Access, AccessDeed, logged};
use crate::admit::new_id;
use crate::caller::Role;
use crate::credential::Practitioner;
use crate::error::HospitalError;
use crate::instant;
use crate::own;
use crate::setup::Hospital;
use crate::sharing::disclose::{ACT_REASON, agent};
use crate::sharing::locate::{NOBODY, at_next_step};
use crate::sharing::message::{self, RequestAnswer, RequestAsk};
use crate::tally::Tally;

/// Requests of one organisation in [`SPAN_US`], whoever they are about.
const KNOCKS_MAX: u32 = 500;
const SPAN_US: i64 = 86_400 * 1_000_000;

/// How often organisations ask here.
pub(crate) fn knocks() -> Tally {
    Tally::new(KNOCKS_MAX, SPAN_US)
}

impl Hospital {
    /// Answers an organisation whose clinician asks a patient. What it costs and when it is
    /// answered does not tell whether there is such a patient.
    pub(in crate::sharing) async fn answer_request(
        &self,
        from: &str,
        ask: RequestAsk,
    ) -> Result<RequestAnswer, HospitalError> {
        let began = Instant::now();
        let (hospital, by) = (self.clone(), from.to_owned());
        // Carried out whole even if the other side hangs up.
        let task = tokio::spawn(async move { hospital.requested(&by, &ask).await });
        let done = task
            .await
            .map_err(|_| HospitalError::Internal("a request for access broke off".into()))?;
        at_next_step(began).await;
        done.map(|()| RequestAnswer { received: 1 })
    }

    async fn requested(&self, from: &str, ask: &RequestAsk) -> Result<(), HospitalError> {
        if !self.0.knocks.take(from, self.now_us()) {
            return Err(HospitalError::Busy(format!(
                "{from} asked {KNOCKS_MAX} times in a day: wait"
            )));
        }
        let state = self.fresh_state().await?;
        let practitioner = self
            .practitioner(from, &ask.credential, &ask.nonce, &state)
            .await?;
        if practitioner.role != Role::Clinician {
            return Err(HospitalError::Forbidden(
                "the role does not ask patients for access".into(),
            ));
        }
        check_purpose(&ask.purpose)?;
        if !ask.text.is_empty() {
            own::text(&ask.text, TEXT_MAX)?;
        }
        let pseudonym = message::digest(&ask.pseudonym)?;
        let linked = self.linked_patient(from, &pseudonym).await?;
        // From here on nothing that fails is told: it would tell that there is a patient.
        if let Err(error) = self.keep_received(from, ask, &practitioner, linked).await {
            tracing::warn!(from, %error, "a request for access was not kept");
        }
        Ok(())
    }

    async fn keep_received(
        &self,
        from: &str,
        ask: &RequestAsk,
        practitioner: &Practitioner,
        linked: Option<String>,
    ) -> Result<(), HospitalError> {
        let _alone = self.0.asking.lock().await;
        let patient = linked.as_deref().unwrap_or(NOBODY);
        let open = self.open_requests(Side::Received, patient, from).await?;
        let now_us = instant::floor_ms(self.now_us());
        let access = Access {
            patient: linked.clone(),
            purpose: Some((ACT_REASON.into(), ask.purpose.clone())),
            ..Access::new(
                agent(from, Some(practitioner)),
                AccessDeed::Operation("request-access".into()),
                now_us,
            )
        };
        let keeps = |it: &String| open.matches.is_empty() && !self.0.keyring.is_leaving(it);
        let Some(patient) = linked.filter(keeps) else {
            // One that is open already, or nobody: the event alone.
            return self.record_access(access).await.map(|_| ());
        };
        let request = AccessRequest {
            id: new_id()?,
            patient,
            organisation: from.to_owned(),
            practitioner: practitioner.subject.clone(),
            role: practitioner.role.to_string(),
            purpose: ask.purpose.clone(),
            text: Some(ask.text.trim().to_owned()).filter(|text| !text.is_empty()),
            asked: instant::fhir(now_us),
            until: instant::fhir(now_us + OPEN_US),
        };
        let record = record::of(&request, Side::Received, from);
        let draft = self.own_draft(TYPE, record).await?;
        let (stored, _) = logged(access, self.store_acted(vec![draft], &[])).await;
        Ok(stored??)
    }
}
