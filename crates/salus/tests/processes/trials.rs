//! A whole trial: sealed, amended, drawn by two hands, captured, locked, opened and reported.

use crate::consortium::{Consortium, SALUS, eventually};
use crate::damaged::{audit, restore};
use crate::device::root_key;
use crate::http::{Answer, Http};
use crate::openings::secrets_of;
use crate::packs::stands_nowhere;
use crate::trial_signatures::values_are_signed_and_asked_about;
use proof::{Digest, receipt};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;
use trial::allocation::{Design, Draw, Half};

pub(crate) const SPONSOR: usize = 0;
pub(crate) const NORTH: usize = 1;
pub(crate) const LAB: usize = 2;
pub(crate) const AGENCY: usize = 3;
pub(crate) const SITES: [usize; 2] = [NORTH, LAB];
pub(crate) const STRATA: [&str; 2] = ["under 65", "65 and over"];
const SLOTS: u32 = 120;
/// Of each stratum at each site.
const ENROLLED: usize = 100;
const SOON: Duration = Duration::from_secs(60);

/// A trial among the four of the demo.
pub(crate) struct Study {
    pub(crate) consortium: Consortium,
    http: Http,
    pub(crate) id: String,
}

pub(crate) fn endpoint(id: &str, rank: &str, timing: &str) -> Value {
    json!({ "id": id, "name": format!("change in {id}"), "rank": rank,
        "measure": "mmHg, mean of three readings", "timing": timing, "analysis": "ANCOVA" })
}

pub(crate) fn protocol(timing: &str) -> Value {
    json!({
        "title": "MARKER-TRIAL of two doses",
        "arms": [{ "name": "MARKER-HIGH", "ratio": 1 }, { "name": "MARKER-LOW", "ratio": 1 }],
        "block": 4, "strata": STRATA, "slots": SLOTS,
        "endpoints": [endpoint("SYSBP", "primary", timing), endpoint("PULSE", "secondary", "week 4")],
        "analysis_plan": "intention to treat",
        "metadata": METADATA,
    })
}

/// The forms: two items of one group, at five visits.
const METADATA: &str = r#"<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot"
  FileOID="F.META" CreationDateTime="2026-11-26T08:00:00Z" ODMVersion="1.3.2">
 <Study OID="S.1"><GlobalVariables><StudyName>Two doses</StudyName>
  <StudyDescription>of one drug</StudyDescription><ProtocolName>TD-1</ProtocolName></GlobalVariables>
  <MetaDataVersion OID="MDV.1" Name="first">
   <Protocol><StudyEventRef StudyEventOID="V1" Mandatory="Yes"/>
    <StudyEventRef StudyEventOID="V2" Mandatory="Yes"/><StudyEventRef StudyEventOID="V3" Mandatory="No"/>
    <StudyEventRef StudyEventOID="V5" Mandatory="No"/></Protocol>
   <StudyEventDef OID="V1" Name="V1" Repeating="No" Type="Scheduled"><FormRef FormOID="F.VS" Mandatory="Yes"/></StudyEventDef>
   <StudyEventDef OID="V2" Name="V2" Repeating="No" Type="Scheduled"><FormRef FormOID="F.VS" Mandatory="Yes"/></StudyEventDef>
   <StudyEventDef OID="V3" Name="V3" Repeating="No" Type="Scheduled"><FormRef FormOID="F.VS" Mandatory="Yes"/></StudyEventDef>
   <StudyEventDef OID="V5" Name="V5" Repeating="No" Type="Scheduled"><FormRef FormOID="F.VS" Mandatory="Yes"/></StudyEventDef>
   <FormDef OID="F.VS" Name="Vital signs" Repeating="No"><ItemGroupRef ItemGroupOID="IG.VS" Mandatory="Yes"/></FormDef>
   <ItemGroupDef OID="IG.VS" Name="Vital signs" Repeating="No"><ItemRef ItemOID="IT.SYSBP" Mandatory="Yes"/>
    <ItemRef ItemOID="IT.NOTE" Mandatory="No"/></ItemGroupDef>
   <ItemDef OID="IT.SYSBP" Name="Systolic" DataType="integer" Length="3"/>
   <ItemDef OID="IT.NOTE" Name="Note" DataType="text" Length="200"/>
  </MetaDataVersion></Study></ODM>"#;

/// Two acts on one value, as an electronic data capture system tells of them.
fn odm_of(subject: &str, value: &str) -> String {
    format!(
        r#"<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Transactional" FileOID="F.1"
  CreationDateTime="2026-11-26T09:00:00Z" ODMVersion="1.3.2">
 <ClinicalData StudyOID="S.1" MetaDataVersionOID="MDV.1"><SubjectData SubjectKey="{subject}">
  <StudyEventData StudyEventOID="V5"><FormData FormOID="F.VS">
   <ItemGroupData ItemGroupOID="IG.VS" TransactionType="Insert">
    <ItemData ItemOID="IT.SYSBP" Value="{value}"><AuditRecord><UserRef UserOID="U.9"/>
     <LocationRef LocationOID="L.9"/><DateTimeStamp>2026-11-26T08:59:00Z</DateTimeStamp></AuditRecord></ItemData>
   </ItemGroupData>
   <ItemGroupData ItemGroupOID="IG.VS" TransactionType="Update">
    <ItemData ItemOID="IT.SYSBP" Value="144"><AuditRecord><UserRef UserOID="U.9"/>
     <LocationRef LocationOID="L.9"/><DateTimeStamp>2026-11-26T09:00:00Z</DateTimeStamp>
     <ReasonForChange>read again from the source</ReasonForChange></AuditRecord></ItemData>
   </ItemGroupData>
  </FormData></StudyEventData></SubjectData></ClinicalData></ODM>"#
    )
}

pub(crate) fn row(subject: &str, visit: &str, systolic: &str) -> Value {
    json!({ "subject": subject, "event": visit, "form": "F.VS", "group": "IG.VS",
        "items": [{ "oid": "IT.SYSBP", "value": systolic }, { "oid": "IT.NOTE", "value": null }] })
}

impl Study {
    /// A trial that both sites have accepted, with their lists sealed.
    pub(crate) fn open() -> Self {
        let mut study = Self {
            consortium: Consortium::start(0),
            http: Http::new(),
            id: String::new(),
        };
        study.seal();
        for site in SITES {
            study.arrives(site, 1);
            study.does(site, "clinician", "/acceptance", &json!({ "version": 1 }));
        }
        study.lists_are_sealed();
        study
    }

    fn seal(&mut self) {
        let parties = [(LAB, "site"), (AGENCY, "regulator"), (NORTH, "site")];
        let parties = parties.map(
            |(index, role)| json!({ "organisation": self.consortium.id(index), "role": role }),
        );
        let body = json!({ "protocol": protocol("week 12"), "parties": parties, "quorum": 3 });
        self.who_may_not_seal(&body);
        let sealed = self.post(SPONSOR, "researcher", "", &body);
        assert_eq!(sealed.status, 201, "{}", sealed.text());
        sealed.json()["id"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.id);
    }

    fn who_may_not_seal(&self, body: &Value) {
        let by_clinician = self.post(SPONSOR, "clinician", "", body);
        assert_eq!(by_clinician.status, 403, "{}", by_clinician.text());
        let wrong = [
            ("/protocol/block", json!(3), "multiple of the sum"),
            ("/protocol/endpoints", json!([]), "endpoints"),
            ("/protocol/endpoints/0/rank", json!("main"), "rank"),
            ("/protocol/endpoints/1/id", json!("SYSBP"), "two endpoints"),
            ("/protocol/strata", json!([]), "strata"),
            ("/protocol/arms/0/ratio", json!(0), "ratio"),
            (
                "/parties/0/role",
                json!("sponsor"),
                "site, monitor or regulator",
            ),
            ("/parties/0/organisation", json!("nobody"), "each a member"),
            ("/quorum", json!(1), "quorum"),
        ];
        for (place, value, words) in wrong {
            let mut body = body.clone();
            *body.pointer_mut(place).unwrap() = value;
            let refused = self.post(SPONSOR, "researcher", "", &body);
            assert_eq!(refused.status / 100, 4, "{place}: {}", refused.text());
            assert!(
                refused.text().contains(words),
                "{place}: {}",
                refused.text()
            );
        }
    }

    fn url(&self, index: usize, path: &str) -> String {
        let slash = if self.id.is_empty() { "" } else { "/" };
        let base = self.consortium.base(index);
        format!("{base}/trials{slash}{}{path}", self.id)
    }

    pub(crate) fn post(&self, index: usize, role: &str, path: &str, body: &Value) -> Answer {
        let token = self.consortium.token(index, role);
        self.http
            .post(&self.url(index, path), &token, body)
            .unwrap()
    }

    pub(crate) fn get(&self, index: usize, role: &str, path: &str) -> Answer {
        let token = self.consortium.token(index, role);
        self.http.get(&self.url(index, path), &token).unwrap()
    }

    pub(crate) fn does(&self, index: usize, role: &str, path: &str, body: &Value) -> Value {
        let done = self.post(index, role, path, body);
        assert_eq!(done.status / 100, 2, "{path} {body}: {}", done.text());
        done.json()
    }

    pub(crate) fn refused(&self, index: usize, role: &str, path: &str, body: &Value, why: &str) {
        let done = self.post(index, role, path, body);
        assert_eq!(done.status / 100, 4, "{path} {body}: {}", done.text());
        assert!(done.text().contains(why), "{why}: {}", done.text());
    }

    pub(crate) fn seen(&self, index: usize) -> Value {
        let seen = self.get(index, "auditor", "");
        assert_eq!(seen.status, 200, "{}", seen.text());
        seen.json()
    }

    pub(crate) fn arrives(&self, index: usize, version: u64) {
        eventually("the protocol arrives", SOON, || {
            let seen = self.get(index, "auditor", "");
            seen.status == 200 && {
                let all = seen.json()["versions"].clone();
                let last = all
                    .as_array()
                    .and_then(|it| it.last().cloned())
                    .unwrap_or_default();
                last["version"] == version && last["protocol"].is_object()
            }
        });
    }

    fn lists_are_sealed(&self) {
        eventually("both lists are sealed", SOON, || {
            let sites = self.seen(SPONSOR)["sites"].clone();
            let sites = sites.as_array().unwrap();
            sites.len() == 2 && sites.iter().all(|it| it["is_listed"] == true)
        });
    }

    pub(crate) fn enrols(&self, site: usize, stratum: &str, subjects: &[String]) {
        let people = subjects.iter().map(|subject| {
            json!({ "subject": subject, "stratum": stratum, "consent": "signed, version in force" })
        });
        let body = json!({ "participants": people.collect::<Vec<_>>() });
        self.does(site, "clinician", "/participants", &body);
    }

    pub(crate) fn participants(&self, site: usize, role: &str) -> Vec<Value> {
        let seen = self.get(site, role, "/participants");
        assert_eq!(seen.status, 200, "{}", seen.text());
        seen.json()["participants"].as_array().unwrap().clone()
    }

    pub(crate) fn captures(&self, site: usize, rows: &[Value]) -> Value {
        self.does(site, "clinician", "/rows", &json!({ "rows": rows }))
    }

    /// The whole dataset as the sponsor gets it, once all rows have receipts.
    pub(crate) fn dataset(&self, index: usize, role: &str) -> String {
        let (mut text, mut after) = (String::new(), None::<String>);
        loop {
            let path = after.as_ref().map_or_else(
                || "/dataset".to_owned(),
                |after| format!("/dataset?after={}", after.replace(' ', "%20")),
            );
            let mut page = self.get(index, role, &path);
            eventually("all rows have receipts", SOON, || {
                page = self.get(index, role, &path);
                page.status == 200
            });
            let lines = page.text();
            let head: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
            text += &lines;
            match head["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => return text,
            }
        }
    }

    pub(crate) fn verifies(&self, dataset: &str) -> (bool, String) {
        let file = self.consortium.folder.path().join("dataset.ndjson");
        std::fs::write(&file, dataset).unwrap();
        let output = Command::new(SALUS)
            .arg("verify")
            .arg(&file)
            .arg("--trust")
            .arg(self.consortium.trust())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        (output.status.success(), said)
    }
}

fn subjects(site: usize, stratum: usize, numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers
        .map(|it| format!("S{site}-{stratum}-{it:03}"))
        .collect()
}

#[test]
fn a_whole_trial_is_sealed_run_locked_opened_and_reported() {
    let study = Study::open();
    no_hand_holds_the_other(&study);
    an_amendment_asks_those_enrolled_again(&study);
    enrolment_is_balanced_and_blind(&study);
    values_change_with_a_reason_and_only_while_they_may(&study);
    values_are_signed_and_asked_about(&study);
    odm_comes_and_goes(&study);
    let dataset = study.dataset(SPONSOR, "researcher");
    every_row_verifies_and_a_changed_one_does_not(&study, &dataset);
    the_quorum_locks(&study);
    the_list_is_the_one_that_was_sealed(&study);
    a_report_is_bound_to_the_lock(&study);
    every_act_has_a_receipt(&study);
    what_an_administrator_changes_is_named(study);
}

/// The secret of each hand is at its own node and at no other, and no arm is anywhere.
fn no_hand_holds_the_other(study: &Study) {
    let consortium = &study.consortium;
    let all: Vec<BTreeMap<String, Vec<u8>>> =
        (0..4).map(|index| secrets_of(consortium, index)).collect();
    for site in SITES {
        let name = format!("trial-hand-{}-{}", study.id, consortium.id(site));
        let (sponsor, own) = (&all[SPONSOR][&name], &all[site][&name]);
        assert_ne!(sponsor, own);
        for (index, kept) in all.iter().enumerate() {
            for (other, secret) in [(SPONSOR, sponsor), (site, own)] {
                if index != other {
                    let found = kept.values().any(|it| it == secret);
                    assert!(!found, "{index} holds the hand of {other}");
                }
            }
        }
        for index in 0..4 {
            stands_nowhere(&consortium.org_dir(index), &[sponsor, own, b"MARKER-HIGH"]);
        }
    }
}

fn an_amendment_asks_those_enrolled_again(study: &Study) {
    let early = subjects(NORTH, 0, 0..2);
    study.enrols(NORTH, STRATA[0], &early);
    let twice = json!({ "participants": [
        { "subject": early[0], "stratum": STRATA[0], "consent": "signed" }] });
    study.refused(
        NORTH,
        "clinician",
        "/participants",
        &twice,
        "enrolled already",
    );
    let nowhere = json!({ "participants": [
        { "subject": "X", "stratum": "middle", "consent": "signed" }] });
    study.refused(NORTH, "clinician", "/participants", &nowhere, "no stratum");
    study.captures(NORTH, &[row(&early[0], "V1", "120")]);

    let reason = "the sponsor learned that week 12 is too early";
    let amended = json!({ "protocol": protocol("week 16"), "reason": reason, "reconsent": true });
    let mut other_list = amended.clone();
    other_list["protocol"]["block"] = 8.into();
    study.refused(
        SPONSOR,
        "researcher",
        "/amendments",
        &other_list,
        "arms, block",
    );
    study.does(SPONSOR, "researcher", "/amendments", &amended);
    for site in SITES {
        study.arrives(site, 2);
    }
    let late = json!({ "participants": [
        { "subject": "LATE", "stratum": STRATA[0], "consent": "signed" }] });
    study.refused(NORTH, "clinician", "/participants", &late, "acceptance");
    let old = json!({ "version": 1 });
    study.refused(NORTH, "clinician", "/acceptance", &old, "the version is 2");
    for site in SITES {
        study.does(site, "clinician", "/acceptance", &json!({ "version": 2 }));
    }
    let rows = json!({ "rows": [row(&early[1], "V1", "121")] });
    study.refused(
        NORTH,
        "clinician",
        "/rows",
        &rows,
        "consent to version 2 first",
    );
    for subject in &early {
        let path = format!("/participants/{subject}/consent");
        study.does(
            NORTH,
            "clinician",
            &path,
            &json!({ "consent": "signed again" }),
        );
    }
    study.captures(NORTH, &[row(&early[1], "V1", "121")]);
    let versions = study.seen(AGENCY)["versions"].clone();
    assert_eq!(versions[1]["enrolled_before"], 2, "{versions}");
    assert_eq!(versions[1]["reason"], reason);
    assert_eq!(versions[0]["protocol"]["endpoints"][0]["timing"], "week 12");
}

fn enrolment_is_balanced_and_blind(study: &Study) {
    for site in SITES {
        for (number, stratum) in STRATA.iter().enumerate() {
            let begin = if (site, number) == (NORTH, 0) { 2 } else { 0 };
            let all = subjects(site, number, begin..ENROLLED);
            for some in all.chunks(50) {
                study.enrols(site, stratum, some);
            }
        }
        eventually("the sponsor has opened its half", SOON, || {
            let seen = study.participants(site, "pharmacist");
            seen.len() == 2 * ENROLLED && seen.iter().all(|it| it["is_opened"] == true)
        });
        let mut arms: BTreeMap<(u64, String), usize> = BTreeMap::new();
        for one in study.participants(site, "pharmacist") {
            let arm = one["arm"].as_str().unwrap().to_owned();
            *arms
                .entry((one["stratum"].as_u64().unwrap(), arm))
                .or_default() += 1;
        }
        assert_eq!(arms.len(), 4, "{arms:?}");
        assert!(arms.values().all(|it| *it == ENROLLED / 2), "{arms:?}");
        for role in ["clinician", "auditor"] {
            let seen = study.participants(site, role);
            assert!(seen.iter().all(|it| it["arm"].is_null()));
        }
    }
    let one = subjects(NORTH, 1, 0..1).remove(0);
    let path = format!("/participants/{one}/allocation");
    assert_eq!(study.get(NORTH, "clinician", &path).status, 403);
    assert_eq!(
        study.get(LAB, "pharmacist", &path).status,
        404,
        "another site's"
    );
    assert_eq!(
        study.get(SPONSOR, "researcher", "/participants").status,
        403
    );
    let told = study.get(NORTH, "pharmacist", &path).json()["arm"].clone();
    let path = format!("/participants/{one}/unblinding");
    study.refused(
        NORTH,
        "clinician",
        &path,
        &json!({ "reason": "no" }),
        "reason",
    );
    let opened = study.does(
        NORTH,
        "clinician",
        &path,
        &json!({ "reason": "a severe reaction" }),
    );
    assert_eq!(opened["arm"], told);
    let again = json!({ "reason": "a severe reaction" });
    study.refused(NORTH, "clinician", &path, &again, "done before");
    assert_eq!(study.seen(SPONSOR)["enrolled"], 4 * ENROLLED);
}

fn values_change_with_a_reason_and_only_while_they_may(study: &Study) {
    for site in SITES {
        for number in 0..2 {
            let people = subjects(site, number, 0..ENROLLED);
            let rows = people
                .iter()
                .enumerate()
                .map(|(at, subject)| row(subject, "V2", &(110 + at % 40).to_string()));
            let done = study.captures(site, &rows.collect::<Vec<_>>());
            assert_eq!(done["new"], ENROLLED, "{done}");
        }
    }
    let one = subjects(NORTH, 0, 0..1).remove(0);
    let same = study.captures(NORTH, &[row(&one, "V2", "110")]);
    assert_eq!(same, json!({ "new": 0, "changed": 0, "same": 1 }));
    let silent = json!({ "rows": [row(&one, "V2", "115")] });
    study.refused(
        NORTH,
        "clinician",
        "/rows",
        &silent,
        "a change has a `reason`",
    );
    let mut corrected = row(&one, "V2", "115");
    corrected["reason"] = "the digits were swapped in the source".into();
    assert_eq!(study.captures(NORTH, &[corrected])["changed"], 1);
    let stranger = json!({ "rows": [row("NOBODY", "V2", "115")] });
    study.refused(NORTH, "clinician", "/rows", &stranger, "NOBODY");
    let elsewhere = json!({ "rows": [row(&one, "V2", "115")] });
    study.refused(LAB, "clinician", "/rows", &elsewhere, &one);
    study.refused(SPONSOR, "clinician", "/rows", &elsewhere, "only a site");
    study.refused(NORTH, "pharmacist", "/rows", &elsewhere, "a clinician does");
    nobody_writes_rows_past_the_rules(study);

    let path = format!("/participants/{one}/withdrawal");
    study.does(NORTH, "clinician", &path, &json!({ "keep": "collected" }));
    let after = json!({ "rows": [row(&one, "V3", "118")] });
    study.refused(NORTH, "clinician", "/rows", &after, "has withdrawn");
}

/// A document with two acts on one value becomes two versions, and both come out again.
fn odm_comes_and_goes(study: &Study) {
    let http = Http::new();
    let token = study.consortium.token(NORTH, "clinician");
    let url = study.url(NORTH, "/odm");
    let subject = subjects(NORTH, 1, 7..8).remove(0);
    let send = |text: &str| {
        let answer = http.post_as(&url, &token, "application/xml", text.as_bytes());
        answer.unwrap()
    };
    let taken = send(&odm_of(&subject, "14x"));
    assert_eq!(taken.status, 201, "{}", taken.text());
    let told = taken.json();
    assert_eq!(
        (&told["new"], &told["changed"]),
        (&json!(1), &json!(1)),
        "{told}"
    );
    let warnings = told["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "14x is no integer: {told}");
    for (text, words) in [
        (odm_of("NOBODY", "140"), "NOBODY"),
        (
            odm_of(&subject, "140").replace("FormData", "FromData"),
            "line",
        ),
        (
            odm_of(&subject, "140").replace("ItemOID=\"IT.SYSBP\" ", ""),
            "ItemOID",
        ),
        ("<!DOCTYPE a><ODM/>".to_owned(), "DTD"),
    ] {
        let refused = send(&text);
        assert_eq!(refused.status / 100, 4, "{}", refused.text());
        assert!(
            refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
    }
    let mut out = (String::new(), String::new());
    eventually("all rows have receipts", SOON, || {
        let history = study.get(NORTH, "clinician", "/odm?history=true");
        let now = study.get(NORTH, "clinician", "/odm");
        out = (history.text(), now.text());
        history.status == 200 && now.status == 200
    });
    let (history, now) = out;
    let user = format!("{}/", study.consortium.id(NORTH));
    for words in [
        "14x",
        "144",
        "read again from the source",
        &user,
        "ReasonForChange",
    ] {
        assert!(history.contains(words), "{words}");
    }
    assert!(now.contains("144") && !now.contains("14x"));
    let from_sponsor = study.get(SPONSOR, "researcher", "/odm?history=true");
    assert_eq!(from_sponsor.status, 400, "{}", from_sponsor.text());
}

/// The general interface shows a row with its history, and changes none.
fn nobody_writes_rows_past_the_rules(study: &Study) {
    let http = Http::new();
    let token = study.consortium.token(NORTH, "clinician");
    let base = study.consortium.fhir(NORTH);
    let all = format!(
        "{base}/QuestionnaireResponse?identifier=urn:salus:trial:{}%7C",
        study.id
    );
    let found = http.get(&all, &token).unwrap().json();
    let mut resource = found["entry"][0]["resource"].clone();
    let id = resource["id"].as_str().unwrap().to_owned();
    resource["item"][0]["answer"][0]["valueString"] = "1".into();
    let url = format!("{base}/QuestionnaireResponse/{id}");
    let put = http.put(&url, &token, &resource).unwrap();
    assert_eq!(put.status, 403, "{}", put.text());
    let forged = json!({ "resourceType": "QuestionnaireResponse", "status": "completed",
        "meta": { "tag": [{ "system": "urn:salus:trial", "code": "row" }] } });
    let made = http
        .post(&format!("{base}/QuestionnaireResponse"), &token, &forged)
        .unwrap();
    assert_eq!(made.status, 403, "{}", made.text());
}

fn every_row_verifies_and_a_changed_one_does_not(study: &Study, dataset: &str) {
    let (valid, said) = study.verifies(dataset);
    assert!(valid, "{said}");
    let rows = 4 * ENROLLED + 3;
    assert!(said.contains(&format!("rows         {rows}")), "{said}");
    let lines: Vec<&str> = dataset.lines().collect();
    let at = lines
        .iter()
        .position(|it| it.contains("\\\"115\\\""))
        .unwrap();
    let other = lines
        .iter()
        .position(|it| it.contains("\\\"120\\\""))
        .unwrap();
    let changed = |at: usize, line: String| {
        let mut lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
        lines[at] = line;
        study.verifies(&(lines.join("\n") + "\n"))
    };
    let value = lines[at].replace("\\\"115\\\"", "\\\"125\\\"");
    let mut receipt: Value = serde_json::from_str(lines[at]).unwrap();
    let foreign: Value = serde_json::from_str(lines[other]).unwrap();
    receipt["receipt"] = foreign["receipt"].clone();
    let mut site: Value = serde_json::from_str(lines[at]).unwrap();
    let foreign = SITES.map(|it| study.consortium.id(it));
    let foreign = foreign.into_iter().find(|it| site["site"] != **it);
    site["site"] = foreign.unwrap().into();
    for line in [
        value,
        receipt.to_string(),
        site.to_string(),
        lines[other].to_owned(),
    ] {
        let (valid, said) = changed(at, line);
        assert!(
            !valid && said.contains(&format!("line {}", at + 1)),
            "{said}"
        );
    }
    let (cut, said) = study.verifies(&(lines[..2].join("\n") + "\n"));
    assert!(!cut && said.contains("not whole"), "{said}");
}

fn the_quorum_locks(study: &Study) {
    let early = json!({ "endpoints": [] });
    assert_eq!(
        study.post(SPONSOR, "researcher", "/reports", &early).status / 100,
        4
    );
    let programs = json!({ "programs": [["primary.R", "fit <- lm(...)"]] });
    let by_site = study.post(NORTH, "clinician", "/locks", &programs);
    assert_eq!(by_site.status / 100, 4, "{}", by_site.text());
    let proposed = study.does(SPONSOR, "researcher", "/locks", &programs);
    assert_eq!(proposed["rows"], 4 * ENROLLED + 3);
    let number = json!({ "number": proposed["number"] });
    // A value that comes after the proposal: the site does not confirm what it is not in.
    let late = subjects(NORTH, 1, 5..6).remove(0);
    study.captures(NORTH, &[row(&late, "V3", "133")]);
    eventually("the row has its receipt", SOON, || {
        let page = study.get(NORTH, "clinician", "/dataset");
        page.status == 200
    });
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
        let done = study.does(index, role, "/confirmations", &number);
        assert_eq!(done["effective"], effective, "{done}");
    }
    eventually("the lock is known", SOON, || {
        study.seen(LAB)["lock"].is_object()
    });
    let rows = json!({ "rows": [row(&late, "V4", "133")] });
    study.refused(NORTH, "clinician", "/rows", &rows, "locked");
}

/// Both hands show their secrets, and from them follows the list that was used.
fn the_list_is_the_one_that_was_sealed(study: &Study) {
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

fn a_report_is_bound_to_the_lock(study: &Study) {
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
    assert_eq!(read["rows"], 4 * ENROLLED + 4);
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

/// Who may write to the site's database, with its keys: each attack is named by `salus audit`.
fn what_an_administrator_changes_is_named(study: Study) {
    let mut study = study;
    let (dir, id) = (study.consortium.org_dir(NORTH), study.id.clone());
    study.consortium.stop();
    let clean = audit(&dir);
    assert_eq!(clean.0, 0, "{}", clean.1);
    let database = dir.join("records.db");
    let good = std::fs::read(&database).unwrap();
    let root = root_key(&dir);
    let row = "record = (SELECT r.record FROM records r JOIN types t ON t.type = r.type
        WHERE t.name = 'QuestionnaireResponse' LIMIT 1)";
    let back_date =
        format!("UPDATE versions SET updated_us = updated_us - 86400000000 WHERE {row}");
    let change = format!(
        "UPDATE versions SET envelope = (SELECT o.envelope FROM versions o WHERE o.record <>
         versions.record AND o.type = versions.type LIMIT 1) WHERE {row}"
    );
    let delete = format!("DELETE FROM versions WHERE {row}");
    let insert = format!(
        "INSERT INTO versions SELECT (SELECT max(leaf) + 1 FROM versions), record, type, 99,
         updated_us, method, vault, patients, envelope FROM versions WHERE {row} LIMIT 1"
    );
    let sql = |statement: String| {
        move |database: &Connection| {
            assert!(database.execute(&statement, []).unwrap() > 0, "{statement}");
        }
    };
    let swap = |database: &Connection| swap_participants(database, &root);
    let edit = |database: &Connection| edit_protocol(database, &root);
    let value = "QuestionnaireResponse/";
    let protocol = format!("protocol version 1 of trial {id}");
    let attacks: [(&str, &dyn Fn(&Connection), &str); 6] = [
        ("a value is changed", &sql(change), value),
        ("a value is deleted", &sql(delete), value),
        ("a value is dated back", &sql(back_date), value),
        ("a value is inserted", &sql(insert), value),
        (
            "two participants are swapped",
            &swap,
            "the person in it is not the one",
        ),
        ("the protocol is edited", &edit, &protocol),
    ];
    for (what, attack, named) in attacks {
        let connection = Connection::open(&database).unwrap();
        let rules = "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = DELETE;";
        connection.execute_batch(rules).unwrap();
        attack(&connection);
        drop(connection);
        let (status, said) = audit(&dir);
        assert_eq!(status, 1, "{what}: {said}");
        assert!(said.contains(named), "{what}: {said}");
        restore(&database, &good);
    }
    let clean = audit(&dir);
    assert_eq!(clean.0, 0, "{}", clean.1);
}

type Kept = (Vec<u8>, i64, Vec<u8>);

fn kept(database: &Connection, query: &str) -> Vec<Kept> {
    let mut statement = database.prepare(query).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn label(drawer: &str, (id, at_us, _): &Kept) -> String {
    let id = id
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("{drawer}/{at_us}/{id}")
}

/// Each gets the other's row, sealed as its own.
fn swap_participants(database: &Connection, root: &vault::RootKey) {
    let rows = kept(
        database,
        "SELECT id, changed_us, body FROM trial_participants LIMIT 2",
    );
    for (own, other) in [(0, 1), (1, 0)] {
        let opened = root.open_row(&label("participant", &rows[other]), &rows[other].2);
        let body = root
            .seal_row(&label("participant", &rows[own]), &opened.unwrap())
            .unwrap();
        let changed = database.execute(
            "UPDATE trial_participants SET body = ?1 WHERE id = ?2",
            rusqlite::params![body, rows[own].0],
        );
        assert_eq!(changed.unwrap(), 1);
    }
}

/// The first version says another week, sealed anew.
fn edit_protocol(database: &Connection, root: &vault::RootKey) {
    let query = "SELECT id, made_us, body FROM trials WHERE substr(id, 33) = x'0100000001'";
    let row = kept(database, query).remove(0);
    let name = label("trial", &row);
    let opened = root.open_row(&name, &row.2).unwrap();
    let text = String::from_utf8(opened.to_vec()).unwrap();
    let edited = text.replacen("week 12", "week 11", 1);
    assert_ne!(text, edited);
    let body = root.seal_row(&name, edited.as_bytes()).unwrap();
    let changed = database.execute(
        "UPDATE trials SET body = ?1 WHERE id = ?2",
        rusqlite::params![body, row.0],
    );
    assert_eq!(changed.unwrap(), 1);
}

/// Each act of the trial is an entry of the history, whose receipt verifies with the trust file alone.
fn every_act_has_a_receipt(study: &Study) {
    let http = Http::new();
    let trust = std::fs::read(study.consortium.trust()).unwrap();
    let policy = proof::policy::Policy::parse(&trust).unwrap();
    let (base, token) = (
        study.consortium.base(AGENCY),
        study.consortium.token(AGENCY, "auditor"),
    );
    let size = study.consortium.status(AGENCY).unwrap()["history_size"].as_u64();
    let (mut acts, size) = (0, size.unwrap() - 5);
    for index in 0..size {
        let url = format!("{base}/ledger/entries/{index}/receipt");
        let answer = http.get(&url, &token).unwrap();
        assert_eq!(answer.status, 200, "{index}: {}", answer.text());
        let verified = receipt::verify_entry(&answer.body, &policy).unwrap();
        acts += usize::from(verified.entry.transaction.header.kind == 48);
    }
    // Sealing, amending, 4 acceptances, 4 hands twice, 9 enrolments at least, and what follows.
    assert!(acts > 30, "{acts} of {size}");
}
