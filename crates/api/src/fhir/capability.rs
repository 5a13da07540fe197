//! What this server says of itself: CapabilityStatement and SMART configuration. Generated from
//! the tables that the handlers use, so that it claims what works and nothing else.

use fhir::search::{Kind, Parameter, parameters};
use serde_json::{Value, json};

use crate::config::Config;
use crate::smart::oauth_extensions;

/// HL7 FAST Scalable Consent Management.
const RECORD_DISCLOSURE: &str =
    "http://hl7.org/fhir/us/consent-management/OperationDefinition/record-disclosure";

/// The CapabilityStatement. FHIR R4 5.1.
pub(crate) fn capabilities(config: &Config) -> Vec<u8> {
    let base = config.fhir_base();
    let resources: Vec<Value> = fhir::resource_types()
        .iter()
        .map(|type_| resource(type_))
        .collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "software": { "name": "Salus", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "Salus, one organisation's node", "url": base },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json", "application/merge-patch+json"],
        "rest": [{
            "mode": "server",
            "security": security(config),
            "resource": resources,
            "interaction": [
                { "code": "transaction" }, { "code": "batch" }, { "code": "history-system" }
            ]
        }]
    })
    .to_string()
    .into_bytes()
}

fn security(config: &Config) -> Value {
    json!({
        "cors": true,
        "service": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
            "code": "SMART-on-FHIR"
        }] }],
        "extension": oauth_extensions(config)
    })
}

fn resource(type_: &str) -> Value {
    let interactions = [
        "read",
        "vread",
        "update",
        "patch",
        "delete",
        "history-instance",
        "history-type",
        "create",
        "search-type",
    ];
    let own = parameters(type_);
    let params: Vec<Value> = own.iter().map(search_param).collect();
    let mut statement = json!({
        "type": type_,
        "interaction": interactions.iter().map(|code| json!({ "code": code })).collect::<Vec<_>>(),
        "versioning": "versioned-update",
        "readHistory": true,
        "updateCreate": true,
        "conditionalCreate": true,
        "conditionalRead": "full-support",
        "conditionalUpdate": true,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
        "operation": [
            { "name": "receipt", "definition": "urn:salus:operation:receipt",
              "documentation": "GET [type]/[id]/_history/[vid]/$receipt" },
            { "name": "validate",
              "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate" }
        ]
    });
    if type_ == "Patient"
        && let Some(operations) = statement["operation"].as_array_mut()
    {
        operations.push(json!({ "name": "everything",
            "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
            "documentation": "GET Patient/[id]/$everything: start, end, _since, _type, _count" }));
        operations.push(
            json!({ "name": "locate", "definition": "urn:salus:operation:locate",
            "documentation": "GET Patient/[id]/$locate: members that have records" }),
        );
    }
    if type_ == "AuditEvent"
        && let Some(operations) = statement["operation"].as_array_mut()
    {
        operations.push(json!({ "name": "recordDisclosure", "definition": RECORD_DISCLOSURE }));
    }
    if !params.is_empty() {
        statement["searchParam"] = params.into();
    }
    let includes: Vec<Value> = references(type_, own).collect();
    if !includes.is_empty() {
        statement["searchInclude"] = includes.into();
    }
    let reverse: Vec<Value> = fhir::resource_types()
        .iter()
        .flat_map(|source| {
            parameters(source)
                .iter()
                .filter(|one| one.kind == Kind::Reference && one.targets.contains(&type_))
                .map(move |one| json!(format!("{source}:{}", one.name)))
        })
        .collect();
    if !reverse.is_empty() {
        statement["searchRevInclude"] = reverse.into();
    }
    statement
}

fn references<'a>(type_: &'a str, own: &'a [Parameter]) -> impl Iterator<Item = Value> + 'a {
    own.iter()
        .filter(|one| one.kind == Kind::Reference)
        .map(move |one| json!(format!("{type_}:{}", one.name)))
}

fn search_param(parameter: &Parameter) -> Value {
    let kind = match parameter.kind {
        Kind::Token => "token",
        Kind::String => "string",
        Kind::Date => "date",
        Kind::Number => "number",
        Kind::Quantity => "quantity",
        Kind::Reference => "reference",
        Kind::Uri => "uri",
    };
    json!({ "name": parameter.name, "definition": parameter.url, "type": kind })
}
