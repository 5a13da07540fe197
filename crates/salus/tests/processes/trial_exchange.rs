//! Values of a trial as tables, and a trial that is sealed from its study document.

use crate::consortium::eventually;
use crate::http::{Answer, Http};
use crate::trials::{AGENCY, LAB, NORTH, SITES, SOON, SPONSOR, STRATA, Study};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The published material, where it is there.
fn published(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../../../shared/data/trials").join(path);
    if !path.is_file() {
        println!("SKIPPED: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// The demographics of a published study.
fn demographics() -> Option<(PathBuf, Value)> {
    let path = published("dataset-json/examples/sdtm/dm.json")?;
    let bytes = std::fs::read(&path).unwrap();
    Some((path, serde_json::from_slice(&bytes).unwrap()))
}

/// How many rows the published study adds to the trial.
pub(crate) fn published_rows() -> usize {
    demographics().map_or(0, |(_, dm)| dm["rows"].as_array().unwrap().len())
}

/// The metadata of the trial, with an item group for the published dataset.
pub(crate) fn metadata(text: &str) -> String {
    let Some((_, dm)) = demographics() else {
        return text.to_owned();
    };
    let escape = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;");
    let (mut references, mut items) = (Vec::new(), Vec::new());
    for column in dm["columns"].as_array().unwrap() {
        let of = |name: &str| escape(column[name].as_str().unwrap_or_default());
        let key = column["keySequence"].as_u64();
        let key = key.map_or_else(String::new, |it| format!(" KeySequence=\"{it}\""));
        let length = column["length"].as_u64();
        let length = length.map_or_else(String::new, |it| format!(" Length=\"{it}\""));
        let data_type = match column["dataType"].as_str().unwrap() {
            "string" => "text",
            "date" => "partialDate",
            other => other,
        };
        let (oid, name, label) = (of("itemOID"), of("name"), of("label"));
        references.push(format!(
            "<ItemRef ItemOID=\"{oid}\" Mandatory=\"No\"{key}/>"
        ));
        items.push(format!(
            "<ItemDef OID=\"{oid}\" Name=\"{name}\" DataType=\"{data_type}\"{length}>\
             <Description><TranslatedText>{label}</TranslatedText></Description></ItemDef>"
        ));
    }
    let (references, items) = (references.concat(), items.concat());
    let group = format!(
        "<ItemGroupDef OID=\"IG.DM\" Name=\"DM\" Repeating=\"No\"><Description><TranslatedText>\
         {}</TranslatedText></Description>{references}</ItemGroupDef>",
        escape(dm["label"].as_str().unwrap())
    );
    let form = "<FormDef OID=\"F.DM\" Name=\"Demographics\" Repeating=\"No\">\
        <ItemGroupRef ItemGroupOID=\"IG.DM\" Mandatory=\"Yes\"/></FormDef>";
    let with_form = "<FormRef FormOID=\"F.DM\" Mandatory=\"No\"/></StudyEventDef>";
    text.replacen("</StudyEventDef>", with_form, 1)
        .replacen("</FormDef>", &format!("</FormDef>{form}"), 1)
        .replacen("<ItemDef", &format!("{group}<ItemDef"), 1)
        .replacen(
            "</MetaDataVersion>",
            &format!("{items}</MetaDataVersion>"),
            1,
        )
}

fn table(study: &Study, index: usize, role: &str, path: &str) -> Answer {
    let path = format!("/exchange/{path}");
    let mut found = study.get(index, role, &path);
    eventually("all rows have receipts", SOON, || {
        found = study.get(index, role, &path);
        // 502: a site whose rows wait for the ledger says so to whoever asks through another node.
        ![429, 502, 503].contains(&found.status)
    });
    found
}

fn sends(study: &Study, path: &str, (media, body): (&str, &[u8])) -> Answer {
    let url = study.url(NORTH, &format!("/exchange/{path}"));
    let token = study.consortium.token(NORTH, "clinician");
    let http = Http::new();
    http.post_bytes(&url, &token, (media, body)).unwrap()
}

/// What was captured goes out in each form, comes in again and changes nothing but for a reason.
pub(crate) fn tables_come_and_go(study: &Study) {
    let out = table(study, SPONSOR, "researcher", "IG.VS?_format=ndjson");
    assert_eq!(out.status, 200, "{}", out.text());
    let text = out.text();
    let (head, rows) = text.split_once('\n').unwrap();
    let head: Value = serde_json::from_str(head).unwrap();
    assert_eq!(head["itemGroupOID"], "IG.VS");
    assert_eq!(head["name"], "VS");
    let rows: Vec<Value> = rows
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    assert_eq!(head["records"], rows.len());
    let sites: Vec<&str> = SITES.iter().map(|it| study.consortium.id(*it)).collect();
    assert!(
        sites
            .iter()
            .all(|site| rows.iter().any(|row| row[0] == **site))
    );
    let whole = sends(study, "IG.VS", ("application/x-ndjson", text.as_bytes()));
    assert!(
        whole.text().contains("is of another site"),
        "{}",
        whole.text()
    );

    what_comes_back_changes_nothing_but_for_a_reason(study, head, rows);

    let transport = table(study, NORTH, "auditor", "IG.VS?_format=xpt");
    assert!(
        transport.body.starts_with(b"HEADER RECORD"),
        "{}",
        transport.text()
    );
    for (path, status) in [
        ("IG.VS?_format=csv", 406),
        ("IG.NONE", 404),
        ("IG.VS?_format=dsjc", 200),
    ] {
        let answer = table(study, AGENCY, "auditor", path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    a_published_dataset_comes_out_as_it_came(study);
}

fn what_comes_back_changes_nothing_but_for_a_reason(
    study: &Study,
    mut head: Value,
    rows: Vec<Value>,
) {
    let place = |name: &str| {
        let columns = head["columns"].as_array().unwrap();
        columns.iter().position(|it| it["name"] == name).unwrap()
    };
    let (subject, visit, value) = (place("KEYSUBJ"), place("KEYEVENT"), place("Systolic"));
    assert_eq!(head["columns"][value]["dataType"], "integer");
    // Those of this site who still take part.
    let own = rows.into_iter().filter(|row| {
        let withdrawn = row[subject] == format!("S{NORTH}-0-000");
        row[0] == study.consortium.id(NORTH) && !withdrawn && row[visit] == "V2"
    });
    let mut own: Vec<Value> = own.collect();
    head["records"] = own.len().into();
    let lines = |own: &[Value]| {
        let rows = own.iter().map(ToString::to_string).collect::<Vec<_>>();
        format!("{head}\n{}\n", rows.join("\n")).into_bytes()
    };
    let media = "application/x-ndjson";
    let again = sends(study, "IG.VS", (media, &lines(&own)));
    assert_eq!(again.json()["same"], own.len(), "{}", again.text());
    own[9][value] = 171.into();
    let silent = sends(study, "IG.VS", (media, &lines(&own)));
    assert!(
        silent.text().contains("a change has a `reason`"),
        "{}",
        silent.text()
    );
    let path = "IG.VS?reason=read%20again%20from%20the%20source";
    let changed = sends(study, path, (media, &lines(&own)));
    assert_eq!(changed.json()["changed"], 1, "{}", changed.text());
    own[3][value] = "14x".into();
    let wrong = sends(study, path, (media, &lines(&own)));
    assert!(
        wrong.text().contains(&format!("/rows/3/{value}")),
        "{}",
        wrong.text()
    );
}

fn a_published_dataset_comes_out_as_it_came(study: &Study) {
    let Some((path, dm)) = demographics() else {
        return;
    };
    let rows = dm["rows"].as_array().unwrap();
    let names = rows.iter().map(|row| row[2].as_str().unwrap().to_owned());
    let people: Vec<String> = names.collect();
    let mapping = "IG.DM?subject=USUBJID&event=V1";
    let json = std::fs::read(&path).unwrap();
    let early = sends(study, mapping, ("application/json", &json));
    assert!(
        early.text().contains(&people[0]),
        "not enrolled: {}",
        early.text()
    );
    study.enrols(NORTH, STRATA[0], &people);
    for (extension, kind) in [
        ("json", "new"),
        ("ndjson", "same"),
        ("dsjc", "same"),
        ("xpt", "same"),
    ] {
        let bytes = std::fs::read(path.with_extension(extension)).unwrap();
        let taken = sends(study, mapping, ("application/octet-stream", &bytes));
        assert_eq!(taken.status, 201, "{extension}: {}", taken.text());
        assert_eq!(
            taken.json()[kind],
            people.len(),
            "{extension}: {}",
            taken.text()
        );
    }
    let out = table(study, AGENCY, "auditor", "IG.DM?keys=false");
    let out = out.json();
    assert_eq!(out["rows"], dm["rows"], "row by row as it was published");
    assert_eq!(out["columns"], dm["columns"]);
    eventually("the sponsor has opened its half", SOON, || {
        let seen = study.participants(NORTH, "pharmacist");
        seen.iter().all(|it| it["is_opened"] == true)
    });
}

/// Title, arms and endpoints are read out of a published study, which every party gets back whole.
pub(crate) fn a_study_is_sealed_from_its_document(study: &Study) {
    let Some(path) = published("usdm/CDISC_Pilot_Study.json") else {
        return;
    };
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let http = Http::new();
    let token = study.consortium.token(SPONSOR, "researcher");
    let url = format!("{}/trials", study.consortium.base(SPONSOR));
    let parties = [NORTH, LAB]
        .map(|index| json!({ "organisation": study.consortium.id(index), "role": "site" }));
    let mut body = json!({ "protocol": { "block": 6, "strata": ["all"], "slots": 60,
        "title": "another title", "usdm": document }, "parties": parties, "quorum": 2 });
    let other = http.post(&url, &token, &body).unwrap();
    assert!(
        other.text().contains("`title` is not what the USDM"),
        "{}",
        other.text()
    );
    body["protocol"].as_object_mut().unwrap().remove("title");
    let sealed = http.post(&url, &token, &body).unwrap();
    assert_eq!(sealed.status, 201, "{}", sealed.text());
    let id = sealed.json()["id"].as_str().unwrap().to_owned();
    let read = |index: usize, path: &str| {
        let token = study.consortium.token(index, "clinician");
        let url = format!("{}/trials/{id}{path}", study.consortium.base(index));
        http.get(&url, &token).unwrap()
    };
    let mut seen = Value::Null;
    eventually("the protocol arrives", SOON, || {
        seen = read(NORTH, "").json();
        seen["versions"][0]["protocol"].is_object()
    });
    let protocol = &seen["versions"][0]["protocol"];
    let arms = protocol["arms"].as_array().unwrap();
    let arms: Vec<&str> = arms.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(
        arms,
        ["Placebo", "Xanomeline Low Dose", "Xanomeline High Dose"]
    );
    assert_eq!(protocol["endpoints"].as_array().unwrap().len(), 11);
    assert!(protocol["usdm"].is_null(), "it has an address of its own");
    let back = read(NORTH, "/protocol/usdm");
    assert_eq!(
        back.text(),
        document.to_string(),
        "members and numbers as they were"
    );
    let asked = read(NORTH, "/registration").json();
    let element = |name: &str| {
        let all = asked["elements"].as_array().unwrap();
        all.iter()
            .find(|it| it["element"] == name)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(element("Number of Arms")["value"], "3", "{asked}");
    assert!(!asked["gaps"].as_array().unwrap().is_empty());

    let plain = study.get(AGENCY, "auditor", "/registration").json();
    let title = &plain["elements"][1];
    assert_eq!(title["value"], "MARKER-TRIAL of two doses", "{plain}");
    let gaps = plain["gaps"].to_string();
    assert!(gaps.contains("Study Phase"), "{gaps}");
    assert_eq!(study.get(AGENCY, "auditor", "/protocol/usdm").status, 404);
}
