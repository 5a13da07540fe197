//! Clinical data made of rows and remarks: each remark beside the last row of its data.

use std::collections::{BTreeMap, BTreeSet};

use super::FileType;
use super::branch::{Branch, Step, arrange};
use super::group::group;
use crate::odm::Version;
use crate::odm::capture::remark::written;
use crate::odm::capture::{About, Key, Remark, Row, Said, Transaction};
use crate::odm::error::OdmError;
use crate::odm::schema::tables;
use crate::odm::tree::{Element, Node};

/// The data that a row or a remark is about, down to its item group.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
struct Place<'a> {
    study: &'a str,
    metadata_version: &'a str,
    subject: Option<&'a str>,
    event: Option<&'a Key>,
    /// The form, then item groups, outermost first.
    inner: Vec<&'a Key>,
}

/// What is said of one item group and its items, in one element.
#[derive(Default)]
struct Beside<'a> {
    own: Vec<Element>,
    items: BTreeMap<&'a str, Vec<Element>>,
}

/// Makes the clinical data of a document.
pub(super) struct Maker<'a> {
    version: Version,
    file: FileType,
    trunk: Branch,
    /// By study and subject: the site that was said last.
    sites: BTreeMap<(&'a str, &'a str), &'a str>,
    /// An element holds one signature: more of them stand in elements of their own.
    groups: BTreeMap<Place<'a>, Vec<Beside<'a>>>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(version: Version, file: FileType, rows: &'a [Row]) -> Self {
        let sites = rows.iter().filter_map(|row| {
            let site = row.location.as_deref()?;
            Some(((row.study.as_str(), row.subject.as_str()), site))
        });
        Self {
            version,
            file,
            trunk: Branch::default(),
            sites: sites.collect(),
            groups: BTreeMap::new(),
        }
    }

    pub(super) fn make(
        mut self,
        rows: &'a [Row],
        remarks: &'a [Remark],
    ) -> Result<Branch, OdmError> {
        let apart = self.sort(remarks)?;
        let mut last: BTreeMap<Place<'_>, usize> = BTreeMap::new();
        for (number, row) in rows.iter().enumerate() {
            last.insert(Place::of_row(row), number);
        }
        for (number, row) in rows.iter().enumerate() {
            let place = Place::of_row(row);
            if !self.is_group(&place) {
                let reason = "in ODM 1.3.2 an item group stands in a form: a row has none";
                return Err(OdmError::Unwritable(reason.to_owned()));
            }
            let path = self.path(&place, row.location.as_deref(), 0)?;
            let mut group = group(self.version, self.file, row)?;
            if last.get(&place) == Some(&number)
                && let Some(all) = self.groups.get_mut(&place)
            {
                let first = all.first_mut().map(std::mem::take).unwrap_or_default();
                self.put(&mut group, first);
            }
            self.trunk.grow(&path, group);
        }
        for (place, all) in std::mem::take(&mut self.groups) {
            for beside in all.into_iter().filter(|one| !one.is_empty()) {
                let path = self.path(&place, self.site(&place), 0)?;
                let mut group = self.named(&place);
                self.put(&mut group, beside);
                self.trunk.grow(&path, group);
            }
        }
        for (place, copy, element) in apart {
            let path = self.path(&place, self.site(&place), copy)?;
            self.trunk.say(&path, element);
        }
        Ok(self.trunk)
    }

    /// Remarks by their item group; those about containers with the number of their element.
    fn sort(
        &mut self,
        remarks: &'a [Remark],
    ) -> Result<Vec<(Place<'a>, usize, Element)>, OdmError> {
        let mut ids = BTreeSet::new();
        let mut signed: BTreeMap<(Place<'_>, Option<&str>), usize> = BTreeMap::new();
        let mut apart = Vec::new();
        for remark in remarks {
            let place = Place::of_remark(&remark.about)?;
            let item = remark.about.item.as_deref();
            let mut number = 0;
            let mut said = remark.said.clone();
            if let Said::Signature(signature) = &mut said {
                // One signature of many items came apart: an ID stands once.
                signature.id = signature.id.take().filter(|id| ids.insert(id.clone()));
                let count = signed.entry((place.clone(), item)).or_default();
                number = *count;
                *count += 1;
            }
            let element = written(self.version, &said)?;
            if !self.is_group(&place) {
                if item.is_some() {
                    let reason = "a remark names an item and no item group";
                    return Err(OdmError::Unwritable(reason.to_owned()));
                }
                apart.push((place, number, element));
                continue;
            }
            let all = self.groups.entry(place).or_default();
            if all.len() <= number {
                all.resize_with(number + 1, Beside::default);
            }
            if let Some(beside) = all.get_mut(number) {
                match item {
                    Some(item) => beside.items.entry(item).or_default().push(element),
                    None => beside.own.push(element),
                }
            }
        }
        Ok(apart)
    }

    fn site(&self, place: &Place<'a>) -> Option<&'a str> {
        let site = self.sites.get(&(place.study, place.subject?));
        site.copied()
    }

    /// True where the innermost is an item group: in 1.3.2 the outermost is the form.
    fn is_group(&self, place: &Place<'_>) -> bool {
        let forms = usize::from(self.version == Version::V1);
        place.inner.len() > forms
    }

    /// The containers, without the innermost item group.
    fn path(
        &self,
        place: &Place<'_>,
        site: Option<&str>,
        copy: usize,
    ) -> Result<Vec<Step>, OdmError> {
        let data = Step::new("ClinicalData")
            .with("StudyOID", place.study)
            .with("MetaDataVersionOID", place.metadata_version);
        let mut path = vec![data];
        if let Some(subject) = place.subject {
            let step = Step::new("SubjectData").with("SubjectKey", subject);
            path.push(match site {
                Some(site) => step.holding("SiteRef", "LocationOID", site),
                None => step,
            });
        }
        path.extend(place.event.map(|event| {
            let names = ["StudyEventData", "StudyEventOID", "StudyEventRepeatKey"];
            keyed(names, event)
        }));
        let groups = place.inner.len() - usize::from(self.is_group(place));
        for key in place.inner.iter().take(groups) {
            path.push(match self.version {
                Version::V1 => keyed(["FormData", "FormOID", "FormRepeatKey"], key),
                Version::V2 => keyed(["ItemGroupData", "ItemGroupOID", "ItemGroupRepeatKey"], key),
            });
        }
        if self.version == Version::V1 && groups > 1 {
            let reason = "ODM 1.3.2 has no item groups within item groups: take 2.0";
            return Err(OdmError::Unwritable(reason.to_owned()));
        }
        if self.file == FileType::Transactional {
            // Who receives the history may have none of the containers yet.
            let upsert = Transaction::Upsert.as_str();
            let steps = path.into_iter().enumerate();
            let told = steps.map(|(number, step)| match number {
                0 => step,
                _ => step.with("TransactionType", upsert),
            });
            path = told.collect();
        }
        if let Some(step) = path.last_mut() {
            step.copy = copy;
        }
        Ok(path)
    }

    /// An item group that only says what is meant.
    fn named(&self, place: &Place<'_>) -> Element {
        let group = Element::new("ItemGroupData");
        let group = match place.inner.last() {
            Some(key) => group
                .with("ItemGroupOID", &key.oid)
                .with_some("ItemGroupRepeatKey", key.repeat.as_deref()),
            None => group,
        };
        self.context(group)
    }

    fn context(&self, element: Element) -> Element {
        match self.file {
            FileType::Snapshot => element,
            FileType::Transactional => {
                element.with("TransactionType", Transaction::Context.as_str())
            }
        }
    }

    /// Puts remarks into an item group: those about an item into the last that it has of it.
    fn put(&self, group: &mut Element, mut beside: Beside<'_>) {
        let tables = tables(self.version);
        for node in group.nodes.iter_mut().rev() {
            if let Node::Element(item) = node
                && item.is("ItemData")
                && let Some(said) = beside.items.remove(item.attribute("ItemOID").unwrap_or(""))
            {
                item.nodes.extend(said.into_iter().map(Node::Element));
                arrange(tables, item);
            }
        }
        for (oid, said) in beside.items {
            let mut item = self.context(Element::new("ItemData").with("ItemOID", oid));
            item.nodes.extend(said.into_iter().map(Node::Element));
            arrange(tables, &mut item);
            group.nodes.push(Node::Element(item));
        }
        group
            .nodes
            .extend(beside.own.into_iter().map(Node::Element));
        arrange(tables, group);
    }
}

impl<'a> Place<'a> {
    fn of_row(row: &'a Row) -> Self {
        let inner = row.form.iter().chain(&row.within);
        Self {
            study: &row.study,
            metadata_version: &row.metadata_version,
            subject: Some(&row.subject),
            event: Some(&row.event),
            inner: inner.chain([&row.group]).collect(),
        }
    }

    fn of_remark(about: &'a About) -> Result<Self, OdmError> {
        let place = Self {
            study: &about.study,
            metadata_version: &about.metadata_version,
            subject: about.subject.as_deref(),
            event: about.event.as_ref(),
            inner: about.form.iter().chain(&about.groups).collect(),
        };
        let is_hanging = place.subject.is_none() && place.event.is_some()
            || place.event.is_none() && !place.inner.is_empty();
        if is_hanging {
            let reason = "a remark names an event of no subject, or an item group of no event";
            return Err(OdmError::Unwritable(reason.to_owned()));
        }
        Ok(place)
    }
}

impl Beside<'_> {
    fn is_empty(&self) -> bool {
        self.own.is_empty() && self.items.is_empty()
    }
}

fn keyed([name, oid, repeat]: [&'static str; 3], key: &Key) -> Step {
    let step = Step::new(name).with(oid, &key.oid);
    match &key.repeat {
        Some(value) => step.with(repeat, value),
        None => step,
    }
}
