//! Who asks for a permission, and the answer no. The answer yes is a permission.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};
use crate::{date, form};

/// Requests that wait for an answer; nothing where there are none.
pub(super) async fn open(visit: &Visit) -> Result<Markup, Trouble> {
    let found = visit.get("/sharing/requests").await?;
    let all = found["requests"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(html! {
        @if !all.is_empty() {
            h2 { (visit.say("requests")) }
            ul.cards { @for one in all { li { (card(visit, one)) } } }
        }
    })
}

fn card(visit: &Visit, one: &Value) -> Markup {
    let (id, who, purpose) = (
        text(one, "/id"),
        text(one, "/organisation"),
        text(one, "/purpose"),
    );
    let purpose_words = visit.language.coded("purpose", purpose);
    let query = [
        ("who".to_owned(), who.to_owned()),
        ("purpose".to_owned(), purpose.to_owned()),
    ];
    let query = hospital::pairs::encode(&query);
    html! {
        h3 { (visit.tell("requests-who", &[("who", who)])) }
        p { (visit.tell("permissions-for", &[("purposes", &purpose_words)])) }
        @if !text(one, "/text").is_empty() { p { q { (text(one, "/text")) } } }
        p.soft { (date::stamp(visit.language, text(one, "/asked"))) }
        p { a.button href={ "/portal/permissions/new?" (query) } { (visit.say("requests-allow")) } }
        (form::button(visit, &format!("/portal/requests/{id}/decline"), "second",
            &visit.say("requests-decline"), &[]))
    }
}

/// `POST /portal/requests/{id}/decline`
pub(super) async fn decline(Path(id): Path<String>, filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    if !hospital::request::is_id(&id) {
        return Err(visit.absent());
    }
    visit
        .post(&format!("/sharing/requests/{id}/decline"), &json!({}))
        .await?;
    Ok(Visit::go("/portal/permissions"))
}
