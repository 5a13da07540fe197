//! Namespaces of XML to prefixes of a JSON-LD context.

use std::collections::BTreeMap;

use roxmltree::Node;
use serde_json::{Value, json};

use crate::context::Context;

/// Most namespaces of a document.
const NAMESPACES_MAX: usize = 256;

/// One prefix for a namespace in the whole document, whatever XML called it where.
#[derive(Default)]
pub(super) struct Names {
    prefixes: BTreeMap<String, String>,
    namespaces: BTreeMap<String, String>,
}

impl Names {
    /// More namespaces than are kept: the conversion is not whole.
    pub(super) fn is_full(&self) -> bool {
        self.namespaces.len() > NAMESPACES_MAX
    }

    /// `prefix:local`.
    pub(super) fn name(&mut self, node: Node<'_, '_>, namespace: &str, local: &str) -> String {
        let prefix = self.prefix(node, namespace);
        format!("{prefix}:{local}")
    }

    fn prefix(&mut self, node: Node<'_, '_>, namespace: &str) -> String {
        if let Some(known) = self.prefixes.get(namespace) {
            return known.clone();
        }
        if self.is_full() {
            return String::new();
        }
        let wanted = node.lookup_prefix(namespace).unwrap_or_default();
        let is_prefix = wanted
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic())
            && wanted
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        let stem = if is_prefix { wanted } else { "ns" };
        let mut prefix = stem.to_owned();
        let mut number = 1;
        while !self.is_free(&prefix, namespace) {
            number += 1;
            prefix = format!("{stem}{number}");
        }
        self.bind(&prefix, namespace);
        prefix
    }

    /// A prefix of GS1's context means what it means there; `cbvmda` is written with and without
    /// a colon at its end.
    fn is_free(&self, prefix: &str, namespace: &str) -> bool {
        if self.namespaces.contains_key(prefix) {
            return false;
        }
        match Context::default().namespace(prefix) {
            Some(built_in) => {
                namespace.trim_end_matches(':') == built_in.trim_end_matches(':')
                    || namespace == built_in
            }
            None => true,
        }
    }

    fn bind(&mut self, prefix: &str, namespace: &str) {
        self.prefixes
            .insert(namespace.to_owned(), prefix.to_owned());
        self.namespaces
            .insert(prefix.to_owned(), namespace.to_owned());
    }

    /// A value with a prefix that is declared where it stands keeps its meaning.
    pub(super) fn note_value(&mut self, node: Node<'_, '_>, value: &str) {
        let Some((prefix, _)) = value.split_once(':') else {
            return;
        };
        if let Some(namespace) = node.lookup_namespace_uri(Some(prefix)) {
            let is_new = !self.prefixes.contains_key(namespace);
            if is_new && !self.is_full() && self.is_free(prefix, namespace) {
                self.bind(prefix, namespace);
            }
        }
    }

    /// The `@context`: GS1's own, then the prefixes that it has not.
    pub(super) fn context(&self, gs1: &str) -> Value {
        let mut entries = vec![json!(gs1)];
        for (prefix, namespace) in &self.namespaces {
            if Context::default().namespace(prefix) != Some(namespace) {
                entries.push(json!({ prefix.as_str(): namespace }));
            }
        }
        Value::Array(entries)
    }
}
