//! What a search and a decision know of an event, straight from its elements.
//!
//! The same as `fhir::search::values` and `consent::facts::of` read from its bytes; a test holds
//! them together for every deed, and the audit reads the bytes.

use consent::facts::{self, Stretch};
use fhir::search::{self, Entry, IndexValue};

use super::body::{Body, Coding};
use super::{AUDIT_EVENT, Access, AccessDeed};
use crate::instant;

const ACTION: &str = "http://hl7.org/fhir/audit-event-action";
const OUTCOME: &str = "http://hl7.org/fhir/audit-event-outcome";

/// The rows of the index.
pub(super) fn values(body: &Body<'_>, at_us: i64) -> Vec<Entry> {
    let mut rows = Rows(Vec::with_capacity(20));
    for profile in body.meta.profile.iter().flatten() {
        rows.add("_profile", IndexValue::Uri(profile.clone()));
    }
    for label in body.meta.security.iter().flatten() {
        rows.coding("_security", label);
    }
    rows.token("action", Some(ACTION), body.action);
    for agent in &body.agent {
        if let Some(network) = &agent.network {
            rows.add("address", IndexValue::of_text(&network.address));
        }
        if let Some(name) = &agent.name {
            rows.add("agent-name", IndexValue::of_text(name));
        }
    }
    let Stretch { from_us, to_us } = recorded(at_us);
    rows.add("date", IndexValue::Date { from_us, to_us });
    for entity in &body.entity {
        let reference = entity
            .what
            .as_ref()
            .and_then(|what| what.reference.as_deref());
        if let Some(link) = reference.and_then(IndexValue::of_relative) {
            if matches!(&link, IndexValue::Reference { type_: Some(name), .. } if name == "Patient")
            {
                rows.add("patient", link.clone());
            }
            rows.add("entity", link);
        }
        if let Some(name) = &entity.name {
            rows.add("entity-name", IndexValue::of_text(name));
        }
        if let Some(role) = &entity.role {
            rows.coding("entity-role", role);
        }
        rows.coding("entity-type", &entity.type_);
    }
    rows.token("outcome", Some(OUTCOME), body.outcome);
    rows.token("site", None, &body.source.site);
    for subtype in &body.subtype {
        rows.coding("subtype", subtype);
    }
    rows.coding("type", &body.type_);
    rows.0
}

/// What a decision reads.
pub(super) fn facts(body: &Body<'_>, id: &str, access: &Access) -> Vec<u8> {
    let what = body.entity.iter().filter_map(|entity| entity.what.as_ref());
    let links: Vec<&str> = what.filter_map(|what| what.reference.as_deref()).collect();
    let label = |label: &Coding<'_>| consent::coding::Coding::new(&label.system, &label.code);
    let labels = body.meta.security.iter().flatten().filter_map(label);
    let mut dates = recorded(access.at_us);
    if let AccessDeed::Outside(outside) = &access.deed {
        // `period` has no end.
        dates.from_us = dates.from_us.min(instant::floor_ms(outside.from_us));
        dates.to_us = i64::MAX;
    }
    facts::of_access(id, dates, &links, labels)
}

/// The millisecond that `recorded` names.
fn recorded(at_us: i64) -> Stretch {
    let from_us = instant::floor_ms(at_us);
    Stretch {
        from_us,
        to_us: from_us + 1_000,
    }
}

/// Rows, each once.
struct Rows(Vec<Entry>);

impl Rows {
    fn add(&mut self, name: &str, value: IndexValue) {
        let Some(parameter) = search::parameter(AUDIT_EVENT, name) else {
            return;
        };
        let entry = Entry {
            parameter: parameter.id,
            value,
        };
        if !self.0.contains(&entry) {
            self.0.push(entry);
        }
    }

    fn token(&mut self, name: &str, system: Option<&str>, code: &str) {
        let value = IndexValue::Token {
            system: system.map(str::to_owned),
            code: Some(code.to_owned()),
        };
        self.add(name, value);
    }

    fn coding(&mut self, name: &str, coding: &Coding<'_>) {
        self.token(name, Some(&coding.system), &coding.code);
    }
}
