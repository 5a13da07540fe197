//! What became of requests: the patient's open ones, declining, and the consent that closes one.

use serde_json::json;

use super::record::{self, PRACTITIONER, Side, TYPE};
use super::{AccessRequest, OPEN_US};
use crate::access_log::{Access, AccessAgent, AccessDeed, Seen, events, logged};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::own::ACCESS_REQUEST;
use crate::pairs::Pairs;
use crate::request::{clip, is_id};
use crate::search::{PAGE_TOKEN, SearchPage};
use crate::setup::Hospital;
use crate::sharing::give::consenting;

/// Requests of a page.
const PAGE: &str = "100";

/// A page of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequestPage {
    /// The requests, the newest first.
    pub requests: Vec<AccessRequest>,
    /// Whether they were sent from here.
    pub sent: bool,
    /// The token of the next page.
    pub next: Option<String>,
}

impl Hospital {
    /// The open requests to a patient, or those that a clinician sent.
    pub async fn access_requests(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        after: Option<String>,
    ) -> Result<AccessRequestPage, HospitalError> {
        let (side, narrower, looks) = match caller.role {
            Role::Patient => (Side::Received, self.sent_after(), caller.clone()),
            Role::Clinician => {
                let own = format!("{PRACTITIONER}|{}", self.practitioner_pseudonym(caller));
                let own = ("identifier".to_owned(), own);
                (Side::Sent, own, Caller::organisation())
            }
            role => {
                return Err(HospitalError::Forbidden(format!(
                    "the role {role} neither sends nor gets requests for access"
                )));
            }
        };
        let mut pairs: Pairs = vec![
            ("category".into(), side.all()),
            ("status".into(), "active".into()),
            narrower,
            ("_sort".into(), "-authored".into()),
            ("_count".into(), PAGE.into()),
        ];
        if let Some(after) = after {
            pairs.push((PAGE_TOKEN.into(), after));
        }
        let found = self.search(&looks, TYPE, pairs, true).await?;
        let seen: Vec<Seen> = found.matches.iter().map(Seen::of).collect();
        let deed = AccessDeed::Operation("list-access-requests".into());
        let access = Access::new(agent, deed, self.now_us());
        self.record_accesses(events(&access, &seen, None)).await?;
        let requests = found.matches.iter();
        let requests = requests.filter_map(|it| Some(record::read(it, side)?.0));
        Ok(AccessRequestPage {
            requests: requests.collect(),
            sent: side == Side::Sent,
            next: found.next,
        })
    }

    /// The patient does not want this. Who asked is not told. A second time does nothing more.
    pub async fn decline_access(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &str,
    ) -> Result<AccessRequest, HospitalError> {
        consenting(caller)?;
        let absent = || HospitalError::Absent(format!("a request {}", clip(id)));
        if !is_id(id) {
            return Err(absent());
        }
        let _alone = self.0.asking.lock().await;
        let record = self.read(caller, TYPE, id).await.map_err(|_| absent())?;
        let (request, status) = record::read(&record, Side::Received).ok_or_else(absent)?;
        if status == "revoked" {
            return Ok(request);
        }
        if status != "active" {
            return Err(HospitalError::request(
                "conflict",
                "you gave this organisation a consent",
                "withdraw the consent: docs/guides/share.md",
            ));
        }
        let access = Access::new(agent, AccessDeed::Update, self.now_us());
        let declined = self.set_request_status(id, "revoked", Some("declined"));
        logged(access, declined).await.0?;
        Ok(request)
    }

    /// A consent was filed: what these organisations asked for is done.
    pub(in crate::sharing) async fn close_requests(&self, patient: &str, organisations: &[String]) {
        let _alone = self.0.asking.lock().await;
        for organisation in organisations {
            let closed = async {
                let open = self.open_requests(Side::Received, patient, organisation);
                for record in open.await?.matches {
                    self.set_request_status(&record.id, "completed", None)
                        .await?;
                }
                Ok::<_, HospitalError>(())
            };
            // The consent stands whatever becomes of the request.
            if let Err(error) = closed.await {
                tracing::warn!(organisation, %error, "a request for access was not closed");
            }
        }
    }

    /// The open requests of a patient with an organisation: one at most.
    pub(super) async fn open_requests(
        &self,
        side: Side,
        patient: &str,
        organisation: &str,
    ) -> Result<SearchPage, HospitalError> {
        let pairs: Pairs = vec![
            ("identifier".into(), side.with(organisation)),
            ("category".into(), side.all()),
            ("status".into(), "active".into()),
            self.sent_after(),
            ("_count".into(), "10".into()),
        ];
        let caller = Caller::new("", Role::System, Some(patient.to_owned()));
        self.search(&caller, TYPE, pairs, true).await
    }

    /// Requests that are not over.
    fn sent_after(&self) -> (String, String) {
        let since = instant::fhir(self.now_us() - OPEN_US);
        ("authored".into(), format!("ge{since}"))
    }

    pub(super) async fn set_request_status(
        &self,
        id: &str,
        status: &str,
        reason: Option<&str>,
    ) -> Result<(), HospitalError> {
        let stored = self.0.store.current(TYPE, id).await?;
        let stored = stored.filter(|it| !it.deleted());
        let stored = stored.ok_or_else(|| HospitalError::Absent(format!("{TYPE}/{id}")))?;
        let change = |fields: &mut serde_json::Map<String, serde_json::Value>| {
            fields.insert("status".into(), status.into());
            if let Some(code) = reason {
                let coding = json!([{ "system": ACCESS_REQUEST, "code": code }]);
                fields.insert("statusReason".into(), json!({ "coding": coding }));
            }
        };
        let draft = self.changed_own(TYPE, stored, change).await?;
        Ok(self.store_acted(vec![draft], &[]).await??)
    }
}
