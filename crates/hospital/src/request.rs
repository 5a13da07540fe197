//! A FHIR interaction without its transport: what an HTTP request and a bundle entry both become.

use bytes::Bytes;
use serde_json::Value;

use crate::error::HospitalError;
use crate::pairs::{self, Pairs};

/// The HTTP verb of an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or searches.
    Post,
    /// Replaces, or creates under a given id.
    Put,
    /// Amends by JSON Patch.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// Reads the verb of `Bundle.entry.request.method`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    /// The verb.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a URL below the FHIR base names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The base itself.
    System,
    /// `_history`
    SystemHistory,
    /// `Patient`
    Type(&'static str),
    /// `Patient/_history`
    TypeHistory(&'static str),
    /// `Patient/1`
    Instance(&'static str, String),
    /// `Patient/1/_history`
    InstanceHistory(&'static str, String),
    /// `Patient/1/_history/2`
    Version(&'static str, String, u64),
    /// `Patient/1/$everything`
    Everything(String),
}

impl Target {
    /// The resource type, where the target has one.
    pub fn resource_type(&self) -> Option<&'static str> {
        match self {
            Self::System | Self::SystemHistory => None,
            Self::Everything(_) => Some("Patient"),
            Self::Type(name)
            | Self::TypeHistory(name)
            | Self::Instance(name, _)
            | Self::InstanceHistory(name, _)
            | Self::Version(name, _, _) => Some(name),
        }
    }

    /// Reads a path without query, relative to the FHIR base.
    pub fn parse(path: &str) -> Result<Self, HospitalError> {
        let mut parts = path.trim_matches('/').split('/');
        let first = parts.next().unwrap_or("");
        let rest: Vec<&str> = parts.take(5).collect();
        if first.is_empty() && rest.is_empty() {
            return Ok(Self::System);
        }
        if first == "_history" && rest.is_empty() {
            return Ok(Self::SystemHistory);
        }
        let type_ = known_type(first)?;
        match rest.as_slice() {
            [] => Ok(Self::Type(type_)),
            ["_history"] => Ok(Self::TypeHistory(type_)),
            [id] => Ok(Self::Instance(type_, known_id(type_, id)?)),
            [id, "$everything"] if type_ == "Patient" => Ok(Self::Everything(known_id(type_, id)?)),
            [id, "_history"] => Ok(Self::InstanceHistory(type_, known_id(type_, id)?)),
            [id, "_history", version] => {
                let item = || HospitalError::Absent(format!("{type_}/{id}/_history/{version}"));
                let version = known_version(version).ok_or_else(item)?;
                Ok(Self::Version(type_, known_id(type_, id)?, version))
            }
            _ => Err(HospitalError::Absent(format!("the path {first}/..."))),
        }
    }
}

/// The static name of an R4 resource type.
pub fn known_type(name: &str) -> Result<&'static str, HospitalError> {
    let types = fhir::resource_types();
    match types.binary_search(&name) {
        Ok(at) => Ok(types[at]),
        Err(_) => Err(HospitalError::UnknownType(clip(name))),
    }
}

/// True for a FHIR `id`: `[A-Za-z0-9\-\.]{1,64}`.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

/// A version as this server writes them: 1, 2, 3, ... without leading zeros.
pub fn known_version(text: &str) -> Option<u64> {
    let version: u64 = text.parse().ok()?;
    (version > 0 && version.to_string() == text).then_some(version)
}

fn known_id(type_: &str, id: &str) -> Result<String, HospitalError> {
    if is_id(id) {
        Ok(id.to_owned())
    } else {
        // An id of another form names nothing here.
        Err(HospitalError::Absent(format!("{type_}/{}", clip(id))))
    }
}

/// Cuts what a client sent before it is repeated in a message.
pub(crate) fn clip(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(64)
        .collect()
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// There is none.
    Empty,
    /// As it came over the wire.
    Bytes(Bytes),
    /// A JSON Merge Patch (RFC 7396) as it came over the wire.
    Merge(Bytes),
    /// Parsed already, as an entry of a bundle is.
    Json(Value),
}

/// The conditions of a request, from its headers or from `Bundle.entry.request`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// `If-Match`: the version that must be the current one. 0 stands for one that never is.
    pub if_match: Option<u64>,
    /// `If-None-Match: *`: nothing may be there.
    pub if_none_match_any: bool,
    /// `If-None-Match`: versions that the client has.
    pub if_none_match: Vec<u64>,
    /// `If-Modified-Since`, in microseconds.
    pub if_modified_since_us: Option<i64>,
    /// `If-None-Exist`: create only if this search finds nothing.
    pub if_none_exist: Option<Pairs>,
}

/// One interaction.
#[derive(Debug, Clone)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// What it is about.
    pub target: Target,
    /// The query, decoded.
    pub query: Pairs,
    /// The body.
    pub body: Body,
    /// The conditions.
    pub conditions: Conditions,
    /// `Prefer: handling=strict`: refuse unknown search parameters.
    pub strict: bool,
}

impl Request {
    /// A request without body and conditions.
    pub fn new(method: Method, target: Target) -> Self {
        Self {
            method,
            target,
            query: Pairs::new(),
            body: Body::Empty,
            conditions: Conditions::default(),
            strict: false,
        }
    }

    /// Reads a URL as `Bundle.entry.request.url` has it: relative, or absolute below `base`.
    pub fn locate(url: &str, base: &str) -> Result<(Target, Pairs), HospitalError> {
        let relative = url.strip_prefix(base).unwrap_or(url);
        let (path, query) = relative.split_once('?').unwrap_or((relative, ""));
        if path.contains("://") {
            return Err(HospitalError::request(
                "value",
                "the url of an entry points at another server",
                "use a url relative to this server's FHIR base",
            ));
        }
        let path = path.strip_suffix("/_search").unwrap_or(path);
        let query = pairs::decode(query).ok_or_else(|| {
            HospitalError::request(
                "value",
                "the query of the url is not usable",
                "percent-encode it as UTF-8, with at most 256 parameters",
            )
        })?;
        Ok((Target::parse(path)?, query))
    }
}

/// Reads an entity tag of this server, `W/"3"` or `"3"`; 0 for one that is not ours.
pub fn entity_tag(text: &str) -> u64 {
    let text = text.trim();
    let text = text.strip_prefix("W/").unwrap_or(text);
    text.strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .or(Some(text))
        .and_then(known_version)
        .unwrap_or(0)
}
