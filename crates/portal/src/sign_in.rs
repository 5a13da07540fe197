//! Signing in and out, by password or passkey.

use api::{Entrance, Wrong};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use crate::Portal;
use crate::form::{Faults, Line};
use crate::page::{self, Frame};
use crate::trouble::{Refusal, Trouble};
use crate::visit::{Filled, Visit, field, own_path, read_form};
use crate::words::Language;

/// `GET /portal/sign-in`
pub(crate) async fn show(State(portal): State<Portal>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Ok(Some(_)) = portal.inside.visitor(&parts.headers).await {
        return Redirect::to(&back(&parts)).into_response();
    }
    shown(&portal, &parts, &back(&parts), None)
}

fn back(parts: &Parts) -> String {
    let query = hospital::pairs::decode(parts.uri.query().unwrap_or("")).unwrap_or_default();
    own_path(field(&query, "back"))
}

/// `POST /portal/sign-in`
pub(crate) async fn decide(State(portal): State<Portal>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = read_form(body).await.unwrap_or_default();
    let back = own_path(field(&form, "back"));
    let mut response = Redirect::to(&back).into_response();
    match portal.inside.sign_in(&parts, &form, &mut response).await {
        Ok(Ok(())) => response,
        Ok(Err(wrong)) => shown(&portal, &parts, &back, Some(&wrong)),
        Err(error) => {
            tracing::warn!(%error, "a sign-in failed");
            failed(&portal, &parts)
        }
    }
}

fn failed(portal: &Portal, parts: &Parts) -> Response {
    Trouble::Refused(Box::new(Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: String::new(),
        text: String::new(),
        wait_s: Some(2),
        frame: Frame::outside(portal, parts),
    }))
    .into_response()
}

/// `POST /portal/sign-out`
pub(crate) async fn leave(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let mut response = Visit::go("/portal/sign-in");
    let inside = &visit.portal.inside;
    let left = inside.sign_out(&visit.visitor, &visit.parts, &mut response);
    match left.await {
        Ok(()) => {
            // RFC of the Clear-Site-Data header: what pages kept goes with the session.
            let all = HeaderValue::from_static("\"cache\"");
            response
                .headers_mut()
                .insert(header::HeaderName::from_static("clear-site-data"), all);
            Ok(response)
        }
        Err(error) => {
            tracing::warn!(%error, "a sign-out failed");
            Err(visit.refused(StatusCode::SERVICE_UNAVAILABLE, ""))
        }
    }
}

fn shown(portal: &Portal, parts: &Parts, back: &str, wrong: Option<&Wrong>) -> Response {
    let entrance = match portal.inside.entrance(&parts.headers) {
        Ok(entrance) => entrance,
        Err(error) => {
            tracing::warn!(%error, "a sign-in page could not be made");
            return failed(portal, parts);
        }
    };
    let frame = Frame::outside(portal, parts);
    let language = frame.language;
    let (status, told) = match wrong {
        None => (StatusCode::OK, None),
        Some(Wrong::Form) => (StatusCode::FORBIDDEN, Some(language.say("sign-in-form"))),
        Some(Wrong::Unfit) => (
            StatusCode::UNAUTHORIZED,
            Some(language.say("sign-in-unfit")),
        ),
        Some(Wrong::Wait(wait_s)) => {
            let seconds = wait_s.to_string();
            let words = language.tell("sign-in-wait", &[("seconds", &seconds)]);
            (StatusCode::TOO_MANY_REQUESTS, Some(words))
        }
        Some(Wrong::Passkey(_)) => (
            StatusCode::UNAUTHORIZED,
            Some(language.say("sign-in-passkey-wrong")),
        ),
    };
    let content = content(language, &entrance, back, told.as_deref());
    let title = language.say("sign-in");
    let mut response = page::response(status, &frame, &title, &content);
    if let Some(Wrong::Wait(wait_s)) = wrong {
        let value = HeaderValue::from(*wait_s);
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    portal.inside.welcome(&mut response, &entrance);
    response
}

fn content(language: Language, entrance: &Entrance, back: &str, told: Option<&str>) -> Markup {
    let line = |name, kind, key: &str, autocomplete| {
        Line {
            name,
            kind,
            label: language.say(key),
            hint: String::new(),
            value: "",
            autocomplete,
        }
        .show(&Faults::default())
    };
    let bound = html! {
        input type="hidden" name="token" value=(entrance.token);
        input type="hidden" name="back" value=(back);
    };
    html! {
        div.narrow {
            h1 { (language.say("sign-in")) }
            @if let Some(told) = told {
                div.faults role="alert" { p { (told) } }
            }
            form method="post" action="/portal/sign-in" {
                (bound)
                input type="hidden" name="act" value="sign-in";
                (line("username", "text", "sign-in-name", "username"))
                (line("password", "password", "sign-in-password", "current-password"))
                button type="submit" { (language.say("sign-in-go")) }
            }
            @if let Some(provider) = &entrance.provider {
                p { a href="/auth/elsewhere" {
                    (language.tell("sign-in-elsewhere", &[("provider", provider)])) } }
            }
            @if let Some((options, origin)) = &entrance.passkey {
                form.passkey method="post" action="/portal/sign-in" hidden
                    data-passkey=(options) data-origin=(origin)
                    data-none=(language.say("sign-in-passkey-none")) {
                    (bound)
                    input type="hidden" name="act" value="passkey";
                    input type="hidden" name="passkey";
                    button.second type="submit" { (language.say("sign-in-passkey")) }
                    p.wrong role="alert" {}
                }
                script src="/auth/passkey.js" defer {}
            }
        }
    }
}
