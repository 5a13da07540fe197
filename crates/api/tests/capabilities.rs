//! The CapabilityStatement claims what works.

mod common;

use common::World;
use serde_json::Value;

#[test]
fn what_is_claimed_works() {
    let world = World::new();
    let client = world.clinician();
    let statement = world.stranger().get("/fhir/metadata").expect(200).json();
    let errors: Vec<_> = fhir::validate::resource(&statement)
        .into_iter()
        .filter(|issue| issue.severity == fhir::validate::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    assert_eq!(resources.len(), fhir::resource_types().len());
    let strict = [("prefer", "handling=strict")];
    let value = |kind: &str| match kind {
        "date" => "2020-01-01",
        "number" | "quantity" => "5",
        "reference" => "Patient/1",
        "uri" => "http://example.org/x",
        _ => "x",
    };
    for resource in resources {
        let type_ = resource["type"].as_str().unwrap();
        let mut queries: Vec<String> = Vec::new();
        for one in resource["searchParam"].as_array().unwrap_or(&Vec::new()) {
            let name = one["name"].as_str().unwrap();
            queries.push(format!("{name}={}", value(one["type"].as_str().unwrap())));
        }
        for (list, verb) in [
            ("searchInclude", "_include"),
            ("searchRevInclude", "_revinclude"),
        ] {
            for one in resource[list].as_array().unwrap_or(&Vec::new()) {
                queries.push(format!("{verb}={}", one.as_str().unwrap()));
            }
        }
        // All at once would be past the bound of one query: in handfuls.
        for query in queries.chunks(8) {
            let path = format!("/fhir/{type_}?{}", query.join("&"));
            let answer = client.send("GET", &path, &strict, None);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        }
        client.get(&format!("/fhir/{type_}/_history")).expect(200);
    }
    let smart: Value = world
        .stranger()
        .get("/fhir/.well-known/smart-configuration")
        .json();
    assert_eq!(
        smart["token_endpoint"],
        format!("{}/auth/token", world.base)
    );
}

#[test]
fn parts_of_resources_are_served_on_request() {
    let world = World::new();
    let client = world.clinician();
    let patient = serde_json::json!({ "resourceType": "Patient", "id": "p", "active": true,
        "text": { "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>" },
        "name": [{ "family": "Elion" }], "birthDate": "1918-01-23" });
    client.put("/fhir/Patient/p", &patient).expect(201);
    let part = client
        .get("/fhir/Patient/p?_elements=birthDate")
        .expect(200)
        .json();
    assert!(part.get("name").is_none() && part["birthDate"] == "1918-01-23");
    assert_eq!(part["meta"]["tag"][0]["code"], "SUBSETTED");
    let found = client.get("/fhir/Patient?_summary=data").expect(200).json();
    assert!(found["entry"][0]["resource"].get("text").is_none());
    let counted = client
        .get("/fhir/Patient?_summary=count")
        .expect(200)
        .json();
    assert_eq!(
        (counted["total"].as_u64(), counted.get("entry")),
        (Some(1), None)
    );
}
