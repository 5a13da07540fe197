//! What we write against the official JSON Schemas.

use cdisc::dataset::{Dataset, Form, Limits};
use serde_json::Value;

use crate::{files, folder};

/// The part of JSON Schema that these two use; another word fails the test.
fn fits(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$defs" | "$id" | "$schema" | "title" | "description" | "metamodel_version"
            | "version" | "required" => {}
            "$ref" => {
                let place = rule.as_str().unwrap().trim_start_matches('#');
                // The schema of NDJSON names a definition that it does not have.
                if let Some(schema) = root.pointer(place) {
                    fits(root, schema, value, at)?;
                }
            }
            "enum" if rule.as_array().unwrap().contains(value) => {}
            "pattern" if matches(rule.as_str().unwrap(), value.as_str().unwrap()) => {}
            "minimum" if value.as_u64() >= rule.as_u64() => {}
            "type" if is(rule.as_str().unwrap(), value) => {}
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                for name in value.as_object().into_iter().flat_map(|map| map.keys()) {
                    if rule == &Value::Bool(false) && !known.contains_key(name) {
                        return Err(format!("{at}: {name} is not allowed"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in rule.as_object().unwrap() {
                    if let Some(found) = value.get(name) {
                        fits(root, inner, found, &format!("{at}/{name}"))?;
                    }
                }
            }
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    fits(root, rule, item, &format!("{at}/{place}"))?;
                }
            }
            "enum" | "pattern" | "minimum" | "type" => {
                return Err(format!("{at}: {word} {rule}"));
            }
            other => panic!("the word {other} of the schema"),
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            return Err(format!("{at}: {name} is not there"));
        }
    }
    Ok(())
}

fn is(word: &str, value: &Value) -> bool {
    match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("the type {other}"),
    }
}

/// The two patterns of the schemas.
fn matches(pattern: &str, text: &str) -> bool {
    if pattern == "^1.1(.(0|([1-9][0-9]*)))?$" {
        return text == "1.1" || text.len() == 5 && text.starts_with("1.1.");
    }
    assert!(pattern.starts_with("^([0-9][0-9][0-9][0-9])(-(([0][1-9])|([1][0-2])))"));
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    shape.starts_with("9999-99-99T99:99:99")
}

fn json(bytes: &[u8]) -> Value {
    if let Some(text) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        // The schema of NDJSON is published as UTF-16.
        let units: Vec<u16> = text
            .chunks_exact(2)
            .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        return serde_json::from_str(&String::from_utf16(&units).unwrap()).unwrap();
    }
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn every_published_dataset_is_valid_by_the_official_schema_when_we_write_it() {
    let Some(folder) = folder() else { return };
    let schema = |name: &str| json(&std::fs::read(folder.join("schema").join(name)).unwrap());
    let of_json = schema("dataset.schema.json");
    let of_lines = schema("dataset-ndjson-schema.json");
    let mut paths = files(&folder.join("examples/sdtm"), "json");
    paths.push(folder.join("examples/i18n/ae.json"));
    let mut written = 0;
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let dataset = Dataset::read(&bytes, Form::Json, &Limits::default()).unwrap();
        let out = json(&dataset.write(Form::Json).unwrap());
        fits(&of_json, &of_json, &out, "").unwrap();
        // Nothing was lost or added: the same JSON as was published.
        assert_eq!(out, json(&bytes), "{}", path.display());
        let lines = dataset.write(Form::Ndjson).unwrap();
        let first = lines.split(|byte| *byte == b'\n').next().unwrap();
        fits(&of_lines, &of_lines, &json(first), "").unwrap();
        written += 2;
    }
    assert_eq!(written, 58);
}

#[test]
fn the_schema_of_the_test_refuses_what_it_should() {
    let Some(folder) = folder() else { return };
    let schema = json(&std::fs::read(folder.join("schema/dataset.schema.json")).unwrap());
    let path = folder.join("examples/extensions/extended_dataset.json");
    let extended = json(&std::fs::read(path).unwrap());
    assert!(fits(&schema, &schema, &extended, "").is_err());
}
