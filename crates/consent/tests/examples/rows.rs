//! The rows: which example, who asks, which record, what its text says.

use serde_json::{Value, json};

/// One row of the table.
pub(crate) struct Row {
    pub(crate) consent: &'static str,
    pub(crate) ask: &'static str,
    pub(crate) record: &'static str,
    /// Whether the jurisdiction of the text implies consent.
    pub(crate) implied: bool,
    /// What the text says.
    pub(crate) permitted: bool,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) organisation: &'static str,
    pub(crate) person: &'static str,
    pub(crate) groups: Option<&'static [&'static str]>,
    pub(crate) custodian: &'static str,
    pub(crate) purpose: Option<&'static str>,
    pub(crate) at: &'static str,
}

#[allow(clippy::too_many_lines, reason = "one table")]
/// The requests, by the name that the table gives them.
pub(crate) fn ask(name: &str) -> Ask {
    let pcf = Ask {
        organisation: "Organization/ex-hospital",
        person: "Practitioner/ex-other",
        groups: Some(&[]),
        custodian: "Organization/ex-organization",
        purpose: Some("TREAT"),
        at: "2022-07-01",
    };
    let hl7 = Ask {
        organisation: "Organization/f002",
        person: "Practitioner/f007",
        custodian: "Organization/f001",
        at: "2026-01-01",
        ..pcf
    };
    let ours = "Practitioner/ex-practitioner";
    let foobar = Some("http://example.org/policies/purposeOfUse#FooBar");
    let privileged: Option<&[&str]> = Some(&["Group/ex-privilegedUsers"]);
    match name {
        "treatment" => pcf,
        "payment" => Ask {
            purpose: Some("HPAYMT"),
            ..pcf
        },
        "research" => Ask {
            purpose: Some("HRESCH"),
            ..pcf
        },
        "purpose unstated" => Ask {
            purpose: None,
            ..pcf
        },
        "treatment in 2023" => Ask {
            at: "2023-01-01",
            ..pcf
        },
        "treatment by ex-practitioner" => Ask {
            person: ours,
            ..pcf
        },
        "research by ex-practitioner" => Ask {
            person: ours,
            purpose: Some("HRESCH"),
            ..pcf
        },
        "FooBar by the researcher" => Ask {
            organisation: "Organization/ex-org-researcher",
            purpose: foobar,
            ..pcf
        },
        "FooBar by another" => Ask {
            purpose: foobar,
            ..pcf
        },
        "break-glass, privileged" => Ask {
            purpose: Some("BTG"),
            groups: privileged,
            ..pcf
        },
        "break-glass, not privileged" => Ask {
            purpose: Some("BTG"),
            ..pcf
        },
        "break-glass, groups not known" => Ask {
            purpose: Some("BTG"),
            groups: None,
            ..pcf
        },
        "treatment at f002" => hl7,
        "treatment at f001" => Ask {
            organisation: "Organization/f001",
            ..hl7
        },
        "emergency at f002" => Ask {
            purpose: Some("ETREAT"),
            ..hl7
        },
        "treatment at f002 in 2015" => Ask {
            at: "2015-06-01",
            ..hl7
        },
        "treatment at f002 in January 2015" => Ask {
            at: "2015-01-15",
            ..hl7
        },
        "treatment at f002 in the half hour" => Ask {
            at: "2016-06-23T17:10:00+10:00",
            ..hl7
        },
        "treatment at f002, kept elsewhere" => Ask {
            custodian: "Organization/f003",
            ..hl7
        },
        "treatment by f204" => Ask {
            person: "Practitioner/f204",
            ..hl7
        },
        "treatment by Practitioner/13 in 2016" => Ask {
            person: "Practitioner/13",
            at: "2016-01-01",
            ..hl7
        },
        "patient request by Patient/example" => Ask {
            person: "Patient/example",
            purpose: Some("PATRQT"),
            ..hl7
        },
        _ => panic!("no request {name}"),
    }
}

/// The records, by the name that the table gives them.
pub(crate) fn record(name: &str) -> Value {
    let observation = |id: &str, system: &str, code: &str, date: Option<&str>, author: &str| {
        let mut record = json!({
            "resourceType": "Observation", "id": id,
            "code": {"coding": [{"system": system, "code": code}]},
            "performer": [{"reference": author}],
        });
        if let Some(date) = date {
            record["effectiveDateTime"] = json!(date);
        }
        record
    };
    let (loinc, icd) = ("http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm");
    let ours = "Practitioner/ex-author";
    let of_encounter = |mut record: Value| {
        record["encounter"] = json!({"reference": "Encounter/ex-encounter"});
        record
    };
    let plain = "2339-0";
    match name {
        "blood sugar" => of_encounter(observation(
            "ex-bloodSugar",
            loinc,
            plain,
            Some("2020-12-04"),
            ours,
        )),
        "alcohol use" => of_encounter(observation(
            "ex-alcoholUse",
            loinc,
            "74013-4",
            Some("2022-06-13"),
            ours,
        )),
        "undated note" => observation("undated", loinc, plain, None, ours),
        "note by ex-practitioner" => observation(
            "note",
            loinc,
            plain,
            Some("2020-12-04"),
            "Practitioner/ex-practitioner",
        ),
        "depression" => observation("low", icd, "F32.9", Some("2022-06-13"), ours),
        "violence" => observation("harm", icd, "T74.11XA", Some("2022-06-13"), ours),
        "depression with HIV" => {
            let mut record = observation("both", icd, "F32.9", Some("2022-06-13"), ours);
            let hiv = json!({"system": icd, "code": "B20"});
            record["valueCodeableConcept"] = json!({"coding": [hiv]});
            record
        }
        "result of Task/example3" => {
            let mut record = observation("result", loinc, plain, Some("2020-12-04"), ours);
            record["basedOn"] = json!([{"reference": "Task/example3"}]);
            record
        }
        "prescription" => json!({"resourceType": "MedicationRequest", "id": "p"}),
        _ => panic!("no record {name}"),
    }
}

/// Reads the rows below: consent, request, record, default, answer.
pub(crate) fn rows(text: &'static str) -> Vec<Row> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(" | ").collect();
            let [consent, ask, record, default, answer] = cells[..] else {
                panic!("not five cells: {line}")
            };
            let (implied, permitted) = (default == "permit", answer == "permit");
            Row {
                consent,
                ask,
                record,
                implied,
                permitted,
            }
        })
        .collect()
}

/// IHE PCF, which leaves no consent implied.
pub(crate) const PCF: &str = include_str!("pcf.txt");

/// HL7 R4. The texts of `Out` and `not..` say that consent is implied.
pub(crate) const OFFICIAL: &str = include_str!("official.txt");
