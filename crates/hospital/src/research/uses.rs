//! What a patient sees of research: in which datasets the own record was, and whose.

use std::collections::BTreeMap;

use serde_json::Value;

use super::request::Study;
use crate::access_log::{AUDIT_EVENT, Access, AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::own::RESEARCH;
use crate::record::Record;
use crate::search::PAGE_TOKEN;
use crate::setup::Hospital;

/// Events of a page.
const PAGE: &str = "100";

/// A dataset in which a patient was.
#[derive(Debug, Clone)]
pub struct ResearchUse {
    /// When, a FHIR instant.
    pub at: String,
    /// The id of the request.
    pub request: String,
    /// What for, as the researcher wrote; empty if the request is not there.
    pub purpose: String,
    /// Protocol and approval.
    pub approval: String,
    /// The researcher.
    pub by: String,
    /// The Consent under which it was, by its id.
    pub consent: String,
    /// The id of the AuditEvent, whose receipt proves it.
    pub event: String,
}

/// Some of them, and where the next ones begin.
#[derive(Debug, Clone, Default)]
pub struct UsePage {
    /// They, the newest first.
    pub uses: Vec<ResearchUse>,
    /// Where it goes on.
    pub next: Option<String>,
}

impl Hospital {
    /// The datasets in which the record of a patient was; for the patient, or who acts for one.
    pub async fn research_uses(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        after: Option<String>,
    ) -> Result<UsePage, HospitalError> {
        let patient = match (caller.role, &caller.patient) {
            (Role::Patient, Some(patient)) => patient.clone(),
            (role, _) => {
                return Err(HospitalError::Forbidden(format!(
                    "the role {role} is in no dataset: this is for patients"
                )));
            }
        };
        let mut pairs = vec![
            ("patient".to_owned(), format!("Patient/{patient}")),
            ("subtype".to_owned(), format!("{RESEARCH}|dataset")),
            ("_sort".to_owned(), "-date".to_owned()),
            ("_count".to_owned(), PAGE.to_owned()),
        ];
        pairs.extend(after.map(|it| (PAGE_TOKEN.to_owned(), it)));
        let found = self.search(caller, AUDIT_EVENT, pairs, true).await?;
        let mut uses: Vec<ResearchUse> = found.matches.iter().filter_map(read).collect();
        let mut known: BTreeMap<String, Option<Study>> = BTreeMap::new();
        for one in &mut uses {
            if !known.contains_key(&one.request) {
                let study = self.study_here(&one.request).await.ok();
                known.insert(one.request.clone(), study.map(|it| it.1));
            }
            if let Some(Some(study)) = known.get(&one.request) {
                one.purpose.clone_from(&study.of.purpose);
                one.approval.clone_from(&study.of.approval);
            }
        }
        let deed = AccessDeed::Operation("research-uses".into());
        let access = Access {
            patient: Some(patient),
            ..Access::new(agent, deed, self.now_us())
        };
        self.record_access(access).await?;
        Ok(UsePage {
            uses,
            next: found.next,
        })
    }
}

fn read(record: &Record) -> Option<ResearchUse> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let event: Value = serde_json::from_slice(&record.body).ok()?;
    let entities = || event["entity"].as_array().into_iter().flatten();
    let query = entities().find_map(|it| it["query"].as_str())?;
    let query = String::from_utf8(STANDARD.decode(query).ok()?).ok()?;
    let request = query.strip_prefix("/research/requests/")?;
    let request = request.strip_suffix("/dataset")?;
    let consent =
        entities().find_map(|it| it["what"]["reference"].as_str()?.strip_prefix("Consent/"));
    let agents = event["agent"].as_array().into_iter().flatten();
    let user = agents.into_iter().find(|it| it["requestor"] == true);
    Some(ResearchUse {
        at: event["recorded"].as_str()?.to_owned(),
        request: request.to_owned(),
        purpose: String::new(),
        approval: String::new(),
        by: user
            .and_then(|it| it["name"].as_str())
            .unwrap_or_default()
            .to_owned(),
        consent: consent.unwrap_or_default().to_owned(),
        event: record.id.clone(),
    })
}
