//! Users of this organisation, and the credentials of all practitioners.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::fields::list;
use crate::Portal;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Roles that a user may have.
const ROLES: [&str; 7] = [
    "clinician",
    "pharmacist",
    "researcher",
    "auditor",
    "admin",
    "system",
    "patient",
];
/// Users of a page.
const PAGE: usize = 100;
const PASSWORD_BYTES_MIN: usize = 8;

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/people", get(show))
        .route("/portal/people/new", get(ask).post(add))
        .route(
            "/portal/people/credentials",
            get(credentials).post(end_credentials),
        )
}

/// `GET /portal/people?from=`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let found = visit.get("/auth/users").await?;
    let users = list(&found, "users");
    let from: usize = visit.query("from").parse().unwrap_or(0);
    let shown = users.iter().skip(from).take(PAGE);
    let title = visit.say("way-people");
    let done = visit.query("done");
    let content = html! {
        h1 { (title) }
        @if !done.is_empty() {
            div.done role="status" { p { (visit.tell("people-done", &[("who", &done)])) } }
        }
        p { a.button href="/portal/people/new" { (visit.say("people-new")) } }
        h2 { (visit.say("people-users")) }
        table.stack {
            caption.unseen { (visit.say("people-users")) }
            thead { tr {
                th scope="col" { (visit.say("people-name")) }
                th scope="col" { (visit.say("people-role")) }
                th scope="col" { (visit.say("openings-patient")) }
            } }
            tbody { @for user in shown { (row(&visit, user)) } }
        }
        nav.pager aria-label=(visit.say("pager")) {
            @if from > 0 {
                a href={ "/portal/people?from=" (from.saturating_sub(PAGE)) }
                rel="prev" { (visit.say("people-before")) }
            }
            @if from + PAGE < users.len() {
                a href={ "/portal/people?from=" (from + PAGE) }
                rel="next" { (visit.say("people-after")) }
            }
        }
        h2 { (visit.say("people-more")) }
        ul.cards {
            @for (path, key) in [
                ("/portal/apps", "apps-title"), ("/portal/logins", "logins-title"),
                ("/portal/people/credentials", "credentials-title"),
                ("/portal/people/erase", "erasing-title"), ("/portal/holds", "holds-title"),
            ] {
                li {
                    h3 { a href=(path) { (visit.say(key)) } }
                    p { (visit.say(&format!("{key}-card"))) }
                }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

fn row(visit: &Visit, user: &Value) -> Markup {
    let name = text(user, "/username");
    let role = text(user, "/role");
    let query = pairs::encode(&[
        ("username".into(), name.into()),
        ("role".into(), role.into()),
        ("patient".into(), text(user, "/patient").into()),
    ]);
    html! {
        tr {
            td data-label=(visit.say("people-name")) {
                a href={ "/portal/people/new?" (query) } { (name) }
            }
            td data-label=(visit.say("people-role")) { (visit.say(&format!("role-{role}"))) }
            td data-label=(visit.say("openings-patient")) {
                @match text(user, "/patient") { "" => { "–" } id => { code { (id) } } }
            }
        }
    }
}

/// What was filled in, without the password.
struct Given {
    username: String,
    role: String,
    patient: String,
}

/// `GET /portal/people/new?username=&role=&patient=`
async fn ask(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let given = Given {
        username: visit.query("username"),
        role: visit.query("role"),
        patient: visit.query("patient"),
    };
    Ok(asked(&visit, &given, &Faults::default()))
}

fn asked(visit: &Visit, given: &Given, faults: &Faults) -> Response {
    let line = |name: &'static str, kind: &'static str, value, autocomplete: &'static str| {
        Line {
            name,
            kind,
            label: visit.say(&format!("people-{name}")),
            hint: visit.say(&format!("people-{name}-hint")),
            value,
            autocomplete,
        }
        .show(faults)
    };
    let roles = ROLES.map(|role| (role.to_owned(), visit.say(&format!("role-{role}"))));
    let title = visit.say("people-new");
    let content = html! {
        p.back { a href="/portal/people" { (visit.say("people-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        div.note { p { (visit.say("people-replace")) } }
        (form::form(visit, "/portal/people/new", &html! {
            (line("username", "text", given.username.as_str(), "off"))
            (line("password", "password", "", "new-password"))
            (form::select("role", &visit.say("people-role"), &roles, &given.role, faults))
            (line("patient", "text", given.patient.as_str(), "off"))
            button type="submit" { (visit.say("people-add")) }
        }))
    };
    visit.page(&title, &content)
}

/// `POST /portal/people/new`
async fn add(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::admin(visit)?;
    let own = |name| filled.get(name).to_owned();
    let given = Given {
        username: own("username"),
        role: own("role"),
        patient: own("patient"),
    };
    // What was typed, with spaces at its ends.
    let password = crate::visit::field(&filled.form, "password");
    let mut faults = Faults::default();
    if given.username.is_empty() {
        faults.add("username", visit.say("people-fault-username"));
    }
    if password.len() < PASSWORD_BYTES_MIN {
        faults.add("password", visit.say("people-fault-password"));
    }
    let role = ROLES.iter().find(|role| **role == given.role);
    if role.is_none() {
        faults.add("role", visit.say("people-fault-role"));
    }
    if (given.role == "patient") != hospital::request::is_id(&given.patient) {
        faults.add("patient", visit.say("people-fault-patient"));
    }
    if faults.is_empty() {
        let mut body = json!({
            "username": given.username, "password": password, "role": given.role,
        });
        if !given.patient.is_empty() {
            body["patient"] = given.patient.clone().into();
        }
        match visit.post("/auth/users", &body).await {
            Ok(_) => {
                let query = pairs::encode(&[("done".to_owned(), given.username)]);
                return Ok(Visit::go(&format!("/portal/people?{query}")));
            }
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    Ok(asked(visit, &given, &faults))
}

/// `GET /portal/people/credentials`
async fn credentials(visit: Visit) -> Result<Response, Trouble> {
    super::admin(&visit)?;
    let title = visit.say("credentials-title");
    let content = html! {
        p.back { a href="/portal/people" { (visit.say("people-back")) } }
        h1 { (title) }
        @if visit.query("done") == "1" {
            div.done role="status" { p { (visit.say("credentials-done")) } }
        }
        p.lead { (visit.say("credentials-lead")) }
        div.note { ul {
            li { (visit.say("credentials-effect")) }
            li { (visit.say("credentials-after")) }
            li { (visit.say("credentials-ledger")) }
        } }
        (form::button(&visit, "/portal/people/credentials", "warn", &visit.say("credentials-go"),
            &[]))
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/people/credentials`
async fn end_credentials(filled: Filled) -> Result<Response, Trouble> {
    super::admin(&filled.visit)?;
    filled
        .visit
        .post("/sharing/credentials/end", &json!({}))
        .await?;
    Ok(Visit::go("/portal/people/credentials?done=1"))
}
