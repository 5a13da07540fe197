//! What the token endpoint answers for a user's grant. SMART App Launch 2.2, RFC 6749 5.1,
//! OpenID Connect Core 3.1.3.3.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hospital::access_log::{AccessAgent, AccessDeed};
use hospital::scopes::{Scope, Scopes};
use hospital::smart::{Client, Grant};
use hospital::{Caller, Role};
use serde_json::{Value, json};

use super::Refused;
use crate::state::Door;
use crate::token::Granted;

/// The system of the identifier by which a Practitioner record names a user of this organisation.
pub(super) const USER_SYSTEM: &str = "urn:salus:user";
/// How long an id token is good for.
const ID_LIFE_S: i64 = 300;

/// Tokens for a grant, within these scopes. Their event is on disk before they are told.
pub(super) async fn granted(
    door: &Door,
    client: &Client,
    grant: &Grant,
    scopes: Scopes,
    (deed, from): (AccessDeed, &AccessAgent),
) -> Result<Value, Refused> {
    let hospital = door.hospital();
    let gone = || {
        Refused::new(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "the user is gone or has another role",
        )
    };
    let caller = hospital.user(&grant.username).await?.ok_or_else(gone)?;
    if caller.role.name() != grant.role {
        return Err(gone());
    }
    hospital.log_admitted(deed, &caller, from).await?;
    let patient = scopes.needs_patient().then(|| grant.patient.clone());
    let with_launch = scopes.has(&Scope::Launch).then(|| grant.patient.clone());
    let patient = patient.or(with_launch).flatten();
    let for_client = Granted {
        client: client.id.clone(),
        scopes,
        patient: patient.clone(),
        family: grant.family.clone(),
    };
    let mint = &door.0.mint;
    let token = mint.issue_to(&caller, &for_client, hospital.now_us())?;
    let scopes = &for_client.scopes;
    let mut body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": mint.life_s(),
        "scope": scopes.to_string(),
    });
    if let Some(patient) = patient {
        body["patient"] = patient.into();
        // The app is shown without a frame of ours: it must say whose record it shows.
        body["need_patient_banner"] = true.into();
    }
    if scopes.has(&Scope::OpenId) {
        body["id_token"] = id_token(door, client, grant, &caller, scopes).await?.into();
    }
    // RFC 6749 6: the next refresh token is good for all that was granted, narrowed or not.
    let whole: Scopes = grant.scope.parse().unwrap_or_default();
    let stays = whole.has(&Scope::OfflineAccess) || whole.has(&Scope::OnlineAccess);
    if stays && client.may_use("refresh_token") {
        body["refresh_token"] = hospital.issue_refresh(grant).await?.into();
    }
    Ok(body)
}

async fn id_token(
    door: &Door,
    client: &Client,
    grant: &Grant,
    caller: &Caller,
    scopes: &Scopes,
) -> Result<String, Refused> {
    let now_s = door.hospital().now_us().div_euclid(1_000_000);
    let mut claims = json!({
        "iss": door.0.config.base,
        "sub": caller.username,
        "aud": client.id,
        "iat": now_s,
        "exp": now_s + ID_LIFE_S,
        "auth_time": grant.signed_in_s,
    });
    if let Some(nonce) = &grant.nonce {
        claims["nonce"] = nonce.clone().into();
    }
    if scopes.has(&Scope::FhirUser)
        && let Some(url) = fhir_user(door, caller).await?
    {
        claims["fhirUser"] = url.into();
    }
    sign(door, &claims).await
}

/// RS256: SMART App Launch 2.2 asks servers for RSA, OpenID Connect Core 3.1.3.7 makes it the
/// default.
async fn sign(door: &Door, claims: &Value) -> Result<String, Refused> {
    let key = door.hospital().id_key().await?;
    let header =
        json!({ "alg": "RS256", "typ": "JWT", "kid": super::discovery::id_key_name(&key) });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let signature = key.sign(message.as_bytes()).map_err(|error| {
        Refused::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            error.to_string(),
        )
    })?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The record that describes the user: a patient's own, or the one Practitioner whose identifier
/// names the user. Nobody is made up: without a record there is no claim.
pub(super) async fn fhir_user(door: &Door, caller: &Caller) -> Result<Option<String>, Refused> {
    let base = door.hospital().fhir_base();
    if caller.role == Role::Patient {
        let own = caller.patient.as_deref();
        return Ok(own.map(|id| format!("{base}/Patient/{id}")));
    }
    let name = caller.username.replace(['\\', ',', '$', '|'], "");
    if name != caller.username {
        return Ok(None);
    }
    let query = vec![("identifier".to_owned(), format!("{USER_SYSTEM}|{name}"))];
    let organisation = Caller::new("", Role::System, None);
    let found = door
        .hospital()
        .search(&organisation, "Practitioner", query, true)
        .await?;
    Ok(match found.matches.as_slice() {
        [one] => Some(format!("{base}/{}", one.reference())),
        _ => None,
    })
}
