//! An emergency opens what no consent opens: on the ledger first, told to the patient, reviewed.

use crate::consortium::{Consortium, eventually, signal};
use crate::sharing::{CLINIC, HOME, Visit};
use serde_json::json;
use std::time::Duration;

const AWAY: [usize; 2] = [2, 3];

#[test]
fn the_glass_is_broken_with_notice_and_review() {
    let consortium = Consortium::start(2);
    let visit = Visit::begin(&consortium);
    assert_eq!(
        visit.breaks_glass(None).status,
        422,
        "nobody is found by it"
    );
    assert_eq!(visit.bring(&visit.code()).status, 201);
    assert!(visit.read("Observation?").ids().is_empty());

    let opened = visit.breaks_glass(None);
    assert_eq!(opened.status, 201, "{}", opened.text());
    let opened = opened.json();
    assert_eq!(opened["anchored"], true);
    let emergency = visit.read("Observation?_purpose=BTG&");
    let own = visit.at_home(&format!("Observation?patient={}&", visit.home_id));
    assert_eq!(emergency.ids(), own.ids(), "{}", emergency.remarks());
    assert!(
        visit.read("Observation?").ids().is_empty(),
        "for this purpose only"
    );

    // The patient is told, by a notice and by the log.
    let notices = visit.at_home(&format!("Communication?patient={}&", visit.home_id));
    assert_eq!(notices.ids().len(), 1, "{}", notices.0);
    let log = visit.at_home(&format!("AuditEvent?patient={}&", visit.home_id));
    assert!(log.0.to_string().contains("BTG"));

    // The privacy officer of the custodian, and nobody else, reviews it, once.
    let glass = opened["glass"].as_str().unwrap();
    let listed = visit.get(
        HOME,
        "/sharing/break-glass",
        &consortium.token(HOME, "clinician"),
    );
    assert_eq!(listed.status, 403);
    let auditor = consortium.token(HOME, "auditor");
    let listed = visit.get(HOME, "/sharing/break-glass", &auditor).json();
    assert_eq!(listed["openings"][0]["glass"], glass, "{listed}");
    assert_eq!(listed["openings"][0]["reviewed"], false);
    assert!(listed["openings"][0]["due"].is_string());
    let path = format!("/sharing/break-glass/{glass}/review");
    let verdict = json!({ "verdict": "justified", "words": "unconscious on arrival" });
    let reviewed = visit.post(HOME, &path, &auditor, &verdict);
    assert_eq!(reviewed.status, 201, "{}", reviewed.text());
    assert_eq!(
        visit.post(HOME, &path, &auditor, &verdict).status,
        422,
        "once"
    );
    // The patient contests it by the same id, and the officer answers.
    let contest = json!({ "about": glass, "kind": "contest", "text": "I could have been asked." });
    let asked = visit.post(HOME, "/questions", &visit.patient, &contest);
    assert_eq!(asked.status, 201, "{}", asked.text());
    let open = visit.get(HOME, "/questions?state=open", &auditor).json();
    let id = open["questions"][0]["id"].as_str().unwrap();
    let answer = json!({ "text": "You were unconscious; the ward will call you." });
    let said = visit.post(HOME, &format!("/questions/{id}/answer"), &auditor, &answer);
    assert_eq!(said.status, 201, "{}", said.text());
    let own = visit.get(HOME, "/questions", &visit.patient).json();
    assert_eq!(
        own["questions"][0]["answer"]["text"], answer["text"],
        "{own}"
    );
    let listed = visit.get(HOME, "/sharing/break-glass", &auditor).json();
    let kept = &listed["openings"][0]["review"];
    assert_eq!(kept["words"], "unconscious on arrival", "{listed}");
    assert_eq!(kept["verdict"], "justified");
    let unknown = "/sharing/break-glass/00/review";
    assert_eq!(visit.post(HOME, unknown, &auditor, &verdict).status, 404);
}

#[test]
fn an_absolute_opt_out_holds_in_an_emergency_too() {
    let consortium = Consortium::start(2);
    let visit = Visit::begin(&consortium);
    assert_eq!(visit.bring(&visit.code()).status, 201);
    let mut refusal = visit.consent();
    refusal["provision"] = json!({
        "type": "deny",
        "purpose": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "BTG"
        }]
    });
    let refused = visit.file(&visit.patient, &refusal);
    assert_eq!(refused.status, 201, "{}", refused.text());
    let opened = visit.breaks_glass(None);
    assert_eq!(opened.status, 201, "{}", opened.text());
    assert!(visit.read("Observation?_purpose=BTG&").ids().is_empty());
}

#[test]
fn without_a_quorum_two_officers_open_and_the_ledger_hears_of_it_later() {
    let consortium = Consortium::start(2);
    let visit = Visit::begin(&consortium);
    assert_eq!(visit.bring(&visit.code()).status, 201);
    visit.consents(&visit.consent());
    for index in AWAY {
        signal("STOP", consortium.pid(index));
    }
    eventually(
        "both see that it stands still",
        Duration::from_mins(1),
        || {
            let stale = visit
                .read("Observation?")
                .remarks()
                .contains("copy of the ledger");
            stale && visit.breaks_glass(None).status == 422
        },
    );
    let second = consortium.token(CLINIC, "auditor");
    let opened = visit.breaks_glass(Some(&second));
    assert_eq!(opened.status, 201, "{}", opened.text());
    assert_eq!(opened.json()["anchored"], false);
    let emergency = visit.read("Observation?_purpose=BTG&");
    assert!(!emergency.ids().is_empty(), "{}", emergency.remarks());

    for index in AWAY {
        signal("CONT", consortium.pid(index));
    }
    let auditor = consortium.token(HOME, "auditor");
    eventually("the ledger hears of it", Duration::from_mins(1), || {
        let listed = visit.get(HOME, "/sharing/break-glass", &auditor).json();
        let opening = &listed["openings"][0];
        opening["late"] == true && opening["anchored"] == true
    });
}
