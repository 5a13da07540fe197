//! A pack from its maker to a patient: real, used, copied, recalled, and in whose hands.

use crate::consortium::{Consortium, eventually, salus};
use crate::http::{Answer, Http};
use crate::members::decide;
use crate::trade_papers;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Barrier;
use std::time::Duration;

pub(crate) const ST_MARY: usize = 0;
pub(crate) const CLINIC: usize = 1;
pub(crate) const MAKER: usize = 2;
pub(crate) const PHARMACY: usize = 3;

pub(crate) const GTIN: &str = "09506000134352";
pub(crate) const LOT: &str = "MARKER-LOT-7";

/// The people who handle medicines, one at each organisation.
pub(crate) struct Trade {
    pub(crate) consortium: Consortium,
    pub(crate) http: Http,
}

impl Trade {
    /// A trade in which the laboratory makes packs.
    pub(crate) fn open() -> Self {
        let consortium = Consortium::start(0);
        let trade = Self {
            consortium,
            http: Http::new(),
        };
        trade.vote(MAKER, &["maker", "wholesaler"]);
        trade
    }

    /// Votes on what a member may do in the trade.
    pub(crate) fn vote(&self, member: usize, roles: &[&str]) {
        let voter = |index| {
            (
                self.consortium.base(index),
                self.consortium.token(index, "admin"),
            )
        };
        let mut change = vec!["partner", self.consortium.id(member)];
        change.extend(roles.iter().flat_map(|role| ["--role", role]));
        decide(&self.consortium, &change, &[1, 3].map(voter));
        eventually("the vote is executed", Duration::from_secs(20), || {
            self.packs(member)["roles"] == json!(roles)
        });
    }

    fn packs(&self, index: usize) -> Value {
        let token = self.consortium.token(index, "pharmacist");
        let url = format!("{}/packs", self.consortium.base(index));
        self.http.get(&url, &token).unwrap().json()
    }

    pub(crate) fn look(&self, index: usize, path: &str) -> Answer {
        let token = self.consortium.token(index, "pharmacist");
        let url = format!("{}/packs/{path}", self.consortium.base(index));
        self.http.get(&url, &token).unwrap()
    }

    pub(crate) fn ask(&self, index: usize, path: &str, body: &Value) -> Answer {
        let token = self.consortium.token(index, "pharmacist");
        let url = format!("{}/packs/{path}", self.consortium.base(index));
        self.http.post(&url, &token, body).unwrap()
    }

    /// Asks for an act, and a busy node again. It never panics: another thread may wait for it.
    fn patiently(&self, index: usize, body: &Value) -> Answer {
        let token = self.consortium.token(index, "pharmacist");
        let url = format!("{}/packs/acts", self.consortium.base(index));
        let mut told = Answer {
            status: 0,
            body: Vec::new(),
        };
        for _ in 0..20 {
            match self.http.post(&url, &token, body) {
                Ok(answer) if answer.status == 503 => told = answer,
                Ok(answer) => return answer,
                Err(error) => told.body = error.to_string().into_bytes(),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        told
    }

    pub(crate) fn act(&self, index: usize, body: &Value) -> Value {
        let done = self.ask(index, "acts", body);
        assert_eq!(done.status, 201, "{body}: {}", done.text());
        done.json()
    }

    /// The act is refused, for a reason that contains this.
    fn refused(&self, index: usize, body: &Value, why: &str) {
        let done = self.ask(index, "acts", body);
        assert!(done.status == 400 || done.status == 422, "{}", done.text());
        assert!(done.text().contains(why), "{why}: {}", done.text());
    }

    pub(crate) fn verify(&self, index: usize, scan: &str) -> Value {
        let found = self.ask(index, "verify", &json!({ "scan": scan }));
        assert_eq!(found.status, 200, "{}", found.text());
        found.json()
    }

    fn verdict(&self, index: usize, scan: &str) -> String {
        let found = self.verify(index, scan);
        found["verdict"].as_str().unwrap().to_owned()
    }

    pub(crate) fn make(&self, count: u32) -> Vec<String> {
        let lot = json!({ "gtin": GTIN, "lot": LOT, "expiry": "491231", "count": count });
        let made = self.act(MAKER, &json!({ "act": "commission", "make": lot }));
        let scans = made["scans"].as_array().unwrap().iter();
        scans.map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn ship(&self, from: usize, to: usize, scans: &[String]) {
        let to_id = self.consortium.id(to);
        self.act(from, &json!({ "act": "ship", "to": to_id, "scans": scans }));
        eventually("the receiver is told", Duration::from_secs(20), || {
            let found = self.verify(to, &scans[0]);
            found["place"] == "awaited"
        });
    }
}

#[test]
fn a_pack_goes_from_its_maker_to_a_patient_and_a_copy_is_found_out() {
    let trade = Trade::open();
    trade.vote(ST_MARY, &["wholesaler"]);
    trade_papers::introduced(&trade, GTIN);
    let scans = trade.make(4);
    assert_eq!(trade.verdict(MAKER, &scans[0]), "real");
    assert_eq!(trade.verdict(PHARMACY, &scans[0]), "elsewhere");
    trade.ship(MAKER, PHARMACY, &scans[..3]);
    trade_papers::papers_come_with_a_shipment(&trade, &scans);
    let early = json!({ "act": "dispense", "scans": [scans[0]] });
    trade.refused(PHARMACY, &early, "not received yet");
    trade.act(PHARMACY, &json!({ "act": "receive", "scans": scans[..3] }));
    let found = trade.verify(PHARMACY, &scans[0]);
    assert_eq!(found["verdict"], "real", "{found}");
    assert!(
        found["acts"]
            .as_array()
            .unwrap()
            .contains(&json!("dispense"))
    );
    assert!(found["proof"].is_string(), "{found}");
    trade.act(PHARMACY, &early);

    assert_eq!(found["suspicions"], json!([]), "{found}");

    // Its number again, on another pack, at another pharmacy and at the same one.
    assert_eq!(trade.verdict(ST_MARY, &scans[0]), "used");
    trade.refused(PHARMACY, &early, "its life has ended");
    let invented = format!("(01){GTIN}(21)INVENTED(17)491231(10){LOT}");
    assert_eq!(trade.verdict(PHARMACY, &invented), "unknown");
    let relabelled = scans[1].replace("(17)491231", "(17)511231");
    assert_eq!(trade.verdict(PHARMACY, &relabelled), "mismatch");
    trade.refused(
        PHARMACY,
        &json!({ "act": "dispense", "scans": [relabelled] }),
        "not the one it came with",
    );

    trade.act(PHARMACY, &json!({ "act": "undo", "scans": [scans[0]] }));
    assert_eq!(trade.verdict(PHARMACY, &scans[0]), "real");
    let suspect = json!({ "act": "mark", "finding": "suspect", "scans": [scans[1]] });
    trade.act(PHARMACY, &suspect);
    assert_eq!(trade.verdict(PHARMACY, &scans[1]), "suspect");
    trade.refused(
        PHARMACY,
        &json!({ "act": "dispense", "scans": [scans[1]] }),
        "suspect",
    );
    trade.refused(
        PHARMACY,
        &json!({ "act": "recall", "scans": [scans[0]] }),
        "maker",
    );
    trade.act(MAKER, &json!({ "act": "recall", "scans": [scans[0]] }));
    assert_eq!(trade.verdict(PHARMACY, &scans[2]), "recalled");
    trade.refused(
        PHARMACY,
        &json!({ "act": "dispense", "scans": [scans[2]] }),
        "recalled",
    );
    a_pallet_changes_hands_as_one_item(&trade);
    trade_papers::a_recall_reaches_whoever_got_packs(&trade, &scans[2]);
    the_way_back_is_proven(&trade, &scans[0]);
    a_wholesaler_that_never_held_one_knows_nothing(&trade, &scans);
    trade_papers::an_inspector_sees_the_way(&trade, &scans[0]);
}

/// Two packs in a case on a pallet, and what the receiver finds inside.
fn a_pallet_changes_hands_as_one_item(trade: &Trade) {
    const CASE: &str = "(00)095060001343520017";
    const PALLET: &str = "(00)095060001343520024";
    let scans = {
        let lot = json!({ "gtin": GTIN, "lot": "CASES-1", "expiry": "491231", "count": 3 });
        let made = trade.act(MAKER, &json!({ "act": "commission", "make": lot }));
        let scans = made["scans"].as_array().unwrap().iter();
        let scans = scans.map(|it| it.as_str().unwrap().to_owned());
        scans.collect::<Vec<String>>()
    };
    let (inside, outside) = (&scans[..2], &scans[2]);
    trade.act(
        MAKER,
        &json!({ "act": "pack", "case": CASE, "scans": inside }),
    );
    let found = trade.verify(MAKER, &inside[0]);
    assert_eq!(found["verdict"], "real", "{found}");
    assert_eq!(
        (&found["case"], &found["acts"]),
        (&json!(CASE), &json!(["unpack"]))
    );
    let alone = json!({ "act": "ship", "to": trade.consortium.id(PHARMACY), "scans": inside });
    trade.refused(MAKER, &alone, "unpack it first");
    trade.act(
        MAKER,
        &json!({ "act": "pack", "case": PALLET, "scans": [CASE] }),
    );
    let wrong = json!({ "act": "unpack", "case": PALLET, "scans": [outside] });
    trade.refused(MAKER, &wrong, "");
    let lost = json!({ "act": "ship", "to": "nobody", "scans": [PALLET] });
    trade.refused(MAKER, &lost, "is no member");
    trade.ship(MAKER, PHARMACY, &[PALLET.to_owned()]);
    trade.act(PHARMACY, &json!({ "act": "receive", "scans": [PALLET] }));
    let pallet = trade.verify(PHARMACY, PALLET);
    assert_eq!(pallet["verdict"], "real", "{pallet}");
    assert_eq!(pallet["contents"]["cases"], json!([CASE]), "{pallet}");
    assert_eq!(
        pallet["contents"]["packs"].as_array().map(Vec::len),
        Some(2)
    );
    eventually(
        "its papers tell of what is inside",
        Duration::from_secs(20),
        || {
            let listed = trade.look(PHARMACY, "transactions").json();
            let listed = listed["transactions"].as_array().cloned();
            listed
                .unwrap_or_default()
                .iter()
                .any(|it| it["containers"] == 2)
        },
    );
    assert_eq!(trade.verdict(MAKER, PALLET), "elsewhere");
    let sent = trade.verify(MAKER, &inside[0]);
    assert_eq!(sent["suspicions"], json!([]), "{sent}");
    let early = json!({ "act": "dispense", "scans": [inside[0]] });
    trade.refused(PHARMACY, &early, "unpack it first");
    trade.act(
        PHARMACY,
        &json!({ "act": "unpack", "case": PALLET, "scans": [CASE] }),
    );
    trade.act(
        PHARMACY,
        &json!({ "act": "unpack", "case": CASE, "scans": inside }),
    );
    trade.act(PHARMACY, &early);
    assert_eq!(trade.verdict(PHARMACY, &inside[1]), "real");
    assert_eq!(trade.verdict(PHARMACY, outside), "elsewhere");
    what_was_done_with_the_pallet_counts_for_its_packs(trade, &inside[0]);
}

fn what_was_done_with_the_pallet_counts_for_its_packs(trade: &Trade, scan: &str) {
    let traced = trade
        .ask(PHARMACY, "trace", &json!({ "scan": scan }))
        .json();
    let steps: Vec<Vec<&str>> = traced["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let events = step["events"].as_array().unwrap().iter();
            events
                .map(|it| it["event"]["bizStep"].as_str().unwrap())
                .collect()
        })
        .collect();
    let here = vec!["receiving", "unpacking", "unpacking", "dispensing"];
    let there = vec!["commissioning", "packing", "packing", "shipping"];
    assert_eq!(steps, [here, there], "{traced}");
    assert_eq!(traced["suspicions"], json!([]), "{traced}");
}

fn the_way_back_is_proven(trade: &Trade, scan: &str) {
    let traced = trade.ask(PHARMACY, "trace", &json!({ "scan": scan }));
    assert_eq!(traced.status, 200, "{}", traced.text());
    let traced = traced.json();
    let steps = traced["steps"].as_array().unwrap();
    let names: Vec<&str> = steps
        .iter()
        .map(|step| step["organisation"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["harbour-pharmacy", "city-lab"], "{traced}");
    let begun = &steps[1]["events"][0];
    assert_eq!(begun["event"]["bizStep"], "commissioning", "{traced}");
    let folder = tempfile::tempdir().unwrap();
    let (event, receipt) = (
        folder.path().join("event.json"),
        folder.path().join("receipt"),
    );
    std::fs::write(&event, begun["event"].to_string()).unwrap();
    std::fs::write(&receipt, begun["receipt"].as_str().unwrap()).unwrap();
    let trust = trade.consortium.trust();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let verified = salus(&[
        "verify",
        &text(&receipt),
        "--trust",
        &text(&trust),
        "--record",
        &text(&event),
    ]);
    assert!(verified.status.success(), "{verified:?}");
    // Nobody else is told where a pack has been.
    let asked = trade.ask(CLINIC, "trace", &json!({ "scan": scan }));
    let known = asked.json();
    assert_eq!(known["steps"].as_array().map(Vec::len), Some(1), "{known}");
    assert_eq!(known["steps"][0]["events"], json!([]), "{known}");
}

/// The whole folder of a wholesaler, ledger and database, says nothing about product, lot or serial
/// number of packs that it never held.
fn a_wholesaler_that_never_held_one_knows_nothing(trade: &Trade, scans: &[String]) {
    let serial = scans[3].split("(21)").nth(1).unwrap();
    let serial = serial.split('(').next().unwrap();
    stands_nowhere(
        &trade.consortium.org_dir(ST_MARY),
        &[GTIN, serial, LOT].map(str::as_bytes),
    );
}

/// None of these bytes is in any file of a node's folder.
pub(crate) fn stands_nowhere(folder: &Path, secrets: &[&[u8]]) {
    let mut looked = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(bytes) = std::fs::read(&path) else {
                continue;
            };
            looked += bytes.len();
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|window| window == *secret);
                assert!(!found, "{secret:?} stands in {}", path.display());
            }
        }
    }
    assert!(looked > 100_000, "{looked} bytes are no node");
}

/// What the two sides of a race were answered: at their claims, and when both dispense.
type Race = ([Answer; 2], [Answer; 2]);

/// Two claim each pack at once, as both may, and then both dispense it at once.
fn race(trade: &Trade, scans: &[&String]) -> Vec<Race> {
    let start = Barrier::new(2);
    let side = |index: usize, claim: &'static str| {
        let ask = |act: &str, scan: &String| {
            start.wait();
            trade.patiently(index, &json!({ "act": act, "scans": [scan] }))
        };
        let answers = scans
            .iter()
            .map(|scan| (ask(claim, scan), ask("dispense", scan)));
        answers.collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let maker = scope.spawn(|| side(MAKER, "take-back"));
        let pharmacy = side(PHARMACY, "receive");
        let sides = maker.join().unwrap().into_iter().zip(pharmacy);
        let races = sides.map(|(one, other)| ([one.0, other.0], [one.1, other.1]));
        races.collect()
    })
}

#[test]
fn of_two_who_claim_one_pack_one_succeeds() {
    const ROUNDS: u32 = 200;
    const AT_ONCE: usize = 8;
    let trade = Trade::open();
    trade.vote(MAKER, &["maker", "wholesaler", "dispenser"]);
    let scans = trade.make(ROUNDS);
    trade.ship(MAKER, PHARMACY, &scans);
    let races: Vec<Race> = std::thread::scope(|scope| {
        let racers = (0..AT_ONCE).map(|number| {
            let own: Vec<&String> = scans.iter().skip(number).step_by(AT_ONCE).collect();
            let trade = &trade;
            scope.spawn(move || race(trade, &own))
        });
        let racers: Vec<_> = racers.collect();
        racers
            .into_iter()
            .flat_map(|it| it.join().unwrap())
            .collect()
    });
    assert_eq!(races.len(), scans.len());
    let mut won = [0, 0];
    for (claims, dispensed) in &races {
        let winner = usize::from(claims[1].status == 201);
        for (what, answers) in [("claim", claims), ("dispense", dispensed)] {
            let told = format!("{what}: {} {}", answers[0].text(), answers[1].text());
            assert_eq!(answers[winner].status, 201, "{told}");
            assert!(matches!(answers[1 - winner].status, 400 | 422), "{told}");
        }
        let told = claims[1 - winner].text();
        assert!(told.contains("on its way"), "{told}");
        let told = dispensed[1 - winner].text();
        assert!(
            told.contains("on its way") || told.contains("not received yet"),
            "{told}"
        );
        won[winner] += 1;
    }
    println!(
        "dispensed {} by the maker, {} by the pharmacy",
        won[0], won[1]
    );
    for index in [MAKER, PHARMACY] {
        assert_eq!(trade.verdict(index, &scans[0]), "used");
    }
    events_of_one_act_share_a_transaction(&trade, &scans[0]);
}

/// A document makes packs and dispenses them, an event for each; one was dispensed by another
/// before, and one is dispensed twice.
fn events_of_one_act_share_a_transaction(trade: &Trade, used: &str) {
    const PACKS: usize = 30;
    let event = |id: &str, serial: &str, step: &str| {
        let (action, disposition) = match step {
            "commissioning" => ("ADD", "active"),
            _ => ("OBSERVE", "dispensed"),
        };
        let mut event = json!({
            "type": "ObjectEvent", "eventID": format!("urn:example:{id}"), "action": action,
            "bizStep": step, "disposition": disposition,
            "eventTime": "2026-11-26T09:00:00Z", "eventTimeZoneOffset": "+01:00",
            "epcList": [format!("https://id.gs1.org/01/{GTIN}/21/{serial}")]
        });
        if step == "commissioning" {
            event["ilmd"] = json!({
                "cbvmda:lotNumber": "L-TILL", "cbvmda:itemExpirationDate": "2049-12-31"
            });
        }
        event
    };
    let each = |step: &'static str| {
        let one = move |number| {
            let serial = format!("TILL{number}");
            event(&format!("{step}-{number}"), &serial, step)
        };
        (0..PACKS).map(one).collect::<Vec<_>>()
    };
    let mut events = each("commissioning");
    events.extend(each("dispensing"));
    let used = used.split("(21)").nth(1).unwrap().split('(').next();
    events.insert(PACKS + 11, event("used", used.unwrap(), "dispensing"));
    events.push(event("again", "TILL5", "dispensing"));
    let document = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": "2026-11-26T09:00:00Z",
        "epcisBody": { "eventList": events }
    });
    let (base, token) = (
        trade.consortium.base(MAKER),
        trade.consortium.token(MAKER, "pharmacist"),
    );
    let entries = || {
        let status = trade.http.get(&format!("{base}/ledger/status"), &token);
        status.unwrap().json()["history_size"].as_u64().unwrap()
    };
    let before = entries();
    let url = format!("{base}/epcis/capture");
    let answer = trade
        .http
        .post_as(&url, &token, "application/json", &document);
    let answer = answer.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    let mut job = Value::Null;
    eventually("the job is through", Duration::from_mins(1), || {
        let jobs = trade.http.get(&url, &token).unwrap().json();
        job = jobs[0].clone();
        job["running"] == false
    });
    let errors = job["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{job}");
    // Beside the transactions there are only batches of records.
    let added = entries() - before;
    assert!(added < PACKS as u64, "{added} entries");
    for number in 0..PACKS {
        let scan = format!("(01){GTIN}(21)TILL{number}");
        assert_eq!(trade.verdict(MAKER, &scan), "used", "{scan}");
    }
}
