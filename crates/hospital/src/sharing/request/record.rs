//! A request as FHIR R4 CommunicationRequest.

use serde_json::{Value, json};

use super::AccessRequest;
use crate::own::ACCESS_REQUEST;
use crate::record::Record;
use crate::sharing::disclose::ACT_REASON;

pub(super) const TYPE: &str = "CommunicationRequest";
/// Names the practitioner who asks.
pub(super) const PRACTITIONER: &str = "urn:salus:practitioner";
const ROLE: &str = "urn:salus:role";

/// Which side keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It came here.
    Received,
    /// It was sent from here.
    Sent,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
        }
    }

    /// The token by which the requests of this side with an organisation are found.
    pub(super) fn with(self, organisation: &str) -> String {
        format!("{ACCESS_REQUEST}|{}/{organisation}", self.name())
    }

    /// The token by which all requests of this side are found.
    pub(super) fn all(self) -> String {
        format!("{ACCESS_REQUEST}|{}", self.name())
    }
}

/// The record of a request; `asking` is the organisation that asks.
pub(super) fn of(request: &AccessRequest, side: Side, asking: &str) -> Value {
    let patient = json!({ "reference": format!("Patient/{}", request.patient) });
    let member =
        |name: &str| json!({ "identifier": { "system": "urn:salus:organisation", "value": name } });
    let recipient = match side {
        Side::Received => patient.clone(),
        Side::Sent => member(&request.organisation),
    };
    let mut requester = member(asking);
    requester["display"] = format!("{asking}, {}", request.role).into();
    let with = format!("{}/{}", side.name(), request.organisation);
    let mut record = json!({
        "resourceType": TYPE,
        "id": request.id,
        "identifier": [
            { "system": ACCESS_REQUEST, "value": with },
            { "system": PRACTITIONER, "value": request.practitioner },
            { "system": ROLE, "value": request.role },
        ],
        "status": "active",
        "category": [{ "coding": [{ "system": ACCESS_REQUEST, "code": side.name() }] }],
        "subject": patient,
        "occurrencePeriod": { "start": request.asked, "end": request.until },
        "authoredOn": request.asked,
        "requester": requester,
        "recipient": [recipient],
        "reasonCode": [{ "coding": [{ "system": ACT_REASON, "code": request.purpose }] }],
    });
    if let Some(text) = &request.text {
        record["payload"] = json!([{ "contentString": text }]);
    }
    record
}

/// Reads a request of this side; with its status.
pub(super) fn read(record: &Record, side: Side) -> Option<(AccessRequest, String)> {
    let value: Value = serde_json::from_slice(&record.body).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let coding = &value["category"][0]["coding"][0];
    if coding["system"] != ACCESS_REQUEST || coding["code"] != side.name() {
        return None;
    }
    let named = |place: usize| text(&value["identifier"][place]["value"]);
    let with = named(0)?;
    let patient = value["subject"]["reference"].as_str()?;
    let request = AccessRequest {
        id: record.id.clone(),
        patient: patient.strip_prefix("Patient/")?.to_owned(),
        organisation: with.split_once('/')?.1.to_owned(),
        practitioner: named(1)?,
        role: named(2)?,
        purpose: text(&value["reasonCode"][0]["coding"][0]["code"])?,
        text: text(&value["payload"][0]["contentString"]),
        asked: text(&value["authoredOn"])?,
        until: text(&value["occurrencePeriod"]["end"])?,
    };
    Some((request, text(&value["status"])?))
}
