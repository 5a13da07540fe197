//! Writes `search.txt` and `compartment.txt`.
//!
//! `Patient phone token Patient-phone` (type, name, kind, url, targets), then a line for each path:
//! ` telecom[system=phone] ContactPoint`. The path is resolved: choices are expanded to the names
//! of JSON, and the last word says which FHIR type is found there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::Value;

use super::codes::Codes;
use super::expression::{self, Step};
use super::model::{Element, Kind, Model, TypeRef};
use super::sources::Sources;

const URL: &str = "http://hl7.org/fhir/SearchParameter/";

/// More targets than this mean "any".
const TARGETS_MAX: usize = 100;

struct Line {
    kind: String,
    url: String,
    targets: String,
    paths: Vec<String>,
}

pub(crate) fn write(sources: &Sources, model: &Model, codes: &Codes) -> Result<String> {
    let mut lines: BTreeMap<(String, String), Line> = BTreeMap::new();
    for parameter in &sources.search_parameters {
        for (base, line) in compile(parameter, model, codes)? {
            let name = parameter["code"].as_str().unwrap_or_default().to_owned();
            lines.insert((base, name), line);
        }
    }
    let mut out = String::new();
    for ((base, name), line) in &lines {
        let _ = writeln!(
            out,
            "{base} {name} {} {} {}",
            line.kind, line.url, line.targets
        );
        for path in &line.paths {
            let _ = writeln!(out, " {path}");
        }
    }
    Ok(out)
}

fn compile(parameter: &Value, model: &Model, codes: &Codes) -> Result<Vec<(String, Line)>> {
    let expression = parameter["expression"].as_str();
    let terms = expression
        .map(expression::parse)
        .transpose()?
        .unwrap_or_default();
    let kind = parameter["type"]
        .as_str()
        .context("a search parameter without type")?;
    let mut found = Vec::new();
    for base in bases(parameter, model) {
        let mut paths = Vec::new();
        // An index of plain names would not be the phonetic match that is promised.
        if !matches!(kind, "composite" | "special") && parameter["code"] != "phonetic" {
            for (root, steps) in &terms {
                if root.is_empty() || is_a(model, &base, root) {
                    paths.extend(Walk { model, codes, kind }.run(&base, steps));
                }
            }
        }
        paths.dedup();
        let code = parameter["code"].as_str().unwrap_or_default();
        // No path: known, but not claimed.
        let kind = if paths.is_empty() && code != "_id" {
            "-"
        } else {
            kind
        };
        let url = parameter["url"].as_str().unwrap_or_default();
        let line = Line {
            kind: kind.to_owned(),
            url: url.strip_prefix(URL).unwrap_or(url).to_owned(),
            targets: targets(parameter),
            paths,
        };
        found.push((base, line));
    }
    Ok(found)
}

fn bases(parameter: &Value, model: &Model) -> Vec<String> {
    let mut found = Vec::new();
    for base in parameter["base"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        match model.types.get(base).map(|one| one.kind) {
            Some(Kind::Abstract) => found.extend(
                model
                    .resource_types()
                    .filter(|one| is_a(model, one, base))
                    .map(str::to_owned),
            ),
            Some(_) => found.push(base.to_owned()),
            None => {}
        }
    }
    found
}

fn is_a(model: &Model, type_name: &str, ancestor: &str) -> bool {
    type_name == ancestor
        || model
            .types
            .get(type_name)
            .is_some_and(|one| is_a(model, &one.base, ancestor))
}

fn targets(parameter: &Value) -> String {
    let all = parameter["target"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if all.len() > TARGETS_MAX {
        return "*".to_owned();
    }
    all.iter()
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

/// Follows steps through the types.
struct Walk<'a> {
    model: &'a Model,
    codes: &'a Codes,
    kind: &'a str,
}

/// A place reached: the path so far, and what is there.
#[derive(Clone)]
struct Place {
    path: String,
    type_name: String,
    target: Option<String>,
    system: Option<String>,
}

impl Walk<'_> {
    fn run(&self, root: &str, steps: &[Step]) -> Vec<String> {
        let start = Place {
            path: String::new(),
            type_name: root.to_owned(),
            target: None,
            system: None,
        };
        if let [fields @ .., Step::Exists] = steps {
            let path: Vec<&str> = fields.iter().map(field_name).collect();
            return vec![format!("{}[x] exists", path.join("."))];
        }
        let mut places = vec![start];
        for step in steps {
            places = places
                .into_iter()
                .flat_map(|place| self.step(place, step))
                .collect();
        }
        places
            .iter()
            .filter(|place| suits(self.kind, &place.type_name))
            .map(Place::text)
            .collect()
    }

    fn step(&self, mut place: Place, step: &Step) -> Vec<Place> {
        match step {
            Step::Field(name) => self.field(&place, name),
            Step::Where(key, value) => {
                let _ = write!(place.path, "[{key}={value}]");
                vec![place]
            }
            Step::Target(target) => {
                place.target = Some(target.clone());
                vec![place]
            }
            Step::As(wanted) if *wanted == place.type_name => vec![place],
            Step::Extension(url) => {
                let mut reached = self.field(&place, "extension");
                for one in &mut reached {
                    let _ = write!(one.path, "[url={url}]");
                }
                reached
            }
            Step::As(_) | Step::Index(_) | Step::Exists => Vec::new(),
        }
    }

    fn field(&self, place: &Place, name: &str) -> Vec<Place> {
        let Some(element) = self.model.element(&place.type_name, name) else {
            return Vec::new();
        };
        element
            .types
            .iter()
            .map(|one| self.reach(place, name, element, one))
            .collect()
    }

    fn reach(&self, place: &Place, name: &str, element: &Element, one: &TypeRef) -> Place {
        let mut path = place.path.clone();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        if element.name.ends_with("[x]") {
            path.push_str(&one.name[..1].to_uppercase());
            path.push_str(&one.name[1..]);
        }
        let system = element
            .binding
            .as_deref()
            .and_then(|url| self.codes.only_system(url));
        Place {
            path,
            type_name: one.name.clone(),
            target: None,
            system: system.map(str::to_owned).filter(|_| one.name == "code"),
        }
    }
}

impl Place {
    fn text(&self) -> String {
        let mut out = format!("{} {}", self.path, self.type_name);
        if let Some(target) = &self.target {
            let _ = write!(out, " {target}");
        }
        if let Some(system) = &self.system {
            let _ = write!(out, " {system}");
        }
        out
    }
}

fn field_name(step: &Step) -> &str {
    match step {
        Step::Field(name) => name,
        _ => "",
    }
}

/// Which FHIR types a kind of parameter can search. FHIR R4 3.1.1.4.
fn suits(kind: &str, type_name: &str) -> bool {
    let types: &[&str] = match kind {
        "token" => &[
            "Coding",
            "CodeableConcept",
            "Identifier",
            "ContactPoint",
            "code",
            "boolean",
            "string",
            "id",
            "uri",
        ],
        "string" => &[
            "string",
            "markdown",
            "HumanName",
            "Address",
            "CodeableConcept",
        ],
        "date" => &["date", "dateTime", "instant", "Period", "Timing"],
        "number" => &["integer", "decimal", "positiveInt", "unsignedInt", "Range"],
        "quantity" => &[
            "Quantity", "Money", "Age", "Duration", "Count", "Distance", "Range",
        ],
        "reference" => &["Reference", "canonical", "uri"],
        "uri" => &["uri", "url", "canonical", "oid", "uuid"],
        _ => &[],
    };
    types.contains(&type_name)
}

pub(crate) fn compartment(sources: &Sources) -> Result<String> {
    let resources = sources.patient_compartment["resource"]
        .as_array()
        .context("no resources")?;
    let mut lines = BTreeMap::new();
    for resource in resources {
        let names = resource["param"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        if !names.is_empty() {
            lines.insert(
                resource["code"].as_str().unwrap_or_default(),
                names.join(","),
            );
        }
    }
    let mut out = String::new();
    for (code, names) in lines {
        let _ = writeln!(out, "{code} {names}");
    }
    Ok(out)
}
