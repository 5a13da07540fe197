//! Clinical data to rows.

use std::collections::BTreeMap;

use super::{Audit, Item, Key, Row, Transaction, audit};
use crate::odm::definitions::Versions;
use crate::odm::error::Issue;
use crate::odm::tree::Element;
use crate::odm::{Odm, Version};

/// The rows of a document, subject by subject in its order.
pub struct Rows<'d> {
    subjects: Box<dyn Iterator<Item = (&'d Element, &'d Element)> + 'd>,
    ready: std::vec::IntoIter<Row>,
    version: Version,
    definitions: Versions<'d>,
    /// The audit records that stand apart, by ID, of the `ClinicalData` that is read (1.3.2).
    records: BTreeMap<&'d str, &'d Element>,
    records_of: Option<&'d Element>,
}

/// The rows of a document, checked against the definitions of `metadata`, which may be the
/// document itself.
pub fn rows<'d>(odm: &'d Odm, metadata: &'d Odm) -> Rows<'d> {
    let clinical = odm.root.all("ClinicalData");
    let subjects = clinical.flat_map(|data| data.all("SubjectData").map(move |one| (data, one)));
    Rows {
        subjects: Box::new(subjects),
        ready: Vec::new().into_iter(),
        version: odm.version,
        definitions: Versions::new(metadata),
        records: BTreeMap::new(),
        records_of: None,
    }
}

/// What the clinical data of a document say, and neither rows nor remarks do: removals of a whole
/// subject, event or form, item groups of no subject. They stay in the document.
pub fn unseen(odm: &Odm) -> Vec<Issue> {
    let mut found = Vec::new();
    for data in odm.root.all("ClinicalData") {
        for child in data.all("ItemGroupData") {
            found.push(issue(child, "an item group of no subject"));
        }
        unseen_in(data, &mut found);
    }
    found.truncate(odm.issues_max);
    found
}

fn unseen_in(element: &Element, found: &mut Vec<Issue>) {
    for child in element.elements() {
        match &*child.name.local {
            "SubjectData" | "StudyEventData" | "FormData"
                if child.attribute("TransactionType") == Some("Remove") =>
            {
                found.push(issue(child, "the removal of a subject, event or form"));
            }
            _ => {}
        }
        unseen_in(child, found);
    }
}

fn issue(element: &Element, what: &str) -> Issue {
    Issue {
        at: element.place.clone(),
        reason: format!("{what} is kept, and is neither row nor remark"),
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            if let Some(row) = self.ready.next() {
                return Some(row);
            }
            let (data, subject) = self.subjects.next()?;
            self.ready = self.of_subject(data, subject).into_iter();
        }
    }
}

/// What containers say for what stands in them.
#[derive(Clone)]
struct Above<'d> {
    row: Row,
    transaction: Option<&'d str>,
    audit: Option<&'d Element>,
}

impl<'d> Rows<'d> {
    fn of_subject(&mut self, data: &'d Element, subject: &'d Element) -> Vec<Row> {
        if !self.records_of.is_some_and(|of| std::ptr::eq(of, data)) {
            let records = data.all("AuditRecords").flat_map(Element::elements);
            let named = records.filter_map(|one| Some((one.attribute("ID")?, one)));
            self.records = named.collect();
            self.records_of = Some(data);
        }
        let (study, metadata_version) = (text(data, "StudyOID"), text(data, "MetaDataVersionOID"));
        self.definitions.get(study, metadata_version);
        let site = subject
            .first("SiteRef")
            .and_then(|one| one.attribute("LocationOID"));
        let above = Above {
            row: Row {
                study: study.to_owned(),
                metadata_version: metadata_version.to_owned(),
                location: site.map(str::to_owned),
                subject: text(subject, "SubjectKey").to_owned(),
                ..Row::default()
            },
            transaction: None,
            audit: data.first("AuditRecord"),
        };
        let above = above.under(subject);
        let mut rows = Vec::new();
        for event in subject.all("StudyEventData") {
            let mut above = above.under(event);
            above.row.event = key_of(event, "StudyEventOID", "StudyEventRepeatKey");
            for group in event.all("ItemGroupData") {
                self.group(&above, group, &mut rows);
            }
            for form in event.all("FormData") {
                let mut above = above.under(form);
                above.row.form = Some(key_of(form, "FormOID", "FormRepeatKey"));
                for group in form.all("ItemGroupData") {
                    self.group(&above, group, &mut rows);
                }
            }
        }
        rows
    }

    /// Its own items, by what changed them; then the item groups in it.
    fn group(&self, above: &Above<'d>, group: &'d Element, rows: &mut Vec<Row>) {
        let mut above = above.under(group);
        above.row.group = key_of(group, "ItemGroupOID", "ItemGroupRepeatKey");
        above.row.place = group.place.clone();
        let mut parts: Vec<Row> = Vec::new();
        // By what changed them.
        let mut numbers: BTreeMap<(Option<Transaction>, Option<Audit>), usize> = BTreeMap::new();
        for element in group.elements().filter(|child| is_item(child)) {
            let own = above.under(element);
            let referred = element.attribute("AuditRecordID");
            let record = referred.and_then(|id| self.records.get(id).copied());
            let (transaction, audit) = own.change(record);
            let item = item(element, self.version);
            if is_context(element, transaction, &item) {
                continue;
            }
            let change = (transaction, audit);
            let number = *numbers.entry(change.clone()).or_insert_with(|| {
                let mut row = above.row.clone();
                (row.transaction, row.audit) = change;
                parts.push(row);
                parts.len() - 1
            });
            if let Some(row) = parts.get_mut(number) {
                self.check(row, &item);
                row.items.push(item);
            }
        }
        let has_inner = group.all("ItemGroupData").next().is_some();
        let is_removed = group.attribute("TransactionType") == Some("Remove");
        let (transaction, audit) = above.change(None);
        let is_context = transaction == Some(Transaction::Context);
        let is_whole = !has_inner && !is_context && !group.elements().any(is_item);
        if parts.is_empty() && (is_whole || is_removed) {
            let mut row = above.row.clone();
            (row.transaction, row.audit) = (transaction, audit);
            parts.push(row);
        }
        rows.append(&mut parts);
        let own = above.row.group.clone();
        above.row.within.push(own);
        for inner in group.all("ItemGroupData") {
            self.group(&above, inner, rows);
        }
    }

    fn check(&self, row: &mut Row, item: &Item) {
        let Some(definitions) = self.definitions.known(&row.study, &row.metadata_version) else {
            return;
        };
        if row.transaction == Some(Transaction::Remove) {
            return;
        }
        let values = item.value.iter().chain(&item.others).map(String::as_str);
        let mut values: Vec<Option<&str>> = values.map(Some).collect();
        if values.is_empty() {
            values.push(None);
        }
        for value in values {
            for reason in definitions.faults(&row.group.oid, &item.oid, value) {
                let at = item.place.clone();
                row.faults.push(Issue { at, reason });
            }
        }
    }
}

impl<'d> Above<'d> {
    fn under(&self, element: &'d Element) -> Self {
        Self {
            row: self.row.clone(),
            transaction: element.attribute("TransactionType").or(self.transaction),
            audit: element.first("AuditRecord").or(self.audit),
        }
    }

    fn change(&self, record: Option<&Element>) -> (Option<Transaction>, Option<Audit>) {
        let transaction = self.transaction.and_then(Transaction::from_odm);
        (transaction, record.or(self.audit).map(audit::read))
    }
}

/// Named only to say what a remark is about.
fn is_context(element: &Element, transaction: Option<Transaction>, item: &Item) -> bool {
    let is_null = element.attribute("IsNull").is_some();
    transaction == Some(Transaction::Context) && item.value.is_none() && !is_null
}

fn text<'a>(element: &'a Element, attribute: &str) -> &'a str {
    element.attribute(attribute).unwrap_or_default()
}

fn key_of(element: &Element, oid: &str, repeat: &str) -> Key {
    Key {
        oid: text(element, oid).to_owned(),
        repeat: element.attribute(repeat).map(str::to_owned),
    }
}

/// `ItemData`, and in 1.3.2 the typed ones: `ItemDataString`, `ItemDataFloat`...
fn is_item(element: &Element) -> bool {
    element.name.local.starts_with("ItemData") && element.is(&element.name.local)
}

fn item(element: &Element, version: Version) -> Item {
    let mut values: Vec<String> = match version {
        Version::V2 => element.all("Value").map(Element::text).collect(),
        Version::V1 if element.is("ItemData") => element
            .attribute("Value")
            .map(str::to_owned)
            .into_iter()
            .collect(),
        Version::V1 => vec![element.text()],
    };
    if element.attribute("IsNull") == Some("Yes") {
        values.clear();
    }
    let mut values = values.into_iter();
    Item {
        oid: text(element, "ItemOID").to_owned(),
        value: values.next(),
        others: values.collect(),
        place: element.place.clone(),
    }
}
