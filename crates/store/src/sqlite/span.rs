//! Stretches of time: which rows of an index by beginning satisfy "ends after", and conditions with
//! two ends.

use fhir::query::{Criterion, Filter, Prefix, Query, Sort, Test};
use fhir::search::{Kind, Place};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::condition::{self, Fragment, parameter};
use crate::StoreError;

const DAY_US: i64 = 86_400_000_000;

/// A condition that looks at the end of a stretch. What begins late enough is in the index by
/// beginning; of what begins earlier, the stretches up to a day begin within the day before, and
/// the long ones have an index by end.
pub(super) struct After {
    /// Rows that begin from here on...
    start: i64,
    /// ...and before here match.
    before: i64,
    /// Rows that begin before `start` match if they end after this.
    end: i64,
}

impl After {
    pub(super) fn of(prefix: Prefix, from: i64, to: i64) -> Option<Self> {
        let (start, before, end) = match prefix {
            Prefix::Gt => (to, i64::MAX, to),
            Prefix::Ge => (from, i64::MAX, to),
            Prefix::Ap => (from, to, from),
            _ => return None,
        };
        Some(Self { start, before, end })
    }

    /// The rows that begin late enough.
    pub(super) fn begins(&self, filter: &Filter) -> Fragment {
        let begins = "x.from_us >= ? AND x.from_us < ?";
        select(filter, "dates_by", begins, &[self.start, self.before])
    }

    /// The rows that begin earlier.
    pub(super) fn spans(&self, filter: &Filter) -> Vec<Fragment> {
        let short = "x.from_us >= ? AND x.from_us < ? AND x.to_us > ?
             AND x.to_us - x.from_us <= 86400000000";
        let long = "x.to_us > ? AND x.from_us < ? AND x.to_us - x.from_us > 86400000000";
        let day_before = self.start.saturating_sub(DAY_US);
        vec![
            select(
                filter,
                "dates_by",
                short,
                &[day_before, self.start, self.end],
            ),
            select(filter, "dates_long", long, &[self.end, self.start]),
        ]
    }
}

fn select(filter: &Filter, index: &str, rest: &str, values: &[i64]) -> Fragment {
    let mut all = vec![parameter(filter)];
    all.extend(values.iter().map(|value| Value::Integer(*value)));
    let sql =
        format!("SELECT x.record FROM dates x INDEXED BY {index} WHERE x.parameter = ? AND {rest}");
    Fragment::new(sql, all)
}

/// Records with several values: conditions may hold by different ones of them.
fn several(filter: &Filter) -> Fragment {
    select(filter, "dates_several", "x.several = 1", &[])
}

fn united(branches: Vec<Fragment>) -> Fragment {
    let mut out = Fragment::default();
    for branch in branches {
        let between = if out.sql.is_empty() {
            ""
        } else {
            " UNION ALL "
        };
        out.push(between, []);
        out.append(branch);
    }
    out
}

/// The only date of a filter.
fn only(filter: &Filter) -> Option<(&Criterion, Prefix, i64, i64)> {
    let Test::Any(criteria) = &filter.test else {
        return None;
    };
    let index = filter.parameter.place == Place::Index && filter.parameter.kind == Kind::Date;
    match criteria.as_slice() {
        [
            one @ Criterion::Date {
                prefix,
                from_us,
                to_us,
            },
        ] if index => Some((one, *prefix, *from_us, *to_us)),
        _ => None,
    }
}

/// A driver for "from here" and "up to there" of one parameter: a superset of what satisfies both.
pub(super) fn both_ends(
    connection: &Connection,
    query: &Query,
) -> Result<Option<Fragment>, StoreError> {
    for filter in &query.filters {
        let Some((_, prefix, from, to)) = only(filter) else {
            continue;
        };
        let Some(after) = After::of(prefix, from, to) else {
            continue;
        };
        let mut others = Fragment::default();
        for other in &query.filters {
            if other != filter
                && other.parameter.id == filter.parameter.id
                && let Some((criterion, ..)) = only(other)
            {
                others.push(" AND ", []);
                others.append(condition::of(connection, other, criterion)?);
            }
        }
        if others.sql.is_empty() {
            continue;
        }
        let mut branches = vec![after.begins(filter)];
        branches.extend(after.spans(filter));
        for branch in &mut branches {
            branch.append(others.clone());
        }
        branches.push(several(filter));
        return Ok(Some(united(branches)));
    }
    Ok(None)
}

/// A walk by date that need not begin at the first row: a filter on the same parameter says that
/// nearly all matches begin beyond a border.
pub(super) struct Border {
    /// The border.
    pub(super) at_us: i64,
    /// The few records that may match although they begin before it: a superset.
    pub(super) before: Fragment,
}

/// The border of a walk; `None`: it begins at the first row.
pub(super) fn border(query: &Query, sort: &Sort) -> Option<Border> {
    let own = |filter: &&Filter| filter.parameter.id == sort.parameter.id;
    query.filters.iter().filter(own).find_map(|filter| {
        let (_, prefix, from, to) = only(filter)?;
        let at_us = match (sort.descending, prefix) {
            (false, Prefix::Ge | Prefix::Eq | Prefix::Ap) | (true, Prefix::Lt | Prefix::Eb) => from,
            (false, Prefix::Gt | Prefix::Sa) | (true, Prefix::Le | Prefix::Eq | Prefix::Ap) => to,
            _ => return None,
        };
        let mut branches = vec![several(filter)];
        if !sort.descending
            && let Some(after) = After::of(prefix, from, to)
        {
            branches.extend(after.spans(filter));
        }
        Some(Border {
            at_us,
            before: united(branches),
        })
    })
}
