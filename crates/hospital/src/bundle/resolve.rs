//! Who is who in a transaction: ids for what it creates, and the references to them.
//! FHIR R4 3.1.0.11.2.

use std::collections::HashMap;

use fhir::references::{self, Form, Link};
use serde_json::Value;

use super::plan::invalid;
use crate::error::HospitalError;

/// How the entries of a bundle may be named, and what they become.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// `urn:uuid:..` or an absolute url to `Patient/123`.
    by_url: HashMap<String, String>,
    /// Conditional references to `Patient/123`.
    by_condition: HashMap<String, String>,
}

impl Names {
    /// Says what the entry with this full url becomes.
    pub(super) fn add(
        &mut self,
        index: usize,
        full_url: &str,
        reference: String,
    ) -> Result<(), HospitalError> {
        match self.by_url.insert(full_url.to_owned(), reference) {
            None => Ok(()),
            // FHIR R4 bdl-7.
            Some(_) => Err(invalid(
                "duplicate",
                &format!("Bundle.entry[{index}].fullUrl"),
                "two entries have the same fullUrl",
            )),
        }
    }

    pub(super) fn add_condition(&mut self, condition: String, reference: String) {
        self.by_condition.insert(condition, reference);
    }

    /// Replaces every link of a resource that names an entry of the bundle. `full_url` is the
    /// resource's own: relative references are read from its base (FHIR R4 2.36.4.1).
    pub(super) fn rewrite(&self, resource: &mut Value, full_url: Option<&str>) {
        let base = full_url.and_then(rest_base);
        references::rewrite(resource, &mut |link, text| self.target(link, text, base));
    }

    fn target(&self, link: Link, text: &str, base: Option<&str>) -> Option<String> {
        if let Some(reference) = self.by_url.get(text) {
            return Some(reference.clone());
        }
        if let Some((url, part)) = text.split_once('#')
            && let Some(reference) = self.by_url.get(url)
        {
            return Some(format!("{reference}#{part}"));
        }
        if link != Link::Reference {
            return None;
        }
        match (references::form(text), base) {
            (Form::Conditional { .. }, _) => self.by_condition.get(text).cloned(),
            (Form::Relative { version: None, .. }, Some(base)) => {
                self.by_url.get(&format!("{base}/{text}")).cloned()
            }
            _ => None,
        }
    }

    /// A link that can lead nowhere: a urn of no entry. FHIR R4 2.36.4.1 lets a url stay.
    pub(super) fn dangling(resource: &Value) -> Option<String> {
        let mut found = None;
        references::visit(resource, &mut |link, text| {
            let urn = text.starts_with("urn:uuid:") || text.starts_with("urn:oid:");
            if link == Link::Reference && urn && found.is_none() {
                found = Some(crate::request::clip(text));
            }
        });
        found
    }
}

/// `http://x/fhir` of `http://x/fhir/Patient/1`.
fn rest_base(full_url: &str) -> Option<&str> {
    if !full_url.contains("://") {
        return None;
    }
    let (rest, _id) = full_url.rsplit_once('/')?;
    let (base, type_) = rest.rsplit_once('/')?;
    crate::request::known_type(type_).ok().map(|_| base)
}

/// The conditional references of a resource, each as it is written.
pub(super) fn conditions(resource: &Value, found: &mut Vec<String>) {
    references::visit(resource, &mut |link, text| {
        if link == Link::Reference && matches!(references::form(text), Form::Conditional { .. }) {
            found.push(text.to_owned());
        }
    });
}
