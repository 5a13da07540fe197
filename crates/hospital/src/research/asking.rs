//! Asking for a dataset, and the decision of a second person.

use serde_json::json;

use super::request::{NewStudy, Study, StudyDecided, StudyPage, StudyState, TASK};
use super::{purpose, studies, wrong};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::admit::new_id;
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::own::{self, RESEARCH};
use crate::request::{clip, is_id};
use crate::search::PAGE_TOKEN;
use crate::setup::Hospital;

/// Longest words of a request, in letters.
const PURPOSE_MAX: usize = 2_000;
const APPROVAL_MAX: usize = 200;
/// Requests that wait for a decision.
const OPEN_MAX: u64 = 200;
/// Requests of a page.
const PAGE: &str = "50";

impl Hospital {
    /// Asks for a dataset.
    pub async fn ask_for_study(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        new: NewStudy,
    ) -> Result<Study, HospitalError> {
        studies(caller)?;
        let of = sound(new)?;
        let _alone = self.0.asking.lock().await;
        let open = self.studies_found(&[("status", "requested"), ("_count", "0")]);
        if open.await?.1.unwrap_or(0) >= OPEN_MAX {
            return Err(HospitalError::request(
                "too-costly",
                format!("{OPEN_MAX} requests wait for a decision here"),
                "wait until the privacy officer has decided some of them",
            ));
        }
        let study = Study {
            id: new_id()?,
            version: 1,
            by: caller.username.clone(),
            asked: instant::fhir(instant::floor_ms(self.now_us())),
            of,
            state: StudyState::Asked,
            decided: None,
        };
        let draft = self.own_draft(TASK, study.record()?).await?;
        self.research_access(agent, "ask").await?;
        self.store_acted(vec![draft], &[]).await??;
        Ok(study)
    }

    /// The requests: a researcher's own, or all for a privacy officer.
    pub async fn studies(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        after: Option<&str>,
    ) -> Result<StudyPage, HospitalError> {
        sees(caller)?;
        let mut pairs = vec![("_sort", "-authored-on"), ("_count", PAGE)];
        pairs.extend(after.map(|it| (PAGE_TOKEN, it)));
        let (mut requests, _, next) = self.studies_found(&pairs).await?;
        requests.retain(|it| caller.role == Role::Auditor || it.by == caller.username);
        self.research_access(agent, "requests").await?;
        Ok(StudyPage { requests, next })
    }

    /// One request, for who asked and for a privacy officer.
    pub(super) async fn study(&self, caller: &Caller, id: &str) -> Result<Study, HospitalError> {
        sees(caller)?;
        let study = self.study_here(id).await?.1;
        if caller.role == Role::Auditor || study.by == caller.username {
            return Ok(study);
        }
        Err(absent(id))
    }

    /// The same, with an entry in the log.
    pub async fn study_of(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &str,
    ) -> Result<Study, HospitalError> {
        let study = self.study(caller, id).await?;
        self.research_access(agent, "request").await?;
        Ok(study)
    }

    /// A privacy officer approves or refuses, once. Nobody decides on an own request: the roles of
    /// a user at the request and now may be two.
    pub async fn decide_study(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, approves, text): (&str, bool, &str),
    ) -> Result<Study, HospitalError> {
        if caller.role != Role::Auditor {
            return Err(HospitalError::Forbidden(format!(
                "the role {} does not decide on research: an auditor does",
                caller.role
            )));
        }
        let text = own::text(text, PURPOSE_MAX)?;
        let _alone = self.0.asking.lock().await;
        let (stored, mut study) = self.study_here(id).await?;
        if study.by == caller.username {
            return Err(HospitalError::Forbidden(
                "nobody decides on an own request".into(),
            ));
        }
        if study.state != StudyState::Asked {
            return Err(HospitalError::request(
                "conflict",
                format!("the request was {} before", study.state.word()),
                "a new request is decided anew",
            ));
        }
        study.state = if approves {
            StudyState::Approved
        } else {
            StudyState::Refused
        };
        let decided = StudyDecided {
            by: caller.username.clone(),
            at: instant::fhir(instant::floor_ms(self.now_us())),
            text,
        };
        let changed = self.changed_own(TASK, stored, |fields| {
            let StudyDecided { by, at, text } = &decided;
            let note = json!([{ "authorString": by, "time": at, "text": text }]);
            fields.insert("status".into(), study.state.status().into());
            fields.insert("lastModified".into(), at.clone().into());
            fields.insert("note".into(), note);
        });
        let draft = changed.await?;
        study.version = draft.stamp.version;
        study.decided = Some(decided);
        self.research_access(agent, "decide").await?;
        self.store_acted(vec![draft], &[]).await??;
        Ok(study)
    }

    /// A request with its record as it is stored.
    pub(super) async fn study_here(
        &self,
        id: &str,
    ) -> Result<(store::Stored, Study), HospitalError> {
        if !is_id(id) {
            return Err(absent(id));
        }
        let stored = self.0.store.current(TASK, id).await?;
        let stored = stored
            .filter(|it| !it.deleted())
            .ok_or_else(|| absent(id))?;
        let record = self.opened(stored.clone()).await?.record;
        let study = Study::read(&record).ok_or_else(|| absent(id))?;
        Ok((stored, study))
    }

    async fn studies_found(
        &self,
        pairs: &[(&str, &str)],
    ) -> Result<(Vec<Study>, Option<u64>, Option<String>), HospitalError> {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut all = vec![("identifier".to_owned(), format!("{RESEARCH}|"))];
        all.extend(owned);
        let found = self
            .search(&Caller::organisation(), TASK, all, true)
            .await?;
        let studies = found.matches.iter().filter_map(Study::read);
        Ok((studies.collect(), found.total, found.next))
    }

    /// Writes down who did what for research.
    pub(super) async fn research_access(
        &self,
        agent: AccessAgent,
        deed: &str,
    ) -> Result<(), HospitalError> {
        let deed = AccessDeed::Operation(format!("research-{deed}"));
        let access = Access {
            purpose: Some(purpose()),
            ..Access::new(agent, deed, self.now_us())
        };
        self.record_access(access).await.map(|_| ())
    }
}

fn sees(caller: &Caller) -> Result<(), HospitalError> {
    match caller.role {
        Role::Auditor => Ok(()),
        _ => studies(caller),
    }
}

fn absent(id: &str) -> HospitalError {
    HospitalError::Absent(format!("request {}", clip(id)))
}

fn sound(new: NewStudy) -> Result<NewStudy, HospitalError> {
    new.cohort.check()?;
    let said = |field: &str, text: &str, most: usize| {
        own::text(text, most).map_err(|_| {
            wrong(format!(
                "`{field}` has 1 to {most} letters, and no control characters"
            ))
        })
    };
    let mut elements = new.elements;
    elements.sort();
    elements.dedup();
    if elements.is_empty() {
        return Err(wrong(
            "`elements` names what is wanted: condition, observation, medication, procedure, \
             immunization",
        ));
    }
    Ok(NewStudy {
        purpose: said("purpose", &new.purpose, PURPOSE_MAX)?,
        approval: said("approval", &new.approval, APPROVAL_MAX)?,
        cohort: new.cohort,
        elements,
    })
}
