//! The `@context` of JSON-LD, as far as EPCIS needs it: which namespace a prefix stands for.
//!
//! The terms of GS1's own context are built in; no context is ever fetched. EPCIS 2.0 10.

use std::sync::Arc;

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

/// The entries of one or more `@context`s.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Of the document around an event: shared, not copied for each event.
    outer: Option<Arc<Context>>,
    entries: Vec<Value>,
}

impl Context {
    /// The context of a document, or of an event within a document.
    pub(crate) fn inside(outer: &Arc<Self>, own: Option<&Value>) -> Self {
        let entries = match own {
            None => Vec::new(),
            Some(Value::Array(items)) => items.clone(),
            Some(single) => vec![single.clone()],
        };
        Self {
            outer: Some(Arc::clone(outer)),
            entries,
        }
    }

    /// With more entries inside.
    pub(crate) fn within(&self, own: Option<&Value>) -> Self {
        Self::inside(&Arc::new(self.clone()), own)
    }

    /// From a list of prefixes, as the header `GS1-Extensions` has them.
    pub fn of_prefixes<'a>(prefixes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let entries = prefixes
            .into_iter()
            .map(|(prefix, namespace)| serde_json::json!({ prefix: namespace }))
            .collect();
        Self {
            outer: None,
            entries,
        }
    }

    /// The namespace of a prefix; what is further in goes before what is further out, and what is
    /// built in comes last.
    pub fn namespace(&self, prefix: &str) -> Option<&str> {
        self.declared(prefix).or_else(|| {
            let built_in = BUILT_IN.iter().find(|(name, _)| *name == prefix)?;
            Some(built_in.1)
        })
    }

    fn declared(&self, prefix: &str) -> Option<&str> {
        let own = self.entries.iter().rev().find_map(|entry| {
            let term = entry.as_object()?.get(prefix)?;
            term.as_str().or_else(|| term.get("@id")?.as_str())
        });
        own.or_else(|| self.outer.as_ref()?.declared(prefix))
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

    /// As `@context` again: outermost first, nothing twice.
    pub(crate) fn to_json(&self) -> Value {
        let mut all = Vec::new();
        self.collect(&mut all);
        Value::Array(all)
    }

    fn collect(&self, all: &mut Vec<Value>) {
        if let Some(outer) = &self.outer {
            outer.collect(all);
        }
        let around = all.len();
        for entry in &self.entries {
            if !all[..around].contains(entry) {
                all.push(entry.clone());
            }
        }
    }
}

/// See [`Context::field_name`].
pub(crate) fn join(namespace: &str, local: &str) -> String {
    let bare = namespace.trim_end_matches(['/', '#', ':']);
    format!("{bare}#{local}")
}
