//! Papers of the trade between nodes: a shipment has its information and statement, what differs is
//! reported and answered, a recall reaches whoever got packs, an inspector sees the way.

use crate::consortium::{eventually, salus};
use crate::members::decide;
use crate::packs::{CLINIC, MAKER, PHARMACY, ST_MARY, Trade};
use serde_json::{Value, json};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(20);

/// Cards of both, and the sheet of the product.
pub(crate) fn introduced(trade: &Trade, gtin: &str) {
    for (index, name) in [(MAKER, "City Works"), (PHARMACY, "Harbour Pharmacy")] {
        let card = json!({ "name": name, "street": "1 Quay", "city": "Springfield",
            "state": "IL", "postal_code": "62701", "country": "US",
            "email": "trade@partner.example" });
        let kept = trade.ask(index, "master-data/party", &card);
        assert_eq!(kept.status, 200, "{}", kept.text());
    }
    let sheet = json!({ "gtin": gtin, "name": "Epcistra", "strength": "100 mg",
        "dosage_form": "tablet", "ndc": "0143-0957-01", "container_size": "30 tablets" });
    let kept = trade.ask(MAKER, "master-data/products", &sheet);
    assert_eq!(kept.status, 200, "{}", kept.text());
}

/// The papers of a shipment of three packs are at its buyer, whole and with the receipt of the
/// shipping; nobody else gets them.
pub(crate) fn papers_come_with_a_shipment(trade: &Trade, scans: &[String]) {
    let mut event = String::new();
    eventually("the papers are there", WAIT, || {
        let listed = trade.look(PHARMACY, "transactions").json();
        let first = &listed["transactions"][0];
        first["event"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut event);
        !event.is_empty() && first["with"] == "city-lab"
    });
    let place = format!("transactions/{event}");
    let mut papers = Value::Null;
    eventually("the shipping has its receipt", WAIT, || {
        papers = trade.look(PHARMACY, &place).json();
        papers["receipt"].is_string()
    });
    assert_eq!(papers["missing"], json!([]), "{papers}");
    assert_eq!(papers["statement"]["affirmed"], true, "{papers}");
    assert_eq!(papers["statement"]["direct_purchase"], "ENTIRELY_DIRECT");
    let information = &papers["information"];
    assert_eq!(information["seller"]["card"]["name"], "City Works");
    assert_eq!(information["buyer"]["card"]["name"], "Harbour Pharmacy");
    let line = &information["lines"][0];
    assert_eq!(line["number_of_containers"], 3, "{line}");
    assert_eq!(line["product"]["name"], "Epcistra");
    assert_eq!(line["maker"], "city-lab");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let receipt = file("receipt", papers["receipt"].as_str().unwrap().to_owned());
    let shipping = file("shipping.json", papers["shipping"].to_string());
    let trust = trade.consortium.trust().to_str().unwrap().to_owned();
    let verified = salus(&["verify", &receipt, "--trust", &trust, "--record", &shipping]);
    assert!(verified.status.success(), "{verified:?}");
    let document = trade.look(PHARMACY, &format!("{place}?form=epcis")).json();
    assert_eq!(document["type"], "EPCISDocument");
    assert_eq!(document["gs1ushc:guidelineVersion"], "GS1 US DSCSA R1.3");
    let page = trade.look(PHARMACY, &format!("{place}?form=page")).text();
    assert!(
        page.contains("Epcistra") && page.contains("581(27)"),
        "{page}"
    );
    for index in [CLINIC, ST_MARY] {
        let refused = trade.look(index, &place);
        assert_eq!(refused.status, 404, "{}", refused.text());
    }
    // The maker answers for its pack.
    let serial = scans[0]
        .split("(21)")
        .nth(1)
        .unwrap()
        .split('(')
        .next()
        .unwrap();
    let asked = json!({ "gtin": line["product"]["gtin"], "lot": line["lot"], "serial": serial,
        "expiry": "491231", "context": "dscsaExceptionVerification" });
    let answered = trade.ask(PHARMACY, "verification", &asked).json();
    assert_eq!(answered["responder"], "city-lab", "{answered}");
    assert_eq!(answered["answer"]["data"]["verified"], true, "{answered}");
    what_differs_is_reported_and_answered(trade, &event, scans);
}

/// One of three packs did not come, and one came damaged.
fn what_differs_is_reported_and_answered(trade: &Trade, event: &str, scans: &[String]) {
    let report = json!({ "event": event, "po_number": "PO-7", "scans": scans[..2],
        "damaged": [scans[1]], "ordered": [{ "gtin": "09506000134352", "quantity": 3 }] });
    let reported = trade.ask(PHARMACY, "exceptions", &report);
    assert_eq!(reported.status, 201, "{}", reported.text());
    let case = reported.json();
    let exceptions = &case["reports"][0]["exceptions"];
    assert_eq!(
        exceptions["missing_product"].as_array().map(Vec::len),
        Some(1),
        "{case}"
    );
    assert_eq!(exceptions["underages"][0]["quantity_received"], 2, "{case}");
    assert_eq!(case["delivered"], 1, "{case}");
    let name = case["case"].as_str().unwrap();
    let at_maker = trade.look(MAKER, "exceptions").json();
    assert_eq!(
        at_maker["cases"][0]["reports"], case["reports"],
        "{at_maker}"
    );
    let item = exceptions["missing_product"][0]["exception_item_uuid"].clone();
    let answer = json!({ "items": [{ "exception_item_uuid": item,
        "resolution_response": "Accept", "comments": "it is on its way" }] });
    let answered = trade.ask(MAKER, &format!("exceptions/{name}/response"), &answer);
    assert_eq!(answered.status, 200, "{}", answered.text());
    assert_eq!(answered.json()["delivered"], 1, "{}", answered.text());
    let at_buyer = trade.look(PHARMACY, "exceptions").json();
    let response = &at_buyer["cases"][0]["responses"][0];
    assert_eq!(
        response["response_items"][0]["comments"], "it is on its way",
        "{at_buyer}"
    );
    let closed = trade.ask(
        PHARMACY,
        &format!("exceptions/{name}/resolution"),
        &json!({}),
    );
    assert_eq!(closed.json()["resolved"], true, "{}", closed.text());
    let at_maker = trade.look(MAKER, "exceptions").json();
    assert_eq!(at_maker["cases"][0]["resolved"], true, "{at_maker}");
    let stray = trade.ask(CLINIC, "exceptions", &report);
    assert_eq!(stray.status, 404, "{}", stray.text());
}

/// Four packs were made; three are at the pharmacy, one is with the maker.
pub(crate) fn a_recall_reaches_whoever_got_packs(trade: &Trade, scan: &str) {
    let told = trade.ask(MAKER, "recalls", &json!({ "scan": scan, "tell": true }));
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    let counts = json!({ "made": 4, "dispensed": 0, "decommissioned": 0, "here": 1, "out": 3 });
    assert_eq!(told["counts"], counts, "{told}");
    assert_eq!(told["reached_percent"], "100.00", "{told}");
    assert_eq!(told["answered_percent"], "100.00", "{told}");
    assert_eq!(told["secured_percent"], "25.00", "{told}");
    assert_eq!(
        told["told"][0]["organisation"], "harbour-pharmacy",
        "{told}"
    );
    let known = trade.look(PHARMACY, "recalls").json();
    let notice = &known["recalls"][0];
    assert_eq!(notice["from"], "city-lab", "{known}");
    assert_eq!(notice["here"].as_array().map(Vec::len), Some(3), "{known}");
    let stray = trade.ask(PHARMACY, "recalls", &json!({ "scan": scan }));
    assert_eq!(stray.status, 422, "{}", stray.text());
}

/// A regulator sees the way of a pack with the papers of each change of hands.
pub(crate) fn an_inspector_sees_the_way(trade: &Trade, scan: &str) {
    let asked = json!({ "scan": scan });
    assert_eq!(trade.ask(CLINIC, "inspection", &asked).status, 403);
    let consortium = &trade.consortium;
    let voters = [2, 3].map(|index| (consortium.base(index), consortium.token(index, "admin")));
    let change = ["partner", "north-clinic", "--role", "regulator"];
    decide(consortium, &change, &voters);
    let mut seen = Value::Null;
    eventually("the vote is executed", WAIT, || {
        let found = trade.ask(CLINIC, "inspection", &asked);
        seen = found.json();
        found.status == 200
    });
    assert_eq!(seen["whole"], true, "{seen}");
    assert_eq!(seen["silent"], json!([]), "{seen}");
    let steps = seen["steps"].as_array().unwrap();
    let names: Vec<&str> = steps
        .iter()
        .map(|step| step["organisation"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["city-lab", "harbour-pharmacy"], "{seen}");
    let paper = &steps[0]["papers"][0];
    assert_eq!(
        paper["information"]["buyer"]["card"]["name"], "Harbour Pharmacy",
        "{seen}"
    );
    assert_eq!(paper["statement"]["affirmed"], true, "{seen}");
}
