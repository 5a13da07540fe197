//! `/trials`: sealed, enrolled, captured, locked, reported.

mod data;
mod exchange;
mod minimisation;
mod oversight;
mod queries;
mod registry;
mod signatures;
mod told;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use hospital::access_log::AccessAgent;
use hospital::trials::{Keep, NewParticipant, Part, Party, Protocol, Results};
use hospital::{Caller, HospitalError};
use proof::Digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fhir::agent;
use crate::outcome::answered;
use crate::state::Door;
use data::{capture, capture_odm, dataset, write_odm};
use told::{ms, text, told, told_line, told_participant};

/// Largest form.
const FORM_BYTES_MAX: usize = 16 << 20;
const HINT: &str = "docs/reference/trials.md shows each form";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealForm {
    protocol: Value,
    parties: Vec<PartyForm>,
    quorum: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyForm {
    organisation: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AmendForm {
    protocol: Value,
    reason: String,
    #[serde(default)]
    reconsent: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionForm {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnrolForm {
    participants: Vec<ParticipantForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParticipantForm {
    subject: String,
    /// In a trial with lists.
    stratum: Option<String>,
    /// In a trial that minimises: one of each factor, in their order.
    #[serde(default)]
    levels: Vec<String>,
    patient: Option<String>,
    consent: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentForm {
    consent: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawForm {
    keep: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonForm {
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LockForm {
    #[serde(default)]
    programs: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberForm {
    number: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(crate) fn routes() -> Router<Door> {
    Router::new()
        .route("/trials", get(list).post(seal))
        .route("/trials/{id}", get(show))
        .route("/trials/{id}/amendments", post(amend))
        .route("/trials/{id}/acceptance", post(accept))
        .route("/trials/{id}/participants", get(participants).post(enrol))
        .route("/trials/{id}/participants/{subject}/consent", post(consent))
        .route(
            "/trials/{id}/participants/{subject}/withdrawal",
            post(withdraw),
        )
        .route(
            "/trials/{id}/participants/{subject}/unblinding",
            post(unblind),
        )
        .route(
            "/trials/{id}/participants/{subject}/allocation",
            get(allocation),
        )
        .route("/trials/{id}/rows", post(capture))
        .route("/trials/{id}/odm", get(write_odm).post(capture_odm))
        .route("/trials/{id}/dataset", get(dataset))
        .route("/trials/{id}/locks", post(lock))
        .route("/trials/{id}/unlocks", post(unlock))
        .route("/trials/{id}/confirmations", post(confirm))
        .route("/trials/{id}/secrets", post(reveal))
        .route("/trials/{id}/reports", post(report))
        .route("/trials/{id}/reports/{number}", get(read_report))
        .route("/trials/{id}/reports/{number}/comparison", get(comparison))
        .merge(exchange::routes())
        .merge(oversight::routes())
        .merge(registry::routes())
        .route("/trials/{id}/minimisation", get(minimisation::show))
        .merge(signatures::routes())
        .merge(queries::routes())
}

/// Who asks, about which trial, and what.
struct Asked<T> {
    caller: Caller,
    agent: AccessAgent,
    id: Digest,
    form: T,
}

fn trial_id(text: &str) -> Result<Digest, ApiError> {
    text.parse()
        .map_err(|_| wrong("the id of a trial is 64 lowercase hexadecimal digits"))
}

async fn asked<T: DeserializeOwned>(
    door: &Door,
    id: &str,
    request: Request,
    expected: &str,
) -> Result<Asked<T>, ApiError> {
    let (parts, body) = request.into_parts();
    let caller = door.caller(&parts.headers)?;
    let id = trial_id(id)?;
    let form = door
        .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
        .await?;
    let agent = agent(&caller, &parts);
    Ok(Asked {
        caller,
        agent,
        id,
        form,
    })
}

fn looked(door: &Door, id: &str, parts: &Parts) -> Result<(Caller, AccessAgent, Digest), ApiError> {
    let caller = door.caller(&parts.headers)?;
    let agent = agent(&caller, parts);
    Ok((caller, agent, trial_id(id)?))
}

/// `GET /trials`
async fn list(State(door): State<Door>, parts: Parts) -> Response {
    let listed = async {
        let caller = door.caller(&parts.headers)?;
        let trials = door.hospital().trials(&caller).await?;
        let trials = trials.iter().map(
            |(id, role, title)| json!({ "id": text(id), "role": role.word(), "title": title }),
        );
        Ok(json!({ "trials": trials.collect::<Vec<_>>() }))
    };
    answered(StatusCode::OK, listed.await)
}

/// `POST /trials`
async fn seal(State(door): State<Door>, request: Request) -> Response {
    let sealed = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        let expected = "the body takes protocol, parties and quorum";
        let form: SealForm = door
            .form(&parts.headers, body, FORM_BYTES_MAX, expected, HINT)
            .await?;
        let parties = form.parties.into_iter().map(|it| {
            let role = Part::of_word(&it.role).filter(|role| *role != Part::Sponsor);
            let role = role.ok_or_else(|| wrong("`role` is site, monitor or regulator"))?;
            Ok(Party {
                organisation: it.organisation,
                role,
            })
        });
        let parties = parties.collect::<Result<Vec<_>, ApiError>>()?;
        let agent = agent(&caller, &parts);
        let protocol = Protocol::drafted(form.protocol)?;
        let hospital = door.hospital();
        let id = hospital
            .seal_trial(&caller, agent, (protocol, parties, form.quorum))
            .await?;
        Ok(json!({ "id": text(&id), "version": 1 }))
    };
    answered(StatusCode::CREATED, sealed.await)
}

/// `GET /trials/{id}`
async fn show(State(door): State<Door>, Path(id): Path<String>, parts: Parts) -> Response {
    let shown = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let seen = door.hospital().trial(&caller, agent, &id).await?;
        Ok(told(&seen))
    };
    answered(StatusCode::OK, shown.await)
}

/// `POST /trials/{id}/amendments`
async fn amend(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let amended = async {
        let expected = "the body takes protocol, reason and reconsent";
        let it: Asked<AmendForm> = asked(&door, &id, request, expected).await?;
        let how = (it.form.reason.as_str(), it.form.reconsent);
        let protocol = Protocol::drafted(it.form.protocol)?;
        let hospital = door.hospital();
        let version = hospital
            .amend_trial(&it.caller, it.agent, (&it.id, protocol), how)
            .await?;
        Ok(json!({ "version": version }))
    };
    answered(StatusCode::CREATED, amended.await)
}

/// `POST /trials/{id}/acceptance`
async fn accept(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let accepted = async {
        let it: Asked<VersionForm> = asked(&door, &id, request, "the body takes version").await?;
        let version = it.form.version;
        let hospital = door.hospital();
        hospital
            .accept_trial(&it.caller, it.agent, (&it.id, version))
            .await?;
        Ok(json!({ "accepted": version }))
    };
    answered(StatusCode::OK, accepted.await)
}

/// `POST /trials/{id}/participants`
async fn enrol(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let enrolled = async {
        let expected = "the body takes participants, each with subject, stratum or levels, \
                        consent, patient";
        let it: Asked<EnrolForm> = asked(&door, &id, request, expected).await?;
        let hospital = door.hospital();
        let seen = hospital.trial(&it.caller, it.agent.clone(), &it.id).await?;
        let protocol = seen.versions.last().and_then(|it| it.protocol.as_ref());
        let minimises = protocol.is_some_and(|it| it.0.minimisation.is_some());
        let strata = protocol
            .map(|it| it.0.strata.as_slice())
            .unwrap_or_default();
        let new = it.form.participants.into_iter().map(|one| {
            let stratum = stratum_of(strata, one.stratum.as_deref(), minimises)?;
            Ok(NewParticipant {
                subject: one.subject,
                stratum,
                levels: one.levels,
                patient: one.patient,
                consent: one.consent,
            })
        });
        let new = new.collect::<Result<Vec<_>, ApiError>>()?;
        let enrolled = hospital
            .enrol_participants(&it.caller, it.agent, (&it.id, &new))
            .await?;
        let enrolled = enrolled.iter().map(|it| {
            json!({ "subject": it.subject, "participant": text(&it.participant),
                "stratum": strata.get(usize::from(it.stratum)), "slot": it.slot })
        });
        Ok(json!({ "enrolled": enrolled.collect::<Vec<_>>() }))
    };
    answered(StatusCode::CREATED, enrolled.await)
}

/// The number of a stratum; 0 in a trial that has none.
fn stratum_of(strata: &[String], given: Option<&str>, minimises: bool) -> Result<u16, ApiError> {
    match given {
        None if minimises => Ok(0),
        None => Err(wrong("a participant has a `stratum` of the protocol")),
        Some(given) => {
            let at = strata.iter().position(|name| name == given);
            let at = at.and_then(|it| u16::try_from(it).ok());
            at.ok_or_else(|| wrong(&format!("`{given}` is no stratum of the protocol")))
        }
    }
}

/// `GET /trials/{id}/participants`
async fn participants(State(door): State<Door>, Path(id): Path<String>, parts: Parts) -> Response {
    let seen = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let seen = door.hospital().participants(&caller, agent, &id).await?;
        let seen: Vec<Value> = seen.iter().map(told_participant).collect();
        Ok(json!({ "participants": seen }))
    };
    answered(StatusCode::OK, seen.await)
}

/// `POST /trials/{id}/participants/{subject}/consent`
async fn consent(
    State(door): State<Door>,
    Path((id, subject)): Path<(String, String)>,
    request: Request,
) -> Response {
    let done = async {
        let it: Asked<ConsentForm> = asked(&door, &id, request, "the body takes consent").await?;
        let hospital = door.hospital();
        let version = hospital
            .consent_again(&it.caller, it.agent, (&it.id, &subject, &it.form.consent))
            .await?;
        Ok(json!({ "subject": subject, "version": version }))
    };
    answered(StatusCode::OK, done.await)
}

/// `POST /trials/{id}/participants/{subject}/withdrawal`
async fn withdraw(
    State(door): State<Door>,
    Path((id, subject)): Path<(String, String)>,
    request: Request,
) -> Response {
    let done = async {
        let it: Asked<WithdrawForm> = asked(&door, &id, request, "the body takes keep").await?;
        let keep = match it.form.keep.as_str() {
            "collected" => Keep::Collected,
            "lawful" => Keep::Lawful,
            _ => return Err(wrong("`keep` is collected or lawful")),
        };
        let hospital = door.hospital();
        hospital
            .withdraw_participant(&it.caller, it.agent, (&it.id, &subject, keep))
            .await?;
        Ok(json!({ "subject": subject, "withdrawn": true }))
    };
    answered(StatusCode::OK, done.await)
}

/// `POST /trials/{id}/participants/{subject}/unblinding`
async fn unblind(
    State(door): State<Door>,
    Path((id, subject)): Path<(String, String)>,
    request: Request,
) -> Response {
    let done = async {
        let it: Asked<ReasonForm> = asked(&door, &id, request, "the body takes reason").await?;
        let hospital = door.hospital();
        let arm = hospital
            .unblind_participant(&it.caller, it.agent, (&it.id, &subject, &it.form.reason))
            .await?;
        Ok(json!({ "subject": subject, "arm": arm }))
    };
    answered(StatusCode::OK, done.await)
}

/// `GET /trials/{id}/participants/{subject}/allocation`
async fn allocation(
    State(door): State<Door>,
    Path((id, subject)): Path<(String, String)>,
    parts: Parts,
) -> Response {
    let told = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let arm = hospital.allocation(&caller, agent, (&id, &subject)).await?;
        Ok(json!({ "subject": subject, "arm": arm }))
    };
    answered(StatusCode::OK, told.await)
}

/// `POST /trials/{id}/locks`
async fn lock(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let locked = async {
        let it: Asked<LockForm> = asked(&door, &id, request, "the body takes programs").await?;
        let hospital = door.hospital();
        let (number, rows) = hospital
            .propose_lock(&it.caller, it.agent, (&it.id, &it.form.programs))
            .await?;
        Ok(json!({ "number": number, "rows": rows }))
    };
    answered(StatusCode::CREATED, locked.await)
}

/// `POST /trials/{id}/unlocks`
async fn unlock(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let unlocked = async {
        let it: Asked<ReasonForm> = asked(&door, &id, request, "the body takes reason").await?;
        let hospital = door.hospital();
        let number = hospital
            .propose_unlock(&it.caller, it.agent, (&it.id, &it.form.reason))
            .await?;
        Ok(json!({ "number": number }))
    };
    answered(StatusCode::CREATED, unlocked.await)
}

/// `POST /trials/{id}/confirmations`
async fn confirm(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let confirmed = async {
        let it: Asked<NumberForm> = asked(&door, &id, request, "the body takes number").await?;
        let hospital = door.hospital();
        let number = it.form.number;
        let effective = hospital
            .confirm_decision(&it.caller, it.agent, (&it.id, number))
            .await?;
        Ok(json!({ "number": number, "effective": effective }))
    };
    answered(StatusCode::OK, confirmed.await)
}

/// `POST /trials/{id}/secrets`
async fn reveal(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let shown = async {
        let it: Asked<Nothing> = asked(&door, &id, request, "the body is an empty object").await?;
        let Nothing {} = it.form;
        let hospital = door.hospital();
        let shown = hospital.reveal_hands(&it.caller, it.agent, &it.id).await?;
        Ok(json!({ "shown": shown }))
    };
    answered(StatusCode::OK, shown.await)
}

/// `POST /trials/{id}/reports`
async fn report(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let reported = async {
        let it: Asked<Results> = asked(&door, &id, request, "the body takes endpoints").await?;
        let hospital = door.hospital();
        let number = hospital
            .report_trial(&it.caller, it.agent, (&it.id, it.form))
            .await?;
        Ok(json!({ "number": number }))
    };
    answered(StatusCode::CREATED, reported.await)
}

/// `GET /trials/{id}/reports/{number}`
async fn read_report(
    State(door): State<Door>,
    Path((id, number)): Path<(String, u32)>,
    parts: Parts,
) -> Response {
    let read = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let it = hospital.trial_report(&caller, agent, (&id, number)).await?;
        Ok(json!({
            "number": it.number,
            "reported": ms(it.known.time_ms),
            "version": it.known.version,
            "lock": it.known.lock.number,
            "rows": it.known.lock.rows,
            "endpoints": it.results.endpoints,
        }))
    };
    answered(StatusCode::OK, read.await)
}

/// `GET /trials/{id}/reports/{number}/comparison`
async fn comparison(
    State(door): State<Door>,
    Path((id, number)): Path<(String, u32)>,
    parts: Parts,
) -> Response {
    let compared = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let lines = hospital
            .compare_report(&caller, agent, (&id, number))
            .await?;
        let lines: Vec<Value> = lines.iter().map(told_line).collect();
        Ok(json!({ "report": number, "endpoints": lines }))
    };
    answered(StatusCode::OK, compared.await)
}

fn wrong(text: &str) -> ApiError {
    HospitalError::request("value", text, HINT).into()
}
