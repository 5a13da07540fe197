//! Remarks as elements.

use super::{Annotation, Query, Said, Signature};
use crate::odm::Version;
use crate::odm::capture::audit;
use crate::odm::error::OdmError;
use crate::odm::tree::Element;

/// What is said, as an element of this version.
pub(in crate::odm::capture) fn written(version: Version, said: &Said) -> Result<Element, OdmError> {
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
