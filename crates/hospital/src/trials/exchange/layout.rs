//! What the sealed metadata say of an item group, as columns of a dataset.
//!
//! Before the items stand the columns of the key (`KEYSUBJ`...): ODM has it in the elements
//! around an item group, a dataset has nothing but columns.

use cdisc::dataset::{Column, DataType, TargetDataType};
use cdisc::odm::{Definitions, Element, Odm, Version};

use crate::error::HospitalError;
use crate::trials::wrong;

/// The columns of the key: name, what it is, and the longest that is planned.
pub(super) const KEY: [(&str, &str); 7] = [
    ("KEYSITE", "Site, an organisation of the ledger"),
    ("KEYSUBJ", "SubjectKey"),
    ("KEYEVENT", "StudyEventOID"),
    ("KEYEVREP", "StudyEventRepeatKey"),
    ("KEYFORM", "FormOID"),
    ("KEYFMREP", "FormRepeatKey"),
    ("KEYREP", "ItemGroupRepeatKey"),
];

/// An item group as a dataset.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) study: String,
    pub(super) version: String,
    pub(super) group: String,
    pub(super) name: String,
    pub(super) label: String,
    /// The form in which the group stands, where there is only one.
    pub(super) form: Option<String>,
    /// A column per item, in the order of the group.
    pub(super) columns: Vec<Column>,
}

/// The column of a part of the key.
pub(super) fn key_column(at: usize) -> Column {
    let (name, label) = KEY[at];
    Column {
        item_oid: format!("urn:salus:trial:{name}"),
        name: name.to_owned(),
        label: label.to_owned(),
        data_type: DataType::String,
        target_data_type: None,
        length: None,
        display_format: None,
        key_sequence: u32::try_from(at + 1).ok(),
    }
}

/// A column of which nothing is defined.
pub(super) fn unknown(oid: &str) -> Column {
    Column {
        item_oid: oid.to_owned(),
        name: oid.to_owned(),
        label: oid.to_owned(),
        data_type: DataType::String,
        target_data_type: None,
        length: None,
        display_format: None,
        key_sequence: None,
    }
}

/// The version of the metadata that counts: the last one.
pub(in crate::trials) fn definitions(
    metadata: &Odm,
) -> Result<(String, String, Definitions<'_>), HospitalError> {
    let versions = metadata.metadata_versions();
    let (study, version) = versions.last().copied().unwrap_or_default();
    let found = Definitions::of(metadata, study, version);
    let found = found.ok_or_else(|| wrong("the sealed metadata define nothing"))?;
    Ok((study.to_owned(), version.to_owned(), found))
}

/// The item groups that are defined: OID and name.
pub(super) fn groups(definitions: &Definitions<'_>) -> Vec<(String, String)> {
    let all = definitions.all("ItemGroupDef");
    let named = all.filter_map(|it| {
        let oid = it.attribute("OID")?;
        Some((
            oid.to_owned(),
            it.attribute("Name").unwrap_or(oid).to_owned(),
        ))
    });
    named.collect()
}

impl Layout {
    /// That of an item group of the sealed metadata.
    pub(super) fn of(metadata: &Odm, group: &str) -> Result<Self, HospitalError> {
        let (study, version, definitions) = definitions(metadata)?;
        let found = definitions.get("ItemGroupDef", group).ok_or_else(|| {
            let known: Vec<String> = groups(&definitions).into_iter().map(|it| it.0).collect();
            HospitalError::Absent(format!(
                "an item group `{group}` in the sealed metadata, which define: {}",
                known.join(", ")
            ))
        })?;
        let mut columns: Vec<Column> = Vec::new();
        for reference in found.all("ItemRef") {
            let Some(oid) = reference.attribute("ItemOID") else {
                continue;
            };
            let taken: Vec<&str> = columns.iter().map(|it| it.name.as_str()).collect();
            let item = definitions.get("ItemDef", oid);
            columns.push(item.map_or_else(|| unknown(oid), |it| column(it, reference, &taken)));
        }
        let names = ["SASDatasetName", "DatasetName", "Domain", "Name", "OID"];
        let name = first(found, &names).to_owned();
        Ok(Self {
            label: described(found).unwrap_or_else(|| first(found, &["Name", "OID"]).to_owned()),
            form: form_of(metadata, &definitions, group),
            group: group.to_owned(),
            study,
            version,
            name,
            columns,
        })
    }
}

/// The one form in which a group stands; ODM 2.0 has none.
fn form_of(metadata: &Odm, definitions: &Definitions<'_>, group: &str) -> Option<String> {
    if metadata.version != Version::V1 {
        return None;
    }
    let holds = |form: &&Element| {
        let mut groups = form.all("ItemGroupRef");
        groups.any(|it| it.attribute("ItemGroupOID") == Some(group))
    };
    let mut forms = definitions.all("FormDef").filter(holds);
    let form = forms.next()?.attribute("OID")?;
    forms.next().is_none().then(|| form.to_owned())
}

/// The first of these attributes that says something.
pub(in crate::trials) fn first<'a>(element: &'a Element, names: &[&str]) -> &'a str {
    let said = names.iter().filter_map(|name| element.attribute(name));
    said.map(str::trim)
        .find(|it| !it.is_empty())
        .unwrap_or_default()
}

/// What it is in words: its description, or the question that is asked.
fn described(element: &Element) -> Option<String> {
    let words = ["Description", "Question"].into_iter();
    let mut words = words.filter_map(|name| element.first(name)?.first("TranslatedText"));
    let text = words.next()?.text();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

fn column(item: &Element, reference: &Element, taken: &[&str]) -> Column {
    let data_type = data_type(item.attribute("DataType").unwrap_or("text"));
    let number = |name: &str| item.attribute(name).and_then(|it| it.parse::<u32>().ok());
    let oid = first(item, &["OID"]);
    let name = first(
        item,
        &[
            "SASFieldName",
            "SDSVarName",
            "DatasetVarName",
            "Name",
            "OID",
        ],
    );
    let is_free = !taken.contains(&name) && !KEY.iter().any(|(key, _)| *key == name);
    let key = reference.attribute("KeySequence");
    Column {
        item_oid: oid.to_owned(),
        name: if is_free { name } else { oid }.to_owned(),
        label: described(item).unwrap_or_else(|| first(item, &["Name", "OID"]).to_owned()),
        target_data_type: (data_type == DataType::Decimal).then_some(TargetDataType::Decimal),
        data_type,
        length: number("Length").filter(|it| *it > 0),
        display_format: item.attribute("DisplayFormat").map(str::to_owned),
        key_sequence: key.and_then(|it| it.parse().ok()).filter(|it| *it > 0),
    }
}

/// The type of Dataset-JSON for one of ODM (1.3.2 3.1.1.3.6; 2.0, `DataType`).
fn data_type(odm: &str) -> DataType {
    match odm {
        "integer" => DataType::Integer,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "decimal" => DataType::Decimal,
        "boolean" => DataType::Boolean,
        "date" | "partialDate" | "incompleteDate" => DataType::Date,
        "time" | "partialTime" | "incompleteTime" => DataType::Time,
        "datetime" | "partialDatetime" | "incompleteDatetime" => DataType::Datetime,
        "URI" => DataType::Uri,
        _ => DataType::String,
    }
}
