//! Users and locations as administrative data.

use std::collections::BTreeSet;

use super::{File, Person, Site};
use crate::odm::tree::{Element, Node};
use crate::odm::{Odm, Version};

/// Those that the metadata do not define themselves; `None` where there are none.
pub(super) fn write(metadata: &Odm, file: &File) -> Option<Element> {
    let defined = metadata.root.all("AdminData").flat_map(Element::elements);
    let mut known: BTreeSet<(&str, &str)> = defined
        .filter_map(|one| Some((&*one.name.local, one.attribute("OID")?)))
        .collect();
    let mut admin = Element::new("AdminData");
    for person in &file.people {
        if known.insert(("User", &person.oid)) {
            admin.nodes.push(Node::Element(user(person)));
        }
    }
    for site in &file.sites {
        if known.insert(("Location", &site.oid)) {
            let location = location(metadata.version, site);
            admin.nodes.push(Node::Element(location));
        }
    }
    (!admin.nodes.is_empty()).then_some(admin)
}

fn user(person: &Person) -> Element {
    let user = Element::new("User")
        .with("OID", &person.oid)
        .with_some("UserType", person.kind.as_deref());
    if person.name.is_empty() {
        return user;
    }
    user.holding(Element::new("FullName").saying(&person.name))
}

fn location(version: Version, site: &Site) -> Element {
    let location = Element::new("Location")
        .with("OID", &site.oid)
        .with("Name", &site.name);
    let location = match version {
        Version::V1 => location.with("LocationType", "Site"),
        Version::V2 => location.with("Role", "Site"),
    };
    site.used
        .iter()
        .fold(location, |location, (study, metadata, from)| {
            let used = Element::new("MetaDataVersionRef")
                .with("StudyOID", study)
                .with("MetaDataVersionOID", metadata)
                .with("EffectiveDate", from);
            location.holding(used)
        })
}
