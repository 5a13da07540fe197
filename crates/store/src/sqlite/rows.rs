//! From search values to the rows of the index tables, for writing and for the audit alike.

use fhir::search::{Entry, IndexValue};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::StoreError;

/// The key of an open lower end: it sorts before every number.
pub(super) const LOWEST: &[u8] = &[];
/// The key of an open upper end: it sorts after every number.
pub(super) const HIGHEST: &[u8] = &[0xff];

/// One of the index tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Tokens,
    Refs,
    Strings,
    Dates,
    Quantities,
}

impl Table {
    pub(super) const ALL: [Self; 5] = [
        Self::Tokens,
        Self::Refs,
        Self::Strings,
        Self::Dates,
        Self::Quantities,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Refs => "refs",
            Self::Strings => "strings",
            Self::Dates => "dates",
            Self::Quantities => "quantities",
        }
    }

    /// The number that stands for it in bytes.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Tokens => 0,
            Self::Refs => 1,
            Self::Strings => 2,
            Self::Dates => 3,
            Self::Quantities => 4,
        }
    }

    pub(super) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// Columns, `record` among them.
    pub(super) fn columns(self) -> usize {
        match self {
            Self::Tokens | Self::Refs => 4,
            Self::Strings | Self::Dates => 5,
            Self::Quantities => 7,
        }
    }

    /// Whether the cell at this place after `record` is the number of a shared text.
    pub(super) fn shares(self, place: usize) -> bool {
        match self {
            Self::Tokens => place == 2,
            Self::Refs => matches!(place, 1 | 2),
            Self::Quantities => matches!(place, 3..=5),
            Self::Strings | Self::Dates => false,
        }
    }

    fn insert(self) -> &'static str {
        match self {
            Self::Tokens => "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4)",
            Self::Refs => "INSERT INTO refs VALUES (?1, ?2, ?3, ?4)",
            Self::Strings => "INSERT INTO strings VALUES (?1, ?2, ?3, ?4, ?5)",
            Self::Dates => "INSERT INTO dates VALUES (?1, ?2, ?3, ?4, ?5)",
            Self::Quantities => "INSERT INTO quantities VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        }
    }

    pub(super) fn select(self) -> &'static str {
        match self {
            Self::Tokens => "SELECT parameter, code, system FROM tokens WHERE record = ?1",
            Self::Refs => "SELECT parameter, target, version FROM refs WHERE record = ?1",
            Self::Strings => {
                "SELECT parameter, place, normalised, original FROM strings WHERE record = ?1"
            }
            Self::Dates => "SELECT parameter, from_us, to_us, several FROM dates WHERE record = ?1",
            Self::Quantities => {
                "SELECT parameter, low, high, system, code, unit FROM quantities WHERE record = ?1"
            }
        }
    }

    pub(super) fn delete(self) -> &'static str {
        match self {
            Self::Tokens => "DELETE FROM tokens WHERE record = ?1",
            Self::Refs => "DELETE FROM refs WHERE record = ?1",
            Self::Strings => "DELETE FROM strings WHERE record = ?1",
            Self::Dates => "DELETE FROM dates WHERE record = ?1",
            Self::Quantities => "DELETE FROM quantities WHERE record = ?1",
        }
    }
}

/// A value of a column, with an order so that rows can be compared as sets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        match value {
            Value::Integer(number) => Self::Number(number),
            Value::Text(text) => Self::Text(text),
            Value::Blob(bytes) => Self::Bytes(bytes),
            // No column of the index is of these kinds; a row that has one equals no other.
            Value::Null | Value::Real(_) => Self::Text("\u{0}".to_owned()),
        }
    }
}

/// A row of an index table without its record: parameter first.
pub(super) type Row = (Table, Vec<Cell>);

/// Adds a row of a record to its table.
pub(super) fn put(
    connection: &Connection,
    record: i64,
    (table, cells): &Row,
) -> Result<(), StoreError> {
    let first = Cell::Number(record);
    let row = std::iter::once(&first).chain(cells);
    connection
        .prepare_cached(table.insert())?
        .execute(rusqlite::params_from_iter(row))?;
    Ok(())
}

/// The rows of a record, sorted, each once. `number` gives the number of a shared text.
pub(super) fn of(
    index: &[Entry],
    mut number: impl FnMut(&str) -> Result<i64, StoreError>,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::with_capacity(index.len());
    let mut places = 0;
    for entry in index {
        let mut cells = vec![Cell::Number(i64::from(entry.parameter))];
        let table = cells_of(&entry.value, &mut places, &mut cells, &mut number)?;
        rows.push((table, cells));
    }
    rows.sort_unstable();
    rows.dedup();
    say_several(&mut rows);
    Ok(rows)
}

/// A date also says whether its parameter has other values in this record.
fn say_several(rows: &mut [Row]) {
    let parameter = |(table, cells): &Row| match cells.first() {
        Some(Cell::Number(number)) if *table == Table::Dates => Some(*number),
        _ => None,
    };
    let dates: Vec<i64> = rows.iter().filter_map(parameter).collect();
    for row in rows {
        if let Some(own) = parameter(row) {
            let several = dates.iter().filter(|other| **other == own).nth(1).is_some();
            row.1.push(Cell::Number(i64::from(several)));
        }
    }
}

fn cells_of(
    value: &IndexValue,
    places: &mut i64,
    cells: &mut Vec<Cell>,
    number: &mut impl FnMut(&str) -> Result<i64, StoreError>,
) -> Result<Table, StoreError> {
    let mut shared = |text: &Option<String>| match text {
        Some(text) => number(text).map(Cell::Number),
        None => Ok(Cell::Number(0)),
    };
    Ok(match value {
        IndexValue::Token { system, code } => {
            cells.push(Cell::Text(code.clone().unwrap_or_default()));
            cells.push(shared(system)?);
            Table::Tokens
        }
        IndexValue::Uri(uri) => {
            cells.extend([Cell::Text(uri.clone()), Cell::Number(0)]);
            Table::Tokens
        }
        IndexValue::String {
            normalised,
            original,
        } => {
            cells.push(Cell::Number(*places));
            *places += 1;
            cells.extend([normalised, original].map(|text| Cell::Text(text.clone())));
            Table::Strings
        }
        IndexValue::Date { from_us, to_us } => {
            cells.extend([from_us, to_us].map(|time| Cell::Number(*time)));
            Table::Dates
        }
        IndexValue::Number { low, high } => {
            cells.extend(ends(low.as_ref(), high.as_ref()));
            cells.extend([0, 0, 0].map(Cell::Number));
            Table::Quantities
        }
        IndexValue::Quantity {
            low,
            high,
            system,
            code,
            unit,
        } => {
            cells.extend(ends(low.as_ref(), high.as_ref()));
            cells.extend([shared(system)?, shared(code)?, shared(unit)?]);
            Table::Quantities
        }
        IndexValue::Reference {
            type_,
            id,
            url,
            version,
        } => {
            let target = target(type_.as_deref(), id.as_deref(), url.as_deref());
            cells.extend([shared(&Some(target))?, shared(version)?]);
            Table::Refs
        }
    })
}

/// How a reference's target is written in `texts`: `Type/id`, or the url.
fn target(type_: Option<&str>, id: Option<&str>, url: Option<&str>) -> String {
    match (type_, id, url) {
        (Some(type_), Some(id), _) => format!("{type_}/{id}"),
        (_, _, Some(url)) => url.to_owned(),
        (type_, id, None) => type_.or(id).unwrap_or_default().to_owned(),
    }
}

fn ends(low: Option<&fhir::Decimal>, high: Option<&fhir::Decimal>) -> [Cell; 2] {
    let low = low.map_or_else(|| LOWEST.to_vec(), fhir::Decimal::sort_key);
    let high = high.map_or_else(|| HIGHEST.to_vec(), fhir::Decimal::sort_key);
    [Cell::Bytes(low), Cell::Bytes(high)]
}
