//! One parameter to one condition.

use fhir::Decimal;

use super::{
    Comparison, Condition, Moment, OrderBy, Query, Subject, TypedList, field_name, refuse,
};
use crate::context::Context;
use crate::error::EpcisError;
use crate::identifier::{Pattern, canonical_or_same};
use crate::index::Role;
use crate::time;
use crate::vocabulary::Vocabulary as V;

type Parsed<T> = Result<T, EpcisError>;

/// `MATCH_` parameters: name, is it about classes, where to look.
const MATCHES: &[(&str, bool, &[Role])] = &[
    ("MATCH_epc", false, &[Role::Epc, Role::Child]),
    ("MATCH_parentID", false, &[Role::Parent]),
    ("MATCH_inputEPC", false, &[Role::Input]),
    ("MATCH_outputEPC", false, &[Role::Output]),
    ("MATCH_anyEPC", false, EVERYWHERE),
    ("MATCH_epcClass", true, &[Role::Epc, Role::Child]),
    ("MATCH_inputEPCClass", true, &[Role::Input]),
    ("MATCH_outputEPCClass", true, &[Role::Output]),
    ("MATCH_anyEPCClass", true, EVERYWHERE),
];
const EVERYWHERE: &[Role] = &[
    Role::Epc,
    Role::Parent,
    Role::Child,
    Role::Input,
    Role::Output,
];

/// Texts of sensor metadata and reports.
const SENSOR_TEXTS: &[&str] = &[
    "type",
    "deviceID",
    "dataProcessingMethod",
    "microorganism",
    "chemicalSubstance",
    "bizRules",
    "stringValue",
    "booleanValue",
    "hexBinaryValue",
    "uriValue",
];
const SENSOR_NUMBERS: &[&str] = &[
    "value",
    "minValue",
    "maxValue",
    "meanValue",
    "sDev",
    "percValue",
    "percRank",
];
const SENSOR_TIMES: &[&str] = &["time", "startTime", "endTime"];

pub(super) fn parameter(
    query: &mut Query,
    name: &str,
    values: &[String],
    context: &Context,
) -> Parsed<()> {
    if control(query, name, values)? {
        return Ok(());
    }
    if values.iter().all(String::is_empty) && !name.starts_with("EXISTS_") {
        return refuse(name, "has no value");
    }
    let condition = condition(name, values, context)?;
    query.conditions.push(condition);
    Ok(())
}

/// Parameters about the answer, not about events. True if it was one.
fn control(query: &mut Query, name: &str, values: &[String]) -> Parsed<bool> {
    match name {
        "orderBy" => {
            query.order_by = Some(match single(name, values)? {
                "eventTime" => OrderBy::EventTime,
                "recordTime" => OrderBy::RecordTime,
                _ => return refuse(name, "events are ordered by eventTime or recordTime only"),
            });
        }
        "orderDirection" => {
            query.is_ascending = match single(name, values)? {
                "ASC" => true,
                "DESC" => false,
                _ => return refuse(name, "must be ASC or DESC"),
            };
        }
        "eventCountLimit" => query.event_count_limit = Some(count(name, values)?),
        "maxEventCount" => query.max_event_count = Some(count(name, values)?),
        "perPage" => query.per_page = Some(count(name, values)?),
        "nextPageToken" => query.next_page_token = Some(single(name, values)?.to_owned()),
        _ => return Ok(false),
    }
    Ok(true)
}

fn condition(name: &str, values: &[String], context: &Context) -> Parsed<Condition> {
    if let Some((_, is_class, roles)) = MATCHES.iter().find(|(known, ..)| *known == name) {
        let patterns = values.iter().map(|value| Pattern::parse(value)).collect();
        return Ok(if *is_class {
            Condition::Class(roles, patterns)
        } else {
            Condition::Epc(roles, patterns)
        });
    }
    match name {
        "EXISTS_errorDeclaration" => return Ok(Condition::ErrorDeclared),
        "EXISTS_sensorElementList" => return Ok(Condition::HasSensors),
        _ => {}
    }
    if let Some(subject) = subject(name) {
        return among(name, subject, values, context);
    }
    if let Some((moment, comparison)) = moment(name) {
        let text = single(name, values)?;
        let Some(time) = time::micros(text) else {
            return refuse(name, "must be a timestamp with its zone (RFC 3339)");
        };
        return Ok(Condition::Time(moment, comparison, time));
    }
    if let Some(condition) = typed(name, values, context) {
        return Ok(condition);
    }
    if let Some(condition) = amount(name, values)? {
        return Ok(condition);
    }
    if let Some(member) = name.strip_prefix("EQ_")
        && let Some(member) = SENSOR_TEXTS.iter().find(|known| **known == member)
    {
        let canonical = |value: &String| match *member {
            "type" => V::Measurement.canonical(value, context),
            _ => canonical_or_same(value),
        };
        return Ok(Condition::SensorText(
            member,
            values.iter().map(canonical).collect(),
        ));
    }
    field_name::condition(name, values, context)
}

fn subject(name: &str) -> Option<Subject> {
    Some(match name {
        "eventType" | "EQ_eventType" => Subject::EventType,
        "EQ_action" => Subject::Action,
        "EQ_bizStep" => Subject::BizStep,
        "EQ_disposition" => Subject::Disposition,
        "EQ_persistentDisposition_set" => Subject::PersistentSet,
        "EQ_persistentDisposition_unset" => Subject::PersistentUnset,
        "EQ_readPoint" | "WD_readPoint" => Subject::ReadPoint,
        "EQ_bizLocation" | "WD_bizLocation" => Subject::BizLocation,
        "EQ_transformationID" => Subject::TransformationId,
        "EQ_eventID" => Subject::EventId,
        "EQ_errorReason" => Subject::ErrorReason,
        "EQ_correctiveEventID" => Subject::CorrectiveEventId,
        _ => return None,
    })
}

fn among(name: &str, subject: Subject, values: &[String], context: &Context) -> Parsed<Condition> {
    let is_action = |value: &String| matches!(&**value, "OBSERVE" | "ADD" | "DELETE");
    if subject == Subject::Action && !values.iter().all(is_action) {
        return refuse(name, "must be OBSERVE, ADD or DELETE");
    }
    let canonical = |value: &String| match subject {
        Subject::BizStep => V::BizStep.canonical(value, context),
        Subject::Disposition | Subject::PersistentSet | Subject::PersistentUnset => {
            V::Disposition.canonical(value, context)
        }
        Subject::ErrorReason => V::ErrorReason.canonical(value, context),
        Subject::EventType => {
            let whole = context.expand(value);
            let bare = whole.strip_prefix("https://ref.gs1.org/epcis/");
            bare.map_or(whole.clone(), str::to_owned)
        }
        Subject::ReadPoint | Subject::BizLocation | Subject::TransformationId => {
            canonical_or_same(value)
        }
        Subject::Action | Subject::EventId | Subject::CorrectiveEventId => value.clone(),
    };
    Ok(Condition::Among(
        subject,
        values.iter().map(canonical).collect(),
    ))
}

/// The standard has `GE` and `LT` for times, so that stretches meet without overlap.
fn moment(name: &str) -> Option<(Moment, Comparison)> {
    let (comparison, rest) = if let Some(rest) = name.strip_prefix("GE_") {
        (Comparison::GreaterOrEqual, rest)
    } else {
        (Comparison::Less, name.strip_prefix("LT_")?)
    };
    let moment = match rest {
        "eventTime" => Moment::Event,
        "recordTime" => Moment::Record,
        // The OpenAPI file and the schema of queries write it in two ways.
        "errorDeclarationTime" | "errorDeclaration_Time" => Moment::ErrorDeclaration,
        _ => Moment::Sensor(SENSOR_TIMES.iter().find(|known| **known == rest)?),
    };
    Some((moment, comparison))
}

fn typed(name: &str, values: &[String], context: &Context) -> Option<Condition> {
    let rest = name.strip_prefix("EQ_")?;
    let (list, vocabulary, kind) = [
        (
            "bizTransaction_",
            TypedList::BizTransaction,
            V::BizTransactionType,
        ),
        ("source_", TypedList::Source, V::SourceDestType),
        ("destination_", TypedList::Destination, V::SourceDestType),
    ]
    .into_iter()
    .find_map(|(prefix, list, vocabulary)| {
        let kind = rest.strip_prefix(prefix).filter(|kind| !kind.is_empty())?;
        Some((list, vocabulary, kind))
    })?;
    let values = values
        .iter()
        .map(|value| canonical_or_same(value))
        .collect();
    Some(Condition::Typed(
        list,
        vocabulary.canonical(kind, context),
        values,
    ))
}

/// `GT_quantity`, `EQ_quantity_KGM`, `LE_value_CEL`, `GE_percRank`.
fn amount(name: &str, values: &[String]) -> Parsed<Option<Condition>> {
    let Some((comparison, rest)) = comparison(name) else {
        return Ok(None);
    };
    let (member, unit) = match rest.split_once('_') {
        Some((member, unit)) => (member, Some(unit.to_owned())),
        None => (rest, None),
    };
    let sensor = SENSOR_NUMBERS.iter().find(|known| **known == member);
    if member != "quantity" && sensor.is_none() {
        return Ok(None);
    }
    let is_unit = |unit: &String| {
        (2..=4).contains(&unit.len()) && unit.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if unit.as_ref().is_some_and(|unit| !is_unit(unit)) {
        return refuse(
            name,
            "ends with a unit of UN/CEFACT Recommendation 20, as _CEL",
        );
    }
    let numbers: Option<Vec<Decimal>> = values.iter().map(|text| Decimal::parse(text)).collect();
    let Some(numbers) =
        numbers.filter(|numbers| comparison == Comparison::Equal || numbers.len() == 1)
    else {
        return refuse(name, "must be a number; several only for EQ_");
    };
    Ok(Some(match sensor {
        Some(member) => Condition::SensorNumber(member, comparison, numbers, unit),
        None => Condition::Quantity(comparison, numbers, unit),
    }))
}

/// The comparison that a name begins with.
pub(super) fn comparison(name: &str) -> Option<(Comparison, &str)> {
    let (prefix, rest) = name.split_once('_')?;
    let comparison = match prefix {
        "EQ" => Comparison::Equal,
        "GT" => Comparison::Greater,
        "GE" => Comparison::GreaterOrEqual,
        "LT" => Comparison::Less,
        "LE" => Comparison::LessOrEqual,
        _ => return None,
    };
    Some((comparison, rest))
}

pub(super) fn single<'a>(name: &str, values: &'a [String]) -> Parsed<&'a str> {
    match values {
        [value] => Ok(value),
        _ => refuse(name, "must have exactly one value"),
    }
}

fn count(name: &str, values: &[String]) -> Parsed<u64> {
    match single(name, values)?.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => refuse(name, "must be a whole number from 1"),
    }
}
