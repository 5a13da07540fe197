//! Apps and systems that ask for records: registered clients.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::fields::{fact, list};
use crate::Portal;
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

const METHODS: [&str; 4] = [
    "none",
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
];
const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/apps", get(show))
        .route("/portal/apps/new", get(ask).post(register))
        .route("/portal/apps/{id}", get(one))
        .route("/portal/apps/{id}/delete", post(delete))
}

/// `GET /portal/apps`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let found = visit.get("/auth/register").await?;
    let clients = list(&found, "clients");
    let title = visit.say("apps-title");
    let content = html! {
        p.back { a href="/portal/people" { (visit.say("people-back")) } }
        h1 { (title) }
        @if visit.query("done") == "deleted" {
            div.done role="status" { p { (visit.say("apps-deleted")) } }
        }
        p.lead { (visit.say("apps-lead")) }
        p { a.button href="/portal/apps/new" { (visit.say("apps-new")) } }
        @if clients.is_empty() { p { (visit.say("apps-none")) } }
        @else {
            ul.cards { @for client in clients {
                li {
                    h2 {
                        a href={ "/portal/apps/" (text(client, "/client_id")) }
                        { (name(&visit, client)) }
                    }
                    p.soft { code { (text(client, "/client_id")) } }
                    p { (visit.say("apps-scope")) ": " code { (text(client, "/scope")) } }
                }
            } }
        }
    };
    Ok(visit.page(&title, &content))
}

fn name(visit: &Visit, client: &Value) -> String {
    match text(client, "/client_name") {
        "" => visit.say("apps-no-name"),
        name => name.to_owned(),
    }
}

/// What was filled in.
#[derive(Default)]
struct Given {
    name: String,
    redirects: String,
    method: String,
    grants: Vec<String>,
    scope: String,
    keys: String,
}

/// `GET /portal/apps/new`
async fn ask(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let given = Given {
        method: "none".into(),
        grants: vec!["authorization_code".into()],
        ..Given::default()
    };
    Ok(asked(&visit, &given, &Faults::default()))
}

fn asked(visit: &Visit, given: &Given, faults: &Faults) -> Response {
    let line = |name: &'static str, kind: &'static str, value| {
        Line {
            name,
            kind,
            label: visit.say(&format!("apps-{name}")),
            hint: visit.say(&format!("apps-{name}-hint")),
            value,
            autocomplete: "off",
        }
        .show(faults)
    };
    let coded = |group: &str, code: &str| {
        let key = format!("apps-{group}-{}", code.replace('_', "-"));
        (
            code.to_owned(),
            visit.say(&key),
            visit.say(&format!("{key}-more")),
        )
    };
    let grants: Vec<&str> = given.grants.iter().map(String::as_str).collect();
    let title = visit.say("apps-new");
    let content = html! {
        p.back { a href="/portal/apps" { (visit.say("apps-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (form::form(visit, "/portal/apps/new", &html! {
            (line("name", "text", given.name.as_str()))
            (form::choices("grants", "checkbox", &visit.say("apps-grants"), "",
                &GRANTS.map(|code| coded("grant", code)), &grants, faults))
            (form::choices("method", "radio", &visit.say("apps-method"), "",
                &METHODS.map(|code| coded("method", code)), &[given.method.as_str()], faults))
            (form::area("redirects", &visit.say("apps-redirects"),
                &visit.say("apps-redirects-hint"),
                &given.redirects, faults))
            (line("scope", "text", given.scope.as_str()))
            (line("keys", "url", given.keys.as_str()))
            button type="submit" { (visit.say("apps-register")) }
        }))
    };
    visit.page(&title, &content)
}

/// `POST /portal/apps/new`: the answer has the secret, this once, so that there is no redirect.
async fn register(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    let own = |name| filled.get(name).to_owned();
    let given = Given {
        name: own("name"),
        redirects: own("redirects"),
        method: own("method"),
        grants: filled
            .all("grants")
            .into_iter()
            .map(str::to_owned)
            .collect(),
        scope: own("scope"),
        keys: own("keys"),
    };
    let mut faults = Faults::default();
    for (field, value) in [("name", &given.name), ("scope", &given.scope)] {
        if value.is_empty() {
            faults.add(field, visit.say(&format!("apps-fault-{field}")));
        }
    }
    if given.grants.is_empty() {
        faults.add("grants", visit.say("apps-fault-grants"));
    }
    if !METHODS.contains(&given.method.as_str()) {
        faults.add("method", visit.say("apps-fault-method"));
    }
    if faults.is_empty() {
        match visit.post("/auth/register", &metadata(&given)).await {
            Ok(client) => return Ok(registered(visit, &client)),
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    Ok(asked(visit, &given, &faults))
}

/// RFC 7591 2.
fn metadata(given: &Given) -> Value {
    let lines = given.redirects.lines().map(str::trim);
    let redirects: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let mut asked = json!({
        "client_name": given.name,
        "redirect_uris": redirects,
        "grant_types": given.grants,
        "token_endpoint_auth_method": given.method,
        "scope": given.scope,
    });
    if !given.keys.is_empty() {
        asked["jwks_uri"] = given.keys.clone().into();
    }
    asked
}

fn registered(visit: &Visit, client: &Value) -> Response {
    let title = visit.say("apps-registered");
    let secret = text(client, "/client_secret");
    let content = html! {
        p.back { a href="/portal/apps" { (visit.say("apps-back")) } }
        h1 { (title) }
        div.done role="status" { p { (visit.say("apps-registered-hint")) } }
        dl.facts {
            (fact(visit, "apps-id", &html! { code { (text(client, "/client_id")) } }))
            @if !secret.is_empty() { (fact(visit, "apps-secret", &html! { code { (secret) } })) }
        }
        @if !secret.is_empty() { div.alarm { p { (visit.say("apps-secret-once")) } } }
    };
    visit.page(&title, &content)
}

/// `GET /portal/apps/{id}`
async fn one(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    let client = visit.get(&format!("/auth/register/{id}")).await?;
    let title = name(&visit, &client);
    let issued_us = client["client_id_issued_at"]
        .as_i64()
        .unwrap_or(0)
        .saturating_mul(1_000_000);
    let strings = |name: &str| -> Markup {
        html! {
            ul { @for one in list(&client, name) { li { code { (one.as_str().unwrap_or("")) } } } }
        }
    };
    let content = html! {
        p.back { a href="/portal/apps" { (visit.say("apps-back")) } }
        h1 { (title) }
        dl.facts {
            (fact(&visit, "apps-id", &html! { code { (id) } }))
            (fact(&visit, "apps-since",
                &date::stamp(visit.language, &hospital::instant::fhir(issued_us))))
            (fact(&visit, "apps-method",
                &html! { code { (text(&client, "/token_endpoint_auth_method")) } }))
            (fact(&visit, "apps-grants", &strings("grant_types")))
            (fact(&visit, "apps-redirects", &strings("redirect_uris")))
            (fact(&visit, "apps-scope", &html! { code { (text(&client, "/scope")) } }))
        }
        h2 { (visit.say("apps-delete")) }
        p { (visit.say("apps-delete-hint")) }
        (form::button(&visit, &format!("/portal/apps/{id}/delete"), "warn",
            &visit.say("apps-delete-go"), &[]))
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/apps/{id}/delete`
async fn delete(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    visit
        .send(Method::DELETE, &format!("/auth/register/{id}"), None)
        .await?;
    Ok(Visit::go("/portal/apps?done=deleted"))
}
