//! The codes of the value sets that R4 requires somewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::model::Model;
use super::sources::Sources;

/// Value sets by url, numbered in the order of the urls.
pub(crate) struct Codes {
    sets: BTreeMap<String, Content>,
}

enum Content {
    /// Codes by system.
    Enumerated(BTreeMap<String, Vec<String>>),
    /// Not enumerable; a rule of syntax instead.
    Syntax(&'static str),
}

impl Codes {
    pub(crate) fn read(sources: &Sources, model: &Model) -> Self {
        let mut sets = BTreeMap::new();
        for one in model.types.values() {
            for url in one
                .elements
                .iter()
                .filter_map(|element| element.binding.as_ref())
            {
                sets.insert(url.clone(), content(sources, url));
            }
        }
        Self { sets }
    }

    /// The number of a value set.
    pub(crate) fn number(&self, url: &str) -> Option<usize> {
        self.sets.keys().position(|known| known == url)
    }

    /// The system of a value set that draws on one system only.
    pub(crate) fn only_system(&self, url: &str) -> Option<&str> {
        match self.sets.get(url)? {
            Content::Enumerated(systems) if systems.len() == 1 => {
                systems.keys().next().map(String::as_str)
            }
            _ => None,
        }
    }

    pub(crate) fn write(&self) -> String {
        let mut out = String::new();
        for (url, content) in &self.sets {
            match content {
                Content::Syntax(rule) => {
                    let _ = writeln!(out, "V {url} {rule}");
                }
                Content::Enumerated(systems) => {
                    let _ = writeln!(out, "V {url}");
                    for (system, codes) in systems {
                        let _ = writeln!(out, "S {system}\n{}", codes.join("\t"));
                    }
                }
            }
        }
        out
    }
}

fn content(sources: &Sources, url: &str) -> Content {
    let syntax = match url {
        "http://hl7.org/fhir/ValueSet/mimetypes" => "mime",
        "http://hl7.org/fhir/ValueSet/currencies" => "currency",
        "http://hl7.org/fhir/ValueSet/ucum-units" => "ucum",
        _ => "any",
    };
    let mut systems = BTreeMap::new();
    match expand(sources, url, &mut systems) {
        Some(()) => Content::Enumerated(systems),
        None => Content::Syntax(syntax),
    }
}

/// `None`: not enumerable from the definitions.
fn expand(sources: &Sources, url: &str, systems: &mut BTreeMap<String, Vec<String>>) -> Option<()> {
    let compose = &sources.value_sets.get(url)?["compose"];
    if compose["exclude"].is_array() {
        return None;
    }
    for include in compose["include"].as_array()? {
        if include["filter"].is_array() || include["valueSet"].is_array() {
            return None;
        }
        let system = include["system"].as_str()?;
        let mut codes = Vec::new();
        if include["concept"].is_array() {
            collect(&include["concept"], &mut codes);
        } else {
            let found = sources.code_systems.get(system)?;
            if found["content"] != "complete" {
                return None;
            }
            collect(&found["concept"], &mut codes);
        }
        let known = systems.entry(system.to_owned()).or_default();
        known.extend(codes);
        known.sort();
        known.dedup();
    }
    Some(())
}

fn collect(concepts: &Value, codes: &mut Vec<String>) {
    for concept in concepts.as_array().map(Vec::as_slice).unwrap_or_default() {
        codes.extend(concept["code"].as_str().map(str::to_owned));
        collect(&concept["concept"], codes);
    }
}
