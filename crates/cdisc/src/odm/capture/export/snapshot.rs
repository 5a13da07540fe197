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

/// An item group that is.
#[derive(Default)]
struct State<'a> {
    /// The row that last changed it.
    last: Option<&'a Row>,
    /// In the order in which they first came.
    items: Vec<Option<&'a Item>>,
    /// By OID: the place in `items`.
    numbers: BTreeMap<&'a str, usize>,
}

/// One row for each item group that is, in the order in which they first came.
pub(super) fn state(rows: &[Row]) -> Vec<Row> {
    let mut numbers: BTreeMap<Instance<'_>, usize> = BTreeMap::new();
    let mut states: Vec<State<'_>> = Vec::new();
    let mut sites: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for row in rows {
        if let Some(location) = &row.location {
            sites.insert((&row.study, &row.subject), location);
        }
        let number = *numbers.entry(instance(row)).or_insert_with(|| {
            states.push(State::default());
            states.len() - 1
        });
        if let Some(state) = states.get_mut(number) {
            state.change(row);
        }
    }
    let rows = states.iter().filter_map(|state| {
        let last = state.last?;
        let site = sites.get(&(last.study.as_str(), last.subject.as_str()));
        Some(Row {
            location: site.map(|site| (*site).to_owned()),
            items: state.items.iter().flatten().copied().cloned().collect(),
            audit: None,
            transaction: None,
            ..last.clone()
        })
    });
    rows.collect()
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

impl<'a> State<'a> {
    fn change(&mut self, row: &'a Row) {
        match row.transaction {
            Some(Transaction::Context) => {}
            Some(Transaction::Remove) if row.items.is_empty() => *self = Self::default(),
            Some(Transaction::Remove) => {
                for item in &row.items {
                    let number = self.numbers.remove(item.oid.as_str());
                    if let Some(slot) = number.and_then(|number| self.items.get_mut(number)) {
                        *slot = None;
                    }
                }
            }
            _ => {
                self.last = Some(row);
                for item in &row.items {
                    self.set(item);
                }
            }
        }
    }

    fn set(&mut self, item: &'a Item) {
        let next = self.items.len();
        let number = *self.numbers.entry(&item.oid).or_insert(next);
        match self.items.get_mut(number) {
            Some(slot) => *slot = Some(item),
            None => self.items.push(Some(item)),
        }
    }
}
