//! The end of a trial: locked, its list laid open, reported and compared.

use crate::consortium::eventually;
use crate::trial_exchange::published_rows;
use crate::trials::{
    AGENCY, ENROLLED, LAB, NORTH, SITES, SLOTS, SOON, SPONSOR, Study, endpoint, row, subjects,
};
use proof::Digest;
use serde_json::{Value, json};
use trial::allocation::{Design, Draw, Half};

pub(crate) fn the_quorum_locks(study: &Study) {
    let early = json!({ "endpoints": [] });
    assert_eq!(
        study.post(SPONSOR, "researcher", "/reports", &early).status / 100,
        4
    );
    let programs = json!({ "programs": [["primary.R", "fit <- lm(...)"]] });
    let by_site = study.post(NORTH, "clinician", "/locks", &programs);
    assert_eq!(by_site.status / 100, 4, "{}", by_site.text());
    let proposed = study.does(SPONSOR, "researcher", "/locks", &programs);
    assert_eq!(proposed["rows"], 4 * ENROLLED + 3 + published_rows());
    let number = json!({ "number": proposed["number"] });
    // A value that comes after the proposal: the site does not confirm what it is not in.
    let late = subjects(NORTH, 1, 5..6).remove(0);
    study.captures(NORTH, &[row(&late, "V3", "133")]);
    study.dataset(NORTH, "clinician");
    study.refused(
        NORTH,
        "clinician",
        "/confirmations",
        &number,
        "not about the rows",
    );
    let proposed = study.does(SPONSOR, "researcher", "/locks", &programs);
    let number = json!({ "number": proposed["number"] });
    for (index, role, effective) in [(NORTH, "clinician", false), (AGENCY, "auditor", true)] {
        let done = study.confirms(index, role, &number);
        assert_eq!(done["effective"], effective, "{done}");
    }
    eventually("every node knows the lock", SOON, || {
        (0..4).all(|index| study.seen(index)["lock"].is_object())
    });
    let rows = json!({ "rows": [row(&late, "V4", "133")] });
    study.refused(NORTH, "clinician", "/rows", &rows, "locked");
    an_unlock_says_why(study, &programs);
}

/// Whoever is asked to agree reads why; afterwards the data are locked again as they were.
fn an_unlock_says_why(study: &Study, programs: &Value) {
    study.refused(
        SPONSOR,
        "researcher",
        "/unlocks",
        &json!({ "reason": "no" }),
        "reason",
    );
    let why = "a laboratory sent corrected values";
    let proposed = study.does(SPONSOR, "researcher", "/unlocks", &json!({ "reason": why }));
    let number = json!({ "number": proposed["number"] });
    let at = usize::try_from(proposed["number"].as_u64().unwrap()).unwrap() - 1;
    eventually("the regulator reads why", SOON, || {
        study.seen(AGENCY)["decisions"][at]["reason"] == why
    });
    for (index, role) in [(LAB, "clinician"), (AGENCY, "auditor")] {
        study.confirms(index, role, &number);
    }
    eventually("the data are open", SOON, || {
        study.seen(NORTH)["lock"].is_null()
    });
    let decisions = study.seen(NORTH)["decisions"].clone();
    assert_eq!(decisions[at]["reason"], why, "{decisions}");
    assert!(decisions[at - 1]["effective"].is_string(), "{decisions}");
    let again = study.does(SPONSOR, "researcher", "/locks", programs);
    let number = json!({ "number": again["number"] });
    for (index, role) in [(NORTH, "clinician"), (AGENCY, "auditor")] {
        study.confirms(index, role, &number);
    }
    eventually("every node knows the lock", SOON, || {
        (0..4).all(|index| study.seen(index)["lock"].is_object())
    });
}

/// Both hands show their secrets, and from them follows the list that was used.
pub(crate) fn the_list_is_the_one_that_was_sealed(study: &Study) {
    assert_eq!(
        study.does(SPONSOR, "researcher", "/secrets", &json!({}))["shown"],
        2
    );
    for site in SITES {
        assert_eq!(
            study.does(site, "clinician", "/secrets", &json!({}))["shown"],
            1
        );
    }
    let design = Design::new(vec![1, 1], 4, vec![SLOTS; 2]).unwrap();
    let trial: Digest = study.id.parse().unwrap();
    for site in SITES {
        let name = study.consortium.id(site).to_owned();
        let mut known = Value::Null;
        eventually("the secrets are known", SOON, || {
            let sites = study.seen(AGENCY)["sites"].clone();
            let sites = sites.as_array().unwrap();
            let found = sites.iter().find(|it| it["organisation"] == *name);
            known = found.cloned().unwrap_or_default();
            known["site_secret"].is_string() && known["sponsor_secret"].is_string()
        });
        let digest = |field: &str| known[field].as_str().unwrap().parse::<Digest>().unwrap();
        let (beacon, secrets) = (
            digest("beacon"),
            [digest("sponsor_secret"), digest("site_secret")],
        );
        let draw = |secret| Draw {
            trial: &trial,
            site: &name,
            beacon: &beacon,
            secret,
        };
        let halves: [Half; 2] = [
            draw(&secrets[0]).positions(&design),
            draw(&secrets[1]).arms(&design),
        ];
        assert_eq!(halves[0].root(), digest("sponsor_root"));
        assert_eq!(halves[1].root(), digest("site_root"));
        for one in study.participants(site, "pharmacist") {
            let number = |field: &str| u32::try_from(one[field].as_u64().unwrap()).unwrap();
            let stratum = u16::try_from(number("stratum")).unwrap();
            let arm = design
                .arm((&halves[0], &halves[1]), stratum, number("slot"))
                .unwrap();
            assert_eq!(one["arm"], ["MARKER-HIGH", "MARKER-LOW"][usize::from(arm)]);
        }
    }
}

/// Whoever oversees the trial compares the sites at any time, and sites do not.
pub(crate) fn sites_are_compared(study: &Study) {
    for (index, role) in [(SPONSOR, "researcher"), (AGENCY, "auditor")] {
        let answer = study.get(index, role, "/monitoring");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = answer.json();
        let items = told["items"].as_array().unwrap();
        assert!(items.contains(&json!("SYSTOLIC")), "{told}");
        assert!(
            told["participants"].as_u64().unwrap() >= 4 * ENROLLED as u64,
            "{told}"
        );
        // Two sites say nothing about each other.
        assert!(
            told["notes"][0]
                .as_str()
                .unwrap()
                .contains("fewer than 5 sites"),
            "{told}"
        );
        assert!(told["sites"].is_array(), "{told}");
    }
    for (index, role) in [
        (NORTH, "clinician"),
        (NORTH, "auditor"),
        (SPONSOR, "clinician"),
    ] {
        for path in ["/monitoring", "/allocation"] {
            let refused = study.get(index, role, path);
            assert_eq!(refused.status, 403, "{path}: {}", refused.text());
        }
    }
    let sealed = study.get(SPONSOR, "researcher", "/allocation");
    assert_eq!(sealed.status, 400, "{}", sealed.text());
    assert!(
        sealed.text().contains("is sealed still"),
        "{}",
        sealed.text()
    );
}

/// With the secrets shown, whoever oversees draws the lists again and learns who had which arm, as
/// the pharmacists of the sites knew it.
pub(crate) fn the_lists_are_checked(study: &Study) {
    let answer = study.get(AGENCY, "auditor", "/allocation");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    let list = |name: &str| told[name].as_array().unwrap().clone();
    assert_eq!(list("lists").len(), 2, "{told}");
    for one in list("lists") {
        assert_eq!(one["is_as_sealed"], true, "{one}");
        assert_eq!(one["deviations"], json!([]), "{one}");
    }
    let participants = list("participants");
    assert_eq!(study.seen(AGENCY)["enrolled"], participants.len());
    for site in SITES {
        let known = study.participants(site, "pharmacist");
        for one in participants
            .iter()
            .filter(|it| it["site"] == *study.consortium.id(site))
        {
            let found = known
                .iter()
                .find(|it| it["subject"] == one["subject"])
                .unwrap();
            assert_eq!(found["arm"], one["arm"], "{one}");
            assert_eq!(found["slot"], one["slot"], "{one}");
        }
    }
    // All strata together, and four of them.
    assert_eq!(list("balance").len(), 5, "{told}");
    assert!(list("balance")[0]["p"].as_f64().unwrap() > 0.5, "{told}");
    assert_eq!(list("runs").len(), 4, "{told}");
    let bias = list("selection_bias");
    let words = bias[0]["test"]["why"].as_str().unwrap();
    assert!(words.contains("could be foreseen"), "{words}");
}

pub(crate) fn a_report_is_bound_to_the_lock(study: &Study) {
    let mut results = json!({ "endpoints": [
        endpoint("SYSBP", "primary", "week 16"), endpoint("PULSE", "secondary", "week 4")] });
    for one in results["endpoints"].as_array_mut().unwrap() {
        one["result"] = "-3.1 (95 % CI -5.0 to -1.2)".into();
    }
    let by_site = study.post(NORTH, "clinician", "/reports", &results);
    assert_eq!(by_site.status, 403, "{}", by_site.text());
    let reported = study.does(SPONSOR, "researcher", "/reports", &results);
    assert_eq!(reported["number"], 1);
    let mut read = Value::Null;
    eventually("the report is there", SOON, || {
        let answer = study.get(AGENCY, "auditor", "/reports/1");
        read = answer.json();
        answer.status == 200
    });
    assert_eq!(read["endpoints"], results["endpoints"]);
    assert_eq!(read["rows"], 4 * ENROLLED + 4 + published_rows());
    what_was_swapped_is_named(study, results);
}

/// The first report says what was registered, but for what the amendment moved; the second one
/// gives the primary endpoint's place to another.
fn what_was_swapped_is_named(study: &Study, results: Value) {
    let compared = |number: u32| {
        let path = format!("/reports/{number}/comparison");
        let answer = study.get(AGENCY, "auditor", &path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["endpoints"].as_array().unwrap().clone()
    };
    let of = |lines: &[Value], id: &str| -> Value {
        lines
            .iter()
            .find(|it| it["id"] == id)
            .cloned()
            .unwrap_or_default()
    };
    let first = compared(1);
    let moved = of(&first, "SYSBP");
    assert_eq!(moved["is"], json!(["timing changed"]), "{moved}");
    assert_eq!(moved["changes"][0]["made"]["when"], "after data", "{moved}");
    assert_eq!(moved["is_explained"], false);
    assert_eq!(of(&first, "PULSE")["is"], json!(["kept"]));

    let mut swapped = results;
    swapped["endpoints"][0]["rank"] = "secondary".into();
    swapped["endpoints"][1]["rank"] = "primary".into();
    study.does(SPONSOR, "researcher", "/reports", &swapped);
    let mut second = Vec::new();
    eventually("the second report is there", SOON, || {
        let there = study.get(AGENCY, "auditor", "/reports/2").status == 200;
        if there {
            second = compared(2);
        }
        there
    });
    for id in ["SYSBP", "PULSE"] {
        let line = of(&second, id);
        let kinds = line["is"].as_array().unwrap();
        assert!(kinds.contains(&json!("switched in rank")), "{line}");
    }
}
