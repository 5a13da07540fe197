//! Is this pack real? One field to scan, paste or type; the verdict; what can be done.

use axum::response::Response;
use hospital::{Role, pairs};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{
    HOME, act, case, handles, has_role, list, offline, printed, recall, reconciled, said, verdict,
};
use crate::asset;
use crate::date;
use crate::form::{self, Faults, Line};
use crate::record::text;
use crate::trouble::Trouble;
use crate::visit::{Filled, Visit};

/// What a form of an act has done, in the address of the page that follows.
const DONE: [&str; 10] = [
    "ship",
    "receive",
    "take-back",
    "dispense",
    "decommission",
    "undo",
    "mark",
    "recall",
    "pack",
    "unpack",
];

/// `GET /portal/packs?after=&done=`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    super::looks(&visit)?;
    start(&visit, "", &Faults::default(), "").await
}

/// `GET` of a page that a form leads to: nothing was scanned, so from the beginning.
pub(super) async fn again(visit: Visit) -> Result<Response, Trouble> {
    super::looks(&visit)?;
    Ok(Visit::go(HOME))
}

/// The page with the field and the packs that are known here.
pub(super) async fn start(
    visit: &Visit,
    scan: &str,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let path = match visit.query("after").as_str() {
        "" => "/packs".to_owned(),
        after => {
            let query = pairs::encode(&[("after".into(), after.into())]);
            format!("/packs?{query}")
        }
    };
    let known = visit.get(&path).await?;
    let done = visit.query("done");
    let done = DONE.into_iter().find(|act| *act == done);
    let title = visit.say("packs-title");
    let content = html! {
        (faults.summary(visit))
        h1 { (title) }
        @if let Some(act) = done {
            div.done role="status" { p { (visit.say(&format!("packs-done-{act}"))) } }
        }
        (said(visit, words))
        @if list(&known, "roles").is_empty() {
            div.note {
                p { (visit.tell("packs-no-partner", &[("organisation", visit.organisation())])) }
            }
        }
        (field(visit, scan, faults))
        @if handles(visit) && has_role(&known, "maker") {
            p { a.button.second href="/portal/packs/make" { (visit.say("packs-make")) } }
        }
        @if !list(&known, "roles").is_empty() {
            p { a href="/portal/packs/apart" { (visit.say("packs-apart")) } }
            p { a href=(reconciled::PATH) { (visit.say("packs-reconciled")) } }
        }
        @if handles(visit) {
            p { a href=(offline::PATH) { (visit.say("packs-offline")) } }
        }
        @if visit.role() == Role::Auditor {
            p { a href="/portal/packs/openings" { (visit.say("packs-openings")) } }
        }
        (cases_here(visit, &known))
        (known_here(visit, &known))
    };
    Ok(visit.page(&title, &content))
}

/// The field in which a scanner types, a person pastes or types.
pub(super) fn field(visit: &Visit, scan: &str, faults: &Faults) -> Markup {
    let typed = form::form(
        visit,
        "/portal/packs/check",
        &html! {
            (Line {
                name: "scan",
                kind: "text",
                label: visit.say("packs-scan"),
                hint: visit.say("packs-scan-hint"),
                value: scan,
                autocomplete: "off",
            }.show(faults))
            button type="submit" { (visit.say("packs-check")) }
        },
    );
    html! { (typed) (camera(visit)) }
}

/// The camera beside the field; it shows itself where there is one.
pub(super) fn camera(visit: &Visit) -> Markup {
    const WORDS: [&str; 8] = [
        "on", "off", "picture", "starting", "looking", "denied", "broken", "nothing",
    ];
    html! {
        salus-camera field="scan" reader=(asset::path("reader.js"))
            wasm=(asset::path("zxing_reader.wasm")) {
            button.second type="button" { (visit.say("packs-camera-on")) }
            p.soft role="status" {}
            @for word in WORDS {
                span hidden data-say=(word) { (visit.say(&format!("packs-camera-{word}"))) }
            }
        }
    }
}

/// The cases that are known here, each to be looked at.
fn cases_here(visit: &Visit, known: &Value) -> Markup {
    let cases = list(known, "cases");
    html! {
        @if !cases.is_empty() {
            h2 { (visit.say("packs-cases")) }
            ul.lines {
                @for case in cases {
                    li {
                        div.item.pack {
                            (case::open(visit, text(case, "/code")))
                            p.soft { (verdict::place(visit, &seen(case))) }
                        }
                    }
                }
            }
        }
    }
}

fn known_here(visit: &Visit, known: &Value) -> Markup {
    let packs = list(known, "packs");
    html! {
        h2 { (visit.say("packs-known")) }
        @if packs.is_empty() { p { (visit.say("packs-none")) } }
        @else { ul.lines { @for pack in packs { li { (item(visit, pack)) } } } }
        @let older = !visit.query("after").is_empty();
        @if older || known["next"].is_string() {
            nav.pager aria-label=(visit.say("pager")) {
                @if older { a href=(HOME) { (visit.say("packs-first")) } }
                @if let Some(next) = known["next"].as_str() {
                    @let query = pairs::encode(&[("after".into(), next.into())]);
                    a href={ (HOME) "?" (query) } rel="next" { (visit.say("pager-older")) }
                }
            }
        }
    }
}

/// Where something of a list is, and who is on the other side.
fn seen(listed: &Value) -> Value {
    let place = text(listed, "/place");
    let other = match place {
        "awaited" => text(listed, "/from"),
        "on-its-way" | "gone" => text(listed, "/to"),
        _ => "",
    };
    json!({ "place": place, "other": other })
}

fn item(visit: &Visit, pack: &Value) -> Markup {
    let seen = seen(pack);
    html! {
        div.item.pack {
            (form::form(visit, "/portal/packs/check", &html! {
                input type="hidden" name="scan" value=(text(pack, "/code"));
                button.plain type="submit" {
                    (visit.say("packs-serial")) " " (text(pack, "/serial"))
                }
            }))
            p {
                (visit.say("packs-gtin")) " " code { (text(pack, "/gtin")) }
                " · " (visit.say("packs-lot")) " " code { (text(pack, "/lot")) }
                " · " (visit.say("packs-expiry")) " "
                (printed::expires(visit, text(pack, "/expiry")))
            }
            p.soft {
                (verdict::place(visit, &seen)) " "
                (visit.say("packs-changed")) " "
                (date::stamp(visit.language, text(pack, "/changed")))
            }
        }
    }
}

/// `POST /portal/packs/check`
pub(super) async fn check(filled: Filled) -> Result<Response, Trouble> {
    let visit = &filled.visit;
    super::looks(visit)?;
    let scan = filled.get("scan");
    if scan.is_empty() {
        let mut faults = Faults::default();
        faults.add("scan", visit.say("packs-fault-empty"));
        return start(visit, "", &faults, "").await;
    }
    checked(visit, scan, &act::Given::default(), &Faults::default(), "").await
}

/// The verdict on a scan, or what is wrong with it. `faults` and `words` are of an act that was
/// refused.
pub(super) async fn checked(
    visit: &Visit,
    scan: &str,
    given: &act::Given,
    faults: &Faults,
    words: &str,
) -> Result<Response, Trouble> {
    let found = match visit.post("/packs/verify", &json!({ "scan": scan })).await {
        Ok(found) => found,
        Err(trouble) if offline::is_cut_off(&trouble) => {
            return offline::cut_off(visit, scan, trouble).await;
        }
        Err(trouble) => return unread(visit, scan, trouble).await,
    };
    if found["contents"].is_object() {
        return case::show(visit, &found, given, faults, words).await;
    }
    let known = visit.get("/packs").await?;
    let title = visit.say("packs-verdict");
    let content = html! {
        p.back { a href=(HOME) { (visit.say("packs-back")) } }
        (faults.summary(visit))
        h1 { (title) }
        (said(visit, words))
        (verdict::show(visit, &found))
        @if handles(visit) {
            (act::offered(visit, &found, has_role(&known, "maker"), given, faults).await?)
        }
        (verdict::details(visit, &found))
        (verdict::suspicions(visit, &found))
        @if text(&found, "/verdict") != "unknown" {
            h2 { (visit.say("packs-trace")) }
            p { (visit.say("packs-trace-lead")) }
            (form::button(visit, "/portal/packs/trace", "second", &visit.say("packs-trace-go"),
                &[("scan", text(&found, "/pack/code"))]))
        }
        @if has_role(&known, "maker") { (recall::link(visit, &found)) }
        @if has_role(&known, "regulator") {
            p { (visit.say("packs-inspection-lead")) }
            (form::button(visit, "/portal/packs/inspection", "second",
                &visit.say("packs-inspection-go"), &[("scan", text(&found, "/pack/code"))]))
        }
        h2 { (visit.say("packs-next")) }
        (field(visit, "", &Faults::default()))
    };
    Ok(visit.page(&title, &content))
}

/// A scan that has no verdict: the field again, with the reason.
pub(super) async fn unread(
    visit: &Visit,
    scan: &str,
    trouble: Trouble,
) -> Result<Response, Trouble> {
    let Trouble::Refused(refusal) = &trouble else {
        return Err(trouble);
    };
    let key = match (refusal.status.as_u16(), refusal.code.as_str()) {
        (403, _) => "packs-fault-partner",
        (400 | 422, "business-rule") => "packs-fault-nobody",
        (400 | 422, _) => "packs-fault-scan",
        (429 | 503, _) => "packs-fault-busy",
        _ => return Err(trouble),
    };
    let mut faults = Faults::default();
    faults.add("scan", visit.say(key));
    let words = match key {
        "packs-fault-scan" | "packs-fault-busy" => refusal.text.as_str(),
        _ => "",
    };
    start(visit, scan, &faults, words).await
}
