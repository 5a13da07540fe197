//! The identifiers of an event as GS1 Digital Links, for clients that ask for one form
//! (`GS1-EPC-Format`). An event that was rewritten is no longer what was committed to.

use serde_json::{Map, Value};

use crate::identifier::canonical_or_same;

/// Members that are an identifier.
const SINGLE: &[&str] = &["parentID"];
/// Members that are lists of identifiers.
const LISTS: &[&str] = &["epcList", "childEPCs", "inputEPCList", "outputEPCList"];
/// Members that are objects, or lists of objects, of which one member is an identifier.
const INNER: &[(&str, &str)] = &[
    ("readPoint", "id"),
    ("bizLocation", "id"),
    ("quantityList", "epcClass"),
    ("childQuantityList", "epcClass"),
    ("inputQuantityList", "epcClass"),
    ("outputQuantityList", "epcClass"),
    ("bizTransactionList", "bizTransaction"),
    ("sourceList", "source"),
    ("destinationList", "destination"),
];

/// Writes every identifier of GS1 in an event as canonical Digital Link; others stay.
pub fn write_links(event: &mut Map<String, Value>) {
    for name in SINGLE {
        if let Some(value) = event.get_mut(*name) {
            write(value);
        }
    }
    for name in LISTS {
        for value in items(event.get_mut(*name)) {
            write(value);
        }
    }
    for (name, inner) in INNER {
        for value in items(event.get_mut(*name)) {
            if let Some(value) = value.get_mut(*inner) {
                write(value);
            }
        }
    }
}

fn items(value: Option<&mut Value>) -> &mut [Value] {
    match value {
        None => &mut [],
        Some(Value::Array(items)) => items,
        Some(one) => std::slice::from_mut(one),
    }
}

fn write(value: &mut Value) {
    if let Value::String(text) = value {
        *text = canonical_or_same(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_identifier_of_gs1_becomes_a_link_and_others_stay() {
        let mut event = json!({
            "epcList": ["urn:epc:id:sgtin:0614141.107346.2018", "urn:uuid:1"],
            "parentID": "urn:epc:id:sscc:0614141.1234567890",
            "readPoint": { "id": "urn:epc:id:sgln:4012345.00005.0" },
            "quantityList": [{ "epcClass": "urn:epc:class:lgtin:4012345.012345.L1" }],
            "sourceList": [{ "type": "owning_party", "source": "urn:epc:id:pgln:4012345.00002" }],
            "eventID": "urn:epc:id:sgtin:0614141.107346.2018",
        });
        write_links(event.as_object_mut().unwrap());
        let link = "https://id.gs1.org";
        assert_eq!(
            event["epcList"][0],
            format!("{link}/01/10614141073464/21/2018")
        );
        assert_eq!(event["epcList"][1], "urn:uuid:1");
        assert_eq!(event["parentID"], format!("{link}/00/106141412345678908"));
        assert_eq!(
            event["readPoint"]["id"],
            format!("{link}/414/4012345000054")
        );
        let class = &event["quantityList"][0]["epcClass"];
        assert_eq!(*class, format!("{link}/01/04012345123456/10/L1"));
        assert_eq!(
            event["sourceList"][0]["source"],
            format!("{link}/417/4012345000023")
        );
        assert!(event["eventID"].as_str().unwrap().starts_with("urn:epc:"));
    }
}
