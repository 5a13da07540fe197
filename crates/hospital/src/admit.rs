//! Admitting a record: create and update, with and without a condition. FHIR R4 3.1.0.4, 3.1.0.8.

use fhir::json::Limits;
use fhir::validate::Issue;
use serde_json::Value;
use store::{Guard, Method, StoreError};

use crate::caller::Caller;
use crate::commit::ATTEMPTS_MAX;
use crate::draft::{self, Draft, RECORD_BYTES_MAX, Stamp};
use crate::error::HospitalError;
use crate::pairs::Pairs;
use crate::record::Record;
use crate::request::{Body, Conditions, is_id};
use crate::setup::Hospital;

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// A new record, or one that had been deleted.
    Created,
    /// A new version.
    Updated,
    /// Nothing: a conditional create found this one.
    Found,
}

/// A record that a write left.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The current version.
    pub record: Record,
    /// What was done.
    pub made: Made,
    /// Findings of the validation that do not refuse the record.
    pub warnings: Vec<Issue>,
}

/// Reads a body as one JSON document.
pub(crate) fn parse(body: Body) -> Result<Value, HospitalError> {
    match body {
        Body::Json(value) => Ok(value),
        Body::Empty => Err(HospitalError::Malformed {
            line: 1,
            column: 1,
            reason: "the body is empty".into(),
            too_large: false,
        }),
        Body::Bytes(bytes) | Body::Merge(bytes) => {
            let limits = Limits {
                bytes: RECORD_BYTES_MAX,
                ..Limits::default()
            };
            Ok(fhir::json::parse(&bytes, limits)?)
        }
    }
}

impl Hospital {
    /// Creates a record under an id of our own, unless the condition finds one.
    pub async fn create(
        &self,
        caller: &Caller,
        type_: &'static str,
        body: Body,
        if_none_exist: Option<&Pairs>,
    ) -> Result<Admitted, HospitalError> {
        let stamp = Stamp::first(type_, new_id()?, self.now_us(), Method::Post);
        let (_, draft, warnings) = self.drafted(type_, body, stamp).await?;
        let Some(pairs) = if_none_exist else {
            let record = draft.record();
            self.store_drafts(vec![draft], &[]).await??;
            return Ok(Admitted {
                record,
                made: Made::Created,
                warnings,
            });
        };
        for _ in 0..ATTEMPTS_MAX {
            let matched = self.matched(caller, type_, pairs).await?;
            if let Some(id) = matched.id {
                match self.read(caller, type_, &id).await {
                    Ok(record) => {
                        return Ok(Admitted {
                            record,
                            made: Made::Found,
                            warnings,
                        });
                    }
                    // Deleted since it was found: look again.
                    Err(HospitalError::Gone { .. } | HospitalError::Absent(_)) => continue,
                    Err(error) => return Err(error),
                }
            }
            let record = draft.record();
            match self
                .store_drafts(vec![draft.clone()], &[matched.guard])
                .await?
            {
                Ok(()) => {
                    return Ok(Admitted {
                        record,
                        made: Made::Created,
                        warnings,
                    });
                }
                Err(StoreError::GuardFailed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(HospitalError::Contended(format!(
            "{type_} of the condition"
        )))
    }

    /// Replaces a record, or creates it under the client's id.
    pub async fn replace(
        &self,
        caller: &Caller,
        type_: &'static str,
        id: &str,
        body: Body,
        conditions: &Conditions,
    ) -> Result<Admitted, HospitalError> {
        let at = At {
            type_,
            id,
            ours: false,
        };
        self.replace_guarded(caller, at, body, conditions, &[])
            .await
    }

    /// Replaces the record that the condition fits, or creates one. FHIR R4 3.1.0.4.3.
    pub async fn replace_where(
        &self,
        caller: &Caller,
        type_: &'static str,
        pairs: &Pairs,
        body: Body,
        conditions: &Conditions,
    ) -> Result<Admitted, HospitalError> {
        let value = self.0.cpu.run(move || parse(body)).await??;
        let given = value.get("id").and_then(Value::as_str).map(str::to_owned);
        for _ in 0..ATTEMPTS_MAX {
            let matched = self.matched(caller, type_, pairs).await?;
            let id = target_of(type_, matched.id.as_deref(), given.as_deref())?;
            let ours = is_ours(matched.id.as_deref(), given.as_deref());
            let mut body = value.clone();
            set_id(&mut body, &id);
            let guards = [matched.guard];
            let done = self
                .replace_guarded(
                    caller,
                    At {
                        type_,
                        id: &id,
                        ours,
                    },
                    Body::Json(body),
                    conditions,
                    &guards,
                )
                .await;
            match done {
                Err(HospitalError::Contended(_)) => {}
                other => return other,
            }
        }
        Err(HospitalError::Contended(format!(
            "{type_} of the condition"
        )))
    }

    async fn replace_guarded(
        &self,
        caller: &Caller,
        At { type_, id, ours }: At<'_>,
        body: Body,
        conditions: &Conditions,
        guards: &[Guard],
    ) -> Result<Admitted, HospitalError> {
        let mut pending = Pending::Raw(body);
        for _ in 0..ATTEMPTS_MAX {
            let before = self.before(caller, type_, id).await?;
            check(type_, id, before.as_ref(), conditions)?;
            if !ours {
                Self::refuse_chosen_id(caller, before.as_ref(), type_, id)?;
            }
            let made = match &before {
                Some(stored) if !stored.deleted() => Made::Updated,
                _ => Made::Created,
            };
            let stamp = match &before {
                Some(stored) => Stamp::after(type_, stored, self.now_us(), Method::Put),
                None => Stamp::first(type_, id.to_owned(), self.now_us(), Method::Put),
            };
            let (value, draft, warnings) = match pending {
                Pending::Raw(body) => self.drafted_as(type_, id, body, stamp).await?,
                Pending::Valid(value, warnings) => {
                    let (value, draft) = self.redrafted(value, stamp).await?;
                    (value, draft, warnings)
                }
            };
            let record = draft.record();
            match self.store_drafts(vec![draft], guards).await? {
                Ok(()) => {
                    return Ok(Admitted {
                        record,
                        made,
                        warnings,
                    });
                }
                // Somebody was faster; the next round looks again, and an If-Match refuses then.
                Err(StoreError::Conflict { .. }) => pending = Pending::Valid(value, warnings),
                Err(error) => return Err(error.into()),
            }
        }
        Err(HospitalError::Contended(format!("{type_}/{id}")))
    }

    /// Parses, validates and drafts in one go off the async threads.
    async fn drafted(
        &self,
        type_: &'static str,
        body: Body,
        stamp: Stamp,
    ) -> Result<(Value, Draft, Vec<Issue>), HospitalError> {
        self.0
            .cpu
            .run(move || {
                let mut value = parse(body)?;
                let warnings = draft::validated(&value, type_)?;
                let draft = draft::draft(&mut value, stamp)?;
                Ok((value, draft, warnings))
            })
            .await?
    }

    /// The same for a body that must carry the id of the url.
    async fn drafted_as(
        &self,
        type_: &'static str,
        id: &str,
        body: Body,
        stamp: Stamp,
    ) -> Result<(Value, Draft, Vec<Issue>), HospitalError> {
        let id = id.to_owned();
        self.0
            .cpu
            .run(move || {
                let mut value = parse(body)?;
                let warnings = draft::validated(&value, type_)?;
                check_id(&value, &id)?;
                let draft = draft::draft(&mut value, stamp)?;
                Ok((value, draft, warnings))
            })
            .await?
    }

    /// Drafts a valid tree again, at another version.
    pub(crate) async fn redrafted(
        &self,
        value: Value,
        stamp: Stamp,
    ) -> Result<(Value, Draft), HospitalError> {
        self.0
            .cpu
            .run(move || {
                let mut value = value;
                let draft = draft::draft(&mut value, stamp)?;
                Ok((value, draft))
            })
            .await?
    }
}

/// Where a replacement goes.
#[derive(Clone, Copy)]
struct At<'a> {
    type_: &'static str,
    id: &'a str,
    /// The id is a fresh one of ours.
    ours: bool,
}

enum Pending {
    Raw(Body),
    Valid(Value, Vec<Issue>),
}

/// The preconditions of a write on a stored record. FHIR R4 3.1.0.5.
pub(crate) fn check(
    type_: &str,
    id: &str,
    before: Option<&store::Stored>,
    conditions: &Conditions,
) -> Result<(), HospitalError> {
    let current = before
        .filter(|stored| !stored.deleted())
        .map(|stored| stored.version);
    let stale = || HospitalError::Stale {
        item: format!("{type_}/{id}"),
        current,
    };
    match conditions.if_match {
        Some(wanted) if current != Some(wanted) => return Err(stale()),
        _ => {}
    }
    if conditions.if_none_match_any && current.is_some() {
        return Err(stale());
    }
    Ok(())
}

/// A random id, UUID version 4 in form (RFC 9562 5.4).
pub fn new_id() -> Result<String, HospitalError> {
    let bytes: [u8; 16] = vault::random().map_err(crate::keyring::failed)?;
    Ok(uuid(bytes, 4))
}

/// An id whose first half is the time in milliseconds: UUID version 7 (RFC 9562 5.7). Records that
/// are made in great number and never point at a person lie beside each other in the database by
/// it.
pub(crate) fn id_in_order(now_us: i64) -> Result<String, HospitalError> {
    let mut bytes: [u8; 16] = vault::random().map_err(crate::keyring::failed)?;
    let milliseconds = (now_us / 1_000).max(0).to_be_bytes();
    bytes[..6].copy_from_slice(&milliseconds[2..]);
    Ok(uuid(bytes, 7))
}

fn uuid(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut id = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        for digit in [byte >> 4, byte & 15] {
            id.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    id
}

/// FHIR R4 3.1.0.4: the body's id must be the id of the url.
fn check_id(value: &Value, id: &str) -> Result<(), HospitalError> {
    match value.get("id").and_then(Value::as_str) {
        Some(found) if found == id => Ok(()),
        Some(_) => Err(HospitalError::request(
            "invalid",
            "the id in the body is not the id in the url",
            "send the same id in both",
        )),
        None => Err(HospitalError::request(
            "required",
            "an update needs the id in the body",
            "set `id` to the id in the url",
        )),
    }
}

/// Which record a conditional update is about. FHIR R4 3.1.0.4.3.
pub(crate) fn target_of(
    type_: &str,
    found: Option<&str>,
    given: Option<&str>,
) -> Result<String, HospitalError> {
    match (found, given) {
        (Some(found), Some(given)) if found != given => Err(HospitalError::request(
            "invalid",
            format!("the condition fits another {type_} than the id in the body names"),
            "leave the id out of the body",
        )),
        (Some(found), _) => Ok(found.to_owned()),
        (None, Some(given)) if is_id(given) => Ok(given.to_owned()),
        (None, _) => new_id(),
    }
}

/// Whether [`target_of`] makes a fresh id.
pub(crate) fn is_ours(found: Option<&str>, given: Option<&str>) -> bool {
    found.is_none() && !given.is_some_and(is_id)
}

pub(crate) fn set_id(value: &mut Value, id: &str) {
    if let Value::Object(fields) = value {
        fields.insert("id".into(), id.into());
    }
}

impl Hospital {
    /// The findings of the validation on a body, which is a resource or the Parameters of
    /// `$validate` with one.
    pub async fn validate(
        &self,
        type_: &'static str,
        body: bytes::Bytes,
    ) -> Result<Vec<Issue>, HospitalError> {
        self.0
            .cpu
            .run(move || {
                let value = parse(Body::Bytes(body))?;
                let within = value.get("parameter").and_then(Value::as_array);
                let given = within.into_iter().flatten().find_map(|one| {
                    let named = one.get("name").and_then(Value::as_str) == Some("resource");
                    one.get("resource").filter(|_| named)
                });
                match draft::validated(given.unwrap_or(&value), type_) {
                    Err(HospitalError::Invalid(issues)) => Ok(issues),
                    other => other,
                }
            })
            .await?
    }
}
