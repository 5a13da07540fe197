//! FHIR R4 as pure functions over JSON trees: parsing, validation, search values, queries.
//!
//! What lives here: the strict JSON reader, the generated tables of the R4 definitions, the
//! structural validator, the extraction of search values, the search-query parser, reference
//! walking and the Patient compartment. What does not: storage, HTTP, time, randomness.

pub mod compartment;
pub mod decimal;
pub mod json;
mod moment;
pub mod query;
pub mod references;
pub mod search;
pub mod subset;
mod tables;
pub mod validate;

pub use decimal::Decimal;

/// Every concrete R4 resource type, sorted by name.
pub fn resource_types() -> &'static [&'static str] {
    &tables::tables().resources
}

/// The number of a resource type: its place in [`resource_types`], stable for R4 4.0.1.
pub fn type_number(name: &str) -> Option<u8> {
    let at = resource_types().binary_search(&name).ok()?;
    u8::try_from(at).ok()
}
