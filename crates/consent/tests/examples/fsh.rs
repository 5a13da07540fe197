//! Just enough FSH to read the example Consents: `* path = value` below `Instance:`.

use serde_json::{Map, Value, json};

/// Elements that repeat in a Consent.
const LISTS: &[&str] = &["purpose", "securityLabel", "data", "actor"];

/// The Consents of a file, by name.
pub(crate) fn consents(text: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut current: Option<(String, Value)> = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("Instance:") {
            found.extend(current.take());
            let id = name.trim();
            current = Some((id.to_owned(), json!({"resourceType": "Consent", "id": id})));
        } else if let Some(of) = line.strip_prefix("InstanceOf:") {
            let ours = matches!(
                of.trim(),
                "BasicConsent" | "IntermediateConsent" | "AdvancedConsent"
            );
            if !ours {
                current = None;
            }
        } else if let (Some((_, consent)), Some(rest)) = (&mut current, line.strip_prefix("* "))
            && let Some((path, value)) = rest.split_once(" = ")
        {
            assign(consent, path.trim(), value.trim());
        }
    }
    found.extend(current);
    found
}

fn assign(consent: &mut Value, path: &str, value: &str) {
    let first = path.split(['.', '[']).next().unwrap();
    if !matches!(first, "status" | "scope" | "provision") {
        return;
    }
    let mut at = consent;
    for (depth, step) in path.split('.').enumerate() {
        let name = step.split('[').next().unwrap();
        let map = at.as_object_mut().unwrap();
        let repeats = LISTS.contains(&name) || (name == "provision" && depth > 0);
        at = map
            .entry(name)
            .or_insert_with(|| if repeats { json!([]) } else { Value::Null });
        if repeats {
            let list = at.as_array_mut().unwrap();
            if list.is_empty() || step.ends_with("[+]") {
                list.push(Value::Null);
            }
            at = list.last_mut().unwrap();
        }
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
    }
    *at = read(path, value);
}

fn read(path: &str, value: &str) -> Value {
    if let Some(target) = value.strip_prefix("Reference(") {
        return json!({"reference": target.split(')').next().unwrap()});
    }
    if let Some((system, code)) = value.split_once('#') {
        let code = code.split_whitespace().next().unwrap();
        let coding = json!({"system": system, "code": code});
        return match path.rsplit('.').next().unwrap() {
            _ if system.is_empty() => json!(code),
            "scope" | "role" => json!({"coding": [coding]}),
            _ => coding,
        };
    }
    json!(value.trim_matches('"'))
}
