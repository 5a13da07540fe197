//! What a query can ask of an event, as plain values in canonical form.

mod fields;

use fhir::Decimal;
use serde_json::{Map, Value};

use crate::document::Event;
use crate::identifier::canonical_or_same;
use crate::time;
use crate::vocabulary::Vocabulary as V;

pub use fields::{Field, Place};

/// The list or member of an event in which an identifier stands.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// `epcList`.
    Epc,
    /// `parentID`.
    Parent,
    /// `childEPCs`.
    Child,
    /// `inputEPCList`.
    Input,
    /// `outputEPCList`.
    Output,
}

/// Some of a class.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quantity {
    /// `quantityList` is [`Role::Epc`], `childQuantityList` [`Role::Child`], and so on.
    pub role: Role,
    /// The class, canonical.
    pub class: String,
    /// How many or how much.
    pub amount: Option<Decimal>,
    /// Unit; none for pieces.
    pub unit: Option<String>,
}

/// A value with its type, both canonical: a business transaction, a source, a destination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Typed {
    /// The type; empty where a business transaction has none.
    pub kind: String,
    /// The value.
    pub value: String,
}

/// Sensor metadata or a sensor report.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sensor {
    /// Texts by the name of their member: `type`, `deviceID`, `uom`, `stringValue`, ...
    pub texts: Vec<(String, String)>,
    /// Numbers by the name of their member: `value`, `minValue`, ...
    pub numbers: Vec<(String, Decimal)>,
    /// Times by the name of their member, in microseconds: `time`, `startTime`, `endTime`.
    pub times_us: Vec<(String, i64)>,
}

/// What an error declaration says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ErrorDeclaration {
    /// When, in microseconds.
    pub time_us: i64,
    /// Why, canonical.
    pub reason: Option<String>,
    /// The events that stand instead.
    pub corrective_event_ids: Vec<String>,
}

/// The index values of one event. Identifiers and words are canonical, times are microseconds
/// since 1970.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Index {
    /// `eventID`, or the event hash of an event without one.
    pub event_id: String,
    /// `ObjectEvent`, ..., or a custom type, expanded.
    pub event_type: String,
    /// When it happened.
    pub event_time_us: i64,
    /// `OBSERVE`, `ADD` or `DELETE`.
    pub action: Option<String>,
    /// Business step.
    pub biz_step: Option<String>,
    /// Disposition.
    pub disposition: Option<String>,
    /// Persistent dispositions that the event sets.
    pub persistent_set: Vec<String>,
    /// Persistent dispositions that the event takes away.
    pub persistent_unset: Vec<String>,
    /// Read point.
    pub read_point: Option<String>,
    /// Business location.
    pub biz_location: Option<String>,
    /// Transformation.
    pub transformation_id: Option<String>,
    /// Identifiers of things, with the place where each stands.
    pub epcs: Vec<(Role, String)>,
    /// Classes and amounts.
    pub quantities: Vec<Quantity>,
    /// Business transactions.
    pub biz_transactions: Vec<Typed>,
    /// Sources.
    pub sources: Vec<Typed>,
    /// Destinations.
    pub destinations: Vec<Typed>,
    /// Error declaration.
    pub error_declaration: Option<ErrorDeclaration>,
    /// Metadata and reports, in their order.
    pub sensors: Vec<Sensor>,
    /// Fields of one's own, with the place where each stands, sorted.
    pub fields: Vec<Field>,
}

/// Takes the index values out of an event.
pub fn index(event: &Event) -> Index {
    let members = event.members();
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let id = |name: &str| text(name).map(canonical_or_same);
    let place = |name: &str| Some(canonical_or_same(members.get(name)?.get("id")?.as_str()?));
    let word = |vocabulary: V, name: &str| {
        text(name).map(|text| vocabulary.canonical(text, event.context()))
    };
    let persistent = |part: &str| {
        let list = members
            .get("persistentDisposition")
            .and_then(|object| object.get(part));
        let words = items(list).filter_map(Value::as_str);
        words
            .map(|word| V::Disposition.canonical(word, event.context()))
            .collect()
    };
    Index {
        event_id: event.event_id().map_or_else(|| event.hash(), str::to_owned),
        event_type: event.context().expand(event.event_type()),
        event_time_us: text("eventTime").and_then(time::micros).unwrap_or_default(),
        action: text("action").map(str::to_owned),
        biz_step: word(V::BizStep, "bizStep"),
        disposition: word(V::Disposition, "disposition"),
        persistent_set: persistent("set"),
        persistent_unset: persistent("unset"),
        read_point: place("readPoint"),
        biz_location: place("bizLocation"),
        transformation_id: id("transformationID"),
        epcs: epcs(members),
        quantities: quantities(members),
        biz_transactions: typed(event, "bizTransactionList", "bizTransaction"),
        sources: typed(event, "sourceList", "source"),
        destinations: typed(event, "destinationList", "destination"),
        error_declaration: error_declaration(event),
        sensors: sensors(event),
        fields: fields::fields(event),
    }
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    let items = list.and_then(Value::as_array);
    items.map_or(&[][..], Vec::as_slice).iter()
}

fn epcs(members: &Map<String, Value>) -> Vec<(Role, String)> {
    let lists = [
        (Role::Epc, "epcList"),
        (Role::Child, "childEPCs"),
        (Role::Input, "inputEPCList"),
        (Role::Output, "outputEPCList"),
    ];
    let listed = lists.into_iter().flat_map(|(role, name)| {
        let ids = items(members.get(name)).filter_map(Value::as_str);
        ids.map(move |id| (role, canonical_or_same(id)))
    });
    let parent = members.get("parentID").and_then(Value::as_str);
    let parent = parent.map(|id| (Role::Parent, canonical_or_same(id)));
    parent.into_iter().chain(listed).collect()
}

fn quantities(members: &Map<String, Value>) -> Vec<Quantity> {
    let lists = [
        (Role::Epc, "quantityList"),
        (Role::Child, "childQuantityList"),
        (Role::Input, "inputQuantityList"),
        (Role::Output, "outputQuantityList"),
    ];
    let all = lists.into_iter().flat_map(|(role, name)| {
        items(members.get(name)).filter_map(move |item| {
            Some(Quantity {
                role,
                class: canonical_or_same(item.get("epcClass")?.as_str()?),
                amount: item.get("quantity").and_then(decimal),
                unit: item.get("uom").and_then(Value::as_str).map(str::to_owned),
            })
        })
    });
    all.collect()
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Decimal::parse(&number.to_string()),
        _ => None,
    }
}

fn typed(event: &Event, list: &str, item: &str) -> Vec<Typed> {
    let vocabulary = match item {
        "bizTransaction" => V::BizTransactionType,
        _ => V::SourceDestType,
    };
    let entries = items(event.members().get(list)).filter_map(|entry| {
        let kind = entry.get("type").and_then(Value::as_str);
        let kind = kind.map(|kind| vocabulary.canonical(kind, event.context()));
        Some(Typed {
            kind: kind.unwrap_or_default(),
            value: canonical_or_same(entry.get(item)?.as_str()?),
        })
    });
    entries.collect()
}

fn error_declaration(event: &Event) -> Option<ErrorDeclaration> {
    let declaration = event.members().get("errorDeclaration")?;
    let text = |name: &str| declaration.get(name).and_then(Value::as_str);
    let ids = items(declaration.get("correctiveEventIDs")).filter_map(Value::as_str);
    Some(ErrorDeclaration {
        time_us: text("declarationTime")
            .and_then(time::micros)
            .unwrap_or_default(),
        reason: text("reason").map(|text| V::ErrorReason.canonical(text, event.context())),
        corrective_event_ids: ids.map(str::to_owned).collect(),
    })
}

fn sensors(event: &Event) -> Vec<Sensor> {
    let elements = items(event.members().get("sensorElementList"));
    let parts = elements.flat_map(|element| {
        let metadata = element.get("sensorMetadata").into_iter();
        metadata.chain(items(element.get("sensorReport")))
    });
    parts
        .filter_map(Value::as_object)
        .map(|part| sensor(event, part))
        .collect()
}

fn sensor(event: &Event, part: &Map<String, Value>) -> Sensor {
    let mut sensor = Sensor::default();
    let own = part.iter().filter(|(name, _)| !name.contains(':'));
    for (name, value) in own {
        let vocabulary = match name.as_str() {
            "type" => Some(V::Measurement),
            "exception" => Some(V::SensorAlert),
            "component" => Some(V::Component),
            _ => None,
        };
        match (value, vocabulary) {
            (Value::String(text), Some(vocabulary)) => {
                let word = vocabulary.canonical(text, event.context());
                sensor.texts.push((name.clone(), word));
            }
            (Value::String(text), None) if matches!(&**name, "time" | "startTime" | "endTime") => {
                let time = time::micros(text).unwrap_or_default();
                sensor.times_us.push((name.clone(), time));
            }
            (Value::String(text), None) => {
                sensor.texts.push((name.clone(), canonical_or_same(text)));
            }
            (Value::Bool(is_true), _) => sensor.texts.push((name.clone(), is_true.to_string())),
            _ => sensor
                .numbers
                .extend(decimal(value).map(|number| (name.clone(), number))),
        }
    }
    // Whichever order the members had.
    sensor.texts.sort();
    sensor.numbers.sort();
    sensor.times_us.sort();
    sensor
}
