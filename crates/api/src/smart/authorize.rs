//! `/auth/authorize`: sign-in and consent. SMART App Launch 2.2, RFC 6749 4.1, RFC 9207.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hospital::pairs::{self, Pairs};

use super::browser::{self, Signed, signed_in};
use super::request::{self, Asked, Fault, Sent};
use super::{consent, consent::Offer};
use super::{entry, page};
use crate::auth;
use crate::fhir::origin;
use crate::outcome::respond;
use crate::state::Door;

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
        return entry::page(door, Some(&asked), headers, None);
    };
    if asked.silent {
        let text = "every launch is shown to the user";
        return Err(answer(&asked, "interaction_required", text));
    }
    let offer = consent::offer(door, &asked, &signed.caller).await?;
    consent_page(door, &asked, &signed, &offer, "", None).await
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
    Ok(page::response(StatusCode::OK, body, Some(asked), false))
}

async fn decided(door: &Door, form: &Pairs, parts: &Parts) -> Result<Response, Fault> {
    let headers = &parts.headers;
    let get = |name: &str| {
        let found = form.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let asked = request::read(door, get("request")).await?;
    browser::check_form(door, headers, get("act"), get("token"))?;
    if browser::signs_in(get("act")) {
        return entry::sign_in(door, Some(&asked), parts, &get).await;
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
            browser::set_cookie(door, &mut response, browser::SESSION, "", 0);
            Ok(response)
        }
        _ => Err(Fault::Told("The form cannot be read.".into())),
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

pub(super) fn failed(door: &Door, fault: Fault) -> Response {
    match fault {
        Fault::Told(text) => {
            let body = page::failure(door.hospital().organisation(), &text);
            page::response(StatusCode::BAD_REQUEST, body, None, false)
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
pub(super) fn again(asked: &Asked) -> Response {
    moved(&format!("/auth/authorize?{}", asked.query))
}

pub(super) fn moved(to: &str) -> Response {
    let mut response = respond(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    page::guard(&mut response, None, false);
    response
}
