//! What a browser carries: the cookie of a session, and that of a browser that has not signed in.
//!
//! Browsers keep cookies by host, not by port: each name ends in the organisation's, so that two
//! organisations on one machine do not sign each other's users out.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use hospital::Caller;
use hospital::smart::Session;

use super::request::Fault;
use crate::state::Door;

/// The cookie of a session.
pub(crate) const SESSION: &str = "salus_session";
/// The cookie of a browser that has not signed in: its sign-in form is bound to it.
pub(crate) const BROWSER: &str = "salus_browser";

/// A browser with a session.
pub(super) struct Signed {
    pub(super) secret: String,
    pub(super) caller: Caller,
    pub(super) session: Session,
}

pub(super) async fn signed_in(door: &Door, headers: &HeaderMap) -> Result<Option<Signed>, Fault> {
    let Some(secret) = cookie(door, headers, SESSION) else {
        return Ok(None);
    };
    let found = door.hospital().session(secret).await?;
    Ok(found.map(|(caller, session)| Signed {
        secret: secret.to_owned(),
        caller,
        session,
    }))
}

/// Whether a button is one of the sign-in page.
pub(super) fn signs_in(act: &str) -> bool {
    matches!(act, "sign-in" | "passkey")
}

/// Refuses a form that is not from a page of this server in this browser.
pub(super) fn check_form(
    door: &Door,
    headers: &HeaderMap,
    act: &str,
    token: &str,
) -> Result<(), Fault> {
    let name = if signs_in(act) { BROWSER } else { SESSION };
    let bound_to = cookie(door, headers, name);
    if bound_to.is_some_and(|it| door.hospital().is_form_token(it, token)) {
        return Ok(());
    }
    let text = "This form did not come from a page of this server. Begin again in the app.";
    Err(Fault::Told(text.into()))
}

pub(crate) fn cookie<'a>(door: &Door, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    long_cookie(door, headers, name).filter(|value| value.len() <= 64)
}

fn own(door: &Door, name: &str) -> String {
    format!("{name}_{}", door.hospital().organisation())
}

/// A cookie of any length: the server bounds the headers.
pub(super) fn long_cookie<'a>(door: &Door, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    find_cookie(headers, &own(door, name))
}

/// A cookie that a browser sent, by its whole name.
pub fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty())
}

/// `Lax`: an app of another origin may open the page with the session, but post no form to it.
pub(crate) fn set_cookie(
    door: &Door,
    response: &mut Response,
    name: &str,
    value: &str,
    life_s: i64,
) {
    let secure = if door.0.config.base.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let name = own(door, name);
    let text = format!("{name}={value}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
