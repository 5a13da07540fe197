//! Remarks into a document that is being made: each beside the data that it is about.

use super::{About, Annotation, Query, Remark, Said, Signature};
use crate::odm::capture::{Key, Transaction, audit};
use crate::odm::error::OdmError;
use crate::odm::schema::{Tables, tables};
use crate::odm::tree::{Element, Node};
use crate::odm::{Odm, Version};

/// Puts a remark in. `is_history`: containers made for it say that they are context.
pub(in crate::odm::capture) fn attach(
    odm: &mut Odm,
    remark: &Remark,
    is_history: bool,
) -> Result<(), OdmError> {
    let tables = tables(odm.version);
    let path = path(odm.version, &remark.about)?;
    let element = element(odm.version, &remark.said)?;
    // No two signatures stand in one element.
    let is_free = |at: &Element| !element.is("Signature") || at.first("Signature").is_none();
    let mut here = &mut odm.root;
    let mut made = path.len();
    for length in (0..=path.len()).rev() {
        let is_target = length == path.len();
        let found = find(here, &path[..length], &|at| !is_target || is_free(at));
        if let Some(numbers) = found {
            for number in numbers {
                let Some(Node::Element(next)) = here.nodes.get_mut(number) else {
                    return Ok(());
                };
                here = next;
            }
            made = length;
            break;
        }
    }
    for (number, step) in path.iter().enumerate().skip(made) {
        let mut container = step.clone();
        if is_history && number > 0 {
            container = container.with("TransactionType", Transaction::Context.as_str());
        }
        here = insert(tables, here, container)?;
    }
    insert(tables, here, element)?;
    Ok(())
}

/// The numbers of the nodes on the way to the last element on this path.
fn find(
    here: &Element,
    path: &[Element],
    is_fit: &impl Fn(&Element) -> bool,
) -> Option<Vec<usize>> {
    let Some((step, rest)) = path.split_first() else {
        return is_fit(here).then(Vec::new);
    };
    for (number, node) in here.nodes.iter().enumerate().rev() {
        let Node::Element(child) = node else {
            continue;
        };
        if is_same(child, step)
            && let Some(mut numbers) = find(child, rest, is_fit)
        {
            numbers.insert(0, number);
            return Some(numbers);
        }
    }
    None
}

/// The same name and key; the kind of change and what stands within may differ.
fn is_same(child: &Element, step: &Element) -> bool {
    let keys = [
        "StudyOID",
        "MetaDataVersionOID",
        "SubjectKey",
        "StudyEventOID",
        "StudyEventRepeatKey",
        "FormOID",
        "FormRepeatKey",
        "ItemGroupOID",
        "ItemGroupRepeatKey",
        "ItemOID",
    ];
    let is_equal = |key: &&str| child.attribute(key) == step.attribute(key);
    child.name == step.name && keys.iter().all(is_equal)
}

/// Where the schema wants it: behind those that rank before it or alike.
fn insert<'a>(
    tables: &Tables,
    parent: &'a mut Element,
    child: Element,
) -> Result<&'a mut Element, OdmError> {
    let complex = tables
        .key(&parent.name)
        .and_then(|key| tables.type_of(&key))
        .and_then(|of_type| tables.complex(of_type));
    let rank = |element: &Element| {
        let key = tables.key(&element.name);
        complex.map_or(0, |complex| complex.rank(key.as_deref()))
    };
    let own = rank(&child);
    let before = parent.nodes.iter().rposition(|node| match node {
        Node::Element(other) => rank(other) <= own,
        Node::Text(_) => true,
    });
    let at = before.map_or(0, |before| before + 1);
    parent.nodes.insert(at, Node::Element(child));
    match parent.nodes.get_mut(at) {
        Some(Node::Element(child)) => Ok(child),
        _ => Err(OdmError::Unwritable("a remark has no place".to_owned())),
    }
}

/// The elements on the way to the data. The form of 1.3.2 is the outermost item group of 2.0.
fn path(version: Version, about: &About) -> Result<Vec<Element>, OdmError> {
    let keyed = |name: &'static str, oid: &'static str, repeat: &'static str, key: &Key| {
        Element::new(name)
            .with(oid, &key.oid)
            .with_some(repeat, key.repeat.as_deref())
    };
    let mut path = vec![
        Element::new("ClinicalData")
            .with("StudyOID", &about.study)
            .with("MetaDataVersionOID", &about.metadata_version),
    ];
    if let Some(subject) = &about.subject {
        path.push(Element::new("SubjectData").with("SubjectKey", subject));
    }
    if let Some(event) = &about.event {
        path.push(keyed(
            "StudyEventData",
            "StudyEventOID",
            "StudyEventRepeatKey",
            event,
        ));
    }
    let mut groups: Vec<&Key> = about.form.iter().chain(&about.groups).collect();
    if version == Version::V1 && !groups.is_empty() {
        path.push(keyed(
            "FormData",
            "FormOID",
            "FormRepeatKey",
            groups.remove(0),
        ));
        if groups.len() > 1 {
            let reason = "ODM 1.3.2 has no item groups within item groups: take 2.0";
            return Err(OdmError::Unwritable(reason.to_owned()));
        }
    }
    for group in groups {
        path.push(keyed(
            "ItemGroupData",
            "ItemGroupOID",
            "ItemGroupRepeatKey",
            group,
        ));
    }
    if let Some(item) = &about.item {
        path.push(Element::new("ItemData").with("ItemOID", item));
    }
    Ok(path)
}

fn element(version: Version, said: &Said) -> Result<Element, OdmError> {
    match (said, version) {
        (Said::Signature(signature), _) => Ok(signed(signature)),
        (Said::Annotation(annotation), _) => Ok(annotated(version, annotation)),
        (Said::Query(query), Version::V2) => Ok(asked(query)),
        (Said::Query(_), Version::V1) => Err(OdmError::Unwritable(
            "ODM 1.3.2 has no queries: take 2.0, or leave them away".to_owned(),
        )),
    }
}

fn signed(signature: &Signature) -> Element {
    Element::new("Signature")
        .with_some("ID", signature.id.as_deref())
        .holding(Element::new("UserRef").with("UserOID", &signature.user))
        .holding(Element::new("LocationRef").with("LocationOID", &signature.location))
        .holding(Element::new("SignatureRef").with("SignatureOID", &signature.meaning))
        .holding(Element::new("DateTimeStamp").saying(&signature.at))
}

fn annotated(version: Version, annotation: &Annotation) -> Element {
    let mut element = Element::new("Annotation").with("SeqNum", &annotation.number);
    if let Some(text) = &annotation.comment {
        let comment = match version {
            Version::V1 => audit::said("Comment", text),
            Version::V2 => {
                let text = audit::said("TranslatedText", text).with("Type", "text/plain");
                Element::new("Comment").holding(text)
            }
        };
        let side = annotation.side.as_deref();
        element = element.holding(comment.with_some("SponsorOrSite", side));
    }
    for flag in &annotation.flags {
        let coded = |name: &'static str, value: &str, list: &str| {
            audit::said(name, value).with("CodeListOID", list)
        };
        let mut one = Element::new("Flag").holding(coded("FlagValue", &flag.value, &flag.list));
        if let Some((kind, list)) = &flag.kind {
            one = one.holding(coded("FlagType", kind, list));
        }
        element = element.holding(one);
    }
    element
}

fn asked(query: &Query) -> Element {
    let element = Element::new("Query")
        .with("OID", &query.oid)
        .with("Source", &query.source)
        .with_some("Target", query.target.as_deref())
        .with_some("Type", query.kind.as_deref())
        .with("State", &query.state)
        .with("LastUpdateDatetime", &query.updated_at)
        .with_some("Name", query.name.as_deref())
        .holding(audit::said("Value", &query.text));
    let audits = query.audits.iter().map(audit::write);
    audits.fold(element, Element::holding)
}
