//! Follows the compiled paths of each parameter through a resource.

use serde_json::Value;

use super::{Entry, IndexValue, Place, leaf};
use crate::tables::{Leaf, Path, Step, tables};

pub(super) fn run(resource: &Value) -> Vec<Entry> {
    let named = resource.get("resourceType").and_then(Value::as_str);
    let Some(searchable) = named.and_then(|name| tables().search.get(name)) else {
        return Vec::new();
    };
    let mut entries: Vec<Entry> = Vec::new();
    for (parameter, paths) in searchable.parameters.iter().zip(&searchable.paths) {
        if parameter.place != Place::Index {
            continue;
        }
        let first = entries.len();
        for path in paths {
            follow(resource, path, &mut |found| {
                leaf::read(parameter.kind, path, found, &mut |value: IndexValue| {
                    let known = entries.get(first..).unwrap_or_default();
                    if !known.iter().any(|entry| entry.value == value) {
                        entries.push(Entry {
                            parameter: parameter.id,
                            value,
                        });
                    }
                });
            });
        }
    }
    entries
}

/// Calls `see` with each value at the end of a path.
pub(crate) fn follow(resource: &Value, path: &Path, see: &mut dyn FnMut(&Value)) {
    if path.leaf == Leaf::Exists {
        return see(resource);
    }
    descend(resource, &path.steps, see);
}

fn descend(value: &Value, steps: &[Step], see: &mut dyn FnMut(&Value)) {
    let Some((step, rest)) = steps.split_first() else {
        return see(value);
    };
    match value.get(step.name) {
        Some(Value::Array(items)) => {
            for item in items.iter().filter(|item| passes(item, step)) {
                descend(item, rest, see);
            }
        }
        Some(one) if passes(one, step) => descend(one, rest, see),
        _ => {}
    }
}

fn passes(value: &Value, step: &Step) -> bool {
    step.filter
        .is_none_or(|(key, wanted)| value.get(key).and_then(Value::as_str) == Some(wanted))
}
