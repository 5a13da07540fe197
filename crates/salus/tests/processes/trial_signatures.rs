//! Values of a trial are signed as they were seen, and asked about until they are clear.

use crate::consortium::eventually;
use crate::http::Http;
use crate::trials::{AGENCY, LAB, NORTH, SPONSOR, Study, row};
use proof::codec::Writer;
use proof::tree::{leaf_hash, root};
use proof::{Canonical, event, policy::Policy, receipt};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_mins(1);
/// Subjects of the site whose visit is signed and asked about; none of them has withdrawn.
const SUBJECTS: [&str; 3] = ["S1-0-005", "S1-0-006", "S1-0-007"];

/// Rows of a study that has some, at a site. None is new afterwards.
pub(crate) fn values_are_signed_and_asked_about(study: &Study) {
    let rows = rows_on_the_screen(study);
    nobody_else_writes_what_is_signed(study, &rows);
    who_may_not_sign(study, &rows);
    let signed = a_signature_is_over_what_was_seen(study, &rows);
    a_later_version_supersedes(study, &rows, &signed);
    a_query_is_answered_and_closed(study, &rows);
    a_query_goes_by_the_rules(study, &rows);
}

/// The lines of the dataset with these subjects, in the order of the ids.
fn rows_on_the_screen(study: &Study) -> Vec<Value> {
    let dataset = study.dataset(NORTH, "clinician");
    let lines = dataset.lines().skip(1);
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_one = |line: &Value| {
        let record = line["record"].as_str().unwrap_or_default();
        SUBJECTS
            .iter()
            .any(|subject| record.contains(&format!("{subject}|V2")))
    };
    let mut rows: Vec<Value> = lines.filter(is_one).collect();
    rows.sort_by_key(|it| it["id"].as_str().unwrap().to_owned());
    assert_eq!(rows.len(), SUBJECTS.len());
    rows
}

fn password(study: &Study, index: usize) -> String {
    let users = study.consortium.organisation(index)["users"]
        .as_array()
        .unwrap();
    let user = users.iter().find(|it| it["role"] == "clinician").unwrap();
    user["password"].as_str().unwrap().to_owned()
}

fn signing(study: &Study, rows: &[Value]) -> Value {
    let rows = rows
        .iter()
        .map(|it| json!({ "id": it["id"], "version": it["version"] }));
    json!({ "rows": rows.collect::<Vec<_>>(), "meaning": "approval", "name": "Dr. Ada North",
        "password": password(study, NORTH) })
}

/// A row is neither replaced by one without its marks nor deleted, and nothing can be slipped in.
fn nobody_else_writes_what_is_signed(study: &Study, rows: &[Value]) {
    let bare = json!({ "resourceType": "QuestionnaireResponse", "id": rows[0]["id"],
        "status": "completed" });
    untouched(study, "QuestionnaireResponse", &rows[0]["id"], &bare);
    let system = format!("urn:salus:trial:{}", study.id);
    let forged = [
        json!({ "resourceType": "QuestionnaireResponse", "status": "completed",
            "identifier": { "system": system, "value": "S1-0-005|V2||||IG.VS|" } }),
        json!({ "resourceType": "Task", "status": "completed", "intent": "order",
            "identifier": [{ "system": system, "value": "x" }] }),
        json!({ "resourceType": "Provenance", "recorded": "2026-11-02T09:00:00Z",
            "meta": { "tag": [{ "system": system, "code": "signature" }] },
            "target": [{ "reference": "QuestionnaireResponse/x" }],
            "agent": [{ "who": { "display": "somebody" } }] }),
    ];
    let token = study.consortium.token(NORTH, "clinician");
    for resource in forged {
        let type_ = resource["resourceType"].as_str().unwrap();
        let url = format!("{}/{type_}", study.consortium.fhir(NORTH));
        let made = Http::new().post(&url, &token, &resource).unwrap();
        assert_eq!(made.status, 403, "{type_}: {}", made.text());
    }
}

/// Neither a PUT nor a DELETE reaches a record.
fn untouched(study: &Study, type_: &str, id: &Value, resource: &Value) {
    let http = Http::new();
    let token = study.consortium.token(NORTH, "clinician");
    let url = format!(
        "{}/{type_}/{}",
        study.consortium.fhir(NORTH),
        id.as_str().unwrap()
    );
    let put = http.put(&url, &token, resource).unwrap();
    assert_eq!(put.status, 403, "{}", put.text());
    let deleted = http.delete(&url, &token).unwrap();
    assert_eq!(deleted.status, 403, "{}", deleted.text());
}

fn who_may_not_sign(study: &Study, rows: &[Value]) {
    let right = signing(study, rows);
    let path = "/signatures";
    study.refused(NORTH, "pharmacist", path, &right, "a clinician does");
    study.refused(SPONSOR, "clinician", path, &right, "only a site");
    let changes = [
        ("/password", json!("not-the-password"), "nothing was signed"),
        ("/rows/1/version", json!(2), "changed since it was shown"),
        ("/rows/1/id", json!("nothing"), "no row of this trial"),
        ("/rows/1/id", rows[0]["id"].clone(), "twice"),
        ("/rows", json!([]), "1 to 10000 rows"),
        ("/name", json!("  "), "printed name"),
        ("/meaning", json!("love"), "approval, authorship"),
    ];
    for (place, value, words) in changes {
        let mut body = right.clone();
        *body.pointer_mut(place).unwrap() = value;
        study.refused(NORTH, "clinician", path, &body, words);
    }
    assert_eq!(signatures(study, NORTH, "clinician"), Vec::<Value>::new());
}

/// All signatures, page after page.
fn signatures(study: &Study, index: usize, role: &str) -> Vec<Value> {
    all(study, (index, role), "signatures")
}

fn all(study: &Study, (index, role): (usize, &str), what: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let path = after.as_ref().map_or_else(
            || format!("/{what}"),
            |after| format!("/{what}?after={}", after.replace(' ', "%20")),
        );
        let page = study.get(index, role, &path);
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        found.extend(page[what].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return found,
        }
    }
}

/// The root is made again from the records alone, and the signature is a record with a receipt.
fn a_signature_is_over_what_was_seen(study: &Study, rows: &[Value]) -> Value {
    let signed = study.does(NORTH, "clinician", "/signatures", &signing(study, rows));
    let leaves = rows.iter().map(|it| {
        let mut leaf = Writer::new();
        leaf.text(study.consortium.id(NORTH));
        leaf.text(it["id"].as_str().unwrap());
        leaf.u64(it["version"].as_u64().unwrap());
        let record = it["record"].as_str().unwrap();
        event::record_digest(record.as_bytes())
            .unwrap()
            .write(&mut leaf);
        leaf_hash(&leaf.into_bytes())
    });
    let made = root(&leaves.collect::<Vec<_>>());
    assert_eq!(signed["root"], made.to_string());
    assert_eq!(signed["state"], "stands");
    assert_eq!(
        (&signed["rows"], &signed["name"]),
        (&json!(SUBJECTS.len()), &json!("Dr. Ada North"))
    );
    let provenance = verified(study, "Provenance", &signed["id"], 1);
    let what = provenance["target"].as_array().unwrap();
    assert_eq!(what.len(), SUBJECTS.len());
    assert_eq!(
        provenance["signature"][0]["who"]["display"],
        "Dr. Ada North"
    );
    untouched(study, "Provenance", &signed["id"], &provenance);
    for (index, role) in [
        (NORTH, "clinician"),
        (SPONSOR, "researcher"),
        (AGENCY, "auditor"),
    ] {
        let seen = signatures(study, index, role);
        assert_eq!(seen, std::slice::from_ref(&signed), "{role}");
    }
    assert!(signatures(study, LAB, "clinician").is_empty());
    signed
}

/// A version of a record at the site, verified with its receipt and the trust file alone.
fn verified(study: &Study, type_: &str, id: &Value, version: u64) -> Value {
    let consortium = &study.consortium;
    let id = id.as_str().unwrap();
    let url = format!("{}/{type_}/{id}/_history/{version}", consortium.fhir(NORTH));
    let token = consortium.token(NORTH, "clinician");
    let record = Http::new().get(&url, &token).unwrap();
    assert_eq!(record.status, 200, "{}", record.text());
    let file = consortium.receipt(NORTH, &url, SOON);
    let policy = Policy::parse(&std::fs::read(consortium.trust()).unwrap()).unwrap();
    let checked = receipt::verify(&file, &policy, Some(&record.body)).unwrap();
    assert!(checked.record_matches, "{url}");
    record.json()
}

fn a_later_version_supersedes(study: &Study, rows: &[Value], signed: &Value) {
    let mut corrected = row(SUBJECTS[0], "V2", "119");
    corrected["reason"] = "the cuff was too small".into();
    assert_eq!(study.captures(NORTH, &[corrected])["changed"], 1);
    study.refused(
        NORTH,
        "clinician",
        "/signatures",
        &signing(study, rows),
        "changed since it was shown",
    );
    let is_changed = |it: &&Value| {
        let record = it["record"].as_str().unwrap();
        record.contains(&format!("{}|V2", SUBJECTS[0]))
    };
    let changed = &rows.iter().find(is_changed).unwrap()["id"];
    let mut superseded = signed.clone();
    superseded["state"] = "superseded".into();
    superseded["later"] = 1.into();
    superseded["later_versions"] = json!([{ "id": changed, "signed": 1, "current": 2 }]);
    assert_eq!(signatures(study, NORTH, "clinician"), [superseded]);
    eventually("the later version has its receipt", SOON, || {
        study.get(NORTH, "clinician", "/dataset").status == 200
    });
    let again = rows_on_the_screen(study);
    study.does(NORTH, "clinician", "/signatures", &signing(study, &again));
    let states = signatures(study, NORTH, "clinician");
    let mut states: Vec<&Value> = states.iter().map(|it| &it["state"]).collect();
    states.sort_by_key(|it| it.as_str());
    assert_eq!(states, ["stands", "superseded"]);
}

fn queries(study: &Study, index: usize, role: &str) -> Vec<Value> {
    all(study, (index, role), "queries")
}

fn a_query_is_answered_and_closed(study: &Study, rows: &[Value]) {
    let site = study.consortium.id(NORTH);
    let question = json!({ "site": site, "row": rows[1]["id"], "item": "IT.SYSBP",
        "text": "Is this the mean of three readings?" });
    let asked = study.does(SPONSOR, "researcher", "/queries", &question);
    assert_eq!(asked["state"], "asked");
    let whose = asked["by"].as_str().unwrap();
    assert!(whose.starts_with(&format!("{}/", study.consortium.id(SPONSOR))));
    let path = format!("/queries/{}/answers", asked["id"].as_str().unwrap());
    let early = json!({ "text": "It is.", "closes": true });
    study.refused(NORTH, "clinician", &path, &early, "closes its query");
    let answer = json!({ "text": "Yes: 110, 112 and 114." });
    let answered = study.does(NORTH, "clinician", &path, &answer);
    assert_eq!(answered["state"], "answered");
    let closing = json!({ "site": site, "text": "Thank you.", "closes": true });
    let other = study.post(AGENCY, "auditor", &path, &closing);
    assert!(
        other.text().contains("between who asked and the site"),
        "{}",
        other.text()
    );
    let closed = study.does(SPONSOR, "researcher", &path, &closing);
    assert_eq!(closed["state"], "closed");
    assert_eq!(closed["answers"][0]["text"], answer["text"]);
    assert_eq!(closed["answers"][1]["by"], asked["by"]);
    study.refused(NORTH, "clinician", &path, &answer, "was closed");
    for (index, role) in [
        (NORTH, "clinician"),
        (SPONSOR, "researcher"),
        (AGENCY, "auditor"),
    ] {
        let seen = queries(study, index, role);
        assert_eq!(seen, std::slice::from_ref(&closed), "{role}");
    }
    assert!(queries(study, LAB, "clinician").is_empty());
    for (version, status) in [(1, "requested"), (2, "in-progress"), (3, "completed")] {
        let task = verified(study, "Task", &asked["id"], version);
        assert_eq!(task["status"], status);
    }
    let task = verified(study, "Task", &asked["id"], 3);
    untouched(study, "Task", &asked["id"], &task);
}

fn a_query_goes_by_the_rules(study: &Study, rows: &[Value]) {
    let own = json!({ "row": rows[2]["id"], "text": "Was the patient at rest?" });
    let asked = study.does(NORTH, "clinician", "/queries", &own);
    let path = format!("/queries/{}/answers", asked["id"].as_str().unwrap());
    let ending = json!({ "text": "At rest, says the nurse.", "closes": true });
    let closed = study.does(NORTH, "clinician", &path, &ending);
    assert_eq!(closed["state"], "closed");

    let site = json!(study.consortium.id(NORTH));
    let right = json!({ "site": site, "row": rows[2]["id"], "text": "Why?" });
    let (path, by) = ("/queries", "researcher");
    study.refused(SPONSOR, "clinician", path, &right, "an auditor does");
    study.refused(LAB, "clinician", path, &own, "no row of this trial");
    study.refused(NORTH, "pharmacist", path, &own, "a clinician does");
    study.refused(LAB, "clinician", path, &right, "no other `site`");
    let agency = json!(study.consortium.id(AGENCY));
    for (place, value, words) in [
        ("/site", Value::Null, "`site` is the site"),
        ("/site", agency, "`site` is the site"),
        ("/row", json!("nothing"), "no row of this trial"),
        ("/text", json!(" "), "`text` has 1 to 4000 bytes"),
        (
            "/text",
            json!("x".repeat(4_001)),
            "`text` has 1 to 4000 bytes",
        ),
    ] {
        let mut body = right.clone();
        *body.pointer_mut(place).unwrap() = value;
        let refused = study.post(SPONSOR, by, path, &body);
        assert!(refused.status >= 400, "{}", refused.text());
        assert!(
            refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
    }
    let mut other = right.clone();
    other["item"] = "IT.WEIGHT".into();
    let refused = study.post(SPONSOR, by, path, &other);
    assert!(
        refused.text().contains("no item of the row"),
        "{}",
        refused.text()
    );
    let lost = json!({ "text": "To what?" });
    study.refused(
        NORTH,
        "clinician",
        "/queries/nothing/answers",
        &lost,
        "not known here",
    );
    assert_eq!(queries(study, NORTH, "clinician").len(), 2);
}
