//! Four organisations in four processes, started by `salus demo`, for one test at a time.

use crate::http::Http;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The binary under test.
pub(crate) const SALUS: &str = env!("CARGO_BIN_EXE_salus");

/// Two consortia at once would measure each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A running demo. Everything of it ends and is removed when it is dropped.
pub(crate) struct Consortium {
    demo: Option<Child>,
    /// Nodes started by the test itself, after it killed those of the demo.
    started: Vec<Child>,
    pub(crate) port: u16,
    pub(crate) report: Value,
    pub(crate) folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// Four free ports in a row, each time others. They are below those that the system gives to
/// connections by itself: nobody has taken one when a killed node comes back to it.
pub(crate) fn four_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 5_000).unwrap();
    for _ in 0..5_000 {
        let step = NEXT.fetch_add(1, Ordering::SeqCst);
        let first = 10_000 + (begin + step) % 5_000 * 4;
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (first..first + 4).all(free) {
            return first;
        }
    }
    panic!("no four free ports in a row");
}

impl Consortium {
    /// Waits until no other consortium runs.
    pub(crate) fn turn() -> MutexGuard<'static, ()> {
        ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a demo with so many synthetic patients, without the story.
    pub(crate) fn start(patients: u32) -> Self {
        Self::start_as(patients, &[])
    }

    /// The same with a change of validators every few seconds.
    pub(crate) fn start_with_short_epochs() -> Self {
        Self::start_as(0, &["--epoch-blocks", "50"])
    }

    fn start_as(patients: u32, more: &[&str]) -> Self {
        let turn = Self::turn();
        let folder = tempfile::tempdir().unwrap();
        let port = four_ports();
        let mut consortium = Self {
            demo: None,
            started: Vec::new(),
            port,
            report: Value::Null,
            folder,
            _turn: turn,
        };
        consortium.run_demo_as(patients, more);
        consortium
    }

    /// Starts `salus demo` on the folder, fresh or again.
    pub(crate) fn run_demo(&mut self, patients: u32) {
        self.run_demo_as(patients, &[]);
    }

    fn run_demo_as(&mut self, patients: u32, more: &[&str]) {
        let mut demo = Command::new(SALUS)
            .arg("demo")
            .arg("--dir")
            .arg(self.dir())
            .args([
                "--port",
                &self.port.to_string(),
                "--patients",
                &patients.to_string(),
            ])
            .args(["--no-story", "--supervised"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = demo.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = BufReader::new(errors).read_to_string(&mut text);
            text
        });
        let mut output = BufReader::new(demo.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if output.read_line(&mut line).unwrap() == 0 {
                let _ = demo.wait();
                panic!("the demo ended:\n{said}\n{}", errors.join().unwrap());
            }
            if line.starts_with("READY ") {
                assert_eq!(line.trim(), format!("READY http://127.0.0.1:{}", self.port));
                break;
            }
            said.push_str(&line);
        }
        // Somebody must read what is said later, or the demo would block on a full pipe.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        self.demo = Some(demo);
        let text = std::fs::read_to_string(self.dir().join("demo.json")).unwrap();
        self.report = serde_json::from_str(&text).unwrap();
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    /// The process of the demo itself.
    pub(crate) fn demo_pid(&self) -> u32 {
        self.demo.as_ref().unwrap().id()
    }

    pub(crate) fn organisation(&self, index: usize) -> &Value {
        &self.report["organisations"][index]
    }

    pub(crate) fn id(&self, index: usize) -> &str {
        self.organisation(index)["id"].as_str().unwrap()
    }

    pub(crate) fn base(&self, index: usize) -> String {
        self.organisation(index)["base"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn fhir(&self, index: usize) -> String {
        self.organisation(index)["fhir"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn org_dir(&self, index: usize) -> PathBuf {
        PathBuf::from(self.organisation(index)["dir"].as_str().unwrap())
    }

    pub(crate) fn trust(&self) -> PathBuf {
        PathBuf::from(self.report["trust"].as_str().unwrap())
    }

    pub(crate) fn token(&self, index: usize, role: &str) -> String {
        let users = self.organisation(index)["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["role"] == role).unwrap();
        user["token"].as_str().unwrap().to_owned()
    }

    /// The process of a node, as the demo started it.
    pub(crate) fn pid(&self, index: usize) -> u32 {
        u32::try_from(self.organisation(index)["pid"].as_u64().unwrap()).unwrap()
    }

    /// Starts a node again with the command of the table; returns its process.
    pub(crate) fn run_node(&mut self, index: usize) -> u32 {
        let node = run(&self.org_dir(index));
        let pid = node.id();
        self.started.push(node);
        pid
    }

    /// Runs a node of another folder below the demo's; it ends with the consortium.
    pub(crate) fn run_other(&mut self, dir: &Path) -> u32 {
        let node = run(dir);
        let pid = node.id();
        self.started.push(node);
        pid
    }

    /// Waits until a node says that it is ready.
    pub(crate) fn wait_ready(&self, index: usize, time: Duration) {
        wait_ready(&self.base(index), time);
    }

    /// `/ledger/status` of a node; `None` while it does not answer.
    pub(crate) fn status(&self, index: usize) -> Option<Value> {
        status(&self.base(index))
    }

    pub(crate) fn height(&self, index: usize) -> u64 {
        self.status(index)
            .and_then(|it| it["height"].as_u64())
            .unwrap_or(0)
    }

    /// Waits for the receipt of a version, at the url of the version.
    pub(crate) fn receipt(&self, index: usize, version: &str, time: Duration) -> Vec<u8> {
        let token = self.token(index, "clinician");
        let http = Http::new();
        let until = Instant::now() + time;
        loop {
            let answer = http.get(&format!("{version}/$receipt"), &token).unwrap();
            if answer.status == 200 {
                return answer.body;
            }
            assert_eq!(answer.status, 202, "{version}: {}", answer.text());
            assert!(
                Instant::now() < until,
                "no receipt of {version} within {time:?}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops the demo as Ctrl-C does, and waits; the folder stays.
    pub(crate) fn stop(&mut self) {
        for mut node in self.started.drain(..) {
            signal("TERM", node.id());
            let _ = node.wait();
        }
        if let Some(mut demo) = self.demo.take() {
            signal("INT", demo.id());
            let _ = demo.wait();
        }
    }
}

impl Drop for Consortium {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell();
        }
        // A stopped (SIGSTOP) node could not end by itself.
        for index in 0..4 {
            if self.report["organisations"][index]["pid"].is_u64() {
                signal("CONT", self.pid(index));
            }
        }
        self.stop();
    }
}

impl Consortium {
    /// What the nodes logged at the end, for a failed test.
    fn tell(&self) {
        for index in 0..self.report["organisations"].as_array().map_or(0, Vec::len) {
            let log = std::fs::read_to_string(self.org_dir(index).join("node.log"));
            let log = log.unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            println!("--- {} ---", self.id(index));
            println!("{}", lines[lines.len().saturating_sub(15)..].join("\n"));
        }
    }
}

fn run(dir: &Path) -> Child {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.join("node.log"))
        .unwrap();
    Command::new(SALUS)
        .arg("run")
        .arg("--config")
        .arg(dir.join("salus.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Waits until the node at this address says that it is ready.
pub(crate) fn wait_ready(base: &str, time: Duration) {
    let http = Http::patient_for(Duration::from_secs(2));
    let until = Instant::now() + time;
    while !http
        .get(&format!("{base}/health/ready"), "")
        .is_ok_and(|it| it.status == 200)
    {
        assert!(
            Instant::now() < until,
            "{base} is not ready within {time:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// `/ledger/status` of the node at this address.
pub(crate) fn status(base: &str) -> Option<Value> {
    let http = Http::patient_for(Duration::from_secs(2));
    let answer = http.get(&format!("{base}/ledger/status"), "").ok()?;
    (answer.status == 200).then(|| answer.json())
}

/// Sends a signal to one process, by its id.
pub(crate) fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// Whether a process is there (and not only its remains).
pub(crate) fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or("Z").starts_with('Z'))
}

/// Waits until a condition holds.
pub(crate) fn eventually(what: &str, time: Duration, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + time;
    while !holds() {
        assert!(Instant::now() < until, "not within {time:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs the binary to its end.
pub(crate) fn salus(arguments: &[&str]) -> Output {
    Command::new(SALUS)
        .args(arguments)
        .env("COLUMNS", "100")
        .env_remove("SALUS_TOKEN")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A small valid Observation; the number makes it one of its own.
pub(crate) fn observation(number: u64) -> Value {
    json!({
        "resourceType": "Observation",
        "status": "final",
        "identifier": [{ "system": "https://salus.example/test", "value": number.to_string() }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "8867-4" }] },
        "effectiveDateTime": "2026-11-02T09:00:00Z",
        "valueQuantity": {
            "value": 60 + number % 60,
            "unit": "/min",
            "system": "http://unitsofmeasure.org",
            "code": "/min"
        }
    })
}

/// A token for a user of the node at this address.
pub(crate) fn sign_in(base: &str, username: &str, password: &str) -> String {
    let form = format!("grant_type=password&username={username}&password={password}");
    let answer = ureq::post(format!("{base}/auth/token"))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .send(form.as_bytes());
    let text = answer.unwrap().body_mut().read_to_string().unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}
