//! The medicines of the story: a pack is made, handed over, dispensed, and its copy is caught.

use super::{Kept, Report, Story};
use crate::client::Client;
use crate::failure::{Explain, Failure, Outcome};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The laboratory makes, the pharmacy dispenses, the copy turns up at the hospital.
const HOSPITAL: usize = 0;
const MAKER: usize = 2;
const PHARMACY: usize = 3;

const JSON: &str = "application/json";
/// From GS1's examples.
const GTIN: &str = "09506000134352";
/// How long a vote, a message or a receipt may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Those who handle medicines.
struct Trade {
    hospital: Client,
    maker: Client,
    pharmacy: Client,
}

impl Story<'_> {
    /// Plays the steps about packs.
    pub(super) fn packs(&mut self, report: &Report) -> Outcome {
        let client = |index: usize| {
            let token = report.token(index, "pharmacist")?;
            Client::new(&report.organisations[index].base, Some(token))
        };
        let trade = Trade {
            hospital: client(HOSPITAL)?,
            maker: client(MAKER)?,
            pharmacy: client(PHARMACY)?,
        };
        self.a_maker_is_voted_in(report, &trade)?;
        let scans = self.packs_change_hands(report, &trade)?;
        self.a_pack_is_dispensed(&trade, &scans[0])?;
        self.a_fake_is_caught(&trade, &scans[0])
    }

    fn a_maker_is_voted_in(&mut self, report: &Report, trade: &Trade) -> Outcome {
        let id = &report.organisations[MAKER].id;
        let admin = |index: usize| {
            let token = report.token(index, "admin")?;
            Client::new(&report.organisations[index].base, Some(token))
        };
        let change = json!({ "set_partner": {
            "organisation": id, "roles": ["maker", "wholesaler"],
        } });
        let proposed = admin(HOSPITAL)?.post("/ledger/proposals", JSON, &bytes(&change))?;
        let proposed = proposed.expect_ok("the proposal was refused")?.json();
        let proposal = proposed["transaction"].as_str().unwrap_or_default();
        let path = format!("/ledger/proposals/{proposal}/votes");
        let vote = json!({ "approve": true });
        for index in [1, PHARMACY] {
            let voter = admin(index)?;
            // The proposal may reach this member a block later.
            until("the vote is not taken", || {
                Ok(voter.post(&path, JSON, &bytes(&vote))?.is_ok())
            })?;
        }
        until("the vote is not executed", || {
            let packs = trade.maker.get("/packs")?.json();
            Ok(packs["roles"] == json!(["maker", "wholesaler"]))
        })?;
        let told = format!("Three of four members vote {id} in as a maker of medicines.");
        let check = format!(
            "curl -H \"Authorization: Bearer $TOKEN\" {}/packs",
            trade.maker.base()
        );
        self.tell(&told, &check);
        Ok(())
    }

    /// Answers the codes of two packs that are at the pharmacy.
    fn packs_change_hands(&mut self, report: &Report, trade: &Trade) -> Outcome<Vec<String>> {
        let lot = json!({ "gtin": GTIN, "lot": "A-26", "expiry": "491231", "count": 3 });
        let made = act(&trade.maker, &json!({ "act": "commission", "make": lot }))?;
        let scans = made["scans"].as_array().cloned().unwrap_or_default();
        let scans = scans.iter().filter_map(Value::as_str).map(str::to_owned);
        let scans: Vec<String> = scans.take(2).collect();
        let pharmacy = &report.organisations[PHARMACY].id;
        let started = Instant::now();
        let ship = json!({ "act": "ship", "to": pharmacy, "scans": scans });
        act(&trade.maker, &ship)?;
        until("the pharmacy is not told of its packs", || {
            Ok(verify(&trade.pharmacy, &scans[0])?["place"] == "awaited")
        })?;
        act(
            &trade.pharmacy,
            &json!({ "act": "receive", "scans": scans }),
        )?;
        let milliseconds = started.elapsed().as_millis();
        let told = format!(
            "Two packs go from {} to {pharmacy}: both have signed after {milliseconds} ms, and the \
             ledger names neither product nor holder.",
            report.organisations[MAKER].id
        );
        self.tell(&told, &command(&trade.pharmacy, "verify", &scans[0]));
        Ok(scans)
    }

    fn a_pack_is_dispensed(&mut self, trade: &Trade, scan: &str) -> Outcome {
        act(
            &trade.pharmacy,
            &json!({ "act": "dispense", "scans": [scan] }),
        )?;
        let mut found = None;
        until("the receipt of the dispensing does not come", || {
            let traced = ask(&trade.pharmacy, "trace", scan)?;
            let events = traced["steps"][0]["events"].as_array().cloned();
            let last = events.unwrap_or_default().pop().unwrap_or_default();
            let receipt = last["receipt"].as_str().map(str::to_owned);
            found = receipt.map(|receipt| (last["event"].to_string(), receipt));
            Ok(found.is_some())
        })?;
        let (event, receipt) = found.unwrap_or_default();
        let kept = Kept {
            record: self.folder.join("dispensed.json"),
            receipt: self.folder.join("dispensed.receipt"),
        };
        let told = || "the story's files cannot be written".to_owned();
        std::fs::write(&kept.record, event).explain(told)?;
        std::fs::write(&kept.receipt, receipt).explain(told)?;
        self.verify(&kept.record, &kept.receipt)?;
        let check = self.command(&kept.record, &kept.receipt);
        let told = "The pharmacy dispenses one of them; its EPCIS event has a receipt like any \
                    record.";
        self.tell(told, &check);
        Ok(())
    }

    fn a_fake_is_caught(&mut self, trade: &Trade, scan: &str) -> Outcome {
        let copied = verify(&trade.hospital, scan)?;
        let invented = format!("(01){GTIN}(21)INVENTED1(17)491231(10)A-26");
        let invented = verify(&trade.hospital, &invented)?;
        if copied["verdict"] != "used" || invented["verdict"] != "unknown" {
            return Err(Failure::new("a fake pack passed")
                .cause(format!("{} and {}", copied["verdict"], invented["verdict"])));
        }
        let told = "The hospital is offered a pack with the same number: already used. Another has \
                    a number that nobody made: unknown. Both fakes are caught.";
        self.tell(told, &command(&trade.hospital, "verify", scan));
        Ok(())
    }
}

fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

fn act(client: &Client, body: &Value) -> Outcome<Value> {
    let done = client.post("/packs/acts", JSON, &bytes(body))?;
    Ok(done.expect_ok("an act on packs was refused")?.json())
}

fn ask(client: &Client, path: &str, scan: &str) -> Outcome<Value> {
    let body = bytes(&json!({ "scan": scan }));
    let found = client.post(&format!("/packs/{path}"), JSON, &body)?;
    Ok(found.expect_ok("a pack was not looked up")?.json())
}

fn verify(client: &Client, scan: &str) -> Outcome<Value> {
    ask(client, "verify", scan)
}

fn until(otherwise: &'static str, mut holds: impl FnMut() -> Outcome<bool>) -> Outcome {
    let end = Instant::now() + PATIENCE;
    while !holds()? {
        if Instant::now() > end {
            let cause = format!("waited {} s", PATIENCE.as_secs());
            return Err(Failure::new(otherwise).cause(cause));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn command(client: &Client, path: &str, scan: &str) -> String {
    format!(
        "curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d \
         '{{\"scan\":\"{scan}\"}}' {}/packs/{path}",
        client.base()
    )
}
