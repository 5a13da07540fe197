//! `salus doctor`: looks at everything that a node needs, changes nothing.

use crate::cli;
use crate::client::Client;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::genesis_file;
use crate::organisation::{self, Keys, Purpose};
use hospital::backups::{Act, Log, tree_copies};
use ledger::Genesis;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const CONNECT_MAX: Duration = Duration::from_secs(2);

/// Below this a node should not be started.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// The day this was written: a clock before it is wrong.
const CLOCK_MIN_S: u64 = 1_795_392_000;

/// A backup that is older than this, and a proof, are worth a word.
const BACKUP_AGE_MAX: Duration = Duration::from_hours(7 * 24);
const PROOF_AGE_MAX: Duration = Duration::from_hours(92 * 24);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    Poor,
    Bad,
}

struct Check {
    name: &'static str,
    health: Health,
    text: String,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, name: &'static str, health: Health, text: impl Into<String>) {
        self.0.push(Check {
            name,
            health,
            text: text.into(),
        });
    }

    /// A step that must work for those after it.
    fn step<T>(&mut self, name: &'static str, outcome: Outcome<(T, String)>) -> Option<T> {
        match outcome {
            Ok((value, text)) => {
                self.add(name, Health::Good, text);
                Some(value)
            }
            Err(failure) => {
                self.add(name, Health::Bad, failure.to_string().replace('\n', "; "));
                None
            }
        }
    }
}

/// Prints a table; fails when a check is bad.
pub(crate) fn run(arguments: &cli::Doctor) -> Outcome {
    let mut checks = Checks::default();
    look(&arguments.config, &mut checks);
    for check in &checks.0 {
        let mark = match check.health {
            Health::Good => "ok",
            Health::Poor => "poor",
            Health::Bad => "BAD",
        };
        println!("{mark:<5} {:<14} {}", check.name, check.text);
    }
    let bad = checks
        .0
        .iter()
        .filter(|check| check.health == Health::Bad)
        .count();
    if bad == 0 {
        return Ok(());
    }
    Err(
        Failure::new(format!("{bad} of {} checks are bad", checks.0.len()))
            .cause("see the lines marked BAD")
            .hint("mend the first one; those after it may follow from it"),
    )
}

fn look(path: &Path, checks: &mut Checks) {
    clock(checks);
    let config = Config::read(path).map(|config| {
        let text = format!(
            "{} ({})",
            config.organisation.name, config.organisation.kind
        );
        (config, text)
    });
    let Some(config) = checks.step("configuration", config) else {
        return;
    };
    disk(&config, checks);
    let genesis = genesis_file::read(&config.path(&config.ledger.genesis)).map(|genesis| {
        let text = format!("chain id {}", genesis.chain_id());
        (genesis, text)
    });
    let genesis = checks.step("genesis", genesis);
    let keys = config
        .passphrase()
        .and_then(|passphrase| Keys::open(&config.folder, &passphrase))
        .map(|keys| (keys, "open".to_owned()));
    let keys = checks.step("keys", keys);
    if let (Some(keys), Some(genesis)) = (&keys, &genesis) {
        membership(&config, keys, genesis, checks);
    }
    let running = node(&config, checks);
    database(&config, running, checks);
    if let Some(keys) = &keys {
        key_tree(&config, keys, checks);
        backups(&config, keys, checks);
    }
    if let Some(genesis) = &genesis {
        peers(&config, genesis, checks);
    }
}

fn clock(checks: &mut Checks) {
    let now_s = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    if now_s < CLOCK_MIN_S {
        checks.add(
            "clock",
            Health::Bad,
            "it shows a time before this release was made",
        );
    } else {
        checks.add("clock", Health::Good, "plausible");
    }
}

fn disk(config: &Config, checks: &mut Checks) {
    match store::free_bytes(&config.folder) {
        None => checks.add(
            "disk",
            Health::Poor,
            "the system does not tell how much is free",
        ),
        Some(free) if free < FREE_BYTES_MIN => {
            checks.add(
                "disk",
                Health::Bad,
                format!("{} MiB free, less than 1024", free >> 20),
            );
        }
        Some(free) => checks.add("disk", Health::Good, format!("{} GiB free", free >> 30)),
    }
}

fn membership(config: &Config, keys: &Keys, genesis: &Genesis, checks: &mut Checks) {
    let id = config.organisation.id.as_str();
    let Some(founder) = genesis.organisations.iter().find(|it| it.id.as_str() == id) else {
        let text = "not a founder: a member since a vote, or waiting for one (salus join)";
        return checks.add("membership", Health::Good, text);
    };
    let ours = keys.signing(Purpose::Transaction).public() == founder.transaction_key
        && keys.signing(Purpose::Node).public() == founder.node_key
        && keys.signing(Purpose::Checkpoint).public() == founder.checkpoint_key;
    if !ours {
        let text = "the genesis names other keys for this organisation: wrong folder or seed";
        checks.add("membership", Health::Bad, text);
    } else if founder.address.parse() == Ok(config.ledger.listen) {
        checks.add("membership", Health::Good, "founder, with these keys");
    } else {
        let text = format!("founder; others look for it at {}", founder.address);
        checks.add("membership", Health::Poor, text);
    }
}

/// Whether the node runs, as its own address tells.
fn node(config: &Config, checks: &mut Checks) -> bool {
    let Ok(client) = Client::new(&config.base(), None) else {
        checks.add("node", Health::Poor, "its address is not http");
        return false;
    };
    match client.get("/health/ready") {
        Ok(answer) if answer.is_ok() => {
            checks.add(
                "node",
                Health::Good,
                format!("running and ready at {}", config.base()),
            );
            true
        }
        Ok(answer) => {
            let (words, _) = answer.words();
            checks.add("node", Health::Poor, format!("running, not ready: {words}"));
            true
        }
        Err(_) => {
            checks.add("node", Health::Good, "stopped");
            false
        }
    }
}

fn database(config: &Config, running: bool, checks: &mut Checks) {
    let path = organisation::records(&config.folder);
    if !path.exists() {
        return checks.add("database", Health::Good, "not made yet: the node never ran");
    }
    if running {
        return checks.add("database", Health::Good, "open in the running node");
    }
    match store::Store::open_read_only(&path, &store::Options::default()) {
        Ok(_) => checks.add("database", Health::Good, "opens"),
        Err(error) => checks.add("database", Health::Bad, error.to_string()),
    }
}

/// Without the tree no record opens: a node does not start without it.
fn key_tree(config: &Config, keys: &Keys, checks: &mut Checks) {
    let path = organisation::key_tree(&config.folder);
    if !path.exists() {
        let health = if organisation::records(&config.folder).exists() {
            Health::Poor
        } else {
            Health::Good
        };
        let text = "not there: made at the first start, or lost (docs/reference/erasure.md)";
        return checks.add("key tree", health, text);
    }
    match vault::KeyTree::open(&path, &keys.root) {
        Ok(_) => checks.add("key tree", Health::Good, "opens"),
        Err(error) => checks.add("key tree", Health::Bad, error.to_string()),
    }
}

/// When a backup was last made and last proven, and whether the copies of the tree are of now.
fn backups(config: &Config, keys: &Keys, checks: &mut Checks) {
    let log = match Log::read(&config.folder, &keys.root) {
        Ok(log) => log,
        Err(error) => return checks.add("backup", Health::Bad, error.to_string()),
    };
    let Some(made) = log.last(Act::Made) else {
        let health = if organisation::records(&config.folder).exists() {
            Health::Poor
        } else {
            Health::Good
        };
        return checks.add("backup", health, "none was made: salus backup --help");
    };
    let now_ms = crate::backup::now_ms();
    let ago = |time_ms: u64| Duration::from_millis(now_ms.saturating_sub(time_ms));
    let days = |time_ms: u64| ago(time_ms).as_secs() / (24 * 3600);
    let text = format!(
        "{} days ago at height {}: {} bytes, {}",
        days(made.time_ms),
        made.height,
        made.bytes,
        made.file
    );
    let old = ago(made.time_ms) > BACKUP_AGE_MAX;
    checks.add(
        "backup",
        if old { Health::Poor } else { Health::Good },
        text,
    );
    match log.last(Act::Proven) {
        Some(proven) if ago(proven.time_ms) <= PROOF_AGE_MAX => {
            let text = format!("proven restorable {} days ago", days(proven.time_ms));
            checks.add("backup proof", Health::Good, text);
        }
        Some(proven) => {
            let text = format!(
                "last {} days ago: salus restore --check",
                days(proven.time_ms)
            );
            checks.add("backup proof", Health::Poor, text);
        }
        None => checks.add(
            "backup proof",
            Health::Poor,
            "never: salus restore FILE --check --record",
        ),
    }
    for copy in tree_copies(&log, &organisation::key_tree(&config.folder), &keys.root) {
        let file = copy.file.display();
        let (health, text) = match copy.current {
            Some(true) => (Health::Good, format!("{file} is the tree of now")),
            Some(false) => (
                Health::Bad,
                format!("{file} may open whom was erased since: back up again, or destroy it"),
            ),
            None => (Health::Poor, format!("{file} is not there to be looked at")),
        };
        checks.add("key tree copy", health, text);
    }
    if log.damaged > 0 {
        let text = format!(
            "{} lines of the log are not this organisation's",
            log.damaged
        );
        checks.add("backup log", Health::Bad, text);
    }
}

fn peers(config: &Config, genesis: &Genesis, checks: &mut Checks) {
    for member in &genesis.organisations {
        if member.id.as_str() == config.organisation.id {
            continue;
        }
        let reached = member
            .address
            .to_socket_addrs()
            .ok()
            .and_then(|mut found| found.next())
            .is_some_and(|address| TcpStream::connect_timeout(&address, CONNECT_MAX).is_ok());
        let (health, how) = if reached {
            (Health::Good, "reached")
        } else {
            (Health::Poor, "not reached")
        };
        checks.add(
            "peer",
            health,
            format!("{} at {}: {how}", member.id, member.address),
        );
    }
}
