//! The demo: by its contract, resumed, refused, and never left behind.

use crate::consortium::{Consortium, SALUS, alive, eventually, four_ports, salus, signal};
use crate::http::Http;
use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn the_demo_keeps_its_contract_stops_cleanly_and_goes_on() {
    let mut consortium = Consortium::start(4);
    contract(&consortium);
    let chain_id = consortium.report["chain_id"].clone();
    let patients = consortium.report["patients"].clone();
    let height = consortium.height(0);
    let pids: Vec<u32> = (0..4).map(|index| consortium.pid(index)).collect();
    consortium.stop();
    for pid in pids {
        assert!(!alive(pid), "a node outlived the demo");
    }
    // Other ports, same organisations.
    consortium.port = four_ports();
    consortium.run_demo(5);
    contract(&consortium);
    assert_eq!(consortium.report["chain_id"], chain_id);
    assert_eq!(consortium.report["patients"].as_array().unwrap().len(), 5);
    assert_eq!(consortium.report["patients"][0]["id"], patients[0]["id"]);
    assert!(consortium.height(0) >= height, "the ledger began again");
}

fn contract(consortium: &Consortium) {
    let report = &consortium.report;
    let ids: Vec<_> = (0..4).map(|index| consortium.id(index)).collect();
    assert_eq!(
        ids,
        ["st-mary", "north-clinic", "city-lab", "harbour-pharmacy"]
    );
    assert!(consortium.trust().exists());
    let http = Http::new();
    for index in 0..4 {
        let organisation = consortium.organisation(index);
        let base = format!(
            "http://127.0.0.1:{}",
            consortium.port + u16::try_from(index).unwrap()
        );
        assert_eq!(organisation["base"], base.as_str());
        assert_eq!(organisation["fhir"], format!("{base}/fhir"));
        for role in ["clinician", "auditor", "admin"] {
            let _ = consortium.token(index, role);
        }
        assert!(alive(consortium.pid(index)));
        assert!(consortium.org_dir(index).join("salus.toml").exists());
        let found = http.get(&format!("{base}/fhir/metadata"), "").unwrap();
        assert_eq!(found.status, 200);
        let found = http.get(&format!("{base}/fhir/Patient"), "").unwrap();
        assert_eq!(found.status, 401, "no token, no data");
        let token = consortium.token(index, "clinician");
        let found = http.get(&format!("{base}/fhir/Patient"), &token).unwrap();
        assert_eq!(found.status, 200, "{}", found.text());
    }
    consortium.token(0, "researcher");
    consortium.token(3, "pharmacist");
    for patient in report["patients"].as_array().unwrap() {
        let home = ids.iter().position(|id| patient["home"] == *id).unwrap();
        let id = patient["id"].as_str().unwrap();
        let token = patient["token"].as_str().unwrap();
        let url = format!("{}/Patient/{id}", consortium.fhir(home));
        assert_eq!(http.get(&url, token).unwrap().status, 200);
    }
}

#[test]
fn children_do_not_outlive_a_demo_that_is_killed() {
    let consortium = Consortium::start(0);
    let pids: Vec<u32> = (0..4).map(|index| consortium.pid(index)).collect();
    assert!(pids.iter().all(|pid| alive(*pid)));
    signal("KILL", consortium.demo_pid());
    eventually(
        "all nodes end with the demo",
        Duration::from_secs(20),
        || pids.iter().all(|pid| !alive(*pid)),
    );
}

#[test]
fn a_taken_port_is_refused_before_anything_starts() {
    let port = four_ports();
    let _taken = TcpListener::bind(("127.0.0.1", port + 2)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let output = salus(&[
        "demo",
        "--dir",
        dir.to_str().unwrap(),
        "--port",
        &port.to_string(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains(&format!(
            "error: the demo cannot use 127.0.0.1:{}",
            port + 2
        )),
        "{said}"
    );
    assert!(
        said.contains("cause: ") && said.contains("hint: give another --port"),
        "{said}"
    );
    assert_eq!(
        std::fs::read_dir(&dir).unwrap().count(),
        0,
        "something was made"
    );
}

#[test]
fn the_story_holds_and_a_temporary_demo_leaves_nothing() {
    let _turn = Consortium::turn();
    let temporary = tempfile::tempdir().unwrap();
    let port = four_ports();
    let mut demo = Command::new(SALUS)
        .args([
            "demo",
            "--patients",
            "2",
            "--supervised",
            "--port",
            &port.to_string(),
        ])
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = demo.stdout.take().unwrap();
    let mut said = String::new();
    let mut some = [0; 1024];
    while !said.contains("READY ") {
        let count = output.read(&mut some).unwrap();
        if count == 0 {
            let mut errors = String::new();
            let _ = demo.stderr.take().unwrap().read_to_string(&mut errors);
            panic!("{said}\n{errors}");
        }
        said.push_str(&String::from_utf8_lossy(&some[..count]));
    }
    for step in [
        "1. ",
        "2. ",
        "3. ",
        "4. ",
        "5. ",
        "Both fakes are caught",
        "/salus verify ",
        "start a stopped one",
    ] {
        assert!(said.contains(step), "{step} is missing in:\n{said}");
    }
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 1);
    drop(demo.stdin.take());
    assert!(demo.wait().unwrap().success());
    assert_eq!(
        std::fs::read_dir(temporary.path()).unwrap().count(),
        0,
        "the folder is left"
    );
}
