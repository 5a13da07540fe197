//! Two of four stand still: nothing is final, nothing is lost, and all arrives afterwards.

use crate::consortium::{Consortium, signal};
use crate::http::Http;
use crate::writers::{Acknowledged, Writers, all_agree, nothing_is_lost};
use std::time::{Duration, Instant};

const STILL: [usize; 2] = [2, 3];

#[test]
fn without_a_quorum_writes_wait_and_with_it_every_receipt_arrives() {
    let consortium = Consortium::start(0);
    for index in STILL {
        signal("STOP", consortium.pid(index));
    }
    // What was under way may still become final.
    std::thread::sleep(Duration::from_secs(2));
    let height = consortium.height(0);
    let writers = Writers::start(&consortium, Duration::from_millis(50));
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(consortium.height(0), height, "final without a quorum");
    assert_eq!(consortium.height(1), height, "final without a quorum");
    for index in [0, 1] {
        assert!(
            writers.count(index) > 10,
            "writes are refused while nothing is final"
        );
    }
    for index in STILL {
        signal("CONT", consortium.pid(index));
    }
    let resumed = Instant::now();
    let acknowledged = writers.finish();
    let pending = acknowledged.iter().filter(|it| !STILL.contains(&it.index));
    let pending: Vec<&Acknowledged> = pending.collect();
    assert!(pending.len() > 20);
    while consortium.height(0) <= height {
        assert!(
            resumed.elapsed() < Duration::from_secs(10),
            "finality does not return"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("finality returned after {:?}", resumed.elapsed());
    for it in &pending {
        consortium.receipt(it.index, &it.version, Duration::from_secs(10));
    }
    println!(
        "{} pending receipts arrived after {:?}",
        pending.len(),
        resumed.elapsed()
    );
    nothing_is_lost(&consortium, &acknowledged);
    all_agree(&consortium);
}

#[test]
fn two_killed_nodes_come_back_and_finality_with_them() {
    let mut consortium = Consortium::start(0);
    // One of them will come back with another configuration: the first signs people in for it.
    crate::provider::configure(&consortium, STILL[0]);
    for index in STILL {
        signal("KILL", consortium.pid(index));
    }
    std::thread::sleep(Duration::from_secs(1));
    let http = Http::new();
    let token = consortium.token(0, "clinician");
    let body = crate::consortium::observation(1);
    let url = format!("{}/Observation", consortium.fhir(0));
    let written = http.post(&url, &token, &body).unwrap();
    assert_eq!(written.status, 201, "{}", written.text());
    let id = written.json()["id"].as_str().unwrap().to_owned();
    let version = format!("{url}/{id}/_history/1");
    std::thread::sleep(Duration::from_secs(2));
    let waiting = http.get(&format!("{version}/$receipt"), &token).unwrap();
    assert_eq!(
        waiting.status,
        202,
        "a receipt without a quorum: {}",
        waiting.text()
    );
    for index in STILL {
        consortium.run_node(index);
    }
    consortium.receipt(0, &version, Duration::from_secs(20));
    for index in STILL {
        consortium.wait_ready(index, Duration::from_secs(20));
    }
    crate::provider::signs_in(&consortium, STILL[0]);
    all_agree(&consortium);
}
