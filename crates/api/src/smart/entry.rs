//! Signing in on a page, by password or passkey: before an app's request is shown, or to look
//! after the own passkeys.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::HospitalError;
use hospital::smart::SESSION_LIFE_S;

use super::authorize::{again, moved};
use super::browser::{BROWSER, SESSION, cookie, set_cookie};
use super::page;
use super::request::{Asked, Fault};
use crate::fhir::origin;
use crate::state::Door;

/// The sign-in page; `asked` is the request of an app.
pub(super) fn page(
    door: &Door,
    asked: Option<&Asked>,
    headers: &HeaderMap,
    wrong: Option<&str>,
) -> Result<Response, Fault> {
    let hospital = door.hospital();
    let known = cookie(headers, BROWSER).filter(|it| it.len() == 43);
    let browser = match known {
        Some(browser) => browser.to_owned(),
        None => hospital.new_browser()?,
    };
    let passkey = match &door.0.config.relying_party {
        Some(party) => Some(page::Ask {
            options: hospital.ask_passkey(party, &browser)?.to_string(),
            origin: party.origin.clone(),
        }),
        None => None,
    };
    let body = page::sign_in(&page::SignIn {
        organisation: hospital.organisation(),
        asked,
        token: &hospital.form_token(&browser),
        passkey: passkey.as_ref(),
        provider: door.0.config.provider.as_ref().map(|it| it.name.as_str()),
        wrong,
    });
    let status = if wrong.is_some() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    let mut response = page::response(status, body, asked, passkey.is_some());
    if known.is_none() {
        set_cookie(door, &mut response, BROWSER, &browser, SESSION_LIFE_S);
    }
    Ok(response)
}

/// Signs in by what the form has. Its token was checked.
pub(super) async fn sign_in<'a>(
    door: &Door,
    asked: Option<&Asked>,
    parts: &Parts,
    get: &impl Fn(&str) -> &'a str,
) -> Result<Response, Fault> {
    let (headers, hospital) = (&parts.headers, door.hospital());
    let from = origin(parts, asked.map_or("", |asked| &asked.client.id));
    let begun = match (&door.0.config.relying_party, get("act")) {
        (Some(relying), "passkey") => {
            let browser = cookie(headers, BROWSER).unwrap_or("");
            let answer = get("passkey");
            hospital
                .start_session_by_passkey(relying, browser, answer, &from)
                .await
        }
        (None, "passkey") => return Err(Fault::Told("There are no passkeys here.".into())),
        _ => {
            let (username, password) = (get("username"), get("password"));
            hospital.start_session(username, password, &from).await
        }
    };
    match begun {
        Ok((secret, _)) => {
            // Always a new secret: one that was planted before the sign-in is worth nothing.
            if let Some(old) = cookie(headers, SESSION) {
                hospital.end_session(old).await?;
            }
            let mut response = match asked {
                Some(asked) => again(asked),
                None => moved("/auth/account"),
            };
            set_cookie(door, &mut response, SESSION, &secret, SESSION_LIFE_S);
            Ok(response)
        }
        Err(HospitalError::SignIn { wait_s: 0 }) => {
            let text = "The name and the password do not fit.";
            page(door, asked, headers, Some(text))
        }
        Err(HospitalError::SignIn { wait_s }) => {
            let text = format!("Too many tries failed. Wait {wait_s} seconds.");
            let mut response = page(door, asked, headers, Some(&text))?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let wait = HeaderValue::from(wait_s);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
            Ok(response)
        }
        Err(HospitalError::Refused { text, .. }) => {
            let text = format!("{text}. Try again, or use the password.");
            page(door, asked, headers, Some(&text))
        }
        Err(error) => Err(error.into()),
    }
}
