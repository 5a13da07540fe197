//! The process of one node: answers questions over a TCP connection.

use super::{
    NODE,
    organisations::{self, Founder, load},
    trade,
};
use chain::{Config, Death, Handle, Node, Outcome, SubmitError};
use proof::Digest;
use std::{
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

/// Runs a node if the environment says so. True if it did.
pub fn main() -> bool {
    let Ok(directory) = std::env::var(NODE) else {
        return false;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(serve(Path::new(&directory)));
    true
}

struct Served {
    founder: Founder,
    handle: Handle,
    /// Signed and not sent yet.
    prepared: Vec<Vec<u8>>,
}

async fn serve(directory: &Path) {
    if let Ok(filter) = std::env::var("RUST_LOG") {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .init();
    }
    let (genesis, founder) = load(directory);
    let listen = format!("127.0.0.1:{}", founder.port).parse().unwrap();
    let (node_seed, checkpoint_seed) = (founder.seed(2), founder.seed(3));
    let config = Config::new(
        directory.to_owned(),
        genesis,
        node_seed,
        checkpoint_seed,
        listen,
    );
    let handle = Node::start(config).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    std::fs::write(directory.join("port"), format!("{address}\n")).unwrap();
    let served = Served {
        founder,
        handle: handle.clone(),
        prepared: Vec::new(),
    };
    tokio::select! {
        () = answer(listener, served) => handle.shutdown().await,
        reason = failure(&handle) => {
            eprintln!("died: {reason}");
            std::process::exit(3);
        }
    }
}

async fn failure(handle: &Handle) -> String {
    match handle.died().await {
        Death::Failed(reason) => reason,
        Death::Stopped => std::future::pending().await,
    }
}

/// Answers one connection until it closes: then whoever started this process is gone.
async fn answer(listener: TcpListener, mut served: Served) {
    let (stream, _) = listener.accept().await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let words: Vec<&str> = line.split(' ').collect();
        let answer = served.reply(&words).await;
        if writer
            .write_all(format!("{answer}\n").as_bytes())
            .await
            .is_err()
        {
            return;
        }
        if words[0] == "stop" {
            return;
        }
    }
}

impl Served {
    async fn reply(&mut self, words: &[&str]) -> String {
        match words {
            ["status"] => self.status(),
            ["stop"] => {
                self.handle.shutdown().await;
                "stopped".to_owned()
            }
            ["header", height] => {
                let block = self.handle.block(height.parse().unwrap()).await;
                block.map_or_else(
                    || "none".to_owned(),
                    |it| format!("{:?} {}", it.header, it.digest),
                )
            }
            ["submit", hex] => match self.handle.submit(from_hex(hex)).await {
                Ok(id) => id.to_string(),
                Err(error) => format!("error {error}"),
            },
            ["locate", id] => match self.handle.locate(&id.parse().unwrap()).await {
                None => "none".to_owned(),
                Some(it) => match it.outcome {
                    Outcome::Accepted(index) => format!("accepted {index} {}", it.height),
                    Outcome::Refused(code) => format!("refused {code} {}", it.height),
                },
            },
            ["transactions", height] => {
                let block = self.handle.block(height.parse().unwrap()).await;
                block.map_or_else(|| "none".to_owned(), |it| it.transactions.len().to_string())
            }
            ["sequence"] => self
                .handle
                .next_sequence(&self.founder.transaction_key().public())
                .to_string(),
            ["batches"] => self
                .handle
                .state()
                .batch_head(&self.founder.id())
                .0
                .to_string(),
            ["state", key] => self
                .handle
                .state_proof(&from_hex(key))
                .map_or_else(|| "none".to_owned(), |it| hex(it.as_bytes())),
            ["proof", index] => self.proof(index.parse().unwrap()).await,
            ["load", count, window] => {
                self.load(count.parse().unwrap(), window.parse().unwrap())
                    .await
            }
            ["prepare", act, receiver, first, end] => {
                let serials = first.parse().unwrap()..end.parse().unwrap();
                let act = (*act, *receiver);
                self.prepared = trade::prepare(&self.founder, &self.handle, act, serials);
                self.prepared.len().to_string()
            }
            ["send", entries] => {
                let prepared = std::mem::take(&mut self.prepared);
                trade::send(&self.handle, prepared, entries.parse().unwrap()).await
            }
            ["trickle", millis] => self.trickle(millis.parse().unwrap()).await,
            ["latency", count] => self.latency(count.parse().unwrap()).await,
            ["memory"] => memory(),
            ["metrics"] => self.handle.metrics().len().to_string(),
            other => format!("unknown question {other:?}"),
        }
    }

    fn status(&self) -> String {
        let it = self.handle.status();
        let peers: Vec<String> = it
            .peers
            .iter()
            .map(|peer| format!("{}:{}", peer.organisation, u8::from(peer.connected)))
            .collect();
        let validators: Vec<String> = it.validators.iter().map(ToString::to_string).collect();
        format!(
            "height={} epoch={} state_root={} history_size={} history_root={} tip={} \
             validating={} in_touch={} checkpoint_size={} pending={} ready={} validators={} \
             peers={}",
            it.height,
            it.epoch,
            it.state_root,
            it.history_size,
            it.history_root,
            it.tip,
            it.validating,
            it.in_touch,
            it.checkpoint_size,
            it.pending,
            it.ready(),
            validators.join(","),
            peers.join(",")
        )
    }

    /// `entry path,path,... checkpoint`, each in hex.
    async fn proof(&self, index: u64) -> String {
        let Some(anchor) = self.handle.proof(index).await else {
            return "none".to_owned();
        };
        let path: Vec<String> = anchor.path.iter().map(ToString::to_string).collect();
        format!(
            "{} {} {}",
            hex(&anchor.entry),
            path.join(","),
            hex(anchor.checkpoint.as_bytes())
        )
    }

    /// Submits batches, at most `window` ahead of the ledger, and waits until all are final.
    /// Answers how long that took, and how long signing did.
    async fn load(&mut self, count: u64, window: u64) -> String {
        let (chain, key) = (
            self.handle.chain_id(),
            self.founder.transaction_key().public(),
        );
        let state = self.handle.state();
        let (first, _) = state.batch_head(&self.founder.id());
        let offset = state.sequence(&key) - first;
        let expires = state.height() + state.parameters().expiry_blocks_max - 50;
        let signing = Instant::now();
        let numbers = first + 1..=first + count;
        let batches: Vec<Vec<u8>> = numbers
            .map(|number| organisations::batch(&self.founder, chain, number, offset, expires))
            .collect();
        let (signed, start) = (signing.elapsed(), Instant::now());
        let mut status = self.handle.watch();
        for (number, batch) in (first + 1..).zip(batches) {
            loop {
                let done = self.handle.state().batch_head(&self.founder.id()).0;
                let answer = if number > done + window {
                    Err(SubmitError::Full)
                } else {
                    self.handle.submit(batch.clone()).await
                };
                match answer {
                    Ok(_) => break,
                    Err(SubmitError::Full) => status.changed().await.unwrap(),
                    Err(SubmitError::NotReady(_)) => tokio::time::sleep(POLL).await,
                    Err(error) => return format!("error {error}"),
                }
            }
        }
        while self.handle.state().batch_head(&self.founder.id()).0 < first + count {
            status.changed().await.unwrap();
        }
        format!("{} {}", start.elapsed().as_micros(), signed.as_micros())
    }

    /// Submits a batch for every block in a while. For every block: from its time to this node
    /// having applied it, microseconds.
    async fn trickle(&self, millis: u64) -> String {
        let chain = self.handle.chain_id();
        let mut status = self.handle.watch();
        let end = Instant::now() + Duration::from_millis(millis);
        let (mut answer, mut height) = (String::new(), self.handle.status().height);
        while Instant::now() < end {
            let state = self.handle.state();
            let number = state.batch_head(&self.founder.id()).0 + 1;
            let batch = organisations::batch(&self.founder, chain, number, 0, state.height() + 500);
            let _ = self.handle.submit(batch).await;
            while self.handle.status().height <= height && Instant::now() < end {
                let _ = tokio::time::timeout(Duration::from_millis(200), status.changed()).await;
            }
            let (now_height, time_ms) = {
                let status = status.borrow_and_update();
                (status.height, status.time_ms)
            };
            if now_height > height {
                height = now_height;
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                let taken = now.saturating_sub(Duration::from_millis(time_ms));
                write!(answer, "{} ", taken.as_micros()).unwrap();
            }
        }
        answer
    }

    /// For one batch after the other: from submission to final, microseconds.
    async fn latency(&mut self, count: u64) -> String {
        let mut answer = String::new();
        for _ in 0..count {
            let taken = self.load(1, 1).await;
            write!(answer, "{} ", taken.split(' ').next().unwrap()).unwrap();
            tokio::time::sleep(Duration::from_millis(37)).await;
        }
        answer
    }
}

const POLL: Duration = Duration::from_millis(20);

/// Resident kilobytes and milliseconds of processor time of this process.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident
        .unwrap_or("0 kB")
        .trim()
        .trim_end_matches(" kB")
        .to_owned();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or("").split(' ').collect();
    // proc(5): utime and stime are fields 14 and 15; hundredths of a second on Linux.
    let ticks = |place: usize| fields.get(place).and_then(|it| it.parse::<u64>().ok());
    let used = ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0);
    format!("{resident} {}", used * 10)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub fn from_hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap())
        .collect()
}

/// Where a transaction was answered to be final.
pub fn accepted(answer: &str) -> Option<(u64, u64)> {
    let mut words = answer.strip_prefix("accepted ")?.split(' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

pub fn digest(text: &str) -> Digest {
    text.parse().unwrap_or_else(|_| panic!("no digest: {text}"))
}
