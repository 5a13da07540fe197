//! A case or a pallet that was scanned: what is inside, and what is done with it as one thing.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::act::{self, Given};
use super::{HOME, check, handles, list, said, verdict};
use crate::form::{self, Faults};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Codes that a page shows; a pallet may hold thousands.
const SHOWN_MAX: usize = 200;

/// The page of a case. `faults` and `words` are of an act that was refused.
pub(super) async fn show(
    visit: &Visit,
    found: &Value,
    given: &Given,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let code = text(found, "/pack/code");
    let title = visit.say("packs-case");
    let offered = if handles(visit) {
        act::offered(visit, found, false, given, faults).await?
    } else {
        html! {}
    };
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        p.lead { code { (code) } }
        p role="status" {
            strong { (visit.language.coded("packs-case", text(found, "/verdict"))) } " "
            (verdict::place(visit, found))
        }
        (offered)
        h2 { (visit.say("packs-case-inside")) }
        (inside(visit, &found["contents"]))
        h2 { (visit.say("packs-next")) }
        (check::field(visit, "", &Faults::default()))
    };
    Ok(visit.page(&title, &content))
}

/// What is inside, each to be looked at by itself.
fn inside(visit: &Visit, contents: &Value) -> Markup {
    let (cases, packs) = (list(contents, "cases"), list(contents, "packs"));
    let counts = [
        ("cases", &*cases.len().to_string()),
        ("packs", &*packs.len().to_string()),
    ];
    html! {
        p { (visit.tell("packs-case-counts", &counts)) }
        @if cases.len() + packs.len() > SHOWN_MAX {
            p.soft {
                (visit.tell("packs-case-shown", &[("count", &SHOWN_MAX.to_string())]))
            }
        }
        ul.lines {
            @for code in cases.iter().chain(packs).filter_map(Value::as_str).take(SHOWN_MAX) {
                li { (open(visit, code)) }
            }
        }
    }
}

/// A button that looks a code up.
pub(super) fn open(visit: &Visit, code: &str) -> Markup {
    let button = form::button(
        visit,
        "/portal/packs/check",
        "plain",
        code,
        &[("scan", code)],
    );
    html! { div.pack { (button) } }
}
