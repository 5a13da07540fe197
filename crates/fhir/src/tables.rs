//! The generated tables of R4, loaded once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

mod codes;
mod elements;
mod parameters;

pub(crate) use codes::CodeSet;
pub(crate) use elements::{Element, Kind, Primitive, Shape, Type};
pub(crate) use parameters::{Leaf, Path, Searchable, Step};

/// All tables.
pub(crate) struct Tables {
    /// Types; an index into this is a type number.
    pub(crate) types: Vec<Type>,
    /// Type numbers by name.
    by_name: BTreeMap<&'static str, usize>,
    /// Concrete resource types, sorted.
    pub(crate) resources: Vec<&'static str>,
    /// Value sets of required bindings.
    pub(crate) code_sets: Vec<CodeSet>,
    /// What each resource type can be searched by.
    pub(crate) search: BTreeMap<&'static str, Searchable>,
    /// Search parameters that put a type into the Patient compartment.
    pub(crate) compartment: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Tables {
    /// The type of that name.
    pub(crate) fn type_named(&self, name: &str) -> Option<&Type> {
        self.types.get(*self.by_name.get(name)?)
    }

    /// The number of `Element`, the type of what stands beside a primitive.
    pub(crate) fn element_type(&self) -> Option<usize> {
        self.by_name.get("Element").copied()
    }

    /// The concrete resource type of that name.
    pub(crate) fn resource(&self, name: &str) -> Option<&Type> {
        self.type_named(name)
            .filter(|one| one.kind == Kind::Resource)
    }

    /// The known spelling of a resource type, with static lifetime.
    pub(crate) fn resource_name(&self, name: &str) -> Option<&'static str> {
        let at = self.resources.binary_search(&name).ok()?;
        Some(self.resources[at])
    }
}

/// The tables; read from the generated text at the first call.
pub(crate) fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(load)
}

fn load() -> Tables {
    let (types, by_name) = elements::load(include_str!("generated/elements.txt"));
    let mut resources: Vec<&'static str> = types
        .iter()
        .filter(|one| one.kind == Kind::Resource)
        .map(|one| one.name)
        .collect();
    resources.sort_unstable();
    let compartment = include_str!("generated/compartment.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, parameters)| (name, parameters.split(',').collect()))
        .collect();
    Tables {
        types,
        by_name,
        resources,
        code_sets: codes::load(include_str!("generated/codes.txt")),
        search: parameters::load(include_str!("generated/search.txt")),
        compartment,
    }
}
