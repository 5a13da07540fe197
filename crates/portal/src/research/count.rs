//! Counting a cohort: the question, and a table in which small cells are withheld.

use axum::response::Response;
use hospital::pairs;
use hospital::research::{AGES, SEXES};
use maud::{Markup, html};
use serde_json::Value;

use super::cohort::{self, Wish};
use super::{HOME, researcher};
use crate::form::Faults;
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/research/counts`: the form, or with `ask` its answer.
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    researcher(&visit)?;
    let query = pairs::decode(visit.parts.uri.query().unwrap_or("")).unwrap_or_default();
    let wish = Wish::read(&query);
    let mut faults = Faults::default();
    let mut answer = None;
    if !visit.query("ask").is_empty() {
        match visit.post("/research/counts", &wish.cohort()).await {
            Ok(counts) => answer = Some(counts),
            Err(trouble) => match trouble.words() {
                Some(said) => faults.add("", said.to_owned()),
                None => return Err(trouble),
            },
        }
    }
    let title = visit.say("research-count-title");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("research-back")) } }
        (faults.summary(&visit))
        h1 { (title) }
        p.lead { (visit.say("research-count-lead")) }
        @if let Some(counts) = &answer { (answered(&visit, &wish, counts)) }
        h2 { (visit.say("research-count-of")) }
        form method="get" action="/portal/research/counts" {
            input type="hidden" name="ask" value="1";
            (wish.show(&visit, &faults))
            button type="submit" { (visit.say("research-count-go")) }
        }
    };
    Ok(visit.page(&title, &content))
}

fn answered(visit: &Visit, wish: &Wish, counts: &Value) -> Markup {
    let at_least = counts["at_least"].as_u64().unwrap_or(0).to_string();
    html! {
        section aria-labelledby="counted" {
            h2 id="counted" { (visit.say("research-counted")) }
            (cohort::words(visit, &wish.cohort()))
            @if let Some(total) = counts["total"].as_u64() {
                p { strong { (visit.tell("research-total", &[("count", &total.to_string())])) } }
            } @else {
                p { strong { (visit.tell("research-at-least", &[("count", &at_least)])) } }
                p { (visit.say("research-no-total")) }
            }
            (table(visit, counts))
            p.hint { (visit.say("research-small")) }
            p { a.button href={ "/portal/research/new?" (wish.query()) } {
                (visit.say("research-ask-this")) } }
        }
    }
}

/// Bands as rows, sexes as columns; a list of cards where it is narrow.
fn table(visit: &Visit, counts: &Value) -> Markup {
    let cells = counts["cells"].as_array().map_or(&[][..], Vec::as_slice);
    let cell = |sex: &str, ages: &str| {
        let mut found = cells.iter();
        found.find(|it| text(it, "/sex") == sex && text(it, "/ages") == ages)
    };
    let asked = |ages: &str| SEXES.iter().any(|sex| cell(sex, ages).is_some());
    let column = visit.say("research-field-ages");
    html! {
        table.stack {
            caption.unseen { (visit.say("research-counted")) }
            thead {
                tr {
                    th scope="col" { (column) }
                    @for sex in SEXES {
                        th scope="col" { (cohort::sex(visit, sex)) }
                    }
                }
            }
            tbody {
                @for ages in AGES.iter().filter(|it| asked(it)) {
                    tr data-ages=(ages) {
                        td data-label=(column) { div {
                            (cohort::ages(visit, ages)) } }
                        @for sex in SEXES {
                            td data-label=(cohort::sex(visit, sex))
                                data-sex=(sex) { div {
                                @match cell(sex, ages) {
                                    None => { "–" }
                                    Some(it) => @match it["persons"].as_u64() {
                                        Some(count) => { (count) }
                                        None => { "<11" }
                                    }
                                }
                            } }
                        }
                    }
                }
            }
        }
    }
}
