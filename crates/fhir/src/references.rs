//! Every place where a resource points at another one.

use serde_json::Value;

/// How a link is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// `Reference.reference`.
    Reference,
    /// An element of type uri, url, canonical, oid or uuid.
    Uri,
    /// `a/@href` or `img/@src` in the narrative.
    Narrative,
}

/// What a `Reference.reference` looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// `#id`.
    Contained(&'a str),
    /// `Patient/1` or `Patient/1/_history/2`.
    Relative {
        /// Resource type.
        type_: &'a str,
        /// Logical id.
        id: &'a str,
        /// Version, if one was given.
        version: Option<&'a str>,
    },
    /// `Patient?identifier=a|b` (only in transaction bundles).
    Conditional {
        /// Resource type.
        type_: &'a str,
        /// The query after the `?`.
        query: &'a str,
    },
    /// `urn:uuid:..`, `urn:oid:..`, `http://..`.
    Absolute(&'a str),
    /// None of these.
    Malformed,
}

/// Reads the form of a reference.
pub fn form(_reference: &str) -> Form<'_> {
    Form::Malformed
}

/// Calls `see` with each link of the resource, contained ones and nested ones included.
pub fn visit(_resource: &Value, _see: &mut dyn FnMut(Link, &str)) {}

/// Replaces each link for which `replace` answers `Some`. FHIR R4 3.1.0.11.2.
pub fn rewrite(_resource: &mut Value, _replace: &mut dyn FnMut(Link, &str) -> Option<String>) {}
