//! Figures of the HTTP face on this machine: single creates, bundles, reads, searches, receipts.
//!
//! `cargo run --release -p api --example measure_http [clients] [creates]`. Client and server are
//! in one process and share its cores; every write is durable, enveloped and in the outbox.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement may panic and print"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::{Client, World};
use serde_json::{Value, json};

fn observation(number: usize) -> Value {
    json!({ "resourceType": "Observation", "status": "final",
        "category": [{ "coding": [{ "code": "vital-signs",
            "system": "http://terminology.hl7.org/CodeSystem/observation-category" }] }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "8302-2",
                               "display": "Body Height" }], "text": "Body Height" },
        "subject": { "reference": format!("Patient/p{}", number % 50) },
        "effectiveDateTime": "2026-01-01T10:00:00Z",
        "valueQuantity": { "value": number, "unit": "cm", "code": "cm",
                           "system": "http://unitsofmeasure.org" } })
}

/// Runs `each` from several clients; answers calls per second and sorted times.
fn run(clients: usize, calls: usize, each: impl Fn(usize) + Sync) -> (f64, Vec<Duration>) {
    let began = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let each = &each;
                scope.spawn(move || {
                    (0..calls / clients)
                        .map(|call| {
                            let began = Instant::now();
                            each(client * (calls / clients) + call);
                            began.elapsed()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        tasks
            .into_iter()
            .flat_map(|task| task.join().unwrap())
            .collect()
    });
    let rate = f64::from(u32::try_from(times.len()).unwrap()) / began.elapsed().as_secs_f64();
    times.sort();
    (rate, times)
}

fn told(what: &str, (rate, times): &(f64, Vec<Duration>)) {
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "{what}: {rate:.0}/s, p50 {:.1} ms, p99 {:.1} ms",
        at(50),
        at(99)
    );
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok());
    let clients: usize = arguments.next().unwrap_or(16);
    let creates: usize = arguments.next().unwrap_or(8_000);
    let world = World::new();
    let client = world.clinician();
    for number in 0..50 {
        let patient = json!({ "resourceType": "Patient", "id": format!("p{number}") });
        client
            .put(&format!("/fhir/Patient/p{number}"), &patient)
            .expect(201);
    }
    let minimal = [("prefer", "return=minimal")];
    let create = |number: usize| {
        let body = observation(number).to_string();
        client
            .send("POST", "/fhir/Observation", &minimal, Some(body.as_bytes()))
            .expect(201);
    };
    told("single creates", &run(clients, creates, create));
    bundles(&client);
    let read = |number: usize| {
        client
            .get(&format!("/fhir/Patient/p{}", number % 50))
            .expect(200);
    };
    told("reads", &run(16, 16_000, read));
    let search = |number: usize| {
        client.get(&format!(
            "/fhir/Observation?subject=Patient/p{}&_count=20",
            number % 50
        ));
    };
    told("searches, 20 of a patient", &run(16, 3_200, search));
    let waited = |number: usize| {
        let body = observation(number).to_string();
        let made = client.send("POST", "/fhir/Observation", &[], Some(body.as_bytes()));
        let path = format!("/fhir/Observation/{}/_history/1", made.id());
        client.receipt(&path).expect(200);
    };
    told("write to receipt, 250 ms batches", &run(4, 80, waited));
}

fn bundles(client: &Client) {
    let bundle = |first: usize| {
        let entries: Vec<Value> = (first..first + 500)
            .map(|number| {
                json!({ "resource": observation(number),
                        "request": { "method": "POST", "url": "Observation" } })
            })
            .collect();
        json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries }).to_string()
    };
    let bodies: Vec<String> = (0..40).map(|number| bundle(number * 500)).collect();
    let result = run(4, 40, |number| {
        client
            .send("POST", "/fhir", &[], Some(bodies[number].as_bytes()))
            .expect(200);
    });
    told("bundles of 500", &result);
    println!("  {:.0} resources/s", result.0 * 500.0);
}
