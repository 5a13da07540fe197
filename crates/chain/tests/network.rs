//! Nodes as processes of their own: finality, faults, recovery.

mod cluster;

use cluster::{Cluster, node};
use ledger::Parameters;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);
const ARGUMENTS: &[&str] = &["--exact", "a_process_of_the_network", "--ignored", "--nocapture"];

#[test]
#[ignore = "not a test: the process of a node, started by the tests"]
fn a_process_of_the_network() {
    assert!(node::main(), "started without the environment of a node");
}

fn parameters() -> Parameters {
    Parameters { epoch_blocks: 40, ..Parameters::default() }
}

#[test]
fn four_processes_finalise_the_same_blocks() {
    let mut cluster = Cluster::new(4, 4, parameters(), ARGUMENTS);
    cluster.start_all(0..4);
    cluster.wait_height(0, 2, SOON);
    let taken = cluster.ask(1, "load 100 50");
    assert!(!taken.starts_with("error"), "{taken}");
    assert_eq!(cluster.ask(1, "batches"), "100");
    cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
}
