//! Sorts the parameters of a query into filters, result parameters and what is not usable.

use super::value::Reader;
use super::{
    ALTERNATIVES_MAX, Filter, Options, PARAMETERS_MAX, Parsed, Query, QueryError, Summary, Test,
    Total, chain, escape, result,
};
use crate::search::{self, Parameter, Place};
use crate::tables::tables;

/// Parameters of R4 for all resources that this server does not offer.
pub(super) const UNSUPPORTED: &[&str] = &[
    "_contained",
    "_containedType",
    "_content",
    "_filter",
    "_list",
    "_query",
    "_score",
    "_text",
    "_type",
];

pub(super) fn run(
    resource_type: &str,
    pairs: &[(String, String)],
    options: &Options<'_>,
) -> Result<Parsed, QueryError> {
    let known = tables().resource_name(resource_type);
    let known = known.ok_or_else(|| QueryError::UnknownType(resource_type.to_owned()))?;
    if pairs.len() > PARAMETERS_MAX {
        return Err(QueryError::TooMany {
            what: "parameters",
            bound: PARAMETERS_MAX,
        });
    }
    let query = Query {
        resource_type: known,
        filters: Vec::new(),
        chains: Vec::new(),
        sort: Vec::new(),
        count: None,
        total: Total::None,
        includes: Vec::new(),
        revincludes: Vec::new(),
        summary: Summary::False,
        elements: Vec::new(),
    };
    let mut parsed = Parsed {
        query,
        unknown: Vec::new(),
        unsupported: Vec::new(),
    };
    for (name, value) in pairs {
        one(&mut parsed, name, value, options)?;
    }
    Ok(parsed)
}

fn one(
    parsed: &mut Parsed,
    full_name: &str,
    value: &str,
    options: &Options<'_>,
) -> Result<(), QueryError> {
    if result::read(parsed, full_name, value, options)? {
        return Ok(());
    }
    let resource_type = parsed.query.resource_type;
    if chain::is_chain(full_name) {
        return chain::read(parsed, full_name, value, options);
    }
    let (name, modifier) = match full_name.split_once(':') {
        Some((name, modifier)) => (name, Some(modifier)),
        None => (full_name, None),
    };
    if UNSUPPORTED.contains(&name) || search::unclaimed(resource_type).contains(&name) {
        parsed.unsupported.push(full_name.to_owned());
        return Ok(());
    }
    let Some(parameter) = search::parameter(resource_type, name) else {
        parsed.unknown.push(full_name.to_owned());
        return Ok(());
    };
    let test = test(parameter, modifier, value, options)?;
    parsed.query.filters.push(Filter { parameter, test });
    Ok(())
}

/// The test of a parameter's values.
pub(super) fn test(
    parameter: &'static Parameter,
    modifier: Option<&str>,
    value: &str,
    options: &Options<'_>,
) -> Result<Test, QueryError> {
    if modifier == Some("missing") && parameter.place == Place::Index {
        return match value {
            "true" => Ok(Test::Missing(true)),
            "false" => Ok(Test::Missing(false)),
            _ => Err(QueryError::Value {
                parameter: parameter.name.to_owned(),
                reason: "true or false is expected".to_owned(),
            }),
        };
    }
    let reader = Reader {
        parameter,
        modifier,
        options,
    };
    let alternatives = escape::split(value, ',');
    if alternatives.len() > ALTERNATIVES_MAX {
        return Err(QueryError::TooMany {
            what: "alternatives",
            bound: ALTERNATIVES_MAX,
        });
    }
    let mut criteria = Vec::with_capacity(alternatives.len());
    for alternative in alternatives {
        criteria.extend(reader.read(alternative)?);
    }
    // `:not` on other kinds than tokens was refused by the reader.
    if modifier == Some("not") {
        Ok(Test::NoneOf(criteria))
    } else {
        Ok(Test::Any(criteria))
    }
}
