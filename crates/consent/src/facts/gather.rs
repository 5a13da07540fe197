//! Facts from a resource: one walk for codes, the generated tables for references.

use std::collections::BTreeSet;

use fhir::references::{self, Form, Link};
use serde_json::{Map, Value};

use super::bytes::{AUTHORS_BYTES_MAX, CODES_BYTES_MAX, LABELS_BYTES_MAX, LINKS_BYTES_MAX};
use super::{Facts, Stretch, bytes};
use crate::coding::Coding;
use crate::labels::{Label, Level, Subjects, ValueSets};

/// Nesting that is walked; `fhir::json` refuses deeper documents.
const DEPTH_MAX: usize = 64;

/// Members that hold no clinical code: `meta` has the labels, extensions mostly demography.
const PASSED_OVER: &[&str] = &[
    "meta",
    "text",
    "extension",
    "modifierExtension",
    "identifier",
];

/// Elements of R4 that date what a record tells or when it was written down.
const DATES: &[&str] = &[
    "abatementDateTime",
    "abatementPeriod",
    "authored",
    "authoredOn",
    "billablePeriod",
    "collectedDateTime",
    "collectedPeriod",
    "created",
    "date",
    "dateAsserted",
    "dateWritten",
    "effectiveDateTime",
    "effectiveInstant",
    "effectivePeriod",
    "end",
    "identifiedDateTime",
    "issued",
    "occurredDateTime",
    "occurredPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "performedDateTime",
    "performedPeriod",
    "period",
    "received",
    "receivedTime",
    "recorded",
    "recordedDate",
    "sent",
    "servicedDate",
    "servicedPeriod",
    "start",
    "started",
    "whenHandedOver",
    "whenPrepared",
];

/// Elements of R4 that name who wrote, observed, did or ordered.
const AUTHORS: &[&str] = &[
    "agent",
    "asserter",
    "author",
    "enterer",
    "informationSource",
    "performer",
    "prescriber",
    "recorder",
    "requester",
    "resultsInterpreter",
];

/// Where `performer` is whom somebody asked, not who did it.
const REQUESTS: &[&str] = &[
    "CommunicationRequest",
    "DeviceRequest",
    "MedicationRequest",
    "ServiceRequest",
    "SupplyRequest",
    "Task",
];

pub(super) fn facts(resource: &Value, sets: &ValueSets) -> Facts {
    let type_name = resource
        .get("resourceType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let id = resource.get("id").and_then(Value::as_str);
    let own = id.and_then(|id| reference(&format!("{type_name}/{id}")));
    let mut walk = Walk {
        complete: true,
        ..Walk::default()
    };
    // An AuditEvent tells who did what, in codes of roles and interactions: none is clinical.
    if let (Value::Object(map), true) = (resource, type_name != "AuditEvent") {
        walk.object(map, DEPTH_MAX);
    }
    let authors = authors(resource, type_name);
    let mut links = links(resource);
    links.retain(|link| !authors.contains(link));
    let (mut level, mut subjects, labels) = stated_labels(resource, &mut walk.complete);
    for code in &walk.codes {
        subjects = subjects.union(sets.subjects(code));
    }
    if !subjects.is_empty() {
        level = level.max(Level::RESTRICTED);
    }
    let mut fitting = Fitting(walk.complete);
    Facts {
        type_: fhir::type_number(type_name),
        own,
        dates: dates(resource),
        level,
        subjects,
        labels: fitting.fit(labels, LABELS_BYTES_MAX, Coding::encoded_length),
        codes: fitting.fit(walk.codes, CODES_BYTES_MAX, Coding::encoded_length),
        authors: fitting.fit(authors, AUTHORS_BYTES_MAX, |one| {
            bytes::reference_length(one)
        }),
        links: fitting.fit(links, LINKS_BYTES_MAX, |one| bytes::reference_length(one)),
        complete: fitting.0,
    }
}

/// Whether all lists fitted so far.
struct Fitting(bool);

impl Fitting {
    fn fit<T>(&mut self, all: BTreeSet<T>, max: usize, length: impl Fn(&T) -> usize) -> Vec<T> {
        let count = all.len();
        let mut used = 0;
        let fits = |one: &T| {
            used += length(one);
            used <= max
        };
        let kept: Vec<T> = all
            .into_iter()
            .take_while(fits)
            .take(bytes::COUNT_MAX)
            .collect();
        self.0 &= kept.len() == count;
        kept
    }
}

#[derive(Default)]
struct Walk {
    codes: BTreeSet<Coding>,
    complete: bool,
}

impl Walk {
    fn object(&mut self, map: &Map<String, Value>, depth_left: usize) {
        if depth_left == 0 {
            self.complete = false;
            return;
        }
        self.coding(map);
        for (key, value) in map {
            if PASSED_OVER.contains(&&**key) {
                continue;
            }
            let many = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            for object in many.iter().filter_map(Value::as_object) {
                self.object(object, depth_left - 1);
            }
        }
    }

    /// A Coding has a code and no value; a Quantity has a code of its unit and a value.
    fn coding(&mut self, map: &Map<String, Value>) {
        let coded = map.get("code").is_some_and(Value::is_string);
        let quantity = ["value", "unit", "resourceType"]
            .iter()
            .any(|key| map.contains_key(*key));
        let system = map.get("system").and_then(Value::as_str);
        if !coded || quantity || system == Some("http://unitsofmeasure.org") {
            return;
        }
        let bare = system.is_none() && !map.keys().all(|key| is_of_coding(key));
        if bare {
            return;
        }
        let mut read = Map::new();
        for key in ["system", "code"] {
            if let Some(value) = map.get(key) {
                read.insert(key.to_owned(), value.clone());
            }
        }
        match Coding::read(&Value::Object(read)) {
            Some(coding) => {
                self.codes.insert(coding);
            }
            None => self.complete = false,
        }
    }
}

fn is_of_coding(key: &str) -> bool {
    matches!(
        key,
        "id" | "code" | "display" | "version" | "userSelected" | "extension"
    )
}

fn stated_labels(resource: &Value, complete: &mut bool) -> (Level, Subjects, BTreeSet<Coding>) {
    let (mut level, mut subjects, mut others) = (None, Subjects::NONE, BTreeSet::new());
    let stated = resource.pointer("/meta/security").and_then(Value::as_array);
    for value in stated.map_or(&[][..], Vec::as_slice) {
        let Some(coding) = Coding::read(value) else {
            *complete = false;
            continue;
        };
        match Label::of(coding) {
            Label::Level(stated) => level = level.max(Some(stated)),
            Label::Subject(subject) => subjects = subjects.with(subject),
            Label::Other(coding) => {
                others.insert(coding);
            }
        }
    }
    (level.unwrap_or(Level::NORMAL), subjects, others)
}

/// `Type/id` without its version, or an absolute URL, if it can be kept.
pub(crate) fn reference(text: &str) -> Option<String> {
    let kept = match references::form(text) {
        Form::Relative { type_, id, .. } => format!("{type_}/{id}"),
        Form::Absolute(url) => url.split("/_history/").next().unwrap_or(url).to_owned(),
        Form::Contained(_) | Form::Conditional { .. } | Form::Malformed => return None,
    };
    (kept.len() <= bytes::REFERENCE_BYTES_MAX).then_some(kept)
}

fn links(resource: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    references::visit(resource, &mut |link, text| {
        if link == Link::Reference {
            found.extend(reference(text));
        }
    });
    found
}

fn authors(resource: &Value, type_name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for key in AUTHORS {
        if *key == "performer" && REQUESTS.contains(&type_name) {
            continue;
        }
        let Some(value) = resource.get(key) else {
            continue;
        };
        let many = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for one in many {
            // The reference itself, or one step down: `performer.actor`, `agent.who`.
            let places = [
                Some(one),
                one.get("actor"),
                one.get("who"),
                one.get("onBehalfOf"),
            ];
            let texts = places
                .into_iter()
                .flatten()
                .filter_map(|place| place.get("reference"));
            found.extend(texts.filter_map(Value::as_str).filter_map(reference));
        }
    }
    found
}

fn dates(resource: &Value) -> Option<Stretch> {
    let found = DATES
        .iter()
        .filter_map(|key| resource.get(key))
        .filter_map(stretch);
    found.reduce(|one, other| Stretch {
        from_us: one.from_us.min(other.from_us),
        to_us: one.to_us.max(other.to_us),
    })
}

/// The stretch of a date or a Period; an end that is not given is open.
pub(crate) fn stretch(value: &Value) -> Option<Stretch> {
    if let Some(text) = value.as_str() {
        let (from_us, to_us) = fhir::moment::stretch_us(text)?;
        return Some(Stretch { from_us, to_us });
    }
    let edge = |key: &str| match value.get(key) {
        None => Some(None),
        Some(text) => fhir::moment::stretch_us(text.as_str()?).map(Some),
    };
    let (start, end) = (edge("start")?, edge("end")?);
    if start.is_none() && end.is_none() {
        return None;
    }
    let stretch = Stretch {
        from_us: start.map_or(i64::MIN, |(from_us, _)| from_us),
        to_us: end.map_or(i64::MAX, |(_, to_us)| to_us),
    };
    (stretch.from_us < stretch.to_us).then_some(stretch)
}
