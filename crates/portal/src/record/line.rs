//! One record in one line.

use serde_json::Value;

use super::{concept, text, value};
use crate::words::Language;

/// A record in a line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The kind of record in the reader's language.
    pub(crate) kind: String,
    /// What it is: the words of the record.
    pub(crate) title: String,
    /// What it says; may be empty.
    pub(crate) value: String,
    /// When, as the record has it: what it is about, else when it was stored.
    pub(crate) when: String,
    /// A status that a reader should know of, in the record's own code; usually empty.
    pub(crate) status: String,
    /// Some of it is left out for this reader.
    pub(crate) redacted: bool,
}

/// The kind of a record in words: `Condition` is a health problem.
pub(crate) fn kind(language: Language, type_: &str) -> String {
    language.coded("kind", type_)
}

/// Elements that say when something was, the most telling first.
const WHEN: [&str; 19] = [
    "/effectiveDateTime",
    "/effectivePeriod/start",
    "/effectiveInstant",
    "/performedDateTime",
    "/performedPeriod/start",
    "/occurrenceDateTime",
    "/occurrencePeriod/start",
    "/onsetDateTime",
    "/onsetPeriod/start",
    "/period/start",
    "/authoredOn",
    "/sent",
    "/dateTime",
    "/date",
    "/created",
    "/issued",
    "/recorded",
    "/recordedDate",
    "/meta/lastUpdated",
];

/// Elements that say what something is.
const WHAT: [&str; 8] = [
    "/code",
    "/vaccineCode",
    "/medicationCodeableConcept",
    "/type/0",
    "/type",
    "/category/0",
    "/serviceType",
    "/class",
];

/// A record as a line.
pub(crate) fn line(language: Language, resource: &Value) -> Line {
    let type_ = text(resource, "/resourceType");
    let kind = kind(language, type_);
    let when = WHEN.iter().map(|path| text(resource, path));
    let when = when.into_iter().find(|when| !when.is_empty()).unwrap_or("");
    let title = title(language, type_, resource);
    Line {
        title: if title.is_empty() {
            kind.clone()
        } else {
            title
        },
        value: said(language, type_, resource),
        when: when.to_owned(),
        status: status(resource),
        redacted: redacted(resource),
        kind,
    }
}

fn title(language: Language, type_: &str, resource: &Value) -> String {
    match type_ {
        "Patient" | "Practitioner" | "RelatedPerson" => return super::name(resource),
        "Consent" => return language.say("record-consent"),
        "Communication" => {
            let said = text(resource, "/payload/0/contentString");
            return said.chars().take(200).collect();
        }
        "Provenance" => return concept(&resource["activity"]).to_owned(),
        "DocumentReference" => {
            let described = text(resource, "/description");
            if !described.is_empty() {
                return described.to_owned();
            }
        }
        _ => {}
    }
    for path in WHAT {
        let Some(found) = resource.pointer(path) else {
            continue;
        };
        let words = match concept(found) {
            "" => text(found, "/display"),
            words => words,
        };
        if !words.is_empty() {
            return words.to_owned();
        }
    }
    ["/title", "/description", "/name"]
        .into_iter()
        .map(|path| text(resource, path))
        .find(|words| !words.is_empty())
        .unwrap_or("")
        .to_owned()
}

fn said(language: Language, type_: &str, resource: &Value) -> String {
    match type_ {
        "Observation" => value(language, resource),
        "MedicationRequest" | "MedicationStatement" => {
            let dosage = text(resource, "/dosageInstruction/0/text");
            let dosage = if dosage.is_empty() {
                text(resource, "/dosage/0/text")
            } else {
                dosage
            };
            dosage.to_owned()
        }
        "AllergyIntolerance" => {
            let reactions = resource["reaction"].as_array().into_iter().flatten();
            let shown = reactions.map(|reaction| concept(&reaction["manifestation"][0]));
            let shown: Vec<&str> = shown.filter(|words| !words.is_empty()).take(4).collect();
            shown.join(", ")
        }
        "DiagnosticReport" => text(resource, "/conclusion").to_owned(),
        "Encounter" => concept(&resource["reasonCode"][0]).to_owned(),
        "Patient" => text(resource, "/birthDate").to_owned(),
        _ => String::new(),
    }
}

/// A status that changes how the line is to be read.
fn status(resource: &Value) -> String {
    for path in [
        "/clinicalStatus/coding/0/code",
        "/verificationStatus/coding/0/code",
        "/status",
    ] {
        let code = text(resource, path);
        if matches!(
            code,
            "resolved"
                | "inactive"
                | "remission"
                | "refuted"
                | "entered-in-error"
                | "stopped"
                | "cancelled"
                | "preliminary"
                | "not-done"
                | "on-hold"
                | "rejected"
        ) {
            return code.to_owned();
        }
    }
    String::new()
}

/// FHIR R4 6.1.1: what a server left out is tagged.
fn redacted(resource: &Value) -> bool {
    let labels = resource.pointer("/meta/security").and_then(Value::as_array);
    labels.is_some_and(|labels| labels.iter().any(|label| label["code"] == "REDACTED"))
}
