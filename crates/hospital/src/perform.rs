//! One interaction after another door than HTTP's verbs: what a request asks for is done here.

use crate::access_log::Seen;
use crate::admit::Admitted;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::history::HistoryOf;
use crate::record::Record;
use crate::request::{Method, Request, Target};
use crate::retire::Retired;
use crate::search::SearchPage;
use crate::setup::Hospital;

/// What an interaction answers.
#[derive(Debug, Clone)]
pub enum Response {
    /// A record that was read.
    Read(Record),
    /// The client's copy is still current.
    NotModified {
        /// The version that it has.
        version: u64,
        /// `meta.lastUpdated` of that version.
        updated_us: i64,
        /// Which it is, for the log of accesses.
        seen: Seen,
    },
    /// A record that was written, or found by a conditional create.
    Written(Admitted),
    /// A record that was deleted.
    Retired(Retired),
    /// A page of a search.
    Found(SearchPage),
    /// A page of a history.
    History(HistoryOf),
}

impl Hospital {
    /// Does one interaction. What the caller may do was decided before; what the caller may see
    /// is bounded here.
    pub async fn perform(
        &self,
        caller: &Caller,
        mut request: Request,
    ) -> Result<Response, HospitalError> {
        if request.method != Method::Get {
            self.guard_write(caller, &mut request).await?;
        }
        match request.method {
            Method::Get => self.perform_read(caller, request).await,
            Method::Post | Method::Put | Method::Patch => self.perform_write(caller, request).await,
            Method::Delete => match request.target {
                Target::Instance(type_, id) => self
                    .retire(caller, type_, &id, &request.conditions)
                    .await
                    .map(Response::Retired),
                Target::Type(type_) => self
                    .retire_where(caller, type_, &request.query, &request.conditions)
                    .await
                    .map(Response::Retired),
                _ => Err(unfit()),
            },
        }
    }

    async fn perform_read(
        &self,
        caller: &Caller,
        request: Request,
    ) -> Result<Response, HospitalError> {
        let conditions = &request.conditions;
        match request.target {
            Target::Instance(type_, id) => {
                let record = self.read(caller, type_, &id).await?;
                // FHIR R4 3.1.0.5.4: If-None-Match wins over If-Modified-Since.
                let tagged = !conditions.if_none_match.is_empty();
                let known = if tagged {
                    conditions.if_none_match.contains(&record.version)
                } else {
                    // HTTP dates have seconds only: compare by them.
                    let second = |us: i64| us.div_euclid(1_000_000);
                    conditions
                        .if_modified_since_us
                        .is_some_and(|since| second(record.updated_us) <= second(since))
                };
                Ok(if known {
                    let (version, updated_us) = (record.version, record.updated_us);
                    Response::NotModified {
                        version,
                        updated_us,
                        seen: Seen::of(&record),
                    }
                } else {
                    Response::Read(record)
                })
            }
            Target::Version(type_, id, version) => self
                .read_version(caller, type_, &id, version)
                .await
                .map(Response::Read),
            Target::Type(type_) => {
                let page = self
                    .search(caller, type_, request.query, request.strict)
                    .await?;
                Ok(Response::Found(page))
            }
            Target::Everything(id) => {
                let page = self
                    .everything(caller, &id, request.query, request.strict)
                    .await?;
                Ok(Response::Found(page))
            }
            Target::System => Err(HospitalError::request(
                "not-supported",
                "a search over all types is not supported",
                "search one type at a time",
            )),
            target @ (Target::SystemHistory
            | Target::TypeHistory(_)
            | Target::InstanceHistory(..)) => {
                let page = self
                    .history(caller, target, request.query, request.strict)
                    .await?;
                Ok(Response::History(page))
            }
        }
    }

    async fn perform_write(
        &self,
        caller: &Caller,
        request: Request,
    ) -> Result<Response, HospitalError> {
        let Request {
            method,
            target,
            query,
            body,
            conditions,
            ..
        } = request;
        let written = match (method, target) {
            (Method::Post, Target::Type(type_)) => {
                self.create(caller, type_, body, conditions.if_none_exist.as_ref())
                    .await
            }
            (Method::Put, Target::Instance(type_, id)) => {
                self.replace(caller, type_, &id, body, &conditions).await
            }
            (Method::Put, Target::Type(type_)) => {
                self.replace_where(caller, type_, &query, body, &conditions)
                    .await
            }
            (Method::Patch, Target::Instance(type_, id)) => {
                self.amend(caller, type_, &id, body, &conditions).await
            }
            (Method::Patch, Target::Type(type_)) => {
                self.amend_where(caller, type_, &query, body, &conditions)
                    .await
            }
            _ => Err(unfit()),
        };
        written.map(Response::Written)
    }
}

fn unfit() -> HospitalError {
    HospitalError::request(
        "not-supported",
        "this verb cannot be used with this url",
        "see /fhir/metadata for the interactions of each type",
    )
}
