//! The Patient compartment: which patients a resource belongs to.
//! <http://hl7.org/fhir/R4/compartmentdefinition-patient.html>

use std::collections::BTreeSet;

use serde_json::Value;

use crate::references::{self, Form, Link};
use crate::search;
use crate::tables::{Leaf, Path, tables};

/// The ids of the patients in whose compartment the resource is (a Patient is in its own).
/// Sorted, without duplicates. Only relative `Patient/..` references count.
pub fn patients(resource: &Value) -> Vec<String> {
    let Some(type_) = resource.get("resourceType").and_then(Value::as_str) else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    if type_ == "Patient"
        && let Some(id) = resource.get("id").and_then(Value::as_str)
    {
        found.insert(id.to_owned());
    }
    for path in paths(type_) {
        search::follow(resource, path, &mut |value| {
            let link = value
                .get("reference")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if let Form::Relative {
                type_: "Patient",
                id,
                ..
            } = references::form(link)
            {
                found.insert(id.to_owned());
            }
        });
    }
    found.into_iter().collect()
}

/// The ids of all patients whom the resource names: those in whose compartment it is, and those
/// that any other reference in it points at. Sorted, without duplicates.
pub fn named(resource: &Value) -> Vec<String> {
    let mut found: BTreeSet<String> = patients(resource).into_iter().collect();
    references::visit(resource, &mut |link, text| {
        if link == Link::Reference
            && let Form::Relative {
                type_: "Patient",
                id,
                ..
            } = references::form(text)
        {
            found.insert(id.to_owned());
        }
    });
    found.into_iter().collect()
}

/// The names of the search parameters through which a type is in the Patient compartment.
/// Empty: the type is never in it.
pub fn patient_parameters(resource_type: &str) -> &'static [&'static str] {
    tables()
        .compartment
        .get(resource_type)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn paths(type_: &str) -> impl Iterator<Item = &'static Path> {
    let names = patient_parameters(type_);
    let searchable = tables().search.get(type_);
    let all = searchable
        .into_iter()
        .flat_map(|one| one.parameters.iter().zip(&one.paths));
    all.filter(|(parameter, _)| names.contains(&parameter.name))
        .flat_map(|(_, paths)| paths)
        .filter(|path| path.leaf == Leaf::Reference)
}
