//! One page of a search, its total, and the matches of a conditional act.

use std::collections::BTreeSet;

use fhir::query::{Query, Summary, Test, Total};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::condition::Fragment;
use super::driver::Plan;
use super::order::{self, Key};
use super::page_token::{Purpose, Token};
use super::sight::Eyes;
use super::{driver, from_sql, include, read, span};
use crate::{Found, Page, RecordKey, Scope, StoreError};

/// A record with its sort values.
struct Hit {
    record: i64,
    keys: Vec<Value>,
}

/// Where the rows of one statement come from.
struct Source {
    /// Tables; record `r` is one of them.
    from: String,
    /// Alias of the table that is in the order asked for.
    alias: &'static str,
    /// Conditions beside the plan's probes.
    rows: Fragment,
    /// The probe that the source makes unnecessary.
    without: Option<usize>,
}

/// A page of a search.
pub(crate) fn page(
    connection: &Connection,
    query: &Query,
    scope: &Scope,
    page: &Page,
    rare: usize,
) -> Result<Found, StoreError> {
    let purpose = Purpose::of(&format!(
        "search {} {:?} {:?} {:?} {scope:?}",
        query.resource_type, query.filters, query.chains, query.sort
    ));
    let token = page.after.as_deref();
    let token = token
        .map(|token| Token::open(connection, token, &purpose))
        .transpose()?;
    let eyes = Eyes::of(connection, scope)?;
    let plan = Plan::make(connection, query, &eyes, rare)?;
    let mut found = Found::default();
    if query.total != Total::None || query.summary == Summary::Count || query.count == Some(0) {
        found.total = Some(total(connection, &plan)?);
    }
    if plan.is_empty() || query.summary == Summary::Count || page.limit == 0 {
        return Ok(found);
    }
    let limit = page.limit.min(Page::LIMIT_MAX) as usize;
    let max = match &token {
        Some(token) => token.max,
        None => connection
            .prepare_cached("SELECT coalesce(max(record), 0) FROM records")?
            .query_row([], |row| row.get(0))?,
    };
    let mut hits = hits(connection, query, &plan, token.as_ref(), max, limit + 1)?;
    if hits.len() > limit {
        hits.truncate(limit);
        if let Some(Hit { record, keys }) = hits.last() {
            let (record, keys) = (*record, keys.clone());
            found.next = Some(Token { max, record, keys }.seal(connection, &purpose)?);
        }
    }
    let records: Vec<i64> = hits.iter().map(|hit| hit.record).collect();
    found.rows = read::by_records(connection, &records)?;
    include::resolve(connection, query, &eyes, &records, &mut found)?;
    Ok(found)
}

/// The first matches, in the order of records.
pub(crate) fn matching(
    connection: &Connection,
    query: &Query,
    scope: &Scope,
    limit: u32,
    rare: usize,
) -> Result<Vec<RecordKey>, StoreError> {
    let eyes = Eyes::of(connection, scope)?;
    let plan = Plan::make(connection, query, &eyes, rare)?;
    if plan.is_empty() {
        return Ok(Vec::new());
    }
    let source = plain_source(&plan);
    let limit = limit.min(Page::LIMIT_MAX) as usize;
    let hits = run(connection, &plan, &source, &[], None, i64::MAX, limit)?;
    let mut statement = connection.prepare_cached("SELECT id FROM records WHERE record = ?1")?;
    hits.iter()
        .map(|hit| {
            Ok(RecordKey {
                type_: query.resource_type.to_owned(),
                id: statement.query_row([hit.record], |row| row.get(0))?,
            })
        })
        .collect()
}

/// The first matches of a plan, in the order of records.
pub(super) fn records(
    connection: &Connection,
    plan: &Plan,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let hits = run(
        connection,
        plan,
        &plain_source(plan),
        &[],
        None,
        i64::MAX,
        limit,
    )?;
    Ok(hits.into_iter().map(|hit| hit.record).collect())
}

fn total(connection: &Connection, plan: &Plan) -> Result<u64, StoreError> {
    if plan.is_empty() {
        return Ok(0);
    }
    let source = plain_source(plan);
    let mut sql = Fragment::new("SELECT count(*) FROM ", []);
    match &plan.stream {
        // The index alone says it.
        Some((_, stream)) if stream.live && plan.candidates.is_none() && plan.probes.len() == 1 => {
            sql.push(&format!("{} WHERE ", stream.from), []);
            sql.append(stream.rows.clone());
        }
        _ => {
            sql.push(&format!("{} WHERE ", source.from), []);
            sql.append(conditions(plan, &source, i64::MAX));
        }
    }
    let count: i64 = connection
        .prepare_cached(&sql.sql)?
        .query_row(params_from_iter(sql.values), |row| row.get(0))?;
    from_sql(count)
}

fn hits(
    connection: &Connection,
    query: &Query,
    plan: &Plan,
    token: Option<&Token>,
    max: i64,
    limit: usize,
) -> Result<Vec<Hit>, StoreError> {
    let keys: Vec<Key> = query.sort.iter().map(order::key).collect();
    if token.is_some_and(|token| token.keys.len() != keys.len()) {
        return Err(StoreError::PageToken);
    }
    if let (Some(candidates), []) = (&plan.candidates, keys.as_slice()) {
        return first_of(connection, plan, candidates, token, max, limit);
    }
    let walk = match query.sort.first() {
        Some(sort) if plan.candidates.is_none() => order::walk(sort),
        _ => None,
    };
    let Some(walk) = walk else {
        let source = if keys.is_empty() || plan.candidates.is_some() {
            plain_source(plan)
        } else {
            all_source()
        };
        return run(connection, plan, &source, &keys, token, max, limit);
    };
    let asked = Asked {
        plan,
        keys: &keys,
        token,
        max,
    };
    walked(connection, query, &asked, walk, limit)
}

/// Candidates in the order of records: only as many are looked at as the page needs.
fn first_of(
    connection: &Connection,
    plan: &Plan,
    candidates: &BTreeSet<i64>,
    token: Option<&Token>,
    max: i64,
    limit: usize,
) -> Result<Vec<Hit>, StoreError> {
    let after = token.map_or(0, |token| token.record);
    let mut rest = candidates
        .range(after.saturating_add(1)..)
        .copied()
        .peekable();
    let mut hits = Vec::new();
    while rest.peek().is_some() && hits.len() < limit {
        let some: BTreeSet<i64> = rest.by_ref().take(limit * 2).collect();
        let missing = limit - hits.len();
        hits.extend(run(
            connection,
            plan,
            &listed(&some),
            &[],
            None,
            max,
            missing,
        )?);
    }
    Ok(hits)
}

/// What stays the same while the parts of a page are read.
struct Asked<'a> {
    plan: &'a Plan,
    keys: &'a [Key],
    token: Option<&'a Token>,
    max: i64,
}

/// In three parts: the few before the border, if there is one; those in the order of the index;
/// those without a value.
fn walked(
    connection: &Connection,
    query: &Query,
    asked: &Asked<'_>,
    walk: order::Walk,
    limit: usize,
) -> Result<Vec<Hit>, StoreError> {
    let Asked {
        plan, keys, max, ..
    } = *asked;
    let mut hits = Vec::new();
    let mut token = asked.token;
    let mut source = walk_source(&walk);
    let border = span::border(query, &query.sort[0]);
    if let Some(border) = border
        && let Some(few) = driver::first_records(connection, border.before, plan.rare)?
    {
        let (early, late) = if keys[0].descending {
            (">=", "<")
        } else {
            ("<", ">=")
        };
        let at = Value::Integer(border.at_us);
        source
            .rows
            .push(&format!(" AND {} {late} ?", walk.column), [at.clone()]);
        let is_early = |token: &&Token| match token.keys[0] {
            Value::Integer(time) => (time < border.at_us) != keys[0].descending,
            _ => false,
        };
        let here = token.filter(is_early);
        if !few.is_empty() && (token.is_none() || here.is_some()) {
            let mut first = listed(&few);
            first.rows.push(" AND ", []);
            first.rows.append(keys[0].value.clone());
            first.rows.push(&format!(" {early} ?"), [at]);
            hits = run(connection, plan, &first, keys, here, max, limit)?;
        }
        if here.is_some() {
            token = None;
        }
    }
    let in_missing = token.is_some_and(|token| token.keys[0] == Value::Null);
    if !in_missing && hits.len() < limit {
        let mut walked = keys.to_vec();
        walked[0].value = Fragment::new(walk.column.clone(), []);
        walked[0].nullable = false;
        if let Some(token) = token {
            // `after` says it too, but not in a form that the index can begin at.
            let sign = if walked[0].descending { "<=" } else { ">=" };
            let from = format!(" AND {} {sign} ?", walk.column);
            source.rows.push(&from, [token.keys[0].clone()]);
        }
        let rest = limit - hits.len();
        hits.extend(run(connection, plan, &source, &walked, token, max, rest)?);
    }
    if hits.len() < limit && !is_asked_for(query) {
        let mut without = keys.to_vec();
        without[0].value = Fragment::new("NULL", []);
        let mut source = all_source();
        source.rows = walk.missing;
        let token = if in_missing { token } else { None };
        let rest = limit - hits.len();
        hits.extend(run(connection, plan, &source, &without, token, max, rest)?);
    }
    Ok(hits)
}

/// The index of the first sort key.
fn walk_source(walk: &order::Walk) -> Source {
    Source {
        from: format!("{} CROSS JOIN records r ON r.record = d.record", walk.from),
        alias: "d",
        rows: walk.rows.clone(),
        without: None,
    }
}

/// Whether a filter asks for a value of the first sort key, so that no match is without one.
fn is_asked_for(query: &Query) -> bool {
    let positive = |test: &Test| !matches!(test, Test::Missing(true) | Test::NoneOf(_));
    query
        .filters
        .iter()
        .any(|filter| filter.parameter.id == query.sort[0].parameter.id && positive(&filter.test))
}

/// These records.
fn listed(records: &BTreeSet<i64>) -> Source {
    let list: Vec<String> = records.iter().map(i64::to_string).collect();
    Source {
        from: "json_each(?) j CROSS JOIN records r ON r.record = j.value".to_owned(),
        alias: "r",
        // The value is that of the `?` in `from`, which stands right before.
        rows: Fragment::new("1", [Value::Text(format!("[{}]", list.join(",")))]),
        without: None,
    }
}

/// The candidates, else the index in the order of records, else all records of the type.
fn plain_source(plan: &Plan) -> Source {
    if let Some(candidates) = &plan.candidates {
        return listed(candidates);
    }
    if let Some((place, stream)) = &plan.stream {
        return Source {
            from: format!(
                "{} CROSS JOIN records r ON r.record = x.record",
                stream.from
            ),
            alias: "x",
            rows: stream.rows.clone(),
            without: Some(*place),
        };
    }
    all_source()
}

fn all_source() -> Source {
    Source {
        from: "records r".to_owned(),
        alias: "r",
        rows: Fragment::new("1", []),
        without: None,
    }
}

fn conditions(plan: &Plan, source: &Source, max: i64) -> Fragment {
    let mut out = source.rows.clone();
    let type_ = Value::Integer(plan.type_.unwrap_or(0));
    let live = " AND r.type = ? AND r.deleted = 0 AND r.record <= ?";
    out.push(live, [type_, Value::Integer(max)]);
    for (place, probe) in plan.probes.iter().enumerate() {
        if source.without != Some(place) {
            out.push(" AND ", []);
            out.append(probe.clone());
        }
    }
    out
}

fn run(
    connection: &Connection,
    plan: &Plan,
    source: &Source,
    keys: &[Key],
    token: Option<&Token>,
    max: i64,
    limit: usize,
) -> Result<Vec<Hit>, StoreError> {
    let sql = statement(plan, source, keys, token, max, limit);
    let mut statement = connection.prepare_cached(&sql.sql)?;
    let rows = statement.query_map(params_from_iter(sql.values), |row| {
        let keys = (1..=keys.len()).map(|place| row.get(place));
        Ok(Hit {
            record: row.get(0)?,
            keys: keys.collect::<Result<_, _>>()?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn statement(
    plan: &Plan,
    source: &Source,
    keys: &[Key],
    token: Option<&Token>,
    max: i64,
    limit: usize,
) -> Fragment {
    let mut sql = Fragment::new("SELECT r.record", []);
    for (place, key) in keys.iter().enumerate() {
        sql.push(", ", []);
        sql.append(key.value.clone());
        sql.push(&format!(" AS k{place}"), []);
    }
    sql.push(&format!(" FROM {} WHERE ", source.from), []);
    sql.append(conditions(plan, source, max));
    if let Some(token) = token {
        sql.push(" AND ", []);
        sql.append(order::after(keys, &token.keys, source.alias, token.record));
    }
    sql.push(&order::order_by(keys, source.alias), []);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    sql.push(" LIMIT ?", [Value::Integer(limit)]);
    sql
}

#[cfg(test)]
mod tests;
