//! Recording a disclosure that was made outside of Salus: by fax, on paper, by another system.
//!
//! HL7 FAST Scalable Consent Management, `AuditEvent/$recordDisclosure`. What is posted is read and
//! not kept: the event is one of this log, written by the log, with a receipt like every other.

use serde_json::Value;

use crate::access_log::{Access, AccessAgent, AccessDeed, Outside, RecordRef, Touched};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::instant;
use crate::request::{clip, is_id, known_type};
use crate::setup::Hospital;

/// Records and descriptions that one disclosure names.
const ENTITIES_MAX: usize = 200;
/// Longest text that is taken over.
const TEXT_BYTES_MAX: usize = 256;
/// Clocks of other systems may be ahead by so much.
const AHEAD_US_MAX: i64 = 5 * 60 * 1_000_000;

/// What is reported.
#[derive(Debug, Clone)]
pub struct OutsideDisclosure {
    /// The AuditEvent that tells of it.
    pub event: Value,
    /// The Consent that it rests on: `Consent/<id>`.
    pub consent: Option<String>,
    /// The suspension under which it is recorded.
    pub suspension: Option<String>,
}

/// What an AuditEvent tells of a disclosure.
struct Told {
    patient: String,
    outside: Outside,
    purpose: (String, String),
    records: Vec<(String, String)>,
}

impl Hospital {
    /// Takes a disclosure into the log. It counts in the accounting from now on.
    pub async fn record_disclosure(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        disclosure: OutsideDisclosure,
    ) -> Result<RecordRef, HospitalError> {
        if !matches!(caller.role, Role::System | Role::Clinician | Role::Auditor) {
            return Err(HospitalError::Forbidden(format!(
                "the role {} does not record disclosures",
                caller.role
            )));
        }
        let now_us = self.now_us();
        let told = read(&disclosure.event, now_us)?;
        self.is_here(caller, "Patient", &told.patient, &told.patient)
            .await?;
        let mut touched = Vec::with_capacity(told.records.len());
        for (type_, id) in &told.records {
            let version = self.is_here(caller, type_, id, &told.patient).await?;
            touched.push(Touched {
                type_: type_.clone(),
                id: id.clone(),
                version: Some(version),
            });
        }
        if let Some(consent) = &disclosure.consent {
            let id = consent.strip_prefix("Consent/").unwrap_or("");
            self.is_here(caller, "Consent", id, &told.patient).await?;
        }
        let withheld = match &disclosure.suspension {
            Some(_) if caller.role != Role::Auditor => {
                let text = "only an auditor records a disclosure under a suspension";
                return Err(HospitalError::Forbidden(text.into()));
            }
            Some(id) => {
                let to = &told.outside.to;
                Some(self.suspension_for(id, &told.patient, to).await?)
            }
            None => None,
        };
        let access = Access {
            patient: Some(told.patient),
            purpose: Some(told.purpose),
            touched,
            basis: disclosure.consent,
            withheld,
            ..Access::new(agent, AccessDeed::Outside(Box::new(told.outside)), now_us)
        };
        self.record_access(access).await
    }

    /// The version of a record of this patient. One that the caller does not see is not there.
    async fn is_here(
        &self,
        caller: &Caller,
        type_: &str,
        id: &str,
        patient: &str,
    ) -> Result<u64, HospitalError> {
        let absent = || {
            let text = format!("{}/{} is no record of the patient", clip(type_), clip(id));
            refused("business-rule", text)
        };
        let type_ = known_type(type_)?;
        if !is_id(id) {
            return Err(absent());
        }
        if caller.role != Role::Auditor {
            self.read(caller, type_, id).await.map_err(|_| absent())?;
        }
        let stored = self.0.store.current(type_, id).await?;
        let stored = stored.filter(|it| !it.deleted());
        let own = stored.filter(|it| it.patients.iter().any(|one| one == patient));
        own.map(|it| it.version).ok_or_else(absent)
    }
}

/// 45 CFR 164.528(b)(2): the date, who received it, what it was, and what for.
fn read(event: &Value, now_us: i64) -> Result<Told, HospitalError> {
    if event["resourceType"] != "AuditEvent" {
        return Err(refused(
            "required",
            "the disclosure is no AuditEvent".into(),
        ));
    }
    let at = event["period"]["start"].as_str();
    let at = at.or(event["recorded"].as_str()).unwrap_or("");
    let from_us = instant::parse_fhir(at).or(fhir::query::stretch(at).map(|(from, _)| from));
    let from_us = from_us.filter(|from_us| *from_us <= now_us + AHEAD_US_MAX);
    let from_us = from_us.ok_or_else(|| {
        let text = "`period.start` or `recorded` says when it was, and not in the future";
        refused("value", text.into())
    })?;
    let agents = list(&event["agent"]);
    let of_code = |agent: &&Value| {
        let codings = list(&agent["type"]["coding"]);
        let receives = |code: &str| matches!(code, "IRCP" | "PRCP" | "110152");
        codings
            .iter()
            .any(|it| it["code"].as_str().is_some_and(receives))
    };
    let mut receivers = agents.iter().filter(of_code);
    let (Some(receiver), None) = (receivers.next(), receivers.next()) else {
        let text = "one agent is the recipient: type IRCP, or 110152 of DICOM";
        return Err(refused("required", text.into()));
    };
    let names = [
        &receiver["name"],
        &receiver["who"]["display"],
        &receiver["who"]["identifier"]["value"],
    ];
    let to = names.into_iter().find_map(text);
    let to = to.ok_or_else(|| refused("required", "the recipient has a name".into()))?;
    let purposes = [&event["purposeOfEvent"][0], &receiver["purposeOfUse"][0]];
    let purpose = purposes.into_iter().find_map(|concept| {
        let coding = &concept["coding"][0];
        Some((text(&coding["system"])?, text(&coding["code"])?))
    });
    let purpose = purpose.ok_or_else(|| {
        let text = "`purposeOfEvent` says what for, as system and code";
        refused("required", text.into())
    })?;
    let (patient, records, what) = entities(event)?;
    Ok(Told {
        patient,
        outside: Outside {
            to,
            address: text(&receiver["network"]["address"]).unwrap_or_default(),
            from_us,
            what,
        },
        purpose,
        records,
    })
}

/// The patient, the records, and what is described in words.
type Entities = (String, Vec<(String, String)>, Vec<String>);

fn entities(event: &Value) -> Result<Entities, HospitalError> {
    let all = list(&event["entity"]);
    if all.len() > ENTITIES_MAX {
        let text = format!("a disclosure names at most {ENTITIES_MAX} things");
        return Err(refused("too-costly", text));
    }
    let (mut patients, mut records, mut what) = (Vec::new(), Vec::new(), Vec::new());
    for entity in all {
        let reference = entity["what"]["reference"].as_str();
        match reference.and_then(|it| it.split_once('/')) {
            Some(("Patient", id)) => patients.push(id.to_owned()),
            // It is the parameter `consent`.
            Some(("Consent", _)) => {}
            Some((type_, id)) => {
                let id = id.split('/').next().unwrap_or(id);
                records.push((type_.to_owned(), id.to_owned()));
            }
            None => what.extend(text(&entity["description"]).or_else(|| text(&entity["name"]))),
        }
    }
    patients.dedup();
    let [patient] = patients.as_slice() else {
        let text = "one entity is the patient: what.reference `Patient/<id>`";
        return Err(refused("required", text.into()));
    };
    if records.is_empty() && what.is_empty() {
        let text = "an entity names a record that was disclosed, or describes what was";
        return Err(refused("required", text.into()));
    }
    Ok((patient.clone(), records, what))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let fits = !text.is_empty() && text.len() <= TEXT_BYTES_MAX;
    fits.then(|| text.to_owned())
}

fn refused(code: &'static str, text: String) -> HospitalError {
    let hint = "docs/reference/audit-log.md shows what $recordDisclosure takes";
    HospitalError::request(code, text, hint)
}
