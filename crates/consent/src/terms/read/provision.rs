//! A provision and its exceptions.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::{
    Action, Class, Criteria, DEPTH_MAX, Data, Effect, Meaning, Named, PROVISIONS_MAX, Provision,
    Purpose, TermsError, VALUES_MAX,
};
use super::{opaque, understood};
use crate::coding::Coding;
use crate::facts::{reference, stretch};
use crate::labels::Label;

const ELEMENTS: &[&str] = &[
    "id",
    "extension",
    "type",
    "period",
    "actor",
    "action",
    "securityLabel",
    "purpose",
    "class",
    "code",
    "dataPeriod",
    "data",
    "provision",
];
const ROLES: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const ACTIONS: &str = "http://terminology.hl7.org/CodeSystem/consentaction";

/// How many provisions may still come.
pub(super) struct Counter {
    pub(super) left: usize,
}

/// Reads a provision: the type that it states, and the rest with that type as its effect.
pub(super) fn read(
    value: &Value,
    depth: usize,
    counter: &mut Counter,
) -> Result<(Option<Effect>, Provision), TermsError> {
    if depth > DEPTH_MAX {
        return Err(TermsError::TooMuch {
            what: "levels of provisions",
            max: DEPTH_MAX,
        });
    }
    let max = PROVISIONS_MAX;
    let too_many = TermsError::TooMuch {
        what: "provisions",
        max,
    };
    counter.left = counter.left.checked_sub(1).ok_or(too_many)?;
    let Some(map) = value.as_object().filter(|map| is_plain(map)) else {
        return Ok((Some(Effect::Opaque), opaque()));
    };
    let typed = match map.get("type") {
        None => None,
        Some(Value::String(text)) if text == "permit" => Some(Effect::Permit),
        Some(Value::String(text)) if text == "deny" => Some(Effect::Refuse),
        Some(_) => Some(Effect::Unclear),
    };
    let mut exceptions = Vec::new();
    for below in many(map.get("provision")) {
        exceptions.push(read(below, depth + 1, counter)?.1);
    }
    let criteria = criteria(map)?;
    let effect = typed.unwrap_or(Effect::Unclear);
    Ok((
        typed,
        Provision {
            effect,
            criteria,
            exceptions,
        },
    ))
}

/// The values of an element that repeats; one that stands alone counts as a list of one.
fn many(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
    }
}

fn criteria(map: &Map<String, Value>) -> Result<Criteria, TermsError> {
    let mut criteria = Criteria {
        period: named(map, "period", stretch)?,
        purpose: named(map, "purpose", |value| Coding::read(value).map(Purpose::of))?,
        action: concepts(map, "action", |coding| {
            (coding.system() == ACTIONS)
                .then(|| Action::of(coding.code()))
                .flatten()
        })?,
        class: named(map, "class", |value| Coding::read(value).map(Class::of))?,
        code: concepts(map, "code", Some)?,
        label: named(map, "securityLabel", |value| {
            Coding::read(value).map(Label::of)
        })?,
        data: named(map, "data", data)?,
        data_period: named(map, "dataPeriod", stretch)?,
        ..Criteria::default()
    };
    for actor in bounded("actor", many(map.get("actor")))? {
        place_actor(actor, &mut criteria);
    }
    let Criteria {
        recipient,
        custodian,
        author,
        ..
    } = &mut criteria;
    for named in [recipient, custodian, author].into_iter().flatten() {
        sort(&mut named.any);
    }
    Ok(criteria)
}

/// Whether the provision holds only what R4 has: no modifier, no `null`, no empty list, no
/// `_purpose` without `purpose` (values that are only extensions).
fn is_plain(map: &Map<String, Value>) -> bool {
    map.iter().all(|(key, value)| {
        let missing = key
            .strip_prefix('_')
            .is_some_and(|plain| !map.contains_key(plain));
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        understood(key, ELEMENTS) && !missing && !empty
    })
}

fn bounded<'a>(what: &'static str, values: &'a [Value]) -> Result<&'a [Value], TermsError> {
    if values.len() > VALUES_MAX {
        return Err(TermsError::TooMuch {
            what,
            max: VALUES_MAX,
        });
    }
    Ok(values)
}

fn named<T: Ord>(
    map: &Map<String, Value>,
    key: &'static str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<Named<T>>, TermsError> {
    if !map.contains_key(key) {
        return Ok(None);
    }
    let mut named = Named::default();
    for value in bounded(key, many(map.get(key)))? {
        let modified = value.get("modifierExtension").is_some();
        match read(value).filter(|_| !modified) {
            Some(value) => named.any.push(value),
            None => named.opaque = true,
        }
    }
    named.opaque |= named.any.is_empty();
    sort(&mut named.any);
    Ok(Some(named))
}

/// A list of CodeableConcepts: each coding is a value, a concept without any is not understood.
fn concepts<T: Ord>(
    map: &Map<String, Value>,
    key: &'static str,
    read: impl Fn(Coding) -> Option<T>,
) -> Result<Option<Named<T>>, TermsError> {
    if !map.contains_key(key) {
        return Ok(None);
    }
    let mut named = Named::default();
    for concept in bounded(key, many(map.get(key)))? {
        let codings = bounded(key, many(concept.get("coding")))?;
        named.opaque |= codings.is_empty();
        for coding in codings {
            match Coding::read(coding).and_then(&read) {
                Some(value) => named.any.push(value),
                None => named.opaque = true,
            }
        }
    }
    if named.any.len() > VALUES_MAX {
        return Err(TermsError::TooMuch {
            what: key,
            max: VALUES_MAX,
        });
    }
    named.opaque |= named.any.is_empty();
    sort(&mut named.any);
    Ok(Some(named))
}

fn sort<T: Ord>(values: &mut Vec<T>) {
    let sorted: BTreeSet<T> = std::mem::take(values).into_iter().collect();
    values.extend(sorted);
}

fn data(value: &Value) -> Option<Data> {
    let meaning = Meaning::of(value.get("meaning")?.as_str()?)?;
    let target = value.get("reference")?.get("reference")?.as_str()?;
    Some(Data {
        meaning,
        reference: reference(target)?,
    })
}

/// Recipient, custodian or author, by the role; any other role is not understood.
fn place_actor(actor: &Value, criteria: &mut Criteria) {
    let role = many(actor.get("role").and_then(|role| role.get("coding")));
    let role = match role {
        [one] => Coding::read(one).filter(|role| role.system() == ROLES),
        _ => None,
    };
    let list = match role.as_ref().map(Coding::code) {
        Some("IRCP" | "PRCP" | "TRC") => &mut criteria.recipient,
        Some("CST") => &mut criteria.custodian,
        Some("AUT") => &mut criteria.author,
        _ => {
            criteria.clouded = true;
            return;
        }
    };
    let named = list.get_or_insert_default();
    let modified = actor.get("modifierExtension").is_some();
    match party(actor).filter(|_| !modified) {
        Some(party) => named.any.push(party),
        None => named.opaque = true,
    }
}

/// `Type/id`, an absolute URL, or `Type?system|value` for a logical reference.
fn party(actor: &Value) -> Option<String> {
    let target = actor.get("reference")?;
    if let Some(text) = target.get("reference").and_then(Value::as_str) {
        return reference(text);
    }
    let identifier = target.get("identifier")?;
    let system = identifier.get("system")?.as_str()?;
    let value = identifier.get("value")?.as_str()?;
    let type_ = target
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let odd = |text: &str| text.chars().any(|c| c.is_whitespace() || c.is_control());
    let name = format!("{type_}?{system}|{value}");
    (name.len() <= super::super::ID_BYTES_MAX && !odd(&name)).then_some(name)
}
