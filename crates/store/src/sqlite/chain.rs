//! Conditions on linked records. Every record on the way must be seen, and none of the values asked
//! for may be withheld: a hidden record neither fulfils a condition nor breaks it.

use fhir::query::{Branch, Chain, Condition, Query, Summary, Total};
use fhir::search::Parameter;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::condition::{self, Fragment};
use super::driver::Plan;
use super::names::{self, Table as Names};
use super::sight::Eyes;
use super::{read, search};
use crate::StoreError;

/// The parameter of the record itself that a chain asks for; `None`: it is the other record's.
pub(super) fn own(chain: &Chain) -> Option<&'static Parameter> {
    (!chain.reverse).then_some(chain.parameter)
}

/// The parameters of the linked record that a branch asks for.
fn asked<'a>(
    chain: &'a Chain,
    branch: &'a Branch,
) -> impl Iterator<Item = &'static Parameter> + use<'a> {
    let link = chain.reverse.then_some(chain.parameter);
    let end = match &branch.condition {
        Condition::Filter(filter) => Some(filter.parameter),
        Condition::Chain(next) => own(next),
    };
    link.into_iter().chain(end)
}

/// Whether the record `r` of this type satisfies the chain, looked up by record.
pub(super) fn probe(
    connection: &Connection,
    eyes: &Eyes,
    type_: &str,
    chain: &Chain,
) -> Result<Fragment, StoreError> {
    let mut pieces = Vec::with_capacity(chain.branches.len());
    for branch in &chain.branches {
        pieces.push(branch_probe(connection, eyes, type_, chain, branch)?);
    }
    Ok(Fragment::any(pieces))
}

/// A linked record is named `r` like the one it is linked to: inside, `r` is the inner one, and the
/// outer one is reached by the row of `refs` or `texts` that is made outside of it.
fn branch_probe(
    connection: &Connection,
    eyes: &Eyes,
    type_: &str,
    chain: &Chain,
    branch: &Branch,
) -> Result<Fragment, StoreError> {
    let other = names::find(connection, Names::Types, branch.resource_type)?;
    let Some(other) = other else {
        return Ok(Fragment::new("0", []));
    };
    let parameter = Value::Integer(i64::from(chain.parameter.id));
    let mut out = if chain.reverse {
        // Who points at `Type/id`.
        Fragment::new(
            "EXISTS (SELECT 1 FROM texts n CROSS JOIN refs x ON x.parameter = ?
             AND x.target = n.text WHERE n.value = ? || r.id AND EXISTS (
             SELECT 1 FROM records r WHERE r.record = x.record AND r.type = ?",
            [
                parameter,
                condition::text(&format!("{type_}/")),
                Value::Integer(other),
            ],
        )
    } else {
        let prefix = format!("{}/", branch.resource_type);
        let from = i64::try_from(prefix.len() + 1).unwrap_or(i64::MAX);
        let begins = condition::begins("n.value", &prefix);
        let mut out = Fragment::new(
            "EXISTS (SELECT 1 FROM refs x CROSS JOIN texts n ON n.text = x.target
             WHERE x.record = r.record AND x.parameter = ? AND ",
            [parameter],
        );
        out.append(begins);
        out.push(
            " AND EXISTS (SELECT 1 FROM records r WHERE r.type = ? AND r.id = substr(n.value, ?)",
            [Value::Integer(other), Value::Integer(from)],
        );
        out
    };
    out.push(" AND r.deleted = 0 AND ", []);
    out.append(match &branch.condition {
        Condition::Filter(filter) => condition::probe(connection, filter)?,
        Condition::Chain(next) => probe(connection, eyes, branch.resource_type, next)?,
    });
    if let Some(seen) = eyes.record("r", asked(chain, branch)) {
        out.push(" AND ", []);
        out.append(seen);
    }
    out.push("))", []);
    Ok(out)
}

/// A statement for the records that satisfy the chain, where the linked ones are few; `None`: they
/// are not.
pub(super) fn driver(
    connection: &Connection,
    eyes: &Eyes,
    type_: (&str, i64),
    chain: &Chain,
    rare: usize,
) -> Result<Option<Fragment>, StoreError> {
    let mut out = Fragment::default();
    for branch in &chain.branches {
        let Some(linked) = linked(connection, eyes, chain, branch, rare)? else {
            return Ok(None);
        };
        let between = if out.sql.is_empty() {
            ""
        } else {
            " UNION ALL "
        };
        out.push(between, []);
        let list = Value::Text(format!("[{}]", read::number_list(&linked)));
        let parameter = Value::Integer(i64::from(chain.parameter.id));
        if chain.reverse {
            let prefix = format!("{}/", type_.0);
            let from = i64::try_from(prefix.len() + 1).unwrap_or(i64::MAX);
            out.push(
                "SELECT r.record FROM json_each(?) j
                 CROSS JOIN refs x ON x.record = j.value AND x.parameter = ?
                 CROSS JOIN texts n ON n.text = x.target
                 CROSS JOIN records r ON r.type = ? AND r.id = substr(n.value, ?) WHERE ",
                [
                    list,
                    parameter,
                    Value::Integer(type_.1),
                    Value::Integer(from),
                ],
            );
            out.append(condition::begins("n.value", &prefix));
        } else {
            out.push(
                "SELECT x.record FROM json_each(?) j
                 CROSS JOIN records r ON r.record = j.value
                 CROSS JOIN texts n ON n.value = ? || r.id
                 CROSS JOIN refs x INDEXED BY refs_by ON x.parameter = ? AND x.target = n.text",
                [
                    list,
                    condition::text(&format!("{}/", branch.resource_type)),
                    parameter,
                ],
            );
        }
    }
    Ok((!out.sql.is_empty()).then_some(out))
}

/// The records of a branch that are seen and satisfy its condition; `None`: more than are rare.
fn linked(
    connection: &Connection,
    eyes: &Eyes,
    chain: &Chain,
    branch: &Branch,
    rare: usize,
) -> Result<Option<Vec<i64>>, StoreError> {
    let mut query = empty(branch.resource_type);
    match &branch.condition {
        Condition::Filter(filter) => query.filters.push(filter.clone()),
        Condition::Chain(next) => query.chains.push((**next).clone()),
    }
    let mut plan = Plan::make(connection, &query, eyes, rare)?;
    // The plan asks for the parameters of its query; the link of a reverse chain is one more.
    plan.probes.extend(eyes.decision("r", asked(chain, branch)));
    if plan.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if plan.candidates.is_none() {
        return Ok(None);
    }
    let records = search::records(connection, &plan, rare.saturating_add(1))?;
    Ok((records.len() <= rare).then_some(records))
}

fn empty(resource_type: &'static str) -> Query {
    Query {
        resource_type,
        filters: Vec::new(),
        chains: Vec::new(),
        sort: Vec::new(),
        count: None,
        total: Total::None,
        includes: Vec::new(),
        revincludes: Vec::new(),
        summary: Summary::False,
        elements: Vec::new(),
    }
}
