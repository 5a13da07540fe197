//! Nodes as processes of their own: finality, receipts, faults, recovery.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may end there")]

mod cluster;

use cluster::{
    Cluster,
    node::{self, accepted, digest, from_hex, hex},
    organisations,
};
use ledger::Parameters;
use proof::{checkpoint::Checkpoint, note::Note, policy::Policy, tree};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(90);
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

fn four() -> Cluster {
    let parameters = Parameters {
        epoch_blocks: 16,
        ..Parameters::default()
    };
    let mut cluster = Cluster::new(4, 4, parameters, ARGUMENTS);
    cluster.start_all(0..4);
    cluster.wait_height(0, 2, SOON);
    cluster
}

/// Loads a node with batches and asserts that all were accepted.
fn load(cluster: &mut Cluster, node: usize, count: u64) {
    let answer = cluster.ask(node, &format!("load {count} 50"));
    assert!(!answer.starts_with("error"), "{answer}");
}

#[test]
fn four_processes_finalise_the_same_blocks() {
    let mut cluster = four();
    load(&mut cluster, 1, 200);
    assert_eq!(cluster.ask(1, "batches"), "200");
    cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
    assert!(
        cluster
            .field(0, "peers")
            .split(',')
            .all(|peer| peer.ends_with(":1"))
    );
    assert_ne!(cluster.ask(0, "metrics"), "0");
}

#[test]
fn one_validator_alone_runs_the_same_path() {
    let parameters = Parameters {
        epoch_blocks: 10,
        ..Parameters::default()
    };
    let mut cluster = Cluster::new(1, 1, parameters, ARGUMENTS);
    cluster.start(0);
    load(&mut cluster, 0, 60);
    cluster.wait(SOON, "a checkpoint", |it| {
        it.field(0, "checkpoint_size") == "60"
    });
    assert_ne!(cluster.ask(0, "proof 59"), "none");
    // Stopped in order, then killed: both times it goes on where it was.
    assert_eq!(cluster.ask(0, "stop"), "stopped");
    for batches in ["70", "80"] {
        cluster.kill(0);
        cluster.start(0);
        load(&mut cluster, 0, 10);
        assert_eq!(cluster.ask(0, "batches"), batches);
    }
}

/// The trust file of the founders.
fn policy(cluster: &Cluster) -> Policy {
    let chain = cluster.genesis.chain_id();
    let origin = proof::checkpoint::origin(&chain);
    let keys: Vec<(String, proof::PublicKey)> = cluster
        .genesis
        .organisations
        .iter()
        .map(|it| (it.id.to_string(), it.checkpoint_key))
        .collect();
    let keys: Vec<(&str, proof::PublicKey)> =
        keys.iter().map(|(id, key)| (id.as_str(), *key)).collect();
    let members: Vec<_> = keys.iter().map(|(_, key)| *key).collect();
    let policy = proof::policy::render(&origin, &members, &keys).unwrap();
    Policy::parse(policy.as_bytes()).unwrap()
}

#[test]
fn a_stranger_sees_what_the_state_says_and_what_it_does_not() {
    let mut cluster = four();
    load(&mut cluster, 0, 20);
    let policy = policy(&cluster);
    let first = cluster.genesis.organisations[0].clone();
    let batch = hex(&ledger::keys::batch(&first.id));
    let grant = hex(&ledger::keys::grant(&proof::Digest([7; 32])));
    let shown = |cluster: &mut Cluster, node: usize, key: &str| {
        let answer = cluster.ask(node, &format!("state {key}"));
        (answer != "none").then(|| proof::state::verify(&from_hex(&answer), &policy).unwrap())
    };
    for node in 0..4 {
        // The batch head of the sender, once a quorum stated the state after its last batch.
        cluster.wait(SOON, "a statement about the last batch", |it| {
            let value = shown(it, node, &batch).and_then(|it| it.value);
            value.is_some_and(|value| value[..8] == 20u64.to_be_bytes())
        });
        let present = shown(&mut cluster, node, &batch).unwrap();
        assert_eq!(present.key, ledger::keys::batch(&first.id));
        assert!(present.cosigners.len() >= 3);
        let absent = shown(&mut cluster, node, &grant).unwrap();
        assert_eq!((absent.value, absent.height), (None, present.height));
        let height: u64 = cluster.field(node, "height").parse().unwrap();
        assert!((1..=height).contains(&absent.height));
    }
}

#[test]
fn an_entry_is_proved_by_a_checkpoint_that_a_quorum_cosigned() {
    let mut cluster = four();
    load(&mut cluster, 0, 20);
    let origin = proof::checkpoint::origin(&cluster.genesis.chain_id());
    let policy = policy(&cluster);
    for node in 0..4 {
        cluster.wait(SOON, "a checkpoint of everything", |it| {
            it.field(node, "checkpoint_size") == it.field(node, "history_size")
                && it.field(node, "history_size") == "20"
        });
        let answer = cluster.ask(node, "proof 7");
        let [entry, path, note] = answer.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{answer}")
        };
        let note: Note = String::from_utf8(from_hex(note)).unwrap().parse().unwrap();
        let checkpoint = Checkpoint::of(&note).unwrap();
        assert_eq!(checkpoint.origin, origin);
        let path: Vec<_> = path.split(',').map(digest).collect();
        let leaf = tree::leaf_hash(&from_hex(entry));
        assert!(tree::verify_inclusion(&leaf, 7, checkpoint.size, &path, &checkpoint.root).is_ok());
        let cosigned = |witness: &proof::note::Vkey| {
            let line = note.lines.iter().find(|line| witness.claims(line));
            line.is_some_and(|line| proof::cosignature::verify(&checkpoint, witness, line).is_ok())
        };
        assert!(policy.is_quorum(cosigned));
        assert!(
            note.lines
                .iter()
                .all(|line| policy.witnesses().iter().any(|it| it.claims(line)))
        );
    }
}

#[test]
fn a_submission_is_final_once_or_refused_with_a_code() {
    let mut cluster = four();
    let (founder, chain) = (cluster.founders[2].clone(), cluster.genesis.chain_id());
    let good = hex(&organisations::batch(&founder, chain, 1, 0, 1_000));
    let id = cluster.ask(2, &format!("submit {good}"));
    assert_eq!(cluster.ask(2, &format!("submit {good}")), id);
    for node in 0..4 {
        cluster.wait(SOON, "it to be final", |it| {
            accepted(&it.ask(node, &format!("locate {id}"))).is_some()
        });
    }
    // Again, at another node, after it is final: the same answer, and no second entry.
    assert_eq!(cluster.ask(0, &format!("submit {good}")), id);
    let (index, height) = accepted(&cluster.ask(0, &format!("locate {id}"))).unwrap();
    assert_eq!(cluster.ask(0, &format!("transactions {height}")), "1");
    cluster.wait_height(0, height + 3, SOON);
    assert_eq!(
        accepted(&cluster.ask(0, &format!("locate {id}"))),
        Some((index, height))
    );

    let again = organisations::batch(&founder, chain, 1, 0, 999);
    let unsigned = {
        let mut bytes = organisations::batch(&founder, chain, 2, 0, 1_000);
        *bytes.last_mut().unwrap() ^= 1;
        bytes
    };
    let foreign = organisations::batch(&founder, proof::sha256(b"another"), 2, 0, 1_000);
    let skipped = organisations::batch(&founder, chain, 9, 0, 0);
    for (bytes, code) in [(again, 7), (unsigned, 3), (foreign, 2), (skipped, 8)] {
        let answer = cluster.ask(2, &format!("submit {}", hex(&bytes)));
        assert!(
            answer.starts_with(&format!("error refused ({code})")),
            "{answer}"
        );
    }
    let answer = cluster.ask(2, "submit 00");
    assert!(answer.starts_with("error refused (1)"), "{answer}");
}

#[test]
fn three_go_on_while_one_is_killed_and_it_catches_up() {
    let mut cluster = four();
    cluster.tell(0, "load 600 20");
    std::thread::sleep(Duration::from_secs(1));
    cluster.kill(3);
    let answer = cluster.hear(0);
    assert!(!answer.starts_with("error"), "{answer}");
    let height = cluster.height(0);
    // Once the others know that it is silent, its turns are skipped at once.
    cluster.wait_height(0, height + 10, SOON);
    cluster.start(3);
    cluster.wait_height(3, height + 10, SOON);
    load(&mut cluster, 3, 50);
    cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
}

#[test]
fn without_a_quorum_nothing_is_final_and_with_it_again_soon() {
    let mut cluster = four();
    cluster.signal(2, "-STOP");
    cluster.signal(3, "-STOP");
    // What was on its way may still become final.
    std::thread::sleep(Duration::from_secs(1));
    let height = cluster.height(0);
    let (founder, chain) = (cluster.founders[0].clone(), cluster.genesis.chain_id());
    let batch = hex(&organisations::batch(&founder, chain, 1, 0, 1_000));
    let id = cluster.ask(0, &format!("submit {batch}"));
    std::thread::sleep(Duration::from_secs(8));
    assert!(cluster.height(0) <= height + 1, "two of four made blocks");
    assert_eq!(cluster.ask(0, &format!("locate {id}")), "none");
    assert_eq!(cluster.field(0, "in_touch"), "false");
    cluster.signal(2, "-CONT");
    cluster.signal(3, "-CONT");
    // The promise is ten seconds; the bound leaves room for a busy machine.
    cluster.wait(Duration::from_secs(30), "finality to come back", |it| {
        accepted(&it.ask(0, &format!("locate {id}"))).is_some()
    });
    cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
}

#[test]
fn a_node_without_data_gets_everything_from_its_peers() {
    let mut cluster = four();
    // Over several epochs, each with its own certificates.
    let answer = cluster.ask(0, "load 300 3");
    assert!(!answer.starts_with("error"), "{answer}");
    assert!(cluster.height(0) > 80);
    cluster.kill(3);
    cluster.wipe(3);
    let height = cluster.height(0);
    cluster.start(3);
    cluster.wait_height(3, height, SOON);
    load(&mut cluster, 3, 20);
    cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
}

#[test]
fn the_ledger_database_is_made_anew_from_the_blocks() {
    let mut cluster = four();
    let answer = cluster.ask(0, "load 200 4");
    assert!(!answer.starts_with("error"), "{answer}");
    let height = cluster.height(1) - 1;
    cluster.kill(1);
    for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let _ = std::fs::remove_file(cluster.directory(1).join("ledger").join(file));
    }
    let header = cluster.ask(0, &format!("header {height}"));
    cluster.start(1);
    cluster.wait_height(1, height, SOON);
    assert_eq!(cluster.ask(1, &format!("header {height}")), header);
    cluster.wait(SOON, "a checkpoint", |it| it.ask(1, "proof 150") != "none");
    load(&mut cluster, 1, 20);
    cluster.assert_equal_roots(&[0, 1, 2, 3], SOON);
}
