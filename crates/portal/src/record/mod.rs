//! How a record reads to a person: what it is, what it says, when, in a line. The words of the
//! record itself are those of whoever wrote it, in its language.

mod line;
mod value;

pub(crate) use line::{Line, kind, line};
pub(crate) use value::{concept, unit, unit_words, value};

use serde_json::Value;

use crate::words::Language;

/// The records of a Bundle, without what the server told beside them.
pub(crate) fn records(bundle: &Value) -> impl Iterator<Item = &Value> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries
        .filter(|entry| entry["search"]["mode"] != "outcome")
        .map(|entry| &entry["resource"])
        .filter(|resource| resource.is_object())
}

/// The text of an element; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

/// Type, id and version of a record.
pub(crate) fn reference(resource: &Value) -> (&str, &str, &str) {
    (
        text(resource, "/resourceType"),
        text(resource, "/id"),
        text(resource, "/meta/versionId"),
    )
}

/// The name of a person, as the record has it.
pub(crate) fn name(resource: &Value) -> String {
    let names = resource["name"].as_array();
    let official = |name: &&Value| name["use"] == "official";
    let chosen = names.and_then(|all| all.iter().find(official).or_else(|| all.first()));
    let Some(name) = chosen else {
        return String::new();
    };
    if let Some(text) = name["text"].as_str() {
        return text.to_owned();
    }
    let given = name["given"].as_array().into_iter().flatten();
    let mut parts: Vec<&str> = given.filter_map(Value::as_str).collect();
    parts.extend(name["family"].as_str());
    parts.join(" ")
}

/// What a line of a report is about, `Observation: 3, Condition: 1`, in words.
pub(crate) fn counts(language: Language, what: &str) -> String {
    let told: Vec<String> = what
        .split(", ")
        .filter_map(|part| part.split_once(": "))
        .map(|(type_, count)| {
            let kind = kind(language, type_);
            language.tell("accesses-what", &[("kind", &kind), ("count", count)])
        })
        .collect();
    told.join(", ")
}

/// Name and role of a person in a line of a report, `ada (clinician)`.
pub(crate) fn person(who: &str) -> Option<(&str, &str)> {
    who.strip_suffix(')').and_then(|who| who.rsplit_once(" ("))
}
