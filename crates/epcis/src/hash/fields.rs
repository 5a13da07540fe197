//! Which members go in the pre-hash text, and in which order.

use serde_json::{Map, Value};

use super::value::{canonical, text_of, timestamp};
use crate::context::Context;
use crate::document::Event;
use crate::vocabulary::Vocabulary as V;

type Object = Map<String, Value>;

/// How a member is written.
#[derive(Clone, Copy)]
enum Form {
    Time,
    Plain,
    Word(V),
    /// A list whose items are written under this name.
    Ids(&'static str),
    Quantities,
    Persistent,
    Place,
    Sensors,
}

/// CBV 2.0 8.9.2, the canonical order of properties.
const ORDER: &[(&str, Form)] = &[
    ("eventTime", Form::Time),
    ("eventTimeZoneOffset", Form::Plain),
    ("certificationInfo", Form::Plain),
    ("epcList", Form::Ids("epc")),
    ("parentID", Form::Plain),
    ("inputEPCList", Form::Ids("epc")),
    ("childEPCs", Form::Ids("epc")),
    ("quantityList", Form::Quantities),
    ("childQuantityList", Form::Quantities),
    ("inputQuantityList", Form::Quantities),
    ("outputEPCList", Form::Ids("epc")),
    ("outputQuantityList", Form::Quantities),
    ("action", Form::Plain),
    ("transformationID", Form::Plain),
    ("bizStep", Form::Word(V::BizStep)),
    ("disposition", Form::Word(V::Disposition)),
    ("persistentDisposition", Form::Persistent),
    ("readPoint", Form::Place),
    ("bizLocation", Form::Place),
    ("sensorElementList", Form::Sensors),
];

const QUANTITY: &[(&str, Form)] = &[
    ("epcClass", Form::Plain),
    ("quantity", Form::Plain),
    ("uom", Form::Plain),
];

const METADATA: &[(&str, Form)] = &[
    ("time", Form::Time),
    ("startTime", Form::Time),
    ("endTime", Form::Time),
    ("deviceID", Form::Plain),
    ("deviceMetadata", Form::Plain),
    ("rawData", Form::Plain),
    ("dataProcessingMethod", Form::Plain),
    ("bizRules", Form::Plain),
];

const REPORT: &[(&str, Form)] = &[
    ("type", Form::Word(V::Measurement)),
    ("exception", Form::Word(V::SensorAlert)),
    ("deviceID", Form::Plain),
    ("deviceMetadata", Form::Plain),
    ("rawData", Form::Plain),
    ("dataProcessingMethod", Form::Plain),
    ("time", Form::Time),
    ("microorganism", Form::Plain),
    ("chemicalSubstance", Form::Plain),
    ("value", Form::Plain),
    ("component", Form::Word(V::Component)),
    ("stringValue", Form::Plain),
    ("booleanValue", Form::Plain),
    ("hexBinaryValue", Form::Plain),
    ("uriValue", Form::Plain),
    ("minValue", Form::Plain),
    ("maxValue", Form::Plain),
    ("meanValue", Form::Plain),
    ("sDev", Form::Plain),
    ("percRank", Form::Plain),
    ("percValue", Form::Plain),
    ("uom", Form::Plain),
    ("coordinateReferenceSystem", Form::Plain),
];

/// A comment is no content.
const COMMENT: &str = "{http://www.w3.org/2000/01/rdf-schema#}comment";

pub(super) fn prehash(event: &Event) -> String {
    let writer = Writer {
        context: &event.context,
        unhashed: &event.unhashed,
    };
    let name = writer.context.braced(event.event_type());
    let mut out = format!("eventType={name}");
    writer.ordered(&event.members, ORDER, &mut out);
    let mut rest = writer.extensions(&event.members);
    rest.extend(writer.list(&event.members, "bizTransactionList", "bizTransaction"));
    rest.extend(writer.list(&event.members, "destinationList", "destination"));
    rest.extend(writer.list(&event.members, "sourceList", "source"));
    if let Some(Value::Object(ilmd)) = event.members.get("ilmd") {
        rest.push(format!("ilmd{}", writer.children(ilmd)));
    }
    rest.extend(rules_of_reports(&event.members));
    rest.sort();
    out.extend(rest);
    out
}

struct Writer<'a> {
    context: &'a Context,
    unhashed: &'a [String],
}

impl Writer<'_> {
    fn ordered(&self, object: &Object, order: &[(&str, Form)], out: &mut String) {
        for (name, form) in order {
            if let Some(value) = object.get(*name) {
                self.member(name, value, *form, out);
            }
        }
    }

    fn member(&self, name: &str, value: &Value, form: Form, out: &mut String) {
        let objects = || value.as_array().map_or(&[][..], Vec::as_slice).iter();
        match form {
            Form::Time => {
                if let Some(text) = text_of(value) {
                    out.extend([name, "=", &timestamp(&text)]);
                }
            }
            Form::Word(vocabulary) => {
                if let Some(text) = value.as_str() {
                    out.extend([name, "=", &self.word(vocabulary, text)]);
                }
            }
            Form::Plain => out.extend(plain(name, value)),
            Form::Ids(item) => out.extend(named(name, plain(item, value))),
            Form::Quantities => {
                let element = |object: &Value| {
                    let mut text = "quantityElement".to_owned();
                    self.ordered(object.as_object()?, QUANTITY, &mut text);
                    Some(text)
                };
                out.extend(named(name, objects().filter_map(element).collect()));
            }
            Form::Persistent => {
                let mut text = String::new();
                for part in ["set", "unset"] {
                    let items = value.get(part).and_then(Value::as_array);
                    let words = items.into_iter().flatten().filter_map(Value::as_str);
                    let mut words: Vec<String> = words
                        .map(|word| format!("{part}={}", self.word(V::Disposition, word)))
                        .collect();
                    words.sort();
                    text.extend(words);
                }
                out.extend([name, &text]);
            }
            Form::Place => {
                if let Some(object) = value.as_object() {
                    out.push_str(name);
                    self.ordered(object, &[("id", Form::Plain)], out);
                    out.push_str(&self.children_named(object));
                }
            }
            Form::Sensors => {
                let elements = objects().filter_map(|item| self.sensor(item.as_object()?));
                out.extend(named(name, elements.collect()));
            }
        }
    }

    fn sensor(&self, element: &Object) -> Option<String> {
        let mut text = "sensorElement".to_owned();
        if let Some(Value::Object(metadata)) = element.get("sensorMetadata") {
            text.push_str("sensorMetadata");
            self.ordered(metadata, METADATA, &mut text);
            text.push_str(&self.children_named(metadata));
        }
        let reports = element.get("sensorReport")?.as_array()?;
        let mut reports: Vec<String> = reports
            .iter()
            .filter_map(Value::as_object)
            .map(|report| {
                let mut text = "sensorReport".to_owned();
                self.ordered(report, REPORT, &mut text);
                text.push_str(&self.children_named(report));
                text
            })
            .collect();
        reports.sort();
        text.extend(reports);
        text.push_str(&self.children_named(element));
        Some(text)
    }

    /// Business transactions, sources, destinations: the type, then the value.
    fn list(&self, event: &Object, name: &str, item: &str) -> Option<String> {
        let vocabulary = match item {
            "bizTransaction" => V::BizTransactionType,
            _ => V::SourceDestType,
        };
        let entries = event.get(name)?.as_array()?.iter();
        let mut texts: Vec<String> = entries
            .filter_map(|entry| {
                let kind = entry.get("type").and_then(Value::as_str);
                let kind = kind.map(|kind| format!("type={}", self.word(vocabulary, kind)));
                let value = plain(item, entry.get(item)?).concat();
                Some(kind.unwrap_or_default() + &value)
            })
            .collect();
        texts.sort();
        (!texts.is_empty()).then(|| format!("{name}{}", texts.concat()))
    }

    /// The extension fields of an event or of a part of it that has members of the standard too.
    fn extensions(&self, object: &Object) -> Vec<String> {
        let own = object.iter().filter(|(name, _)| name.contains(':'));
        own.flat_map(|(name, value)| self.extension(name, value))
            .collect()
    }

    fn children_named(&self, object: &Object) -> String {
        let mut texts = self.extensions(object);
        texts.sort();
        texts.concat()
    }

    /// Everything within an extension field.
    fn children(&self, object: &Object) -> String {
        let inner = object.iter().filter(|(name, _)| *name != "#text");
        let mut texts: Vec<String> = inner
            .flat_map(|(name, value)| self.extension(name, value))
            .collect();
        texts.sort();
        texts.concat()
    }

    fn extension(&self, name: &str, value: &Value) -> Vec<String> {
        let braced = self.context.braced(name);
        if braced == COMMENT || name == "@context" || self.unhashed.contains(&braced) {
            return Vec::new();
        }
        match value {
            Value::Array(items) => items
                .iter()
                .flat_map(|item| self.extension(name, item))
                .collect(),
            Value::Object(object) => {
                let text = object.get("#text").and_then(text_of);
                let text = text.map_or(String::new(), |text| format!("={}", canonical(&text)));
                vec![braced + &text + &self.children(object)]
            }
            single => match text_of(single) {
                Some(text) => vec![format!("{braced}={}", canonical(&text))],
                None => vec![braced],
            },
        }
    }

    fn word(&self, vocabulary: V, text: &str) -> String {
        // A prefix of one's own stays: the XML vectors have it so.
        let text = text.trim();
        match vocabulary.word(text) {
            Some(_) => vocabulary.canonical(text, self.context),
            None => canonical(text),
        }
    }
}

/// A name, then its sorted items; nothing at all without items.
fn named(name: &str, mut items: Vec<String>) -> Option<String> {
    items.sort();
    (!items.is_empty()).then(|| format!("{name}{}", items.concat()))
}

/// `name=value` for a text or for each of a list, sorted.
fn plain(name: &str, value: &Value) -> Vec<String> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut texts: Vec<String> = items
        .iter()
        .filter_map(text_of)
        .map(|text| format!("{name}={}", canonical(&text)))
        .collect();
    texts.sort();
    texts
}

/// The vectors write `bizRules` of a report, which the canonical order forgot, with its whole
/// path among the extensions.
fn rules_of_reports(event: &Object) -> Option<String> {
    let elements = event.get("sensorElementList")?.as_array()?;
    let mut found: Vec<String> = elements
        .iter()
        .filter_map(|element| {
            let reports = element.get("sensorReport")?.as_array()?.iter();
            let mut rules: Vec<String> = reports
                .filter_map(|report| report.get("bizRules"))
                .flat_map(|rules| plain("bizRules", rules))
                .map(|rules| format!("sensorReport{rules}"))
                .collect();
            rules.sort();
            (!rules.is_empty()).then(|| format!("sensorElement{}", rules.concat()))
        })
        .collect();
    found.sort();
    (!found.is_empty()).then(|| format!("sensorElementList{}", found.concat()))
}
