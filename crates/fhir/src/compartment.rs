//! The Patient compartment: which patients a resource belongs to.

use serde_json::Value;

/// The ids of the patients in whose compartment the resource is (a Patient is in its own).
/// Sorted, without duplicates. Only relative `Patient/..` references count.
pub fn patients(_resource: &Value) -> Vec<String> {
    Vec::new()
}

/// The names of the search parameters through which a type is in the Patient compartment.
/// Empty: the type is never in it.
pub fn patient_parameters(_resource_type: &str) -> &'static [&'static str] {
    &[]
}
