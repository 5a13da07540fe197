//! From a verb and a path to what is asked. Every path of the FHIR face is in this file.

use axum::http::Method as Verb;
use hospital::HospitalError;
use hospital::request::{Method, Target, known_type};

use crate::error::ApiError;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// `metadata`
    Capabilities,
    /// `.well-known/smart-configuration`
    Smart,
    /// A bundle posted to the base.
    Bundle,
    /// A record interaction.
    Interaction(Method, Target),
    /// A search whose parameters are in a form.
    FormSearch(&'static str),
    /// `$receipt`
    Receipt(&'static str, String, u64),
    /// `$validate`
    Validate(&'static str),
    /// `Consent/$fileConsent`
    FileConsent,
    /// `Consent/$revokeConsent`
    RevokeConsent,
    /// `Patient/{id}/$locate`
    Locate(String),
    /// `AuditEvent/$recordDisclosure`
    RecordDisclosure,
    /// `Patient/{id}/$erase`
    Erase(String),
}

/// A request with the name of its route, for the metrics: no id is part of it.
#[derive(Debug, Clone)]
pub(super) struct Routed {
    pub(super) template: &'static str,
    pub(super) asked: Result<Asked, ApiError>,
}

/// Routes a path below `/fhir`.
pub(super) fn route(verb: &Verb, path: &str) -> Routed {
    let path = path.trim_matches('/').replace("%24", "$");
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .take(7)
        .collect();
    let (template, asked) = match parts.as_slice() {
        ["metadata"] => ("/fhir/metadata", read_only(verb, Asked::Capabilities)),
        [".well-known", "smart-configuration"] => (
            "/fhir/.well-known/smart-configuration",
            read_only(verb, Asked::Smart),
        ),
        [] => ("/fhir", only_post(verb, Asked::Bundle)),
        [type_, "_search"] => ("/fhir/{type}/_search", form_search(verb, type_)),
        ["Consent", "$fileConsent"] => (
            "/fhir/Consent/$fileConsent",
            only_post(verb, Asked::FileConsent),
        ),
        ["Consent", "$revokeConsent"] => (
            "/fhir/Consent/$revokeConsent",
            only_post(verb, Asked::RevokeConsent),
        ),
        ["AuditEvent", "$recordDisclosure"] => (
            "/fhir/AuditEvent/$recordDisclosure",
            only_post(verb, Asked::RecordDisclosure),
        ),
        [type_, "$validate"] => ("/fhir/{type}/$validate", validate(verb, type_)),
        [type_, id, "_history", version, "$receipt"] => (
            "/fhir/{type}/{id}/_history/{version}/$receipt",
            receipt(verb, type_, id, version),
        ),
        ["Patient", id, "$erase"] => (
            "/fhir/Patient/{id}/$erase",
            only_post(verb, Asked::Erase((*id).to_owned())),
        ),
        ["Patient", id, "$locate"] => (
            "/fhir/Patient/{id}/$locate",
            read_only(verb, Asked::Locate((*id).to_owned())),
        ),
        ["Patient", _, "$everything"] => interaction(verb, &path),
        parts if parts.iter().any(|part| part.starts_with('$')) => {
            ("/fhir/$operation", Err(ApiError::Operation))
        }
        _ => interaction(verb, &path),
    };
    Routed { template, asked }
}

fn interaction(verb: &Verb, path: &str) -> (&'static str, Result<Asked, ApiError>) {
    let target = match Target::parse(path) {
        Ok(target) => target,
        Err(error) => return ("/fhir/unknown", Err(error.into())),
    };
    let (template, allow) = match &target {
        Target::System => ("/fhir", "POST"),
        Target::SystemHistory => ("/fhir/_history", "GET, HEAD"),
        Target::Type(_) => ("/fhir/{type}", "GET, HEAD, POST, PUT, PATCH, DELETE"),
        Target::TypeHistory(_) => ("/fhir/{type}/_history", "GET, HEAD"),
        Target::Instance(..) => ("/fhir/{type}/{id}", "GET, HEAD, PUT, PATCH, DELETE"),
        Target::InstanceHistory(..) => ("/fhir/{type}/{id}/_history", "GET, HEAD"),
        Target::Version(..) => ("/fhir/{type}/{id}/_history/{version}", "GET, HEAD"),
        Target::Everything(_) => ("/fhir/Patient/{id}/$everything", "GET, HEAD"),
    };
    let method = Method::parse(verb.as_str());
    let fits = allow.split(", ").any(|allowed| allowed == verb.as_str());
    let asked = match method {
        Some(method) if fits => Ok(Asked::Interaction(method, target)),
        _ => Err(wrong_verb(verb, allow)),
    };
    (template, asked)
}

fn read_only(verb: &Verb, asked: Asked) -> Result<Asked, ApiError> {
    match *verb {
        Verb::GET | Verb::HEAD => Ok(asked),
        _ => Err(wrong_verb(verb, "GET, HEAD")),
    }
}

fn only_post(verb: &Verb, asked: Asked) -> Result<Asked, ApiError> {
    if verb == Verb::POST {
        Ok(asked)
    } else {
        Err(wrong_verb(verb, "POST"))
    }
}

fn form_search(verb: &Verb, type_: &str) -> Result<Asked, ApiError> {
    let type_ = known_type(type_)?;
    match *verb {
        // FHIR R4 3.1.1.3 has GET [type]; clients are found that add _search to it.
        Verb::GET | Verb::HEAD => Ok(Asked::Interaction(Method::Get, Target::Type(type_))),
        _ => only_post(verb, Asked::FormSearch(type_)),
    }
}

fn validate(verb: &Verb, type_: &str) -> Result<Asked, ApiError> {
    only_post(verb, Asked::Validate(known_type(type_)?))
}

fn receipt(verb: &Verb, type_: &str, id: &str, version: &str) -> Result<Asked, ApiError> {
    let path = format!("{type_}/{id}/_history/{version}");
    match Target::parse(&path)? {
        Target::Version(type_, id, version) => read_only(verb, Asked::Receipt(type_, id, version)),
        _ => Err(HospitalError::Absent(path).into()),
    }
}

fn wrong_verb(verb: &Verb, allow: &'static str) -> ApiError {
    ApiError::Method {
        verb: verb.as_str().chars().take(16).collect(),
        allow,
    }
}
