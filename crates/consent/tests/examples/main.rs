//! The example Consents of IHE PCF and of HL7 R4, each asked several times. Every row stands in the
//! table of `docs/reference/consent.md`, with its reason.
#![allow(
    clippy::unwrap_used,
    clippy::match_bool,
    clippy::option_option,
    clippy::similar_names,
    reason = "a test may fail loudly, and its model tells absent from unreadable"
)]
#![allow(clippy::print_stdout, reason = "a test may say that it was skipped")]

mod fsh;
mod rows;

use std::fs;
use std::path::{Path, PathBuf};

use consent::coding::{ACT_REASON, Coding};
use consent::decide::{Decision, Fallback, Obligation};
use consent::labels::ValueSets;
use consent::terms::{Actions, Purpose};
use consent::{Asking, Facts, Terms, decide};
use rows::{Ask, OFFICIAL, PCF, Row};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn at_us(text: &str) -> i64 {
    fhir::moment::stretch_us(text).unwrap().0
}

fn decision(consent: &Value, row: &Row, ask: &Ask) -> Decision {
    let purpose = ask.purpose.map(|code| {
        let (system, code) = code.split_once('#').unwrap_or((ACT_REASON, code));
        Purpose::of(Coding::new(system, code).unwrap())
    });
    let asking = Asking {
        organisation: &[ask.organisation],
        practitioner: &[ask.person],
        role: &["PractitionerRole/none"],
        groups: ask.groups,
        custodian: &[ask.custodian],
        purpose,
        actions: Actions::READ,
        at_us: at_us(ask.at),
    };
    let facts = Facts::read(&rows::record(row.record), ValueSets::built_in());
    let default = if row.implied {
        Fallback::Permit
    } else {
        Fallback::Deny
    };
    decide(&[Terms::read(consent).unwrap()], default, &asking, &facts)
}

fn told(decision: &Decision) -> (bool, String) {
    match decision {
        Decision::Deny { reasons } => (false, reasons[0].to_string()),
        Decision::Permit { by, obligations } => {
            let by = by.as_ref().map_or("by default", |_| "the consent permits");
            let more: Vec<&str> = obligations
                .iter()
                .map(|one| match one {
                    Obligation::Redact => ", redact",
                    Obligation::RedisclosureNotice => ", redisclosure notice",
                })
                .collect();
            (true, format!("{by}{}", more.concat()))
        }
    }
}

/// Checks every row, and that the page holds it.
fn check(consents: &[(String, Value)], rows: &[Row]) {
    let page = fs::read_to_string(root().join("docs/reference/consent.md")).unwrap_or_default();
    let mut wrong = Vec::new();
    let mut missing = Vec::new();
    for row in rows {
        let (_, consent) = consents
            .iter()
            .find(|(name, _)| name == row.consent)
            .unwrap();
        let ask = rows::ask(row.ask);
        let (permitted, reason) = told(&decision(consent, row, &ask));
        let reason = reason.replace(&format!("Consent/{} ", row.consent), "");
        let answer = if permitted { "permit" } else { "deny" };
        let default = if row.implied { "permit" } else { "deny" };
        let line = format!(
            "| {} | {} | {} | {default} | {answer} | {reason} |",
            row.consent, row.ask, row.record
        );
        if permitted != row.permitted {
            wrong.push(line);
        } else if !page.contains(&line) {
            missing.push(line);
        }
    }
    assert!(
        wrong.is_empty(),
        "decided otherwise than the text says:\n{}",
        wrong.join("\n")
    );
    assert!(
        missing.is_empty(),
        "missing in consent.md:\n{}",
        missing.join("\n")
    );
    for (name, _) in consents {
        assert!(
            rows.iter().any(|row| row.consent == name),
            "no row for {name}"
        );
    }
}

#[test]
fn the_examples_of_ihe_pcf_are_decided_as_their_text_says() {
    let path = root().join("../shared/data/fhir/ihe-pcf-fsh/fsh/consent.fsh");
    let Ok(text) = fs::read_to_string(path) else {
        println!("skipped: ihe-pcf-fsh is absent");
        return;
    };
    let consents = fsh::consents(&text);
    assert_eq!(consents.len(), 23);
    check(&consents, &rows::rows(PCF));
}

#[test]
fn the_official_examples_are_decided_as_their_text_says_or_refused() {
    let folder = root().join("../shared/data/fhir/hl7-r4-examples");
    let Ok(entries) = fs::read_dir(folder) else {
        println!("skipped: hl7-r4-examples is absent");
        return;
    };
    let mut consents = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("consent-example") {
            let consent: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            let id = consent["id"].as_str().unwrap().to_owned();
            consents.push((id, consent));
        }
    }
    assert_eq!(consents.len(), 12);
    check(&consents, &rows::rows(OFFICIAL));
}
