//! Take my record with me: one file with everything and its proofs, or a SMART Health Link for
//! somebody.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

use crate::Portal;
use crate::date;
use crate::form::{self, Choice, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// The routes of export and links.
pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/take", get(show))
        .route("/portal/take/link", post(make))
        .route("/portal/take/link/{id}/end", post(end))
}

/// `GET /portal/take`
async fn show(visit: Visit) -> Result<Response, Trouble> {
    shown(&visit, None, &Wish::default(), &Faults::default()).await
}

/// What was typed into the form of a link.
#[derive(Default)]
struct Wish {
    label: String,
    what: String,
    expires: String,
    long: String,
}

async fn shown(
    visit: &Visit,
    made: Option<&Value>,
    wish: &Wish,
    faults: &Faults,
) -> Result<Response, Trouble> {
    visit.patient()?;
    let links = visit.get("/links").await?;
    let title = visit.say("more-take");
    let content = html! {
        p.back { a href="/portal/more" { (visit.say("more-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        p.lead { (visit.say("take-lead")) }
        @if let Some(made) = made { (new_link(visit, made)) }
        h2 { (visit.say("take-file")) }
        ul {
            @for key in ["take-file-records", "take-file-receipts", "take-file-page"] {
                li { (visit.say(key)) }
            }
        }
        p.note { (visit.say("take-care")) }
        p { a.button href="/portal/api/reports/export"
            download="record.zip" { (visit.say("take-download")) } }
        h2 { (visit.say("shl")) }
        p { (visit.say("shl-hint")) }
        (ask(visit, wish, faults))
        h3 { (visit.say("shl-now")) }
        (list(visit, &links))
    };
    Ok(visit.page(&title, &content))
}

/// The link itself is shown this once: its key is in it and nowhere else in clear.
fn new_link(visit: &Visit, made: &Value) -> Markup {
    // The drawing is our own server's, of squares alone (`api/src/links/qr.rs`).
    let drawing = text(made, "/qr");
    html! {
        section.card aria-labelledby="made" {
            h2 id="made" { (visit.say("shl-made")) }
            p role="status" { (visit.say("shl-made-hint")) }
            div.qr role="img" aria-label=(visit.say("shl-qr")) { (PreEscaped(drawing)) }
            p { code { (text(made, "/link")) } }
        }
    }
}

fn ask(visit: &Visit, wish: &Wish, faults: &Faults) -> Markup {
    let choice = |value: &str, key: &str, more: &str| -> Choice {
        let more = if more.is_empty() {
            String::new()
        } else {
            visit.say(more)
        };
        (value.to_owned(), visit.say(key), more)
    };
    let what = [
        choice("summary", "shl-what-summary", "shl-what-summary-hint"),
        choice("all", "shl-what-all", "shl-what-all-hint"),
    ];
    let long = [
        choice("no", "shl-long-no", ""),
        choice("yes", "shl-long-yes", ""),
    ];
    let or = |typed: &str, first: &'static str| {
        if typed.is_empty() {
            first.to_owned()
        } else {
            typed.to_owned()
        }
    };
    let line = |name, kind, key: &str, hint: &str, value| {
        Line {
            name,
            kind,
            label: visit.say(key),
            hint: if hint.is_empty() {
                String::new()
            } else {
                visit.say(hint)
            },
            value,
            autocomplete: "off",
        }
        .show(faults)
    };
    html! {
        details open[!faults.is_empty()] {
            summary { (visit.say("shl-new")) }
            (form::form(visit, "/portal/take/link", &html! {
                (line("label", "text", "shl-label", "shl-label-hint", &wish.label))
                (form::choices("what", "radio", &visit.say("shl-what"), "", &what,
                    &[&or(&wish.what, "summary")], faults))
                (line("expires", "date", "shl-expires", "", &wish.expires))
                (line("passcode", "password", "shl-passcode", "shl-passcode-hint", ""))
                (form::choices("long", "radio", &visit.say("shl-long"), "", &long,
                    &[&or(&wish.long, "no")], faults))
                button type="submit" { (visit.say("shl-make")) }
            }))
        }
    }
}

fn list(visit: &Visit, links: &Value) -> Markup {
    let all = links["links"].as_array().map_or(&[][..], Vec::as_slice);
    html! {
        @if all.is_empty() { p { (visit.say("shl-none")) } }
        @else {
            ul.cards {
                @for link in all {
                    @let id = text(link, "/id");
                    li {
                        h4 { (text(link, "/label")) }
                        p {
                            (visit.say(&format!("shl-state-{}", text(link, "/state")))) ", "
                            (visit.tell("shl-until", &[("when",
                                &date::day(visit.language, text(link, "/expires")))]))
                        }
                        p { (visit.tell("shl-opened", &[("count",
                            &link["retrieved"].as_u64().unwrap_or(0).to_string())])) }
                        @if link["state"] == "active" {
                            (form::button(visit, &format!("/portal/take/link/{id}/end"), "second",
                                &visit.say("shl-end"), &[]))
                        }
                    }
                }
            }
        }
    }
}

/// `POST /portal/take/link`
async fn make(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let wish = Wish {
        label: filled.get("label").to_owned(),
        what: filled.get("what").to_owned(),
        expires: filled.get("expires").to_owned(),
        long: filled.get("long").to_owned(),
    };
    let mut faults = Faults::default();
    if wish.label.is_empty() || wish.label.chars().count() > 80 {
        faults.add("label", visit.say("shl-fault-label"));
    }
    if wish.expires.len() != 10 {
        faults.add("expires", visit.say("shl-fault-expires"));
    }
    if !faults.is_empty() {
        return shown(visit, None, &wish, &faults).await;
    }
    let what = if wish.what == "all" { "all" } else { "summary" };
    let mut body = json!({
        "label": wish.label, "what": what, "expires": wish.expires,
        "long_term": wish.long == "yes",
    });
    if !filled.get("passcode").is_empty() {
        body["passcode"] = filled.get("passcode").into();
    }
    match visit.post("/links", &body).await {
        Ok(made) => shown(visit, Some(&made), &Wish::default(), &Faults::default()).await,
        Err(trouble) => match trouble.words() {
            Some(words) => {
                faults.add("label", format!("{} {words}", visit.say("shl-fault")));
                shown(visit, None, &wish, &faults).await
            }
            None => Err(trouble),
        },
    }
}

/// `POST /portal/take/link/{id}/end`
async fn end(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    visit
        .send(Method::DELETE, &format!("/links/{id}"), None)
        .await?;
    Ok(Visit::go("/portal/take"))
}
