//! A preview of a consent, against what the other organisation really gets once it is filed.

use std::collections::BTreeMap;

use hospital::Role;
use serde_json::{Value, json};

use super::members::{CLINIC, LABORATORY, Members, NAMES};
use super::ward::{Chart, Patient, candidate};
use crate::model::Dice;

const SEED: u64 = 20_261_127;
const PATIENTS: u64 = 4;
/// Consents that are previewed for each chart.
const CONSENTS: usize = 6;

/// Records by id, and whether a part is left out.
type View = BTreeMap<String, bool>;

/// What the patient is told: the other side's view, and all records that are named.
fn told(preview: &Value) -> (View, usize) {
    let records = preview["records"].as_array().unwrap();
    assert_eq!(preview["next"], Value::Null, "one page: {preview}");
    let shown = records.iter().filter(|it| it["seen"] != "hidden");
    let view = shown
        .map(|it| (it["id"].as_str().unwrap().to_owned(), it["seen"] == "part"))
        .collect();
    for one in records {
        let reasons = one["reasons"].as_array().unwrap();
        assert_eq!(reasons.is_empty(), one["seen"] != "hidden", "{one}");
    }
    let sum = |name: &str| {
        let counts = preview["counts"].as_array().unwrap().iter();
        counts.map(|it| it[name].as_u64().unwrap()).sum::<u64>()
    };
    let of = |name: &str| records.iter().filter(|it| it["seen"] == name).count() as u64;
    for name in ["shown", "part", "hidden"] {
        assert_eq!(sum(name), of(name), "{name} in {preview}");
    }
    (view, records.len())
}

/// What the clinic is answered of everything.
fn answered(bundle: &Value) -> View {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let matches = entries.filter(|it| it["search"]["mode"] == "match");
    matches
        .map(|it| {
            let resource = &it["resource"];
            let part = resource["meta"]["security"]
                .to_string()
                .contains("REDACTED");
            (resource["id"].as_str().unwrap().to_owned(), part)
        })
        .collect()
}

#[derive(Default)]
struct Tally {
    agreed: usize,
    shown: usize,
    part: usize,
    hidden: usize,
    refused: usize,
    ungranted: usize,
}

/// Previews a consent, files it, and asks.
fn once(members: &Members, here: &str, chart: &Chart, dice: &mut Dice, tally: &mut Tally) {
    let role = if dice.one_in(8) {
        Role::Pharmacist
    } else {
        Role::Clinician
    };
    let purpose = dice.pick(&["TREAT", "TREAT", "ETREAT", "ERTREAT", "HRESCH"]);
    let clinician = members.practitioner(CLINIC, Role::Clinician);
    let named: &'static str = format!("Practitioner/{clinician}").leak();
    let plain = dice.one_in(2);
    let Some((_, body)) = candidate(chart, named, (plain, plain), dice) else {
        return;
    };
    let own = members.client(chart.custodian, Role::Patient, Some(&chart.patient));
    let ask = json!({
        "consent": body, "organisation": NAMES[CLINIC], "purpose": purpose, "role": role.name(),
        "practitioner": members.practitioner(CLINIC, role), "count": 200
    });
    let preview = own.post("/sharing/preview", &ask);
    let filed = own.post("/fhir/Consent/$fileConsent", &body);
    if preview.status != 200 {
        assert_eq!(
            preview.status,
            filed.status,
            "{} {}",
            preview.text(),
            filed.text()
        );
        tally.refused += 1;
        return;
    }
    assert_eq!(filed.status, 201, "{}", filed.text());
    let preview = preview.json();
    let (view, all) = told(&preview);
    let client = members.client(CLINIC, role, None);
    let source = NAMES[chart.custodian];
    let path = format!("/fhir/Patient/{here}/$everything?_source={source}&_purpose={purpose}");
    let got = client.get(&path).expect(200).json();
    assert_eq!(answered(&got), view, "{ask} {preview} {got}");
    tally.agreed += 1;
    tally.shown += view.values().filter(|part| !**part).count();
    tally.part += view.values().filter(|part| **part).count();
    tally.hidden += all - view.len();
    tally.ungranted += usize::from(preview["granted"] == false);
}

#[test]
fn a_preview_is_what_the_other_side_then_gets() {
    let members = Members::start();
    let mut dice = Dice(SEED);
    let mut tally = Tally::default();
    for _ in 0..PATIENTS {
        let patient = Patient::admit(&members, &mut dice);
        for chart in &patient.charts {
            for _ in 0..CONSENTS {
                once(&members, &patient.here, chart, &mut dice, &mut tally);
            }
        }
    }
    let Tally {
        agreed,
        shown,
        part,
        hidden,
        refused,
        ungranted,
    } = tally;
    println!("{agreed} agreed, {refused} refused, {ungranted} without a grant");
    println!("{shown} shown, {part} in part, {hidden} hidden");
    // All of them are common, or the comparison would prove little.
    assert!(agreed >= 20 && shown > 50 && part > 20 && hidden > 200);
}

#[test]
fn a_preview_files_nothing_and_is_in_the_log() {
    let members = Members::start();
    let mut dice = Dice(SEED + 1);
    let patient = Patient::admit(&members, &mut dice);
    let chart = &patient.charts[1];
    assert_eq!(chart.custodian, LABORATORY);
    let own = members.client(LABORATORY, Role::Patient, Some(&chart.patient));
    let consents = || own.get("/fhir/Consent?_summary=count").expect(200).json()["total"].clone();
    let (before, body) = (consents(), crate::to_all(&chart.patient));
    let preview = own.post("/sharing/preview", &body).expect(200).json();
    assert_eq!(consents(), before);
    assert_eq!(preview["recipients"], json!([NAMES[CLINIC]]));
    assert_eq!(
        (&preview["granted"], &preview["complete"]),
        (&json!(true), &json!(true))
    );
    let words = preview["words"][0].as_str().unwrap();
    assert!(words.contains("may release records"), "{words}");
    let consent = preview["counts"].as_array().unwrap().iter();
    let consent = consent
        .filter(|it| it["type"] == "Consent")
        .collect::<Vec<_>>();
    assert!(
        consent.iter().all(|it| it["shown"] == 0 && it["part"] == 0),
        "{consent:?}"
    );

    // The look is the patient's own, and nobody was disclosed anything.
    let accesses = own.get("/reports/accesses?format=csv").expect(200).text();
    assert!(
        accesses.contains("previewConsent") || accesses.contains("operation"),
        "{accesses}"
    );
    let told = own.get("/reports/disclosures").expect(200).json();
    assert_eq!(told["lines"], json!([]));

    // One page after the other, of what is asked for.
    let page = |offset: usize| {
        let ask = json!({ "consent": body, "seen": "hidden", "offset": offset, "count": 1 });
        own.post("/sharing/preview", &ask).expect(200).json()
    };
    let (one, two) = (page(0), page(1));
    assert_eq!(
        (&one["next"], &one["records"][0]["seen"]),
        (&json!(1), &json!("hidden"))
    );
    assert_ne!(one["records"], two["records"]);

    for (ask, status, why) in [
        (json!({ "consent": body, "purpose": "BTG" }), 400, "BTG"),
        (
            json!({ "consent": body, "role": "auditor" }),
            400,
            "clinician",
        ),
        (
            json!({ "consent": body, "organisation": "nobody" }),
            400,
            "member",
        ),
        (json!({ "consent": body, "colour": 1 }), 400, "colour"),
        (json!({ "purpose": "TREAT" }), 400, "missing"),
        (json!({ "consent": body, "seen": "all" }), 400, "seen"),
    ] {
        let refused = own.post("/sharing/preview", &ask).expect(status).text();
        assert!(refused.contains(why), "{ask}: {refused}");
    }
    for role in [Role::Clinician, Role::Auditor, Role::Admin] {
        let other = members.client(LABORATORY, role, None);
        other.post("/sharing/preview", &body).expect(403);
    }
    let stranger = members.client(LABORATORY, Role::Patient, Some("somebody-else"));
    assert!([400, 404, 422].contains(&stranger.post("/sharing/preview", &body).status));
}
