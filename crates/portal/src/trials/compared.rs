//! What became of each registered endpoint: the report against every sealed version, in words, with
//! a colour and a sign.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;

use super::{HOME, digits, entries, read};
use crate::date;
use crate::pharmacy::said;
use crate::record::text;
use crate::sign::Sign;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// How an endpoint reads: as registered, changed for a reason before there were data, or something
/// that somebody has to be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Kept,
    Explained,
    Open,
}

impl Verdict {
    fn of(line: &Value) -> Self {
        let kept = entries(line, "is").iter().all(|it| it == "kept");
        match (line["is_explained"] == true, kept) {
            (true, true) => Self::Kept,
            (true, false) => Self::Explained,
            (false, _) => Self::Open,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Explained => "explained",
            Self::Open => "open",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Kept => "done",
            Self::Explained => "note",
            Self::Open => "alarm",
        }
    }

    fn sign(self) -> Sign {
        match self {
            Self::Kept => Sign::Tick,
            Self::Explained => Sign::Triangle,
            Self::Open => Sign::Cross,
        }
    }
}

/// `GET /portal/trials/{id}/reports/{number}`
pub(super) async fn show(
    visit: Visit,
    Path((id, number)): Path<(String, u32)>,
) -> Result<Response, Trouble> {
    let seen = read(&visit, &id).await?;
    let door = format!("/trials/{id}/reports/{number}");
    let report = visit.get(&door).await?;
    let number = number.to_string();
    let title = visit.tell("trials-report", &[("number", &number)]);
    // A version may still be on its way from the sponsor: the results are shown all the same.
    let compared = match visit.get(&format!("{door}/comparison")).await {
        Ok(compared) => compare(&visit, &compared),
        Err(trouble) => match trouble.words() {
            Some(words) => html! {
                div.alarm { p { (visit.say("trials-compare-failed")) } (said(&visit, words)) }
            },
            None => return Err(trouble),
        },
    };
    let content = html! {
        p.back { a href={ (HOME) "/" (id) } { (super::title(&visit, &seen)) } }
        h1 { (title) }
        p.lead { (visit.say("trials-compare-lead")) }
        dl.facts {
            div { dt { (visit.say("trials-reported")) }
                dd { (date::stamp(visit.language, text(&report, "/reported"))) } }
            div { dt { (visit.say("trials-compared-with")) }
                dd { (visit.tell("trials-version",
                    &[("version", &digits(&report["version"]))])) } }
            div { dt { (visit.say("trials-on-lock")) }
                dd { (visit.tell("trials-lock-rows", &[("number", &digits(&report["lock"])),
                    ("rows", &digits(&report["rows"]))])) } }
        }
        (compared)
        h2 { (visit.say("trials-results")) }
        @for endpoint in entries(&report, "endpoints") { (result(&visit, endpoint)) }
    };
    Ok(visit.page(&title, &content))
}

fn compare(visit: &Visit, compared: &Value) -> Markup {
    let lines = entries(compared, "endpoints");
    let open = lines
        .iter()
        .filter(|it| Verdict::of(it) == Verdict::Open)
        .count();
    html! {
        h2 { (visit.say("trials-compare")) }
        p { strong {
            @if open == 0 { (visit.say("trials-compare-whole")) }
            @else { (visit.tell("trials-compare-open", &[("count", &open.to_string())])) }
        } }
        @for line in lines { (one(visit, line)) }
    }
}

/// One endpoint.
fn one(visit: &Visit, line: &Value) -> Markup {
    let verdict = Verdict::of(line);
    let reads_as = text(line, "/reads_as");
    html! {
        section class={ "pack-verdict " (verdict.class()) } data-endpoint=(text(line, "/id"))
            data-verdict=(verdict.word()) {
            (verdict.sign().show())
            div {
                h3 { (text(line, "/name")) }
                p {
                    @for kind in entries(line, "is").iter().filter_map(Value::as_str) {
                        span.tag { (visit.language.coded("trials-kind", &slug(kind))) } " "
                    }
                    span.tag { (visit.language.coded("trials-rank", text(line, "/rank"))) }
                }
                p { (visit.say(&format!("trials-verdict-{}", verdict.word()))) }
                @if !reads_as.is_empty() {
                    p { strong { (visit.tell("trials-reads-as", &[("other", reads_as)])) } }
                }
                @for link in entries(line, "links") { (found(visit, link)) }
                @let changes = entries(line, "changes");
                @if !changes.is_empty() {
                    ul { @for change in changes { li { (changed(visit, change)) } } }
                }
            }
        }
    }
}

/// How an endpoint was found again, where its id did not say so.
fn found(visit: &Visit, link: &Value) -> Markup {
    html! {
        @match link["by"]["likeness_per_mille"].as_u64() {
            Some(per_mille) => {
                p { (visit.tell("trials-found-likeness",
                    &[("percent", &(per_mille / 10).to_string())])) }
            }
            None => { p.soft { (visit.say("trials-found-name")) } }
        }
    }
}

/// One step: what changed, and who made it so when.
fn changed(visit: &Visit, change: &Value) -> Markup {
    let (what, made) = (&change["change"], &change["made"]);
    let by = match text(made, "/by") {
        "an amendment" => {
            let when = slug(text(made, "/when"));
            let version = text(made, "/version");
            let when = visit.language.coded("trials-when", &when);
            visit.tell(
                "trials-by-amendment",
                &[("version", version), ("when", &when)],
            )
        }
        _ => visit.say("trials-by-report"),
    };
    let reason = text(made, "/reason");
    html! {
        (visit.language.coded("trials-what", text(what, "/what")))
        @if what["from"].is_string() {
            ": " del { (told(visit, what, "/from")) } " → " ins { (told(visit, what, "/to")) }
        }
        ". " strong { (by) }
        @if !reason.is_empty() { " " (visit.say("trials-reason")) " " q { (reason) } }
    }
}

/// A rank in the reader's language; whatever else was registered in that of its author.
fn told(visit: &Visit, what: &Value, path: &str) -> String {
    match text(what, "/what") {
        "rank" => visit.language.coded("trials-rank", text(what, path)),
        _ => text(what, path).to_owned(),
    }
}

/// The result of an endpoint, in the words of the sponsor.
fn result(visit: &Visit, endpoint: &Value) -> Markup {
    html! {
        section.card {
            h3 { (text(endpoint, "/name")) }
            p.kind { (visit.language.coded("trials-rank", text(endpoint, "/rank"))) }
            p { (super::version::described(visit, endpoint)) }
            p.said { (text(endpoint, "/result")) }
        }
    }
}

/// A word of the comparison as the end of a key: `switched in rank` is `switched-in-rank`.
fn slug(word: &str) -> String {
    word.replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::words::Language;

    #[test]
    fn only_what_was_never_changed_is_called_kept() {
        for (line, wanted) in [
            (
                json!({ "is": ["kept"], "is_explained": true }),
                Verdict::Kept,
            ),
            (
                json!({ "is": ["timing changed"], "is_explained": true }),
                Verdict::Explained,
            ),
            (
                json!({ "is": ["switched in rank"], "is_explained": false }),
                Verdict::Open,
            ),
            // Found by likeness alone: somebody has to look.
            (
                json!({ "is": ["kept"], "is_explained": false }),
                Verdict::Open,
            ),
            (
                json!({ "is": ["kept", "dropped"], "is_explained": true }),
                Verdict::Explained,
            ),
            (json!({}), Verdict::Open),
        ] {
            assert_eq!(Verdict::of(&line), wanted, "{line}");
        }
    }

    #[test]
    fn every_word_of_a_comparison_is_told_in_every_language() {
        let groups: [(&str, &[&str]); 4] = [
            (
                "trials-kind",
                &[
                    "kept",
                    "dropped",
                    "added",
                    "switched in rank",
                    "name changed",
                    "measure changed",
                    "timing changed",
                    "analysis changed",
                ],
            ),
            (
                "trials-when",
                &["before data", "after data", "after unblinding"],
            ),
            (
                "trials-what",
                &[
                    "added", "dropped", "name", "rank", "measure", "timing", "analysis",
                ],
            ),
            ("trials-verdict", &["kept", "explained", "open"]),
        ];
        for language in Language::ALL {
            for (group, words) in groups {
                for word in words {
                    let key = format!("{group}-{}", slug(word));
                    assert!(language.has(&key), "{key}");
                }
            }
        }
    }
}
