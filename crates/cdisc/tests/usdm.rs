//! Studies of USDM 4: the published ones, broken ones, and what is compared of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may panic and say why it does not run"
)]

use std::path::{Path, PathBuf};

use cdisc::CdiscError;
use cdisc::usdm::{DesignKind, Level, Limits, Protocol};
use proptest::prelude::*;
use serde_json::{Value, json};

fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../../../shared/data/trials/usdm");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: {} is not there", folder.display());
    None
}

const STUDIES: [&str; 2] = ["CDISC_Pilot_Study.json", "observational.json"];

fn study(folder: &Path, name: &str) -> (Value, Protocol) {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let protocol = Protocol::read(&bytes, &Limits::default()).unwrap();
    (serde_json::from_slice(&bytes).unwrap(), protocol)
}

#[test]
fn the_published_studies_are_read_and_nothing_of_them_is_lost() {
    let Some(folder) = folder() else { return };
    for name in STUDIES {
        let (published, protocol) = study(&folder, name);
        assert_eq!(protocol.warnings(), [], "{name}");
        assert_eq!(protocol.document(), &published);
        let written = protocol.write();
        assert_eq!(
            serde_json::from_slice::<Value>(&written).unwrap(),
            published
        );
        let again = Protocol::read(&written, &Limits::default()).unwrap();
        assert_eq!(again.write(), written);
        assert_eq!(again.canonical(), protocol.canonical());
        assert_eq!(again.study(), protocol.study());
    }
}

#[test]
fn the_view_says_what_the_pilot_study_says() {
    let Some(folder) = folder() else { return };
    let (_, protocol) = study(&folder, STUDIES[0]);
    let study = protocol.study();
    assert_eq!(study.name, "CDISC PILOT - LZZT");
    let version = &study.versions[0];
    assert_eq!(version.identifier, "2");
    assert!(
        version
            .title()
            .starts_with("Safety and Efficacy of the Xanomeline")
    );
    assert_eq!(version.identifiers[1].text, "NCT12345678");
    assert_eq!(version.identifiers[1].scope_kind.decode, "Study Registry");
    let amendment = version.newest_amendment().unwrap();
    assert_eq!(
        amendment.reasons,
        ["IRB/IEC Feedback", "Fix typographical errors"]
    );
    assert_eq!(amendment.dates[0].date, "2006-06-01");
    let design = &version.designs[0];
    assert_eq!(design.kind, DesignKind::Interventional);
    assert_eq!(design.phase.as_ref().unwrap().decode, "Phase II Trial");
    assert_eq!(design.arms.len(), 3);
    assert_eq!(design.epochs.len(), 5);
    assert_eq!(
        design.population.planned_enrolment.as_deref(),
        Some("300.0")
    );
    assert_eq!(design.population.criteria, 31);
    let endpoints = version.registered();
    let count = |level: Level| endpoints.iter().filter(|it| it.level == level).count();
    assert_eq!((count(Level::Primary), count(Level::Secondary)), (5, 6));
    assert_eq!(endpoints[0].id, "Endpoint_1");
    assert_eq!(endpoints[0].timing, "week 24");
    assert!(
        endpoints[0]
            .analysis
            .starts_with("Group mean changes from baseline")
    );
    assert_eq!(
        version.reason().as_deref(),
        Some("IRB/IEC Feedback; Fix typographical errors; Updated inclusion criteria")
    );
}

#[test]
fn amendments_are_chained_and_the_newest_is_the_one_that_none_follows() {
    let Some(folder) = folder() else { return };
    let (_, protocol) = study(&folder, STUDIES[1]);
    let version = &protocol.study().versions[0];
    assert_eq!(version.amendments.len(), 4);
    assert_eq!(version.newest_amendment().unwrap().number, "4");
    assert_eq!(version.designs[0].kind, DesignKind::Observational);
    assert_eq!(version.amendments[0].reasons, ["Fix typographical errors"]);
}

#[test]
fn a_registration_has_what_the_registry_asks_and_names_what_is_missing() {
    let Some(folder) = folder() else { return };
    let (_, protocol) = study(&folder, STUDIES[0]);
    assert_eq!(protocol.registration(1), None);
    let registration = protocol.registration(0).unwrap();
    let values = |element: &str| -> Vec<&str> {
        let entries = registration
            .entries
            .iter()
            .filter(|it| it.element == element);
        entries.map(|it| it.value.as_str()).collect()
    };
    assert_eq!(
        values("Unique Protocol Identification Number"),
        ["H2Q-MC-LZZT"]
    );
    assert_eq!(values("Secondary ID"), ["NCT12345678 (CT-GOV)"]);
    assert_eq!(values("Acronym"), ["LZZT"]);
    assert_eq!(values("Study Phase"), ["Phase II Trial"]);
    assert_eq!(values("Masking"), ["Sponsor"]);
    assert_eq!(values("Number of Arms"), ["3"]);
    assert_eq!(values("Enrollment"), ["300"]);
    assert_eq!(values("Primary Outcome Measure").len(), 5);
    assert_eq!(
        values("Primary Outcome Time Frame"),
        ["week 24", "week 24", "baseline"]
    );
    assert_eq!(values("Secondary Outcome Measure").len(), 6);
    assert_eq!(values("Eligibility Criterion").len(), 31);
    assert_eq!(values("Minimum Age"), ["50 Year"]);
    let gaps: Vec<String> = registration.gaps.iter().map(ToString::to_string).collect();
    let endpoint = "/study/versions/0/studyDesigns/0/objectives/1/endpoints/0";
    let gap = format!("{endpoint}: Primary Outcome Time Frame is required by the registry");
    assert!(gaps.contains(&gap), "{gaps:#?}");
    // The published study does not say that it is randomised.
    assert!(
        gaps.iter().any(|gap| gap.contains("Allocation")),
        "{gaps:#?}"
    );

    let (_, protocol) = study(&folder, STUDIES[1]);
    let registration = protocol.registration(0).unwrap();
    let elements: Vec<&str> = registration.entries.iter().map(|it| it.element).collect();
    for element in ["Time Perspective", "Group/Cohort Label", "Sampling Method"] {
        assert!(elements.contains(&element), "{element}");
    }
    assert!(!elements.contains(&"Number of Arms"));
}

/// Replaces what is at a place; removes it for `null`.
fn replace(document: &mut Value, at: &str, value: &Value) {
    let (parent, name) = at.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(map) if value.is_null() => {
            map.remove(name).unwrap();
        }
        Value::Object(map) => {
            map.insert(name.to_owned(), value.clone());
        }
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
        _ => panic!("{at}"),
    }
}

/// Places of the pilot study, and what must not stand there.
fn defects() -> Vec<(String, Value)> {
    let version = "/study/versions/0";
    let design = "/study/versions/0/studyDesigns/0";
    let endpoint = "/study/versions/0/studyDesigns/0/objectives/0/endpoints/0";
    vec![
        ("/usdmVersion".to_owned(), json!("3.0.0")),
        ("/study/name".into(), json!(null)),
        ("/study/name".into(), json!("")),
        ("/study/id".into(), json!("no uuid")),
        (format!("{version}/versionIdentifier"), json!(2)),
        (format!("{version}/titles"), json!({})),
        (format!("{version}/titles/0/type/code"), json!(null)),
        (
            format!("{version}/dateValues/0/dateValue"),
            json!("2006-02-30"),
        ),
        (
            format!("{version}/studyIdentifiers/0/scopeId"),
            json!("Organization_99"),
        ),
        (
            format!("{version}/studyIdentifiers/0/scopeId"),
            json!("StudyArm_1"),
        ),
        (format!("{version}/amendments/0/primaryReason"), json!(null)),
        (
            format!("{version}/amendments/0/previousId"),
            json!("Endpoint_1"),
        ),
        (format!("{design}/instanceType"), json!("Design")),
        (format!("{design}/arms/0/id"), json!("StudyArm_2")),
        (format!("{design}/studyCells/0/armId"), json!("StudyArm_9")),
        (
            format!("{design}/studyCells/0/elementIds/0"),
            json!("StudyEpoch_1"),
        ),
        (
            format!("{design}/population/includesHealthySubjects"),
            json!("no"),
        ),
        (
            format!("{design}/population/plannedEnrollmentNumber/value"),
            json!("300"),
        ),
        (
            format!("{design}/estimands/0/variableOfInterestId"),
            json!("Objective_1"),
        ),
        (format!("{endpoint}/text"), json!(null)),
        (format!("{endpoint}/instanceType"), json!("Objective")),
        (format!("{endpoint}/level/code"), json!("C85826x")),
        (
            format!("{endpoint}/text"),
            json!("<usdm:ref klass=\"StudyVersion\" id=\"Nothing_1\" attribute=\"id\"></usdm:ref>"),
        ),
        (
            format!("{endpoint}/text"),
            json!("<usdm:ref klass=\"StudyArm\" id=\"StudyVersion_1\" attribute=\"id\"/>"),
        ),
    ]
}

#[test]
fn each_defect_is_refused_at_its_place() {
    let Some(folder) = folder() else { return };
    let (published, _) = study(&folder, STUDIES[0]);
    for (at, value) in defects() {
        let mut broken = published.clone();
        replace(&mut broken, &at, &value);
        let read = Protocol::read(broken.to_string().as_bytes(), &Limits::default());
        let Err(CdiscError::Invalid(issues)) = read else {
            panic!("{at}: {read:?}")
        };
        // An id that is taken twice is told at the second, wherever that is.
        let is_there = issues.iter().any(|issue| issue.at == at)
            || at.ends_with("/arms/0/id") && issues.iter().any(|it| it.at.ends_with("/arms/1/id"));
        assert!(is_there, "{at} {value}: {issues:?}");
    }
}

#[test]
fn versions_of_a_study_have_the_same_ids_and_do_not_refer_to_each_other() {
    let Some(folder) = folder() else { return };
    let (mut both, _) = study(&folder, STUDIES[0]);
    let mut second = both["study"]["versions"][0].clone();
    second["versionIdentifier"] = json!("3");
    second["studyDesigns"][0]["arms"][0]["id"] = json!("StudyArm_new");
    for cell in second["studyDesigns"][0]["studyCells"]
        .as_array_mut()
        .unwrap()
    {
        if cell["armId"] == "StudyArm_1" {
            cell["armId"] = json!("StudyArm_new");
        }
    }
    both["study"]["versions"]
        .as_array_mut()
        .unwrap()
        .push(second);
    let protocol = Protocol::read(both.to_string().as_bytes(), &Limits::default()).unwrap();
    let versions = &protocol.study().versions;
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[0].registered(), versions[1].registered());
    // An arm of the other version is not there.
    let at = "/study/versions/0/studyDesigns/0/studyCells/0/armId";
    replace(&mut both, at, &json!("StudyArm_new"));
    let refused = Protocol::read(both.to_string().as_bytes(), &Limits::default()).unwrap_err();
    assert!(refused.to_string().contains(at), "{refused}");
}

#[test]
fn what_the_model_does_not_know_is_kept_and_told() {
    let Some(folder) = folder() else { return };
    let (mut odd, _) = study(&folder, STUDIES[0]);
    odd["study"]["colour"] = json!("red");
    odd["study"]["versions"][0]["amendments"][0]["secondaryReasons"][0]["otherReason"] = json!("");
    let text = odd.to_string();
    let protocol = Protocol::read(text.as_bytes(), &Limits::default()).unwrap();
    let places: Vec<&str> = protocol
        .warnings()
        .iter()
        .map(|it| it.at.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "/study/colour",
            "/study/versions/0/amendments/0/secondaryReasons/0/otherReason"
        ]
    );
    assert_eq!(protocol.write(), text.as_bytes());
}

#[test]
fn every_bound_is_kept_and_no_json_is_refused_with_its_place() {
    let Some(folder) = folder() else { return };
    let bytes = std::fs::read(folder.join(STUDIES[1])).unwrap();
    let limits = Limits::default();
    for limits in [
        Limits {
            bytes: 1000,
            ..limits
        },
        Limits { depth: 5, ..limits },
        Limits {
            objects: 100,
            ..limits
        },
    ] {
        let refused = Protocol::read(&bytes, &limits).unwrap_err();
        assert!(matches!(refused, CdiscError::TooLarge(_)), "{refused}");
    }
    let refused = Protocol::read(b"{\"study\": {,", &limits).unwrap_err();
    assert!(
        refused.to_string().contains("line 1, column 12"),
        "{refused}"
    );
    assert!(Protocol::read(b"[]", &limits).is_err());
}

/// The table of classes is the published API, property by property.
#[test]
fn the_table_of_classes_is_the_published_one() {
    let Some(folder) = folder() else { return };
    let api: Value =
        serde_json::from_slice(&std::fs::read(folder.join("USDM_API.json")).unwrap()).unwrap();
    let schemas = api["components"]["schemas"].as_object().unwrap();
    let mut names: Vec<&String> = schemas
        .keys()
        .filter(|it| it.ends_with("-Output"))
        .collect();
    names.sort();
    let mut table = String::new();
    for name in names {
        let schema = &schemas[name];
        let name = name.trim_end_matches("-Output");
        table += name;
        let required = schema["required"].as_array().unwrap();
        for (property, rule) in schema["properties"].as_object().unwrap() {
            let mark = if required.contains(&json!(property)) {
                "!"
            } else {
                ""
            };
            table.extend([" ", property, ":", &in_words(property, rule, mark)]);
        }
        table += "\n";
    }
    assert_eq!(table, include_str!("../src/usdm/classes.txt"));
}

fn in_words(property: &str, rule: &Value, mark: &str) -> String {
    if property == "instanceType" && rule.get("const").is_some() {
        return format!("={mark}");
    }
    let is_list = rule["type"] == "array";
    let inner = if is_list { &rule["items"] } else { rule };
    let one = vec![inner.clone()];
    let kinds = inner["anyOf"].as_array().unwrap_or(&one);
    let null = json!({ "type": "null" });
    let words: Vec<String> = kinds
        .iter()
        .filter(|kind| **kind != null)
        .map(word)
        .collect();
    let most = rule
        .get("maxItems")
        .map(Value::to_string)
        .unwrap_or_default();
    let list = if is_list {
        format!("*{most}")
    } else {
        String::new()
    };
    let nullable = if kinds.contains(&null) { "?" } else { "" };
    format!("{}{mark}{list}{nullable}", words.join("+"))
}

fn word(kind: &Value) -> String {
    let format = kind["format"].as_str().or_else(|| {
        let is_filled = kind["minLength"] == 1;
        is_filled.then_some("text")
    });
    let class = kind["$ref"].as_str().and_then(|it| it.rsplit('/').next());
    let word = class.or(format).or_else(|| kind["type"].as_str());
    word.unwrap().trim_end_matches("-Output").to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(64)
    })]

    #[test]
    fn a_changed_study_is_refused_or_comes_back_as_it_is(
        at in any::<prop::sample::Index>(), to in any::<u8>()
    ) {
        let Some(folder) = folder() else { return Ok(()) };
        let mut bytes = std::fs::read(folder.join(STUDIES[1])).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(protocol) = Protocol::read(&bytes, &Limits::default()) {
            let again = Protocol::read(&protocol.write(), &Limits::default()).unwrap();
            prop_assert_eq!(again.write(), protocol.write());
            prop_assert_eq!(again.study(), protocol.study());
        }
    }
}
