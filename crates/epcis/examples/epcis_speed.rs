//! Events per second on one core, from bytes to what a repository keeps:
//! `cargo run --release -p epcis --example epcis_speed`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_types,
    reason = "a measurement speaks, may fail and looks at the clock"
)]

use std::time::{Duration, Instant};

use epcis::{Document, Event, Limits, Query};
use serde_json::{Value, json};

const EVENTS: u32 = 2000;
const ROUNDS: u32 = 5;

fn main() {
    for packs in [1, 10, 100] {
        measure(packs);
    }
}

fn event(number: u32, packs: u32) -> Value {
    let epc = |pack: u32| json!(format!("urn:epc:id:sgtin:4012345.011111.{number}x{pack}"));
    let epcs: Vec<Value> = (0..packs).map(epc).collect();
    json!({
        "type": "ObjectEvent",
        "eventTime": "2024-05-01T10:00:00.000+02:00",
        "eventTimeZoneOffset": "+02:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "epcList": epcs,
        "readPoint": { "id": "urn:epc:id:sgln:4012345.00005.0" },
        "bizLocation": { "id": "urn:epc:id:sgln:4012345.00005.0" },
        "bizTransactionList": [
            { "type": "desadv", "bizTransaction": "urn:epc:id:gdti:0614141.00001.1618034" }
        ],
        "sourceList": [{ "type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225" }],
        "destinationList": [
            { "type": "owning_party", "destination": "urn:epc:id:pgln:0614141.00777" }
        ]
    })
}

fn measure(packs: u32) {
    let events: Vec<Value> = (0..EVENTS).map(|number| event(number, packs)).collect();
    let bytes = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-05-01T10:00:00Z",
        "epcisBody": { "eventList": events }
    })
    .to_string()
    .into_bytes();
    let limits = Limits::default();
    let read = || Document::from_json(&bytes, &limits).expect("valid");
    let mut document = read();
    let reading = time(|| read().events.len());
    let hashing = time(|| document.events.iter().map(|event| event.hash().len()).sum());
    // As a repository does: the index would hash an event without an id once more.
    for event in &mut document.events {
        let id = event.hash();
        event.set_event_id(&id);
    }
    let each = |work: fn(&Event) -> usize| time(|| document.events.iter().map(work).sum());
    let canonical = each(|event| event.canonical().map_or(0, |bytes| bytes.len()));
    let indexing = each(|event| epcis::index(event).epcs.len());
    let indices: Vec<_> = document.events.iter().map(epcis::index).collect();
    let pair = (
        "MATCH_epc".to_owned(),
        "urn:epc:id:sgtin:4012345.011111.7x0".to_owned(),
    );
    let query = Query::from_pairs(&[pair], document.events[0].context()).expect("a query");
    let matching = time(|| {
        indices
            .iter()
            .filter(|index| query.matches(index, 0))
            .count()
    });
    let all = reading + hashing + canonical + indexing;
    println!(
        "{packs} packs an event, {} bytes: read and validate {reading:?}, hash {hashing:?}, \
         canonical bytes {canonical:?}, index {indexing:?}; all {} events/s; match {matching:?}",
        bytes.len() / EVENTS as usize,
        1_000_000_000 / all.as_nanos().max(1)
    );
}

/// The mean time for one event.
fn time(work: impl Fn() -> usize) -> Duration {
    let start = Instant::now();
    let found: usize = (0..ROUNDS).map(|_| work()).sum();
    assert!(found > 0);
    start.elapsed() / (ROUNDS * EVENTS)
}
