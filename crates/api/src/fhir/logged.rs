//! Every interaction leaves its AuditEvents before its answer leaves.
//!
//! What a write stores is logged in the same commit (`hospital::access_log::logged`); everything
//! else, refusals included, is logged here, when the answer is ready and not yet sent.

use axum::http::request::Parts;
use axum::response::Response;
use hospital::access_log::{Access, AccessAgent, AccessDeed, AccessOutcome, Seen, Touched, events};
use hospital::request::{Method, Target};
use hospital::{Caller, HospitalError, Role};

use super::route::Asked;
use crate::error::ApiError;
use crate::serve::Peer;
use crate::state::Door;

/// Longest request line that is kept.
const LINE_MAX: usize = 8 << 10;

/// What an answer shows, carried beside it as an extension until it is logged.
#[derive(Debug, Clone, Default)]
pub(super) struct Shows {
    seen: Vec<Seen>,
    /// Codes of the entries of a bundle that were refused.
    refused: Vec<String>,
    /// The events are on disk already, with what was written.
    stored: bool,
}

impl Shows {
    /// An answer that shows or leaves these versions.
    pub(super) fn of(seen: Vec<Seen>, stored: bool) -> Self {
        Self {
            seen,
            stored,
            refused: Vec::new(),
        }
    }

    /// The same with the codes of what was refused in it.
    pub(super) fn with_refusals(mut self, refused: Vec<String>) -> Self {
        self.refused = refused;
        self
    }
}

/// What a request asks for, as its events say it.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) access: Access,
    /// The record that the request names, where it names one.
    named: Option<(&'static str, String, Option<u64>)>,
}

impl About {
    pub(super) fn new(door: &Door, caller: &Caller, asked: &Asked, parts: &Parts) -> Self {
        let (deed, named) = deed(asked);
        let single = named.is_some() || deed == AccessDeed::Create;
        let now_us = door.hospital().now_us();
        let access = Access {
            query: (!single).then(|| request_line(parts)),
            request: parts
                .headers
                .get("x-request-id")
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
                .or_else(|| (!single).then(|| hospital::new_id().ok()).flatten()),
            ..Access::new(agent(caller, parts), deed, now_us)
        };
        Self { access, named }
    }

    /// The same for a question to other organisations: what it names is no record here.
    pub(super) fn elsewhere(self, parts: &Parts) -> Self {
        if self.named.is_none() {
            return self;
        }
        let line = request_line(parts);
        let access = Access {
            query: Some(line),
            ..self.access
        };
        Self {
            access,
            named: None,
        }
    }

    /// A form has the parameters of a search in its body. BALP keeps the raw request.
    pub(super) fn add_form(&mut self, form: &str) {
        let joint = match &self.access.query {
            Some(line) if line.contains('?') => '&',
            _ => '?',
        };
        let form: String = form.chars().take(LINE_MAX).collect();
        let line = self.access.query.take().unwrap_or_default();
        self.access.query = Some(format!("{line}{joint}{form}"));
    }
}

fn request_line(parts: &Parts) -> String {
    let uri = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let line = format!("{} {uri}", parts.method);
    line.chars().take(LINE_MAX).collect()
}

/// What a request names: type, id and, where it does, the version.
type Named = (&'static str, String, Option<u64>);

fn deed(asked: &Asked) -> (AccessDeed, Option<Named>) {
    use AccessDeed as D;
    let target = match asked {
        Asked::Bundle => return (D::Batch, None),
        Asked::FormSearch(_) => return (D::Search, None),
        Asked::Receipt(type_, id, version) => {
            return (D::Receipt, Some((type_, id.clone(), Some(*version))));
        }
        Asked::Validate(_) => return (D::Operation("validate".into()), None),
        Asked::FileConsent => return (D::Operation("fileConsent".into()), None),
        Asked::RevokeConsent => return (D::Operation("revokeConsent".into()), None),
        Asked::Locate(_) => return (D::Operation("locate".into()), None),
        Asked::RecordDisclosure => return (D::Operation("recordDisclosure".into()), None),
        Asked::Erase(_) => return (D::Operation("erase".into()), None),
        Asked::Capabilities | Asked::Smart => return (D::Operation("metadata".into()), None),
        Asked::Interaction(method, target) => (*method, target),
    };
    let (method, target) = target;
    let named = match target {
        Target::Instance(type_, id) => Some((*type_, id.clone(), None)),
        Target::Version(type_, id, version) => Some((*type_, id.clone(), Some(*version))),
        _ => None,
    };
    let deed = match (method, target) {
        (Method::Get, Target::Instance(..)) => D::Read,
        (Method::Get, Target::Version(..)) => D::Vread,
        (Method::Get, Target::Type(_) | Target::System) => D::Search,
        (Method::Get, _) => D::History,
        (Method::Post, _) => D::Create,
        (Method::Put, _) => D::Update,
        (Method::Patch, _) => D::Patch,
        (Method::Delete, _) => D::Delete,
    };
    (deed, named)
}

/// Who asks, as the events say it.
pub(crate) fn agent(caller: &Caller, parts: &Parts) -> AccessAgent {
    AccessAgent {
        user: caller.username.clone(),
        role: caller.role.name().to_owned(),
        client: match caller.role {
            Role::System => caller.username.clone(),
            _ => String::new(),
        },
        ..origin(parts, "")
    }
}

/// From where a request comes: the client and its address, before anybody is known.
pub(crate) fn origin(parts: &Parts, client: &str) -> AccessAgent {
    let address = parts.extensions.get::<Peer>();
    AccessAgent {
        client: client.to_owned(),
        address: address.map_or_else(String::new, |peer| peer.0.ip().to_string()),
        ..AccessAgent::default()
    }
}

/// Logs an answer, and hands it on only when its events are on disk.
pub(super) async fn keep(
    door: &Door,
    caller: &Caller,
    about: About,
    answered: Result<Response, ApiError>,
) -> Result<Response, ApiError> {
    match answered {
        Ok(mut response) => {
            let shows = response
                .extensions_mut()
                .remove::<Shows>()
                .unwrap_or_default();
            if !shows.stored {
                let accesses = permitted(caller, about, shows);
                door.hospital().record_accesses(accesses).await?;
            }
            Ok(response)
        }
        Err(error) => {
            let accesses = refused(door, caller, about, &error).await?;
            door.hospital().record_accesses(accesses).await?;
            Err(error)
        }
    }
}

fn permitted(caller: &Caller, about: About, shows: Shows) -> Vec<Access> {
    let mut access = about.access;
    let mut seen = shows.seen;
    if seen.is_empty()
        && let Some((type_, id, version)) = about.named
    {
        // Nothing was there, as for the deletion of what is deleted.
        access.touched = vec![touched(type_, id, version)];
        access.patient = caller.compartment().map(str::to_owned);
        return vec![access];
    }
    let mut accesses = Vec::new();
    let only_refusals = seen.is_empty() && !shows.refused.is_empty();
    if !shows.refused.is_empty() {
        let mut codes = shows.refused;
        codes.sort();
        codes.dedup();
        accesses.push(Access {
            outcome: AccessOutcome::Refused { reasons: codes },
            patient: caller.compartment().map(str::to_owned),
            ..access.clone()
        });
    }
    if only_refusals {
        return accesses;
    }
    seen.sort_by(|a, b| a.touched.cmp(&b.touched));
    seen.dedup();
    accesses.extend(events(&access, &seen, caller.compartment()));
    accesses
}

async fn refused(
    door: &Door,
    caller: &Caller,
    about: About,
    error: &ApiError,
) -> Result<Vec<Access>, HospitalError> {
    let described = error.describe();
    let reasons = vec![described.name.to_owned()];
    let mut access = about.access;
    access.outcome = if described.status.as_u16() == 403 {
        AccessOutcome::Refused { reasons }
    } else {
        AccessOutcome::Failed { reasons }
    };
    let Some((type_, id, version)) = about.named else {
        access.patient = caller.compartment().map(str::to_owned);
        return Ok(vec![access]);
    };
    access.touched = vec![touched(type_, id.clone(), version)];
    if let Some(own) = caller.compartment() {
        // Whether the record exists, and whose it is, is nothing that this patient may learn.
        access.patient = (!own.is_empty()).then(|| own.to_owned());
        return Ok(vec![access]);
    }
    // Whoever the record is about sees that somebody tried.
    let patients = door.hospital().patients_of(type_, &id).await?;
    if patients.is_empty() {
        return Ok(vec![access]);
    }
    let of_patient = |patient: String| Access {
        patient: Some(patient),
        ..access.clone()
    };
    Ok(patients.into_iter().map(of_patient).collect())
}

fn touched(type_: &str, id: String, version: Option<u64>) -> Touched {
    Touched {
        type_: type_.to_owned(),
        id,
        version,
    }
}
