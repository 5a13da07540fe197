//! A member is voted in, another out, while all write.

use crate::consortium::{
    Consortium, eventually, four_ports, observation, salus, sign_in, status, wait_ready,
};
use crate::http::Http;
use crate::writers::{Writers, nothing_is_lost};
use std::time::Duration;

/// Less than two epochs of the test's consortium, and some patience.
const TWO_EPOCHS: Duration = Duration::from_mins(1);

#[test]
fn a_member_is_voted_in_and_another_out_while_writes_go_on() {
    let mut consortium = Consortium::start_with_short_epochs();
    let writers = Writers::start(&consortium, Duration::from_millis(50));
    let port = four_ports();
    let dir = consortium.folder.path().join("east-clinic");
    let dir_text = dir.to_str().unwrap().to_owned();
    let genesis = consortium.org_dir(0).join("genesis.toml");
    let joined = salus(&[
        "join",
        "--dir",
        &dir_text,
        "--id",
        "east-clinic",
        "--kind",
        "clinic",
        "--validator",
        "--genesis",
        genesis.to_str().unwrap(),
        "--http",
        &format!("127.0.0.1:{port}"),
        "--ledger",
        &format!("127.0.0.1:{}", port + 1),
        "--peers",
        &format!("127.0.0.1:{}", port + 2),
    ]);
    assert!(joined.status.success(), "{joined:?}");
    let said = String::from_utf8(joined.stdout).unwrap();

    let request = dir.join("request.toml");
    // Three of four: the proposer and two more.
    let voter = |index| (consortium.base(index), consortium.token(index, "admin"));
    let mut voters = vec![voter(1), voter(2)];
    let add = ["add", "--request", request.to_str().unwrap()];
    decide(&consortium, &add, &voters);
    consortium.run_other(&dir);
    let base = format!("http://127.0.0.1:{port}");
    wait_ready(&base, Duration::from_mins(1));
    eventually(
        "the new member is a validator everywhere",
        TWO_EPOCHS,
        || {
            (0..4).all(|index| validators(&consortium.base(index)).contains(&"east-clinic".into()))
                && validators(&base).len() == 5
        },
    );
    a_record_of_the_new_member_is_provable(&base, &password(&said, "clinician"));

    let height = consortium.height(0);
    // Four of five: the new member's vote counts.
    let admin = sign_in(&base, "admin", &password(&said, "admin"));
    voters.push((base, admin));
    decide(&consortium, &["remove", "harbour-pharmacy"], &voters);
    eventually("the removed one is no validator", TWO_EPOCHS, || {
        let now = validators(&consortium.base(0));
        now.len() == 4 && !now.contains(&"harbour-pharmacy".into())
    });
    eventually("the others go on", Duration::from_secs(10), || {
        [0, 1, 2]
            .iter()
            .all(|index| consortium.height(*index) > height + 10)
    });
    let acknowledged = writers.finish();
    nothing_is_lost(&consortium, &acknowledged);
    for index in [0, 1, 2] {
        let last = acknowledged.iter().rfind(|it| it.index == index).unwrap();
        consortium.receipt(index, &last.version, Duration::from_secs(10));
    }
}

fn password(said: &str, role: &str) -> String {
    let mut lines = said.lines();
    let line = lines.find(|line| line.trim_start().starts_with(role));
    let words = line.unwrap().split_whitespace();
    words.last().unwrap().to_owned()
}

fn validators(base: &str) -> Vec<String> {
    let Some(status) = status(base) else {
        return Vec::new();
    };
    let list = status["validators"].as_array().cloned().unwrap_or_default();
    list.iter()
        .filter_map(|it| it.as_str().or(it["id"].as_str()).map(str::to_owned))
        .collect()
}

/// Proposes at the first member and votes at others, by the command line.
pub(crate) fn decide(consortium: &Consortium, change: &[&str], voters: &[(String, String)]) {
    let token = consortium.token(0, "admin");
    let base = consortium.base(0);
    let mut arguments = vec!["propose"];
    arguments.extend(change);
    arguments.extend(["--to", &base, "--token", &token]);
    let proposed = salus(&arguments);
    let said = String::from_utf8(proposed.stdout).unwrap();
    let errors = String::from_utf8(proposed.stderr).unwrap();
    assert!(proposed.status.success(), "{said}{errors}");
    let proposal = said
        .split_whitespace()
        .find(|word| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()))
        .unwrap();
    for (base, token) in voters {
        let vote = ["vote", proposal, "--to", base, "--token", token];
        let mut voted = salus(&vote);
        // The proposal may reach this member a block later.
        for _ in 0..20 {
            if voted.status.success() {
                break;
            }
            std::thread::sleep(Duration::from_millis(250));
            voted = salus(&vote);
        }
        assert!(
            voted.status.success(),
            "{}",
            String::from_utf8_lossy(&voted.stderr)
        );
    }
}

fn a_record_of_the_new_member_is_provable(base: &str, password: &str) {
    let http = Http::new();
    let token = sign_in(base, "clinician", password);
    let url = format!("{base}/fhir/Observation");
    let written = http.post(&url, &token, &observation(5)).unwrap();
    assert_eq!(written.status, 201, "{}", written.text());
    let id = written.json()["id"].as_str().unwrap().to_owned();
    let receipt = format!("{url}/{id}/_history/1/$receipt");
    eventually("its receipt arrives", Duration::from_secs(10), || {
        http.get(&receipt, &token).unwrap().status == 200
    });
}
