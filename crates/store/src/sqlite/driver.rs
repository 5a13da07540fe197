//! Which filter finds the records. SQLite's planner knows nothing of how rare a value is without
//! statistics that age, so we look: each filter is asked for its first records, up to a bound. The
//! filters that stay below it are intersected here; the others are checked record by record.

use std::collections::BTreeSet;

use fhir::query::{Criterion, Filter, Prefix, Query, Test};
use fhir::search::{Kind, Place};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::condition::{self, Fragment, parameter, text};
use super::sight::Eyes;
use super::{chain, names, read, span};
use crate::StoreError;

/// A filter that finds more rows than this does not drive, unless the options say otherwise.
pub(crate) const RARE: usize = 2000;

/// How the matches of a query are found.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Rows a filter may find and still drive.
    pub(super) rare: usize,
    /// Number of the record type; `None`: no record of it was ever stored.
    pub(super) type_: Option<i64>,
    /// Records that satisfy every filter not in `probes`; `None`: no filter is rare.
    pub(super) candidates: Option<BTreeSet<i64>>,
    /// Conditions on record `r` still to be checked.
    pub(super) probes: Vec<Fragment>,
    /// Place in `probes` and the rows of one filter whose index is in the order of records.
    pub(super) stream: Option<(usize, Stream)>,
}

/// An index walked in the order of records.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Table, alias and index.
    pub(super) from: &'static str,
    /// Condition on alias `x`; each record occurs once.
    pub(super) rows: Fragment,
    /// Whether it holds live records only.
    pub(super) live: bool,
}

impl Plan {
    /// Looks at every filter.
    pub(super) fn make(
        connection: &Connection,
        query: &Query,
        eyes: &Eyes,
        rare: usize,
    ) -> Result<Self, StoreError> {
        let mut plan = Self {
            rare,
            type_: names::find(connection, names::Table::Types, query.resource_type)?,
            ..Self::default()
        };
        let Some(type_) = plan.type_ else {
            return Ok(plan);
        };
        if let Some(patients) = eyes.patients() {
            plan.add_scope(connection, type_, patients)?;
        }
        for filter in &query.filters {
            plan.add(connection, type_, filter)?;
        }
        for chain in &query.chains {
            let probe = chain::probe(connection, eyes, query.resource_type, chain)?;
            let own = (query.resource_type, type_);
            let driver = chain::driver(connection, eyes, own, chain, rare)?;
            plan.take(connection, driver, probe, None)?;
        }
        // Two ends of a stretch of time may be rare together; their probes stay.
        if plan.candidates.is_none()
            && let Some(driver) = span::both_ends(connection, query)?
        {
            plan.candidates = first_records(connection, driver, rare)?;
        }
        // Never a candidate, never left out: whatever the plan, each row is decided on.
        let filters = query.filters.iter().map(|filter| filter.parameter);
        let sorts = query.sort.iter().map(|sort| sort.parameter);
        let links = query.chains.iter().filter_map(chain::own);
        plan.probes
            .extend(eyes.decision("r", filters.chain(sorts).chain(links)));
        Ok(plan)
    }

    /// Whether it is known already that nothing matches.
    pub(super) fn is_empty(&self) -> bool {
        self.type_.is_none() || self.candidates.as_ref().is_some_and(BTreeSet::is_empty)
    }

    /// The compartment rows of the scope are a filter like any other.
    fn add_scope(
        &mut self,
        connection: &Connection,
        type_: i64,
        patients: &[i64],
    ) -> Result<(), StoreError> {
        let list = read::number_list(patients);
        let driver = Fragment::new(
            format!("SELECT record FROM compartments WHERE patient IN ({list}) AND type = ?"),
            [Value::Integer(type_)],
        );
        let probe = scope_probe(patients, "r");
        let stream = match patients {
            [patient] => Some(Stream {
                from: "compartments x INDEXED BY compartments_by",
                rows: Fragment::new(
                    "x.patient = ? AND x.type = ?",
                    [Value::Integer(*patient), Value::Integer(type_)],
                ),
                live: false,
            }),
            _ => None,
        };
        self.take(connection, Some(driver), probe, stream)
    }

    fn add(
        &mut self,
        connection: &Connection,
        type_: i64,
        filter: &Filter,
    ) -> Result<(), StoreError> {
        let probe = condition::probe(connection, filter)?;
        let driver = driver(connection, type_, filter)?;
        let stream = stream(connection, filter)?;
        self.take(connection, driver, probe, stream)
    }

    fn take(
        &mut self,
        connection: &Connection,
        driver: Option<Fragment>,
        probe: Fragment,
        stream: Option<Stream>,
    ) -> Result<(), StoreError> {
        if let Some(driver) = driver
            && let Some(found) = first_records(connection, driver, self.rare)?
        {
            self.candidates = Some(match self.candidates.take() {
                Some(before) => before.intersection(&found).copied().collect(),
                None => found,
            });
            return Ok(());
        }
        if let Some(stream) = stream {
            self.stream = Some((self.probes.len(), stream));
        }
        self.probes.push(probe);
        Ok(())
    }
}

/// Whether the record under this alias is in the compartment of one of these patients.
pub(super) fn scope_probe(patients: &[i64], alias: &str) -> Fragment {
    let list = read::number_list(patients);
    Fragment::new(
        format!(
            "EXISTS (SELECT 1 FROM compartments c
             WHERE c.record = {alias}.record AND c.patient IN ({list}))"
        ),
        [],
    )
}

/// All records a driver finds; `None`: more rows than that.
pub(super) fn first_records(
    connection: &Connection,
    mut driver: Fragment,
    rare: usize,
) -> Result<Option<BTreeSet<i64>>, StoreError> {
    let limit = i64::try_from(rare.saturating_add(1)).unwrap_or(i64::MAX);
    driver.push(" LIMIT ?", [Value::Integer(limit)]);
    let mut statement = connection.prepare_cached(&driver.sql)?;
    let rows = statement.query_map(params_from_iter(driver.values), |row| row.get(0))?;
    let records: Vec<i64> = rows.collect::<Result<_, _>>()?;
    Ok((records.len() <= rare).then(|| records.into_iter().collect()))
}

/// A statement for the records of a filter, by the value's index; `None`: it has no such form.
fn driver(
    connection: &Connection,
    type_: i64,
    filter: &Filter,
) -> Result<Option<Fragment>, StoreError> {
    let Test::Any(criteria) = &filter.test else {
        return Ok(None);
    };
    let mut out = Fragment::default();
    for criterion in criteria {
        for branch in branches(connection, type_, filter, criterion)? {
            let before = if out.sql.is_empty() {
                ""
            } else {
                " UNION ALL "
            };
            out.push(before, []);
            out.append(branch);
        }
    }
    Ok((!out.sql.is_empty()).then_some(out))
}

/// The statements whose records together satisfy the criterion.
fn branches(
    connection: &Connection,
    type_: i64,
    filter: &Filter,
    criterion: &Criterion,
) -> Result<Vec<Fragment>, StoreError> {
    let type_value = Value::Integer(type_);
    match (filter.parameter.place, criterion) {
        (Place::Id, Criterion::Id(id)) => {
            let sql = "SELECT record FROM records WHERE type = ? AND id = ?";
            return Ok(vec![Fragment::new(sql, [type_value, text(id)])]);
        }
        (Place::Index, _) => {}
        // records_updated serves it as it stands.
        _ => {
            let mut out = Fragment::new(
                "SELECT r.record FROM records r WHERE r.type = ? AND r.deleted = 0 AND ",
                [type_value],
            );
            out.append(condition::of(connection, filter, criterion)?);
            return Ok(vec![out]);
        }
    }
    if let Criterion::Date {
        prefix,
        from_us,
        to_us,
    } = criterion
        && let Some(after) = span::After::of(*prefix, *from_us, *to_us)
    {
        return Ok([vec![after.begins(filter)], after.spans(filter)].concat());
    }
    if let Some(value) = reaches(criterion) {
        return high_branches(connection, filter, criterion, &value);
    }
    let table = condition::table(filter.parameter.kind).name();
    let mut out = Fragment::new(
        format!("SELECT x.record FROM {table} x INDEXED BY {table}_by WHERE x.parameter = ? AND "),
        [parameter(filter)],
    );
    out.append(condition::of(connection, filter, criterion)?);
    Ok(vec![out])
}

/// The value that the upper end must reach.
fn reaches(criterion: &Criterion) -> Option<Value> {
    let (Criterion::Number(number) | Criterion::Quantity { number, .. }) = criterion else {
        return None;
    };
    let open = matches!(number.prefix, Prefix::Gt | Prefix::Ge);
    open.then(|| Value::Blob(number.value.sort_key()))
}

/// Plain numbers by their only end, ranges by the upper one.
fn high_branches(
    connection: &Connection,
    filter: &Filter,
    criterion: &Criterion,
    value: &Value,
) -> Result<Vec<Fragment>, StoreError> {
    let mut both = Vec::with_capacity(2);
    for bound in [
        "quantities_by WHERE x.parameter = ? AND x.low >= ? AND x.low = x.high AND ",
        "quantities_wide WHERE x.parameter = ? AND x.high >= ? AND x.low <> x.high AND ",
    ] {
        let mut out = Fragment::new(
            format!("SELECT x.record FROM quantities x INDEXED BY {bound}"),
            [parameter(filter), value.clone()],
        );
        out.append(condition::of(connection, filter, criterion)?);
        both.push(out);
    }
    Ok(both)
}

/// The index in the order of records, for a single code or target.
fn stream(connection: &Connection, filter: &Filter) -> Result<Option<Stream>, StoreError> {
    let Test::Any(criteria) = &filter.test else {
        return Ok(None);
    };
    let [criterion] = criteria.as_slice() else {
        return Ok(None);
    };
    let rows = condition::of(connection, filter, criterion)?;
    let (from, rest) = match (filter.parameter.kind, criterion) {
        (Kind::Token, Criterion::Token { code: Some(_), .. }) => {
            ("tokens x INDEXED BY tokens_by", "code")
        }
        // Only one target is in order; several would be merged.
        (Kind::Reference, Criterion::Reference { .. })
            if rows.sql.matches("x.target").count() == 1 =>
        {
            ("refs x INDEXED BY refs_by", "target")
        }
        _ => return Ok(None),
    };
    let (table, last) = if rest == "code" {
        ("tokens", "system")
    } else {
        ("refs", "version")
    };
    let mut all = Fragment::new("x.parameter = ? AND ", [parameter(filter)]);
    all.append(rows.clone());
    let unique = rows.sql.contains("x.system =") || rows.sql.contains("x.version =");
    let stream = |rows| {
        Some(Stream {
            from,
            rows,
            live: true,
        })
    };
    if unique {
        return Ok(stream(all));
    }
    // One row per record: no other row of it that satisfies the same condition comes before.
    all.push(
        &format!(
            " AND NOT EXISTS (SELECT 1 FROM {table} y WHERE y.record = x.record
              AND y.parameter = x.parameter AND y.{rest} = x.{rest} AND y.{last} < x.{last} AND "
        ),
        [],
    );
    let again = Fragment::new(rows.sql.replace("x.", "y."), rows.values);
    all.append(again);
    all.sql.push(')');
    Ok(stream(all))
}
