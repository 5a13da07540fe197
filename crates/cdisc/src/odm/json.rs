//! JSON of ODM 2.0 in and out. CDISC publishes no schema for it; the form is written down in
//! `docs/reference/odm.md`: attributes and elements are members under the names that they have in
//! XML, text is `_content`.
//!
//! Members of an object have no order. Elements are put into the order of the schema; where the
//! order says more than that, `_order` lists the names, and where text stands between elements,
//! `_nodes` lists both.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

/// The text in an element.
const CONTENT: &str = "_content";
/// The names of the elements, one for each, in their order.
const ORDER: &str = "_order";
/// Texts, and objects with one member each: what stands in an element, in order.
const NODES: &str = "_nodes";
/// In the root: prefixes and the namespaces that they mean.
const NAMESPACES: &str = "_namespaces";
/// In the root of a fragment: the name of its element; of a document it is `ODM`.
const ROOT: &str = "_root";
