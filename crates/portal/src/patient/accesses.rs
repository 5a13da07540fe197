//! Who saw my data: each access, by whom, when, for what purpose, under which permission.

use axum::response::Response;
use hospital::pairs;
use maud::{Markup, html};
use serde_json::Value;

use crate::record::{counts, person, text};
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::{date, live, seal};

/// Lines of a page.
const PAGE: usize = 25;
/// Pages of the report that are looked through for lines of others.
const LOOKS_MAX: usize = 10;
/// Lines that the door tells at once.
const DOOR_PAGE: usize = 1_000;

/// Lines of the report, newest first, and where the next page begins.
pub(super) struct Lines {
    pub(super) lines: Vec<Value>,
    pub(super) next: String,
}

/// Accesses by others than the patient and the organisation's own doings.
pub(super) async fn of_others(visit: &Visit, from: &str, count: usize) -> Result<Lines, Trouble> {
    read(visit, from, "", false, count).await
}

async fn read(
    visit: &Visit,
    from: &str,
    after: &str,
    own: bool,
    count: usize,
) -> Result<Lines, Trouble> {
    let patient = visit.patient()?;
    let me = format!("{} (patient)", visit.caller().username);
    let mut lines = Vec::new();
    let mut next = after.to_owned();
    for _ in 0..LOOKS_MAX {
        let mut query = vec![
            ("patient".to_owned(), patient.to_owned()),
            ("count".to_owned(), DOOR_PAGE.to_string()),
        ];
        for (name, value) in [("from", from), ("after", &next)] {
            if !value.is_empty() {
                query.push((name.to_owned(), value.to_owned()));
            }
        }
        let mut page = visit
            .get(&format!("/reports/accesses?{}", pairs::encode(&query)))
            .await?;
        text(&page, "/next").clone_into(&mut next);
        if let Some(found) = page["lines"].as_array_mut() {
            let shown = found
                .iter_mut()
                .filter(|line| own || line["who"] != me.as_str());
            lines.extend(shown.map(Value::take));
        }
        if next.is_empty() || lines.len() >= count {
            break;
        }
    }
    Ok(Lines { lines, next })
}

/// `GET /portal/accesses?own=&after=`
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let own = visit.query("own") == "1";
    let after = visit.query("after");
    let found = read(&visit, "", &after, own, PAGE).await?;
    let title = visit.say("way-accesses");
    let here = html! {
        div id="accesses" hx-get=(address(own, &after)) hx-trigger="salus-changed from:body"
            hx-select="#accesses" hx-swap="outerHTML" {
            @if found.lines.is_empty() { p { (visit.say("accesses-none")) } }
            @else { (list(&visit, &found.lines)) }
        }
    };
    let content = html! {
        h1 { (title) }
        p.lead { (visit.say("accesses-lead")) }
        p {
            @if own { a href="/portal/accesses" { (visit.say("accesses-others")) } }
            @else { a href="/portal/accesses?own=1" { (visit.say("accesses-own")) } }
        }
        @if after.is_empty() { (live::listener()) }
        (here)
        @if !found.next.is_empty() {
            nav.pager aria-label=(visit.say("pager")) {
                a href=(address(own, &found.next)) rel="next" { (visit.say("pager-older")) }
            }
        }
    };
    Ok(visit.page(&title, &content))
}

fn address(own: bool, after: &str) -> String {
    let mut query = Vec::new();
    if own {
        query.push(("own".to_owned(), "1".to_owned()));
    }
    if !after.is_empty() {
        query.push(("after".to_owned(), after.to_owned()));
    }
    format!("/portal/accesses?{}", pairs::encode(&query))
}

/// Lines of the report as a list. The same person doing the same again, one line after another, is
/// told once with how often; each has its own seal below it.
pub(super) fn list(visit: &Visit, lines: &[Value]) -> Markup {
    let same = |a: &Value, b: &Value| {
        let parts = [
            "/who",
            "/organisation",
            "/deed",
            "/what",
            "/purpose",
            "/outcome",
        ];
        parts.iter().all(|part| text(a, part) == text(b, part))
    };
    html! {
        ul.lines {
            @for group in lines.chunk_by(same) {
                li {
                    @if let Some(first) = group.first() { (access(visit, first)) }
                    @if group.len() > 1 {
                        details {
                            summary {
                                (visit.tell("accesses-again", &[("count",
                                    &(group.len() - 1).to_string())]))
                            }
                            ul.plain {
                                @for line in &group[1..] {
                                    li {
                                        (date::stamp(visit.language, text(line, "/time"))) " "
                                        (seal::of_event(visit.language, text(line, "/event")))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn access(visit: &Visit, line: &Value) -> Markup {
    let outcome = text(line, "/outcome");
    let purpose = text(line, "/purpose");
    html! {
        div.item {
            p.kind { (date::stamp(visit.language, text(line, "/time"))) }
            p.title {
                (who(visit, text(line, "/who"))) ", " (text(line, "/organisation")) ": "
                (visit.language.coded("deed", text(line, "/deed")))
            }
            p.value { (counts(visit.language, text(line, "/what"))) }
            @if !purpose.is_empty() {
                p.value {
                    (visit.say("accesses-purpose")) ": " (visit.language.coded("purpose", purpose))
                }
            }
            @if outcome != "permitted" {
                p.tag.strong { (visit.say(if outcome == "refused" { "accesses-refused" }
                    else { "accesses-failed" })) }
            }
            @if let Some(about) = text(line, "/event").split("/_history").next() {
                p { a href={ "/portal/ask?kind=why&about=" (about) } {
                    (visit.say("accesses-why")) } }
            }
            (seal::of_event(visit.language, text(line, "/event")))
        }
    }
}

/// `ada (clinician)` with the role in words.
fn who(visit: &Visit, who: &str) -> String {
    let Some((name, role)) = person(who) else {
        return who.to_owned();
    };
    let role = visit.language.coded("role", role);
    // Another organisation names its people by a pseudonym; who it was it tells if you ask.
    let pseudonym = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if pseudonym {
        role
    } else {
        format!("{name} ({role})")
    }
}
