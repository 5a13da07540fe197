//! Who may do what: one table. docs/reference/access.md is this table in words.

use hospital::access_log::AUDIT_EVENT;
use hospital::request::{Method, Request, Target};
use hospital::scopes::Verb;
use hospital::{Caller, Role};

use crate::error::ApiError;

/// What a caller wants to do with records of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Read, search, history, receipt.
    Read,
    /// Create, update, patch, delete.
    Write,
}

/// Which types a role may read or write.
#[derive(Debug, Clone, Copy)]
enum Types {
    All,
    None,
    Only(&'static [&'static str]),
    Prefixed(&'static str),
}

impl Types {
    fn has(self, type_: Option<&str>) -> bool {
        match (self, type_) {
            (Self::All, _) => true,
            // What is about all types needs all types.
            (Self::None, _) | (_, None) => false,
            (Self::Only(names), Some(type_)) => names.contains(&type_),
            (Self::Prefixed(prefix), Some(type_)) => type_.starts_with(prefix),
        }
    }
}

const AUDIT: &[&str] = &["AuditEvent", "Provenance"];

/// The table: role, types to read, types to write.
///
/// A patient reads all types, but only the own compartment: the store's query is bounded by it
/// (`hospital::Caller::compartment`), and what is outside is absent.
const TABLE: [(Role, Types, Types); 7] = [
    (Role::Clinician, Types::All, Types::All),
    (Role::System, Types::All, Types::All),
    (Role::Pharmacist, Types::All, Types::Prefixed("Medication")),
    (Role::Patient, Types::All, Types::None),
    (Role::Auditor, Types::Only(AUDIT), Types::None),
    (Role::Researcher, Types::None, Types::None),
    (Role::Admin, Types::None, Types::None),
];

/// What a request does.
pub(crate) fn deed(request: &Request) -> Deed {
    match request.method {
        Method::Get => Deed::Read,
        _ => Deed::Write,
    }
}

/// Refuses what the role of the caller does not allow.
pub(crate) fn allow(caller: &Caller, deed: Deed, target: &Target) -> Result<(), ApiError> {
    allow_type(caller, deed, target.resource_type())
}

/// Refuses what the role or the scopes of the caller do not allow.
pub(crate) fn allow_request(caller: &Caller, request: &Request) -> Result<(), ApiError> {
    allow(caller, deed(request), &request.target)?;
    allow_scope(
        caller,
        verb(request.method, &request.target),
        request.target.resource_type(),
    )
}

/// Refuses what the scopes of the caller do not allow. SMART App Launch 2.2, "Scopes for
/// requesting FHIR Resources".
pub(crate) fn allow_scope(
    caller: &Caller,
    verb: Verb,
    type_: Option<&str>,
) -> Result<(), ApiError> {
    let Some(reach) = &caller.sight.reach else {
        return Ok(());
    };
    if reach.allows(verb, type_) {
        return Ok(());
    }
    let what = type_.unwrap_or("records of every type");
    Err(ApiError::Denied(format!(
        "the scopes of the token do not allow to {} {what}",
        match verb {
            Verb::Create => "create",
            Verb::Read => "read",
            Verb::Update => "update",
            Verb::Delete => "delete",
            Verb::Search => "search",
        }
    )))
}

fn verb(method: Method, target: &Target) -> Verb {
    match (method, target) {
        (Method::Get, Target::Instance(..) | Target::Version(..) | Target::InstanceHistory(..)) => {
            Verb::Read
        }
        (Method::Get, _) => Verb::Search,
        (Method::Post, _) => Verb::Create,
        (Method::Put | Method::Patch, _) => Verb::Update,
        (Method::Delete, _) => Verb::Delete,
    }
}

/// The same for a type; `None` is all of them at once.
pub(crate) fn allow_type(caller: &Caller, deed: Deed, type_: Option<&str>) -> Result<(), ApiError> {
    let line = TABLE.iter().find(|(role, _, _)| *role == caller.role);
    if deed == Deed::Write && type_ == Some(AUDIT_EVENT) {
        // docs/decisions/0012-audit-events-are-records.md
        return Err(ApiError::Denied(
            "AuditEvents are written by this node alone, and never changed or deleted; audit \
             events of other systems stay at those systems"
                .into(),
        ));
    }
    let allowed = line.is_some_and(|(_, read, write)| match deed {
        Deed::Read => read.has(type_),
        Deed::Write => write.has(type_),
    });
    if allowed {
        return Ok(());
    }
    let verb = match deed {
        Deed::Read => "read",
        Deed::Write => "write",
    };
    let what = type_.unwrap_or("records of every type");
    Err(ApiError::Denied(format!(
        "the role {} may not {verb} {what}",
        caller.role
    )))
}

/// Refuses the token of an app: it acts for its user on records, within scopes, and not in the
/// user's own affairs.
pub(crate) fn allow_person(caller: &Caller) -> Result<(), ApiError> {
    if caller.sight.reach.is_none() {
        return Ok(());
    }
    Err(ApiError::Denied(
        "an app's token does not do this: sign in yourself".into(),
    ))
}

/// Refuses everybody but administrators.
pub(crate) fn allow_admin(caller: &Caller) -> Result<(), ApiError> {
    // An app that an administrator signed in to does not run the node.
    if caller.role == Role::Admin && caller.sight.reach.is_none() {
        return Ok(());
    }
    Err(ApiError::Denied(format!(
        "the role {} does not run this node",
        caller.role
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(role: Role, deed: Deed, type_: Option<&str>) -> bool {
        let caller = Caller::new("x", role, None);
        allow_type(&caller, deed, type_).is_ok()
    }

    #[test]
    fn the_table_is_as_documented() {
        use Deed::{Read, Write};
        for (role, deed, type_, allowed) in [
            (Role::Clinician, Write, Some("Observation"), true),
            (Role::Clinician, Read, None, true),
            (Role::System, Write, Some("Patient"), true),
            (Role::Pharmacist, Read, Some("Patient"), true),
            (Role::Pharmacist, Write, Some("MedicationDispense"), true),
            (Role::Pharmacist, Write, Some("Observation"), false),
            (Role::Patient, Read, Some("Observation"), true),
            (Role::Patient, Write, Some("Observation"), false),
            (Role::Auditor, Read, Some("AuditEvent"), true),
            (Role::Auditor, Read, Some("Patient"), false),
            (Role::Auditor, Read, None, false),
            (Role::Auditor, Write, Some("AuditEvent"), false),
            (Role::Clinician, Write, Some("AuditEvent"), false),
            (Role::System, Write, Some("AuditEvent"), false),
            (Role::Researcher, Read, Some("Observation"), false),
            (Role::Admin, Read, Some("Patient"), false),
            (Role::Admin, Write, Some("Patient"), false),
        ] {
            assert_eq!(may(role, deed, type_), allowed, "{role} {deed:?} {type_:?}");
        }
    }

    #[test]
    fn every_role_has_one_line() {
        for role in Role::ALL {
            assert_eq!(
                TABLE.iter().filter(|(line, _, _)| *line == role).count(),
                1,
                "{role}"
            );
        }
    }
}
