//! A patient who shared is erased: at home, at the clinic, and provably.

use crate::consortium::{Consortium, eventually, salus, signal};
use crate::sharing::{CLINIC, HOME, SOON, Visit};
use serde_json::json;
use std::time::Duration;

#[test]
fn what_was_shared_is_erased_everywhere_and_the_certificate_says_so() {
    let mut consortium = Consortium::start(2);
    let visit = Visit::begin(&consortium);
    assert_eq!(visit.bring(&visit.code()).status, 201);
    visit.consents(&visit.consent());
    assert!(!visit.read("Observation?").ids().is_empty());
    assert_eq!(clinic_links(&visit), 1);

    // The clinic is away: what is at home is gone all the same, and the clinic is told later.
    signal("STOP", consortium.pid(CLINIC));
    let path = format!("/fhir/Patient/{}/$erase", visit.home_id);
    let begun = visit.post(HOME, &path, &visit.patient, &json!({}));
    assert_eq!(begun.status, 202, "{}", begun.text());
    let begun = begun.json();

    let status = format!(
        "/erasures/{}?key={}",
        begun["erasure"].as_str().unwrap(),
        begun["key"].as_str().unwrap()
    );
    let told = visit.get_own(HOME, &status).json();
    assert_eq!(told["complete"], false, "{told}");
    assert_eq!(told["missing"], json!([consortium.id(CLINIC)]), "{told}");
    let certificate = begun["certificate"].as_str().unwrap();
    assert_eq!(visit.get_own(HOME, certificate).status, 202);
    signal("CONT", consortium.pid(CLINIC));
    eventually("the clinic attests", Duration::from_mins(1), || {
        let told = visit.get_own(HOME, &status).json();
        let attested = told["attested"].to_string();
        told["complete"] == true && attested.contains(consortium.id(CLINIC))
    });
    assert_eq!(clinic_links(&visit), 0, "the clinic holds nothing of it");
    assert!(visit.read("Observation?").ids().is_empty());
    // The clinic's own record of the visitor is the clinic's.
    let own = format!("/fhir/Patient/{}", visit.clinic_id);
    let own = format!("{}{own}", consortium.base(CLINIC));
    assert_eq!(visit.http.get(&own, &visit.clinic).unwrap().status, 200);

    let file = consortium.folder.path().join("erased.certificate");
    eventually("the certificate is there", SOON, || {
        let answer = visit.get_own(HOME, certificate);
        std::fs::write(&file, answer.text()).unwrap();
        answer.status == 200
    });
    let trust = consortium.trust();
    let verified = salus(&[
        "verify",
        file.to_str().unwrap(),
        "--trust",
        trust.to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{said}");
    for holder in [HOME, CLINIC] {
        let line = format!("attested by  {}", consortium.id(holder));
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = said.lines().any(|line| {
            let found: Vec<&str> = line.split_whitespace().collect();
            found.starts_with(&words)
        });
        assert!(told, "{said}");
    }
    consortium.stop();
    assert_eq!(held(&consortium), 0);
    for holder in [HOME, CLINIC] {
        let dir = consortium.org_dir(holder);
        let audited = salus(&["audit", "--dir", dir.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&audited.stdout).into_owned();
        assert!(audited.status.success(), "{said}");
    }
}

/// How many grants and links are in the clinic's database.
fn held(consortium: &Consortium) -> usize {
    let path = consortium.org_dir(CLINIC).join("records.db");
    let store = store::Store::open_read_only(&path, &store::Options::default()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    [store::PactKind::Held, store::PactKind::Link]
        .map(|kind| runtime.block_on(store.pacts(kind)).unwrap().len())
        .iter()
        .sum()
}

/// How many organisations the clinic knows its visitor at.
fn clinic_links(visit: &Visit<'_>) -> usize {
    let path = format!("/sharing/links?patient={}", visit.clinic_id);
    let url = format!("{}{path}", visit.consortium.base(CLINIC));
    let answer = visit.http.get(&url, &visit.clinic).unwrap().json();
    answer["organisations"].as_array().unwrap().len()
}
