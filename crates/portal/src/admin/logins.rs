//! Accounts of a provider that sign in here as users.

use axum::Router;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use maud::html;
use serde_json::json;

use super::fields::list;
use crate::Portal;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/logins", get(show).post(link))
        .route("/portal/logins/unlink", post(unlink))
}

/// `GET /portal/logins`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    page(&visit, ["", ""], &Faults::default()).await
}

async fn page(visit: &Visit, given: [&str; 2], faults: &Faults) -> Result<Response, Trouble> {
    let found = visit.get("/auth/logins").await?;
    let links = list(&found, "logins");
    let title = visit.say("logins-title");
    let [username, subject] = given;
    let line = |name: &'static str, value| {
        Line {
            name,
            kind: "text",
            label: visit.say(&format!("logins-{name}")),
            hint: visit.say(&format!("logins-{name}-hint")),
            value,
            autocomplete: "off",
        }
        .show(faults)
    };
    let content = html! {
        p.back { a href="/portal/people" { (visit.say("people-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("logins-lead")) }
        @if links.is_empty() { p { (visit.say("logins-none")) } }
        @else {
            ul.cards { @for one in links {
                li {
                    h2 { (text(one, "/username")) }
                    p { code { (text(one, "/subject")) } " · " (text(one, "/issuer")) }
                    (form::button(visit, "/portal/logins/unlink", "second",
                        &visit.say("logins-unlink"),
                        &[("username", text(one, "/username"))]))
                }
            } }
        }
        h2 { (visit.say("logins-new")) }
        (form::form(visit, "/portal/logins", &html! {
            (line("username", username))
            (line("subject", subject))
            button type="submit" { (visit.say("logins-link")) }
        }))
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/logins`
async fn link(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    let (username, subject) = (filled.get("username"), filled.get("subject"));
    let mut faults = Faults::default();
    for (name, value) in [("username", username), ("subject", subject)] {
        if value.is_empty() {
            faults.add(name, visit.say(&format!("logins-fault-{name}")));
        }
    }
    if faults.is_empty() {
        let body = json!({ "username": username, "subject": subject });
        match visit.post("/auth/logins", &body).await {
            Ok(_) => return Ok(Visit::go("/portal/logins")),
            Err(trouble) if trouble.has_status(404) => {
                faults.add("username", visit.say("logins-fault-nobody"));
            }
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    page(visit, [username, subject], &faults).await
}

/// `POST /portal/logins/unlink`
async fn unlink(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    // In a path every letter that is not plain is encoded.
    let name: String = filled
        .get("username")
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    visit
        .send(Method::DELETE, &format!("/auth/logins/{name}"), None)
        .await?;
    Ok(Visit::go("/portal/logins"))
}
