//! A server of another, with as little HTTP as a test needs: what it was asked is counted.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// Status, headers, body.
pub(crate) type Reply = (u16, String, Vec<u8>);

#[derive(Default)]
struct Inside {
    replies: Mutex<HashMap<String, Reply>>,
    asked: AtomicUsize,
    stops: AtomicBool,
    form: Mutex<String>,
}

/// A running server; it ends when it is dropped.
pub(crate) struct Elsewhere {
    pub(crate) base: String,
    inside: Arc<Inside>,
    thread: Option<JoinHandle<()>>,
}

impl Elsewhere {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inside = Arc::new(Inside::default());
        let shared = Arc::clone(&inside);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stops.load(Ordering::SeqCst) {
                    return;
                }
                let _ = stream.map(|stream| serve(stream, &shared));
            }
        });
        Self {
            base,
            inside,
            thread: Some(thread),
        }
    }

    /// What a path answers from now on.
    pub(crate) fn says(&self, path: &str, status: u16, headers: &str, body: &[u8]) {
        let reply = (status, headers.to_owned(), body.to_vec());
        self.inside
            .replies
            .lock()
            .unwrap()
            .insert(path.into(), reply);
    }

    pub(crate) fn says_json(&self, path: &str, headers: &str, body: &Value) {
        self.says(path, 200, headers, body.to_string().as_bytes());
    }

    /// The body of the last request.
    pub(crate) fn form(&self) -> String {
        self.inside.form.lock().unwrap().clone()
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.inside.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.inside.stops.store(true, Ordering::SeqCst);
        let address = self.base.trim_start_matches("http://");
        let _ = TcpStream::connect(address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut stream: TcpStream, inside: &Inside) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 16_384 {
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let told = head_text(&head, "content-length").and_then(|value| value.parse::<u64>().ok());
    let mut form = Vec::new();
    let length = told.unwrap_or(0).min(1 << 20);
    Read::take(&mut stream, length).read_to_end(&mut form)?;
    *inside.form.lock().unwrap() = String::from_utf8_lossy(&form).into_owned();
    inside.asked.fetch_add(1, Ordering::SeqCst);
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    let reply = inside.replies.lock().unwrap().get(&path).cloned();
    let (status, headers, body) = reply.unwrap_or((404, String::new(), Vec::new()));
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}

fn head_text<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}
