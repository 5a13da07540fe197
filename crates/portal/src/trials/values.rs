//! Values of one participant at one visit, written down by a site.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use hospital::Role;
use maud::html;
use serde_json::json;

use super::{is, lines, participant, read, seal};
use crate::form::{self, Faults, Line};
use crate::pharmacy::said;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// What was filled in.
#[derive(Default)]
struct Wish {
    subject: String,
    event: String,
    group: String,
    items: String,
    reason: String,
}

/// `GET /portal/trials/{id}/values?subject=`
pub(super) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    let wish = Wish {
        subject: visit.query("subject"),
        ..Wish::default()
    };
    page(&visit, &id, &wish, &Faults::default(), "").await
}

async fn page(
    visit: &Visit,
    id: &str,
    wish: &Wish,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let seen = read(visit, id).await?;
    if !is(visit, &seen, "site", Role::Clinician) {
        return Err(visit.refused(StatusCode::FORBIDDEN, "denied"));
    }
    let line = |name: &'static str, value| {
        Line {
            name,
            kind: "text",
            label: visit.say(&format!("trials-values-{name}")),
            hint: visit.say(&format!("trials-values-{name}-hint")),
            value,
            autocomplete: "off",
        }
        .show(faults)
    };
    let (label, hint) = (
        visit.say("trials-values-items"),
        visit.say("trials-values-items-hint"),
    );
    let title = visit.tell("trials-values", &[("subject", &wish.subject)]);
    let content = html! {
        p.back { a href=(participant::path(id, &wish.subject)) {
            (visit.tell("trials-participant", &[("subject", &wish.subject)])) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        p.lead { (visit.say("trials-values-lead")) }
        (form::form(visit, &format!("{}/{id}/values", super::HOME), &html! {
            input type="hidden" name="subject" value=(wish.subject);
            (line("event", &wish.event))
            (line("group", &wish.group))
            (form::area("items", &label, &hint, &wish.items, faults))
            (line("reason", &wish.reason))
            button type="submit" { (visit.say("trials-values-go")) }
        }))
    };
    Ok(visit.page(&title, &content))
}

/// `POST /portal/trials/{id}/values`
pub(super) async fn write(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    let given = |name: &str| filled.get(name).to_owned();
    let wish = Wish {
        subject: given("subject"),
        event: given("event"),
        group: given("group"),
        items: given("items"),
        reason: given("reason"),
    };
    let mut faults = Faults::default();
    let items = seal::lined(visit, &mut faults, "items", lines::items(&wish.items));
    for (field, value) in [("event", &wish.event), ("group", &wish.group)] {
        if value.is_empty() {
            faults.add(field, visit.say(&format!("trials-fault-{field}")));
        }
    }
    let mut words = String::new();
    if faults.is_empty() {
        let reason = Some(&wish.reason).filter(|it| !it.is_empty());
        let row = json!({ "subject": wish.subject, "event": wish.event, "group": wish.group,
            "items": items, "reason": reason });
        let body = json!({ "rows": [row] });
        let sent = (format!("/trials/{id}/rows"), &body);
        match form::sent(visit, sent, visit.say("trials-fault-act"), &mut faults).await? {
            Ok(_) => {
                let back = participant::path(&id, &wish.subject);
                return Ok(Visit::go(&format!("{back}&done=values")));
            }
            Err(said) => words = said,
        }
    }
    page(visit, &id, &wish, &faults, &words).await
}
