//! Rules of bundles.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Broken, items, text};

type Object = Map<String, Value>;

pub(super) fn bundle(map: &Object, broken: Broken<'_>) {
    let kind = text(map, "type").unwrap_or_default();
    let entries = items(map, "entry");
    if map.contains_key("total") && !matches!(kind, "searchset" | "history") {
        broken("bdl-1", "total only in a search or a history");
    }
    let has = |name: &str| entries.iter().any(|one| one.get(name).is_some());
    let all = |name: &str| entries.iter().all(|one| one.get(name).is_some());
    if has("search") && kind != "searchset" {
        broken("bdl-2", "entry.search only in a search");
    }
    let requested = matches!(kind, "batch" | "transaction" | "history");
    if (requested && !all("request")) || (!requested && has("request")) {
        broken(
            "bdl-3",
            "entry.request in a batch, transaction or history, and only there",
        );
    }
    let answered = matches!(kind, "batch-response" | "transaction-response" | "history");
    if (answered && !all("response")) || (!answered && has("response")) {
        broken(
            "bdl-4",
            "entry.response in a response or history, and only there",
        );
    }
    unique(kind, entries, broken);
    if kind == "document" {
        document(map, broken);
    }
    let first = entries.first().and_then(|one| one.get("resource"));
    let first = first
        .and_then(|one| one.get("resourceType"))
        .and_then(Value::as_str);
    if kind == "document" && first != Some("Composition") {
        broken("bdl-11", "a document begins with a Composition");
    }
    if kind == "message" && first != Some("MessageHeader") {
        broken("bdl-12", "a message begins with a MessageHeader");
    }
}

fn unique(kind: &str, entries: &[Value], broken: Broken<'_>) {
    if kind == "history" {
        return;
    }
    let mut seen = BTreeSet::new();
    for entry in entries {
        let Some(url) = entry.get("fullUrl").and_then(Value::as_str) else {
            continue;
        };
        let version = entry
            .pointer("/resource/meta/versionId")
            .and_then(Value::as_str);
        if !seen.insert((url, version)) {
            broken("bdl-7", "the same fullUrl twice");
        }
    }
}

fn document(map: &Object, broken: Broken<'_>) {
    let identifier = map.get("identifier");
    let part = |name| identifier.and_then(|one| one.get(name)).is_some();
    if !part("system") || !part("value") {
        broken(
            "bdl-9",
            "a document has an identifier with system and value",
        );
    }
    if !map.contains_key("timestamp") {
        broken("bdl-10", "a document has a timestamp");
    }
}

pub(super) fn entry(map: &Object, broken: Broken<'_>) {
    if text(map, "fullUrl").is_some_and(|url| url.contains("/_history/")) {
        broken("bdl-8", "a fullUrl names no version");
    }
}
