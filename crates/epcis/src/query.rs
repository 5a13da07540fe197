//! The simple event query: its parameters as a value, and whether an event matches.
//! EPCIS 2.0 8.2.7.1 and the REST binding's parameters.
//!
//! All conditions must hold. Identifiers and words are compared in canonical form, so that a
//! parameter may have any form, and the event any other.

mod field_name;
mod matches;
mod parse;

use fhir::Decimal;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::EpcisError;
use crate::identifier::Pattern;
use crate::index::{Place, Role};

/// Most parameters of one query.
const PARAMETERS_MAX: usize = 100;
/// Most values of one parameter.
const VALUES_MAX: usize = 1000;

/// A query.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    /// What must hold, all of it. A store may narrow by some of them; [`Query::matches`] decides.
    pub conditions: Vec<Condition>,
    /// `orderBy`.
    pub order_by: Option<OrderBy>,
    /// `orderDirection`; descending unless said otherwise.
    pub is_ascending: bool,
    /// `eventCountLimit`: no more than the first so many.
    pub event_count_limit: Option<u64>,
    /// `maxEventCount`: an error if there are more.
    pub max_event_count: Option<u64>,
    /// `perPage`.
    pub per_page: Option<u64>,
    /// `nextPageToken`.
    pub next_page_token: Option<String>,
}

/// By what the answer is sorted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderBy {
    /// When it happened.
    EventTime,
    /// When it was recorded.
    RecordTime,
}

/// A member of the event that has one value, or several of which one suffices.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// `eventType`.
    EventType,
    /// `EQ_action`.
    Action,
    /// `EQ_bizStep`.
    BizStep,
    /// `EQ_disposition`.
    Disposition,
    /// `EQ_persistentDisposition_set`.
    PersistentSet,
    /// `EQ_persistentDisposition_unset`.
    PersistentUnset,
    /// `EQ_readPoint`, and `WD_readPoint`, which knows no descendants here.
    ReadPoint,
    /// `EQ_bizLocation`, and `WD_bizLocation`, which knows no descendants here.
    BizLocation,
    /// `EQ_transformationID`.
    TransformationId,
    /// `EQ_eventID`.
    EventId,
    /// `EQ_errorReason`.
    ErrorReason,
    /// `EQ_correctiveEventID`.
    CorrectiveEventId,
}

/// A time of the event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moment {
    /// `eventTime`.
    Event,
    /// When this repository recorded it.
    Record,
    /// `errorDeclaration/declarationTime`.
    ErrorDeclaration,
    /// `time`, `startTime` or `endTime` of sensor metadata or a report.
    Sensor(&'static str),
}

/// A list of typed values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TypedList {
    /// `bizTransactionList`.
    BizTransaction,
    /// `sourceList`.
    Source,
    /// `destinationList`.
    Destination,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// `EQ`.
    Equal,
    /// `GT`.
    Greater,
    /// `GE`.
    GreaterOrEqual,
    /// `LT`.
    Less,
    /// `LE`.
    LessOrEqual,
}

/// What a field of one's own is compared with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// One of these texts.
    Texts(Vec<String>),
    /// A number.
    Number(Comparison, Decimal),
    /// A time in microseconds.
    Time(Comparison, i64),
    /// Only that it is there.
    Anything,
}

/// One condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Condition {
    /// One of these values, canonical.
    Among(Subject, Vec<String>),
    /// Before or after.
    Time(Moment, Comparison, i64),
    /// A value of this type: type and values canonical.
    Typed(TypedList, String, Vec<String>),
    /// An identifier in one of these places.
    Epc(&'static [Role], Vec<Pattern>),
    /// A class in one of these lists.
    Class(&'static [Role], Vec<Pattern>),
    /// An amount, in this unit if one is given.
    Quantity(Comparison, Vec<Decimal>, Option<String>),
    /// A field of one's own.
    Field {
        /// Where it stands.
        place: Place,
        /// Within another field.
        is_inner: bool,
        /// See [`Context::field_name`].
        name: String,
        /// What its value must be.
        wanted: Wanted,
    },
    /// An error declaration is there.
    ErrorDeclared,
    /// Sensor elements are there.
    HasSensors,
    /// A text member of sensor metadata or of a report.
    SensorText(&'static str, Vec<String>),
    /// A number of a report, in this unit if one is given.
    SensorNumber(&'static str, Comparison, Vec<Decimal>, Option<String>),
}

impl Query {
    /// From the parameters of a URL, decoded. Values of a list are separated by `|`, or the
    /// parameter is there several times.
    pub fn from_pairs(pairs: &[(String, String)], context: &Context) -> Result<Self, EpcisError> {
        let mut names: Vec<(&str, Vec<String>)> = Vec::new();
        for (name, value) in pairs {
            let values = value.split('|').map(str::to_owned);
            match names.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.extend(values),
                None => names.push((name, values.collect())),
            }
        }
        Self::from_parameters(names, context)
    }

    /// From the JSON of a named query: lists are lists, numbers are numbers.
    pub fn from_json(query: &Map<String, Value>, context: &Context) -> Result<Self, EpcisError> {
        let context = context.within(query.get("@context"));
        let mut names = Vec::new();
        for (name, value) in query.iter().filter(|(name, _)| *name != "@context") {
            let items = match value {
                Value::Array(items) => items.as_slice(),
                single => std::slice::from_ref(single),
            };
            let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
            let Some(texts) = texts else {
                return refuse(name, "must be a text, a number, or a list of such");
            };
            names.push((name.as_str(), texts));
        }
        Self::from_parameters(names, &context)
    }

    fn from_parameters(
        names: Vec<(&str, Vec<String>)>,
        context: &Context,
    ) -> Result<Self, EpcisError> {
        if let Some((name, _)) = names.get(PARAMETERS_MAX) {
            return refuse(name, format!("more than {PARAMETERS_MAX} parameters"));
        }
        let mut query = Self::default();
        for (name, values) in names {
            if values.len() > VALUES_MAX {
                return refuse(name, format!("more than {VALUES_MAX} values"));
            }
            parse::parameter(&mut query, name, &values, context)?;
        }
        if query.event_count_limit.is_some() && query.max_event_count.is_some() {
            return refuse(
                "maxEventCount",
                "not together with eventCountLimit: take one",
            );
        }
        Ok(query)
    }

    /// `[from, to)` of a time, in microseconds, as far as the conditions bound it.
    pub fn bounds_us(&self, moment: Moment) -> (Option<i64>, Option<i64>) {
        let mut bounds = (None, None);
        for condition in &self.conditions {
            match condition {
                Condition::Time(of, Comparison::GreaterOrEqual, time) if *of == moment => {
                    bounds.0 = bounds.0.max(Some(*time));
                }
                Condition::Time(of, Comparison::Less, time) if *of == moment => {
                    bounds.1 = Some(bounds.1.map_or(*time, |known: i64| known.min(*time)));
                }
                _ => {}
            }
        }
        bounds
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_true) => Some(is_true.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    }
}

fn refuse<T>(parameter: &str, reason: impl Into<String>) -> Result<T, EpcisError> {
    // A name is the client's own; a bound keeps the message short.
    let parameter = parameter.chars().take(80).collect();
    Err(EpcisError::Query {
        parameter,
        reason: reason.into(),
    })
}

#[cfg(test)]
mod tests;
