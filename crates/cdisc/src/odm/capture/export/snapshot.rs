//! What is, after all rows: the last value of each item of each item group.

use std::collections::BTreeMap;

use super::super::{Item, Key, Row, Transaction};

/// Where an item group stands, whatever the version of the metadata.
type Instance<'a> = (
    &'a str,
    &'a str,
    &'a Key,
    Option<&'a Key>,
    &'a [Key],
    &'a Key,
);

/// One row for each item group that is, in the order in which they first came.
pub(super) fn state(rows: &[Row]) -> Vec<Row> {
    let mut numbers: BTreeMap<Instance<'_>, usize> = BTreeMap::new();
    let mut state: Vec<Option<Row>> = Vec::new();
    let mut sites: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for row in rows {
        if let Some(location) = &row.location {
            sites.insert((&row.study, &row.subject), location);
        }
        let number = *numbers.entry(instance(row)).or_insert_with(|| {
            state.push(None);
            state.len() - 1
        });
        let Some(slot) = state.get_mut(number) else {
            continue;
        };
        match row.transaction {
            Some(Transaction::Context) => {}
            Some(Transaction::Remove) if row.items.is_empty() => *slot = None,
            Some(Transaction::Remove) => {
                if let Some(current) = slot {
                    current
                        .items
                        .retain(|one| row.items.iter().all(|gone| gone.oid != one.oid));
                }
            }
            _ => merge(slot, row),
        }
    }
    let mut rows: Vec<Row> = state.into_iter().flatten().collect();
    for row in &mut rows {
        let site = sites.get(&(row.study.as_str(), row.subject.as_str()));
        row.location = site.map(|site| (*site).to_owned());
    }
    rows
}

fn instance(row: &Row) -> Instance<'_> {
    (
        &row.study,
        &row.subject,
        &row.event,
        row.form.as_ref(),
        &row.within,
        &row.group,
    )
}

fn merge(slot: &mut Option<Row>, row: &Row) {
    let Some(current) = slot else {
        let mut first = row.clone();
        (first.transaction, first.audit) = (None, None);
        first.items.clear();
        first.items = row.items.iter().fold(first.items, set);
        *slot = Some(first);
        return;
    };
    current.metadata_version.clone_from(&row.metadata_version);
    let items = std::mem::take(&mut current.items);
    current.items = row.items.iter().fold(items, set);
}

fn set(mut items: Vec<Item>, item: &Item) -> Vec<Item> {
    match items.iter_mut().find(|known| known.oid == item.oid) {
        Some(known) => known.clone_from(item),
        None => items.push(item.clone()),
    }
    items
}
