//! From an access to the AuditEvent.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::codes::{self, Code, Pattern};
use super::{AUDIT_EVENT, Access, AccessDeed, AccessOutcome, NAMED_MAX, Touched};
use crate::instant;
use crate::report::SUSPENSION;

const ENTITY: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const RESOURCE: &str = "http://hl7.org/fhir/resource-types";
const BALP_ENTITY: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
const SOURCE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
const PROVIDER: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";
const SNOMED: &str = "http://snomed.info/sct";
/// Longest text that is taken over from a request.
const TEXT_MAX: usize = 256;
/// Longest query that is kept; what is longer is cut, and its length said.
const QUERY_MAX: usize = 8 << 10;

/// The event of an access at this custodian.
pub(super) fn of(access: &Access, organisation: &str, base: &str) -> Value {
    let pattern = codes::pattern(&access.deed);
    let mut event = Map::new();
    event.insert("resourceType".into(), AUDIT_EVENT.into());
    let done = access.outcome == AccessOutcome::Permitted;
    // BALP's profiles of interactions are those of successes; a decision has both outcomes.
    let profile = codes::profile(&access.deed, access.patient.is_some())
        .filter(|_| done || access.deed == AccessDeed::Decide)
        .filter(|_| fits(access));
    let mut meta = Map::new();
    if let Some(profile) = profile {
        meta.insert("profile".into(), json!([profile]));
    }
    if let Some(suspension) = &access.withheld {
        let label = json!([{ "system": SUSPENSION, "code": word(suspension) }]);
        meta.insert("security".into(), label);
    }
    if !meta.is_empty() {
        event.insert("meta".into(), meta.into());
    }
    event.insert("type".into(), coding(pattern.type_));
    let mut subtypes = vec![coding(pattern.subtype)];
    if let AccessDeed::Operation(name) = &access.deed {
        subtypes
            .push(json!({ "system": format!("{base}/OperationDefinition"), "code": word(name) }));
    }
    event.insert("subtype".into(), subtypes.into());
    event.insert("action".into(), pattern.action.into());
    if let AccessDeed::Outside(outside) = &access.deed {
        let start = instant::fhir(outside.from_us);
        event.insert("period".into(), json!({ "start": start }));
    }
    event.insert("recorded".into(), instant::fhir(access.at_us).into());
    let (outcome, reasons) = outcome(&access.outcome);
    event.insert("outcome".into(), outcome.into());
    if let Some(reasons) = reasons {
        event.insert("outcomeDesc".into(), reasons.into());
    }
    if let Some(purpose) = purpose(access) {
        event.insert("purposeOfEvent".into(), json!([purpose]));
    }
    let agents = agents(access, &pattern, organisation, base);
    event.insert("agent".into(), agents.into());
    event.insert(
        "source".into(),
        json!({
            "site": organisation, "observer": member(organisation),
            "type": [coding((SOURCE, "4", "Application Server"))],
        }),
    );
    let entities = entities(access);
    if !entities.is_empty() {
        event.insert("entity".into(), entities.into());
    }
    Value::Object(event)
}

/// Whether the access has what its profile demands of the entities.
fn fits(access: &Access) -> bool {
    use AccessDeed as D;
    match access.deed {
        D::Read | D::Vread | D::Create | D::Update | D::Patch | D::Delete => {
            access.touched.len() == 1
        }
        D::Search => access.query.is_some(),
        D::Decide => access.patient.is_some() && access.basis.is_some(),
        // BALP's disclosure names patient and records; the recipient is a client on the network.
        D::Outside(_) => false,
        D::Disclose { .. } => access.patient.is_some() && !access.touched.is_empty(),
        _ => true,
    }
}

fn outcome(outcome: &AccessOutcome) -> (&'static str, Option<String>) {
    let listed = |reasons: &[String]| {
        let listed: Vec<String> = reasons.iter().take(16).map(|one| text(one)).collect();
        let listed = listed.join(" ");
        (!listed.is_empty()).then_some(listed)
    };
    // The codes are those of http://terminology.hl7.org/CodeSystem/audit-event-outcome.
    match outcome {
        AccessOutcome::Permitted => ("0", None),
        AccessOutcome::Failed { reasons } => ("4", listed(reasons)),
        AccessOutcome::Refused { reasons } => ("8", listed(reasons)),
    }
}

fn purpose(access: &Access) -> Option<Value> {
    let (system, code) = access.purpose.as_ref()?;
    Some(json!({ "coding": [{ "system": word(system), "code": word(code) }] }))
}

/// An organisation by its name in the ledger.
fn member(organisation: &str) -> Value {
    json!({
        "type": "Organization",
        "identifier": { "system": "urn:salus:organisation", "value": text(organisation) },
    })
}

fn agents(access: &Access, pattern: &Pattern, organisation: &str, base: &str) -> Vec<Value> {
    let recipient = match &access.deed {
        AccessDeed::Disclose { to } | AccessDeed::BreakGlass { to } => Some(to),
        _ => None,
    };
    let mut client = json!({ "type": concept(pattern.client), "requestor": false });
    let address = text(&access.agent.address);
    if let AccessDeed::Outside(outside) = &access.deed {
        client["who"] = json!({ "display": text(&outside.to) });
        if !outside.address.is_empty() {
            client["network"] = json!({ "address": text(&outside.address) });
        }
    } else if let Some(to) = recipient {
        client["who"] = member(to);
        // 1: machine name. The ledger's registry has the address of this name.
        client["network"] = json!({ "address": text(to), "type": "1" });
    } else {
        client["who"] = if access.agent.client.is_empty() {
            json!({ "display": "a client without an id of its own" })
        } else {
            json!({ "identifier": { "value": text(&access.agent.client) } })
        };
        client["network"] = if address.is_empty() {
            json!({ "address": "unknown" })
        } else {
            json!({ "address": address, "type": "2" })
        };
    }
    let mut server = json!({
        "type": concept(pattern.server), "who": member(organisation), "requestor": false,
    });
    if access.deed != AccessDeed::Decide {
        server["network"] = json!({ "address": text(base), "type": "5" });
    }
    let mut agents = vec![client, server, user(access, pattern)];
    let home = if access.agent.organisation.is_empty() {
        organisation
    } else {
        &access.agent.organisation
    };
    agents.push(json!({
        "type": concept((PROVIDER, "PROV", "healthcare provider")),
        "who": member(home), "requestor": false,
    }));
    if recipient.is_some() {
        agents.push(json!({
            "type": concept((SNOMED, "159541003", "Record keeping/library clerk")),
            "who": member(organisation), "requestor": false,
        }));
    }
    agents
}

/// The person or system. An identifier and not a reference: a reference to a patient would put
/// the event into that patient's compartment.
fn user(access: &Access, pattern: &Pattern) -> Value {
    let name = if access.agent.user.is_empty() {
        "unknown".to_owned()
    } else {
        text(&access.agent.user)
    };
    let mut user = json!({
        "type": concept(pattern.user),
        "who": { "identifier": { "value": name } },
        "name": name,
        "requestor": true,
    });
    if !access.agent.role.is_empty() {
        user["role"] = json!([{ "text": text(&access.agent.role) }]);
    }
    if let Some(purpose) = purpose(access) {
        user["purposeOfUse"] = json!([purpose]);
    }
    user
}

fn entities(access: &Access) -> Vec<Value> {
    let mut entities = Vec::new();
    if let Some(patient) = &access.patient {
        entities.push(json!({
            "what": { "reference": format!("Patient/{patient}") },
            "type": coding((ENTITY, "1", "Person")),
            "role": coding((ROLE, "1", "Patient")),
        }));
    }
    let decides = access.deed == AccessDeed::Decide;
    if let Some(basis) = &access.basis {
        entities.push(json!({
            "what": basis_of(basis), "type": coding((RESOURCE, "Consent", "Consent")),
        }));
    }
    // BALP's decision has a closed list of entities.
    if decides {
        return entities;
    }
    if let Some(request) = &access.request {
        entities.push(json!({
            "what": { "identifier": { "value": text(request) } },
            "type": { "system": BALP_ENTITY, "code": "XrequestId" },
        }));
    }
    if let Some(query) = access.query.as_deref().filter(|query| !query.is_empty()) {
        entities.push(json!({
            "type": coding((ENTITY, "2", "System Object")),
            "role": coding((ROLE, "24", "Query")),
            "query": STANDARD.encode(cut(query, QUERY_MAX)),
        }));
    }
    if let AccessDeed::Outside(outside) = &access.deed {
        entities.extend(outside.what.iter().map(|what| described(what)));
    }
    match access.touched.as_slice() {
        [] => {}
        [one] if access.query.as_deref().is_none_or(str::is_empty) => entities.push(json!({
            "what": named(one, access.patient.as_deref()),
            "type": coding((ENTITY, "2", "System Object")),
            "role": coding((ROLE, "4", "Domain Resource")),
        })),
        many => entities.extend(grouped(many)),
    }
    entities
}

/// Something that no record here is, in words.
fn described(what: &str) -> Value {
    json!({
        "type": coding((ENTITY, "2", "System Object")),
        "role": coding((ROLE, "4", "Domain Resource")),
        "name": text(what),
        "detail": [{ "type": "count", "valueString": "1" }],
    })
}

fn basis_of(basis: &str) -> Value {
    if basis.starts_with("Consent/") {
        json!({ "reference": word(basis) })
    } else {
        json!({ "identifier": { "value": text(basis) } })
    }
}

/// One entity for each type: how many, and which versions up to a bound. They are details, not
/// references, so that an event of a thousand records has an index of one.
fn grouped(touched: &[Touched]) -> Vec<Value> {
    let mut groups: BTreeMap<&str, Vec<&Touched>> = BTreeMap::new();
    for one in touched {
        groups.entry(&one.type_).or_default().push(one);
    }
    let entity = |(type_, members): (&str, Vec<&Touched>)| {
        let mut details =
            vec![json!({ "type": "count", "valueString": members.len().to_string() })];
        let named = members.iter().take(NAMED_MAX);
        details
            .extend(named.map(|one| json!({ "type": "version", "valueString": reference(one) })));
        json!({
            "type": { "system": RESOURCE, "code": type_ }, "name": type_, "detail": details,
        })
    };
    groups.into_iter().map(entity).collect()
}

/// The one record. A patient who is not the one whom the event is about is no reference: it would
/// put the event into that patient's compartment.
fn named(one: &Touched, patient: Option<&str>) -> Value {
    if one.type_ == "Patient" && patient != Some(&one.id) {
        json!({ "identifier": { "value": reference(one) } })
    } else {
        json!({ "reference": reference(one) })
    }
}

fn reference(one: &Touched) -> String {
    match one.version {
        Some(version) => format!("{}/{}/_history/{version}", one.type_, one.id),
        None => format!("{}/{}", one.type_, one.id),
    }
}

fn coding((system, code, display): Code) -> Value {
    json!({ "system": system, "code": code, "display": display })
}

fn concept(code: Code) -> Value {
    json!({ "coding": [coding(code)] })
}

/// A FHIR string of what came from outside: no control characters, never empty, bounded.
fn text(from: &str) -> String {
    let kept: String = from
        .chars()
        .filter(|letter| !letter.is_control())
        .take(TEXT_MAX)
        .collect();
    let kept = kept.trim();
    if kept.is_empty() {
        "-".into()
    } else {
        kept.into()
    }
}

/// The same for a `code` or a `uri`, which have no white space.
fn word(from: &str) -> String {
    let kept: String = text(from).split_whitespace().collect();
    if kept.is_empty() { "-".into() } else { kept }
}

/// The first bytes of a text, at a boundary of letters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
