//! Several nodes, each a process of its own on loopback, for tests and measurements.
//!
//! A test binary starts itself again as a node (`node::main`) and speaks with it over a TCP
//! connection, a line each way. All processes and folders go when the cluster is dropped.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "shared by several test binaries, none of which uses all of it"
)]

pub mod node;
pub mod organisations;
pub mod trade;

use organisations::Founder;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The environment variable that tells a process to be a node, and which.
pub const NODE: &str = "SALUS_CHAIN_TEST_NODE";

/// A network of nodes.
pub struct Cluster {
    pub folder: tempfile::TempDir,
    pub founders: Vec<Founder>,
    pub genesis: ledger::Genesis,
    /// Arguments that make this binary start as a node.
    arguments: Vec<String>,
    running: BTreeMap<usize, Child>,
    connections: BTreeMap<usize, BufReader<TcpStream>>,
}

impl Cluster {
    /// Makes `total` organisations, of which the first `founders` are in the genesis.
    pub fn new(
        founders: usize,
        total: usize,
        parameters: ledger::Parameters,
        arguments: &[&str],
    ) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("salus-chain-")
            .tempdir()
            .unwrap();
        let all: Vec<Founder> = free_ports(total)
            .into_iter()
            .enumerate()
            .map(|(n, port)| Founder::new(n, port))
            .collect();
        let genesis = organisations::genesis(&all[..founders], parameters);
        genesis.check().unwrap();
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let (running, connections) = (BTreeMap::new(), BTreeMap::new());
        Self {
            folder,
            founders: all,
            genesis,
            arguments,
            running,
            connections,
        }
    }

    pub fn directory(&self, node: usize) -> PathBuf {
        self.folder.path().join(node.to_string())
    }

    /// Starts a node's process and waits until it answers.
    pub fn start(&mut self, node: usize) {
        let directory = self.directory(node);
        std::fs::create_dir_all(&directory).unwrap();
        organisations::write(&directory, &self.genesis, &self.founders[node]);
        let port = directory.join("port");
        let _ = std::fs::remove_file(&port);
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join(format!("{node}.log")))
            .unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(&self.arguments)
            .env(NODE, &directory)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.running.insert(node, child);
        let found = poll(Duration::from_secs(30), || {
            std::fs::read_to_string(&port)
                .ok()
                .filter(|text| text.ends_with('\n'))
        });
        let Some(found) = found else {
            panic!("node {node} did not start: {}", self.log(node))
        };
        let stream = TcpStream::connect(found.trim()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(2)))
            .unwrap();
        self.connections.insert(node, BufReader::new(stream));
    }

    pub fn start_all(&mut self, nodes: impl IntoIterator<Item = usize>) {
        nodes.into_iter().for_each(|node| self.start(node));
    }

    /// The process id of a running node.
    pub fn pid(&self, node: usize) -> u32 {
        self.running[&node].id()
    }

    /// Kills a node as a power cut would.
    pub fn kill(&mut self, node: usize) {
        self.connections.remove(&node);
        if let Some(mut child) = self.running.remove(&node) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends a signal to one node's process, by its id.
    pub fn signal(&self, node: usize, signal: &str) {
        let pid = self.pid(node).to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Removes what a node has on disk, except its keys.
    pub fn wipe(&self, node: usize) {
        std::fs::remove_dir_all(self.directory(node).join("ledger")).unwrap();
    }

    /// Asks a node and returns its answer.
    pub fn ask(&mut self, node: usize, question: &str) -> String {
        self.tell(node, question);
        self.hear(node)
    }

    /// Asks without waiting for the answer.
    pub fn tell(&mut self, node: usize, question: &str) {
        let stream = self.connections[&node].get_ref();
        let mut stream = stream.try_clone().unwrap();
        writeln!(stream, "{question}").unwrap();
    }

    /// Waits for the answer to an earlier question.
    pub fn hear(&mut self, node: usize) -> String {
        let mut answer = String::new();
        let connection = self.connections.get_mut(&node).expect("the node runs");
        let read = connection.read_line(&mut answer);
        let heard = matches!(read, Ok(1..));
        assert!(heard, "node {node} is gone: {read:?}\n{}", self.log(node));
        answer.trim().to_owned()
    }

    /// A field of a node's status.
    pub fn field(&mut self, node: usize, name: &str) -> String {
        let status = self.ask(node, "status");
        let field = status
            .split(' ')
            .find_map(|it| it.strip_prefix(&format!("{name}=")));
        field
            .unwrap_or_else(|| panic!("no {name} in {status}"))
            .to_owned()
    }

    pub fn height(&mut self, node: usize) -> u64 {
        self.field(node, "height").parse().unwrap()
    }

    /// Waits until a node reached a height.
    pub fn wait_height(&mut self, node: usize, height: u64, limit: Duration) {
        self.wait(
            limit,
            &format!("node {node} to reach block {height}"),
            |cluster| cluster.height(node) >= height,
        );
    }

    /// Waits until something holds.
    pub fn wait(&mut self, limit: Duration, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            if start.elapsed() > limit {
                let logs: Vec<String> = (0..self.founders.len()).map(|n| self.log(n)).collect();
                panic!("waited {limit:?} for {what}\n{}", logs.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until the nodes stand at one height or above and have the same roots there.
    pub fn assert_equal_roots(&mut self, nodes: &[usize], limit: Duration) -> u64 {
        let height = nodes.iter().map(|node| self.height(*node)).max().unwrap();
        for node in nodes {
            // The roots after a block are in the header of the next.
            self.wait_height(*node, height + 1, limit);
        }
        let question = format!("header {}", height + 1);
        let headers: Vec<String> = nodes
            .iter()
            .map(|node| self.ask(*node, &question))
            .collect();
        assert!(
            headers.windows(2).all(|pair| pair[0] == pair[1]),
            "{headers:?}"
        );
        height
    }

    /// The end of a node's log.
    pub fn log(&self, node: usize) -> String {
        let log = std::fs::read_to_string(self.folder.path().join(format!("{node}.log")));
        let log = log.unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(30).collect();
        let lines: Vec<&str> = lines.into_iter().rev().collect();
        format!("--- node {node}\n{}", lines.join("\n"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Ports that were free a moment ago. They are held together, so they differ.
fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    held.iter()
        .map(|listener| listener.local_addr().unwrap().port())
        .collect()
}

/// Tries until there is something, or the time is over.
pub fn poll<T>(limit: Duration, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return Some(found);
        }
        if start.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads a file that must be there.
pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
