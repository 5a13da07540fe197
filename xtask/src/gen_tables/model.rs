//! The types and elements of R4, read from the snapshots of the StructureDefinitions.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use super::sources::Sources;

/// Everything about types that the tables need.
pub(crate) struct Model {
    /// By name; nested ones by path (`Patient.contact`).
    pub(crate) types: BTreeMap<String, Type>,
}

pub(crate) struct Type {
    /// Parent type, empty for the two roots.
    pub(crate) base: String,
    pub(crate) kind: Kind,
    /// Own elements in the order of the definition.
    pub(crate) elements: Vec<Element>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Resource,
    Abstract,
    Complex,
}

pub(crate) struct Element {
    /// `value[x]` for a choice.
    pub(crate) name: String,
    pub(crate) types: Vec<TypeRef>,
    pub(crate) min: u64,
    pub(crate) many: bool,
    pub(crate) summary: bool,
    /// Value set url of a required binding.
    pub(crate) binding: Option<String>,
}

#[derive(Clone)]
pub(crate) struct TypeRef {
    pub(crate) name: String,
    /// Resource types a Reference may point at; empty: any.
    pub(crate) targets: Vec<String>,
}

impl Model {
    pub(crate) fn read(sources: &Sources) -> Result<Self> {
        let mut types = BTreeMap::new();
        for structure in &sources.structures {
            if structure["derivation"] == "constraint" || structure["kind"] == "logical" {
                continue;
            }
            if structure["kind"] != "primitive-type" {
                read_structure(structure, &mut types)?;
            }
        }
        Ok(Self { types })
    }

    /// The element of a type or of one of its ancestors; `value` finds `value[x]`.
    pub(crate) fn element(&self, type_name: &str, name: &str) -> Option<&Element> {
        let found = self.types.get(type_name)?;
        let own = found
            .elements
            .iter()
            .find(|one| one.name == name || one.name.strip_suffix("[x]") == Some(name));
        own.or_else(|| self.element(&found.base, name))
    }

    /// Names of the concrete resource types, sorted.
    pub(crate) fn resource_types(&self) -> impl Iterator<Item = &str> {
        self.types
            .iter()
            .filter(|(_, one)| one.kind == Kind::Resource)
            .map(|(name, _)| name.as_str())
    }
}

fn read_structure(structure: &Value, types: &mut BTreeMap<String, Type>) -> Result<()> {
    let name = structure["type"]
        .as_str()
        .context("a StructureDefinition without type")?;
    let base = structure["baseDefinition"].as_str().map_or("", tail);
    let kind = match (structure["kind"].as_str(), structure["abstract"].as_bool()) {
        (Some("resource"), Some(false)) => Kind::Resource,
        (_, Some(true)) => Kind::Abstract,
        _ => Kind::Complex,
    };
    types.insert(
        name.to_owned(),
        Type {
            base: base.to_owned(),
            kind,
            elements: Vec::new(),
        },
    );
    let elements = structure["snapshot"]["element"]
        .as_array()
        .context("no snapshot")?;
    for element in elements.iter().skip(1) {
        let path = element["path"]
            .as_str()
            .context("an element without path")?;
        if element["base"]["path"].as_str() != Some(path) || element["max"] == "0" {
            continue;
        }
        let (parent, own_name) = path.rsplit_once('.').context("a path without a dot")?;
        let refs = type_refs(element, path);
        if let [only] = refs.as_slice()
            && only.name == path
        {
            let base = element["type"][0]["code"]
                .as_str()
                .unwrap_or("BackboneElement");
            let nested = Type {
                base: base.to_owned(),
                kind: Kind::Complex,
                elements: vec![],
            };
            types.insert(path.to_owned(), nested);
        }
        let parent = types
            .get_mut(parent)
            .with_context(|| format!("no parent of {path}"))?;
        parent.elements.push(Element {
            name: own_name.to_owned(),
            types: refs,
            min: element["min"].as_u64().unwrap_or(0),
            many: element["max"] != "1",
            summary: element["isSummary"] == true,
            binding: required_binding(element),
        });
    }
    Ok(())
}

fn type_refs(element: &Value, path: &str) -> Vec<TypeRef> {
    let plain = |name: &str| TypeRef {
        name: name.to_owned(),
        targets: Vec::new(),
    };
    if let Some(reference) = element["contentReference"].as_str() {
        return vec![plain(reference.trim_start_matches('#'))];
    }
    // The definitions call these strings of FHIRPath; R4 2.24.0.3 says what they are.
    match path {
        "Resource.id" => return vec![plain("id")],
        "Element.id" => return vec![plain("string")],
        "Extension.url" => return vec![plain("uri")],
        _ => {}
    }
    let types = element["type"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    types
        .iter()
        .map(|one| {
            let code = one["code"].as_str().unwrap_or_default();
            if code == "BackboneElement" || code == "Element" {
                return plain(path);
            }
            let mut found = plain(code);
            if code == "Reference" {
                found.targets = targets(one);
            }
            found
        })
        .collect()
}

fn targets(type_: &Value) -> Vec<String> {
    let profiles = type_["targetProfile"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names: Vec<String> = profiles
        .iter()
        .filter_map(Value::as_str)
        .map(|url| tail(url).to_owned())
        .collect();
    if names.iter().any(|name| name == "Resource") {
        Vec::new()
    } else {
        names
    }
}

fn required_binding(element: &Value) -> Option<String> {
    let binding = &element["binding"];
    if binding["strength"] != "required" {
        return None;
    }
    let url = binding["valueSet"].as_str()?;
    Some(url.split('|').next().unwrap_or(url).to_owned())
}

fn tail(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
