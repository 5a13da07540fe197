//! `/packs`: is this pack real, where has it been, and what is done with it.

mod offline;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use hospital::access_log::AccessAgent;
use hospital::packs::{
    ActOnPacks, CaseSeen, Finding, Pack, PackAct, Reason, Suspicion, Verification,
};
use hospital::{Caller, Hospital, HospitalError, instant};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::agent;
use crate::openings;
use crate::outcome::answered;
use crate::state::Door;

/// Largest form: 10,000 scans of 100 bytes.
const FORM_BYTES_MAX: usize = 1 << 20;
const HINT: &str = "docs/reference/packs.md shows each form";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    scan: String,
    /// An answer of an old state is better than none: this node may be cut off.
    #[serde(default)]
    offline: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActForm {
    act: String,
    #[serde(default)]
    scans: Vec<String>,
    make: Option<Make>,
    to: Option<String>,
    /// The case to pack into or to unpack: a scan.
    case: Option<String>,
    reason: Option<String>,
    finding: Option<String>,
}

/// Packs of one lot whose serial numbers are made here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Make {
    gtin: String,
    lot: String,
    expiry: String,
    count: u32,
}

/// `?after=`
#[derive(Deserialize)]
pub(crate) struct After {
    after: Option<String>,
}

pub(crate) fn routes() -> Router<Door> {
    Router::new()
        .route("/packs", get(list))
        .route("/packs/verify", post(verify))
        .route("/packs/acts", post(act))
        .route("/packs/offline", get(offline::list).post(offline::keep))
        .route("/packs/offline/{id}", post(offline::decide))
        .route("/packs/trace", post(trace))
        .route("/packs/openings", get(openings::list).post(openings::ask))
        .route("/packs/openings/{id}", post(openings::decide))
}

/// `POST /packs/verify`
async fn verify(State(door): State<Door>, request: Request) -> Response {
    let verified = async {
        let (caller, agent, form) = scanned(&door, request).await?;
        let (scan, hospital) = (form.scan, door.hospital());
        if form.offline {
            let found = hospital.verify_pack_offline(&caller, agent, &scan);
            return Ok(told(&found.await?));
        }
        let case = hospital.look_at_case(&caller, agent.clone(), &scan).await?;
        if let Some(case) = case {
            return Ok(told_case(&case));
        }
        Ok(told(&hospital.verify_pack(&caller, agent, &scan).await?))
    };
    answered(StatusCode::OK, verified.await)
}

/// `POST /packs/acts`
async fn act(State(door): State<Door>, request: Request) -> Response {
    let acted = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let expected = "the body takes act, scans or make, to, case, reason and finding";
        let form: ActForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let act = read(&form)?;
        let scans = match form.make {
            Some(make) if act == PackAct::Commission && form.scans.is_empty() => door
                .hospital()
                .new_packs(&make.gtin, &make.lot, &make.expiry, make.count)?,
            None => form.scans,
            Some(_) => return Err(wrong("`make` stands alone with the act `commission`")),
        };
        let asked = ActOnPacks { act, scans };
        let agent = agent(&caller, &parts);
        let hospital = door.hospital().clone();
        // Carried out whole even if the client hangs up: the ledger may have accepted.
        let task = tokio::spawn(async move {
            let acted = hospital.act_on_packs(&caller, agent, &asked).await;
            acted.map(|acted| (acted, asked))
        });
        let broke = |_| HospitalError::Internal("an act on packs broke off".into());
        let (acted, asked) = task.await.map_err(broke)??;
        Ok(json!({
            "event_id": acted.event_id,
            "entry": acted.index,
            "packs": acted.packs,
            "scans": asked.scans,
        }))
    };
    answered(StatusCode::CREATED, acted.await)
}

/// `GET /packs`: those that are known here, the latest first.
async fn list(State(door): State<Door>, Query(asked): Query<After>, parts: Parts) -> Response {
    let listed = async {
        let caller = door.caller(&parts.headers)?;
        let page = door
            .hospital()
            .packs(&caller, asked.after.as_deref())
            .await?;
        let packs = page.packs.iter().map(|(pack, at_us)| {
            let mut told = json!({
                "gtin": pack.gtin, "serial": pack.serial, "lot": pack.lot, "expiry": pack.expiry,
                "code": pack.code(), "place": pack.place, "changed": instant::fhir(*at_us),
            });
            let case = pack.case.as_deref().map(case_code);
            for (name, other) in [("from", &pack.from), ("to", &pack.to), ("case", &case)] {
                if let Some(other) = other {
                    told[name] = other.clone().into();
                }
            }
            told
        });
        let packs: Vec<Value> = packs.collect();
        let cases = page.cases.iter().map(|case| {
            json!({
                "code": case_code(&case.sscc), "place": case.place,
                "from": case.from, "to": case.to,
            })
        });
        let cases: Vec<Value> = cases.collect();
        let roles = door.hospital().trade_roles();
        Ok(json!({ "packs": packs, "cases": cases, "next": page.next, "roles": roles }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /packs/trace`
async fn trace(State(door): State<Door>, request: Request) -> Response {
    let traced = async {
        let (caller, agent, form) = scanned(&door, request).await?;
        if form.offline {
            return Err(wrong("`offline` goes with `verify` only"));
        }
        let hospital = door.hospital();
        let trace = hospital.trace_pack(&caller, agent, &form.scan).await?;
        let steps = trace.steps.iter().map(|step| {
            let events = step.events.iter().map(|(event, receipt)| {
                let event: Value = serde_json::from_str(event).unwrap_or(Value::Null);
                json!({ "event": event, "receipt": receipt })
            });
            let events: Vec<Value> = events.collect();
            let mut told = json!({ "organisation": step.organisation, "events": events });
            if let Some(problem) = &step.problem {
                told["problem"] = problem.clone().into();
            }
            told
        });
        let steps: Vec<Value> = steps.collect();
        Ok(json!({
            "pack": marking(&trace.marking),
            "steps": steps,
            "suspicions": suspicions(&trace.suspicions),
        }))
    };
    answered(StatusCode::OK, traced.await)
}

/// Who asks about which scan.
async fn scanned(door: &Door, request: Request) -> Result<(Caller, AccessAgent, Scan), ApiError> {
    let (parts, body) = request.into_parts();
    let caller = door.caller(&parts.headers)?;
    let expected = "the body takes scan";
    let form: Scan = door
        .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
        .await?;
    let agent = agent(&caller, &parts);
    Ok((caller, agent, form))
}

fn read(form: &ActForm) -> Result<PackAct, ApiError> {
    let needed = |given: &Option<String>, what: &str| {
        let missing = || wrong(&format!("the act {} needs `{what}`", form.act));
        given.clone().ok_or_else(missing)
    };
    Ok(match form.act.as_str() {
        "commission" => PackAct::Commission,
        "ship" => PackAct::Hand {
            to: needed(&form.to, "to")?
                .parse()
                .map_err(|_| wrong("`to` is the id of a member"))?,
        },
        "receive" => PackAct::Take,
        "take-back" => PackAct::TakeBack,
        "dispense" => PackAct::Dispense,
        "decommission" => {
            let word = needed(&form.reason, "reason")?;
            let reasons = Reason::ALL.map(Reason::as_str).join(", ");
            PackAct::Decommission(
                Reason::of_word(&word)
                    .ok_or_else(|| wrong(&format!("`reason` is one of {reasons}")))?,
            )
        }
        "undo" => PackAct::Undo,
        "mark" => {
            let word = needed(&form.finding, "finding")?;
            let found = Finding::ALL.into_iter().find(|it| it.as_str() == word);
            PackAct::Mark(
                found.ok_or_else(|| wrong("`finding` is clear, suspect or illegitimate"))?,
            )
        }
        "recall" => PackAct::Recall,
        "pack" => PackAct::Contain {
            case: Hospital::read_case(&needed(&form.case, "case")?)?,
        },
        "unpack" => PackAct::Release {
            case: Hospital::read_case(&needed(&form.case, "case")?)?,
        },
        _ => {
            return Err(wrong(
                "`act` is commission, ship, receive, take-back, dispense, decommission, undo, \
                 mark, recall, pack or unpack",
            ));
        }
    })
}

fn told(verified: &Verification) -> Value {
    let because = verified.because.iter().map(|it| {
        let since = it.since_us.map(instant::fhir);
        json!({ "verdict": it.verdict.word(), "code": it.code, "since": since })
    });
    let because: Vec<Value> = because.collect();
    json!({
        "verdict": verified.verdict.word(),
        "because": because,
        "suspicions": suspicions(&verified.suspicions),
        "pack": marking(&verified.marking),
        "mended": verified.mended,
        "place": verified.place,
        "case": verified.case.as_deref().map(case_code),
        "other": verified.other,
        "acts": verified.acts,
        "ledger": {
            "height": verified.height,
            "time": instant::fhir(i64::try_from(verified.time_ms).unwrap_or(0) * 1_000),
            "stale": verified.stale,
        },
        "proof": verified.proof,
    })
}

/// A case that was looked up.
fn told_case(seen: &CaseSeen) -> Value {
    let verdict = match (seen.is_known, seen.is_ours) {
        (false, _) => "unknown",
        (true, true) => "real",
        (true, false) => "elsewhere",
    };
    let packs = seen.packs.iter().map(Pack::code);
    let cases = seen.cases.iter().map(|sscc| case_code(sscc));
    json!({
        "verdict": verdict,
        "contents": {
            "packs": packs.collect::<Vec<String>>(),
            "cases": cases.collect::<Vec<String>>(),
        },
        "pack": { "code": case_code(&seen.sscc) },
        "place": seen.place,
        "other": seen.other,
        "acts": seen.acts,
    })
}

/// The element string of a case, as it can be scanned again.
fn case_code(sscc: &str) -> String {
    format!("(00){sscc}")
}

fn suspicions(found: &[Suspicion]) -> Vec<Value> {
    let told = found.iter().map(|it| {
        json!({
            "rule": it.rule.as_str(),
            "certainty": it.certainty.as_str(),
            "reason": it.reason.to_string(),
        })
    });
    told.collect()
}

fn marking(marking: &hospital::packs::Marking) -> Value {
    json!({
        "gtin": marking.gtin, "serial": marking.serial, "lot": marking.lot,
        "expiry": marking.expiry, "code": marking.code(),
    })
}

fn wrong(text: &str) -> ApiError {
    HospitalError::request("value", text, HINT).into()
}
