//! What a criterion means, in plain code.

use super::{Criterion, Filter, NumberMatch, Prefix, SystemMatch, Test, TextMatch, UriMatch};
use crate::decimal::Decimal;
use crate::search::{Entry, IndexValue, Place};

pub(super) fn holds(filter: &Filter, id: &str, updated_us: i64, entries: &[Entry]) -> bool {
    let own = || {
        entries
            .iter()
            .filter(|entry| entry.parameter == filter.parameter.id)
    };
    let found = |criteria: &[Criterion]| {
        criteria
            .iter()
            .any(|criterion| match filter.parameter.place {
                Place::Id => matches!(criterion, Criterion::Id(wanted) if wanted == id),
                Place::Updated => {
                    // The store keeps microseconds; FHIR shows milliseconds.
                    let value = IndexValue::Date {
                        from_us: updated_us,
                        to_us: updated_us + 1,
                    };
                    matches_value(criterion, &value)
                }
                Place::Index => own().any(|entry| matches_value(criterion, &entry.value)),
            })
    };
    match &filter.test {
        Test::Missing(missing) => own().next().is_none() == *missing,
        Test::Any(criteria) => found(criteria),
        Test::NoneOf(criteria) => !found(criteria),
    }
}

fn matches_value(criterion: &Criterion, value: &IndexValue) -> bool {
    match (criterion, value) {
        (
            Criterion::Token { system, code },
            IndexValue::Token {
                system: has,
                code: own,
            },
        ) => {
            token(system, has.as_deref())
                && code.as_ref().is_none_or(|code| Some(code) == own.as_ref())
        }
        (
            Criterion::String { how, text },
            IndexValue::String {
                normalised,
                original,
            },
        ) => match how {
            TextMatch::Starts => normalised.starts_with(text.as_str()),
            TextMatch::Contains => normalised.contains(text.as_str()),
            TextMatch::Exact => original == text,
        },
        (
            Criterion::Date {
                prefix,
                from_us,
                to_us,
            },
            IndexValue::Date {
                from_us: from,
                to_us: to,
            },
        ) => date(*prefix, (*from_us, *to_us), (*from, *to)),
        (Criterion::Number(wanted), IndexValue::Number { low, high }) => {
            number(wanted, low.as_ref(), high.as_ref())
        }
        (Criterion::Quantity { .. }, IndexValue::Quantity { .. }) => quantity(criterion, value),
        (
            Criterion::Reference {
                types,
                id,
                url,
                version,
            },
            value,
        ) => reference((types, id, url, version), value),
        (Criterion::Uri { how, uri }, IndexValue::Uri(value)) => match how {
            UriMatch::Exact => uri == value,
            UriMatch::Below => is_below(value, uri),
            UriMatch::Above => is_below(uri, value),
        },
        _ => false,
    }
}

fn quantity(criterion: &Criterion, value: &IndexValue) -> bool {
    let (
        Criterion::Quantity {
            number: wanted,
            system,
            code,
        },
        IndexValue::Quantity {
            low,
            high,
            system: own_system,
            code: own_code,
            unit,
        },
    ) = (criterion, value)
    else {
        return false;
    };
    let in_system = system.is_none() || system == own_system;
    // Without a system the unit as written will do. FHIR R4 3.1.1.4.11.
    let in_unit = code.is_none() || code == own_code || (system.is_none() && code == unit);
    in_system && in_unit && number(wanted, low.as_ref(), high.as_ref())
}

fn token(wanted: &SystemMatch, has: Option<&str>) -> bool {
    match wanted {
        SystemMatch::Any => true,
        SystemMatch::Absent => has.is_none(),
        SystemMatch::Is(system) => has == Some(system),
    }
}

/// FHIR R4 3.1.1.4.4, on half-open stretches.
fn date(prefix: Prefix, wanted: (i64, i64), value: (i64, i64)) -> bool {
    let contained = value.0 >= wanted.0 && value.1 <= wanted.1;
    match prefix {
        Prefix::Eq => contained,
        Prefix::Ne => !contained,
        Prefix::Gt => value.1 > wanted.1,
        Prefix::Lt => value.0 < wanted.0,
        Prefix::Ge => value.1 > wanted.1 || contained,
        Prefix::Le => value.0 < wanted.0 || contained,
        Prefix::Sa => value.0 >= wanted.1,
        Prefix::Eb => value.1 <= wanted.0,
        Prefix::Ap => value.0 < wanted.1 && value.1 > wanted.0,
    }
}

/// The same for numbers; `None` is an open end.
fn number(wanted: &NumberMatch, low: Option<&Decimal>, high: Option<&Decimal>) -> bool {
    let value = &wanted.value;
    let contained =
        low.is_some_and(|low| *low >= wanted.low) && high.is_some_and(|high| *high < wanted.high);
    match wanted.prefix {
        Prefix::Eq => contained,
        Prefix::Ne => !contained,
        Prefix::Gt => high.is_none_or(|high| high > value),
        Prefix::Lt => low.is_none_or(|low| low < value),
        Prefix::Ge => high.is_none_or(|high| high >= value),
        Prefix::Le => low.is_none_or(|low| low <= value),
        Prefix::Sa => low.is_some_and(|low| low > value),
        Prefix::Eb => high.is_some_and(|high| high < value),
        Prefix::Ap => {
            low.is_none_or(|low| *low < wanted.high) && high.is_none_or(|high| *high >= wanted.low)
        }
    }
}

type Link<'a> = (
    &'a Vec<&'static str>,
    &'a Option<String>,
    &'a Option<String>,
    &'a Option<String>,
);

fn reference(wanted: Link<'_>, value: &IndexValue) -> bool {
    let IndexValue::Reference {
        type_,
        id,
        url,
        version,
    } = value
    else {
        return false;
    };
    let (types, wanted_id, wanted_url, wanted_version) = wanted;
    let same = |wanted: &Option<String>, own: &Option<String>| wanted.is_none() || wanted == own;
    let type_fits = types.is_empty()
        || type_
            .as_ref()
            .is_some_and(|type_| types.iter().any(|one| one == type_));
    type_fits && same(wanted_id, id) && same(wanted_url, url) && same(wanted_version, version)
}

/// `http://x/a/b` is below `http://x/a`, and so is the uri itself.
fn is_below(uri: &str, root: &str) -> bool {
    let rest = uri.strip_prefix(root.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
