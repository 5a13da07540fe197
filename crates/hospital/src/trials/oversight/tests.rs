//! A simulated trial as rows of forms: monitoring sees what it would have seen without them.

use cdisc::odm::{Element, Odm, Version};
use monitoring::{Kind, Standing, Study};
use serde_json::Value;
use simulate::File;
use simulate::trial::{TrialSettings, Way, study as simulated};

use super::meaning::Meanings;
use super::study;
use crate::trials::rows::{Item, Row, RowKey};

const AFTER_THE_CUT: i64 = 30_000;

fn lines(files: &[File], name: &str) -> Vec<Value> {
    let file = files.iter().find(|it| it.path == name).unwrap();
    let lines = file.text.lines();
    lines.map(|it| serde_json::from_str(it).unwrap()).collect()
}

fn item(oid: &str, name: &str, data_type: &str) -> Element {
    Element::new("ItemDef")
        .with("OID", oid)
        .with("Name", name)
        .with("DataType", data_type)
}

/// Forms for what the simulator makes.
fn metadata(study: &Study) -> Odm {
    let mut protocol = Element::new("Protocol");
    let mut items = vec![
        item("IT.BIRTH", "BRTHDAT", "date"),
        item("IT.SEX", "SEX", "text"),
        item("IT.CONSENT", "RFICDTC", "date"),
        item("IT.AE", "AETERM", "text"),
        item("IT.AGE", "AGE", "integer"),
        item("IT.DATE", "VSDAT", "datetime"),
    ];
    for visit in &study.plan {
        let reference = Element::new("StudyEventRef").with("StudyEventOID", visit.code.as_str());
        protocol = protocol.holding(reference);
    }
    for one in &study.items {
        let of = item(&format!("IT.{}", one.name), &one.name, "float");
        let of = of.with("SignificantDigits", one.decimals.to_string());
        items.push(match one.kind {
            Kind::Reading => of,
            Kind::Report => of.with("Origin", "eDT"),
            Kind::Count => of.holding(Element::new("CodeListRef").with("CodeListOID", "CL.1")),
        });
    }
    let version = Element::new("MetaDataVersion")
        .with("OID", "MDV.1")
        .holding(protocol);
    let version = items.into_iter().fold(version, Element::holding);
    let study = Element::new("Study").with("OID", "S.1").holding(version);
    Odm::new(Version::V1, Element::new("ODM").holding(study))
}

fn row(
    of: &Value,
    (event, repeat): (&str, usize),
    items: Vec<(&str, Option<&str>)>,
) -> (String, Row) {
    let text = |name: &str| of[name].as_str().unwrap().to_owned();
    let items = items.into_iter().map(|(oid, value)| Item {
        oid: format!("IT.{oid}"),
        value: value.map(str::to_owned),
    });
    let row = Row {
        key: RowKey {
            subject: text("subject"),
            event: event.to_owned(),
            event_repeat: String::new(),
            form: "F".into(),
            form_repeat: String::new(),
            group: "G".into(),
            group_repeat: repeat.to_string(),
        },
        items: items.collect(),
        reason: None,
        source: None,
    };
    (text("site"), row)
}

fn rows(files: &[File], study: &Study) -> Vec<(String, Row)> {
    let mut rows = Vec::new();
    for of in lines(files, "subjects.ndjson") {
        let person = vec![
            ("BIRTH", of["born"].as_str()),
            ("SEX", of["sex"].as_str()),
            ("CONSENT", of["consented"].as_str()),
            ("AGE", Some("50")),
        ];
        rows.push(row(&of, ("SCREENING", 1), person));
        for number in 0..usize::try_from(of["adverse_events"].as_u64().unwrap()).unwrap() {
            rows.push(row(&of, ("AE", number + 1), vec![("AE", Some("headache"))]));
        }
    }
    for of in lines(files, "visits.ndjson") {
        let values = of["values"].as_array().unwrap();
        let named = study.items.iter().zip(values);
        let mut items: Vec<(&str, Option<&str>)> = named
            .map(|(item, value)| (item.name.as_str(), value.as_str()))
            .collect();
        items.push(("DATE", of["at"].as_str()));
        rows.push(row(&of, (of["visit"].as_str().unwrap(), 1), items));
    }
    // In whatever order they come.
    rows.reverse();
    rows
}

#[test]
fn rows_of_forms_are_the_study_that_was_simulated() {
    let settings = TrialSettings {
        way: Some(Way::CopiedParticipants),
        ..TrialSettings::new(6_001)
    };
    let files = settings.make();
    let study = simulated(&files).unwrap();
    let meanings = Meanings::of(&metadata(&study)).unwrap();
    let mapped = study::study(&meanings, &rows(&files, &study), AFTER_THE_CUT);
    assert_eq!(mapped.left_out, 0);
    let mut items = study.items.clone();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(mapped.study.items, items);
    let codes = |study: &Study| {
        study
            .plan
            .iter()
            .map(|it| it.code.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&mapped.study), codes(&study));
    for (one, planned) in mapped.study.plan.iter().zip(&study.plan) {
        assert!((one.day - planned.day).abs() <= 3, "{one:?}: {planned:?}");
    }
    let order: Vec<usize> = items
        .iter()
        .map(|item| study.items.iter().position(|it| it == item).unwrap())
        .collect();
    let mut sites = study.sites.clone();
    let subjects = sites.iter_mut().flat_map(|it| &mut it.subjects);
    for visit in subjects.flat_map(|it| &mut it.visits) {
        visit.values = order.iter().map(|at| visit.values[*at]).collect();
    }
    assert_eq!(mapped.study.sites, sites);

    let told = super::told(&mapped.study, 1, 0);
    assert!(told.notes.is_empty(), "{:?}", told.notes);
    let truth: Value = serde_json::from_str(
        &files
            .iter()
            .find(|it| it.path == "truth.json")
            .unwrap()
            .text,
    )
    .unwrap();
    let first = &told.report.sites[0];
    assert_eq!(truth["site"], first.site.as_str());
    assert_eq!(first.standing, Standing::Alarm);
    assert!(!first.findings[0].why.is_empty() && !first.findings[0].evidence.is_empty());
}

#[test]
fn one_form_for_all_tests_is_told_apart_by_the_test() {
    let mut meanings = Meanings::of(&metadata(&Study::default())).unwrap();
    let number = super::meaning::Measured {
        name: "VSSTRESN".into(),
        kind: Kind::Reading,
        decimals: None,
    };
    meanings
        .items
        .insert("IT.TEST".into(), super::meaning::Meaning::Test);
    meanings
        .items
        .insert("IT.N".into(), super::meaning::Meaning::Number(number));
    let of = serde_json::json!({ "subject": "S-1", "site": "north" });
    let rows = [("SYSBP", "120"), ("TEMP", "36.70")].map(|(test, value)| {
        row(
            &of,
            ("V1", 1),
            vec![("TEST", Some(test)), ("N", Some(value))],
        )
    });
    let mapped = study::study(&meanings, &rows, AFTER_THE_CUT).study;
    let names: Vec<(&str, u8)> = mapped
        .items
        .iter()
        .map(|it| (it.name.as_str(), it.decimals))
        .collect();
    assert_eq!(names, [("VSSTRESN SYSBP", 0), ("VSSTRESN TEMP", 2)]);
    let visit = &mapped.sites[0].subjects[0].visits[0];
    assert!(visit.values.iter().all(Option::is_some) && visit.at.is_none());
    let notes = super::told(&mapped, 2, 3).notes.join("\n");
    for words in ["fewer than 5 sites", "no visit has a date", ": 3 are not"] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
}
