//! The receiver of a subscription: a small HTTP server that keeps what it hears and answers as it
//! is told.
#![allow(unreachable_pub, reason = "shared by test binaries")]

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What it was answered.
    pub status: u16,
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The eventIDs, in order.
    pub fn ids(&self) -> Vec<String> {
        ids(&self.json())
    }
}

/// The eventIDs of an EPCISQueryDocument, in order.
pub fn ids(document: &Value) -> Vec<String> {
    let events = &document["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
    let events = events.as_array().unwrap_or_else(|| panic!("{document}"));
    let ids = events
        .iter()
        .map(|it| it["eventID"].as_str().unwrap().to_owned());
    ids.collect()
}

#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    /// The next answers; after them 200.
    answers: VecDeque<u16>,
    /// More events than this in one message are answered 413.
    most: Option<usize>,
}

/// A receiver on loopback.
pub struct Receiver {
    pub base: String,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        // It ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { base, state }
    }

    /// The next answers; after them 200.
    pub fn answers(&self, statuses: &[u16]) {
        self.state.lock().unwrap().answers.extend(statuses);
    }

    /// More events than this in one message are answered 413.
    pub fn at_most(&self, events: usize) {
        self.state.lock().unwrap().most = Some(events);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().unwrap().heard.clone()
    }

    /// The eventIDs of all messages that were confirmed, in order.
    pub fn confirmed(&self) -> Vec<String> {
        let heard = self.heard();
        let good = heard.iter().filter(|it| it.status == 200);
        good.flat_map(Heard::ids).collect()
    }

    /// Waits until something holds of what was heard.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !holds(self) {
            assert!(Instant::now() < end, "{what}: {:?}", self.heard());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn answer(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or("").to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim().split_once(": ") else {
                break;
            };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let status = {
            let mut state = state.lock().unwrap();
            let mut heard = Heard {
                path,
                headers,
                body,
                status: 0,
            };
            let too_many = state.most.is_some_and(|most| heard.ids().len() > most);
            let next = state.answers.pop_front();
            heard.status = next.unwrap_or(if too_many { 413 } else { 200 });
            let status = heard.status;
            state.heard.push(heard);
            status
        };
        // A redirect leads to where nobody may be sent.
        let text = format!(
            "HTTP/1.1 {status} told\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        );
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}
