//! The `@context` of JSON-LD, as far as EPCIS needs it: which namespace a prefix stands for.
//!
//! The terms of GS1's own context are built in; no context is ever fetched. EPCIS 2.0 10.

use serde_json::Value;

/// Prefixes that GS1's context defines. `cbvmda` has no colon at its end here, as in XML, so that
/// the event hash of both forms agrees.
const BUILT_IN: &[(&str, &str)] = &[
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("cbvmda", "urn:epcglobal:cbv:mda"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("gs1", "https://gs1.org/voc/"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// The entries of one or more `@context`s, outermost first.
#[derive(Clone, Debug, Default)]
pub struct Context {
    entries: Vec<Value>,
}

impl Context {
    /// The context of a document, or of an event within a document.
    pub(crate) fn within(&self, inner: Option<&Value>) -> Self {
        let mut entries = self.entries.clone();
        let added = match inner {
            None => &[][..],
            Some(Value::Array(items)) => items,
            Some(single) => std::slice::from_ref(single),
        };
        for entry in added {
            if !entries.contains(entry) {
                entries.push(entry.clone());
            }
        }
        Self { entries }
    }

    /// From a list of prefixes, as the header `GS1-Extensions` has them.
    pub fn of_prefixes<'a>(prefixes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries = prefixes
            .into_iter()
            .map(|(prefix, namespace)| serde_json::json!({ prefix: namespace }))
            .collect();
        Self { entries }
    }

    /// The namespace of a prefix; what the document says goes before what is built in.
    pub fn namespace(&self, prefix: &str) -> Option<&str> {
        let declared = self.entries.iter().rev().find_map(|entry| {
            let term = entry.as_object()?.get(prefix)?;
            term.as_str().or_else(|| term.get("@id")?.as_str())
        });
        declared.or_else(|| {
            let built_in = BUILT_IN.iter().find(|(name, _)| *name == prefix)?;
            Some(built_in.1)
        })
    }

    /// Splits `example:myField` in namespace and local name, where the prefix is known.
    pub(crate) fn split<'a>(&'a self, name: &'a str) -> Option<(&'a str, &'a str)> {
        let (prefix, local) = name.split_once(':')?;
        Some((self.namespace(prefix)?, local))
    }

    /// `{namespace}local`, as the event hash writes names; an unknown prefix stays as it is.
    pub(crate) fn braced(&self, name: &str) -> String {
        match self.split(name) {
            Some((namespace, local)) => format!("{{{namespace}}}{local}"),
            None => name.to_owned(),
        }
    }

    /// The name of an extension field in the index: the namespace without the mark at its end,
    /// `#`, the local name. The same for JSON, XML and queries.
    pub fn field_name(&self, name: &str) -> String {
        match self.split(name) {
            Some((namespace, local)) => join(namespace, local),
            None => name.to_owned(),
        }
    }

    /// A value that may be a compact URI (`gs1:Temperature`), expanded.
    pub(crate) fn expand(&self, value: &str) -> String {
        match self.split(value) {
            Some((namespace, local)) if !local.starts_with("//") => {
                format!("{namespace}{local}")
            }
            _ => value.to_owned(),
        }
    }

    /// As `@context` again.
    pub(crate) fn to_json(&self) -> Value {
        Value::Array(self.entries.clone())
    }
}

/// See [`Context::field_name`].
pub(crate) fn join(namespace: &str, local: &str) -> String {
    let bare = namespace.trim_end_matches(['/', '#', ':']);
    format!("{bare}#{local}")
}
