//! The four processes: started, watched, stopped, and never left behind.

use super::plan::MEMBERS;
use crate::failure::{Explain, Failure, Outcome};
use std::fs::OpenOptions;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A node finishes its requests and closes its files within this.
const STOP_MAX: Duration = Duration::from_secs(20);

/// The name of a node's log below its folder.
pub(crate) const LOG: &str = "node.log";

struct Node {
    child: Child,
    /// The node stops when this closes: so it does when we are killed.
    leash: Option<ChildStdin>,
    told: bool,
}

/// All nodes of the demo. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Children {
    nodes: Arc<Mutex<Vec<Node>>>,
}

impl Children {
    /// Starts the node of the member at the next index; returns its process id.
    pub(crate) fn start(&self, folder: &Path) -> Outcome<u32> {
        let node = spawn(folder)?;
        let pid = node.child.id();
        self.lock().push(node);
        Ok(pid)
    }

    /// Kills one without warning, as a power cut does.
    pub(crate) fn kill(&self, index: usize) {
        if let Some(node) = self.lock().get_mut(index) {
            node.told = true;
            let _ = node.child.kill();
            let _ = node.child.wait();
        }
    }

    /// Starts a killed one again; returns its new process id.
    pub(crate) fn restart(&self, index: usize, folder: &Path) -> Outcome<u32> {
        let node = spawn(folder)?;
        let pid = node.child.id();
        if let Some(place) = self.lock().get_mut(index) {
            *place = node;
        }
        Ok(pid)
    }

    /// The index and the fate of a node that has ended since the last call.
    pub(crate) fn ended(&self) -> Option<(usize, String)> {
        for (index, node) in self.lock().iter_mut().enumerate() {
            if node.told {
                continue;
            }
            if let Ok(Some(status)) = node.child.try_wait() {
                node.told = true;
                let how = match (status.code(), status.signal()) {
                    (Some(code), _) => format!("exit status {code}"),
                    (None, Some(signal)) => format!("signal {signal}"),
                    (None, None) => "an unknown reason".to_owned(),
                };
                return Some((index, how));
            }
        }
        None
    }

    /// Stops all cleanly, then whatever is left by force.
    pub(crate) fn stop(&self) {
        let mut nodes = self.lock();
        for node in nodes.iter_mut() {
            node.told = true;
            node.leash.take();
        }
        let until = Instant::now() + STOP_MAX;
        for node in nodes.iter_mut() {
            while matches!(node.child.try_wait(), Ok(None)) {
                if Instant::now() > until {
                    let _ = node.child.kill();
                    let _ = node.child.wait();
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spawn(folder: &Path) -> Outcome<Node> {
    let program = std::env::current_exe().explain(|| "this program cannot be found".into())?;
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(LOG))
        .explain(|| format!("no log can be written to {}", folder.display()))?;
    let mut child = Command::new(program)
        .arg("run")
        .arg("--config")
        .arg(config(folder))
        .arg("--supervised")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C goes to the demo alone, which then stops its nodes one by one.
        .process_group(0)
        .spawn()
        .explain(|| "a node cannot be started".into())?;
    let leash = child.stdin.take();
    Ok(Node {
        child,
        leash,
        told: false,
    })
}

/// The configuration below an organisation's folder.
pub(crate) fn config(folder: &Path) -> PathBuf {
    folder.join(crate::organisation::CONFIG)
}

/// A node that ended while it should have started, with the end of its log.
pub(crate) fn died(index: usize, how: &str, folder: &Path) -> Failure {
    let id = MEMBERS.get(index).map_or("a node", |member| member.id);
    let log = folder.join(LOG);
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let last: Vec<&str> = text.lines().rev().take(3).collect();
    let mut failure = Failure::new(format!("{id} ended while it started")).cause(how);
    for line in last.iter().rev() {
        failure = failure.cause(line);
    }
    failure.hint(format!("the whole log is {}", log.display()))
}
