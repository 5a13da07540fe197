//! The asking side: kept here first, then told to the custodian.

use consent::terms::Purpose;
use ledger::OrgId;
use proof::Digest;
use store::PactKind;

use super::record::{self, PRACTITIONER, Side, TYPE};
use super::{AccessRequest, OPEN_US, TEXT_MAX};
use crate::access_log::{Access, AccessAgent, AccessDeed, logged};
use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::failed;
use crate::own;
use crate::pairs::Pairs;
use crate::setup::Hospital;
use crate::sharing::message::{self, RequestAnswer, RequestAsk};
use crate::sharing::pact::LinkPact;

/// Requests of one practitioner in a day.
const DAY_MAX: u64 = 100;
const DAY_US: i64 = 86_400 * 1_000_000;

/// What a clinician asks for.
#[derive(Debug, Clone)]
pub struct NewAccessRequest {
    /// The custodian.
    pub source: String,
    /// The patient here.
    pub patient: String,
    /// What for: a code of v3-ActReason.
    pub purpose: String,
    /// In words, for the patient.
    pub text: Option<String>,
}

impl Hospital {
    /// Asks a patient of another organisation for consent. The answer is the same whether that
    /// organisation knows the patient or not: a random name is sent where there is no link.
    pub async fn request_access(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        new: NewAccessRequest,
    ) -> Result<AccessRequest, HospitalError> {
        if caller.role != Role::Clinician {
            let text = format!("the role {} does not ask patients for access", caller.role);
            return Err(HospitalError::Forbidden(text));
        }
        let text = new.text.as_deref().map(|text| own::text(text, TEXT_MAX));
        let text = text.transpose()?;
        check_purpose(&new.purpose)?;
        self.check_source(&new.source)?;
        self.current_record("Patient", &new.patient).await?;
        let now_us = instant::floor_ms(self.now_us());
        let request = AccessRequest {
            id: new_id()?,
            patient: new.patient,
            organisation: new.source,
            practitioner: self.practitioner_pseudonym(caller),
            role: caller.role.to_string(),
            purpose: new.purpose,
            text,
            asked: instant::fhir(now_us),
            until: instant::fhir(now_us + OPEN_US),
        };
        self.keep_sent(agent, &request).await?;
        if let Err(error) = self.send_request(caller, &request).await {
            // Nobody was asked, as far as this node knows: it may be tried again.
            self.set_request_status(&request.id, "entered-in-error", None)
                .await?;
            return Err(error);
        }
        Ok(request)
    }

    fn check_source(&self, source: &str) -> Result<(), HospitalError> {
        let state = self.0.chain.state();
        let id: Option<OrgId> = source.parse().ok();
        let there = id.is_some_and(|id| state.service(&id).is_some());
        if there && source != self.0.organisation {
            return Ok(());
        }
        Err(HospitalError::request(
            "business-rule",
            "`source` is no other member that has announced its keys",
            "GET /ledger/organisations lists the members",
        ))
    }

    /// Keeps what is about to be sent. Counted and stored by one at a time.
    async fn keep_sent(
        &self,
        agent: AccessAgent,
        request: &AccessRequest,
    ) -> Result<(), HospitalError> {
        let _alone = self.0.asking.lock().await;
        let open = self.open_requests(Side::Sent, &request.patient, &request.organisation);
        if !open.await?.matches.is_empty() {
            return Err(HospitalError::request(
                "conflict",
                "this patient was asked in the last 30 days",
                "GET /sharing/requests lists what you sent; the patient decides",
            ));
        }
        let now_us = self.now_us();
        let pairs: Pairs = vec![
            ("category".into(), Side::Sent.all()),
            (
                "identifier".into(),
                format!("{PRACTITIONER}|{}", request.practitioner),
            ),
            (
                "authored".into(),
                format!("ge{}", instant::fhir(now_us - DAY_US)),
            ),
            ("_count".into(), "0".into()),
        ];
        let today = self
            .search(&Caller::organisation(), TYPE, pairs, true)
            .await?;
        if today.total.unwrap_or(0) >= DAY_MAX {
            return Err(HospitalError::request(
                "too-costly",
                format!("a practitioner sends at most {DAY_MAX} requests in a day"),
                "go on tomorrow",
            ));
        }
        let record = record::of(request, Side::Sent, &self.0.organisation);
        let draft = self.own_draft(TYPE, record).await?;
        let access = Access::new(agent, AccessDeed::Create, now_us);
        let (stored, _) = logged(access, self.store_acted(vec![draft], &[])).await;
        Ok(stored??)
    }

    async fn send_request(
        &self,
        caller: &Caller,
        request: &AccessRequest,
    ) -> Result<(), HospitalError> {
        let links = self
            .pacts_of::<LinkPact>(PactKind::Link, &request.patient)
            .await?;
        let links = links
            .into_iter()
            .filter(|it| it.organisation == request.organisation);
        let pseudonym = match links.max_by_key(|it| it.value.since_us) {
            Some(link) => link.value.pseudonym,
            None => Digest(vault::random().map_err(failed)?).to_string(),
        };
        let nonce = Digest(vault::random().map_err(failed)?).to_string();
        let ask = RequestAsk {
            pseudonym,
            purpose: request.purpose.clone(),
            text: request.text.clone().unwrap_or_default(),
            credential: self.credential(caller, &request.organisation, &nonce)?,
            nonce,
        };
        let answer = self
            .call(&request.organisation, message::REQUEST, &ask)
            .await?;
        let RequestAnswer { received } = message::read(&answer)?;
        if received == 1 {
            return Ok(());
        }
        Err(message::unusable())
    }
}

/// A request is for an ordinary purpose: nobody asks to break the glass.
pub(super) fn check_purpose(code: &str) -> Result<(), HospitalError> {
    if code != "BTG" && Purpose::reason(code).is_some() {
        return Ok(());
    }
    Err(HospitalError::request(
        "value",
        "`purpose` is no code of v3-ActReason for which a patient is asked",
        "use TREAT, or the code that fits",
    ))
}
