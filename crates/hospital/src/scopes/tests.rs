//! Scopes read, written, met and applied.

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::Role;
use crate::record::Record;

fn scopes(text: &str) -> Scopes {
    text.parse().unwrap()
}

#[test]
fn what_is_read_is_written_back() {
    for text in [
        "patient/*.rs",
        "user/Observation.cruds",
        "system/Patient.d",
        "patient/*.read user/*.write system/*.*",
        "launch launch/patient openid fhirUser offline_access online_access",
        "patient/Observation.rs?category=http://x|vital-signs",
        "patient/Observation.rs?category=laboratory&status=final",
    ] {
        assert_eq!(scopes(text).to_string(), text);
    }
    assert_eq!(scopes("openid  openid").to_string(), "openid");
}

#[test]
fn what_is_not_understood_is_refused() {
    for text in [
        "profile",
        "patient/*",
        "patient/*.",
        "patient/*.sr",
        "patient/*.rr",
        "patient/*.rsx",
        "patient/Unicorn.rs",
        "patient/observation.rs",
        "world/*.rs",
        "patient/*.rs?category=x",
        "patient/Observation.rs?unicorn=x",
        "patient/Observation.rs?_count=1",
        "patient/Observation.rs?",
        "patient/Observation.read?status=final",
        "patient/Observation.rs?_has:Observation:patient:code=1",
        "patient/Observation.rs?date=never",
        "patient/Observation.rs?code=\"x",
        "launch/encounter",
    ] {
        assert!(text.parse::<Scopes>().is_err(), "{text}");
    }
    let many = (0..101).map(|at| format!("user/Patient.rs?_id={at} "));
    assert!(many.collect::<String>().parse::<Scopes>().is_err());
    assert!("x".repeat(SCOPE_BYTES_MAX + 1).parse::<Scopes>().is_err());
}

#[test]
fn a_grant_is_never_wider_than_any_of_its_sides() {
    for (asked, allowed, granted) in [
        ("user/*.cruds", "user/*.rs", "user/*.rs"),
        ("user/*.rs", "user/Observation.cruds", "user/Observation.rs"),
        ("user/Patient.rs", "user/Observation.rs", ""),
        ("patient/*.rs", "user/*.rs", ""),
        ("user/*.cud", "user/*.rs", ""),
        ("openid launch", "openid", "openid"),
        ("user/*.read", "user/*.cruds", "user/*.read"),
        (
            "user/Observation.rs?status=final",
            "user/Observation.rs?category=laboratory",
            "user/Observation.rs?status=final&category=laboratory",
        ),
        (
            "user/*.rs",
            "user/Observation.rs?status=final user/Patient.r",
            "user/Observation.rs?status=final user/Patient.r",
        ),
        ("user/Patient.rs user/*.rs", "user/*.cruds", "user/*.rs"),
    ] {
        let (asked, allowed) = (scopes(asked), scopes(allowed));
        let met = asked.meet(&allowed);
        assert_eq!(met.to_string(), granted);
        assert!(asked.holds(&met) && allowed.holds(&met), "{granted}");
    }
    let wide = scopes("patient/*.cruds user/*.cruds system/*.cruds");
    for role in Role::ALL {
        let of_role = Scopes::of_role(role);
        let granted = wide.meet(&of_role);
        assert!(of_role.holds(&granted), "{role}");
        let system = granted.resources().any(|it| it.context == Context::System);
        assert_eq!(system, role == Role::System);
    }
}

#[test]
fn holding_is_about_type_verbs_and_conditions() {
    for (wide, narrow, held) in [
        ("user/*.rs", "user/Patient.r", true),
        ("user/Patient.r", "user/*.r", false),
        ("user/*.r", "user/*.rs", false),
        (
            "user/Observation.rs",
            "user/Observation.rs?status=final",
            true,
        ),
        (
            "user/Observation.rs?status=final",
            "user/Observation.rs",
            false,
        ),
        ("openid user/*.rs", "openid", true),
        ("user/*.rs", "offline_access", false),
    ] {
        assert_eq!(scopes(wide).holds(&scopes(narrow)), held, "{wide} {narrow}");
    }
}

fn observation(patient: &str, status: &str) -> Record {
    let body = json!({ "resourceType": "Observation", "id": "o", "status": status,
        "code": { "text": "x" }, "subject": { "reference": format!("Patient/{patient}") } });
    Record {
        type_: "Observation".into(),
        id: "o".into(),
        version: 1,
        updated_us: 1,
        method: store::Method::Post,
        body: Bytes::from(body.to_string()),
        patients: Vec::new(),
    }
}

#[test]
fn a_reach_shows_what_one_of_its_scopes_shows() {
    for (text, patient, status, seen) in [
        ("patient/*.rs", "p1", "final", true),
        ("patient/*.rs", "p2", "final", false),
        ("user/*.rs", "p2", "final", true),
        ("user/Observation.s", "p1", "final", false),
        ("patient/Observation.rs?status=final", "p1", "final", true),
        (
            "patient/Observation.rs?status=final",
            "p1",
            "amended",
            false,
        ),
        ("patient/Observation.rs?status=final", "p2", "final", false),
        (
            "patient/*.rs user/Observation.r?status=final",
            "p2",
            "final",
            true,
        ),
        (
            "patient/*.rs user/Observation.r?status=final",
            "p2",
            "amended",
            false,
        ),
    ] {
        let reach = Reach::new(scopes(text), "app".into(), Some("p1".into()));
        let record = observation(patient, status);
        assert_eq!(
            reach.sees(Verb::Read, &record),
            seen,
            "{text} {patient} {status}"
        );
    }
    let nobody = Reach::new(scopes("patient/*.cruds"), "app".into(), None);
    assert!(!nobody.allows(Verb::Read, Some("Patient")));
    assert_eq!(nobody.narrowing(Verb::Search).unwrap().rules, []);
}
