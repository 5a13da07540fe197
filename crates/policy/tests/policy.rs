//! What is loaded, what is refused, and what the built-in policy says.

use consent::Facts;
use consent::labels::ValueSets;
use policy::{Action, Decision, Policy, PolicyError, Reason, Request};
use serde_json::json;

fn facts(type_: &str, label: &str) -> Facts {
    let system = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    let security = json!([{"system": system, "code": label}]);
    let record = json!({"resourceType": type_, "id": "1", "meta": {"security": security}});
    Facts::read(&record, ValueSets::built_in())
}

fn request(facts: &Facts) -> Request<'_> {
    Request {
        person: "ann",
        role: "clinician",
        organisation: "st-mary",
        organisation_kind: "hospital",
        custodian: "st-mary",
        custodian_kind: "hospital",
        action: Action::Read,
        purpose: "TREAT",
        break_glass: false,
        facts,
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn the_default_policy_decides_as_its_table_says() {
    let policy = Policy::built_in().unwrap();
    let (observation, medication) = (facts("Observation", "X"), facts("MedicationRequest", "X"));
    let (audit, notes) = (
        facts("AuditEvent", "X"),
        facts("MedicationRequest", "PSYTHPN"),
    );
    let base = request(&observation);
    let out = Request {
        action: Action::Disclose,
        ..base
    };
    let hospital = Request {
        organisation: "north",
        ..out
    };
    let lab = Request {
        organisation: "lab",
        organisation_kind: "laboratory",
        ..out
    };
    let pharmacy = Request {
        organisation: "harbour",
        organisation_kind: "pharmacy",
        role: "pharmacist",
        ..out
    };
    let study = Request {
        role: "researcher",
        purpose: "HRESCH",
        ..base
    };
    let rows: &[(&str, Request<'_>, Option<&str>)] = &[
        ("a researcher at home", study, Some("inside-researchers")),
        (
            "for treatment",
            Request {
                purpose: "TREAT",
                ..study
            },
            None,
        ),
        (
            "of notes",
            Request {
                facts: &notes,
                ..study
            },
            None,
        ),
        (
            "of the log",
            Request {
                facts: &audit,
                ..study
            },
            None,
        ),
        (
            "of another house's",
            Request {
                custodian: "north",
                ..study
            },
            None,
        ),
        (
            "and writing",
            Request {
                action: Action::Write,
                ..study
            },
            None,
        ),
        ("a clinician at home", base, Some("inside-clinicians")),
        (
            "and writing",
            Request {
                action: Action::Write,
                ..base
            },
            Some("inside-clinicians"),
        ),
        (
            "for research",
            Request {
                purpose: "HRESCH",
                ..base
            },
            None,
        ),
        (
            "of another house",
            Request {
                custodian: "north",
                ..base
            },
            None,
        ),
        (
            "an admin",
            Request {
                role: "admin",
                ..base
            },
            None,
        ),
        (
            "an auditor",
            Request {
                role: "auditor",
                ..base
            },
            None,
        ),
        (
            "an auditor, the audit",
            Request {
                role: "auditor",
                facts: &audit,
                ..base
            },
            Some("inside-auditors"),
        ),
        ("a hospital", hospital, Some("to-hospitals-and-clinics")),
        (
            "a hospital, the audit",
            Request {
                facts: &audit,
                ..hospital
            },
            None,
        ),
        (
            "a manufacturer",
            Request {
                organisation_kind: "manufacturer",
                ..hospital
            },
            None,
        ),
        ("a laboratory", lab, Some("to-laboratories")),
        (
            "a laboratory, medication",
            Request {
                facts: &medication,
                ..lab
            },
            None,
        ),
        ("a pharmacy", pharmacy, None),
        (
            "a pharmacy, medication",
            Request {
                facts: &medication,
                ..pharmacy
            },
            Some("to-pharmacies"),
        ),
        (
            "a pharmacy, notes",
            Request {
                facts: &notes,
                ..pharmacy
            },
            None,
        ),
        (
            "a patient",
            Request {
                role: "patient",
                purpose: "PATRQT",
                ..base
            },
            Some("patients"),
        ),
        (
            "break-glass",
            Request {
                purpose: "BTG",
                break_glass: true,
                ..hospital
            },
            Some("break-glass"),
        ),
        (
            "said, not done",
            Request {
                purpose: "BTG",
                ..hospital
            },
            None,
        ),
    ];
    for (name, request, permitted) in rows {
        let expected = match permitted {
            Some(id) => Decision::Permit {
                by: vec![(*id).to_owned()],
            },
            None => Decision::Deny {
                reasons: vec![Reason::NothingPermits],
            },
        };
        assert_eq!(policy.decide(request), expected, "{name}");
    }
}

#[test]
fn a_forbid_is_not_loaded() {
    let text = "permit(principal, action, resource);\n\
                @id(\"no\") forbid(principal, action, resource) when { context.breakGlass };";
    let error = Policy::read(text).unwrap_err();
    assert_eq!(error, PolicyError::Forbid("no".into()));
    assert!(error.to_string().contains("unless"));
}

#[test]
fn what_does_not_fit_the_schema_is_not_loaded() {
    let refused = [
        "permit(principal, action, resource) when { principal.rank == 1 };",
        "permit(principal, action, resource) when { context.purpose == 1 };",
        "permit(principal, action == Action::\"sell\", resource);",
        "permit(principal == Robot::\"r\", action, resource);",
    ];
    for text in refused {
        assert!(
            matches!(Policy::read(text), Err(PolicyError::Invalid(_))),
            "{text}"
        );
    }
    assert!(matches!(
        Policy::read("permit(principal"),
        Err(PolicyError::Syntax(_))
    ));
    let template = "permit(principal == ?principal, action, resource);";
    assert!(matches!(
        Policy::read(template),
        Err(PolicyError::Template(_))
    ));
    let long = "permit(principal, action, resource);\n".repeat(300);
    assert!(matches!(
        Policy::read(&long),
        Err(PolicyError::TooMuch { max: 256, .. })
    ));
    let twice = "@id(\"a\") permit(principal, action, resource);".repeat(2);
    assert!(matches!(Policy::read(&twice), Err(PolicyError::Syntax(_))));
}

#[test]
fn any_error_is_a_refusal() {
    // Cedar's integers overflow, which no schema foresees.
    let text = "@id(\"all\") permit(principal, action, resource);\n\
                @id(\"broken\") permit(principal, action, resource)\n\
                when { 9223372036854775807 + (if context.breakGlass then 1 else 0) > 0 };";
    let policy = Policy::read(text).unwrap();
    let observation = facts("Observation", "X");
    let sound = request(&observation);
    assert!(matches!(policy.decide(&sound), Decision::Permit { .. }));
    let broken = policy.decide(&Request {
        break_glass: true,
        ..sound
    });
    assert_eq!(
        broken,
        Decision::Deny {
            reasons: vec![Reason::Failed("broken".into())]
        }
    );
}

#[test]
fn a_record_of_no_known_type_is_refused() {
    let text = "permit(principal, action, resource);";
    let thing = facts("Thing", "X");
    let decision = Policy::read(text).unwrap().decide(&request(&thing));
    assert_eq!(
        decision,
        Decision::Deny {
            reasons: vec![Reason::Unfit]
        }
    );
}
