//! A protocol as somebody gives it: what its USDM document says need not be typed again.
//!
//! Title, arms and endpoints are read out of the document. What is given beside it may fill in what
//! the model has no place for, the ratio of the arms or the timing of an endpoint, and may say
//! nothing else than the document.

use cdisc::usdm::{self, Level, RegisteredEndpoint, StudyVersion};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::protocol::{Arm, Endpoint, Protocol};
use super::{HINT, wrong};
use crate::error::HospitalError;

/// Defects of a document that are told.
const ISSUES_MAX: usize = 50;

impl Protocol {
    /// The protocol of a form.
    pub fn drafted(mut form: Value) -> Result<Self, HospitalError> {
        let document = form.get("usdm").filter(|it| !it.is_null());
        if let Some(document) = document.map(read_usdm).transpose()? {
            let version = document.study().versions.last();
            let version = version.ok_or_else(|| wrong("/usdm: the study has no version"))?;
            fill(&mut form, version)?;
        }
        serde_json::from_value(form).map_err(|error| wrong(format!("`protocol`: {error}")))
    }
}

/// The document of a protocol; what is not USDM 4 is refused with its places.
pub(super) fn read_usdm(document: &Value) -> Result<usdm::Protocol, HospitalError> {
    let text = document.to_string();
    let read = usdm::Protocol::read(text.as_bytes(), &usdm::Limits::default());
    read.map_err(|error| match error {
        cdisc::CdiscError::Invalid(issues) => {
            let text = "`usdm` is no valid document of USDM 4:".to_owned();
            let issues = issues.iter().take(ISSUES_MAX);
            let text = issues.fold(text, |text, issue| format!("{text}\n/usdm{issue}"));
            HospitalError::request("structure", text, HINT)
        }
        other => HospitalError::request("structure", format!("`usdm`: {other}"), HINT),
    })
}

fn fill(form: &mut Value, version: &StudyVersion) -> Result<(), HospitalError> {
    let Some(members) = form.as_object_mut() else {
        return Err(wrong("`protocol` is an object"));
    };
    let title = version.title();
    match members.get("title").and_then(Value::as_str) {
        Some(given) if given != title => return Err(other("title")),
        _ => members.insert("title".into(), title.into()),
    };
    let given = members.get("arms").map(read_list::<Arm>).transpose()?;
    let arms = arms(version, given.as_deref())?;
    members.insert("arms".into(), json!(arms));
    let given = members
        .get("endpoints")
        .map(read_list::<Value>)
        .transpose()?;
    let endpoints = endpoints(version, &given.unwrap_or_default())?;
    members.insert("endpoints".into(), json!(endpoints));
    Ok(())
}

fn read_list<T: serde::de::DeserializeOwned>(value: &Value) -> Result<Vec<T>, HospitalError> {
    let read = serde_json::from_value(value.clone());
    read.map_err(|error| wrong(format!("`protocol`: {error}")))
}

fn other(what: &str) -> HospitalError {
    wrong(format!(
        "`{what}` is not what the USDM document says: leave it out, or change the document"
    ))
}

/// The arms of the first design that has some to allocate, each once in the smallest block unless
/// a ratio is given.
fn arms(version: &StudyVersion, given: Option<&[Arm]>) -> Result<Vec<Arm>, HospitalError> {
    let mut designs = version.designs.iter().filter(|it| it.arms.len() > 1);
    let design = designs.next();
    let design = design.ok_or_else(|| wrong("/usdm: no design of the study has two arms"))?;
    let arms: Vec<Arm> = design
        .arms
        .iter()
        .map(|arm| {
            let mut given = given.unwrap_or_default().iter();
            let ratio = given
                .find(|it| it.name == arm.name)
                .map_or(1, |it| it.ratio);
            Arm {
                name: arm.name.clone(),
                ratio,
            }
        })
        .collect();
    let names = |arms: &[Arm]| {
        arms.iter()
            .map(|it| it.name.clone())
            .collect::<BTreeSet<_>>()
    };
    match given {
        Some(given) if given.len() != arms.len() || names(given) != names(&arms) => {
            Err(other("arms"))
        }
        _ => Ok(arms),
    }
}

fn endpoints(version: &StudyVersion, given: &[Value]) -> Result<Vec<Endpoint>, HospitalError> {
    let registered = version.registered();
    for one in given {
        if !registered.iter().any(|it| one["id"] == it.id.as_str()) {
            return Err(other("endpoints"));
        }
    }
    let beside = |it: &RegisteredEndpoint| given.iter().find(|one| one["id"] == it.id.as_str());
    registered
        .iter()
        .map(|it| endpoint(it, beside(it)))
        .collect()
}

fn endpoint(said: &RegisteredEndpoint, given: Option<&Value>) -> Result<Endpoint, HospitalError> {
    let settle = |field: &str, said: &str| {
        let given = given.and_then(|it| it[field].as_str()).unwrap_or_default();
        match (said, given) {
            (said, "") => Ok(said.to_owned()),
            ("", given) => Ok(given.to_owned()),
            (said, given) if said == given => Ok(said.to_owned()),
            _ => Err(other("endpoints")),
        }
    };
    let rank = match said.level {
        Level::Primary => "primary",
        Level::Secondary => "secondary",
        Level::Exploratory => "exploratory",
    };
    Ok(Endpoint {
        id: said.id.clone(),
        name: settle("name", &said.name)?,
        rank: settle("rank", rank)?,
        measure: settle("measure", &said.measure)?,
        timing: settle("timing", &said.timing)?,
        analysis: settle("analysis", &said.analysis)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn published(name: &str) -> Option<Value> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = root.join("../../../shared/data/trials/usdm").join(name);
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("SKIPPED: {} is not there", path.display());
            return None;
        };
        Some(serde_json::from_slice(&bytes).unwrap())
    }

    #[test]
    fn title_arms_and_endpoints_are_those_of_the_document() {
        let Some(usdm) = published("CDISC_Pilot_Study.json") else {
            return;
        };
        let form = json!({ "usdm": usdm, "block": 6, "strata": ["all"], "slots": 60 });
        let drafted = Protocol::drafted(form.clone()).unwrap();
        assert!(drafted.title.contains("Xanomeline"), "{}", drafted.title);
        let arms: Vec<&str> = drafted.arms.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(
            arms,
            ["Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"]
        );
        assert_eq!(drafted.endpoints.len(), 11);
        assert_eq!(drafted.endpoints[0].rank, "primary");
        assert!(
            drafted.endpoints[0].timing.contains("24"),
            "{:?}",
            drafted.endpoints[0]
        );
        drafted.check().unwrap();
        assert_eq!(drafted.usdm.as_ref(), form.get("usdm"), "kept whole");

        let with = |name: &str, value: Value| {
            let mut form = form.clone();
            form[name] = value;
            Protocol::drafted(form)
        };
        let ratio = json!([{ "name": "Placebo", "ratio": 2 },
            { "name": "Xanomeline Low Dose", "ratio": 1 },
            { "name": "Xanomeline High Dose", "ratio": 1 }]);
        assert_eq!(with("arms", ratio).unwrap().arms[0].ratio, 2);
        let timed = json!([{ "id": "Endpoint_3", "timing": "week 26" }]);
        assert_eq!(
            with("endpoints", timed).unwrap().endpoints[2].timing,
            "week 26"
        );
        for (name, value) in [
            ("title", json!("Another")),
            ("arms", json!([{ "name": "Placebo", "ratio": 1 }])),
            ("endpoints", json!([{ "id": "Endpoint_99" }])),
            (
                "endpoints",
                json!([{ "id": "Endpoint_1", "rank": "secondary" }]),
            ),
            ("usdm", json!({ "usdmVersion": "4.0" })),
            ("usdm", json!([])),
        ] {
            let refused = with(name, value).unwrap_err().to_string();
            assert!(refused.contains(name), "{name}: {refused}");
        }
    }

    #[test]
    fn without_a_document_everything_is_given() {
        let refused = Protocol::drafted(json!({ "block": 4 }))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("title"), "{refused}");
    }
}
