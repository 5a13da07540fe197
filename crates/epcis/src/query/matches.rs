//! Whether an event matches a query.

use std::cmp::Ordering;

use fhir::Decimal;

use super::{Comparison, Condition, Moment, Query, Subject, TypedList, Wanted};
use crate::identifier::canonical_or_same;
use crate::index::{Field, Index, Sensor};
use crate::time;

impl Query {
    /// Whether all conditions hold for an event that was recorded at this time.
    pub fn matches(&self, index: &Index, record_time_us: i64) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.holds(index, record_time_us))
    }
}

impl Condition {
    /// Whether this condition holds.
    pub fn holds(&self, index: &Index, record_time_us: i64) -> bool {
        match self {
            Self::Among(subject, wanted) => among(index, *subject, wanted),
            Self::Time(moment, comparison, time) => {
                let is = |of: i64| comparison.holds(of.cmp(time));
                match moment {
                    Moment::Event => is(index.event_time_us),
                    Moment::Record => is(record_time_us),
                    Moment::ErrorDeclaration => {
                        let declared = index.error_declaration.as_ref();
                        declared.is_some_and(|declared| is(declared.time_us))
                    }
                    Moment::Sensor(name) => index.sensors.iter().any(|sensor| {
                        let mut times = sensor.times_us.iter();
                        times.any(|(member, time)| member == name && is(*time))
                    }),
                }
            }
            Self::Typed(list, kind, wanted) => {
                let list = match list {
                    TypedList::BizTransaction => &index.biz_transactions,
                    TypedList::Source => &index.sources,
                    TypedList::Destination => &index.destinations,
                };
                list.iter()
                    .any(|entry| entry.kind == *kind && wanted.contains(&entry.value))
            }
            Self::Epc(roles, patterns) => index.epcs.iter().any(|(role, id)| {
                roles.contains(role) && patterns.iter().any(|pattern| pattern.matches(id))
            }),
            Self::Class(roles, patterns) => index.quantities.iter().any(|quantity| {
                let mut patterns = patterns.iter();
                roles.contains(&quantity.role)
                    && patterns.any(|pattern| pattern.matches(&quantity.class))
            }),
            Self::Quantity(comparison, wanted, unit) => index.quantities.iter().any(|quantity| {
                let is_unit = unit.is_none() || *unit == quantity.unit;
                is_unit && number(quantity.amount.as_ref(), *comparison, wanted)
            }),
            Self::Field {
                place,
                is_inner,
                name,
                wanted,
            } => index.fields.iter().any(|field| {
                let is_it = field.place == *place && field.is_inner == *is_inner;
                is_it && field.name == *name && holds(field, wanted)
            }),
            Self::ErrorDeclared => index.error_declaration.is_some(),
            Self::HasSensors => !index.sensors.is_empty(),
            Self::SensorText(name, wanted) => index.sensors.iter().any(|sensor| {
                let mut texts = sensor.texts.iter();
                texts.any(|(member, text)| member == name && wanted.contains(text))
            }),
            Self::SensorNumber(name, comparison, wanted, unit) => {
                let is_unit = |sensor: &Sensor| {
                    let mut texts = sensor.texts.iter();
                    unit.as_ref().is_none_or(|unit| {
                        texts.any(|(member, text)| member == "uom" && text == unit)
                    })
                };
                index.sensors.iter().any(|sensor| {
                    let mut numbers = sensor.numbers.iter();
                    is_unit(sensor)
                        && numbers.any(|(member, value)| {
                            member == name && number(Some(value), *comparison, wanted)
                        })
                })
            }
        }
    }
}

fn among(index: &Index, subject: Subject, wanted: &[String]) -> bool {
    let single = |value: &Option<String>| value.as_ref().is_some_and(|one| wanted.contains(one));
    let several = |values: &[String]| values.iter().any(|one| wanted.contains(one));
    let declared = index.error_declaration.as_ref();
    match subject {
        Subject::EventType => wanted.contains(&index.event_type),
        Subject::Action => single(&index.action),
        Subject::BizStep => single(&index.biz_step),
        Subject::Disposition => single(&index.disposition),
        Subject::PersistentSet => several(&index.persistent_set),
        Subject::PersistentUnset => several(&index.persistent_unset),
        Subject::ReadPoint => single(&index.read_point),
        Subject::BizLocation => single(&index.biz_location),
        Subject::TransformationId => single(&index.transformation_id),
        Subject::EventId => wanted.contains(&index.event_id),
        Subject::ErrorReason => declared.is_some_and(|declared| single(&declared.reason)),
        Subject::CorrectiveEventId => {
            declared.is_some_and(|declared| several(&declared.corrective_event_ids))
        }
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

fn number(value: Option<&Decimal>, comparison: Comparison, wanted: &[Decimal]) -> bool {
    value.is_some_and(|value| {
        wanted
            .iter()
            .any(|wanted| comparison.holds(value.cmp(wanted)))
    })
}

fn holds(field: &Field, wanted: &Wanted) -> bool {
    let value = field.value.as_deref();
    match wanted {
        Wanted::Anything => true,
        Wanted::Texts(texts) => value.is_some_and(|value| {
            let number = Decimal::parse(value);
            let is_same = |text: &String| {
                // `1.0` in an event is the `1` of a query.
                let same_number = number.is_some() && Decimal::parse(text) == number;
                same_number || canonical_or_same(value) == *text
            };
            texts.iter().any(is_same)
        }),
        Wanted::Number(comparison, wanted) => {
            let value = value.and_then(Decimal::parse);
            value.is_some_and(|value| comparison.holds(value.cmp(wanted)))
        }
        Wanted::Time(comparison, wanted) => {
            let value = value.and_then(time::micros);
            value.is_some_and(|value| comparison.holds(value.cmp(wanted)))
        }
    }
}
