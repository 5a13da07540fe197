//! The EPCIS event of an act that a person did here: EPCIS 2.0 and CBV 2.0, JSON-LD.

use serde_json::{Map, Value, json};
use supply::acts::{Finding, Reason};

use super::expiry;
use super::order::{Marking, PackAct, PackOrder};
use crate::instant;

/// EPCIS 2.0, 12: the context of every document.
pub const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";
/// The party or place that a member of the ledger is, where it has no GLN.
const MEMBER: &str = "urn:salus:organisation:";

/// The URI of a member as party and place.
pub(crate) fn member(organisation: &str) -> String {
    format!("{MEMBER}{organisation}")
}

/// The member that a URI of a party names.
pub(crate) fn member_of(uri: &str) -> Option<&str> {
    uri.strip_prefix(MEMBER)
}

/// The event of an order.
pub(crate) fn event(order: &PackOrder, here: &str, id: &str, now_us: i64) -> Value {
    let (step, disposition) = said(&order.act);
    let mut event = Map::new();
    event.insert("@context".into(), json!([CONTEXT]));
    event.insert("eventID".into(), format!("urn:uuid:{id}").into());
    let around = match &order.act {
        PackAct::Contain { case } | PackAct::Release { case } => Some(case),
        _ => None,
    };
    let kind = match around {
        Some(_) => "AggregationEvent",
        None => "ObjectEvent",
    };
    event.insert("type".into(), kind.into());
    event.insert("eventTime".into(), instant::fhir(now_us).into());
    event.insert("eventTimeZoneOffset".into(), "+00:00".into());
    let action = match order.act {
        PackAct::Commission | PackAct::Contain { .. } => "ADD",
        PackAct::Decommission(_) | PackAct::Release { .. } => "DELETE",
        _ => "OBSERVE",
    };
    if order.act == PackAct::Recall {
        event.insert("epcList".into(), json!([]));
        let lots: Vec<Value> = order.packs.iter().map(lot).collect();
        event.insert("quantityList".into(), lots.into());
    } else {
        let packs = order.packs.iter().map(|it| link(&it.gtin, &it.serial));
        let cases = order.cases.iter().map(|it| case_link(it));
        let epcs: Vec<String> = packs.chain(cases).collect();
        if let Some(case) = around {
            event.insert("parentID".into(), case_link(case).into());
            event.insert("childEPCs".into(), epcs.into());
        } else {
            event.insert("epcList".into(), epcs.into());
        }
    }
    event.insert("action".into(), action.into());
    event.insert("bizStep".into(), step.into());
    event.insert("disposition".into(), disposition.into());
    let place = json!({ "id": member(here) });
    event.insert("readPoint".into(), place.clone());
    event.insert("bizLocation".into(), place);
    if let PackAct::Hand { to } = &order.act {
        let party = |side: &str, who: &str| json!([{ "type": "owning_party", side: member(who) }]);
        event.insert("sourceList".into(), party("source", here));
        event.insert("destinationList".into(), party("destination", to.as_str()));
    }
    if let (PackAct::Commission, Some(first)) = (&order.act, order.packs.first()) {
        let ilmd = json!({
            "cbvmda:lotNumber": first.lot,
            "cbvmda:itemExpirationDate": expiry::date(&first.expiry, expiry::year(now_us)),
        });
        event.insert("ilmd".into(), ilmd);
    }
    Value::Object(event)
}

/// Business step and disposition (CBV 2.0, 7.1 and 7.2).
fn said(act: &PackAct) -> (&'static str, &'static str) {
    match act {
        PackAct::Commission => ("commissioning", "active"),
        PackAct::Hand { .. } => ("shipping", "in_transit"),
        PackAct::Take => ("receiving", "in_progress"),
        PackAct::TakeBack => ("void_shipping", "in_progress"),
        PackAct::Dispense => ("dispensing", "dispensed"),
        PackAct::Decommission(Reason::Destroyed) => ("destroying", "destroyed"),
        PackAct::Decommission(Reason::Stolen) => ("decommissioning", "stolen"),
        PackAct::Decommission(_) => ("decommissioning", "inactive"),
        PackAct::Undo => ("stocking", "sellable_accessible"),
        PackAct::Mark(Finding::Clear) => ("inspecting", "conformant"),
        PackAct::Mark(Finding::Suspect) => ("holding", "non_sellable_other"),
        PackAct::Mark(Finding::Illegitimate) => ("holding", "non_conformant"),
        PackAct::Recall => ("holding", "recalled"),
        PackAct::Contain { .. } => ("packing", "in_progress"),
        PackAct::Release { .. } => ("unpacking", "in_progress"),
    }
}

/// The canonical Digital Link of a pack.
pub(crate) fn link(gtin: &str, serial: &str) -> String {
    linked(&[("01", gtin), ("21", serial)])
}

/// The canonical Digital Link of a case.
pub(crate) fn case_link(sscc: &str) -> String {
    linked(&[("00", sscc)])
}

fn lot(marking: &Marking) -> Value {
    json!({ "epcClass": linked(&[("01", &marking.gtin), ("10", &marking.lot)]) })
}

/// Empty for what is no GS1 identifier; what was scanned is one.
fn linked(pairs: &[(&str, &str)]) -> String {
    let elements = gs1::Elements::new(pairs.iter().copied()).ok();
    elements
        .and_then(|it| it.digital_link())
        .unwrap_or_default()
}
