//! A trial that minimises: arms follow from those before, nobody sees them who may not, and
//! everybody replays them at the end.

use crate::consortium::eventually;
use crate::trials::{AGENCY, LAB, NORTH, SITES, SOON, SPONSOR, Study, endpoint};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Enrolled at each site.
const ENROLLED: usize = 20;
const AGES: [&str; 2] = ["under 65", "65 and over"];
const STAGES: [&str; 3] = ["I", "II", "III"];

fn protocol() -> Value {
    json!({
        "title": "MARKER-MINIMISED of two doses",
        "arms": [{ "name": "MARKER-HIGH", "ratio": 1 }, { "name": "MARKER-LOW", "ratio": 1 }],
        "minimisation": {
            "factors": [
                { "name": "age", "levels": AGES, "weight": 1 },
                { "name": "stage", "levels": STAGES, "weight": 2 },
            ],
            "site_weight": 1, "measure": "range", "preferred": 850,
        },
        "endpoints": [endpoint("SYSBP", "primary", "week 12")],
    })
}

fn participant(number: usize) -> Value {
    json!({ "subject": format!("M-{number:03}"), "consent": "signed",
        "levels": [AGES[number % 2], STAGES[number % 3]] })
}

/// A second trial of the same parties.
pub(crate) fn arms_follow_from_those_before(study: &mut Study) {
    let listed = std::mem::take(&mut study.id);
    seals(study);
    what_is_no_level_is_refused(study);
    for site in SITES {
        let people: Vec<Value> = (0..ENROLLED).map(participant).collect();
        let body = json!({ "participants": people });
        study.does(site, "clinician", "/participants", &body);
    }
    let arms = arms_are_known_to_whoever_dispenses(study);
    nobody_else_learns_an_arm(study);
    locks(study);
    let shown = study.does(SPONSOR, "researcher", "/secrets", &json!({}));
    assert_eq!(shown["shown"], 2 * ENROLLED);
    everybody_replays(study, &arms);
    study.id = listed;
}

fn seals(study: &mut Study) {
    let parties = [(LAB, "site"), (AGENCY, "regulator"), (NORTH, "site")];
    let parties =
        parties.map(|(at, role)| json!({ "organisation": study.consortium.id(at), "role": role }));
    let mut body = json!({ "protocol": protocol(), "parties": parties, "quorum": 3 });
    body["protocol"]["minimisation"]["preferred"] = 1_000.into();
    study.refused(SPONSOR, "researcher", "", &body, "at most 950");
    body["protocol"]["minimisation"]["preferred"] = 850.into();
    body["protocol"]["slots"] = 8.into();
    study.refused(
        SPONSOR,
        "researcher",
        "",
        &body,
        "no block, strata and slots",
    );
    body["protocol"]["slots"] = 0.into();
    let sealed = study.does(SPONSOR, "researcher", "", &body);
    sealed["id"].as_str().unwrap().clone_into(&mut study.id);
    for site in SITES {
        study.arrives(site, 1);
        study.does(site, "clinician", "/acceptance", &json!({ "version": 1 }));
    }
    eventually("key and beacon stand", SOON, || {
        (0..4).all(|index| study.seen(index)["minimisation"]["beacon"].is_string())
    });
}

fn what_is_no_level_is_refused(study: &Study) {
    for (levels, why) in [
        (json!(["under 65"]), "one level of each factor"),
        (json!(["under 65", "IV"]), "one level of each factor"),
    ] {
        let mut one = participant(0);
        one["levels"] = levels;
        let body = json!({ "participants": [one] });
        study.refused(NORTH, "clinician", "/participants", &body, why);
    }
    let mut by_stratum = participant(0);
    by_stratum["stratum"] = "under 65".into();
    let body = json!({ "participants": [by_stratum] });
    study.refused(NORTH, "clinician", "/participants", &body, "no stratum");
}

/// The arms by pseudonym; alike in every level.
fn arms_are_known_to_whoever_dispenses(study: &Study) -> BTreeMap<String, String> {
    let mut arms = BTreeMap::new();
    for site in SITES {
        let mut seen = Vec::new();
        eventually("every share is bound", SOON, || {
            seen = study.participants(site, "pharmacist");
            seen.len() == ENROLLED && seen.iter().all(|it| it["arm"].is_string())
        });
        for one in seen {
            let text = |field: &str| one[field].as_str().unwrap().to_owned();
            arms.insert(text("participant"), text("arm"));
        }
    }
    assert_eq!(arms.len(), 2 * ENROLLED);
    let high = arms.values().filter(|it| *it == "MARKER-HIGH").count();
    assert!(high.abs_diff(ENROLLED) <= 4, "{high} of {}", arms.len());
    arms
}

fn nobody_else_learns_an_arm(study: &Study) {
    for role in ["clinician", "auditor"] {
        let seen = study.participants(NORTH, role);
        assert!(seen.iter().all(|it| it["arm"].is_null()));
    }
    for (index, role) in [
        (SPONSOR, "researcher"),
        (AGENCY, "auditor"),
        (NORTH, "pharmacist"),
    ] {
        let seen = study.get(index, role, "/minimisation").json();
        let all = seen["allocations"].as_array().unwrap();
        assert_eq!(all.len(), 2 * ENROLLED, "{seen}");
        for one in all {
            assert!(
                one["commitment"].is_string() && one["arm"].is_null(),
                "{one}"
            );
        }
        assert!(seen["deviations"].is_null());
    }
    let path = "/participants/M-001/allocation";
    assert_eq!(study.get(NORTH, "clinician", path).status, 403);
    let told = study.get(NORTH, "pharmacist", path);
    assert_eq!(told.status, 200, "{}", told.text());
    let opened = study.does(
        NORTH,
        "clinician",
        "/participants/M-001/unblinding",
        &json!({ "reason": "a severe reaction" }),
    );
    assert_eq!(opened["arm"], told.json()["arm"]);
}

fn locks(study: &Study) {
    let programs = json!({ "programs": [["primary.R", "fit <- lm(...)"]] });
    let proposed = study.does(SPONSOR, "researcher", "/locks", &programs);
    let number = json!({ "number": proposed["number"] });
    for (index, role) in [(NORTH, "clinician"), (AGENCY, "auditor")] {
        study.confirms(index, role, &number);
    }
    eventually("every node knows the lock", SOON, || {
        (0..4).all(|index| study.seen(index)["lock"].is_object())
    });
}

fn everybody_replays(study: &Study, arms: &BTreeMap<String, String>) {
    let names = ["MARKER-HIGH", "MARKER-LOW"];
    for (index, role) in [
        (AGENCY, "auditor"),
        (LAB, "clinician"),
        (SPONSOR, "researcher"),
    ] {
        let mut seen = Value::Null;
        eventually("every share is shown", SOON, || {
            seen = study.get(index, role, "/minimisation").json();
            let all = seen["allocations"].as_array().unwrap();
            all.iter().all(|it| it["arm"].is_u64())
        });
        assert_eq!(seen["deviations"], json!([]), "{seen}");
        for one in seen["allocations"].as_array().unwrap() {
            let arm = usize::try_from(one["arm"].as_u64().unwrap()).unwrap();
            assert_eq!(arms[one["participant"].as_str().unwrap()], names[arm]);
        }
    }
}
