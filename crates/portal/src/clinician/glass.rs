//! Breaking the glass: what it means is said before it is done.

use axum::extract::Path;
use axum::response::Response;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::json;

use super::banner;
use crate::form::{self, Choice, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Classes of reasons; they stand on the ledger. docs/reference/sharing.md.
const REASONS: [&str; 4] = ["emergency", "incapable", "public-danger", "other"];
/// Bytes of the words that the review reads.
const WORDS_BYTES_MIN: usize = 10;
const WORDS_BYTES_MAX: usize = 500;

/// What was filled in.
#[derive(Default)]
struct Wish {
    organisation: String,
    reason: String,
    words: String,
    hours: String,
    understood: bool,
}

impl Wish {
    fn faults(&self, visit: &Visit, linked: &[String]) -> Faults {
        let mut faults = Faults::default();
        let mut check = |field: &'static str, good: bool| {
            if !good {
                faults.add(field, visit.say(&format!("glass-fault-{field}")));
            }
        };
        check("organisation", linked.contains(&self.organisation));
        check("reason", REASONS.contains(&self.reason.as_str()));
        check(
            "words",
            (WORDS_BYTES_MIN..=WORDS_BYTES_MAX).contains(&self.words.len()),
        );
        check(
            "hours",
            matches!(self.hours.as_str(), "1" | "2" | "3" | "4"),
        );
        check("understood", self.understood);
        faults
    }
}

/// `GET /portal/patients/{id}/glass?organisation=`
pub(super) async fn ask(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::clinician_of(&visit, &id)?;
    let wish = Wish {
        organisation: visit.query("organisation"),
        hours: "1".to_owned(),
        ..Wish::default()
    };
    let linked = super::reach::linked(&visit, &id).await?;
    asked(&visit, &id, &linked, &wish, &Faults::default(), false).await
}

async fn asked(
    visit: &Visit,
    id: &str,
    linked: &[String],
    wish: &Wish,
    faults: &Faults,
    second: bool,
) -> Result<Response, Trouble> {
    let chart = banner::read(visit, id, &["AllergyIntolerance"]).await?;
    let title = visit.say("glass-title");
    let content = html! {
        (banner::banner(visit, &chart, false))
        p.back { a href={ "/portal/patients/" (id) "/reach" } { (visit.say("act-reach")) } }
        (faults.summary(visit))
        h1 { (title) }
        div.alarm {
            h2 { (visit.say("glass-consequences")) }
            ul {
                @for key in ["told", "review", "ledger", "account"] { li {
                    (visit.say(&format!("glass-{key}"))) } }
            }
        }
        @if linked.is_empty() { p { (visit.say("glass-nobody")) } }
        @else {
            (form::form(visit, &format!("/portal/patients/{id}/glass"),
                &fields(visit, linked, wish, faults, second)))
        }
    };
    Ok(visit.page(&title, &content))
}

fn fields(visit: &Visit, linked: &[String], wish: &Wish, faults: &Faults, second: bool) -> Markup {
    let plain = |value: &str, words: String| -> Choice { (value.to_owned(), words, String::new()) };
    let linked: Vec<Choice> = linked.iter().map(|id| plain(id, id.clone())).collect();
    let reasons: Vec<Choice> = REASONS
        .iter()
        .map(|code| plain(code, visit.say(&format!("glass-reason-{code}"))))
        .collect();
    let hours: Vec<Choice> = ["1", "2", "3", "4"]
        .iter()
        .map(|hours| plain(hours, visit.tell("glass-hours-count", &[("count", hours)])))
        .collect();
    html! {
        (form::choices("organisation", "radio", &visit.say("glass-organisation"), "",
            &linked, &[&wish.organisation], faults))
        (form::choices("reason", "radio", &visit.say("glass-reason"), "", &reasons,
            &[&wish.reason], faults))
        (form::area("words", &visit.say("glass-words"), &visit.say("glass-words-hint"),
            &wish.words, faults))
        (form::choices("hours", "radio", &visit.say("glass-hours"), "", &hours, &[&wish.hours],
            faults))
        @if second {
            (Line {
                name: "second",
                kind: "password",
                label: visit.say("glass-second"),
                hint: visit.say("glass-second-hint"),
                value: "",
                autocomplete: "off",
            }.show(faults))
        }
        (form::choices("understood", "checkbox", &visit.say("glass-understood"), "",
            &[plain("yes", visit.say("glass-understood-yes"))],
            if wish.understood { &["yes"] } else { &[] }, faults))
        button.warn type="submit" { (visit.say("glass-go")) }
    }
}

/// `POST /portal/patients/{id}/glass`
pub(super) async fn open(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::clinician_of(visit, &id)?;
    let get = |name: &str| filled.get(name).to_owned();
    let wish = Wish {
        organisation: get("organisation"),
        reason: get("reason"),
        words: get("words"),
        hours: get("hours"),
        understood: filled.get("understood") == "yes",
    };
    let linked = super::reach::linked(visit, &id).await?;
    let mut faults = wish.faults(visit, &linked);
    let second = filled.get("second");
    if !faults.is_empty() {
        return asked(visit, &id, &linked, &wish, &faults, !second.is_empty()).await;
    }
    let mut body = json!({
        "patient": id,
        "organisation": wish.organisation,
        "reason": wish.reason,
        "words": wish.words,
        "hours": wish.hours.parse::<u8>().unwrap_or(1),
    });
    if !second.is_empty() {
        body["second"] = json!(second);
    }
    let opened = match visit.post("/sharing/break-glass", &body).await {
        Ok(opened) => opened,
        // Of who is signed in, role and session were looked at already.
        Err(trouble) if !second.is_empty() && trouble.is_about_who() => {
            faults.add("second", visit.say("glass-fault-second"));
            return asked(visit, &id, &linked, &wish, &faults, true).await;
        }
        Err(trouble) => {
            let Some(words) = trouble.words().map(str::to_owned) else {
                return Err(trouble);
            };
            // The door asks for a second officer only where the ledger has no quorum.
            let wants_second = words.contains("second officer");
            if wants_second {
                faults.add("second", visit.say("glass-fault-quorum"));
            } else {
                faults.add("", words);
            }
            return asked(visit, &id, &linked, &wish, &faults, wants_second).await;
        }
    };
    let until = text(&opened, "/until");
    let shelf = &visit.portal.shelf;
    shelf.opened(visit, &id, &wish.organisation, until);
    let query = pairs::encode(&[("glass".into(), wish.organisation.clone())]);
    Ok(Visit::go(&format!("/portal/patients/{id}?{query}")))
}
