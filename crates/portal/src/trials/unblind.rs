//! An emergency unblinding in two steps: first the reason, then what it means, and only then the
//! arm. ICH E6(R3) 2.11: it is documented and explained.

use axum::extract::Path;
use axum::response::Response;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::json;

use super::participant::{self, Given, hidden, path};
use super::{HOME, read};
use crate::form::{self, Faults};
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Bytes of a reason that the door takes.
const REASON_BYTES: std::ops::RangeInclusive<usize> = 5..=1_000;

fn target(id: &str, subject: &str) -> String {
    let query = pairs::encode(&[("subject".to_owned(), subject.to_owned())]);
    format!("{HOME}/{id}/unblinding?{query}")
}

/// The first step, on the page of a participant.
pub(super) fn ask(
    visit: &Visit,
    (id, subject): (&str, &str),
    given: &Given,
    faults: &Faults,
) -> Markup {
    let (label, hint) = (
        visit.say("trials-unblind-reason"),
        visit.say("trials-unblind-hint"),
    );
    let open = !given.reason.is_empty() || faults.has("reason");
    html! {
        details open[open] {
            summary { (visit.say("trials-unblind")) }
            (form::form(visit, &target(id, subject), &html! {
                (hidden(subject, "ask"))
                (form::area("reason", &label, &hint, &given.reason, faults))
                button.second type="submit" { (visit.say("trials-unblind-next")) }
            }))
        }
    }
}

/// `POST /portal/trials/{id}/unblinding`
pub(super) async fn unblind(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    read(visit, &id).await?;
    let subject = filled.get("subject");
    let given = Given {
        reason: filled.get("reason").to_owned(),
        ..Given::default()
    };
    let mut faults = Faults::default();
    if !REASON_BYTES.contains(&given.reason.len()) {
        faults.add("reason", visit.say("trials-fault-unblind"));
        return participant::page(visit, (&id, subject), &given, &faults, "").await;
    }
    if filled.get("act") != "open" {
        return Ok(confirm(visit, (&id, subject), &given.reason));
    }
    let segment = pairs::encode_segment(subject);
    let door = format!("/trials/{id}/participants/{segment}/unblinding");
    let done = |what: &str| Visit::go(&format!("{}&done={what}", path(&id, subject)));
    match visit.post(&door, &json!({ "reason": given.reason })).await {
        Ok(_) => Ok(done("unblind")),
        // The ledger may have it already, while the sponsor's half of the slot is still to come:
        // the page says which of the two is so.
        Err(trouble) if trouble.has_status(503) => Ok(done("unblind-late")),
        Err(trouble) => {
            let Some(words) = trouble.words().map(str::to_owned) else {
                return Err(trouble);
            };
            faults.add("", visit.say("trials-fault-act"));
            participant::page(visit, (&id, subject), &given, &faults, &words).await
        }
    }
}

/// The second step: what it means.
fn confirm(visit: &Visit, (id, subject): (&str, &str), reason: &str) -> Response {
    let title = visit.tell("trials-unblind-title", &[("subject", subject)]);
    let content = html! {
        p.back { a href=(path(id, subject)) { (visit.say("trials-unblind-back")) } }
        h1 { (title) }
        div.alarm {
            h2 { (visit.say("trials-unblind-means")) }
            ul {
                @for key in ["ever", "all", "bias"] {
                    li { (visit.say(&format!("trials-unblind-{key}"))) }
                }
            }
        }
        p { (visit.say("trials-reason")) " " q { (reason) } }
        (form::form(visit, &target(id, subject), &html! {
            (hidden(subject, "open"))
            input type="hidden" name="reason" value=(reason);
            button.warn type="submit" { (visit.say("trials-unblind-go")) }
        }))
    };
    visit.page(&title, &content)
}
