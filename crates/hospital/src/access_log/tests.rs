//! What IHE BALP and R4 demand of each form, as a table in our own words.

use fhir::search::Entry;
use serde_json::{Value, json};

use super::*;

const HERE: &str = "st-mary";
const BASE: &str = "http://127.0.0.1:8080/fhir";

fn agent() -> AccessAgent {
    AccessAgent {
        organisation: String::new(),
        user: "ada".into(),
        role: "clinician".into(),
        client: "ward".into(),
        address: "192.0.2.7".into(),
    }
}

fn touched(count: usize) -> Vec<Touched> {
    (0..count)
        .map(|number| Touched {
            type_: "Observation".into(),
            id: format!("o{number}"),
            version: Some(1),
        })
        .collect()
}

fn access(deed: AccessDeed, patient: bool) -> Access {
    let query = match deed {
        AccessDeed::Search | AccessDeed::History => Some("GET /fhir/Observation?code=1".into()),
        _ => None,
    };
    let basis = (deed == AccessDeed::Decide).then(|| "Consent/c1".into());
    Access {
        patient: patient.then(|| "p1".into()),
        touched: touched(1),
        query,
        basis,
        request: Some("5b0d".into()),
        purpose: Some((
            "http://terminology.hl7.org/CodeSystem/v3-ActReason".into(),
            "TREAT".into(),
        )),
        ..Access::new(agent(), deed, 1_795_423_710_123_000)
    }
}

/// Deed; type, subtype, action; the codes of client, server and user.
type Row = (
    AccessDeed,
    &'static str,
    &'static str,
    &'static str,
    [&'static str; 3],
);

#[expect(clippy::too_many_lines, reason = "a table")]
fn rows() -> Vec<Row> {
    use AccessDeed as D;
    let to = || "south-clinic".to_owned();
    vec![
        (D::Read, "rest", "read", "R", ["110152", "110153", "IRCP"]),
        (D::Vread, "rest", "vread", "R", ["110152", "110153", "IRCP"]),
        (
            D::Search,
            "rest",
            "search-type",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::History,
            "rest",
            "history",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::Create,
            "rest",
            "create",
            "C",
            ["110153", "110152", "AUT"],
        ),
        (
            D::Update,
            "rest",
            "update",
            "U",
            ["110153", "110152", "AUT"],
        ),
        (D::Patch, "rest", "patch", "U", ["110153", "110152", "AUT"]),
        (
            D::Delete,
            "rest",
            "delete",
            "D",
            ["110150", "custodian", "AUT"],
        ),
        (D::Batch, "rest", "batch", "E", ["110153", "110152", "IRCP"]),
        (
            D::Transaction,
            "rest",
            "transaction",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::Receipt,
            "rest",
            "operation",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::Operation("everything".into()),
            "rest",
            "operation",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::PortalRead,
            "rest",
            "read",
            "R",
            ["110152", "110153", "IRCP"],
        ),
        (
            D::Decide,
            "110113",
            "AuthZ-Consent",
            "E",
            ["110150", "authserver", "IRCP"],
        ),
        (
            D::Disclose { to: to() },
            "110106",
            "disclose",
            "R",
            ["110152", "110153", "IRCP"],
        ),
        (
            D::Study { to: to() },
            "110106",
            "disclose",
            "R",
            ["110152", "110153", "IRCP"],
        ),
        (
            D::BreakGlass { to: to() },
            "110113",
            "110127",
            "E",
            ["110152", "110153", "IRCP"],
        ),
        (
            D::Export,
            "110106",
            "extract",
            "R",
            ["110152", "110153", "IRCP"],
        ),
        (
            D::Report,
            "110106",
            "report",
            "R",
            ["110152", "110153", "IRCP"],
        ),
        (
            D::SignIn,
            "110114",
            "110122",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::SignOut,
            "110114",
            "110123",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::Token(TokenDeed::Refresh),
            "110114",
            "ITI-71",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::Token(TokenDeed::Introspect),
            "110114",
            "ITI-102",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::Token(TokenDeed::Revoke),
            "110114",
            "token-revoked",
            "E",
            ["110153", "110152", "IRCP"],
        ),
        (
            D::Attribute("passkey-added"),
            "110113",
            "110137",
            "U",
            ["110153", "110152", "IRCP"],
        ),
    ]
}

/// The event as a tree, without id and version.
fn written(access: &Access, organisation: &str, base: &str) -> Value {
    serde_json::to_value(event::of(access, organisation, base)).unwrap()
}

fn list<'a>(event: &'a Value, name: &str) -> &'a [Value] {
    event[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn with_type<'a>(items: &'a [Value], code: &str) -> Vec<&'a Value> {
    items
        .iter()
        .filter(|item| item["type"]["coding"][0]["code"] == code || item["type"]["code"] == code)
        .collect()
}

#[test]
fn every_form_is_that_of_balp_and_valid_r4() {
    for (deed, type_, subtype, action, [client, server, user]) in rows() {
        for patient in [false, true] {
            let event = written(&access(deed.clone(), patient), HERE, BASE);
            let of = format!("{deed:?} {event}");
            assert_eq!(fhir::validate::resource(&event), [], "{of}");
            assert_eq!(event["type"]["code"], type_, "{of}");
            assert_eq!(event["subtype"][0]["code"], subtype, "{of}");
            assert_eq!(event["action"], action, "{of}");
            assert_eq!(event["outcome"], "0", "{of}");
            assert_eq!(event["recorded"], "2026-11-23T08:48:30.123Z", "{of}");
            let agents = list(&event, "agent");
            for (code, network) in [(client, true), (server, deed != AccessDeed::Decide)] {
                let found = with_type(agents, code);
                assert_eq!(found.len(), 1, "{code} {of}");
                assert!(found[0]["who"].is_object(), "{of}");
                assert_eq!(found[0]["network"].is_object(), network, "{of}");
                assert!(found[0].get("media").is_none(), "{of}");
            }
            let users = with_type(agents, user);
            assert_eq!(users.len(), 1, "{of}");
            assert_eq!(users[0]["requestor"], true, "{of}");
            assert_eq!(users[0]["name"], "ada", "{of}");
            assert_eq!(users[0]["role"][0]["text"], "clinician", "{of}");
            assert_eq!(users[0]["purposeOfUse"][0]["coding"][0]["code"], "TREAT");
            assert!(users[0].get("network").is_none(), "{of}");
            // The source is the server: BALP's val-audit-source.
            let server = with_type(agents, server)[0];
            assert_eq!(event["source"]["observer"], server["who"], "{of}");
            let patients = with_type(list(&event, "entity"), "1");
            assert_eq!(patients.len(), usize::from(patient), "{of}");
            for found in patients {
                assert_eq!(found["what"]["reference"], "Patient/p1");
                assert_eq!(found["role"]["code"], "1");
            }
            let compartments = fhir::compartment::patients(&event);
            assert_eq!(compartments.len(), usize::from(patient), "{of}");
        }
    }
}

#[test]
fn data_and_query_are_where_balp_has_them() {
    let read = written(&access(AccessDeed::Read, true), HERE, BASE);
    let data = with_type(list(&read, "entity"), "2");
    assert_eq!(data.len(), 1);
    assert_eq!(data[0]["what"]["reference"], "Observation/o0/_history/1");
    assert_eq!(data[0]["role"]["code"], "4");
    let mut search = access(AccessDeed::Search, true);
    search.touched = touched(100);
    let search = written(&search, HERE, BASE);
    let query = with_type(list(&search, "entity"), "2");
    assert_eq!(query.len(), 1);
    assert_eq!(query[0]["role"]["code"], "24");
    assert_eq!(
        query[0]["query"],
        "R0VUIC9maGlyL09ic2VydmF0aW9uP2NvZGU9MQ=="
    );
    assert!(query[0].get("what").is_none() && query[0].get("detail").is_none());
    let found = with_type(list(&search, "entity"), "Observation");
    let details = list(found[0], "detail");
    assert_eq!(details[0], json!({ "type": "count", "valueString": "100" }));
    assert_eq!(details.len(), 1 + NAMED_MAX);
    let transaction = with_type(list(&search, "entity"), "XrequestId");
    assert_eq!(transaction[0]["what"]["identifier"]["value"], "5b0d");
}

#[test]
fn a_decision_names_patient_and_consent_and_nothing_else() {
    let mut asked = access(AccessDeed::Decide, true);
    asked.outcome = AccessOutcome::Refused {
        reasons: vec!["consent-denies".into(), "no-purpose".into()],
    };
    let decided = written(&asked, HERE, BASE);
    assert_eq!(decided["outcome"], "8");
    assert_eq!(decided["outcomeDesc"], "consent-denies no-purpose");
    let entities = list(&decided, "entity");
    assert_eq!(entities.len(), 2);
    assert_eq!(entities[1]["what"]["reference"], "Consent/c1");
    assert_eq!(with_type(list(&decided, "agent"), "PROV").len(), 1);
}

#[test]
fn what_comes_from_outside_never_makes_an_event_invalid() {
    let wild = ["", " ", "\u{0}\u{7}", "é\u{202e}", "\n\r\t", "a b"];
    for (deed, ..) in rows() {
        for text in wild {
            let mut asked = access(deed.clone(), true);
            let long = format!("{text}{}", "ü".repeat(20_000));
            for text in [text.to_owned(), long] {
                asked.agent = AccessAgent {
                    organisation: text.clone(),
                    user: text.clone(),
                    role: text.clone(),
                    client: text.clone(),
                    address: text.clone(),
                };
                asked.purpose = Some((text.clone(), text.clone()));
                asked.query = Some(text.clone());
                asked.request = Some(text.clone());
                asked.basis = Some(text.clone());
                asked.outcome = AccessOutcome::Failed {
                    reasons: vec![text],
                };
                let event = written(&asked, HERE, BASE);
                assert_eq!(fhir::validate::resource(&event), [], "{event}");
            }
        }
    }
}

#[test]
fn a_refused_interaction_does_not_claim_the_profile_of_a_success() {
    let mut asked = access(AccessDeed::Read, true);
    assert!(written(&asked, HERE, BASE)["meta"]["profile"].is_array());
    asked.outcome = AccessOutcome::Refused {
        reasons: vec!["denied".into()],
    };
    assert!(written(&asked, HERE, BASE).get("meta").is_none());
}

#[test]
fn an_event_is_in_no_compartment_but_that_of_its_patient() {
    for patient in [None, Some("p1".to_owned())] {
        let mut asked = access(AccessDeed::Read, false);
        asked.patient.clone_from(&patient);
        asked.touched = vec![Touched {
            type_: "Patient".into(),
            id: "p2".into(),
            version: None,
        }];
        let event = written(&asked, HERE, BASE);
        assert_eq!(fhir::validate::resource(&event), []);
        let own: Vec<String> = patient.into_iter().collect();
        assert_eq!(fhir::compartment::patients(&event), own, "{event}");
    }
}

#[test]
fn the_bytes_that_are_stored_are_the_canonical_form_and_their_digest_is_the_record_s() {
    for (deed, ..) in rows() {
        for patient in [false, true] {
            for (number, name) in ["ada", "é\u{202e}\"\\/", "\u{2028} 𝄞", ""]
                .iter()
                .enumerate()
            {
                let name = *name;
                let mut asked = access(deed.clone(), patient);
                asked.touched = touched(number);
                asked.withheld = (number == 2).then(|| "s1".into());
                asked.agent.user = name.into();
                asked.query = asked.query.filter(|_| number != 1).map(|_| name.into());
                asked.outcome = AccessOutcome::Failed {
                    reasons: vec![name.into()],
                };
                let at = Stamp::first(
                    AUDIT_EVENT,
                    "a1".into(),
                    1_795_423_710_123_456,
                    Method::Post,
                );
                let made = drafted(&asked, event::of(&asked, HERE, BASE), at).unwrap();
                let value: Value = serde_json::from_slice(&made.body).unwrap();
                assert_eq!(made.digest, crate::record::body_digest(&made.body).unwrap());
                assert_eq!(value["id"], "a1");
                assert_eq!(value["meta"]["versionId"], "1");
                assert_eq!(value["meta"]["lastUpdated"], "2026-11-23T08:48:30.123Z");
                let index = fhir::search::values(&value);
                let same = |one: &&Entry| made.index.contains(one);
                assert!(
                    index.iter().all(|one| same(&one)),
                    "{index:?} {:?}",
                    made.index
                );
                assert_eq!(made.index.len(), index.len(), "{value}");
                assert_eq!(made.facts, consent::facts::of(&value));
                assert_eq!(made.compartments, fhir::compartment::patients(&value));
                assert_eq!(made.compartments, fhir::compartment::named(&value));
                assert_eq!(fhir::validate::resource(&value), [], "{value}");
            }
        }
    }
}

#[test]
fn ids_of_events_are_uuids_in_the_order_of_their_times() {
    let early = id_in_order(1_795_423_710_123_999).unwrap();
    let same = id_in_order(1_795_423_710_123_000).unwrap();
    let late = id_in_order(1_795_423_710_124_000).unwrap();
    assert_eq!(early[..13], same[..13]);
    assert_ne!(early, same);
    assert!(early < late && same < late, "{early} {same} {late}");
    assert_eq!(early.len(), 36);
    assert_eq!(early.as_bytes()[14], b'7');
    assert!(matches!(early.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
}
