//! Exactly what the other side would see, by the decision of a real read.

use maud::{Markup, html};
use serde_json::{Value, json};

use crate::date;
use crate::record::{kind, text};
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Records that are listed of each sort.
const LISTED: usize = 12;

/// What a Consent that is not given yet would show and hide.
pub(super) async fn preview(
    visit: &Visit,
    consent: &Value,
    purpose: &str,
) -> Result<Markup, Trouble> {
    let ask = |seen: &str| {
        json!({ "consent": consent, "purpose": purpose, "seen": seen, "count":
        LISTED })
    };
    let shown = visit.post("/sharing/preview", &ask("shown")).await?;
    let hidden = visit.post("/sharing/preview", &ask("hidden")).await?;
    Ok(html! {
        h2 { (visit.say("preview")) }
        p { (visit.tell("preview-hint", &[("who", text(&shown, "/organisation"))])) }
        (counts(visit, &shown["counts"]))
        (list(visit, "preview-shown", &shown))
        (list(visit, "preview-hidden", &hidden))
    })
}

fn counts(visit: &Visit, counts: &Value) -> Markup {
    let of = |type_: &Value, name: &str| type_[name].as_u64().unwrap_or(0).to_string();
    let columns = ["shown", "part", "hidden"];
    html! {
        div.wide tabindex="0" role="region" aria-label=(visit.say("preview-counts")) {
            table.stack {
                caption { (visit.say("preview-counts")) }
                thead { tr {
                    th scope="col" { (visit.say("record-kind")) }
                    @for name in columns { th.number scope="col" {
                        (visit.say(&format!("preview-{name}-count"))) } }
                } }
                tbody {
                    @for found in counts.as_array().into_iter().flatten() {
                        @let type_ = text(found, "/type");
                        tr {
                            td data-label=(visit.say("record-kind")) {
                                (kind(visit.language, type_)) }
                            @for name in columns {
                                td.number data-label=(visit.say(&format!("preview-{name}-count"))) {
                                    (of(found, name)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn list(visit: &Visit, key: &str, page: &Value) -> Markup {
    let records = page["records"].as_array().map_or(&[][..], Vec::as_slice);
    let listed = page["listed"].as_u64().unwrap_or(0);
    let more = listed.saturating_sub(records.len() as u64);
    html! {
        details {
            summary { (visit.tell(key, &[("count", &listed.to_string())])) }
            ul {
                @for record in records {
                    li {
                        (kind(visit.language, text(record, "/type"))) ": " (text(record, "/line"))
                        @if !text(record, "/date").is_empty() {
                            ", " (date::day_stamp(visit.language, text(record, "/date")))
                        }
                    }
                }
                @if more > 0 { li { (visit.tell("preview-more",
                    &[("count", &more.to_string())])) } }
            }
        }
    }
}
