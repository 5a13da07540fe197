//! Keys: no two of the elements that a selector finds say the same in all fields (XML Schema
//! 3.11). An element without one of the fields is not compared.

use std::collections::BTreeSet;

use crate::odm::error::Place;
use crate::odm::schema::{Tables, Unique, XML};
use crate::odm::tree::{Element, Space};

/// The elements whose key an earlier one has, with the reason.
pub(super) fn repeated(
    tables: &Tables,
    element: &Element,
    unique: &Unique,
) -> Vec<(Place, String)> {
    let mut selected = vec![element];
    for step in &unique.steps {
        let inner = selected.into_iter().flat_map(Element::elements);
        selected = inner
            .filter(|child| *step == "*" || child.is(step))
            .collect();
    }
    let mut seen = BTreeSet::new();
    let mut repeated = Vec::new();
    for one in selected {
        let values = unique.fields.iter().map(|field| {
            let of_type = tables.attribute_type(&one.name, field)?;
            Some(tables.canonical(of_type, value(one, field)?))
        });
        let Some(values) = values.collect::<Option<Vec<String>>>() else {
            continue;
        };
        if !seen.insert(values) {
            let fields = unique.fields.join(" and ");
            let (name, parent) = (&one.name.local, &element.name.local);
            let reason = format!("another `{name}` in this `{parent}` has the same {fields}");
            repeated.push((one.place.clone(), reason));
        }
    }
    repeated
}

fn value<'a>(element: &'a Element, field: &str) -> Option<&'a str> {
    let Some(local) = field.strip_prefix("xml:") else {
        return element.attribute(field);
    };
    let mut attributes = element.attributes.iter();
    let found = attributes.find(|one| {
        one.name.local == local && matches!(&one.name.space, Space::Other(uri) if &**uri == XML)
    });
    found.map(|one| one.value.as_str())
}
