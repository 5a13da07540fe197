//! Reading a batch or transaction Bundle into interactions. FHIR R4 3.1.0.11.

use base64::Engine;
use serde_json::{Map, Value};

use crate::error::HospitalError;
use crate::pairs;
use crate::request::{self, Body, Conditions, Method, Request, Target};

/// What a bundle asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleKind {
    /// Each entry on its own.
    Batch,
    /// All or nothing.
    Transaction,
}

/// One entry, ready to be done.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Place in `Bundle.entry`, from 0.
    pub index: usize,
    /// What it asks for.
    pub request: Request,
    /// How other entries may name it.
    pub full_url: Option<String>,
}

/// A bundle as a list of interactions.
#[derive(Debug)]
pub struct Plan {
    /// Batch or transaction.
    pub kind: BundleKind,
    /// The entries, in their order. A failed one is a failed entry of a batch.
    pub entries: Vec<Result<Planned, HospitalError>>,
}

/// Bounds on a bundle.
#[derive(Debug, Clone, Copy)]
pub struct BundleLimits {
    /// Most entries.
    pub entries_max: usize,
    /// Largest body.
    pub bytes_max: usize,
}

impl Plan {
    /// Reads a bundle. `base` is the server's own FHIR base with a slash at its end.
    pub fn read(bundle: Value, base: &str, limits: BundleLimits) -> Result<Self, HospitalError> {
        let Value::Object(mut bundle) = bundle else {
            return Err(not_a_bundle());
        };
        if bundle.get("resourceType").and_then(Value::as_str) != Some("Bundle") {
            return Err(not_a_bundle());
        }
        let kind = match bundle.get("type").and_then(Value::as_str) {
            Some("batch") => BundleKind::Batch,
            Some("transaction") => BundleKind::Transaction,
            _ => {
                return Err(invalid(
                    "value",
                    "Bundle.type",
                    "only bundles of type batch or transaction can be posted here",
                ));
            }
        };
        let mut resources = take_resources(&mut bundle, limits)?;
        // What is left is small: the frame is validated here, each resource with its own entry.
        let frame = Value::Object(bundle);
        let issues: Vec<_> = fhir::validate::resource(&frame)
            .into_iter()
            .filter(|issue| issue.severity == fhir::validate::Severity::Error)
            .collect();
        if !issues.is_empty() {
            return Err(HospitalError::Invalid(issues));
        }
        let frames = frame.get("entry").and_then(Value::as_array);
        let mut entries = Vec::with_capacity(resources.len());
        for (index, frame) in frames.into_iter().flatten().enumerate() {
            let resource = resources.get_mut(index).and_then(Option::take);
            entries.push(plan_entry(index, frame, resource, base));
        }
        Ok(Self { kind, entries })
    }
}

fn take_resources(
    bundle: &mut Map<String, Value>,
    limits: BundleLimits,
) -> Result<Vec<Option<Value>>, HospitalError> {
    let Some(Value::Array(entries)) = bundle.get_mut("entry") else {
        return Ok(Vec::new());
    };
    if entries.len() > limits.entries_max {
        return Err(HospitalError::request(
            "too-costly",
            format!(
                "the bundle has {} entries; at most {} are taken",
                entries.len(),
                limits.entries_max
            ),
            "send it in several bundles",
        ));
    }
    Ok(entries
        .iter_mut()
        .map(|entry| {
            entry
                .as_object_mut()
                .and_then(|entry| entry.shift_remove("resource"))
        })
        .collect())
}

fn plan_entry(
    index: usize,
    frame: &Value,
    resource: Option<Value>,
    base: &str,
) -> Result<Planned, HospitalError> {
    let path = format!("Bundle.entry[{index}]");
    let request = frame.get("request").ok_or_else(|| {
        invalid(
            "required",
            &format!("{path}.request"),
            "an entry of a batch needs a request",
        )
    })?;
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let method = text("method").and_then(Method::parse).ok_or_else(|| {
        invalid(
            "value",
            &format!("{path}.request.method"),
            "this verb is not supported",
        )
    })?;
    let url = text("url").unwrap_or("");
    let (target, query) = Request::locate(url, base)
        .map_err(|error| invalid("value", &format!("{path}.request.url"), &error.to_string()))?;
    let body = entry_body(&path, method, resource)?;
    let conditions = entry_conditions(&path, request)?;
    let request = Request {
        method,
        target,
        query,
        body,
        conditions,
        strict: false,
    };
    let full_url = frame
        .get("fullUrl")
        .and_then(Value::as_str)
        .map(str::to_owned);
    check_shape(&path, &request)?;
    Ok(Planned {
        index,
        request,
        full_url,
    })
}

/// Which targets a verb may have in a bundle.
fn check_shape(path: &str, request: &Request) -> Result<(), HospitalError> {
    let fits = match request.method {
        Method::Get => true,
        Method::Post => matches!(request.target, Target::Type(_)),
        Method::Put | Method::Patch | Method::Delete => {
            matches!(request.target, Target::Instance(..))
                || (matches!(request.target, Target::Type(_)) && !request.query.is_empty())
        }
    };
    if !fits {
        return Err(invalid(
            "value",
            &format!("{path}.request.url"),
            "this verb cannot be used with this url",
        ));
    }
    let needs_body = matches!(request.method, Method::Post | Method::Put | Method::Patch);
    if needs_body && matches!(request.body, Body::Empty) {
        return Err(invalid(
            "required",
            &format!("{path}.resource"),
            "this verb needs a resource",
        ));
    }
    Ok(())
}

/// A JSON Patch travels as a Binary resource. FHIR R4 3.1.0.11.
fn entry_body(path: &str, method: Method, resource: Option<Value>) -> Result<Body, HospitalError> {
    let Some(resource) = resource else {
        return Ok(Body::Empty);
    };
    if method != Method::Patch {
        return Ok(Body::Json(resource));
    }
    let kind = resource.get("contentType").and_then(Value::as_str);
    if kind != Some("application/json-patch+json") {
        return Err(invalid(
            "not-supported",
            &format!("{path}.resource"),
            "a PATCH needs a Binary with contentType application/json-patch+json",
        ));
    }
    let data = resource.get("data").and_then(Value::as_str).unwrap_or("");
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(data)
        .map_err(|_| {
            invalid(
                "value",
                &format!("{path}.resource.data"),
                "this is not base64",
            )
        })?;
    Ok(Body::Bytes(bytes.into()))
}

fn entry_conditions(path: &str, request: &Value) -> Result<Conditions, HospitalError> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let mut conditions = Conditions {
        if_match: text("ifMatch").map(request::entity_tag),
        if_modified_since_us: text("ifModifiedSince").and_then(crate::instant::parse_fhir),
        ..Conditions::default()
    };
    if let Some(tags) = text("ifNoneMatch") {
        conditions.if_none_match_any = tags.trim() == "*";
        conditions.if_none_match = tags.split(',').map(request::entity_tag).collect();
    }
    if let Some(query) = text("ifNoneExist") {
        let query = query.split_once('?').map_or(query, |(_, query)| query);
        let pairs = pairs::decode(query)
            .filter(|pairs| !pairs.is_empty())
            .ok_or_else(|| {
                invalid(
                    "value",
                    &format!("{path}.request.ifNoneExist"),
                    "this is not a usable query",
                )
            })?;
        conditions.if_none_exist = Some(pairs);
    }
    Ok(conditions)
}

fn not_a_bundle() -> HospitalError {
    invalid(
        "value",
        "Bundle",
        "only a Bundle can be posted to the base of the server",
    )
}

pub(crate) fn invalid(code: &'static str, expression: &str, text: &str) -> HospitalError {
    HospitalError::Invalid(vec![fhir::validate::Issue {
        severity: fhir::validate::Severity::Error,
        code,
        expression: expression.to_owned(),
        text: text.to_owned(),
    }])
}
