//! EPCIS documents in: events a second whose answer says that they are kept.

use super::Row;
use super::client::{Client, together};
use super::stats::{Times, rate};
use super::trade::{GTIN, LAB, Trade, until};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 4;
const TIME: Duration = Duration::from_secs(10);
/// Documents of so many events.
const SIZES: [usize; 2] = [100, 1_000];
/// Events that move packs on the ledger.
const MOVING: usize = 1_000;

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// Single events, documents, and documents that move packs.
pub(super) fn capture() -> Result<Vec<Row>> {
    let trade = Trade::open(&[(LAB, &["maker", "wholesaler", "dispenser"])])?;
    let mut rows = vec![single(&trade)?];
    for size in SIZES {
        rows.push(documents(&trade, size)?);
    }
    rows.extend(moving(&trade)?);
    Ok(rows)
}

fn single(trade: &Trade) -> Result<Row> {
    let (base, token) = at(trade);
    let times = together(CLIENTS, TIME, &base, &token, |client, _| {
        let mut event = seen();
        event["@context"] = context();
        match client.post_as("/epcis/events", JSON, event.to_string().as_bytes())? {
            (201, _) => Ok(()),
            other => refused(&other),
        }
    })?;
    let events = times.len();
    Ok(Row {
        what: "EPCIS events captured one by one, 4 clients",
        wanted: "",
        measured: format!("{}; {}", rate(events, TIME), Times::new(times).words()),
        timer: "request to 201: read by the schema's rules, sealed, indexed, on disk",
    })
}

fn documents(trade: &Trade, size: usize) -> Result<Row> {
    let (base, token) = at(trade);
    let start = Instant::now();
    let jobs = std::sync::Mutex::new(Vec::new());
    let times = together(CLIENTS, TIME, &base, &token, |client, _| {
        let document = document(&(0..size).map(|_| seen()).collect::<Vec<_>>());
        let job = client.capture(&document)?;
        if let Ok(mut jobs) = jobs.lock() {
            jobs.push(job);
        }
        Ok(())
    })?;
    let (answered, client) = (start.elapsed(), trade.client(LAB));
    for job in jobs.into_inner().unwrap_or_default() {
        client.finished(&job)?;
    }
    let (events, stored) = (times.len() * size, start.elapsed());
    Ok(Row {
        what: match size {
            100 => "EPCIS events captured in documents of 100, 4 clients",
            _ => "EPCIS events captured in documents of 1,000, 4 clients",
        },
        wanted: "",
        measured: format!(
            "{} kept, {} stored; a document {}",
            rate(events, answered),
            rate(events, stored),
            Times::new(times).words()
        ),
        timer: "kept: request to 202, valid and on disk as a job; stored: until the job of each is \
                through: sealed, indexed, committed to",
    })
}

/// Packs that are made by one event, and dispensed by an event each, as a till tells of them.
fn moving(trade: &Trade) -> Result<Vec<Row>> {
    let client = trade.client(LAB);
    let made = client.commission("L-MOVING", MOVING)?;
    let epcs: Vec<String> = made.iter().filter_map(|it| link(it)).collect();
    let sold = epcs.iter().map(|epc| {
        let mut event = seen();
        event["epcList"] = json!([epc]);
        event["bizStep"] = "dispensing".into();
        event["disposition"] = "dispensed".into();
        event
    });
    let document = document(&sold.collect::<Vec<_>>());
    let start = Instant::now();
    let job = client.capture(&document)?;
    let kept = start.elapsed();
    client.finished(&job)?;
    let done = start.elapsed();
    Ok(vec![Row {
        what: "a document of 1,000 events that dispense one pack each",
        wanted: "",
        measured: format!(
            "{} ms to the 202; {} on the ledger and stored",
            kept.as_millis(),
            rate(MOVING, done)
        ),
        timer: "request to the end of the job; every pack's transition is final before its event \
                is stored",
    }])
}

const JSON: &str = "application/json";

impl Client {
    /// Sends a document; the path of its job.
    fn capture(&self, document: &Value) -> Result<String> {
        let body = document.to_string();
        match self.post_located("/epcis/capture", JSON, body.as_bytes())? {
            (202, Some(path), _) => Ok(path),
            (status, _, body) => refused(&(status, body)),
        }
    }

    /// Waits until a job is through, with all of its events.
    fn finished(&self, job: &str) -> Result<()> {
        let mut told = Value::Null;
        until("a capture job", || {
            told = self.json(job)?;
            Ok(told["running"] == false)
        })?;
        if told["success"] != true {
            bail!("{job}: {told}");
        }
        Ok(())
    }
}

fn refused<T>((status, body): &(u16, Vec<u8>)) -> Result<T> {
    bail!("{status}: {}", String::from_utf8_lossy(body))
}

fn at(trade: &Trade) -> (String, String) {
    let token = trade.consortium.token_of(LAB, "pharmacist");
    (trade.consortium.base(LAB), token)
}

fn context() -> Value {
    json!(["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"])
}

fn document(events: &[Value]) -> Value {
    json!({
        "@context": context(), "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-11-26T09:00:00Z", "epcisBody": { "eventList": events }
    })
}

/// About 500 bytes: three packs of somebody's are seen in a warehouse.
fn seen() -> Value {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let epc = |place| format!("https://id.gs1.org/01/{GTIN}/21/SEEN{number}-{place}");
    json!({
        "type": "ObjectEvent", "eventID": format!("urn:salus:bench:{number}"),
        "eventTime": "2026-11-26T09:00:00.000Z", "eventTimeZoneOffset": "+01:00",
        "epcList": [epc(1), epc(2), epc(3)], "action": "OBSERVE", "bizStep": "inspecting",
        "disposition": "in_progress",
        "readPoint": { "id": "https://id.gs1.org/414/4012345000054" },
        "bizLocation": { "id": "https://id.gs1.org/414/4012345000054" }
    })
}

/// The Digital Link of a code in brackets.
fn link(code: &str) -> Option<String> {
    let serial = code.split("(21)").nth(1)?.split('(').next()?;
    Some(format!("https://id.gs1.org/01/{GTIN}/21/{serial}"))
}
