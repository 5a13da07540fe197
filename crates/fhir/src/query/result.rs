//! Parameters that shape the answer: `_sort`, `_count`, `_include`... FHIR R4 3.1.1.5.

use super::{Include, Options, Parsed, QueryError, SORT_MAX, Sort, Summary, Total};
use crate::search::{self, Kind};
use crate::tables::tables;

/// Most inclusions.
const INCLUDES_MAX: usize = 20;
/// Most elements asked for.
const ELEMENTS_MAX: usize = 50;

/// Takes a result parameter; false when it is none.
pub(super) fn read(
    parsed: &mut Parsed,
    full_name: &str,
    value: &str,
    options: &Options<'_>,
) -> Result<bool, QueryError> {
    let (name, modifier) = match full_name.split_once(':') {
        Some((name, modifier)) => (name, Some(modifier)),
        None => (full_name, None),
    };
    let query = &mut parsed.query;
    let ours = [
        "_count",
        "_elements",
        "_format",
        "_include",
        "_pretty",
        "_revinclude",
        "_sort",
        "_summary",
        "_total",
    ];
    if !ours.contains(&name) {
        return Ok(false);
    }
    if let Some(modifier) = modifier {
        let (parameter, modifier) = (name.to_owned(), modifier.to_owned());
        return Err(QueryError::Modifier {
            parameter,
            modifier,
        });
    }
    match name {
        "_count" => {
            let count: u32 = value
                .parse()
                .map_err(|_| wrong(name, "a whole number is expected"))?;
            query.count = Some(count.min(options.count_max));
        }
        "_elements" => query.elements = elements(value)?,
        "_include" => include(parsed, value, false)?,
        "_revinclude" => include(parsed, value, true)?,
        "_sort" => query.sort = sort(query.resource_type, value)?,
        "_summary" => query.summary = summary(value)?,
        "_total" => {
            query.total = match value {
                "none" => Total::None,
                "estimate" => Total::Estimate,
                "accurate" => Total::Accurate,
                _ => return Err(wrong(name, "none, estimate or accurate is expected")),
            }
        }
        // `_format` and `_pretty` are read by the caller.
        _ => {}
    }
    Ok(true)
}

fn wrong(parameter: &str, reason: &str) -> QueryError {
    QueryError::Value {
        parameter: parameter.to_owned(),
        reason: reason.to_owned(),
    }
}

fn elements(value: &str) -> Result<Vec<String>, QueryError> {
    let names: Vec<String> = value
        .split(',')
        .map(|name| name.trim().to_owned())
        .collect();
    if names.len() > ELEMENTS_MAX {
        return Err(QueryError::TooMany {
            what: "elements",
            bound: ELEMENTS_MAX,
        });
    }
    let plain = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    };
    if !names.iter().all(plain) {
        return Err(wrong("_elements", "element names are expected"));
    }
    // `Patient.name` and `name` are the same.
    let own = |name: &String| name.rsplit('.').next().unwrap_or(name).to_owned();
    Ok(names.iter().map(own).collect())
}

fn sort(resource_type: &str, value: &str) -> Result<Vec<Sort>, QueryError> {
    let keys: Vec<&str> = value.split(',').collect();
    if keys.len() > SORT_MAX {
        return Err(QueryError::TooMany {
            what: "sort keys",
            bound: SORT_MAX,
        });
    }
    let read = |key: &str| {
        let name = key.trim();
        let (name, descending) = match name.strip_prefix('-') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let parameter = search::parameter(resource_type, name)
            .ok_or_else(|| wrong("_sort", "it names no search parameter of this type"))?;
        Ok(Sort {
            parameter,
            descending,
        })
    };
    keys.into_iter().map(read).collect()
}

fn summary(value: &str) -> Result<Summary, QueryError> {
    Ok(match value {
        "true" => Summary::True,
        "false" => Summary::False,
        "text" => Summary::Text,
        "data" => Summary::Data,
        "count" => Summary::Count,
        _ => {
            return Err(wrong(
                "_summary",
                "true, false, text, data or count is expected",
            ));
        }
    })
}

/// `Source:parameter` or `Source:parameter:Target`.
fn include(parsed: &mut Parsed, value: &str, reverse: bool) -> Result<(), QueryError> {
    let name = if reverse { "_revinclude" } else { "_include" };
    let own = parsed.query.resource_type;
    let mut parts = value.split(':');
    let (source, code, target) = (parts.next(), parts.next(), parts.next());
    let Some(code) = code.filter(|code| *code != "*") else {
        parsed.unsupported.push(format!("{name}={value}"));
        return Ok(());
    };
    let parameter = source
        .and_then(|source| search::parameter(source, code))
        .filter(|one| one.kind == Kind::Reference)
        .ok_or_else(|| {
            wrong(
                name,
                "the form is Type:parameter, a reference parameter of R4",
            )
        })?;
    let target = match target {
        None => None,
        Some(target) => Some(
            tables()
                .resource_name(target)
                .ok_or_else(|| wrong(name, "an unknown target type"))?,
        ),
    };
    if !reverse && parameter.resource_type != own {
        return Err(wrong(name, "the source must be the type searched for"));
    }
    if reverse && target.is_some_and(|target| target != own) {
        return Err(wrong(name, "the target must be the type searched for"));
    }
    let list = if reverse {
        &mut parsed.query.revincludes
    } else {
        &mut parsed.query.includes
    };
    if list.len() >= INCLUDES_MAX {
        return Err(QueryError::TooMany {
            what: "inclusions",
            bound: INCLUDES_MAX,
        });
    }
    list.push(Include { parameter, target });
    Ok(())
}
