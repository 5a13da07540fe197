//! From an AuditEvent to a line of a report.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::record::Record;

/// One line: an access, a decision or a disclosure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLine {
    /// When: `AuditEvent.recorded`, or `period.start` of what was made outside.
    pub at: String,
    /// What was done: the code of `AuditEvent.subtype`.
    pub deed: String,
    /// The person or system.
    pub who: String,
    /// What that is there.
    pub role: String,
    /// The organisation of that person or system.
    pub organisation: String,
    /// The organisation that got the records, where they left.
    pub recipient: Option<String>,
    /// Types of the records with how many.
    pub what: BTreeMap<String, u64>,
    /// Code of the purpose of use.
    pub purpose: Option<String>,
    /// The consent or grant that permitted it.
    pub basis: Option<String>,
    /// `permitted`, `refused` or `failed`.
    pub outcome: &'static str,
    /// Codes of a refusal.
    pub reasons: Option<String>,
    /// Until when the patient's own accounting leaves it out; for the privacy officer alone.
    pub suspended: Option<String>,
    /// Id of the AuditEvent.
    pub id: String,
    /// Its version, always 1.
    pub version: u64,
}

/// The line of an event.
pub(super) fn read(record: &Record) -> Option<ReportLine> {
    let event: Value = serde_json::from_slice(&record.body).ok()?;
    let agents = || event["agent"].as_array().into_iter().flatten();
    let code = |of: &Value| of["type"]["coding"][0]["code"].as_str().map(str::to_owned);
    let agent = |wanted: &str| agents().find(|agent| code(agent).as_deref() == Some(wanted));
    let user = agents().find(|agent| agent["requestor"] == true);
    let member = |agent: &Value| {
        let who = &agent["who"];
        text(&who["identifier"]["value"]).or_else(|| text(&who["display"]))
    };
    let subtype = text(&event["subtype"][0]["code"]).unwrap_or_default();
    let leaves = matches!(subtype.as_str(), "disclose" | "110127");
    Some(ReportLine {
        at: text(&event["period"]["start"])
            .or_else(|| text(&event["recorded"]))
            .unwrap_or_default(),
        deed: subtype,
        who: user
            .and_then(|user| text(&user["name"]))
            .unwrap_or_default(),
        role: user
            .and_then(|user| text(&user["role"][0]["text"]))
            .unwrap_or_default(),
        organisation: agent("PROV").and_then(member).unwrap_or_default(),
        recipient: agent("110152").filter(|_| leaves).and_then(member),
        what: what(&event),
        purpose: text(&event["purposeOfEvent"][0]["coding"][0]["code"]),
        basis: basis(&event),
        outcome: match event["outcome"].as_str() {
            Some("0") => "permitted",
            Some("8") => "refused",
            _ => "failed",
        },
        reasons: text(&event["outcomeDesc"]),
        suspended: None,
        id: record.id.clone(),
        version: record.version,
    })
}

fn entities(event: &Value) -> impl Iterator<Item = &Value> {
    event["entity"].as_array().into_iter().flatten()
}

/// The types that the event names: one record as `what`, many as groups with a count.
fn what(event: &Value) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for entity in entities(event) {
        let what = &entity["what"];
        let reference = what["reference"]
            .as_str()
            .or_else(|| what["identifier"]["value"].as_str())
            .unwrap_or("");
        let details = entity["detail"].as_array().into_iter().flatten();
        let count: Option<u64> = details
            .filter(|detail| detail["type"] == "count")
            .find_map(|detail| detail["valueString"].as_str()?.parse().ok());
        if let (Some(count), Some(name)) = (count, text(&entity["name"])) {
            *found.entry(name).or_insert(0) += count;
        } else if entity["role"]["code"] == "4"
            && let Some((type_, _)) = reference.split_once('/')
        {
            *found.entry(type_.to_owned()).or_insert(0) += 1;
        }
    }
    found
}

fn basis(event: &Value) -> Option<String> {
    let consent =
        |entity: &&Value| entity["type"]["code"] == "Consent" && entity.get("what").is_some();
    let what = &entities(event).find(consent)?["what"];
    text(&what["reference"]).or_else(|| text(&what["identifier"]["value"]))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
