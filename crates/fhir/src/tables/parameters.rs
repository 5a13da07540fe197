//! Search parameters and the compiled paths to their values.

use std::collections::BTreeMap;

use crate::search::{Kind, Parameter, Place};

const URL: &str = "http://hl7.org/fhir/SearchParameter/";

/// What a resource type can be searched by.
pub(crate) struct Searchable {
    /// Claimed parameters, sorted by name.
    pub(crate) parameters: &'static [Parameter],
    /// The paths of each parameter, in the same order.
    pub(crate) paths: Vec<Vec<Path>>,
    /// Known to R4 but not claimed: composites, special ones, full text.
    pub(crate) unclaimed: &'static [&'static str],
}

/// The way from the resource to its values.
pub(crate) struct Path {
    pub(crate) steps: Vec<Step>,
    pub(crate) leaf: Leaf,
    /// Only references to this type.
    pub(crate) target: Option<&'static str>,
    /// The system that the binding of a `code` implies.
    pub(crate) system: Option<&'static str>,
}

/// One step: a JSON member, kept only where another member has a value.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) filter: Option<(&'static str, &'static str)>,
}

/// What is found at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaf {
    Address,
    Boolean,
    Canonical,
    Code,
    CodeableConcept,
    Coding,
    ContactPoint,
    /// `date`, `dateTime` or `instant`.
    Date,
    /// Whether there is a choice value other than false.
    Exists,
    HumanName,
    Identifier,
    Money,
    Number,
    Period,
    Quantity,
    Range,
    Reference,
    Text,
    Timing,
    Uri,
}

/// Reads `search.txt`.
pub(super) fn load(text: &'static str) -> BTreeMap<&'static str, Searchable> {
    let mut drafts: BTreeMap<&'static str, Draft> = BTreeMap::new();
    let mut current = "";
    let mut id = 0;
    for line in text.lines() {
        if let Some(path) = line.strip_prefix(' ') {
            if let (Some(draft), Some(path)) = (drafts.get_mut(current), read_path(path)) {
                draft.add(path);
            }
            continue;
        }
        let mut words = line.split(' ');
        current = words.next().unwrap_or_default();
        let draft = drafts.entry(current).or_default();
        draft.open(current, &mut words, id);
        // Unclaimed ones have a number too, so that claiming one later moves no other.
        id += 1;
    }
    drafts
        .into_iter()
        .map(|(name, draft)| (name, draft.finish()))
        .collect()
}

#[derive(Default)]
struct Draft {
    parameters: Vec<Parameter>,
    paths: Vec<Vec<Path>>,
    unclaimed: Vec<&'static str>,
}

impl Draft {
    /// `gender token individual-gender targets`.
    fn open(
        &mut self,
        resource_type: &'static str,
        words: &mut std::str::Split<'static, char>,
        id: u16,
    ) {
        let mut next = || words.next().unwrap_or_default();
        let (name, kind, url, targets) = (next(), next(), next(), next());
        let Some(kind) = kind_named(kind) else {
            self.unclaimed.push(name);
            return;
        };
        let targets: Vec<&'static str> = targets
            .split(',')
            .filter(|one| !one.is_empty() && *one != "*")
            .collect();
        let url = if url.contains(':') {
            url.to_owned()
        } else {
            format!("{URL}{url}")
        };
        self.parameters.push(Parameter {
            id,
            resource_type,
            name,
            url: Box::leak(url.into_boxed_str()),
            kind,
            place: match name {
                "_id" => Place::Id,
                "_lastUpdated" => Place::Updated,
                _ => Place::Index,
            },
            targets: Vec::leak(targets),
        });
        self.paths.push(Vec::new());
    }

    fn add(&mut self, path: Path) {
        if let Some(paths) = self.paths.last_mut() {
            paths.push(path);
        }
    }

    fn finish(self) -> Searchable {
        Searchable {
            parameters: Vec::leak(self.parameters),
            paths: self.paths,
            unclaimed: Vec::leak(self.unclaimed),
        }
    }
}

fn kind_named(name: &str) -> Option<Kind> {
    Some(match name {
        "token" => Kind::Token,
        "string" => Kind::String,
        "date" => Kind::Date,
        "number" => Kind::Number,
        "quantity" => Kind::Quantity,
        "reference" => Kind::Reference,
        "uri" => Kind::Uri,
        _ => return None,
    })
}

/// `telecom[system=phone] ContactPoint` and, after it, a target type or an implied system.
fn read_path(line: &'static str) -> Option<Path> {
    let mut words = line.split(' ');
    let steps = split_steps(words.next()?)
        .into_iter()
        .map(read_step)
        .collect();
    let leaf = leaf_named(words.next()?)?;
    let rest = words.next();
    let (target, system) = if leaf == Leaf::Reference {
        (rest, None)
    } else {
        (None, rest)
    };
    Some(Path {
        steps,
        leaf,
        target,
        system,
    })
}

/// Splits at dots outside of brackets (an extension's url has dots).
fn split_steps(path: &'static str) -> Vec<&'static str> {
    let mut inside = false;
    let split = path.split(move |found: char| {
        inside = (inside || found == '[') && found != ']';
        found == '.' && !inside
    });
    split.collect()
}

fn read_step(step: &'static str) -> Step {
    match step.split_once('[') {
        Some((name, filter)) => Step {
            name,
            filter: filter.trim_end_matches(']').split_once('='),
        },
        None => Step {
            name: step,
            filter: None,
        },
    }
}

fn leaf_named(name: &str) -> Option<Leaf> {
    Some(match name {
        "Address" => Leaf::Address,
        "boolean" => Leaf::Boolean,
        "canonical" => Leaf::Canonical,
        "code" | "id" => Leaf::Code,
        "CodeableConcept" => Leaf::CodeableConcept,
        "Coding" => Leaf::Coding,
        "ContactPoint" => Leaf::ContactPoint,
        "date" | "dateTime" | "instant" => Leaf::Date,
        "exists" => Leaf::Exists,
        "HumanName" => Leaf::HumanName,
        "Identifier" => Leaf::Identifier,
        "Money" => Leaf::Money,
        "integer" | "decimal" | "positiveInt" | "unsignedInt" => Leaf::Number,
        "Period" => Leaf::Period,
        "Quantity" | "Age" | "Duration" | "Count" | "Distance" => Leaf::Quantity,
        "Range" => Leaf::Range,
        "Reference" => Leaf::Reference,
        "string" | "markdown" => Leaf::Text,
        "Timing" => Leaf::Timing,
        "uri" | "url" | "oid" | "uuid" => Leaf::Uri,
        _ => return None,
    })
}
