//! Sort keys, and the condition "after the last row of the page before".

use fhir::query::Sort;
use fhir::search::{Kind, Place};
use rusqlite::types::Value;

use super::condition::{Fragment, table};

/// One sort key of record `r`.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// The expression. FHIR leaves open which of several values counts (R4 3.1.1.5.2): the least
    /// going up, the greatest going down. NULL: the record has none; such records come last.
    pub(super) value: Fragment,
    pub(super) descending: bool,
    /// Whether the value can be NULL.
    pub(super) nullable: bool,
}

/// The index to walk for a first sort key.
#[derive(Debug)]
pub(super) struct Walk {
    /// Table and alias `d`.
    pub(super) from: String,
    /// Its rows: each record once, at the value that counts.
    pub(super) rows: Fragment,
    /// The value's column.
    pub(super) column: String,
    /// Condition on record `r`: it has no value and is not in the walk.
    pub(super) missing: Fragment,
}

/// The column that is sorted by, and the rest of the primary key behind it.
fn columns(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Token | Kind::Uri => ("code", "system"),
        Kind::String => ("normalised", "place"),
        Kind::Date => ("from_us", "to_us"),
        Kind::Number | Kind::Quantity => ("low", "high, {}.system, {}.code, {}.unit"),
        Kind::Reference => ("target", "version"),
    }
}

/// The expression of a sort key. The `+` keeps SQLite from walking the index by value in search of
/// a least or greatest one: the record's own rows are few.
pub(super) fn key(sort: &Sort) -> Key {
    let descending = sort.descending;
    let which = if descending { "max" } else { "min" };
    let value = match sort.parameter.place {
        Place::Id => Fragment::new("r.id", []),
        Place::Updated => Fragment::new("r.updated_us", []),
        Place::Index => {
            let parameter = Value::Integer(i64::from(sort.parameter.id));
            let kind = sort.parameter.kind;
            let (name, column) = (table(kind).name(), columns(kind).0);
            let rows = "x.record = r.record AND x.parameter = ?";
            // The number of a target says nothing: sort by what it stands for.
            let sql = if kind == Kind::Reference {
                format!(
                    "(SELECT {which}(+n.value) FROM refs x JOIN texts n ON n.text = x.target
                     WHERE {rows})"
                )
            } else {
                format!("(SELECT {which}(+x.{column}) FROM {name} x WHERE {rows})")
            };
            Fragment::new(sql, [parameter])
        }
    };
    Key {
        value,
        descending,
        nullable: sort.parameter.place == Place::Index,
    }
}

/// How to walk the index of a sort key; `None`: no index is in its order.
pub(super) fn walk(sort: &Sort) -> Option<Walk> {
    let kind = sort.parameter.kind;
    if sort.parameter.place != Place::Index || kind == Kind::Reference {
        return None;
    }
    let parameter = || Value::Integer(i64::from(sort.parameter.id));
    let (name, (column, rest)) = (table(kind).name(), columns(kind));
    let better = if sort.descending { ">" } else { "<" };
    let of = |alias: &str| format!("({alias}.{column}, {alias}.{})", rest.replace("{}", alias));
    // Dates know whether there are other values to look at.
    let unless = if kind == Kind::Date {
        "d.several = 0 OR "
    } else {
        ""
    };
    let rows = format!(
        "d.parameter = ? AND ({unless}NOT EXISTS (SELECT 1 FROM {name} e
         WHERE e.record = d.record AND e.parameter = d.parameter AND {} {better} {}))",
        of("e"),
        of("d"),
    );
    let missing = format!(
        "NOT EXISTS (SELECT 1 FROM {name} x WHERE x.record = r.record AND x.parameter = ?)"
    );
    Some(Walk {
        from: format!("{name} d INDEXED BY {name}_by"),
        rows: Fragment::new(rows, [parameter()]),
        column: format!("d.{column}"),
        missing: Fragment::new(missing, [parameter()]),
    })
}

/// `ORDER BY` for keys named k0, k1...; ties by record (under the alias that the source is walked
/// by), in the direction of the first key, which is the order in which an index holds them.
pub(super) fn order_by(keys: &[Key], alias: &str) -> String {
    let mut terms: Vec<String> = Vec::with_capacity(keys.len() + 1);
    for (place, key) in keys.iter().enumerate() {
        let nulls = if key.nullable { " NULLS LAST" } else { "" };
        terms.push(format!("k{place}{}{nulls}", direction(key.descending)));
    }
    let descending = keys.first().is_some_and(|key| key.descending);
    terms.push(format!("{alias}.record{}", direction(descending)));
    format!(" ORDER BY {}", terms.join(", "))
}

fn direction(descending: bool) -> &'static str {
    if descending { " DESC" } else { " ASC" }
}

/// The condition that a row comes after the one with these key values and this record.
pub(super) fn after(keys: &[Key], values: &[Value], alias: &str, record: i64) -> Fragment {
    let descending = keys.first().is_some_and(|key| key.descending);
    let sign = if descending { "<" } else { ">" };
    let mut out = Fragment::new(format!("{alias}.record {sign} ?"), [Value::Integer(record)]);
    for (key, value) in keys.iter().zip(values).rev() {
        let inner = std::mem::take(&mut out);
        out.push("(", []);
        if *value != Value::Null {
            let sign = if key.descending { "<" } else { ">" };
            out.append(key.value.clone());
            out.push(&format!(" {sign} ? OR "), [value.clone()]);
            out.append(key.value.clone());
            out.push(" IS NULL OR ", []);
        }
        out.push("(", []);
        out.append(key.value.clone());
        out.push(" IS ? AND ", [value.clone()]);
        out.append(inner);
        out.push("))", []);
    }
    out
}
