//! `/auth/authorize`: sign-in and consent. SMART App Launch 2.2, RFC 6749 4.1, RFC 9207.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::pairs::{self, Pairs};
use hospital::smart::{SESSION_LIFE_S, Session};
use hospital::{Caller, HospitalError};

use super::page;
use super::request::{self, Asked, Fault, Sent};
use super::{consent, consent::Offer};
use crate::auth;
use crate::fhir::origin;
use crate::outcome::respond;
use crate::state::Door;

/// The cookie of a session.
const SESSION: &str = "salus_session";
/// The cookie of a browser that has not signed in: its sign-in form is bound to it.
const BROWSER: &str = "salus_browser";

/// `GET /auth/authorize`
pub(crate) async fn show(State(door): State<Door>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or("");
    let shown = shown(&door, query, request.headers()).await;
    shown.unwrap_or_else(|fault| failed(&door, fault))
}

/// `POST /auth/authorize`: what the user decided.
pub(crate) async fn decide(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match auth::form(&door, &parts, body).await {
        Ok(form) => form,
        Err(refused) => return failed(&door, Fault::Told(refused.text)),
    };
    let decided = decided(&door, &form, &parts).await;
    decided.unwrap_or_else(|fault| failed(&door, fault))
}

async fn shown(door: &Door, query: &str, headers: &HeaderMap) -> Result<Response, Fault> {
    let asked = request::read(door, query).await?;
    let Some(signed) = signed_in(door, headers).await? else {
        if asked.silent {
            // OpenID Connect Core 3.1.2.6.
            return Err(answer(&asked, "login_required", "nobody is signed in"));
        }
        return sign_in_page(door, &asked, headers, None);
    };
    if asked.silent {
        let text = "every launch is shown to the user";
        return Err(answer(&asked, "interaction_required", text));
    }
    let offer = consent::offer(door, &asked, &signed.caller).await?;
    consent_page(door, &asked, &signed, &offer, "", None).await
}

/// A browser with a session.
struct Signed {
    secret: String,
    caller: Caller,
    session: Session,
}

async fn signed_in(door: &Door, headers: &HeaderMap) -> Result<Option<Signed>, Fault> {
    let Some(secret) = cookie(headers, SESSION) else {
        return Ok(None);
    };
    let found = door.hospital().session(secret).await?;
    Ok(found.map(|(caller, session)| Signed {
        secret: secret.to_owned(),
        caller,
        session,
    }))
}

fn sign_in_page(
    door: &Door,
    asked: &Asked,
    headers: &HeaderMap,
    wrong: Option<&str>,
) -> Result<Response, Fault> {
    let hospital = door.hospital();
    let known = cookie(headers, BROWSER).filter(|it| it.len() == 43);
    let browser = match known {
        Some(browser) => browser.to_owned(),
        None => hospital.new_browser()?,
    };
    let body = page::sign_in(
        hospital.organisation(),
        asked,
        &hospital.form_token(&browser),
        wrong,
    );
    let status = if wrong.is_some() {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    let mut response = page::response(status, body, Some(asked));
    if known.is_none() {
        set_cookie(door, &mut response, BROWSER, &browser, SESSION_LIFE_S);
    }
    Ok(response)
}

async fn consent_page(
    door: &Door,
    asked: &Asked,
    signed: &Signed,
    offer: &Offer,
    name: &str,
    wrong: Option<&str>,
) -> Result<Response, Fault> {
    let choices = if offer.chooses {
        consent::choices(door, &signed.caller, name).await?
    } else {
        Vec::new()
    };
    let hospital = door.hospital();
    let body = page::consent(&page::Consent {
        organisation: hospital.organisation(),
        asked,
        username: &signed.caller.username,
        offer,
        choices: &choices,
        name,
        token: &hospital.form_token(&signed.secret),
        wrong,
    });
    Ok(page::response(StatusCode::OK, body, Some(asked)))
}

async fn decided(door: &Door, form: &Pairs, parts: &Parts) -> Result<Response, Fault> {
    let headers = &parts.headers;
    let get = |name: &str| {
        let found = form.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let asked = request::read(door, get("request")).await?;
    let signs_in = get("act") == "sign-in";
    let bound_to = cookie(headers, if signs_in { BROWSER } else { SESSION });
    let ours = bound_to.is_some_and(|it| door.hospital().is_form_token(it, get("token")));
    if !ours {
        let text = "This form did not come from a page of this server. Begin again in the app.";
        return Err(Fault::Told(text.into()));
    }
    if signs_in {
        return sign_in(door, &asked, parts, get("username"), get("password")).await;
    }
    let Some(signed) = signed_in(door, headers).await? else {
        return Ok(again(&asked));
    };
    match get("act") {
        "allow" => allow(door, &asked, &signed, get("patient"), get("name")).await,
        "deny" => Err(answer(&asked, "access_denied", "the user said no")),
        "search" => {
            let offer = consent::offer(door, &asked, &signed.caller).await?;
            consent_page(door, &asked, &signed, &offer, get("name"), None).await
        }
        "sign-out" => {
            let from = origin(parts, &asked.client.id);
            door.hospital().sign_out(&signed.secret, &from).await?;
            let mut response = again(&asked);
            set_cookie(door, &mut response, SESSION, "", 0);
            Ok(response)
        }
        _ => Err(Fault::Told("The form cannot be read.".into())),
    }
}

async fn sign_in(
    door: &Door,
    asked: &Asked,
    parts: &Parts,
    username: &str,
    password: &str,
) -> Result<Response, Fault> {
    let (headers, hospital) = (&parts.headers, door.hospital());
    let from = origin(parts, &asked.client.id);
    match hospital.start_session(username, password, &from).await {
        Ok((secret, _)) => {
            // Always a new secret: one that was planted before the sign-in is worth nothing.
            if let Some(old) = cookie(headers, SESSION) {
                door.hospital().end_session(old).await?;
            }
            let mut response = again(asked);
            set_cookie(door, &mut response, SESSION, &secret, SESSION_LIFE_S);
            Ok(response)
        }
        Err(HospitalError::SignIn { wait_s: 0 }) => {
            let text = "The name and the password do not fit.";
            sign_in_page(door, asked, headers, Some(text))
        }
        Err(HospitalError::SignIn { wait_s }) => {
            let text = format!("Too many tries failed. Wait {wait_s} seconds.");
            let mut response = sign_in_page(door, asked, headers, Some(&text))?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let wait = HeaderValue::from(wait_s);
            response.headers_mut().insert(header::RETRY_AFTER, wait);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

async fn allow(
    door: &Door,
    asked: &Asked,
    signed: &Signed,
    patient: &str,
    name: &str,
) -> Result<Response, Fault> {
    let chosen = Some(patient).filter(|id| !id.is_empty());
    let who = (&signed.caller, &signed.session);
    let granted = consent::grant(door, asked, who, &signed.secret, chosen).await?;
    let Some(code) = granted else {
        let offer = consent::offer(door, asked, &signed.caller).await?;
        let text = "Choose a patient first.";
        return consent_page(door, asked, signed, &offer, name, Some(text)).await;
    };
    let fields = [("code", &*code), ("state", &asked.state)];
    Ok(sent_back(door, &asked.redirect, &fields))
}

fn answer(asked: &Asked, error: &'static str, text: &str) -> Fault {
    Fault::Sent(Box::new(Sent {
        redirect: asked.redirect.clone(),
        state: asked.state.clone(),
        error,
        text: text.to_owned(),
    }))
}

fn failed(door: &Door, fault: Fault) -> Response {
    match fault {
        Fault::Told(text) => {
            let body = page::failure(door.hospital().organisation(), &text);
            page::response(StatusCode::BAD_REQUEST, body, None)
        }
        Fault::Sent(sent) => {
            let mut fields = vec![("error", sent.error), ("error_description", &sent.text)];
            if !sent.state.is_empty() {
                fields.push(("state", &sent.state));
            }
            sent_back(door, &sent.redirect, &fields)
        }
    }
}

/// Back to the client's registered address. RFC 9207 2: with `iss`, so that an answer of another
/// server cannot be passed off as ours.
fn sent_back(door: &Door, redirect: &str, fields: &[(&str, &str)]) -> Response {
    let mut pairs: Pairs = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    pairs.push(("iss".to_owned(), door.0.config.base.clone()));
    let sign = if redirect.contains('?') { '&' } else { '?' };
    moved(&format!("{redirect}{sign}{}", pairs::encode(&pairs)))
}

/// The same request once more, for whoever is signed in now.
fn again(asked: &Asked) -> Response {
    moved(&format!("/auth/authorize?{}", asked.query))
}

fn moved(to: &str) -> Response {
    let mut response = respond(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    page::guard(&mut response, None);
    response
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
        .filter(|value| !value.is_empty() && value.len() <= 64)
}

/// `Lax`: an app of another origin may open the page with the session, but post no form to it.
fn set_cookie(door: &Door, response: &mut Response, name: &str, value: &str, life_s: i64) {
    let secure = if door.0.config.base.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let text =
        format!("{name}={value}; Path=/auth; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
