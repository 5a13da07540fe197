//! Reports: who gets them, what their lines say, and their forms.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

mod common;

use common::World;
use hospital::Role;
use hospital::access_log::{Access, AccessAgent, AccessDeed, Touched};
use serde_json::json;

fn agent() -> AccessAgent {
    AccessAgent {
        organisation: "south-clinic".into(),
        user: "=cmd()".into(),
        role: "practitioner".into(),
        ..AccessAgent::default()
    }
}

/// A world in which p1's record went to another organisation twice, once in an emergency.
fn disclosed() -> World {
    let world = World::new();
    let client = world.clinician();
    for id in ["p1", "p2"] {
        let body = json!({ "resourceType": "Patient", "id": id });
        client
            .put(&format!("/fhir/Patient/{id}"), &body)
            .expect(201);
    }
    let to = || "south-clinic".to_owned();
    let now_us = world.hospital.now_us();
    for (patient, deed) in [
        ("p1", AccessDeed::Disclose { to: to() }),
        ("p1", AccessDeed::BreakGlass { to: to() }),
        ("p2", AccessDeed::Disclose { to: to() }),
    ] {
        let touched = |type_: &str, id: &str| Touched {
            type_: type_.into(),
            id: id.into(),
            version: Some(1),
        };
        let access = Access {
            patient: Some(patient.into()),
            touched: vec![
                touched("Observation", "o1"),
                touched("Observation", "o2"),
                touched("Patient", patient),
            ],
            purpose: Some((
                "http://terminology.hl7.org/CodeSystem/v3-ActReason".into(),
                "TREAT".into(),
            )),
            basis: Some("grant-1".into()),
            ..Access::new(agent(), deed, now_us)
        };
        world.wait(world.hospital.record_access(access)).unwrap();
    }
    world
}

#[test]
fn an_accounting_has_what_the_law_asks_for_and_a_receipt_for_each_line() {
    let world = disclosed();
    let auditor = world.client(Role::Auditor, None);
    let report = auditor
        .get("/reports/disclosures?patient=p1")
        .expect(200)
        .json();
    let lines = report["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 2, "{report}");
    for line in lines {
        assert!(line["date"].as_str().unwrap().ends_with('Z'));
        assert_eq!(line["recipient"], "south-clinic");
        assert_eq!(line["what"], "Observation: 2, Patient: 1");
        assert_eq!(line["purpose"], "TREAT");
        assert_eq!(line["basis"], "grant-1");
        let receipt = line["receipt"].as_str().unwrap();
        let receipt = auditor
            .receipt(receipt.trim_end_matches("/$receipt"))
            .expect(200);
        assert!(receipt.text().starts_with("c2sp.org/tlog-proof"));
    }
    for column in report["columns"].as_array().unwrap() {
        assert!(
            !column["provision"].as_str().unwrap().is_empty(),
            "{column}"
        );
    }
    let none = auditor
        .get("/reports/disclosures?patient=p1&to=2001-01-01")
        .expect(200)
        .json();
    assert_eq!(none["lines"], json!([]));
    auditor
        .get("/reports/disclosures?patient=p1&from=yesterday")
        .expect(400);
    auditor.get("/reports/disclosures").expect(400);
    // Pages: one line, then the other, then no more.
    let first = auditor
        .get("/reports/disclosures?patient=p1&count=1")
        .expect(200)
        .json();
    let token = first["next"].as_str().unwrap();
    let next = format!("/reports/disclosures?patient=p1&count=1&after={token}");
    let second = auditor.get(&next).expect(200).json();
    assert_ne!(first["lines"][0]["event"], second["lines"][0]["event"]);
    assert_eq!(second["next"], json!(null));
}

#[test]
fn reports_are_for_auditors_and_for_patients_about_themselves() {
    let world = disclosed();
    let own = world.client(Role::Patient, Some("p1"));
    let report = own.get("/reports/accesses").expect(200).json();
    assert_eq!(report["patient"], "p1");
    let deeds: Vec<&str> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["deed"].as_str().unwrap())
        .collect();
    assert_eq!(deeds.len(), 3, "{report}");
    assert!(!report.to_string().contains("p2"), "{report}");
    own.get("/reports/accesses?patient=p2").expect(403);
    // The report itself is in the log.
    let again = own.get("/reports/accesses").expect(200).json();
    assert_eq!(again["lines"][0]["deed"], "report");
    for role in [
        Role::Admin,
        Role::Clinician,
        Role::Pharmacist,
        Role::Researcher,
        Role::System,
    ] {
        world
            .client(role, None)
            .get("/reports/accesses?patient=p1")
            .expect(403);
    }
    world
        .stranger()
        .get("/reports/accesses?patient=p1")
        .expect(401);
}

#[test]
fn a_report_can_be_printed_and_opened_in_a_spreadsheet() {
    let world = disclosed();
    let auditor = world.client(Role::Auditor, None);
    let csv = auditor
        .get("/reports/disclosures?patient=p1&format=csv")
        .expect(200);
    assert!(csv.header("content-type").starts_with("text/csv"));
    let text = csv.text();
    let mut lines = text.split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "Date,Recipient,What,Purpose,Asked by,Basis,Event,Receipt,Suspended until"
    );
    assert!(
        lines.next().unwrap().contains("\"'=cmd() (practitioner)\""),
        "{text}"
    );
    let page = auditor
        .get("/reports/disclosures?patient=p1&format=html")
        .expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text().contains("45 CFR 164.528(b)(2)(iv)"));
    assert!(!page.text().contains("<script"));
    auditor
        .get("/reports/disclosures?patient=p1&format=pdf")
        .expect(400);
}

/// The files of a ZIP that compresses nothing, by its directory.
fn unpacked(bytes: &[u8]) -> std::collections::BTreeMap<String, Vec<u8>> {
    let number = |at: usize, size: usize| {
        let digits = bytes[at..at + size].iter().rev();
        digits.fold(0, |sum: usize, byte| sum << 8 | usize::from(*byte))
    };
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06");
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut files = std::collections::BTreeMap::new();
    for _ in 0..count {
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
        let (size, length) = (number(at + 24, 4), number(at + 28, 2));
        let name = String::from_utf8(bytes[at + 46..at + 46 + length].to_vec()).unwrap();
        let content = number(at + 42, 4) + 30 + length;
        files.insert(name, bytes[content..content + size].to_vec());
        at += 46 + length;
    }
    assert_eq!(at, end);
    files
}

#[test]
fn an_export_holds_the_own_record_and_verifies_itself_offline() {
    let world = disclosed();
    let clinician = world.clinician();
    clinician.receipt("/fhir/Patient/p2/_history/1").expect(200);
    let own = world.client(Role::Patient, Some("p1"));
    own.receipt("/fhir/Patient/p1/_history/1").expect(200);
    for role in [Role::Admin, Role::Auditor, Role::Clinician] {
        world
            .client(role, None)
            .get("/reports/export?patient=p1")
            .expect(403);
    }
    let export = own.get("/reports/export").expect(200);
    assert_eq!(export.header("content-type"), "application/zip");
    let files = unpacked(&export.bytes);
    let policy = proof::policy::Policy::parse(&files["trust.txt"]).unwrap();
    let mut verified = 0;
    for (name, receipt) in files
        .iter()
        .filter(|(name, _)| name.starts_with("receipts/"))
    {
        let record = name
            .replace("receipts/", "records/")
            .replace(".txt", ".json");
        proof::receipt::verify(receipt, &policy, Some(&files[&record])).unwrap();
        verified += 1;
    }
    // The record, its event and both disclosures; what came last may wait for its batch.
    assert!(verified >= 4, "{:?}", files.keys());
    assert!(files.contains_key("records/Patient/p1/1.json"));
    let all = String::from_utf8(files["records.ndjson"].clone()).unwrap();
    assert!(!all.contains("Patient/p2"), "{all}");
    let bundle: serde_json::Value = serde_json::from_slice(&files["bundle.json"]).unwrap();
    assert_eq!(fhir::validate::resource(&bundle), []);
    let deeds = own.get("/reports/accesses").expect(200).json();
    assert_eq!(deeds["lines"][0]["deed"], "extract");
    in_the_browser(&world.dir, &files["index.html"]);
}

/// The page says of itself that everything in it is valid, and that a changed record is not.
fn in_the_browser(dir: &std::path::Path, page: &[u8]) {
    let browser = std::path::Path::new("/usr/bin/chromium");
    if !browser.exists() {
        println!("skipped: there is no Chromium here");
        return;
    }
    let text = String::from_utf8(page.to_vec()).unwrap();
    // Of the page's data, which is JSON in JSON; the newest may have no receipt yet.
    let changed = text.replace("\\\"versionId\\\":\\\"1\\\"", "\\\"versionId\\\":\\\"2\\\"");
    assert_ne!(text, changed);
    for (text, verdict) in [(&text, "valid"), (&changed, "invalid")] {
        let file = dir.join(format!("{verdict}.html"));
        std::fs::write(&file, text).unwrap();
        let shown = std::process::Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--virtual-time-budget=60000",
            ])
            .arg(format!("--user-data-dir={}", dir.join("browser").display()))
            .args(["--dump-dom", &format!("file://{}", file.display())])
            .output()
            .unwrap();
        let dom = String::from_utf8_lossy(&shown.stdout);
        let told = dom.contains(&format!("data-done=\"{verdict}\""));
        let table = dom.split("<script").next().unwrap_or("");
        assert!(told, "{table}");
    }
}
