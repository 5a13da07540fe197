//! Audit records as elements and back.

use super::Audit;
use crate::odm::tree::Element;

/// An `AuditRecord` as the view says it.
pub(super) fn read(record: &Element) -> Audit {
    let reference = |name: &str, attribute: &str| {
        let found = record.first(name).and_then(|one| one.attribute(attribute));
        found.unwrap_or_default().to_owned()
    };
    let text = |name: &str| record.first(name).map(Element::text);
    Audit {
        user: reference("UserRef", "UserOID"),
        location: reference("LocationRef", "LocationOID"),
        at: text("DateTimeStamp").unwrap_or_default().trim().to_owned(),
        reason: text("ReasonForChange"),
        source: text("SourceID"),
        edit_point: record.attribute("EditPoint").map(str::to_owned),
    }
}

/// The same in both versions.
pub(super) fn write(audit: &Audit) -> Element {
    let mut record = Element::new("AuditRecord")
        .with_some("EditPoint", audit.edit_point.as_deref())
        .holding(Element::new("UserRef").with("UserOID", &audit.user))
        .holding(Element::new("LocationRef").with("LocationOID", &audit.location))
        .holding(Element::new("DateTimeStamp").saying(&audit.at));
    for (name, text) in [
        ("ReasonForChange", &audit.reason),
        ("SourceID", &audit.source),
    ] {
        if let Some(text) = text {
            record = record.holding(said(name, text));
        }
    }
    record
}

/// An element with a text that may be empty.
pub(super) fn said(name: &'static str, text: &str) -> Element {
    let element = Element::new(name);
    if text.is_empty() {
        element
    } else {
        element.saying(text)
    }
}
