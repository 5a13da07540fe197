//! An EPCIS event as a record: a version with envelope, leaf and receipt, and what it is found by.

use std::collections::BTreeSet;

use epcis::index::Role;
use epcis::{Event, Index, Limits};
use serde_json::Value;
use store::{EPCIS_EVENT, EpcisRow, Method};

use crate::admit::id_in_order;
use crate::draft::{Draft, Stamp};
use crate::error::HospitalError;
use crate::instant;
use crate::keyring::vault_id;
use crate::record::{Record, body_digest};
use crate::setup::Hospital;

/// The fields that single things stand in.
pub(super) const EPC_FIELDS: [&str; 5] = ["epc", "parent", "child", "input", "output"];
/// Says when this node recorded an event, and names it by its hash if it has no name (EPCIS 2.0,
/// 7.4.1.3).
pub(super) fn recorded(event: &mut Event, now_us: i64) {
    if event.event_id().is_none() {
        let hash = event.hash();
        event.set_event_id(&hash);
    }
    event.set_record_time(&instant::fhir(now_us));
}

/// The eventID by which an event is stored. One that declares another to be wrong has the same
/// eventID (EPCIS 2.0, 7.4.1.2).
pub(super) fn stored_id(event: &Event) -> String {
    let id = event.event_id().unwrap_or_default();
    if event.members().contains_key("errorDeclaration") {
        format!("{id} error")
    } else {
        id.to_owned()
    }
}

/// The eventID of an event that is kept as text.
pub(super) fn id_of(event: &str) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    Some(event.get("eventID")?.as_str()?.to_owned())
}

/// Its recordTime, microseconds since 1970.
pub(super) fn recorded_us(event: &Event) -> i64 {
    let record_time = event.members().get("recordTime").and_then(Value::as_str);
    record_time.and_then(epcis::time::micros).unwrap_or(0)
}

/// What a stored event is found by.
pub(crate) fn row(event: &Event, id: &str) -> EpcisRow {
    let index = epcis::index(event);
    let recorded_us = recorded_us(event);
    EpcisRow {
        id: id.to_owned(),
        event_id: stored_id(event),
        event_type: index.event_type.clone(),
        event_us: index.event_time_us,
        recorded_us,
        terms: terms(&index).into_iter().collect(),
    }
}

/// The same of the body of a stored event; `None`: it is none.
pub(crate) fn row_of(body: &Value, id: &str) -> Option<EpcisRow> {
    let event = Event::read(body.to_string().as_bytes(), &Limits::default()).ok()?;
    Some(row(&event, id))
}

fn terms(index: &Index) -> BTreeSet<(String, String)> {
    let mut terms = BTreeSet::new();
    let mut say = |field: &str, value: &str| {
        terms.insert((field.to_owned(), value.to_owned()));
    };
    say("type", &index.event_type);
    let texts = [
        ("action", &index.action),
        ("step", &index.biz_step),
        ("disposition", &index.disposition),
        ("read-point", &index.read_point),
        ("location", &index.biz_location),
        ("transformation", &index.transformation_id),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            say(field, text);
        }
    }
    for (role, epc) in &index.epcs {
        say(epc_field(*role), epc);
    }
    for quantity in &index.quantities {
        say(class_field(quantity.role), &quantity.class);
    }
    for (field, list) in [
        ("transaction", &index.biz_transactions),
        ("source", &index.sources),
        ("destination", &index.destinations),
    ] {
        for typed in list {
            say(field, &typed.value);
        }
    }
    terms
}

pub(super) fn epc_field(role: Role) -> &'static str {
    match role {
        Role::Epc => "epc",
        Role::Parent => "parent",
        Role::Child => "child",
        Role::Input => "input",
        Role::Output => "output",
    }
}

fn class_field(role: Role) -> &'static str {
    match role {
        Role::Epc | Role::Parent => "epc-class",
        Role::Child => "child-class",
        Role::Input => "input-class",
        Role::Output => "output-class",
    }
}

/// Reads a stored event.
pub(crate) fn read(record: &Record) -> Result<Event, HospitalError> {
    Event::read(&record.body, &Limits::default()).map_err(|_| HospitalError::Damaged {
        item: record.reference(),
        reason: "it is no EPCIS event".to_owned(),
    })
}

impl Hospital {
    /// A draft of an event that is recorded.
    fn event_draft(&self, event: &Event) -> Result<Draft, HospitalError> {
        let now_us = self.now_us();
        let value = event.to_json();
        // Records of patients are FHIR's alone: an extension does not make an event one of them.
        if value.get("resourceType").is_some() {
            return Err(HospitalError::request(
                "value",
                "an event has no resourceType",
                "send FHIR resources to /fhir",
            ));
        }
        let body = value.to_string().into_bytes();
        let stamp = Stamp::first(EPCIS_EVENT, id_in_order(now_us)?, now_us, Method::Post);
        Ok(Draft {
            digest: body_digest(&body)?,
            vault: vault_id(&[])?,
            index: fhir::search::values(&value),
            facts: consent::facts::of(&value),
            epcis: Some(row(event, &stamp.id)),
            compartments: Vec::new(),
            body: body.into(),
            stamp,
        })
    }

    /// Stores events that are recorded, all or none. One that is there already refuses all.
    pub(super) async fn store_events(&self, events: &[Event]) -> Result<(), HospitalError> {
        let drafts = events.iter().map(|event| self.event_draft(event));
        let drafts = drafts.collect::<Result<Vec<_>, _>>()?;
        self.store_acted(drafts, &[]).await??;
        self.0.standing.tell();
        Ok(())
    }

    /// Whether an event is there already. Another one of its eventID refuses it.
    pub(super) async fn is_stored(&self, event: &Event) -> Result<bool, HospitalError> {
        let id = stored_id(event);
        let Some(record) = self.0.store.epcis_event(&id).await? else {
            return Ok(false);
        };
        let stored = self.0.store.current(EPCIS_EVENT, &record).await?;
        let missing = || HospitalError::Damaged {
            item: format!("{EPCIS_EVENT}/{record}"),
            reason: "its version is missing".to_owned(),
        };
        let known = read(&self.opened(stored.ok_or_else(missing)?).await?.record)?;
        if known.hash() == event.hash() {
            return Ok(true);
        }
        Err(store::StoreError::EventExists(id).into())
    }

    /// Stores those events that are not there: an act that is finished twice tells of itself once.
    pub(super) async fn store_events_once(
        &self,
        texts: impl Iterator<Item = &String>,
    ) -> Result<(), HospitalError> {
        let unreadable = |_| HospitalError::Damaged {
            item: "moves under way".to_owned(),
            reason: "their event cannot be read".to_owned(),
        };
        let mut missing = Vec::new();
        for text in texts {
            let event = Event::read(text.as_bytes(), &Limits::default()).map_err(unreadable)?;
            if !self.is_stored(&event).await? {
                missing.push(event);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let Err(error) = self.store_events(&missing).await else {
            return Ok(());
        };
        // The pursuit may have finished the same moves meanwhile.
        for event in &missing {
            if !self.is_stored(event).await? {
                return Err(error);
            }
        }
        Ok(())
    }
}
