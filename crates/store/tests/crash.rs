//! Killed at any moment: every acknowledged write is there, and none is there in part.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod support;

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use store::{Options, Store, StoreError};
use support::*;

const ROUNDS: u64 = 10;
/// Records of one write; all of them carry the write's name.
const TOGETHER: usize = 5;
const FOLDER: &str = "SALUS_TEST_FOLDER";
const ROUND: &str = "SALUS_TEST_ROUND";

/// Runs this test again in a process of its own.
fn child(test: &str, folder: &Path, round: u64, shell: Option<&str>) -> Child {
    let own = std::env::current_exe().unwrap();
    let mut command = match shell {
        None => Command::new(&own),
        Some(before) => {
            let mut command = Command::new("sh");
            command
                .args(["-c", &format!("{before}; exec \"$0\" \"$@\"")])
                .arg(&own);
            command
        }
    };
    command
        .args([
            "--exact",
            test,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn write(name: &str) -> store::Write {
    let together = (0..TOGETHER).map(|number| {
        let mut body = observation(&format!("{name}-{number}"), "p1", "8480-6", "2024", "1");
        body["identifier"] = json!([{"system": "urn:write", "value": name}]);
        put(&body, None, 1)
    });
    puts(together.collect())
}

/// The child: eight writers, each saying the name of a write once it is acknowledged.
#[tokio::test]
#[ignore = "run by killed_at_any_moment_nothing_acknowledged_is_lost in a process of its own"]
async fn writes_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let round = std::env::var(ROUND).unwrap();
    let store = Store::open(&Path::new(&folder).join("salus.db"), &Options::default()).unwrap();
    if store.vault_key(VAULT).await.unwrap().is_none() {
        add_vault(&store).await;
    }
    let mut tasks = Vec::new();
    for writer in 0..8 {
        let (store, round) = (store.clone(), round.clone());
        tasks.push(tokio::spawn(async move {
            for number in 0..100_000 {
                let name = format!("{round}-{writer}-{number}");
                store.commit(write(&name)).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "ACK {name}").unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut child = child("writes_until_killed", folder.path(), round, None);
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut names = out
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("ACK ").map(|(_, name)| name.to_owned()));
        acknowledged.push(names.next().expect("the child writes"));
        // Any moment: of a group, of a checkpoint, between them.
        let moment = Duration::from_millis(37 + round * 61 % 290);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            // SIGKILL.
            child.kill().unwrap();
            child.wait().unwrap();
        });
        acknowledged.extend(names);
        killer.join().unwrap();

        let store = Store::open(&folder.path().join("salus.db"), &Options::default()).unwrap();
        assert!(
            store.integrity_check().await.unwrap().is_empty(),
            "round {round}"
        );
        for name in &acknowledged {
            let found = all(
                &store,
                "Observation",
                &format!("identifier=urn:write|{name}"),
            )
            .await;
            assert_eq!(found.len(), TOGETHER, "{name} was acknowledged");
        }
        // All-or-nothing holds for the unacknowledged as well.
        let mut leaf = 0;
        let mut versions = 0;
        loop {
            let page = store.scan_versions(leaf, 1000).await.unwrap();
            let Some(last) = page.last() else { break };
            leaf = last.leaf;
            versions += page.len();
        }
        assert_eq!(versions % TOGETHER, 0, "round {round}");
        assert_eq!(
            store.pending_leaves(u32::MAX).await.unwrap().len(),
            versions
        );
        assert!(versions >= acknowledged.len() * TOGETHER);
    }
    assert!(
        acknowledged.len() > 100,
        "{} writes say little",
        acknowledged.len()
    );
}

/// The child: writes until the file may not grow any more, then shows that it lives.
#[tokio::test]
#[ignore = "run by a_disk_that_takes_no_more_refuses_and_loses_nothing in a process of its own"]
async fn writes_until_refused() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let store = Store::open(&Path::new(&folder).join("salus.db"), &Options::default()).unwrap();
    add_vault(&store).await;
    let mut refused = 0;
    for number in 0..5000 {
        let name = format!("0-0-{number}");
        match store.commit(write(&name)).await {
            Ok(_) => println!("ACK {name}"),
            Err(error) => {
                assert_eq!(error, StoreError::Full);
                refused += 1;
                if refused == 20 {
                    break;
                }
            }
        }
    }
    assert_eq!(refused, 20);
    assert!(
        store
            .current("Observation", "0-0-0-0")
            .await
            .unwrap()
            .is_some()
    );
    println!("LIVES");
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_takes_no_more_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // A limit on the size of files makes the system refuse to write, as a full disk does.
    let limit = "trap '' XFSZ; ulimit -f 4096";
    let child = child("writes_until_refused", folder.path(), 0, Some(limit));
    let out = child.wait_with_output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("LIVES"), "{text}");
    let store = Store::open(&folder.path().join("salus.db"), &Options::default()).unwrap();
    assert!(store.integrity_check().await.unwrap().is_empty());
    let names = text.lines().filter_map(|line| line.split_once("ACK "));
    let mut kept = 0;
    for (_, name) in names {
        let found = all(
            &store,
            "Observation",
            &format!("identifier=urn:write|{name}"),
        )
        .await;
        assert_eq!(found.len(), TOGETHER, "{name} was acknowledged");
        kept += 1;
    }
    let total = store.pending_leaves(u32::MAX).await.unwrap().len();
    assert_eq!(
        total,
        kept * TOGETHER,
        "nothing of a refused write is there"
    );
    // There is room again: writing goes on.
    store.commit(write("later")).await.unwrap();
}
