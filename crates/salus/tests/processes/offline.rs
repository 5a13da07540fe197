//! Scans without a connection: a device that was away, and a node that is cut off and loses its
//! power.

use crate::consortium::{eventually, signal};
use crate::packs::{CLINIC, GTIN, MAKER, PHARMACY, ST_MARY, Trade};
use serde_json::{Value, json};
use std::time::Duration;

/// The device of a pharmacist: it gives each scan an id and a time.
struct Device<'a> {
    trade: &'a Trade,
    scans: u32,
}

impl Device<'_> {
    fn scan(&mut self, act: &str, scan: &str, minutes_ago: i64) -> Value {
        self.scans += 1;
        let taken = time::OffsetDateTime::now_utc() - time::Duration::minutes(minutes_ago);
        let taken = taken
            .format(&time::format_description::well_known::Rfc3339)
            .unwrap();
        let id = format!("{:08x}-0000-4000-8000-000000000000", self.scans);
        json!({ "id": id, "scan": scan, "act": act, "taken": taken })
    }

    fn send(&self, scans: &[&Value]) -> Value {
        let sent = self
            .trade
            .ask(PHARMACY, "offline", &json!({ "scans": scans }));
        assert_eq!(sent.status, 202, "{}", sent.text());
        sent.json()["scans"].clone()
    }

    fn refused(&self, body: &Value, why: &str) {
        let sent = self.trade.ask(PHARMACY, "offline", body);
        assert_eq!(sent.status, 400, "{body}: {}", sent.text());
        assert!(sent.text().contains(why), "{why}: {}", sent.text());
    }

    /// What came of a scan, once it is compared.
    fn outcome(&self, scan: &Value) -> Value {
        let mut found = Value::Null;
        eventually("the scan is compared", Duration::from_secs(30), || {
            let listed = self.trade.look(PHARMACY, "offline").json();
            let settled = listed["settled"].as_array().unwrap();
            let one = settled.iter().find(|it| it["id"] == scan["id"]);
            found = one.cloned().unwrap_or_default();
            one.is_some()
        });
        found
    }

    fn ended(&self, scan: &Value, state: &str, verdict: &Value) -> Value {
        let found = self.outcome(scan);
        let told = (&found["state"], &found["outcome"]["verdict"]);
        assert_eq!(told, (&json!(state), verdict), "{found:#}");
        found
    }

    fn decide(&self, scan: &Value, body: &Value) -> (u16, Value) {
        let path = format!("offline/{}", scan["id"].as_str().unwrap());
        let decided = self.trade.ask(PHARMACY, &path, body);
        (decided.status, decided.json())
    }
}

#[test]
fn what_was_scanned_without_a_connection_is_reconciled() {
    let mut trade = Trade::open();
    let packs = trade.make(9);
    trade.ship(MAKER, PHARMACY, &packs);
    trade.act(PHARMACY, &json!({ "act": "receive", "scans": &packs[..6] }));
    a_device_that_was_away(&trade, &packs);
    forms_that_cannot_be_kept_change_nothing(&trade, &packs);
    a_node_that_is_cut_off_and_killed(&mut trade, &packs[4]);
    what_was_recalled_since(&trade, &packs[5]);
}

/// Ten scans come at once, not in the order of their times.
fn a_device_that_was_away(trade: &Trade, packs: &[String]) {
    let mut device = Device { trade, scans: 0 };
    let twice = device.scan("dispense", &packs[0], 9);
    let dispensed = device.scan("dispense", &packs[0], 10);
    let given = device.scan("dispense", &packs[6], 5);
    let received = device.scan("receive", &packs[6], 6);
    let early = device.scan("dispense", &packs[7], 4);
    let made_up = format!("(01){GTIN}(21)NOBODY-MADE-THIS");
    let unknown = device.scan("dispense", &made_up, 8);
    let spoilt = device.scan("dispense", "?what?", 7);
    let looked = device.scan("verify", &packs[3], 3);
    let doubted = device.scan("dispense", &packs[1], 2);
    let mut stolen = device.scan("decommission", &packs[2], 1);
    stolen["reason"] = "stolen".into();
    // Seen before the device came back: nobody gives this one away any more.
    let mark = json!({ "act": "mark", "finding": "suspect", "scans": [packs[1]] });
    trade.act(PHARMACY, &mark);
    let all = [
        &twice, &dispensed, &given, &received, &early, &unknown, &spoilt, &looked, &doubted,
        &stolen,
    ];
    let kept = device.send(&all);
    assert_eq!(kept.as_array().map(Vec::len), Some(10), "{kept:#}");

    let fine = device.ended(&dispensed, "fine", &json!("real"));
    is_proven(trade, &fine, dispensed["taken"].as_str().unwrap());
    device.ended(&twice, "repeated", &json!("used"));
    device.ended(&received, "fine", &json!("real"));
    device.ended(&given, "fine", &json!("real"));
    device.ended(&unknown, "conflict", &json!("unknown"));
    let spoilt = device.ended(&spoilt, "conflict", &Value::Null);
    assert!(spoilt["outcome"]["text"].is_string(), "{spoilt:#}");
    device.ended(&looked, "fine", &json!("real"));
    device.ended(&doubted, "conflict", &json!("suspect"));
    device.ended(&stolen, "fine", &json!("real"));
    for (pack, verdict) in [(0, "used"), (2, "used"), (3, "real"), (6, "used")] {
        assert_eq!(trade.verify(PHARMACY, &packs[pack])["verdict"], verdict);
    }
    // The same again is taken once; under the same id nothing else is.
    let again = device.send(&[&dispensed]);
    assert_eq!(again[0]["state"], "fine", "{again:#}");
    let mut other = dispensed.clone();
    other["scan"] = packs[3].clone().into();
    device.refused(&json!({ "scans": [other] }), "another scan");
    people_decide(&device, (&early, &packs[7]), &spoilt, &fine);
}

/// What was in the way is put right, and the scan is compared again; or it was dealt with.
fn people_decide(device: &Device<'_>, early: (&Value, &str), spoilt: &Value, fine: &Value) {
    let (early, pack) = early;
    let told = device.ended(early, "conflict", &json!("real"));
    let why = told["outcome"]["text"].as_str().unwrap();
    assert!(why.contains("not received yet"), "{told:#}");
    let receive = json!({ "act": "receive", "scans": [pack] });
    device.trade.act(PHARMACY, &receive);
    let (status, told) = device.decide(early, &json!({ "decision": "again" }));
    assert_eq!((status, &told["state"]), (200, &json!("waiting")), "{told}");
    device.ended(early, "fine", &json!("real"));
    for wrong in [
        json!({ "decision": "handled" }),
        json!({ "decision": "handled", "note": "" }),
        json!({ "decision": "forget" }),
    ] {
        assert_eq!(device.decide(spoilt, &wrong).0, 400, "{wrong}");
    }
    let handled = json!({ "decision": "handled", "note": "the label was torn; kept apart" });
    let (status, told) = device.decide(spoilt, &handled);
    assert_eq!((status, &told["state"]), (200, &json!("handled")), "{told}");
    // Nothing is decided twice, nor about what is well.
    assert_eq!(device.decide(spoilt, &handled).0, 422);
    assert_eq!(device.decide(fine, &handled).0, 422);
    let nobody = json!({ "id": "ffffffff-0000-4000-8000-000000000000" });
    assert_eq!(device.decide(&nobody, &handled).0, 404);
}

/// The event has the time of the scan, and the ledger vouches for what was done.
fn is_proven(trade: &Trade, fine: &Value, when: &str) {
    let outcome = &fine["outcome"];
    let token = trade.consortium.token(PHARMACY, "pharmacist");
    let base = trade.consortium.base(PHARMACY);
    let event_id = outcome["event_id"].as_str().unwrap();
    let event = trade
        .http
        .get(&format!("{base}/epcis/events/{event_id}"), &token);
    let event = event.unwrap();
    assert_eq!(event.status, 200, "{}", event.text());
    let at = |text: &str| {
        let format = &time::format_description::well_known::Rfc3339;
        time::OffsetDateTime::parse(text, format)
            .unwrap()
            .unix_timestamp()
    };
    let event = event.json();
    let told = &event["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0];
    assert_eq!(told["bizStep"], "dispensing", "{event:#}");
    assert_eq!(
        at(told["eventTime"].as_str().unwrap()),
        at(when),
        "{event:#}"
    );
    let entry = &outcome["entry"];
    let url = format!("{base}/ledger/entries/{entry}/receipt");
    eventually("the entry has a receipt", Duration::from_secs(20), || {
        trade.http.get(&url, &token).unwrap().status == 200
    });
}

fn forms_that_cannot_be_kept_change_nothing(trade: &Trade, packs: &[String]) {
    let mut device = Device { trade, scans: 900 };
    let before = trade.look(PHARMACY, "offline").json();
    let sound = device.scan("dispense", &packs[3], 1);
    let with = |name: &str, value: Value| {
        let mut scan = sound.clone();
        scan[name] = value;
        json!({ "scans": [sound, scan] })
    };
    device.refused(&json!({ "scans": [] }), "1 to 1000");
    device.refused(&json!({ "scan": "x" }), "the body takes scans");
    device.refused(&with("id", json!("7")), "scan 2: `id`");
    device.refused(
        &with("act", json!("dispense")),
        "scan 2: its id is there twice",
    );
    device.refused(&with("act", json!("ship")), "`act` is");
    device.refused(&with("taken", json!("yesterday")), "RFC 3339");
    device.refused(&with("taken", json!("2024-01-01T00:00:00Z")), "31 days");
    device.refused(&with("taken", json!("2199-01-01T00:00:00Z")), "clock");
    device.refused(&with("scan", json!("")), "bytes");
    device.refused(&with("reason", json!("stolen")), "decommission");
    let url = format!("{}/packs/offline", trade.consortium.base(PHARMACY));
    let clinician = trade.consortium.token(PHARMACY, "clinician");
    let body = json!({ "scans": [sound] });
    assert_eq!(
        trade.http.post(&url, &clinician, &body).unwrap().status,
        403
    );
    assert_eq!(trade.look(PHARMACY, "offline").json(), before);
}

/// Without a quorum the node answers as of its last state and says so; what is dispensed meanwhile
/// is on disk, and is done when the others are back, although the node lost its power.
fn a_node_that_is_cut_off_and_killed(trade: &mut Trade, pack: &str) {
    let away = [ST_MARY, CLINIC].map(|index| trade.consortium.pid(index));
    for pid in away {
        signal("STOP", pid);
    }
    let scan = json!({ "scan": pack });
    eventually("the node is cut off", Duration::from_secs(40), || {
        trade.ask(PHARMACY, "verify", &scan).status == 503
    });
    let offline = json!({ "scan": pack, "offline": true });
    let stale = trade.ask(PHARMACY, "verify", &offline);
    assert_eq!(stale.status, 200, "{}", stale.text());
    let stale = stale.json();
    assert_eq!(stale["verdict"], "real", "{stale:#}");
    assert_eq!(stale["ledger"]["stale"], true, "{stale:#}");
    assert_eq!(stale["acts"], json!([]), "{stale:#}");
    let dispensed = {
        let mut device = Device { trade, scans: 500 };
        let dispensed = device.scan("dispense", pack, 0);
        let kept = device.send(&[&dispensed]);
        assert_eq!(kept[0]["state"], "waiting", "{kept:#}");
        dispensed
    };
    signal("KILL", trade.consortium.pid(PHARMACY));
    for pid in away {
        signal("CONT", pid);
    }
    trade.consortium.run_node(PHARMACY);
    trade
        .consortium
        .wait_ready(PHARMACY, Duration::from_secs(30));
    let device = Device { trade, scans: 0 };
    device.ended(&dispensed, "fine", &json!("real"));
    assert_eq!(trade.verify(PHARMACY, pack)["verdict"], "used");
}

/// Given away before the recall was known: the ledger refuses, and the page says when what was.
fn what_was_recalled_since(trade: &Trade, pack: &str) {
    let mut device = Device { trade, scans: 700 };
    let dispensed = device.scan("dispense", pack, 5);
    trade.act(MAKER, &json!({ "act": "recall", "scans": [pack] }));
    eventually("the recall is known", Duration::from_secs(20), || {
        trade.verify(PHARMACY, pack)["verdict"] == "recalled"
    });
    device.send(&[&dispensed]);
    let told = device.ended(&dispensed, "conflict", &json!("recalled"));
    assert_eq!(told["outcome"]["because"][0]["later"], true, "{told:#}");
}
