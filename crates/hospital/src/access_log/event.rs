//! From an access to the AuditEvent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::body::{
    Agent, Body, Coding, Concept, Detail, Entity, Identifier, Meta, Network, Period, Source, Text,
    Who, Words,
};
use super::codes::{self, Code, Pattern};
use super::{AUDIT_EVENT, Access, AccessDeed, AccessOutcome, NAMED_MAX, Outside, Touched};
use crate::instant;
use crate::report::SUSPENSION;

const ENTITY: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const RESOURCE: &str = "http://hl7.org/fhir/resource-types";
const BALP_ENTITY: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
const SERVER: Code = (
    "http://terminology.hl7.org/CodeSystem/security-source-type",
    "4",
    "Application Server",
);
const PROVIDER: Code = (
    "http://terminology.hl7.org/CodeSystem/v3-RoleClass",
    "PROV",
    "healthcare provider",
);
const CLERK: Code = (
    "http://snomed.info/sct",
    "159541003",
    "Record keeping/library clerk",
);
const PERSON: Code = (ENTITY, "1", "Person");
const SYSTEM_OBJECT: Code = (ENTITY, "2", "System Object");
/// Longest text that is taken over from a request.
const TEXT_MAX: usize = 256;
/// Longest query that is kept; what is longer is cut, and its length said.
const QUERY_MAX: usize = 8 << 10;

/// The event of an access at this custodian, without id and version.
pub(super) fn of<'a>(access: &'a Access, organisation: &'a str, base: &'a str) -> Body<'a> {
    let pattern = codes::pattern(&access.deed);
    let done = access.outcome == AccessOutcome::Permitted;
    // BALP's profiles of interactions are those of successes; a decision has both outcomes.
    let profile = codes::profile(&access.deed, access.patient.is_some())
        .filter(|_| done || access.deed == AccessDeed::Decide)
        .filter(|_| fits(access));
    let mut subtype = vec![pattern.subtype.into()];
    if let AccessDeed::Operation(name) = &access.deed {
        subtype.push(Coding::bare(
            format!("{base}/OperationDefinition"),
            word(name),
        ));
    }
    if let Some((system, code)) = codes::finer(&access.deed) {
        subtype.push(Coding::bare(system, code));
    }
    let (outcome, outcome_desc) = outcome(&access.outcome);
    let withheld = access.withheld.as_deref();
    Body {
        action: pattern.action,
        agent: agents(access, &pattern, organisation, base),
        entity: entities(access),
        id: None,
        meta: Meta {
            profile: profile.map(|one| [one]),
            security: withheld.map(|suspension| [Coding::bare(SUSPENSION, word(suspension))]),
            ..Meta::default()
        },
        outcome,
        outcome_desc,
        period: outside(access).map(|outside| Period {
            start: instant::fhir(outside.from_us),
        }),
        purpose_of_event: purpose(access).map(|one| [one]),
        recorded: instant::fhir(access.at_us),
        resource_type: AUDIT_EVENT,
        source: Source {
            observer: member(organisation),
            site: organisation.into(),
            type_: [SERVER.into()],
        },
        subtype,
        type_: pattern.type_.into(),
    }
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
        D::Disclose { .. } | D::Study { .. } => {
            access.patient.is_some() && !access.touched.is_empty()
        }
        _ => true,
    }
}

fn outcome(outcome: &AccessOutcome) -> (&'static str, Option<String>) {
    let listed = |reasons: &[String]| {
        let listed: Vec<Text<'_>> = reasons.iter().take(16).map(|one| text(one)).collect();
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

/// The disclosure by another way that an access tells of.
fn outside(access: &Access) -> Option<&Outside> {
    match &access.deed {
        AccessDeed::Outside(outside) => Some(outside),
        _ => None,
    }
}

fn purpose(access: &Access) -> Option<Concept<'_>> {
    let (system, code) = access.purpose.as_ref()?;
    Some(Coding::bare(word(system), word(code)).into())
}

/// An organisation by its name in the ledger.
fn member(organisation: &str) -> Who<'_> {
    Who {
        identifier: Some(Identifier {
            system: Some("urn:salus:organisation"),
            value: text(organisation),
        }),
        type_: Some("Organization"),
        ..Who::default()
    }
}

fn agents<'a>(
    access: &'a Access,
    pattern: &Pattern,
    organisation: &'a str,
    base: &'a str,
) -> Vec<Agent<'a>> {
    let recipient = match &access.deed {
        AccessDeed::Disclose { to } | AccessDeed::Study { to } | AccessDeed::BreakGlass { to } => {
            Some(to)
        }
        _ => None,
    };
    let agent = |type_: Code, who| Agent {
        type_: type_.into(),
        who,
        ..Agent::default()
    };
    let network = |address, type_| Some(Network { address, type_ });
    let (who, reached) = match (outside(access), recipient) {
        (Some(outside), _) => {
            let address = outside.address.as_str();
            let reached = (!address.is_empty()).then(|| network(text(address), None));
            let to = Who {
                display: Some(text(&outside.to)),
                ..Who::default()
            };
            (to, reached.flatten())
        }
        // 1: machine name. The ledger's registry has the address of this name.
        (None, Some(to)) => (member(to), network(text(to), Some("1"))),
        (None, None) => (client(access), Some(network_of(access))),
    };
    let decides = access.deed == AccessDeed::Decide;
    let home = match access.agent.organisation.as_str() {
        "" => organisation,
        other => other,
    };
    let mut agents = vec![
        Agent {
            network: reached,
            ..agent(pattern.client, who)
        },
        Agent {
            network: (!decides).then(|| network(text(base), Some("5"))).flatten(),
            ..agent(pattern.server, member(organisation))
        },
        user(access, pattern),
        agent(PROVIDER, member(home)),
    ];
    if recipient.is_some() {
        agents.push(agent(CLERK, member(organisation)));
    }
    agents
}

fn client(access: &Access) -> Who<'_> {
    match access.agent.client.as_str() {
        "" => Who {
            display: Some("a client without an id of its own".into()),
            ..Who::default()
        },
        client => Who::identified(text(client)),
    }
}

/// Where the client asked from.
fn network_of(access: &Access) -> Network<'_> {
    match access.agent.address.as_str() {
        "" => Network {
            address: "unknown".into(),
            type_: None,
        },
        address => Network {
            address: text(address),
            type_: Some("2"),
        },
    }
}

/// The person or system. An identifier and not a reference: a reference to a patient would put
/// the event into that patient's compartment.
fn user<'a>(access: &'a Access, pattern: &Pattern) -> Agent<'a> {
    let name = match access.agent.user.as_str() {
        "" => "unknown".into(),
        user => text(user),
    };
    let role = access.agent.role.as_str();
    Agent {
        name: Some(name.clone()),
        purpose_of_use: purpose(access).map(|one| [one]),
        requestor: true,
        role: (!role.is_empty()).then(|| [Words { text: text(role) }]),
        type_: pattern.user.into(),
        who: Who::identified(name),
        ..Agent::default()
    }
}

fn entities(access: &Access) -> Vec<Entity<'_>> {
    let entity = |type_: Code, role: Option<Code>, what| Entity {
        role: role.map(Coding::from),
        type_: type_.into(),
        what,
        ..Entity::default()
    };
    let mut entities = Vec::with_capacity(4);
    if let Some(patient) = &access.patient {
        let what = Who::referred(format!("Patient/{patient}"));
        entities.push(entity(PERSON, Some((ROLE, "1", "Patient")), Some(what)));
    }
    if let Some(basis) = &access.basis {
        let consent = (RESOURCE, "Consent", "Consent");
        entities.push(entity(consent, None, Some(basis_of(basis))));
    }
    // BALP's decision has a closed list of entities.
    if access.deed == AccessDeed::Decide {
        return entities;
    }
    if let Some(request) = &access.request {
        entities.push(Entity {
            type_: Coding::bare(BALP_ENTITY, "XrequestId"),
            what: Some(Who::identified(text(request))),
            ..Entity::default()
        });
    }
    let query = access.query.as_deref().filter(|query| !query.is_empty());
    if let Some(query) = query {
        entities.push(Entity {
            query: Some(STANDARD.encode(cut(query, QUERY_MAX))),
            ..entity(SYSTEM_OBJECT, Some((ROLE, "24", "Query")), None)
        });
    }
    if let Some(outside) = outside(access) {
        entities.extend(outside.what.iter().map(|what| Entity {
            // Something that no record here is, in words.
            name: Some(text(what)),
            detail: vec![counted(1)],
            ..entity(SYSTEM_OBJECT, Some((ROLE, "4", "Domain Resource")), None)
        }));
    }
    match access.touched.as_slice() {
        [] => {}
        [one] if query.is_none() => {
            let what = named(one, access.patient.as_deref());
            let role = (ROLE, "4", "Domain Resource");
            entities.push(entity(SYSTEM_OBJECT, Some(role), Some(what)));
        }
        many => entities.extend(grouped(many)),
    }
    entities
}

fn basis_of(basis: &str) -> Who<'_> {
    if basis.starts_with("Consent/") {
        Who::referred(word(basis))
    } else {
        Who::identified(text(basis))
    }
}

/// One entity for each type: how many, and which versions up to a bound. They are details, not
/// references, so that an event of a thousand records has an index of one.
fn grouped(touched: &[Touched]) -> Vec<Entity<'_>> {
    let mut groups: BTreeMap<&str, Vec<&Touched>> = BTreeMap::new();
    for one in touched {
        groups.entry(&one.type_).or_default().push(one);
    }
    let entity = |(type_, members): (&'_ str, Vec<&Touched>)| {
        let mut detail = vec![counted(members.len())];
        let named = members.iter().take(NAMED_MAX);
        detail.extend(named.map(|one| Detail {
            type_: "version",
            value: reference(one),
        }));
        Entity {
            detail,
            name: Some(type_.to_owned().into()),
            type_: Coding::bare(RESOURCE, type_.to_owned()),
            ..Entity::default()
        }
    };
    groups.into_iter().map(entity).collect()
}

fn counted(count: usize) -> Detail {
    Detail {
        type_: "count",
        value: count.to_string(),
    }
}

/// The one record. A patient who is not the one whom the event is about is no reference: it would
/// put the event into that patient's compartment.
fn named<'a>(one: &Touched, patient: Option<&str>) -> Who<'a> {
    if one.type_ == "Patient" && patient != Some(&one.id) {
        Who::identified(reference(one))
    } else {
        Who::referred(reference(one))
    }
}

fn reference(one: &Touched) -> String {
    match one.version {
        Some(version) => format!("{}/{}/_history/{version}", one.type_, one.id),
        None => format!("{}/{}", one.type_, one.id),
    }
}

/// A FHIR string of what came from outside: no control characters, never empty, bounded.
fn text(from: &str) -> Text<'_> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~');
    if from.len() <= TEXT_MAX && !from.is_empty() && from.bytes().all(plain) {
        let kept = from.trim();
        return if kept.is_empty() {
            "-".into()
        } else {
            kept.into()
        };
    }
    let kept: String = from
        .chars()
        .filter(|letter| !letter.is_control())
        .take(TEXT_MAX)
        .collect();
    match kept.trim() {
        "" => "-".into(),
        kept => kept.to_owned().into(),
    }
}

/// The same for a `code` or a `uri`, which have no white space.
fn word(from: &str) -> Text<'_> {
    let kept = text(from);
    if !kept.contains(char::is_whitespace) {
        return kept;
    }
    let kept: String = kept.split_whitespace().collect();
    if kept.is_empty() {
        "-".into()
    } else {
        Cow::Owned(kept)
    }
}

/// The first bytes of a text, at a boundary of letters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
