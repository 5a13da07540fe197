//! Patients' keys, their recovery, and delegations: `/identity/...`. docs/reference/http.md.

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::{
    Caller, Delegation, DelegationKind, DeviceKey, HospitalError, NewDelegation, PatientKeyChange,
    PatientKeys, Role, SignedStatement, Zeroizing, instant,
};
use proof::{Digest, PublicKey, Signature};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::outcome::{problem, respond};
use crate::state::Door;

/// Largest body here: an X-Wing key in hexadecimal is the most.
const BODY_BYTES_MAX: usize = 16 << 10;

/// The header by which a delegate names the patient to act for.
const ACTING_FOR: &str = "acting-for";

impl Door {
    /// Who asks, in the place of the patient that the request names.
    pub(crate) async fn acting(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let caller = self.caller(headers)?;
        let Some(value) = headers.get(ACTING_FOR) else {
            return Ok(caller);
        };
        let patient = value.to_str().unwrap_or_default();
        Ok(self.hospital().act_for(&caller, patient).await?)
    }
}

/// The patient whose keys are meant: the caller, or the one that the caller acts for.
async fn patient(door: &Door, headers: &HeaderMap) -> Result<(Caller, String), ApiError> {
    let caller = door.acting(headers).await?;
    match (caller.role, caller.patient.clone()) {
        (Role::Patient, Some(patient)) => Ok((caller, patient)),
        (role, _) => Err(ApiError::Denied(format!(
            "the role {role} has no keys of a patient"
        ))),
    }
}

async fn form<T: DeserializeOwned>(
    door: &Door,
    headers: &HeaderMap,
    body: Body,
    hint: &'static str,
) -> Result<T, ApiError> {
    let expected = "not the body that is expected here";
    door.form(headers, body, BODY_BYTES_MAX, expected, hint)
        .await
}

/// Every answer here is for one person once: nothing between may keep it (RFC 9111 5.2.2.5).
fn answered(found: Result<(StatusCode, Value), ApiError>) -> Response {
    let mut response = match found {
        Ok((status, body)) => respond(status, "application/json", body.to_string()),
        Err(error) => problem(&error),
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `GET /identity/keys`
pub(crate) async fn keys(State(door): State<Door>, headers: HeaderMap) -> Response {
    let found = async {
        let (_, patient) = patient(&door, &headers).await?;
        let keys = door.hospital().patient_keys(&patient).await?;
        let missing = || HospitalError::Absent(format!("a key of Patient/{patient}"));
        Ok::<_, ApiError>((StatusCode::OK, shown(&patient, &keys.ok_or_else(missing)?)))
    };
    answered(found.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    mode: String,
    consent_key: Option<String>,
    x_wing_key: Option<String>,
    possession: Option<String>,
    approval: Option<String>,
}

/// `POST /identity/keys`
pub(crate) async fn enrol(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let made = async {
        let (caller, patient) = patient(&door, &headers).await?;
        let hint = "send mode, and for a device consent_key and possession";
        let form: KeyForm = form(&door, &headers, body, hint).await?;
        let hospital = door.hospital();
        let keys = if form.mode == "custodial" {
            hospital.enrol_custodial_key(&caller, &patient).await?
        } else {
            let new = device_key(&form)?;
            hospital.enrol_patient_key(&caller, &patient, new).await?
        };
        Ok::<_, ApiError>((StatusCode::CREATED, shown(&patient, &keys)))
    };
    answered(made.await)
}

fn device_key(form: &KeyForm) -> Result<DeviceKey, ApiError> {
    if form.mode != "device" {
        return Err(unusable("mode is `custodial` or `device`"));
    }
    let key: Option<PublicKey> = form.consent_key.as_deref().and_then(|key| key.parse().ok());
    let signature = |text: &str| bytes(text)?.try_into().ok().map(Signature);
    let approval = match form.approval.as_deref() {
        Some(text) => {
            let given = signature(text);
            Some(given.ok_or_else(|| unusable("approval is a signature in 128 hex digits"))?)
        }
        None => None,
    };
    let x_wing_key = match form.x_wing_key.as_deref() {
        Some(text) => Some(bytes(text).ok_or_else(|| unusable("x_wing_key is hexadecimal"))?),
        None => None,
    };
    let possession = form.possession.as_deref().and_then(signature);
    Ok(DeviceKey {
        consent_key: key.ok_or_else(|| unusable("consent_key is a key in 64 hex digits"))?,
        x_wing_key,
        possession: possession
            .ok_or_else(|| unusable("possession is a signature in 128 hex digits"))?,
        approval,
    })
}

fn unusable(text: &str) -> ApiError {
    HospitalError::request("value", text, "see docs/reference/keys.md").into()
}

/// Lowercase hexadecimal.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn shown(patient: &str, keys: &PatientKeys) -> Value {
    let change = |change: &PatientKeyChange| {
        json!({
            "number": change.number,
            "mode": change.mode.name(),
            "reason": change.reason,
            "consent_key": change.consent_key.to_string(),
            "x_wing_key": change.x_wing_key.as_deref().map(hex),
            "since": instant::fhir(change.since_us),
            "possession": hex(&change.possession.0),
            "approval": change.approval.map(|approval| hex(&approval.0)),
            "record": format!("Provenance/{}", change.record),
        })
    };
    json!({
        "patient": patient,
        "current": change(&keys.current),
        "history": keys.history.iter().map(change).collect::<Vec<_>>(),
    })
}

/// `POST /identity/recovery`: the shares, this once.
pub(crate) async fn recovery(State(door): State<Door>, headers: HeaderMap) -> Response {
    let made = async {
        let (caller, patient) = patient(&door, &headers).await?;
        let shares = door.hospital().make_recovery(&caller, &patient).await?;
        let set = shares.first().map(|share| share.set.clone());
        let shares: Vec<Value> = shares
            .iter()
            .map(|share| json!({ "number": share.number, "text": share.text.as_str() }))
            .collect();
        let body = json!({ "set": set, "needed": 2, "shares": shares });
        Ok::<_, ApiError>((StatusCode::CREATED, body))
    };
    answered(made.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestoreForm {
    shares: Vec<String>,
}

/// `POST /identity/recovery/restore`
pub(crate) async fn restore(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let restored = async {
        let (caller, patient) = patient(&door, &headers).await?;
        let hint = "send {\"shares\": [\"salus1...\", \"salus1...\"]}";
        let form: RestoreForm = form(&door, &headers, body, hint).await?;
        let texts: Vec<_> = form.shares.into_iter().map(Zeroizing::new).collect();
        let hospital = door.hospital();
        let keys = hospital.restore_recovery(&caller, &patient, &texts).await?;
        Ok::<_, ApiError>((StatusCode::OK, shown(&patient, &keys)))
    };
    answered(restored.await)
}

/// `GET /identity/delegations`
pub(crate) async fn delegations(State(door): State<Door>, headers: HeaderMap) -> Response {
    let found = async {
        let caller = door.acting(&headers).await?;
        let mut all = Vec::new();
        for one in &door.hospital().delegations(&caller).await? {
            all.push(delegation(&door, one).await?);
        }
        Ok::<_, ApiError>((StatusCode::OK, json!({ "delegations": all })))
    };
    answered(found.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DelegationForm {
    patient: String,
    delegate: String,
    kind: String,
    until: String,
}

/// `POST /identity/delegations`
pub(crate) async fn delegate(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let made = async {
        let caller = door.person(&headers)?;
        let hint = "send patient, delegate (a user name), kind and until";
        let form: DelegationForm = form(&door, &headers, body, hint).await?;
        let kind = DelegationKind::parse(&form.kind);
        let until = instant::parse_fhir(&form.until);
        let new = NewDelegation {
            patient: form.patient,
            delegate: form.delegate,
            kind: kind.ok_or_else(|| unusable("kind is `guardian` or `proxy`"))?,
            until_us: until
                .ok_or_else(|| unusable("until is an instant, as 2027-01-31T00:00:00Z"))?,
        };
        let hospital = door.hospital();
        let made = hospital.delegate(&caller, new).await?;
        Ok::<_, ApiError>((StatusCode::CREATED, delegation(&door, &made).await?))
    };
    answered(made.await)
}

/// `DELETE /identity/delegations/{id}`
pub(crate) async fn end(
    State(door): State<Door>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let ended = async {
        let caller = door.person(&headers)?;
        let hospital = door.hospital();
        let ended = hospital.end_delegation(&caller, &id).await?;
        Ok::<_, ApiError>((StatusCode::OK, delegation(&door, &ended).await?))
    };
    answered(ended.await)
}

/// What a delegate's device sends to accept: first `prepare`, then what it signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptanceForm {
    prepare: Option<bool>,
    preparation: Option<String>,
    delegate_key: Option<String>,
    signature: Option<String>,
    acceptance: Option<String>,
}

/// `POST /identity/delegations/{id}/acceptance`
pub(crate) async fn accept(
    State(door): State<Door>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let accepted = async {
        let caller = door.person(&headers)?;
        let hint = "send prepare, or preparation, delegate_key, signature and acceptance";
        let form: AcceptanceForm = form(&door, &headers, body, hint).await?;
        let hospital = door.hospital();
        let Some(preparation) = &form.preparation else {
            if form.prepare != Some(true) {
                return Err(unusable(
                    "prepare is true, or preparation is what was answered",
                ));
            }
            let prepared = hospital.prepare_acceptance(&caller, &id).await?;
            return Ok((StatusCode::OK, crate::sharing::prepared(&prepared)));
        };
        let wrong = || unusable("preparation and delegate_key have 64 hex digits");
        let preparation: Digest = preparation.parse().map_err(|_| wrong())?;
        let key: Option<PublicKey> = form.delegate_key.as_deref().and_then(|it| it.parse().ok());
        let signature = |text: &Option<String>| {
            let found = crate::sharing::signature(text.as_deref());
            found.ok_or_else(|| unusable("signature and acceptance are 64 bytes in base64"))
        };
        let signed = SignedStatement {
            signature: signature(&form.signature)?,
            derived: Some(key.ok_or_else(wrong)?.0),
            ledger: vec![signature(&form.acceptance)?],
        };
        let made = hospital
            .accept_prepared(&caller, &id, &preparation, &signed)
            .await?;
        Ok::<_, ApiError>((StatusCode::CREATED, delegation(&door, &made).await?))
    };
    answered(accepted.await)
}

async fn delegation(door: &Door, one: &Delegation) -> Result<Value, ApiError> {
    let hospital = door.hospital();
    let entry = hospital.delegation_entry(one).await?;
    Ok(json!({
        "id": one.id,
        "patient": one.patient,
        "delegate": one.delegate,
        "kind": one.kind.name(),
        "since": instant::fhir(one.since_us),
        "until": instant::fhir(one.until_us),
        "ended": one.ended_us.map(instant::fhir),
        "in_force": one.in_force(hospital.now_us()),
        "by": one.by,
        // The id on the ledger, under which others judge what the delegate signs.
        "ledger": entry.map(|it| it.to_string()),
    }))
}
