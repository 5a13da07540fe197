//! Parameters about fields of one's own: `EQ_example:myField`, `GT_ILMD_example:grade`,
//! `EXISTS_INNER_SENSORREPORT_example:cv`.

use fhir::Decimal;

use super::parse::{comparison, single};
use super::{Comparison, Condition, Wanted, refuse};
use crate::context::{Context, join};
use crate::error::EpcisError;
use crate::identifier::canonical_or_same;
use crate::index::Place;
use crate::time;

const PLACES: &[(&str, Place)] = &[
    ("ILMD_", Place::Ilmd),
    ("SENSORELEMENT_", Place::SensorElement),
    ("SENSORMETADATA_", Place::SensorMetadata),
    ("SENSORREPORT_", Place::SensorReport),
    ("ERROR_DECLARATION_", Place::ErrorDeclaration),
    ("readPoint_", Place::ReadPoint),
    ("bizLocation_", Place::BizLocation),
];

const UNKNOWN: &str = "no parameter of the simple event query (EPCIS 2.0 8.2.7.1)";

pub(super) fn condition(
    name: &str,
    values: &[String],
    context: &Context,
) -> Result<Condition, EpcisError> {
    if name.starts_with("HASATTR_") || name.starts_with("EQATTR_") || name.starts_with("EQ_ATTR_") {
        return refuse(
            name,
            "attributes of fields and of master data are not indexed here",
        );
    }
    let (comparison, rest) = match name.strip_prefix("EXISTS_") {
        Some(rest) => (None, rest),
        None => match comparison(name) {
            Some((comparison, rest)) => (Some(comparison), rest),
            None => return refuse(name, UNKNOWN),
        },
    };
    let (is_inner, rest) = match rest.strip_prefix("INNER_") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let placed = PLACES
        .iter()
        .find_map(|(prefix, place)| Some((*place, rest.strip_prefix(prefix)?)));
    let (place, field) = placed.unwrap_or((Place::Event, rest));
    Ok(Condition::Field {
        place,
        is_inner,
        name: field_name(name, field, context)?,
        wanted: wanted(name, comparison, values)?,
    })
}

/// `prefix:local` with a known prefix, `namespace#local`, or a whole URI.
fn field_name(parameter: &str, field: &str, context: &Context) -> Result<String, EpcisError> {
    if let Some((namespace, local)) = field.rsplit_once('#') {
        return Ok(join(namespace, local));
    }
    let Some((prefix, rest)) = field.split_once(':') else {
        return refuse(parameter, UNKNOWN);
    };
    if rest.starts_with("//") {
        return match field.rsplit_once('/') {
            Some((namespace, local)) if !local.is_empty() => Ok(join(namespace, local)),
            _ => refuse(parameter, "a field's URI ends with its name"),
        };
    }
    if context.namespace(prefix).is_none() {
        return refuse(
            parameter,
            "its prefix is not declared: send the header GS1-Extensions: prefix=namespace, or \
             an @context in a named query",
        );
    }
    Ok(context.field_name(field))
}

fn wanted(
    name: &str,
    comparison: Option<Comparison>,
    values: &[String],
) -> Result<Wanted, EpcisError> {
    let comparison = match comparison {
        None => return Ok(Wanted::Anything),
        Some(Comparison::Equal) => {
            let texts = values.iter().map(|text| canonical_or_same(text));
            return Ok(Wanted::Texts(texts.collect()));
        }
        Some(other) => other,
    };
    let text = single(name, values)?;
    if let Some(number) = Decimal::parse(text) {
        return Ok(Wanted::Number(comparison, number));
    }
    match time::micros(text) {
        Some(time) => Ok(Wanted::Time(comparison, time)),
        None => refuse(name, "must be a number or a timestamp (RFC 3339)"),
    }
}
