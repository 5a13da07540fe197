//! Remarks of a document.

use std::collections::BTreeMap;

use super::{About, Annotation, Flag, Query, Remark, Said, Signature};
use crate::odm::Odm;
use crate::odm::capture::{Key, audit};
use crate::odm::tree::Element;

/// All that a document says about its clinical data, in its order.
pub fn remarks(odm: &Odm) -> Vec<Remark> {
    let mut found = Vec::new();
    for data in odm.root.all("ClinicalData") {
        let containers = ["Signatures", "Annotations"];
        let apart = containers.iter().flat_map(|name| data.all(name));
        let apart = apart.flat_map(Element::elements);
        let mut reader = Reader {
            apart: apart
                .filter_map(|one| Some((one.attribute("ID")?, one)))
                .collect(),
            found: &mut found,
        };
        let about = About {
            study: text(data, "StudyOID"),
            metadata_version: text(data, "MetaDataVersionOID"),
            ..About::default()
        };
        reader.below(data, &about);
    }
    found
}

struct Reader<'a, 'd> {
    /// What stands apart and is referred to by ID (1.3.2).
    apart: BTreeMap<&'d str, &'d Element>,
    found: &'a mut Vec<Remark>,
}

impl Reader<'_, '_> {
    fn below(&mut self, element: &Element, about: &About) {
        for child in element.elements() {
            let mut inner = about.clone();
            match &*child.name.local {
                "SubjectData" => inner.subject = Some(text(child, "SubjectKey")),
                "StudyEventData" => {
                    inner.event = Some(key(child, "StudyEventOID", "StudyEventRepeatKey"));
                }
                "FormData" => inner.form = Some(key(child, "FormOID", "FormRepeatKey")),
                "ItemGroupData" => {
                    let group = key(child, "ItemGroupOID", "ItemGroupRepeatKey");
                    inner.groups.push(group);
                }
                name if name.starts_with("ItemData") => {
                    inner.item = Some(text(child, "ItemOID"));
                    for reference in ["SignatureID", "AnnotationID"] {
                        let id = child.attribute(reference);
                        if let Some(one) = id.and_then(|id| self.apart.get(id).copied()) {
                            self.remark(one, &inner);
                        }
                    }
                }
                _ => {
                    self.remark(child, about);
                    continue;
                }
            }
            self.below(child, &inner);
        }
    }

    fn remark(&mut self, element: &Element, about: &About) {
        let said = if element.is("Signature") {
            Said::Signature(signature(element))
        } else if element.is("Annotation") {
            Said::Annotation(annotation(element))
        } else if element.is("Query") {
            Said::Query(query(element))
        } else {
            return;
        };
        self.found.push(Remark {
            about: about.clone(),
            said,
            place: element.place.clone(),
        });
    }
}

fn text(element: &Element, attribute: &str) -> String {
    element.attribute(attribute).unwrap_or_default().to_owned()
}

fn some(element: &Element, attribute: &str) -> Option<String> {
    element.attribute(attribute).map(str::to_owned)
}

fn key(element: &Element, oid: &str, repeat: &str) -> Key {
    Key {
        oid: text(element, oid),
        repeat: some(element, repeat),
    }
}

fn signature(element: &Element) -> Signature {
    let reference = |name: &str, attribute: &str| {
        let found = element.first(name);
        found.map(|one| text(one, attribute)).unwrap_or_default()
    };
    let at = element.first("DateTimeStamp").map(Element::text);
    Signature {
        id: some(element, "ID"),
        user: reference("UserRef", "UserOID"),
        location: reference("LocationRef", "LocationOID"),
        meaning: reference("SignatureRef", "SignatureOID"),
        at: at.unwrap_or_default().trim().to_owned(),
    }
}

fn annotation(element: &Element) -> Annotation {
    let comment = element.first("Comment");
    let flags = element.all("Flag").map(|flag| {
        let coded = |name: &str| {
            let found = flag.first(name);
            found.map(|one| (one.text(), text(one, "CodeListOID")))
        };
        let (value, list) = coded("FlagValue").unwrap_or_default();
        let kind = coded("FlagType");
        Flag { value, list, kind }
    });
    Annotation {
        number: text(element, "SeqNum"),
        comment: comment.map(said),
        side: comment.and_then(|one| some(one, "SponsorOrSite")),
        flags: flags.collect(),
    }
}

/// In 2.0 a comment is translated text; the plain one counts, in the first language.
fn said(comment: &Element) -> String {
    let mut texts = comment.all("TranslatedText");
    let plain = texts.find(|one| one.attribute("Type") == Some("text/plain"));
    plain.unwrap_or(comment).text()
}

fn query(element: &Element) -> Query {
    Query {
        oid: text(element, "OID"),
        source: text(element, "Source"),
        target: some(element, "Target"),
        kind: some(element, "Type"),
        state: text(element, "State"),
        updated_at: text(element, "LastUpdateDatetime"),
        name: some(element, "Name"),
        text: element
            .first("Value")
            .map(Element::text)
            .unwrap_or_default(),
        audits: element.all("AuditRecord").map(audit::read).collect(),
    }
}
