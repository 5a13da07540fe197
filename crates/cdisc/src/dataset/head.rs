//! The attributes of a dataset and of its columns, from JSON and to JSON.

use serde_json::{Map, Value};

use super::{Column, DataType, Limits, TargetDataType};
use crate::error::Check;

/// The attributes of a file, in the order of the specification ("Top-level Metadata Attributes").
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Head {
    /// `datasetJSONCreationDateTime`.
    pub created: String,
    /// `datasetJSONVersion`: 1.1, or 1.1.n.
    pub version: String,
    /// `fileOID`.
    pub file_oid: Option<String>,
    /// `dbLastModifiedDateTime`.
    pub modified: Option<String>,
    /// `originator`.
    pub originator: Option<String>,
    /// `sourceSystem`.
    pub source_system: Option<SourceSystem>,
    /// `studyOID`.
    pub study_oid: Option<String>,
    /// `metaDataVersionOID`.
    pub meta_data_version_oid: Option<String>,
    /// `metaDataRef`.
    pub meta_data_ref: Option<String>,
    /// `itemGroupOID`.
    pub item_group_oid: String,
    /// `name`.
    pub name: String,
    /// `label`.
    pub label: String,
}

/// The system that the content came from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourceSystem {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What stands before the rows.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) head: Head,
    pub(super) columns: Vec<Column>,
    pub(super) records: u64,
}

/// Members of one object, taken one by one; what is left at the end is unknown.
struct Members<'a> {
    map: Map<String, Value>,
    at: &'a str,
    check: &'a mut Check,
}

impl Members<'_> {
    fn refuse(&mut self, name: &str, reason: &str) {
        self.check.refuse(format!("{}/{name}", self.at), reason);
    }

    fn optional(&mut self, name: &str) -> Option<String> {
        let value = self.map.shift_remove(name)?;
        let Value::String(text) = value else {
            self.refuse(name, "has to be a string");
            return None;
        };
        Some(text)
    }

    fn required(&mut self, name: &str) -> String {
        if !self.map.contains_key(name) {
            self.refuse(name, "is required");
        }
        self.optional(name).unwrap_or_default()
    }

    fn whole(&mut self, name: &str, least: u64) -> Option<u64> {
        let value = self.map.shift_remove(name)?;
        match value.as_u64() {
            Some(number) if number >= least => Some(number),
            _ => {
                self.refuse(
                    name,
                    &format!("has to be a whole number of {least} or more"),
                );
                None
            }
        }
    }

    fn list(&mut self, name: &str) -> Vec<Value> {
        match self.map.shift_remove(name) {
            Some(Value::Array(items)) => items,
            None => {
                self.refuse(name, "is required");
                Vec::new()
            }
            Some(_) => {
                self.refuse(name, "has to be an array");
                Vec::new()
            }
        }
    }

    fn finish(self) {
        let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
        for name in self.map.keys() {
            let at = format!("{}/{}", self.at, escape(name));
            self.check.refuse(
                at,
                "is no attribute of Dataset-JSON 1.1: take extensions out",
            );
        }
    }
}

impl Opening {
    /// Reads the attributes; `rows` was taken out before.
    pub(super) fn of(map: Map<String, Value>, limits: &Limits, check: &mut Check) -> Self {
        let mut members = Members { map, at: "", check };
        let created = members.required("datasetJSONCreationDateTime");
        let version = members.required("datasetJSONVersion");
        let file_oid = members.optional("fileOID");
        let modified = members.optional("dbLastModifiedDateTime");
        let originator = members.optional("originator");
        let system = members.map.shift_remove("sourceSystem");
        let study_oid = members.optional("studyOID");
        let meta_data_version_oid = members.optional("metaDataVersionOID");
        let meta_data_ref = members.optional("metaDataRef");
        let item_group_oid = members.required("itemGroupOID");
        let records = members.whole("records", 0);
        if records.is_none() {
            members.refuse("records", "is required");
        }
        let name = members.required("name");
        let label = members.required("label");
        let columns = members.list("columns");
        members.finish();
        let source_system = system.and_then(|system| source_system(system, check));
        if columns.len() > limits.columns {
            let reason = format!("more than {} columns: split the dataset", limits.columns);
            check.refuse("/columns", reason);
        }
        let columns = columns.into_iter().take(limits.columns).enumerate();
        let columns = columns.filter_map(|(at, column)| read_column(at, column, check));
        Self {
            columns: columns.collect(),
            head: Head {
                created,
                version,
                file_oid,
                modified,
                originator,
                source_system,
                study_oid,
                meta_data_version_oid,
                meta_data_ref,
                item_group_oid,
                name,
                label,
            },
            records: records.unwrap_or(0),
        }
    }
}

fn source_system(value: Value, check: &mut Check) -> Option<SourceSystem> {
    let Value::Object(map) = value else {
        check.refuse("/sourceSystem", "has to be an object");
        return None;
    };
    let at = "/sourceSystem";
    let mut members = Members { map, at, check };
    let system = SourceSystem {
        name: members.required("name"),
        version: members.required("version"),
    };
    members.finish();
    Some(system)
}

fn read_column(place: usize, value: Value, check: &mut Check) -> Option<Column> {
    let at = &format!("/columns/{place}");
    let Value::Object(map) = value else {
        check.refuse(at, "has to be an object");
        return None;
    };
    let mut members = Members { map, at, check };
    let item_oid = members.required("itemOID");
    let name = members.required("name");
    let label = members.required("label");
    let word = members.required("dataType");
    let data_type = DataType::of(&word);
    if data_type.is_none() {
        members.refuse(
            "dataType",
            "is none of string, integer, decimal, float, double, boolean, datetime, date, time and \
             URI",
        );
    }
    let target = members.optional("targetDataType");
    let target_data_type = target.as_deref().and_then(TargetDataType::of);
    if target.is_some() && target_data_type.is_none() {
        members.refuse("targetDataType", "is neither integer nor decimal");
    }
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let length = members.whole("length", 1).map(small);
    let display_format = members.optional("displayFormat");
    let key_sequence = members.whole("keySequence", 1).map(small);
    members.finish();
    Some(Column {
        item_oid,
        name,
        label,
        data_type: data_type?,
        target_data_type,
        length,
        display_format,
        key_sequence,
    })
}

/// The attributes as JSON, in the order of the specification, without rows.
pub(super) fn to_json(head: &Head, columns: &[Column], records: usize) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |name: &str, text: Option<&String>| {
        if let Some(text) = text {
            map.insert(name.to_owned(), Value::from(text.as_str()));
        }
    };
    put("datasetJSONCreationDateTime", Some(&head.created));
    put("datasetJSONVersion", Some(&head.version));
    put("fileOID", head.file_oid.as_ref());
    put("dbLastModifiedDateTime", head.modified.as_ref());
    put("originator", head.originator.as_ref());
    if let Some(system) = &head.source_system {
        let mut inner = Map::new();
        inner.insert("name".into(), Value::from(system.name.as_str()));
        inner.insert("version".into(), Value::from(system.version.as_str()));
        map.insert("sourceSystem".into(), Value::Object(inner));
    }
    let mut put = |name: &str, text: Option<&String>| {
        if let Some(text) = text {
            map.insert(name.to_owned(), Value::from(text.as_str()));
        }
    };
    put("studyOID", head.study_oid.as_ref());
    put("metaDataVersionOID", head.meta_data_version_oid.as_ref());
    put("metaDataRef", head.meta_data_ref.as_ref());
    put("itemGroupOID", Some(&head.item_group_oid));
    map.insert("records".into(), Value::from(records));
    map.insert("name".into(), Value::from(head.name.as_str()));
    map.insert("label".into(), Value::from(head.label.as_str()));
    let columns = columns.iter().map(column_json).collect();
    map.insert("columns".into(), Value::Array(columns));
    map
}

/// A column as JSON, in the order of the specification.
pub(super) fn column_json(column: &Column) -> Value {
    let mut map = Map::new();
    map.insert("itemOID".into(), Value::from(column.item_oid.as_str()));
    map.insert("name".into(), Value::from(column.name.as_str()));
    map.insert("label".into(), Value::from(column.label.as_str()));
    map.insert("dataType".into(), Value::from(column.data_type.word()));
    if let Some(target) = column.target_data_type {
        map.insert("targetDataType".into(), Value::from(target.word()));
    }
    if let Some(length) = column.length {
        map.insert("length".into(), Value::from(length));
    }
    if let Some(format) = &column.display_format {
        map.insert("displayFormat".into(), Value::from(format.as_str()));
    }
    if let Some(sequence) = column.key_sequence {
        map.insert("keySequence".into(), Value::from(sequence));
    }
    Value::Object(map)
}
