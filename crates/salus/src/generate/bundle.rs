//! A FHIR transaction under construction.

use super::dice::Dice;
use serde_json::{Value, json};

/// Collects resources and the `urn:uuid` names by which they refer to each other.
pub(crate) struct Transaction {
    entries: Vec<Value>,
}

impl Transaction {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// Adds a resource that the server names; returns the name inside this bundle.
    pub(crate) fn create(&mut self, dice: &mut Dice, resource: Value) -> String {
        let urn = dice.urn();
        self.create_as(&urn, resource);
        urn
    }

    /// Adds a resource under a name that was given away before.
    pub(crate) fn create_as(&mut self, urn: &str, resource: Value) {
        let kind = &resource["resourceType"];
        let mut entry = json!({ "fullUrl": urn, "request": { "method": "POST", "url": kind } });
        entry["resource"] = resource;
        self.entries.push(entry);
    }

    /// Adds a resource under its own id, the same each time it is loaded.
    pub(crate) fn put(&mut self, id: &str, mut resource: Value) {
        resource["id"] = json!(id);
        let kind = resource["resourceType"].as_str().unwrap_or_default();
        let url = format!("{kind}/{id}");
        let mut entry = json!({ "request": { "method": "PUT", "url": url } });
        entry["resource"] = resource;
        self.entries.push(entry);
    }

    /// The finished Bundle.
    pub(crate) fn finish(self) -> Value {
        json!({ "resourceType": "Bundle", "type": "transaction", "entry": self.entries })
    }
}
