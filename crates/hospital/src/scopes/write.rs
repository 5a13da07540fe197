//! Writes under scopes: what is hidden cannot be written, found or made by a detour.

use bytes::Bytes;
use fhir::references::{self, Link};
use serde_json::Value;

use super::{Reach, Verb};
use crate::bundle::Planned;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::request::{Body, Method, Request, Target};
use crate::setup::Hospital;

impl Hospital {
    /// Refuses a write past the scopes of the caller, and ties it to the version that was looked
    /// at. What the verb needs was decided before.
    pub(crate) async fn guard_write(
        &self,
        caller: &Caller,
        request: &mut Request,
    ) -> Result<(), HospitalError> {
        let Some(reach) = caller.sight.reach.as_deref() else {
            return Ok(());
        };
        let Some(type_) = request.target.resource_type() else {
            return Ok(());
        };
        let verb = verb(request.method);
        let conditional = is_conditional(request);
        if conditional && !reach.is_open(Verb::Search, Some(type_)) {
            return Err(beyond(
                "a condition searches, which the scopes do not allow",
            ));
        }
        let makes =
            matches!(request.method, Method::Put) && reach.allows(Verb::Create, Some(type_));
        let open = reach.is_open(verb, Some(type_))
            && (request.method != Method::Put || reach.is_open(Verb::Create, Some(type_)));
        if open {
            return Ok(());
        }
        if conditional {
            return Err(beyond(
                "with these scopes a condition cannot choose the record",
            ));
        }
        if matches!(request.method, Method::Patch) && !reach.is_open(verb, Some(type_)) {
            return Err(beyond(
                "with these scopes a record is replaced, not patched",
            ));
        }
        let mut verb = verb;
        if let Target::Instance(_, id) = &request.target {
            match self.current_record(type_, id).await {
                // Nothing is there: the update would create.
                Err(HospitalError::Absent(_)) if makes => verb = Verb::Create,
                Ok(record) if reach.sees(verb, &record) => {
                    request.conditions.if_match.get_or_insert(record.version);
                }
                // Hidden and absent answer alike.
                Ok(_) | Err(HospitalError::Absent(_) | HospitalError::Gone { .. }) => {
                    return Err(HospitalError::Absent(format!("{type_}/{id}")));
                }
                Err(error) => return Err(error),
            }
            if verb == Verb::Create {
                request.conditions.if_none_match_any = true;
            }
        }
        if request.method == Method::Delete {
            return Ok(());
        }
        if self.body_fits(reach, verb, type_, &request.body)? {
            return Ok(());
        }
        Err(beyond(
            "the scopes do not reach the resource as it would be",
        ))
    }

    fn body_fits(
        &self,
        reach: &Reach,
        verb: Verb,
        type_: &str,
        body: &Body,
    ) -> Result<bool, HospitalError> {
        if reach.is_open(verb, Some(type_)) {
            return Ok(true);
        }
        let parsed;
        let value = match body {
            Body::Json(value) => value,
            Body::Bytes(bytes) | Body::Merge(bytes) => {
                parsed = read(bytes)?;
                &parsed
            }
            Body::Empty => return Ok(false),
        };
        let id = value.get("id").and_then(Value::as_str).unwrap_or("");
        Ok(reach.fits(verb, type_, id, self.now_us(), value))
    }
}

impl Hospital {
    /// Refuses a transaction whose writes the scopes do not reach whole.
    pub(crate) fn guard_transaction(
        caller: &Caller,
        entries: &[Planned],
    ) -> Result<(), HospitalError> {
        let Some(reach) = caller.sight.reach.as_deref() else {
            return Ok(());
        };
        let writes = entries
            .iter()
            .filter(|entry| entry.request.method != Method::Get);
        for entry in writes {
            let type_ = entry.request.target.resource_type();
            let mut needed = vec![verb(entry.request.method)];
            if entry.request.method == Method::Put {
                needed.push(Verb::Create);
            }
            if is_conditional(&entry.request) {
                needed.push(Verb::Search);
            }
            if !needed.iter().all(|verb| reach.is_open(*verb, type_)) {
                let text = "the scopes reach only some records of the type: write them one by one";
                return Err(beyond(text).at_entry(entry.index));
            }
            if let Body::Json(value) = &entry.request.body
                && !searches_openly(reach, value)
            {
                let text = "a conditional reference searches, which the scopes do not allow";
                return Err(beyond(text).at_entry(entry.index));
            }
        }
        Ok(())
    }
}

/// Whether every conditional reference is about a type that may be searched whole.
fn searches_openly(reach: &Reach, value: &Value) -> bool {
    let mut open = true;
    references::visit(value, &mut |link, text| {
        if let (Link::Reference, Some((type_, _))) = (link, text.split_once('?')) {
            open &= reach.is_open(Verb::Search, Some(type_));
        }
    });
    open
}

fn is_conditional(request: &Request) -> bool {
    let by_query = matches!(request.target, Target::Type(_)) && request.method != Method::Post;
    by_query || request.conditions.if_none_exist.is_some()
}

fn verb(method: Method) -> Verb {
    match method {
        Method::Get => Verb::Read,
        Method::Post => Verb::Create,
        Method::Put | Method::Patch => Verb::Update,
        Method::Delete => Verb::Delete,
    }
}

fn read(bytes: &Bytes) -> Result<Value, HospitalError> {
    Ok(fhir::json::parse(bytes, fhir::json::Limits::default())?)
}

fn beyond(text: &str) -> HospitalError {
    HospitalError::OutOfScope(text.to_owned())
}
