//! Reaching records elsewhere: who knows the patient, a link by the code that the patient carries,
//! a question to all members, a request to the patient, and in need the glass.

use axum::extract::Path;
use axum::response::Response;
use hospital::Role;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::banner::{self, Chart};
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// Bytes of the words to the patient.
const WORDS_BYTES_MIN: usize = 10;
const WORDS_BYTES_MAX: usize = 2_000;

/// What the page has to show beside its forms.
#[derive(Default)]
struct Shown {
    faults: Faults,
    done: Option<String>,
    located: Option<Value>,
    organisation: String,
    words: String,
}

/// The organisations that know the patient too.
pub(super) async fn linked(visit: &Visit, id: &str) -> Result<Vec<String>, Trouble> {
    let found = visit.get(&format!("/sharing/links?patient={id}")).await?;
    let all = found["organisations"].as_array().into_iter().flatten();
    let names = all.filter_map(Value::as_str).map(str::to_owned);
    Ok(names
        .filter(|name| hospital::request::is_id(name))
        .collect())
}

/// The other members of the ledger.
async fn members(visit: &Visit) -> Result<Vec<String>, Trouble> {
    let found = visit.get("/ledger/organisations").await?;
    let all = found["organisations"].as_array().into_iter().flatten();
    let ids = all.map(|one| text(one, "/id").to_owned());
    Ok(ids.filter(|id| id != visit.organisation()).collect())
}

/// `GET /portal/patients/{id}/reach?done=`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, Trouble> {
    super::reader_of(&visit, &id)?;
    let done = visit.query("done");
    let done = ["linked", "requested"]
        .contains(&done.as_str())
        .then(|| visit.say(&format!("reach-{done}")));
    page(
        &visit,
        &id,
        &Shown {
            done,
            ..Shown::default()
        },
    )
    .await
}

async fn page(visit: &Visit, id: &str, shown: &Shown) -> Result<Response, Trouble> {
    let chart = banner::read(visit, id, &["AllergyIntolerance"]).await?;
    let linked = linked(visit, id).await?;
    let members = members(visit).await?;
    let title = visit.say("reach-title");
    let content = html! {
        (banner::banner(visit, &chart, false))
        p.back { a href={ "/portal/patients/" (id) } { (visit.say("chart-back")) } }
        (shown.faults.summary(visit))
        @if let Some(done) = &shown.done { div.done role="status" { p { (done) } } }
        h1 { (title) }
        h2 { (visit.say("reach-linked-title")) }
        @if linked.is_empty() { p { (visit.say("reach-linked-none")) } }
        @else { ul { @for name in &linked { li { (name) } } } }
        (locating(visit, &chart, shown))
        (linking(visit, id, &members, shown))
        @if visit.role() == Role::Clinician {
            (requesting(visit, id, &members, shown))
            (emergency(visit, id))
        }
    };
    Ok(visit.page(&title, &content))
}

fn locating(visit: &Visit, chart: &Chart, shown: &Shown) -> Markup {
    html! {
        h2 id="located" { (visit.say("locate-title")) }
        p { (visit.say("locate-hint")) }
        @if let Some(located) = &shown.located { (answered(visit, located)) }
        (form::button(visit, &format!("/portal/patients/{}/locate", chart.id), "second",
            &visit.say("locate-go"), &[]))
    }
}

/// Who said yes, and who said nothing.
fn answered(visit: &Visit, located: &Value) -> Markup {
    let all = |name: &str| located[name].as_array().cloned().unwrap_or_default();
    let found = all("organisations");
    html! {
        div.card role="status" {
            @if found.is_empty() { p { (visit.say("locate-none")) } }
            @else {
                ul {
                    @for one in &found {
                        @let key = if one["granted"] == true { "locate-granted" } else {
                            "locate-known" };
                        li { (visit.tell(key, &[("organisation", text(one, "/organisation"))])) }
                    }
                }
            }
            @for one in all("unanswered") {
                p {
                    strong { (visit.tell("locate-unanswered", &[("organisation", text(&one,
                        "/organisation"))])) }
                    " " q lang="en" { (text(&one, "/reason")) }
                }
            }
        }
    }
}

fn options(names: &[String]) -> Vec<(String, String)> {
    names
        .iter()
        .map(|name| (name.clone(), name.clone()))
        .collect()
}

fn linking(visit: &Visit, id: &str, members: &[String], shown: &Shown) -> Markup {
    let fields = html! {
        (form::select("with", &visit.say("link-with"), &options(members), &shown.organisation,
            &shown.faults))
        (Line {
            name: "code",
            kind: "text",
            label: visit.say("link-code"),
            hint: visit.say("link-code-hint"),
            value: "",
            autocomplete: "off",
        }.show(&shown.faults))
        button type="submit" { (visit.say("link-go")) }
    };
    html! {
        h2 { (visit.say("link-title")) }
        p { (visit.say("link-hint")) }
        (form::form(visit, &format!("/portal/patients/{id}/link"), &fields))
    }
}

fn requesting(visit: &Visit, id: &str, members: &[String], shown: &Shown) -> Markup {
    let fields = html! {
        (form::select("of", &visit.say("request-of"), &options(members), &shown.organisation,
            &shown.faults))
        (form::area("words", &visit.say("request-words"), &visit.say("request-words-hint"),
            &shown.words, &shown.faults))
        button type="submit" { (visit.say("request-go")) }
    };
    html! {
        h2 { (visit.say("request-title")) }
        p { (visit.say("request-hint")) }
        (form::form(visit, &format!("/portal/patients/{id}/request"), &fields))
    }
}

fn emergency(visit: &Visit, id: &str) -> Markup {
    html! {
        h2 { (visit.say("reach-emergency")) }
        p { (visit.say("reach-emergency-hint")) }
        p { a.button.warn href={ "/portal/patients/" (id) "/glass" } { (visit.say("glass-title")) }
            }
    }
}

/// The same page with what the door said against it, where a person can mend that.
async fn refused(
    visit: &Visit,
    id: &str,
    mut shown: Shown,
    field: &'static str,
    trouble: Trouble,
) -> Result<Response, Trouble> {
    let Some(words) = trouble.words().map(str::to_owned) else {
        return Err(trouble);
    };
    shown.faults.add(field, words);
    page(visit, id, &shown).await
}

/// `POST /portal/patients/{id}/link`
pub(super) async fn link(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::reader_of(visit, &id)?;
    let mut shown = Shown {
        organisation: filled.get("with").to_owned(),
        ..Shown::default()
    };
    let code = filled.get("code");
    if code.is_empty() || code.len() > 64 {
        shown.faults.add("code", visit.say("link-fault-code"));
        return page(visit, &id, &shown).await;
    }
    let body = json!({ "patient": id, "organisation": shown.organisation, "code": code });
    match visit.post("/sharing/links", &body).await {
        Ok(_) => Ok(Visit::go(&format!(
            "/portal/patients/{id}/reach?done=linked"
        ))),
        Err(trouble) => refused(visit, &id, shown, "code", trouble).await,
    }
}

/// `POST /portal/patients/{id}/locate`: each yes is a disclosure there, so no link leads to it.
pub(super) async fn locate(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::reader_of(visit, &id)?;
    let located = visit.get(&format!("/sharing/locate?patient={id}")).await?;
    let shown = Shown {
        located: Some(located),
        ..Shown::default()
    };
    page(visit, &id, &shown).await
}

/// `POST /portal/patients/{id}/request`
pub(super) async fn request(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::clinician_of(visit, &id)?;
    let mut shown = Shown {
        organisation: filled.get("of").to_owned(),
        words: filled.get("words").to_owned(),
        ..Shown::default()
    };
    if !(WORDS_BYTES_MIN..=WORDS_BYTES_MAX).contains(&shown.words.len()) {
        shown.faults.add("words", visit.say("request-fault-words"));
        return page(visit, &id, &shown).await;
    }
    let body = json!({
        "patient": id, "source": shown.organisation, "purpose": "TREAT", "text": shown.words,
    });
    match visit.post("/sharing/requests", &body).await {
        Ok(_) => Ok(Visit::go(&format!(
            "/portal/patients/{id}/reach?done=requested"
        ))),
        Err(trouble) => refused(visit, &id, shown, "words", trouble).await,
    }
}
