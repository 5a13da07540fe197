//! `/auth/account`: users look after their passkeys.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hospital::pairs::Pairs;
use hospital::{HospitalError, Role, instant};

use super::authorize::{failed, moved};
use super::browser::{self, Signed, signed_in};
use super::request::Fault;
use super::{entry, page};
use crate::auth;
use crate::fhir::origin;
use crate::state::Door;

/// `GET /auth/account`
pub(crate) async fn show(State(door): State<Door>, headers: HeaderMap) -> Response {
    let shown = async {
        match signed_in(&door, &headers).await? {
            Some(signed) => account(&door, &signed, None).await,
            None => entry::page(&door, None, &headers, None),
        }
    };
    shown.await.unwrap_or_else(|fault| failed(&door, fault))
}

/// `POST /auth/account`: a button was pressed.
pub(crate) async fn decide(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match auth::form(&door, &parts, body).await {
        Ok(form) => form,
        Err(refused) => return failed(&door, Fault::Told(refused.text)),
    };
    let decided = decided(&door, &form, &parts).await;
    decided.unwrap_or_else(|fault| failed(&door, fault))
}

async fn account(door: &Door, signed: &Signed, wrong: Option<&str>) -> Result<Response, Fault> {
    let (hospital, caller) = (door.hospital(), &signed.caller);
    let passkeys = hospital.passkeys(&caller.username).await?;
    let dated = |passkey: hospital::smart::Passkey| {
        let added = instant::fhir(passkey.added_s.saturating_mul(1_000_000));
        (passkey, added.chars().take(10).collect())
    };
    let passkeys: Vec<_> = passkeys.into_iter().map(dated).collect();
    let ask = match &door.0.config.relying_party {
        Some(party) if caller.role != Role::System => Some(page::Ask {
            options: hospital.new_passkey(party, caller).await?.to_string(),
            origin: party.origin.clone(),
        }),
        _ => None,
    };
    let body = page::account(&page::Account {
        organisation: hospital.organisation(),
        username: &caller.username,
        token: &hospital.form_token(&signed.secret),
        passkeys: &passkeys,
        ask: ask.as_ref(),
        wrong,
    });
    let status = if wrong.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    Ok(page::response(status, body, None, ask.is_some()))
}

async fn decided(door: &Door, form: &Pairs, parts: &Parts) -> Result<Response, Fault> {
    let headers = &parts.headers;
    let get = |name: &str| {
        let found = form.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    browser::check_form(door, headers, get("act"), get("token"))?;
    if browser::signs_in(get("act")) {
        return entry::sign_in(door, None, parts, &get).await;
    }
    let here = || moved("/auth/account");
    let Some(signed) = signed_in(door, headers).await? else {
        return Ok(here());
    };
    let (hospital, caller) = (door.hospital(), &signed.caller);
    let from = origin(parts, "");
    match (get("act"), &door.0.config.relying_party) {
        ("add", Some(relying)) => {
            let (name, answer) = (get("name"), get("passkey"));
            let added = hospital.add_passkey(relying, caller, name, answer, &from);
            match added.await {
                Ok(_) => Ok(here()),
                Err(HospitalError::Request { text, .. }) => {
                    account(door, &signed, Some(&text)).await
                }
                Err(error) => Err(error.into()),
            }
        }
        ("remove", _) => {
            hospital.remove_passkey(caller, get("id"), &from).await?;
            Ok(here())
        }
        ("sign-out", _) => {
            hospital.sign_out(&signed.secret, &from).await?;
            let mut response = here();
            browser::set_cookie(door, &mut response, browser::SESSION, "", 0);
            Ok(response)
        }
        _ => Err(Fault::Told("The form cannot be read.".into())),
    }
}
