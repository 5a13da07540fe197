//! Writes `elements.txt`: a line for each type, then one, indented, for each of its elements.
//!
//! `Patient:DomainResource r` and ` gender code 01 s =17`: name, types, min and max, summary flag,
//! number of the value set it is bound to.

use std::fmt::Write as _;

use super::codes::Codes;
use super::model::{Element, Kind, Model, TypeRef};

pub(crate) fn write(model: &Model, codes: &Codes) -> String {
    let mut out = String::new();
    for (name, one) in &model.types {
        let kind = match one.kind {
            Kind::Resource => 'r',
            Kind::Abstract => 'a',
            Kind::Complex => 'c',
        };
        let _ = writeln!(out, "{name}:{} {kind}", one.base);
        for element in &one.elements {
            write_element(&mut out, element, codes);
        }
    }
    out
}

fn write_element(out: &mut String, element: &Element, codes: &Codes) {
    let types: Vec<String> = element.types.iter().map(type_text).collect();
    let max = if element.many { '*' } else { '1' };
    let _ = write!(
        out,
        " {} {} {}{max}",
        element.name,
        types.join("|"),
        element.min.min(9)
    );
    if element.summary {
        out.push_str(" s");
    }
    if let Some(number) = element.binding.as_deref().and_then(|url| codes.number(url)) {
        let _ = write!(out, " ={number}");
    }
    out.push('\n');
}

fn type_text(one: &TypeRef) -> String {
    if one.targets.is_empty() {
        one.name.clone()
    } else {
        format!("{}({})", one.name, one.targets.join(","))
    }
}
