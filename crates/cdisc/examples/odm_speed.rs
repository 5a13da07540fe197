//! How long an ODM document takes, from bytes to rows and back:
//! `cargo run --release -p cdisc --example odm_speed`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_types,
    reason = "a measurement speaks, may fail and looks at the clock"
)]

use std::time::{Duration, Instant};

use cdisc::odm::capture::{self, Audit, File, FileType, Item, Key, Row, Transaction};
use cdisc::odm::{Form, Limits, Odm};

const METADATA: &str = r#"<ODM xmlns="http://www.cdisc.org/ns/odm/v2.0" FileType="Snapshot"
  FileOID="M" CreationDateTime="2026-01-01T00:00:00Z" ODMVersion="2.0">
  <Study OID="S" StudyName="S" ProtocolName="S"><MetaDataVersion OID="M" Name="M">
    <StudyEventDef OID="E" Name="E" Repeating="No" Type="Scheduled">
      <ItemGroupRef ItemGroupOID="G" Mandatory="Yes"/></StudyEventDef>
    <ItemGroupDef OID="G" Name="G" Repeating="Simple" Type="Section">
      <ItemRef ItemOID="A" Mandatory="Yes"/><ItemRef ItemOID="B" Mandatory="No"/></ItemGroupDef>
    <ItemDef OID="A" Name="A" DataType="integer" Length="3">
      <RangeCheck Comparator="LE" SoftHard="Hard"><CheckValue>300</CheckValue></RangeCheck>
    </ItemDef>
    <ItemDef OID="B" Name="B" DataType="text" Length="4"/>
  </MetaDataVersion></Study></ODM>"#;

const SUBJECTS: usize = 2000;
const ROWS: usize = 25;

fn main() {
    let limits = Limits::default();
    let metadata = Odm::from_xml(METADATA.as_bytes(), &limits).expect("valid");
    let rows = rows();
    let file = File {
        file_type: FileType::Transactional,
        file_oid: "F".to_owned(),
        created_at: "2026-01-01T00:00:00Z".to_owned(),
        as_of: None,
        prior_file_oid: None,
        originator: None,
        source_system: None,
        source_system_version: None,
        people: Vec::new(),
        sites: Vec::new(),
    };
    let (made, odm) = time(|| capture::document(&metadata, &rows, &file).expect("valid"));
    let (written, xml) = time(|| odm.to_xml().expect("written"));
    let (written_json, json) = time(|| odm.to_json().expect("written"));
    let read = |text: &str, form| Odm::unjudged(text.as_bytes(), form, &limits).expect("read");
    let (reading, again) = time(|| read(&xml, Form::Xml));
    let (reading_json, same) = time(|| read(&json, Form::Json));
    assert!(again == odm && same == odm);
    let (judging, issues) = time(|| again.issues());
    let (warning, warnings) = time(|| again.warnings());
    let (seeing, seen) = time(|| capture::rows(&again, &again).count());
    assert!(issues.is_empty() && warnings.is_empty() && seen == rows.len());
    println!(
        "{} rows, {} bytes of XML, {} of JSON",
        seen,
        xml.len(),
        json.len()
    );
    println!("made and judged {made:?}, written {written:?}, as JSON {written_json:?}");
    println!("read {reading:?}, from JSON {reading_json:?}, judged {judging:?}");
    println!("warnings {warning:?}, rows with their faults {seeing:?}");
}

fn rows() -> Vec<Row> {
    let item = |oid: &str, value: &str| Item {
        oid: oid.to_owned(),
        value: Some(value.to_owned()),
        ..Item::default()
    };
    let row = |number: usize| Row {
        study: "S".to_owned(),
        metadata_version: "M".to_owned(),
        location: Some("L".to_owned()),
        subject: format!("P-{}", number / ROWS),
        event: Key::one("E"),
        group: Key::repeated("G", (number % ROWS + 1).to_string()),
        items: vec![item("A", "120"), item("B", "SIT")],
        audit: Some(Audit {
            user: "U".to_owned(),
            location: "L".to_owned(),
            at: "2026-01-01T00:00:00Z".to_owned(),
            reason: Some("First entry".to_owned()),
            ..Audit::default()
        }),
        transaction: Some(Transaction::Insert),
        ..Row::default()
    };
    (0..SUBJECTS * ROWS).map(row).collect()
}

fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}
