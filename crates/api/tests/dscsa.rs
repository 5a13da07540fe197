//! Papers of the trade over HTTP, at one node that makes and dispenses.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

mod common;

use std::time::{Duration, Instant};

use common::{Client, World};
use hospital::Role;
use ledger::{Kind, Vote};
use proof::transaction::{Header, Transaction};
use proof::{Canonical, SecretKey};
use serde_json::{Value, json};

const GTIN: &str = "00301430957019";
const LOT: &str = "LOT-7";
const EXPIRY: &str = "491231";
const GLN: &str = "9506000134376";
const CORRELATION: &str = "08dd5e1b-78e7-4dee-9f55-e69f5edf099b";

/// An organisation with every role in the trade, and its card.
struct Works {
    world: World,
    pharmacist: Client,
}

impl Works {
    fn open() -> Self {
        let world = World::new();
        let pharmacist = world.client(Role::Pharmacist, None);
        let works = Self { world, pharmacist };
        works.decide(&partner("st-mary", &["maker", "wholesaler", "dispenser"]));
        until("the vote holds", || {
            works.pharmacist.get("/packs").json()["roles"]
                == json!(["maker", "wholesaler", "dispenser"])
        });
        let card = json!({ "name": "St Mary Works", "gln": GLN, "street": "1 Lake Road",
            "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US",
            "email": "trade@works.example" });
        works
            .pharmacist
            .post("/packs/master-data/party", &card)
            .expect(200);
        let sheet = json!({ "gtin": GTIN, "name": "Epcistra", "strength": "100 mg",
            "dosage_form": "tablet", "container_size": "30 tablets" });
        let sheet = works.pharmacist.post("/packs/master-data/products", &sheet);
        assert_eq!(sheet.expect(200).json()["ndc"], "0143095701");
        works
    }

    fn decide(&self, proposal: &Value) {
        let admin = self.world.client(Role::Admin, None);
        admin.post("/ledger/proposals", proposal).expect(202);
    }

    /// The vote of the member without a node for what its partner proposed.
    fn agree(&self, sequence: u64) {
        let mut open = Value::Null;
        until("the proposal is open", || {
            open = self.pharmacist.get("/ledger/proposals").json()["proposals"][0].clone();
            open["id"].is_string()
        });
        let vote = Vote {
            proposal: open["id"].as_str().unwrap().parse().unwrap(),
            approve: true,
        };
        let key = SecretKey::from_seed(&[31; 32]);
        let chain = self.world.hospital.chain();
        let header = Header {
            kind: Kind::Vote as u8,
            chain: chain.chain_id(),
            sender: key.public(),
            sequence,
            expires: chain.state().height() + 100,
        };
        let transaction = Transaction::sign(header, vote.to_bytes(), &key).to_bytes();
        self.world.wait(chain.submit(transaction)).unwrap();
    }

    fn act(&self, body: &Value) -> Value {
        let done = self.pharmacist.post("/packs/acts", body);
        assert_eq!(done.status, 201, "{body}: {}", done.text());
        done.json()
    }

    fn make(&self, count: u32) -> Vec<String> {
        let lot = json!({ "gtin": GTIN, "lot": LOT, "expiry": EXPIRY, "count": count });
        let made = self.act(&json!({ "act": "commission", "make": lot }));
        let scans = made["scans"].as_array().unwrap().iter();
        scans.map(|it| it.as_str().unwrap().to_owned()).collect()
    }
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn partner(id: &str, roles: &[&str]) -> Value {
    json!({ "set_partner": { "organisation": id, "roles": roles } })
}

/// A member without a node.
fn member(id: &str) -> Value {
    let key = |seed: u8| SecretKey::from_seed(&[seed; 32]).public().to_string();
    json!({ "add_organisation": {
        "id": id, "kind": "pharmacy", "transaction_key": key(31), "node_key": key(32),
        "checkpoint_key": key(33), "address": "127.0.0.1:9", "validator": false,
    } })
}

fn serial(scan: &str) -> &str {
    let rest = scan.split("(21)").nth(1).unwrap();
    rest.split('(').next().unwrap()
}

fn path(lot: &str, serial: &str, expiry: &str, context: Option<&str>) -> String {
    let context = context
        .map(|it| format!("&context={it}"))
        .unwrap_or_default();
    format!(
        "/verify/gtin/{GTIN}/lot/{lot}/ser/{serial}?exp={expiry}&linkType=verificationService\
         &corrUUID={CORRELATION}{context}"
    )
}

#[test]
fn a_partner_is_answered_and_a_stranger_is_not() {
    let works = Works::open();
    let scans = works.make(4);
    let first = serial(&scans[0]);
    let ask = |client: &Client, path: &str| client.get(path).expect(200).json();
    let told = ask(&works.pharmacist, &path(LOT, first, EXPIRY, None));
    assert_eq!(told["data"], json!({ "verified": true }), "{told}");
    assert_eq!(told["responderGLN"], GLN);
    assert_eq!(told["corrUUID"], CORRELATION);
    assert!(told["verificationTimestamp"].is_string(), "{told}");
    for other in [
        format!("/01/{GTIN}/10/{LOT}/21/{first}?17={EXPIRY}&linkType=verificationService"),
        format!("/verify/01/{GTIN}/10/{LOT}/21/{first}?17={EXPIRY}"),
        format!("/gtin/{GTIN}/lot/{LOT}/ser/{first}?exp={EXPIRY}"),
    ] {
        assert_eq!(
            ask(&works.pharmacist, &other)["data"]["verified"],
            true,
            "{other}"
        );
    }
    for (lot, serial, expiry, reason) in [
        (LOT, "INVENTED", EXPIRY, "No_match_GTIN_Serial"),
        ("LOT-8", first, EXPIRY, "No_match_GTIN_Serial_Lot"),
        (LOT, first, "481231", "No_match_GTIN_Serial_Expiry"),
        ("LOT-8", first, "481231", "No_match_GTIN_Serial_Lot_Expiry"),
    ] {
        let told = ask(&works.pharmacist, &path(lot, serial, expiry, None));
        assert_eq!(told["data"]["verified"], false, "{told}");
        assert_eq!(told["data"]["verificationFailureReason"], reason, "{told}");
    }
    for (spoiled, status) in [
        (format!("/verify/gtin/{GTIN}/lot/{LOT}/ser/{first}"), 400),
        (
            format!("{}&colour=red", path(LOT, first, EXPIRY, None)),
            400,
        ),
        (path(LOT, first, EXPIRY, Some("curiosity")), 400),
        (
            format!("{}&reqGLN=0614141000005", path(LOT, first, EXPIRY, None)),
            403,
        ),
    ] {
        let refused = works.pharmacist.get(&spoiled);
        assert_eq!(refused.status, status, "{spoiled}: {}", refused.text());
    }
    let wanted = path(LOT, first, EXPIRY, None);
    works.world.stranger().get(&wanted).expect(401);
    works
        .world
        .client(Role::Researcher, None)
        .get(&wanted)
        .expect(403);
    let connected = works
        .pharmacist
        .get(&format!("/checkConnectivity?gtin={GTIN}&reqGLN={GLN}"));
    assert_eq!(connected.expect(200).json()["responderGLN"], GLN);
    let old = [("gs1us-version", "2.0")];
    works
        .pharmacist
        .send("GET", &wanted, &old, None)
        .expect(400);
    the_system_of_a_partner_verifies_and_no_more(&works, &wanted);
    what_happened_to_a_pack_is_told(&works, &scans);
}

fn the_system_of_a_partner_verifies_and_no_more(works: &Works, wanted: &str) {
    let told = json!({ "client_name": "Returns", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic", "scope": "system/Patient.r" });
    let admin = works.world.client(Role::Admin, None);
    let told = admin.post("/auth/register", &told);
    let id = told.expect(201).json()["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mapped = json!({ "client": id, "organisation": "harbour" });
    let place = "/packs/master-data/clients";
    works.pharmacist.post(place, &mapped).expect(403);
    works.decide(&member("harbour"));
    until("the member is in", || {
        works.pharmacist.post(place, &mapped).status == 200
    });
    let system = works.world.client_named(&id, Role::System);
    assert_eq!(
        system.get(wanted).expect(200).json()["data"]["verified"],
        true
    );
    for closed in ["/packs", "/packs/notices", "/epcis/events"] {
        let refused = system.get(closed);
        assert_eq!(refused.status, 403, "{closed}: {}", refused.text());
    }
    until("the roles are proven", || {
        let found = works
            .pharmacist
            .get("/packs/partners/harbour")
            .expect(200)
            .json();
        found["proof"].is_string() && found["proof_of_kind"].is_string()
    });
    let found = works.pharmacist.get("/packs/partners").expect(200).json();
    let of = |id: &str| {
        let all = found["partners"].as_array().unwrap();
        all.iter().find(|it| it["id"] == id).unwrap().clone()
    };
    assert_eq!(of("harbour")["roles"], json!(["dispenser"]));
    assert_eq!(of("harbour")["by"], "kind");
    assert_eq!(of("st-mary")["by"], "vote");
    assert_eq!(of("st-mary")["authorised"], true);
    // Voted out of the trade, it is answered no more.
    works.decide(&partner("harbour", &[]));
    works.agree(1);
    until("the vote holds", || system.get(wanted).status == 403);
    let found = works
        .pharmacist
        .get("/packs/partners/harbour")
        .expect(200)
        .json();
    assert_eq!(
        (&found["by"], &found["authorised"]),
        (&json!("vote"), &json!(false))
    );
    works.pharmacist.get("/packs/partners/nobody").expect(404);
}

fn what_happened_to_a_pack_is_told(works: &Works, scans: &[String]) {
    let returned = Some("dscsaSaleableReturn");
    let data = |scan: &str, context| {
        let path = path(LOT, serial(scan), EXPIRY, context);
        works.pharmacist.get(&path).expect(200).json()["data"].clone()
    };
    works.act(&json!({ "act": "mark", "finding": "suspect", "scans": [scans[1]] }));
    let suspect = json!({ "verified": false, "additionalInfo": "Suspect",
        "verificationFailureReason": "Not_for_re-distribution" });
    assert_eq!(data(&scans[1], None), suspect);
    works.act(&json!({ "act": "dispense", "scans": [scans[2]] }));
    assert_eq!(data(&scans[2], returned), suspect);
    assert_eq!(data(&scans[0], returned), json!({ "verified": true }));
    works.act(&json!({ "act": "recall", "scans": [scans[0]] }));
    assert_eq!(
        data(&scans[0], None),
        json!({ "verified": true, "additionalInfo": "Recalled" })
    );
    assert_eq!(
        data(&scans[0], returned),
        json!({ "verified": false, "additionalInfo": "Recalled",
            "verificationFailureReason": "Manufacturer_policy" })
    );
}

#[test]
fn a_quarantine_has_its_form_and_its_clock() {
    let works = Works::open();
    let scans = works.make(2);
    let notices = || works.pharmacist.get("/packs/notices").expect(200).json();
    assert_eq!(notices()["notices"], json!([]));
    let marked = works.act(&json!({ "act": "mark", "finding": "suspect", "scans": [scans[0]] }));
    let suspect = notices()["notices"][0].clone();
    assert_eq!(suspect["event"], marked["event_id"], "{suspect}");
    assert_eq!(
        (&suspect["finding"], &suspect["clock"]),
        (&json!("suspect"), &json!("waiting"))
    );
    assert_eq!(suspect["due"], Value::Null);
    assert_eq!(suspect["packs"].as_array().map(Vec::len), Some(1));
    let place = |event: &Value| format!("/packs/notices/{}", event.as_str().unwrap());
    let initial = json!({ "filed": "initial-notification" });
    works
        .pharmacist
        .post(&place(&suspect["event"]), &initial)
        .expect(422);

    let found = json!({ "act": "mark", "finding": "illegitimate", "scans": [scans[0]] });
    let found = works.act(&found);
    let at = place(&found["event_id"]);
    let open = works.pharmacist.get(&at).expect(200).json();
    assert_eq!(
        (&open["finding"], &open["clock"]),
        (&json!("illegitimate"), &json!("running"))
    );
    let us = |it: &Value| hospital::instant::parse_fhir(it.as_str().unwrap()).unwrap();
    assert_eq!(
        us(&open["due"]) - us(&open["since"]),
        24 * 3_600 * 1_000_000
    );
    let form = &open["form_fda_3911"];
    assert_eq!(form["product_name"], "Epcistra");
    assert_eq!(form["ndc_numbers"], json!(["0143095701"]));
    assert_eq!(form["subject"]["lots"], json!([LOT]));
    assert_eq!(form["subject"]["serials"], json!([serial(&scans[0])]));
    assert_eq!(form["company"]["name"], "St Mary Works");
    let named = |of: &Value| -> Vec<String> {
        let missing = of["missing"].as_array().unwrap().iter();
        missing
            .map(|it| it["field"].as_str().unwrap().to_owned())
            .collect()
    };
    for item in [
        "5 classification",
        "8 drug use",
        "17 description",
        "23 contact",
    ] {
        assert!(named(&open).contains(&item.to_owned()), "{open}");
    }
    let end = json!({ "filed": "request-for-termination" });
    works.pharmacist.post(&at, &end).expect(422);
    let told = json!({ "filed": "initial-notification", "told": {
        "classification": "counterfeit", "drug_use": "human use", "contact": "A. Rivera",
        "drug_description": "finished prescription drug", "description": "a second print" } });
    let told = works.pharmacist.post(&at, &told).expect(200).json();
    assert_eq!(told["clock"], "notified");
    let first = format!("{at}?report=initial-notification");
    let filled = works.pharmacist.get(&first).expect(200).json();
    assert_eq!(named(&filled), [] as [String; 0], "{filled}");
    works.pharmacist.post(&at, &initial).expect(422);
    works.pharmacist.post(&at, &end).expect(422);
    let end = json!({ "filed": "request-for-termination",
        "told": { "incident_number": "I-7", "termination": "it was destroyed" } });
    let asked = works.pharmacist.post(&at, &end).expect(200).json();
    assert_eq!(asked["clock"], "end-asked");
    assert_eq!(named(&asked), [] as [String; 0], "{asked}");
    let ended = works
        .pharmacist
        .post(&at, &json!({ "ended": true }))
        .expect(200)
        .json();
    assert_eq!(ended["clock"], "ended");
    assert_eq!(ended["filed"].as_array().map(Vec::len), Some(3));
    // What was suspect before is illegitimate by now: its clock runs as well.
    let before = works
        .pharmacist
        .get(&place(&suspect["event"]))
        .expect(200)
        .json();
    assert_eq!(before["clock"], "running");
    let clinician = works.world.clinician();
    clinician.get(&at).expect(200);
    clinician.post(&at, &json!({})).expect(403);
    works
        .pharmacist
        .get("/packs/notices/urn:uuid:none")
        .expect(404);
}

#[test]
fn a_recall_counts_what_has_become_of_every_pack() {
    let works = Works::open();
    let scans = works.make(5);
    works.act(&json!({ "act": "dispense", "scans": [scans[0]] }));
    let gone = json!({ "act": "decommission", "reason": "destroyed", "scans": [scans[1]] });
    works.act(&gone);
    let class = format!("(01){GTIN}(10){LOT}");
    let ask = |body: &Value| works.pharmacist.post("/packs/recalls", body);
    let found = ask(&json!({ "scan": class })).expect(200).json();
    let counts = json!({ "made": 5, "dispensed": 1, "decommissioned": 1, "here": 3, "out": 0 });
    assert_eq!(found["counts"], counts);
    let tell = json!({ "scan": scans[2], "tell": true });
    let early = ask(&tell).expect(422);
    assert!(
        early.text().contains("no recall of this lot"),
        "{}",
        early.text()
    );
    works.act(&json!({ "act": "recall", "scans": [scans[2]] }));
    let found = ask(&tell).expect(200).json();
    assert_eq!(found["secured_percent"], "80.00");
    assert_eq!(found["reached_percent"], "100.00");
    assert_eq!(found["unreached"], 0);
    ask(&json!({ "scan": format!("(01){GTIN}(10)OTHER") })).expect(404);
    ask(&json!({ "scan": format!("(01){GTIN}(21)A") })).expect(400);
    let listed = works.pharmacist.get("/packs/recalls").expect(200).json();
    assert_eq!(listed["recalls"][0]["lot"], LOT);
    // Papers and inspections of what was never shipped.
    works
        .pharmacist
        .get("/packs/transactions/urn:uuid:none")
        .expect(404);
    let inspect = json!({ "scan": scans[0] });
    works
        .pharmacist
        .post("/packs/inspection", &inspect)
        .expect(403);
}
