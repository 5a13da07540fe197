//! FHIR R4 as pure functions over JSON trees: parsing, validation, search values, queries.
//!
//! What lives here: the strict JSON reader, the generated tables of the R4 definitions
//! (`cargo xtask gen`), the structural validator, the extraction of search values, the search-query
//! parser and its meaning, reference walking, the Patient compartment, parts of resources.
//! What does not: storage, HTTP, time, randomness, profiles, terminology services.
//!
//! Invariants:
//!
//! 1. Every official R4 example that is valid is accepted, and so is every Synthea bundle
//!    (`examples.rs`, which lists the 18 of 738 that are not valid, each with its defect).
//! 2. A defect is refused at its place: `every_broken_variant_is_refused_at_its_place`,
//!    `an_unknown_element_is_found_in_every_object_of_every_example`.
//! 3. An issue never quotes a value of the resource: `issues_are_bounded_and_quote_no_values`.
//! 4. Nothing of a query is ignored in silence: `nothing_is_ignored_in_silence`,
//!    `unusable_modifiers_and_values_are_errors`.
//! 5. The numbers of types and parameters stand in databases and never change:
//!    `the_numbers_of_parameters_are_frozen`.
//! 6. No input makes this crate panic, and every list it makes is bounded: the properties in
//!    `text.rs`, `every_list_is_bounded`.
//! 7. No float: a decimal keeps its digits (`a_number_keeps_its_digits`) and its order
//!    (`sort_keys_order_like_the_numbers`).
//!
//! Specification: <http://hl7.org/fhir/R4/>, sections 2.4 (narrative, contained), 2.6 (JSON), 2.24
//! (data types), 3.1.0.11 (transactions) and 3.1.1 (search).

pub mod compartment;
pub mod decimal;
pub mod json;
pub mod moment;
pub mod query;
pub mod redact;
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
