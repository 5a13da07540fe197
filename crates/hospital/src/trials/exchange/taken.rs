//! A dataset as rows: which participant, event and form each of its records is about, and the
//! values of the items.

use cdisc::dataset::{Column, DataType, Dataset, Number, Value};
use std::collections::BTreeMap;

use super::layout::{KEY, Layout};
use super::out::lexeme;
use super::{Mapping, PLACES_MAX};
use crate::error::HospitalError;
use crate::trials::rows::{Item, RowKey};
use crate::trials::wrong;

/// A record of a dataset as a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) key: RowKey,
    pub(super) items: Vec<Item>,
}

/// Where parts of the key and items stand.
struct Places {
    /// In the order of [`KEY`].
    key: [Option<usize>; 7],
    items: Vec<(usize, String)>,
}

/// The rows of a dataset; defects are refused with their places.
pub(super) fn rows(
    dataset: &Dataset,
    (layout, mapping): (&Layout, &Mapping),
    here: &str,
) -> Result<Vec<Taken>, HospitalError> {
    let places = places(dataset, layout, mapping)?;
    let mut faults: Vec<String> = Vec::new();
    let mut seen: BTreeMap<RowKey, usize> = BTreeMap::new();
    let mut taken = Vec::with_capacity(dataset.rows.len());
    for (number, row) in dataset.rows.iter().enumerate() {
        let part = |at: usize| {
            places.key[at]
                .and_then(|it| text(&row[it]))
                .unwrap_or_default()
        };
        let or = |found: String, constant: &Option<String>| {
            let constant = constant.as_ref().filter(|_| found.is_empty());
            constant.cloned().unwrap_or(found)
        };
        let site = part(0);
        let key = RowKey {
            subject: part(1),
            event: or(part(2), &mapping.event),
            event_repeat: part(3),
            form: or(part(4), &layout.form),
            form_repeat: part(5),
            group: layout.group.clone(),
            group_repeat: part(6),
        };
        if !site.is_empty() && site != here {
            faults.push(format!("/rows/{number}: is of another site"));
        }
        if key.subject.is_empty() || key.event.is_empty() {
            faults.push(format!(
                "/rows/{number}: names no participant, or no event: say which columns do"
            ));
        }
        if let Some(first) = seen.insert(key.clone(), number) {
            faults.push(format!(
                "/rows/{number}: has the key of row {first}: say which column tells them apart"
            ));
        }
        if faults.len() >= PLACES_MAX {
            break;
        }
        let items = places.items.iter().map(|(at, oid)| Item {
            oid: oid.clone(),
            value: text(&row[*at]),
        });
        taken.push(Taken {
            key,
            items: items.collect(),
        });
    }
    if !faults.is_empty() {
        return Err(wrong(faults.join("\n")));
    }
    if taken.is_empty() {
        return Err(wrong("the dataset has no rows"));
    }
    Ok(taken)
}

fn places(dataset: &Dataset, layout: &Layout, mapping: &Mapping) -> Result<Places, HospitalError> {
    let find = |name: &str| dataset.columns.iter().position(|it| it.name == name);
    let named = |name: &Option<String>, usual: &str| match name {
        None => Ok(find(usual)),
        Some(name) => find(name)
            .map(Some)
            .ok_or_else(|| wrong(format!("the dataset has no column `{name}`"))),
    };
    let mut key = KEY.map(|(name, _)| find(name));
    key[1] = named(&mapping.subject, KEY[1].0)?;
    key[2] = named(&mapping.visit, KEY[2].0)?;
    key[6] = named(&mapping.repeat, KEY[6].0)?;
    let mut items = Vec::new();
    for (at, column) in dataset.columns.iter().enumerate() {
        // A column of the key may be an item too: USUBJID in tabulations.
        match item_of(column, layout) {
            Some(oid) => items.push((at, oid.to_owned())),
            None if key.contains(&Some(at)) => {}
            None => {
                return Err(wrong(format!(
                    "/columns/{at}: `{}` is no item of `{}`",
                    column.name, layout.group
                )));
            }
        }
    }
    Ok(Places { key, items })
}

/// The item of a column: by its OID; a transport file knows names only.
fn item_of<'a>(column: &Column, layout: &'a Layout) -> Option<&'a str> {
    let all = || layout.columns.iter();
    let by_oid = all().find(|it| it.item_oid == column.item_oid);
    let found = by_oid.or_else(|| all().find(|it| it.name == column.name))?;
    Some(&found.item_oid)
}

/// A value as text, as ODM writes it; `None`: there is none.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Missing | Value::SpecialMissing(_) => None,
        Value::Boolean(is) => Some(is.to_string()),
        Value::Number(number) if number.as_str().contains(['e', 'E']) => Some(number.canonical()),
        Value::Number(number) => Some(number.as_str().to_owned()),
        Value::Text(text) => Some(text.to_string()).filter(|it| !it.trim().is_empty()),
    }
}

/// What the items of a row are after a record. A value that is the same number, written in another
/// way, is the same; nothing is said by a blank where nothing was.
pub(super) fn merged(before: &[Item], after: Vec<Item>, layout: &Layout) -> Vec<Item> {
    let mut items = before.to_vec();
    for item in after {
        match items.iter_mut().find(|it| it.oid == item.oid) {
            Some(known) if is_same(known, &item, of(layout, &item.oid)) => {}
            Some(known) => known.value = item.value,
            None if before.is_empty() || item.value.is_some() => items.push(item),
            None => {}
        }
    }
    items
}

fn of(layout: &Layout, oid: &str) -> DataType {
    let found = layout.columns.iter().find(|it| it.item_oid == oid);
    found.map_or(DataType::String, |it| it.data_type)
}

fn is_same(before: &Item, after: &Item, data_type: DataType) -> bool {
    let (Some(before), Some(after)) = (&before.value, &after.value) else {
        return before.value == after.value;
    };
    let number = |text: &str| Number::new(&lexeme(text)?);
    let alike = match data_type {
        DataType::Integer | DataType::Float | DataType::Double | DataType::Decimal => {
            number(before).is_some_and(|it| Some(it) == number(after))
        }
        DataType::Boolean => {
            let is = |text: &str| matches!(text, "true" | "1");
            is(before) == is(after)
        }
        _ => false,
    };
    // A transport file keeps no blanks at the end.
    alike || before.trim_end() == after.trim_end()
}
