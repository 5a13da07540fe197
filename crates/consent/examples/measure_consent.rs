//! How long a decision takes with 100 consents: `cargo run --release -p consent --example
//! measure_consent`.
#![allow(clippy::print_stdout, reason = "it prints a measurement")]
#![allow(clippy::disallowed_types, reason = "a measurement needs a clock")]

use std::time::Instant;

use consent::decide::Fallback;
use consent::labels::ValueSets;
use consent::terms::{Actions, Purpose};
use consent::{Asking, Facts, Rules, Terms, decide};
use serde_json::{Value, json};

const ROUNDS: u32 = 20_000;
const CONSENTS: usize = 100;

/// A permission for one organisation with two exceptions, as a portal would write it.
fn consent(at: usize) -> Value {
    let reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    let code = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let role = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    json!({
        "resourceType": "Consent", "id": format!("consent-{at}"), "status": "active",
        "scope": {"coding": [{"system":
            "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
        "provision": {
            "type": "permit",
            "period": {"start": "2026-01-01", "end": "2026-12-31"},
            "actor": [{"role": {"coding": [{"system": role, "code": "IRCP"}]},
                "reference": {"reference": format!("Organization/o{}", at % 2)}}],
            "purpose": [{"system": reason, "code": "TREAT"}, {"system": reason, "code": "HPAYMT"}],
            "provision": [
                {"type": "deny", "securityLabel": [{"system": code, "code": "PSY"}]},
                {"type": "deny", "dataPeriod": {"start": "2010-01-01", "end": "2011-12-31"}}
            ]
        }
    })
}

fn time(name: &str, mut once: impl FnMut() -> bool) {
    let started = Instant::now();
    let yes = (0..ROUNDS).filter(|_| once()).count();
    println!(
        "{name}: {:?} each, {yes} of {ROUNDS} permitted",
        started.elapsed() / ROUNDS
    );
}

fn main() {
    let read = (0..CONSENTS).map(|at| Terms::read(&consent(at)));
    let terms: Vec<Terms> = read.filter_map(Result::ok).collect();
    let record = |code: &str| {
        json!({"resourceType": "Observation", "id": "1", "effectiveDateTime": "2026-02-03",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
            "performer": [{"reference": "Practitioner/p"}],
            "subject": {"reference": "Patient/p"}})
    };
    let (plain, sensitive) = (record("I10"), record("F32.9"));
    let facts = Facts::read(&plain, ValueSets::built_in());
    let withheld = Facts::read(&sensitive, ValueSets::built_in());
    let asking = Asking {
        organisation: &["Organization/o1"],
        practitioner: &["Practitioner/q"],
        role: &["PractitionerRole/r"],
        groups: Some(&[]),
        custodian: &["Organization/k"],
        purpose: Purpose::reason("TREAT"),
        actions: Actions::DISCLOSURE,
        at_us: 1_780_000_000_000_000,
    };
    let default = Fallback::Deny;
    let rules = Rules::new(&terms);
    println!(
        "{} consents, {} bytes",
        terms.len(),
        terms[0].to_bytes().len()
    );
    println!("facts: {} bytes", facts.to_bytes().len());
    time("decide, permitted", || {
        decide(&terms, default, &asking, &facts).permits()
    });
    time("decide, refused with reasons", || {
        decide(&terms, default, &asking, &withheld).permits()
    });
    time("rules made ready, permitted", || {
        rules.decide(default, &asking, &facts).permits()
    });
    time("rules made ready, yes or no", || {
        rules.permits(default, &asking, &facts)
    });
    time("rules made ready, refused, yes or no", || {
        rules.permits(default, &asking, &withheld)
    });
    let bytes = facts.to_bytes();
    time("facts from bytes", || Facts::from_bytes(&bytes).is_ok());
    time("facts of a record", || {
        !consent::facts::of(&plain).is_empty()
    });
}
