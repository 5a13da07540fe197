//! What names several patients goes with whoever is erased, and nobody is surprised by it.

use hospital::Role;
use rusqlite::Connection;
use serde_json::{Value, json};
use vault::{KeyTree, RootKey};

use super::common::{Client, SEEDS, World};
use super::{audited, seven, ward};

/// About `p1`, measured by `p7`.
fn measured(id: &str, by: Option<&str>) -> Value {
    let mut observation = json!({ "resourceType": "Observation", "id": id, "status": "final",
        "code": { "coding": [{ "system": "http://loinc.org", "code": "2-8" }] },
        "subject": { "reference": "Patient/p1" } });
    if let Some(by) = by {
        observation["performer"] = json!([{ "reference": by }]);
    }
    observation
}

/// Four records in which `p1` and `p7` have a part, and one of `p7` alone in no compartment.
fn shared_ward() -> World {
    let world = ward();
    let client = world.clinician();
    for id in ["amended", "gone", "given"] {
        let path = format!("/fhir/Observation/{id}");
        client
            .put(&path, &measured(id, Some("Patient/p7")))
            .expect(201);
    }
    let mut focused = measured("focused", None);
    focused["focus"] = json!([{ "reference": "Patient/p7" }]);
    client
        .put("/fhir/Observation/focused", &focused)
        .expect(201);
    let task = json!({ "resourceType": "Task", "id": "t7", "status": "requested",
        "intent": "order", "for": { "reference": "Patient/p7" } });
    client.put("/fhir/Task/t7", &task).expect(201);
    world
}

fn shared(admin: &Client) -> Vec<String> {
    let told = admin.get("/erasures/preview?patient=p7").expect(200).json();
    let shared = told["shared"].as_array().unwrap().iter();
    shared
        .map(|it| {
            assert_eq!(it["also"], json!(["p1"]), "{it}");
            it["record"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn records_of_several_are_decided_about_before_and_go_with_the_erased() {
    let world = shared_ward();
    let (client, admin) = (world.clinician(), world.client(Role::Admin, None));
    let erase = |by: &Client, body: &Value| by.post("/fhir/Patient/p7/$erase", body);
    client.get("/erasures/preview?patient=p7").expect(403);
    seven(&world)
        .get("/erasures/preview?patient=p7")
        .expect(403);
    admin.get("/erasures/preview?patient=nobody").expect(404);
    let all = ["amended", "focused", "given", "gone"].map(|id| format!("Observation/{id}"));
    assert_eq!(shared(&admin), all);

    // Neither the patient nor an administrator takes along what nobody decided about.
    let refused = erase(&seven(&world), &json!({})).expect(409);
    assert!(
        refused.text().contains("/erasures/preview"),
        "{}",
        refused.text()
    );
    assert!(
        !refused.text().contains("Observation/"),
        "{}",
        refused.text()
    );
    erase(&seven(&world), &json!({ "shared": all })).expect(403);
    erase(&admin, &json!({ "words": "x", "shared": all[1..] })).expect(409);
    client.get("/fhir/Patient/p7").expect(200);

    // One is amended, one deleted, the two others go.
    let path = "/fhir/Observation/amended";
    client.put(path, &measured("amended", None)).expect(200);
    client.delete("/fhir/Observation/gone").expect(204);
    assert_eq!(shared(&admin), [all[1].as_str(), &all[2]]);
    erase(&admin, &json!({ "words": "x", "shared": all })).expect(409);
    let copy = copied(&world);
    let decided = json!({ "words": "letter", "shared": [all[1], all[2]] });
    // A hold on the other one is a hold on what both are in.
    let hold = json!({ "patient": "p1", "words": "case 12" });
    admin.post("/erasures/holds", &hold).expect(201);
    let refused = erase(&admin, &decided).expect(409);
    assert!(
        refused.text().contains("a legal hold"),
        "{}",
        refused.text()
    );
    let preview = admin.get("/erasures/preview?patient=p7").expect(200);
    assert_eq!(preview.json()["held"], true);
    let lift = hold.to_string();
    admin
        .send("DELETE", "/erasures/holds", &[], Some(lift.as_bytes()))
        .expect(200);
    erase(&admin, &decided).expect(202);

    for (path, status) in [
        ("/fhir/Observation/amended", 200),
        ("/fhir/Observation/amended/_history/1", 404),
        ("/fhir/Observation/given", 404),
        ("/fhir/Observation/focused", 404),
        ("/fhir/Observation/gone", 404),
        ("/fhir/Task/t7", 404),
        ("/fhir/Patient/p1", 200),
    ] {
        client.get(path).expect(status);
    }
    for search in [
        "Observation?performer=Patient/p7",
        "Observation?focus=Patient/p7",
        "Task?patient=p7",
    ] {
        let found = client.get(&format!("/fhir/{search}&_total=accurate"));
        assert_eq!(found.expect(200).json()["total"], 0, "{search}");
    }
    // The other patient is told what went.
    let one = world.client(Role::Patient, Some("p1"));
    let log = one
        .get("/fhir/AuditEvent?patient=p1&_count=200")
        .expect(200)
        .json();
    let entries = log["entry"].as_array().unwrap().iter();
    let told: Vec<String> = entries
        .map(|entry| entry["resource"].to_string())
        .filter(|event| event.contains("\"erase\""))
        .collect();
    let [told] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(
        told.contains(&all[1]) && told.contains(&all[2]) && !told.contains("p7"),
        "{told}"
    );
    // Its receipt is as good as ever.
    client
        .receipt("/fhir/Observation/amended/_history/2")
        .expect(200);

    assert_eq!(opening(&world, &copy), ["Patient/p1", "organisation"]);
    assert_eq!(audited(world, |_| {}), [""; 0]);
}

#[test]
fn a_consent_that_holds_for_another_is_amended_and_does_not_go() {
    let world = ward();
    let admin = world.client(Role::Admin, None);
    let one = world.client(Role::Patient, Some("p1"));
    let code = |system: &str, code: &str| {
        let system = format!("http://terminology.hl7.org/CodeSystem/{system}");
        json!({ "system": system, "code": code })
    };
    let refusal = json!({
        "resourceType": "Consent", "status": "active",
        "scope": { "coding": [code("consentscope", "patient-privacy")] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
        "patient": { "reference": "Patient/p1" }, "performer": [{ "reference": "Patient/p7" }],
        "policy": [{ "uri": "https://salus.example/policy/sharing" }],
        "provision": { "type": "deny", "purpose": [code("v3-ActReason", "BTG")] },
    });
    let filed = one.post("/fhir/Consent/$fileConsent", &refusal).expect(201);
    let mut filed = filed.json()["parameter"][0]["resource"].clone();
    let name = format!("Consent/{}", filed["id"].as_str().unwrap());
    assert_eq!(shared(&admin), [name.as_str()]);
    let decided = json!({ "words": "letter", "shared": [name] });
    let refused = admin.post("/fhir/Patient/p7/$erase", &decided).expect(409);
    assert!(
        refused.text().contains("a consent of another patient"),
        "{}",
        refused.text()
    );
    filed["performer"] = json!([{ "reference": "Patient/p1" }]);
    world
        .clinician()
        .put(&format!("/fhir/{name}"), &filed)
        .expect(200);
    super::erase(&world);
    world.clinician().get(&format!("/fhir/{name}")).expect(200);
    // What holds is read again at the next start.
    world.wait(world.hospital.read_consents()).unwrap();
    assert_eq!(audited(world, |_| {}), [""; 0]);
}

/// A backup of the database, whole.
fn copied(world: &World) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(world.dir.join("store.db")).unwrap();
    let copy = folder.path().join("store.db");
    database
        .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
        .unwrap();
    folder
}

/// The keys in a copy that open with the tree of now; the copy has one of both patients.
fn opening(world: &World, copy: &tempfile::TempDir) -> Vec<String> {
    let root = RootKey::from_bytes(&SEEDS.root);
    let tree = KeyTree::open(&world.dir.join("keys.tree"), &root).unwrap();
    let path = copy.path().join("store.db");
    let store = store::Store::open_read_only(&path, &store::Options::default()).unwrap();
    let keys = world.wait(store.scan_vault_keys("", 100)).unwrap();
    assert!(keys.iter().any(|key| key.id == "Patient/p1 Patient/p7"));
    let opens =
        |key: &&store::NewVaultKey| root.open_vault_key_in(&tree, &key.id, &key.wrapped).is_ok();
    keys.iter()
        .filter(opens)
        .map(|key| key.id.clone())
        .collect()
}

#[test]
fn whoever_is_erased_acts_for_nobody_and_nobody_acts_for_them() {
    let world = ward();
    world.add_user("user-of-one", Role::Patient, Some("p1"));
    let clinician = world.clinician();
    let path = "/identity/delegations";
    let until = hospital::instant::fhir(world.hospital.now_us() + 86_400 * 1_000_000);
    let mut made = Vec::new();
    for (patient, delegate) in [("p1", "user-of-seven"), ("p7", "user-of-one")] {
        let form = json!({ "patient": patient, "delegate": delegate, "kind": "guardian",
            "until": until });
        made.push(clinician.post(path, &form).expect(201).json());
    }
    let acting = |username: &str, patient: &str| {
        let client = world.client_named(username, Role::Patient);
        let path = format!("/fhir/Patient/{patient}");
        client
            .send("GET", &path, &[("acting-for", patient)], None)
            .status
    };
    assert_eq!(acting("user-of-seven", "p1"), 200);
    assert_eq!(acting("user-of-one", "p7"), 200);
    super::erase(&world);
    assert_eq!(acting("user-of-seven", "p1"), 404);
    assert_eq!(acting("user-of-one", "p7"), 404);
    // The end is told in the record of the one who is left.
    let steps = world.hospital.store().delegations_of("p1");
    let steps = world.wait(steps).unwrap();
    assert_eq!(
        (steps.len(), steps[1].number, steps[1].by.as_str()),
        (2, 2, "st-mary")
    );
    assert_eq!(made[0]["id"], steps[1].id.as_str());
    let told = format!("/fhir/Provenance/{}", steps[1].record);
    let told = clinician.get(&told).expect(200);
    assert!(told.text().contains("guardian-ended"), "{}", told.text());
    let of_seven = world.hospital.store().delegations_of("p7");
    assert_eq!(world.wait(of_seven).unwrap(), []);
    assert_eq!(audited(world, |_| {}), [""; 0]);
}
