//! What each write of a transaction is about: which record, at which version, under which guard.

use fhir::validate::Issue;
use serde_json::Value;
use store::{Guard, Stored};

use super::plan::{Planned, invalid};
use super::resolve::Names;
use super::transact::{Drafted, json_of};
use crate::admit::{self, Made, check};
use crate::amend::Change;
use crate::caller::Caller;
use crate::draft::{self, Stamp};
use crate::error::HospitalError;
use crate::record::Record;
use crate::request::{Method, Request, Target};
use crate::retire::Retired;
use crate::setup::Hospital;

/// What an entry comes down to.
pub(super) enum Goal {
    /// A new record under an id of our own.
    Create { id: String, value: Value },
    /// A conditional create that found this one.
    Found(Record),
    /// A record under a given id.
    Replace {
        id: String,
        value: Value,
        before: Option<Stored>,
    },
    /// A patch of a record.
    Amend {
        before: Stored,
        current: Record,
        patch: Change,
    },
    /// A deletion; `None`: there is nothing to delete.
    Retire {
        id: Option<String>,
        before: Option<Stored>,
    },
}

impl Goal {
    /// The id of the record that it is about.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Create { id, .. } | Self::Replace { id, .. } => Some(id),
            Self::Found(record) => Some(&record.id),
            Self::Amend { before, .. } => Some(&before.id),
            Self::Retire { id, .. } => id.as_deref(),
        }
    }

    /// The resource that the client sent.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Self::Create { value, .. } | Self::Replace { value, .. } => Some(value),
            _ => None,
        }
    }
}

/// An entry whose record is known.
pub(super) struct Settled {
    pub(super) index: usize,
    pub(super) method: Method,
    pub(super) type_: &'static str,
    pub(super) full_url: Option<String>,
    pub(super) goal: Goal,
    pub(super) has_if_match: bool,
}

impl Hospital {
    /// Finds out what an entry is about, and checks its preconditions.
    pub(super) async fn settle(
        &self,
        caller: &Caller,
        entry: Planned,
        guards: &mut Vec<Guard>,
    ) -> Result<Settled, HospitalError> {
        let Planned {
            index,
            request,
            full_url,
        } = entry;
        let type_ = request.target.resource_type().unwrap_or_default();
        let method = request.method;
        let has_if_match = request.conditions.if_match.is_some();
        let goal = if method == Method::Post {
            self.create_goal(caller, type_, request, guards).await?
        } else {
            self.change_goal(caller, type_, request, index, guards)
                .await?
        };
        Ok(Settled {
            index,
            method,
            type_,
            full_url,
            goal,
            has_if_match,
        })
    }

    async fn create_goal(
        &self,
        caller: &Caller,
        type_: &'static str,
        request: Request,
        guards: &mut Vec<Guard>,
    ) -> Result<Goal, HospitalError> {
        if let Some(pairs) = &request.conditions.if_none_exist {
            let matched = self.matched(caller, type_, pairs).await?;
            guards.push(matched.guard);
            if let Some(id) = matched.id {
                return Ok(Goal::Found(self.read(caller, type_, &id).await?));
            }
        }
        Ok(Goal::Create {
            id: admit::new_id()?,
            value: json_of(request.body)?,
        })
    }

    async fn change_goal(
        &self,
        caller: &Caller,
        type_: &'static str,
        request: Request,
        index: usize,
        guards: &mut Vec<Guard>,
    ) -> Result<Goal, HospitalError> {
        let id = if let Target::Instance(_, id) = request.target {
            Some(id)
        } else {
            let matched = self.matched(caller, type_, &request.query).await?;
            guards.push(matched.guard);
            matched.id
        };
        let before = match &id {
            Some(id) => self.before(caller, type_, id).await?,
            None => None,
        };
        check(
            type_,
            id.as_deref().unwrap_or("?"),
            before.as_ref(),
            &request.conditions,
        )?;
        match request.method {
            Method::Delete => Ok(Goal::Retire { id, before }),
            Method::Patch => {
                let patch = crate::amend::parse(request.body)?;
                let missing = || HospitalError::Absent(format!("{type_} to be patched"));
                let id = id.ok_or_else(missing)?;
                let current = self.current_record_of(type_, &id, before.clone()).await?;
                Ok(Goal::Amend {
                    before: before.ok_or_else(missing)?,
                    current,
                    patch,
                })
            }
            _ => {
                let value = json_of(request.body)?;
                let given = value.get("id").and_then(Value::as_str);
                if request.query.is_empty() || !admit::is_ours(id.as_deref(), given) {
                    let id = id.as_deref().or(given).unwrap_or("?");
                    Self::refuse_chosen_id(caller, before.as_ref(), type_, id)?;
                }
                replace_goal(type_, id, value, before, !request.query.is_empty(), index)
            }
        }
    }
}

fn replace_goal(
    type_: &'static str,
    id: Option<String>,
    mut value: Value,
    before: Option<Stored>,
    conditional: bool,
    index: usize,
) -> Result<Goal, HospitalError> {
    let given = value.get("id").and_then(Value::as_str).map(str::to_owned);
    if conditional {
        let id = admit::target_of(type_, id.as_deref(), given.as_deref())?;
        admit::set_id(&mut value, &id);
        return Ok(Goal::Replace { id, value, before });
    }
    match (id, given) {
        (Some(id), Some(given)) if id == given => Ok(Goal::Replace { id, value, before }),
        _ => Err(invalid(
            "invalid",
            &format!("Bundle.entry[{index}].resource.id"),
            "the id of the resource is not the id in the url of its entry",
        )),
    }
}

impl Settled {
    /// Makes the version that the entry asks for.
    pub(super) fn draft(self, names: &Names, now_us: i64) -> Result<Drafted, HospitalError> {
        let Self {
            index,
            type_,
            full_url,
            goal,
            has_if_match,
            ..
        } = self;
        let sent = |value: Value| prepared(value, names, full_url.as_deref(), type_);
        let (draft, made, warnings) = match goal {
            Goal::Found(record) => {
                let admitted = admit::Admitted {
                    record,
                    made: Made::Found,
                    warnings: Vec::new(),
                };
                let answer = (index, crate::perform::Response::Written(admitted));
                return Ok(Drafted {
                    draft: None,
                    answer,
                    has_if_match,
                });
            }
            Goal::Retire { before, .. } => {
                return Ok(retire(index, type_, before, now_us, has_if_match));
            }
            Goal::Create { id, value } => {
                let (mut value, warnings) = sent(value)?;
                let stamp = Stamp::first(type_, id, now_us, store::Method::Post);
                (draft::draft(&mut value, stamp)?, Made::Created, warnings)
            }
            Goal::Replace { id, value, before } => {
                let (mut value, warnings) = sent(value)?;
                let method = store::Method::Put;
                let (stamp, made) = match &before {
                    Some(stored) => {
                        let made = if stored.deleted() {
                            Made::Created
                        } else {
                            Made::Updated
                        };
                        (Stamp::after(type_, stored, now_us, method), made)
                    }
                    None => (Stamp::first(type_, id, now_us, method), Made::Created),
                };
                (draft::draft(&mut value, stamp)?, made, warnings)
            }
            Goal::Amend {
                before,
                current,
                patch,
            } => {
                let mut value = crate::amend::applied(&current, &patch, type_)?;
                let stamp = Stamp::after(type_, &before, now_us, store::Method::Patch);
                (draft::draft(&mut value, stamp)?, Made::Updated, Vec::new())
            }
        };
        Ok(Drafted::written(index, draft, made, warnings, has_if_match))
    }
}

fn retire(
    index: usize,
    type_: &'static str,
    before: Option<Stored>,
    now_us: i64,
    has_if_match: bool,
) -> Drafted {
    match before {
        None => {
            let retired = Retired::nothing(now_us);
            Drafted::retired(index, None, retired, has_if_match)
        }
        Some(stored) if stored.deleted() => {
            let retired = Retired::already(&stored);
            Drafted::retired(index, None, retired, has_if_match)
        }
        Some(stored) => {
            let stamp = Stamp::after(type_, &stored, now_us, store::Method::Delete);
            let retired = Retired::after(&stored, &stamp);
            let draft = draft::tombstone(stamp, stored.vault, stored.patients);
            Drafted::retired(index, Some(draft), retired, has_if_match)
        }
    }
}

/// Links resolved, then validated: what is stored is what is checked.
fn prepared(
    mut value: Value,
    names: &Names,
    full_url: Option<&str>,
    type_: &'static str,
) -> Result<(Value, Vec<Issue>), HospitalError> {
    names.rewrite(&mut value, full_url);
    if let Some(urn) = Names::dangling(&value) {
        return Err(HospitalError::request(
            "not-found",
            format!("the reference {urn} names no entry of this bundle"),
            "put the resource into the bundle, or refer to it by type and id",
        ));
    }
    let warnings = draft::validated(&value, type_)?;
    Ok((value, warnings))
}
