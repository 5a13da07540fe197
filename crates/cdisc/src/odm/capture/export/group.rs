//! The item group of a row as an element.

use super::FileType;
use crate::odm::Version;
use crate::odm::capture::audit::{said, write as audit_record};
use crate::odm::capture::{Row, Transaction};
use crate::odm::error::OdmError;
use crate::odm::tree::{Element, Node};

/// With its items, and in a history with the kind of change and the audit record.
pub(super) fn group(version: Version, file: FileType, row: &Row) -> Result<Element, OdmError> {
    let mut group = Element::new("ItemGroupData")
        .with("ItemGroupOID", &row.group.oid)
        .with_some("ItemGroupRepeatKey", row.group.repeat.as_deref());
    let is_history = file == FileType::Transactional;
    if is_history {
        let transaction = row.transaction.unwrap_or(Transaction::Upsert);
        group = group.with("TransactionType", transaction.as_str());
    }
    let audit = row.audit.as_ref().filter(|_| is_history).map(audit_record);
    // The record stands before the items in 1.3.2, and after them in 2.0.
    if version == Version::V1 {
        group.nodes.extend(audit.clone().map(Node::Element));
    }
    for item in &row.items {
        let element = Element::new("ItemData").with("ItemOID", &item.oid);
        let element = match (&item.value, version) {
            (None, _) => element.with("IsNull", "Yes"),
            (Some(value), Version::V1) if item.others.is_empty() => element.with("Value", value),
            (Some(_), Version::V1) => {
                let reason = "in ODM 1.3.2 an item has one value: a row has several; take 2.0";
                return Err(OdmError::Unwritable(reason.to_owned()));
            }
            (Some(value), Version::V2) => {
                let values = std::iter::once(value).chain(&item.others);
                values.fold(element, |element, value| {
                    element.holding(said("Value", value))
                })
            }
        };
        group.nodes.push(Node::Element(element));
    }
    if version == Version::V2 {
        group.nodes.extend(audit.map(Node::Element));
    }
    Ok(group)
}
