//! Organisations come and go by vote while the ledger goes on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may end there")]

mod cluster;

use cluster::{
    Cluster,
    node::{self, accepted, hex},
    organisations,
};
use ledger::{Parameters, Proposal};
use std::time::Duration;

const SOON: Duration = Duration::from_mins(2);
const ARGUMENTS: &[&str] = &[
    "--exact",
    "a_process_of_the_network",
    "--ignored",
    "--nocapture",
];

#[test]
#[ignore = "not a test: the process of a node, started by the tests"]
fn a_process_of_the_network() {
    assert!(node::main(), "started without the environment of a node");
}

/// Submits a transaction of an organisation at its node and waits until it is accepted.
fn enact(
    cluster: &mut Cluster,
    node: usize,
    make: impl FnOnce(&organisations::Founder, proof::Digest, u64) -> Vec<u8>,
) -> String {
    let (founder, chain) = (cluster.founders[node].clone(), cluster.genesis.chain_id());
    let sequence = cluster.ask(node, "sequence").parse().unwrap();
    let bytes = make(&founder, chain, sequence);
    let id = cluster.ask(node, &format!("submit {}", hex(&bytes)));
    assert!(!id.starts_with("error"), "node {node}: {id}");
    cluster.wait(SOON, &format!("{id} of node {node}"), |it| {
        accepted(&it.ask(node, &format!("locate {id}"))).is_some()
    });
    id
}

/// The first proposes, the others approve.
fn decide(cluster: &mut Cluster, voters: &[usize], proposal: Proposal) {
    const EXPIRES: u64 = 5_000;
    let id = enact(cluster, voters[0], |founder, chain, sequence| {
        organisations::propose(founder, chain, sequence, EXPIRES, proposal)
    });
    let located = format!("locate {id}");
    let id = node::digest(&id);
    for voter in &voters[1..] {
        // A node judges what it is given by its own state, and may be a block behind.
        cluster.wait(SOON, &format!("the proposal at node {voter}"), |it| {
            accepted(&it.ask(*voter, &located)).is_some()
        });
        enact(cluster, *voter, |founder, chain, sequence| {
            organisations::vote(founder, chain, sequence, EXPIRES, id)
        });
    }
}

#[test]
fn a_fifth_is_voted_in_and_one_out_while_writes_go_on() {
    let parameters = Parameters {
        epoch_blocks: 20,
        ..Parameters::default()
    };
    let mut cluster = Cluster::new(4, 5, parameters, ARGUMENTS);
    cluster.start_all(0..5);
    cluster.wait_height(0, 2, SOON);
    assert_eq!(cluster.height(4), 0, "a stranger gets no blocks");

    // In, while organisation 0 writes.
    cluster.tell(0, "load 400 10");
    let fifth = cluster.founders[4].organisation(true);
    decide(&mut cluster, &[1, 2, 3], Proposal::AddOrganisation(fifth));
    cluster.wait(SOON, "the fifth to sign", |it| {
        it.field(4, "validating") == "true"
    });
    let answer = cluster.hear(0);
    assert!(!answer.starts_with("error"), "{answer}");
    cluster.assert_equal_roots(&[0, 1, 2, 3, 4], SOON);

    // Out, while the new one writes.
    cluster.tell(4, "load 400 10");
    let fourth = cluster.founders[3].id();
    decide(
        &mut cluster,
        &[1, 2, 0, 3],
        Proposal::RemoveOrganisation(fourth),
    );
    cluster.wait(SOON, "the fourth to be out", |it| {
        it.field(0, "validators") == "org-0,org-1,org-2,org-4"
    });
    let answer = cluster.hear(4);
    assert!(!answer.starts_with("error"), "{answer}");
    cluster.assert_equal_roots(&[0, 1, 2, 4], SOON);

    // Without the one that left and one more, three of four are a quorum: the new one signs.
    cluster.kill(3);
    cluster.kill(0);
    let height = cluster.height(4);
    cluster.wait_height(4, height + 8, SOON);

    // Who was away across the change follows over the epochs of both committees.
    cluster.wait_height(4, height + 45, SOON);
    cluster.wipe(0);
    cluster.start(0);
    cluster.wait_height(0, height + 45, SOON);
    cluster.assert_equal_roots(&[0, 1, 2, 4], SOON);
}
