//! A demo of the release binary for measurements and for the third-party clients.

use crate::end_to_end::binary;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running `salus demo`; it stops and its folder goes when this is dropped.
pub(crate) struct Consortium {
    demo: Child,
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Its demo.json.
    pub(crate) report: Value,
}

impl Consortium {
    /// Starts a demo without story and waits until it is ready.
    pub(crate) fn start(patients: u32) -> Result<Self> {
        let port = four_ports()?;
        let dir = fresh_folder("demo")?;
        let mut demo = Command::new(binary())
            .arg("demo")
            .arg("--dir")
            .arg(&dir)
            .args(["--port", &port.to_string()])
            .args(["--patients", &patients.to_string()])
            .args(["--no-story", "--supervised"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the demo cannot be started; was salus built?")?;
        let output = demo.stdout.take().context("the demo has no output")?;
        let mut lines = BufReader::new(output).lines();
        let ready = lines.any(|line| line.is_ok_and(|line| line.starts_with("READY ")));
        if !ready {
            let _ = demo.wait();
            bail!("the demo ended before it was ready");
        }
        // Somebody must read what is said later, or the demo would block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let text = std::fs::read(dir.join("demo.json"))?;
        let report = serde_json::from_slice(&text)?;
        Ok(Self { demo, dir, report })
    }

    /// Where an organisation answers.
    pub(crate) fn base(&self, index: usize) -> String {
        let base = &self.report["organisations"][index]["base"];
        base.as_str().unwrap_or_default().to_owned()
    }

    /// A clinician's token.
    pub(crate) fn token(&self, index: usize) -> String {
        self.token_of(index, "clinician")
    }

    /// The token of somebody with a role.
    pub(crate) fn token_of(&self, index: usize, role: &str) -> String {
        let users = self.report["organisations"][index]["users"].as_array();
        users
            .into_iter()
            .flatten()
            .find(|user| user["role"] == role)
            .and_then(|user| user["token"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    /// The process of a node.
    pub(crate) fn pid(&self, index: usize) -> u64 {
        self.report["organisations"][index]["pid"]
            .as_u64()
            .unwrap_or_default()
    }

    /// The data folder of a node.
    pub(crate) fn org_dir(&self, index: usize) -> PathBuf {
        let dir = &self.report["organisations"][index]["dir"];
        PathBuf::from(dir.as_str().unwrap_or_default())
    }
}

impl Drop for Consortium {
    fn drop(&mut self) {
        drop(self.demo.stdin.take());
        let _ = self.demo.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A folder below the build's own that was not there before.
pub(crate) fn fresh_folder(name: &str) -> Result<PathBuf> {
    let mut bytes = [0; 8];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let name = format!("{name}-{:016x}", u64::from_le_bytes(bytes));
    let path = crate::end_to_end::target().join("measured").join(name);
    std::fs::create_dir_all(&path)?;
    Ok(path)
}

/// Four free ports in a row.
fn four_ports() -> Result<u16> {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if first < 65_000 && (first..first + 4).all(free) {
            return Ok(first);
        }
    }
    bail!("there are no four free ports in a row")
}
