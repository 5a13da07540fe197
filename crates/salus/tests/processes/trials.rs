//! A whole trial: sealed, amended, drawn by two hands, captured, locked, opened and reported.

use crate::consortium::{Consortium, SALUS, eventually};
use crate::http::{Answer, Http};
use crate::openings::secrets_of;
use crate::packs::stands_nowhere;
use crate::trial_attacks::what_an_administrator_changes_is_named;
use crate::trial_end::{
    a_report_is_bound_to_the_lock, sites_are_compared, the_list_is_the_one_that_was_sealed,
    the_lists_are_checked, the_quorum_locks,
};
use crate::trial_exchange::{
    self, a_study_is_sealed_from_its_document, published_rows, tables_come_and_go,
};
use crate::trial_minimised::arms_follow_from_those_before;
use crate::trial_odm::odm_comes_and_goes;
use crate::trial_signatures::values_are_signed_and_asked_about;
use proof::receipt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;
use std::process::Command;
use std::time::Duration;

pub(crate) const SPONSOR: usize = 0;
pub(crate) const NORTH: usize = 1;
pub(crate) const LAB: usize = 2;
pub(crate) const AGENCY: usize = 3;
pub(crate) const SITES: [usize; 2] = [NORTH, LAB];
pub(crate) const STRATA: [&str; 2] = ["under 65", "65 and over"];
pub(crate) const SLOTS: u32 = 120;
/// Of each stratum at each site.
pub(crate) const ENROLLED: usize = 100;
pub(crate) const SOON: Duration = Duration::from_mins(1);

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
        "endpoints": [
            endpoint("SYSBP", "primary", timing),
            endpoint("PULSE", "secondary", "week 4"),
        ],
        "analysis_plan": "intention to treat",
        "metadata": trial_exchange::metadata(METADATA),
    })
}

/// The forms: two items of one group, at four visits.
const METADATA: &str = include_str!("trials/metadata.xml");

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

    pub(crate) fn url(&self, index: usize, path: &str) -> String {
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

    /// A party agrees, once its node knows of the proposal.
    pub(crate) fn confirms(&self, index: usize, role: &str, number: &Value) -> Value {
        let wanted = number["number"].as_u64().unwrap();
        eventually("the proposal is known", SOON, || {
            let decisions = self.seen(index)["decisions"].clone();
            decisions.as_array().unwrap().len() as u64 >= wanted
        });
        self.does(index, role, "/confirmations", number)
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

pub(crate) fn subjects(site: usize, stratum: usize, numbers: Range<usize>) -> Vec<String> {
    numbers
        .map(|it| format!("S{site}-{stratum}-{it:03}"))
        .collect()
}

#[test]
fn a_whole_trial_is_sealed_run_locked_opened_and_reported() {
    let mut study = Study::open();
    no_hand_holds_the_other(&study);
    an_amendment_asks_those_enrolled_again(&study);
    enrolment_is_balanced_and_blind(&study);
    values_change_with_a_reason_and_only_while_they_may(&study);
    values_are_signed_and_asked_about(&study);
    odm_comes_and_goes(&study);
    tables_come_and_go(&study);
    a_study_is_sealed_from_its_document(&study);
    let dataset = study.dataset(SPONSOR, "researcher");
    every_row_verifies_and_a_changed_one_does_not(&study, &dataset);
    sites_are_compared(&study);
    the_quorum_locks(&study);
    the_list_is_the_one_that_was_sealed(&study);
    the_lists_are_checked(&study);
    a_report_is_bound_to_the_lock(&study);
    every_act_has_a_receipt(&study);
    arms_follow_from_those_before(&mut study);
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
    study.arrives(AGENCY, 2);
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
    let what = "the sponsor sees that one was opened, and not whose arm it is";
    eventually(what, SOON, || {
        let sites = study.seen(SPONSOR)["sites"].clone();
        let opened = sites.as_array().unwrap().iter();
        let opened = opened.map(|it| it["unblinded"].as_array().unwrap().len());
        opened.sum::<usize>() == 1
    });
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
    let rows = 4 * ENROLLED + 3 + published_rows();
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
    let twice = (lines[other].to_owned(), at.max(other));
    let wrong = [value, receipt.to_string(), site.to_string()];
    for (line, place) in wrong.map(|line| (line, at)).into_iter().chain([twice]) {
        let (valid, said) = changed(at, line);
        let named = said.contains(&format!("line {}", place + 1));
        assert!(!valid && named, "{said}");
    }
    let (cut, said) = study.verifies(&(lines[..2].join("\n") + "\n"));
    assert!(!cut && said.contains("not whole"), "{said}");
}

/// Each act of the trial is an entry of the history, whose receipt verifies with the trust file
/// alone.
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
