//! A subscriber to EPCIS events of a node that is killed again and again.

use crate::consortium::{Consortium, eventually};
use crate::http::Http;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two events.
const PAUSE: Duration = Duration::from_millis(40);

/// Whoever captures events, and whoever is told of them.
pub(crate) struct Told {
    stop: Arc<AtomicBool>,
    writer: JoinHandle<Vec<String>>,
    /// recordTime and eventID of each event of each message, as they came.
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl Told {
    /// Subscribes a receiver at a node, and captures events there.
    pub(crate) fn start(consortium: &Consortium, index: usize) -> Self {
        let (base, token) = (
            consortium.base(index),
            consortium.token(index, "pharmacist"),
        );
        let heard = Arc::new(Mutex::new(Vec::new()));
        let receiver = receive(Arc::clone(&heard));
        let http = Http::new();
        let query = json!({ "name": "seen", "query": { "EQ_bizStep": "inspecting" } });
        let made = http.post(&format!("{base}/epcis/queries"), &token, &query);
        assert_eq!(made.unwrap().status, 201);
        let path = format!("{base}/epcis/queries/seen/subscriptions");
        let body = json!({ "dest": receiver, "stream": true, "signatureToken": "s" });
        let made = http.post(&path, &token, &body).unwrap();
        assert_eq!(made.status, 201, "{}", made.text());
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let url = format!("{base}/epcis/events");
        let writer = std::thread::spawn(move || write(&url, &token, &stopped));
        Self {
            stop,
            writer,
            heard,
        }
    }

    /// Every event that was acknowledged was told, the first time in order.
    pub(crate) fn a_subscriber_misses_nothing(self) {
        self.stop.store(true, Ordering::SeqCst);
        let acknowledged = self.writer.join().unwrap();
        assert!(acknowledged.len() > 50, "{} events", acknowledged.len());
        eventually("the subscriber knows all", Duration::from_mins(1), || {
            let heard = self.heard.lock().unwrap();
            let heard: BTreeSet<&str> = heard.iter().map(|it| it.1.as_str()).collect();
            acknowledged.iter().all(|id| heard.contains(id.as_str()))
        });
        let heard = self.heard.lock().unwrap();
        let mut seen = BTreeSet::new();
        let mut first = heard.iter().filter(|it| seen.insert(it.1.clone()));
        assert!(first.by_ref().map(|it| &it.0).is_sorted());
        println!(
            "{} events were acknowledged; the subscriber was told {} times of {}",
            acknowledged.len(),
            heard.len(),
            seen.len()
        );
    }
}

/// Captures events until it is told to stop. Answers the ids of those that were acknowledged.
fn write(url: &str, token: &str, stop: &AtomicBool) -> Vec<String> {
    let http = Http::patient_for(Duration::from_secs(10));
    let mut acknowledged = Vec::new();
    for number in 0_u32.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let id = format!("urn:uuid:00000000-0000-4000-8000-{number:012}");
        let event = json!({
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "ObjectEvent", "eventID": id, "action": "OBSERVE", "bizStep": "inspecting",
            "eventTime": "2026-05-01T08:00:00Z", "eventTimeZoneOffset": "+02:00",
            "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"],
        });
        let sent = http.post_as(url, token, "application/json", &event);
        if sent.is_ok_and(|answer| answer.status == 201) {
            acknowledged.push(id);
        }
        std::thread::sleep(PAUSE);
    }
    acknowledged
}

/// A receiver that keeps what it hears, and refuses every seventh message. Answers its address.
fn receive(heard: Arc<Mutex<Vec<(String, String)>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/told", listener.local_addr().unwrap());
    // It ends with the process of the test.
    std::thread::spawn(move || {
        let mut messages = 0_u32;
        for stream in listener.incoming().flatten() {
            messages += 1;
            // A message of a node that was killed while it spoke is none.
            let Some(document) = read(&stream) else {
                continue;
            };
            let is_refused = messages.is_multiple_of(7);
            if !is_refused {
                let events = &document["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
                let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
                let events = events.as_array().unwrap().iter();
                let events = events.map(|it| (text(it, "recordTime"), text(it, "eventID")));
                heard.lock().unwrap().extend(events);
            }
            let status = if is_refused { "503 Later" } else { "200 OK" };
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = (&stream).write_all(answer.as_bytes());
        }
    });
    address
}

/// The body of one request.
fn read(stream: &TcpStream) -> Option<Value> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
