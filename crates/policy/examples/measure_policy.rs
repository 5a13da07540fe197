//! How long one decision of the built-in policy takes: `cargo run --release -p policy --example
//! measure_policy`.
#![allow(clippy::print_stdout, reason = "it prints a measurement")]

use std::time::Instant;

use consent::Facts;
use consent::labels::ValueSets;
use policy::{Action, Policy, Request};

const ROUNDS: u32 = 20_000;

fn main() {
    let started = Instant::now();
    let Ok(policy) = Policy::built_in() else {
        println!("the built-in policy cannot be read");
        return;
    };
    println!("read: {:?}", started.elapsed());
    let record = serde_json::json!({"resourceType": "Observation", "id": "1"});
    let facts = Facts::read(&record, ValueSets::built_in());
    let request = Request {
        person: "ann",
        role: "clinician",
        organisation: "north",
        organisation_kind: "clinic",
        custodian: "st-mary",
        custodian_kind: "hospital",
        action: Action::Disclose,
        purpose: "TREAT",
        break_glass: false,
        facts: &facts,
    };
    let started = Instant::now();
    let permitted = (0..ROUNDS)
        .filter(|_| matches!(policy.decide(&request), policy::Decision::Permit { .. }))
        .count();
    println!(
        "{permitted} permitted, {:?} each",
        started.elapsed() / ROUNDS
    );
}
