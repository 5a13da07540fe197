//! What an EPCIS event that was captured says of packs on the ledger, if it says anything.

use epcis::{Event, Vocabulary, identifier};
use serde_json::Value;
use supply::acts::{Finding, ITEMS_MAX, Reason};

use super::compose::member_of;
use super::order::{Marking, PackAct, PackOrder};

/// Where a standard business step begins (CBV 2.0, 7.1).
pub(super) const STEP: &str = "https://ref.gs1.org/cbv/BizStep-";
pub(super) const DISPOSITION: &str = "https://ref.gs1.org/cbv/Disp-";

/// The order that an event stands for. `None`: it is evidence and moves nothing on the ledger, as
/// are events about other things than single packs, and declarations of errors.
pub(super) fn order_of(event: &Event) -> Option<PackOrder> {
    let members = event.members();
    if members.contains_key("errorDeclaration") {
        return None;
    }
    if event.event_type() == "AggregationEvent" {
        return packed(event);
    }
    let is_about_packs =
        event.event_type() == "ObjectEvent" && list(members.get("quantityList")).is_empty();
    if !is_about_packs {
        return None;
    }
    let step = standard(event, "bizStep", Vocabulary::BizStep, STEP)?;
    let disposition = standard(event, "disposition", Vocabulary::Disposition, DISPOSITION);
    let disposition = disposition.unwrap_or_default();
    let action = members.get("action").and_then(Value::as_str)?;
    let act = match (step.as_str(), action, disposition.as_str()) {
        ("commissioning", "ADD", _) => PackAct::Commission,
        ("shipping", "OBSERVE", _) => PackAct::Hand {
            to: receiver(members.get("destinationList"))?,
        },
        ("receiving", "OBSERVE", _) => PackAct::Take,
        ("void_shipping", "OBSERVE", _) => PackAct::TakeBack,
        ("dispensing", "OBSERVE" | "DELETE", "dispensed") => PackAct::Dispense,
        ("destroying", _, _) => PackAct::Decommission(Reason::Destroyed),
        ("decommissioning", "DELETE", "stolen") => PackAct::Decommission(Reason::Stolen),
        ("decommissioning", "DELETE", _) => PackAct::Decommission(Reason::Unsaleable),
        ("stocking", "OBSERVE", "sellable_accessible") => PackAct::Undo,
        ("holding", "OBSERVE", "non_sellable_other") => PackAct::Mark(Finding::Suspect),
        _ => return None,
    };
    order(
        act,
        list(members.get("epcList")),
        printed(members.get("ilmd")),
    )
}

/// Packs or cases that go into a case, or come out of it.
fn packed(event: &Event) -> Option<PackOrder> {
    let members = event.members();
    if !list(members.get("childQuantityList")).is_empty() {
        return None;
    }
    let case = sscc(members.get("parentID").and_then(Value::as_str)?)?;
    let act = match members.get("action").and_then(Value::as_str)? {
        "ADD" => PackAct::Contain { case },
        "DELETE" => PackAct::Release { case },
        _ => return None,
    };
    let children = list(members.get("childEPCs"));
    order(act, children, <(String, String)>::default())
}

/// An act on packs alone or on cases alone.
fn order(act: PackAct, epcs: &[Value], (lot, expiry): (String, String)) -> Option<PackOrder> {
    if epcs.is_empty() || epcs.len() > ITEMS_MAX {
        return None;
    }
    let cases = epcs.iter().map(|epc| sscc(epc.as_str()?));
    if let Some(cases) = cases.collect::<Option<Vec<String>>>() {
        let packs = Vec::new();
        return Some(PackOrder { act, packs, cases });
    }
    let packs = epcs.iter().map(|epc| {
        let (gtin, serial) = pack(epc.as_str()?)?;
        Some(Marking {
            gtin,
            serial,
            lot: lot.clone(),
            expiry: expiry.clone(),
        })
    });
    let packs: Vec<Marking> = packs.collect::<Option<_>>()?;
    let cases = Vec::new();
    Some(PackOrder { act, packs, cases })
}

pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A standard word of a vocabulary, in whichever form it came.
pub(super) fn standard(
    event: &Event,
    member: &str,
    words: Vocabulary,
    start: &str,
) -> Option<String> {
    let text = event.members().get(member)?.as_str()?;
    let canonical = words.canonical(text, event.context());
    canonical.strip_prefix(start).map(str::to_owned)
}

/// GTIN-14 and serial number of a pack.
fn pack(epc: &str) -> Option<(String, String)> {
    let link = identifier::canonical(epc)?;
    let elements = gs1::digital_link::parse(&link).ok()?;
    Some((elements.gtin()?.to_owned(), elements.serial()?.to_owned()))
}

/// The SSCC of a case.
fn sscc(epc: &str) -> Option<String> {
    let link = identifier::canonical(epc)?;
    let elements = gs1::digital_link::parse(&link).ok()?;
    elements.sscc().map(str::to_owned)
}

/// The member to whom ownership goes.
pub(super) fn receiver(destinations: Option<&Value>) -> Option<ledger::OrgId> {
    let owning = |it: &&Value| {
        let kind = it.get("type").and_then(Value::as_str).unwrap_or_default();
        kind.ends_with("owning_party")
    };
    let found = list(destinations).iter().find(owning)?;
    member_of(found.get("destination")?.as_str()?)?.parse().ok()
}

/// Lot and expiry (`YYMMDD`) in the instance or lot master data (CBV 2.0, 9.3).
pub(super) fn printed(ilmd: Option<&Value>) -> (String, String) {
    let field = |name: &str| {
        let named = ["", "cbvmda:"].map(|prefix| format!("{prefix}{name}"));
        let found = named.iter().find_map(|name| ilmd?.get(name)?.as_str());
        found.unwrap_or_default().to_owned()
    };
    let date = field("itemExpirationDate");
    let digits: String = date.chars().take(10).filter(char::is_ascii_digit).collect();
    let expiry = digits.get(2..8).unwrap_or_default().to_owned();
    (field("lotNumber"), expiry)
}
