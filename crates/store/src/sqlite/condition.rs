//! From one filter of a query to a condition on one row of an index table.

use fhir::query::{Criterion, Filter, NumberMatch, Prefix, SystemMatch, Test, TextMatch, UriMatch};
use fhir::search::{Kind, Place};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::names::{self, Table as Names};
use super::rows::Table;
use crate::StoreError;

/// A piece of SQL with the values of its `?`, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Fragment {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Fragment {
    pub(super) fn new(sql: impl Into<String>, values: impl Into<Vec<Value>>) -> Self {
        let (sql, values) = (sql.into(), values.into());
        Self { sql, values }
    }

    /// Appends text and values.
    pub(super) fn push(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(sql);
        self.values.extend(values);
    }

    /// Appends another piece.
    pub(super) fn append(&mut self, other: Self) {
        self.sql.push_str(&other.sql);
        self.values.extend(other.values);
    }

    /// `(a OR b OR ...)`; false when there is nothing.
    pub(super) fn any(pieces: Vec<Self>) -> Self {
        Self::join(pieces, " OR ", "0")
    }

    fn all(pieces: Vec<Self>) -> Self {
        Self::join(pieces, " AND ", "1")
    }

    fn join(pieces: Vec<Self>, between: &str, nothing: &str) -> Self {
        if pieces.is_empty() {
            return Self::new(nothing, []);
        }
        let mut out = Self::default();
        for (place, piece) in pieces.into_iter().enumerate() {
            out.sql.push_str(if place == 0 { "(" } else { between });
            out.append(piece);
        }
        out.sql.push(')');
        out
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The index table of a kind of parameter.
pub(super) fn table(kind: Kind) -> Table {
    match kind {
        Kind::Token | Kind::Uri => Table::Tokens,
        Kind::String => Table::Strings,
        Kind::Date => Table::Dates,
        Kind::Number | Kind::Quantity => Table::Quantities,
        Kind::Reference => Table::Refs,
    }
}

/// Whether record `r` satisfies the filter, looked up by record.
pub(super) fn probe(connection: &Connection, filter: &Filter) -> Result<Fragment, StoreError> {
    let (criteria, negative) = match &filter.test {
        Test::Missing(missing) => return Ok(missing_probe(filter, *missing)),
        Test::Any(criteria) => (criteria, false),
        Test::NoneOf(criteria) => (criteria, true),
    };
    let mut pieces = Vec::with_capacity(criteria.len());
    for criterion in criteria {
        pieces.push(of(connection, filter, criterion)?);
    }
    let any = Fragment::any(pieces);
    let mut out = Fragment::new(if negative { "NOT " } else { "" }, []);
    if filter.parameter.place == Place::Index {
        let name = table(filter.parameter.kind).name();
        out.push(
            &format!(
                "EXISTS (SELECT 1 FROM {name} x WHERE x.record = r.record AND x.parameter = ? AND "
            ),
            [parameter(filter)],
        );
        out.append(any);
        out.sql.push(')');
    } else {
        out.append(any);
    }
    Ok(out)
}

fn missing_probe(filter: &Filter, missing: bool) -> Fragment {
    if filter.parameter.place != Place::Index {
        // Every record has an id and a last-updated time.
        return Fragment::new(if missing { "0" } else { "1" }, []);
    }
    let name = table(filter.parameter.kind).name();
    let not = if missing { "NOT " } else { "" };
    Fragment::new(
        format!(
            "{not}EXISTS (SELECT 1 FROM {name} x WHERE x.record = r.record AND x.parameter = ?)"
        ),
        [parameter(filter)],
    )
}

pub(super) fn parameter(filter: &Filter) -> Value {
    Value::Integer(i64::from(filter.parameter.id))
}

/// The condition on a row `x` of the parameter's table (or on record `r`).
pub(super) fn of(
    connection: &Connection,
    filter: &Filter,
    criterion: &Criterion,
) -> Result<Fragment, StoreError> {
    Ok(match criterion {
        Criterion::Id(id) => Fragment::new("r.id = ?", [text(id)]),
        Criterion::Token { system, code } => token(connection, system, code.as_deref())?,
        Criterion::String { how, text } => string(*how, text),
        Criterion::Date {
            prefix,
            from_us,
            to_us,
        } => {
            let columns = match filter.parameter.place {
                Place::Updated => ("r.updated_us", "r.updated_us + 1"),
                Place::Index | Place::Id => ("x.from_us", "x.to_us"),
            };
            date(*prefix, columns, *from_us, *to_us)
        }
        Criterion::Number(number) => compare(number),
        Criterion::Quantity {
            number,
            system,
            code,
        } => quantity(connection, number, system.as_deref(), code.as_deref())?,
        Criterion::Reference {
            types,
            id,
            url,
            version,
        } => {
            let targets = match (id, url) {
                (Some(id), _) => local_targets(connection, filter, types, id)?,
                (None, Some(url)) => names::find(connection, Names::Texts, url)?
                    .into_iter()
                    .collect(),
                (None, None) => return Ok(Fragment::new("0", [])),
            };
            reference(connection, &targets, version.as_deref())?
        }
        Criterion::Uri { how, uri } => self::uri(*how, uri),
    })
}

/// `x.<column>` is the number of this text; false when no row has ever used it.
fn shared(connection: &Connection, column: &str, value: &str) -> Result<Fragment, StoreError> {
    Ok(match names::find(connection, Names::Texts, value)? {
        Some(number) => Fragment::new(format!("x.{column} = ?"), [Value::Integer(number)]),
        None => Fragment::new("0", []),
    })
}

// FHIR R4 3.1.1.4.10
fn token(
    connection: &Connection,
    system: &SystemMatch,
    code: Option<&str>,
) -> Result<Fragment, StoreError> {
    let mut pieces = Vec::new();
    if let Some(code) = code {
        pieces.push(Fragment::new("x.code = ?", [text(code)]));
    }
    match system {
        SystemMatch::Any => {}
        SystemMatch::Absent => pieces.push(Fragment::new("x.system = 0", [])),
        SystemMatch::Is(system) => pieces.push(shared(connection, "system", system)?),
    }
    Ok(Fragment::all(pieces))
}

/// Sorts after everything that begins with a prefix: no text holds this noncharacter.
const AFTER_ALL: char = '\u{10ffff}';

/// The column begins with this text.
pub(super) fn begins(column: &str, prefix: &str) -> Fragment {
    let end = format!("{prefix}{AFTER_ALL}");
    let sql = format!("({column} >= ? AND {column} < ?)");
    Fragment::new(sql, [text(prefix), Value::Text(end)])
}

// FHIR R4 3.1.1.4.8
fn string(how: TextMatch, wanted: &str) -> Fragment {
    match how {
        TextMatch::Starts => begins("x.normalised", wanted),
        TextMatch::Contains => Fragment::new("instr(x.normalised, ?) > 0", [text(wanted)]),
        TextMatch::Exact => {
            // The index is by the normalised text.
            let normalised = Value::Text(fhir::search::normalise(wanted));
            let sql = "(x.normalised = ? AND x.original = ?)";
            Fragment::new(sql, [normalised, text(wanted)])
        }
    }
}

// FHIR R4 3.1.1.4.14
fn uri(how: UriMatch, uri: &str) -> Fragment {
    match how {
        UriMatch::Exact => Fragment::new("x.code = ?", [text(uri)]),
        UriMatch::Below => {
            let folder = format!("{}/", uri.trim_end_matches('/'));
            let same = Fragment::new("x.code = ?", [text(uri)]);
            Fragment::any(vec![same, begins("x.code", &folder)])
        }
        UriMatch::Above => {
            let cuts = uri
                .match_indices('/')
                .flat_map(|(at, _)| [&uri[..at], &uri[..=at]]);
            let above = cuts.chain([uri]).filter(|part| !part.is_empty());
            Fragment::any(
                above
                    .map(|part| Fragment::new("x.code = ?", [text(part)]))
                    .collect(),
            )
        }
    }
}

/// FHIR R4 3.1.1.4.4 and 3.1.1.4.7: the row is `[f, t)`, the query `[from, to)`. Some say twice
/// what they mean, so that the index by `f` has both ends of its range.
fn date(prefix: Prefix, (f, t): (&str, &str), from: i64, to: i64) -> Fragment {
    let (from, to) = (Value::Integer(from), Value::Integer(to));
    let within = format!("({f} >= ? AND {f} < ? AND {t} <= ?)");
    match prefix {
        Prefix::Eq => Fragment::new(within, [from, to.clone(), to]),
        Prefix::Ne => Fragment::new(format!("NOT {within}"), [from, to.clone(), to]),
        Prefix::Gt => Fragment::new(format!("{t} > ?"), [to]),
        Prefix::Lt => Fragment::new(format!("{f} < ?"), [from]),
        // Above it, or within it: whatever begins within also ends within or above.
        Prefix::Ge => Fragment::new(format!("({f} >= ? OR {t} > ?)"), [from, to]),
        Prefix::Le => {
            let sql = format!("({f} < ? AND ({f} < ? OR {t} <= ?))");
            Fragment::new(sql, [to.clone(), from, to])
        }
        Prefix::Sa => Fragment::new(format!("{f} >= ?"), [to]),
        Prefix::Eb => Fragment::new(format!("({f} < ? AND {t} <= ?)"), [from.clone(), from]),
        Prefix::Ap => Fragment::new(format!("({f} < ? AND {t} > ?)"), [to, from]),
    }
}

// FHIR R4 3.1.1.4.5
fn compare(number: &NumberMatch) -> Fragment {
    let value = || Value::Blob(number.value.sort_key());
    let low = || Value::Blob(number.low.sort_key());
    let high = || Value::Blob(number.high.sort_key());
    match number.prefix {
        Prefix::Eq => {
            let sql = "(x.low >= ? AND x.low < ? AND x.high < ?)";
            Fragment::new(sql, [low(), high(), high()])
        }
        Prefix::Ne => Fragment::new("NOT (x.low >= ? AND x.high < ?)", [low(), high()]),
        Prefix::Gt => Fragment::new("x.high > ?", [value()]),
        Prefix::Lt => Fragment::new("x.low < ?", [value()]),
        Prefix::Ge => Fragment::new("x.high >= ?", [value()]),
        Prefix::Le => Fragment::new("x.low <= ?", [value()]),
        Prefix::Sa => Fragment::new("x.low > ?", [value()]),
        Prefix::Eb => Fragment::new("(x.low < ? AND x.high < ?)", [value(), value()]),
        Prefix::Ap => Fragment::new("(x.low < ? AND x.high >= ?)", [high(), low()]),
    }
}

// FHIR R4 3.1.1.4.11
fn quantity(
    connection: &Connection,
    number: &NumberMatch,
    system: Option<&str>,
    code: Option<&str>,
) -> Result<Fragment, StoreError> {
    let mut pieces = vec![compare(number)];
    if let Some(system) = system {
        pieces.push(shared(connection, "system", system)?);
    }
    if let Some(code) = code {
        let by_code = shared(connection, "code", code)?;
        pieces.push(match system {
            Some(_) => by_code,
            None => Fragment::any(vec![by_code, shared(connection, "unit", code)?]),
        });
    }
    Ok(Fragment::all(pieces))
}

/// Numbers of the targets that `id` may mean: of these types, else of the parameter's, else of any.
fn local_targets(
    connection: &Connection,
    filter: &Filter,
    types: &[&'static str],
    id: &str,
) -> Result<Vec<i64>, StoreError> {
    let own = filter.parameter.targets;
    let any = own.is_empty() || own == ["Resource"];
    let types = match types {
        [] if any => fhir::resource_types(),
        [] => own,
        types => types,
    };
    let mut numbers = Vec::new();
    for type_ in types {
        numbers.extend(names::find(
            connection,
            Names::Texts,
            &format!("{type_}/{id}"),
        )?);
    }
    Ok(numbers)
}

fn reference(
    connection: &Connection,
    targets: &[i64],
    version: Option<&str>,
) -> Result<Fragment, StoreError> {
    let targets = targets
        .iter()
        .map(|target| Fragment::new("x.target = ?", [Value::Integer(*target)]))
        .collect();
    let mut pieces = vec![Fragment::any(targets)];
    if let Some(version) = version {
        pieces.push(shared(connection, "version", version)?);
    }
    Ok(Fragment::all(pieces))
}
