//! Signing in on a page, by password or passkey: before an app's request is shown, to look after
//! the own passkeys, or to use the pages of the portal.

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

/// What a sign-in page shows, and the browser that it is for.
pub(crate) struct Entrance {
    pub(crate) browser: String,
    /// The browser has its cookie already.
    pub(crate) known: bool,
    pub(crate) token: String,
    /// What to ask a passkey for, where there are passkeys.
    pub(crate) passkey: Option<page::Ask>,
}

/// Why nobody was signed in.
pub(crate) enum Wrong {
    /// The name and the password do not fit.
    Unfit,
    /// Too many tries failed: seconds to wait.
    Wait(u64),
    /// The passkey was not taken, for this reason.
    Passkey(String),
}

/// What a sign-in page needs for this browser.
pub(crate) fn entrance(door: &Door, headers: &HeaderMap) -> Result<Entrance, HospitalError> {
    let hospital = door.hospital();
    let known = cookie(door, headers, BROWSER).filter(|it| it.len() == 43);
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
    Ok(Entrance {
        known: known.is_some(),
        token: hospital.form_token(&browser),
        browser,
        passkey,
    })
}

/// Gives a browser its name, unless it has one.
pub(crate) fn name_browser(door: &Door, response: &mut Response, entrance: &Entrance) {
    if !entrance.known {
        set_cookie(door, response, BROWSER, &entrance.browser, SESSION_LIFE_S);
    }
}

/// Signs in by what the form has, and answers the secret of the new session. The form's token was
/// checked.
pub(crate) async fn begin<'a>(
    door: &Door,
    client: &str,
    parts: &Parts,
    get: &impl Fn(&str) -> &'a str,
) -> Result<Result<String, Wrong>, HospitalError> {
    let (headers, hospital) = (&parts.headers, door.hospital());
    let from = origin(parts, client);
    let begun = match (&door.0.config.relying_party, get("act")) {
        (Some(relying), "passkey") => {
            let browser = cookie(door, headers, BROWSER).unwrap_or("");
            let answer = get("passkey");
            hospital
                .start_session_by_passkey(relying, browser, answer, &from)
                .await
        }
        (None, "passkey") => {
            return Ok(Err(Wrong::Passkey("There are no passkeys here".into())));
        }
        _ => {
            let (username, password) = (get("username"), get("password"));
            hospital.start_session(username, password, &from).await
        }
    };
    match begun {
        Ok((secret, _)) => {
            // Always a new secret: one that was planted before the sign-in is worth nothing.
            if let Some(old) = cookie(door, headers, SESSION) {
                hospital.end_session(old).await?;
            }
            Ok(Ok(secret))
        }
        Err(HospitalError::SignIn { wait_s: 0 }) => Ok(Err(Wrong::Unfit)),
        Err(HospitalError::SignIn { wait_s }) => Ok(Err(Wrong::Wait(wait_s))),
        Err(HospitalError::Refused { text, .. }) => Ok(Err(Wrong::Passkey(text))),
        Err(error) => Err(error),
    }
}

/// The sign-in page of the authorization server; `asked` is the request of an app.
pub(super) fn page(
    door: &Door,
    asked: Option<&Asked>,
    headers: &HeaderMap,
    wrong: Option<&str>,
) -> Result<Response, Fault> {
    let entrance = entrance(door, headers)?;
    let body = page::sign_in(&page::SignIn {
        organisation: door.hospital().organisation(),
        asked,
        token: &entrance.token,
        passkey: entrance.passkey.as_ref(),
        provider: door.0.config.provider.as_ref().map(|it| it.name.as_str()),
        wrong,
    });
    let status = if wrong.is_some() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    let mut response = page::response(status, body, asked, entrance.passkey.is_some());
    name_browser(door, &mut response, &entrance);
    Ok(response)
}

/// Signs in by what the form has, and goes on to what was asked. The form's token was checked.
pub(super) async fn sign_in<'a>(
    door: &Door,
    asked: Option<&Asked>,
    parts: &Parts,
    get: &impl Fn(&str) -> &'a str,
) -> Result<Response, Fault> {
    let headers = &parts.headers;
    let client = asked.map_or("", |asked| &asked.client.id);
    match begin(door, client, parts, get).await? {
        Ok(secret) => {
            let mut response = match asked {
                Some(asked) => again(asked),
                None => moved("/auth/account"),
            };
            set_cookie(door, &mut response, SESSION, &secret, SESSION_LIFE_S);
            Ok(response)
        }
        Err(Wrong::Unfit) => {
            let text = "The name and the password do not fit.";
            page(door, asked, headers, Some(text))
        }
        Err(Wrong::Wait(wait_s)) => {
            let text = format!("Too many tries failed. Wait {wait_s} seconds.");
            let mut response = page(door, asked, headers, Some(&text))?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let wait = HeaderValue::from(wait_s);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
            Ok(response)
        }
        Err(Wrong::Passkey(text)) => {
            let text = format!("{text}. Try again, or use the password.");
            page(door, asked, headers, Some(&text))
        }
    }
}
