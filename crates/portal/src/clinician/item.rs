//! One record of this organisation with all that it says.

use axum::extract::Path;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use serde_json::Value;

use super::{banner, entry};
use crate::record::{line, reference, text};
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::{date, narrative, seal};

/// Longest text of a document that is shown.
const TEXT_BYTES_MAX: usize = 256 << 10;

/// Where a record names the patient whom it is about.
const ABOUT: [&str; 5] = [
    "/subject/reference",
    "/patient/reference",
    "/beneficiary/reference",
    "/individual/reference",
    "/for/reference",
];

/// `GET /portal/patients/{id}/records/{type}/{record}`
pub(super) async fn show(
    visit: Visit,
    Path((id, type_, record)): Path<(String, String, String)>,
) -> Result<Response, Trouble> {
    super::reader_of(&visit, &id)?;
    if !hospital::request::is_id(&type_) || !hospital::request::is_id(&record) {
        return Err(visit.absent());
    }
    let resource = visit.get(&format!("/fhir/{type_}/{record}")).await?;
    // Under one patient's name stands no record of another one.
    let patient = format!("Patient/{id}");
    let own = type_ == "Patient" && record == id;
    if !own && !ABOUT.iter().any(|path| text(&resource, path) == patient) {
        return Err(visit.absent());
    }
    let chart = banner::read(&visit, &id, &["AllergyIntolerance"]).await?;
    let line = line(visit.language, &resource);
    let (_, _, version) = reference(&resource);
    let said = |key: &str, words: &Markup| {
        html! { div { dt { (visit.say(key)) } dd { (words) } } }
    };
    let stored = text(&resource, "/meta/lastUpdated");
    let content = html! {
        (banner::banner(&visit, &chart, false))
        p.back { a href={ "/portal/patients/" (id) } { (visit.say("chart-back")) } }
        h1 { (line.title) }
        dl.facts {
            (said("record-kind", &html! { (line.kind) }))
            @if !line.value.is_empty() { (said("record-value", &html! { (line.value) })) }
            (said("record-when", &date::stamp(visit.language, &line.when)))
            @if !line.status.is_empty() {
                (said("record-status", &html! { (entry::status(&visit, &line.status)) }))
            }
            (said("item-origin", &html! { (visit.organisation()) }))
            (said("record-stored", &date::stamp(visit.language, stored)))
            (said("record-version", &html! { (version) }))
        }
        (seal::seal(visit.language, &type_, &record, version))
        (texts(&visit, &resource))
        (narrative::frame(&visit, &resource))
        details {
            summary { (visit.say("record-source")) }
            pre tabindex="0" { code { (serde_json::to_string_pretty(&resource).unwrap_or_default())
                } }
        }
    };
    Ok(visit.page(&line.title, &content))
}

/// Texts and names of what a document holds, and remarks.
fn texts(visit: &Visit, resource: &Value) -> Markup {
    let contents = resource["content"].as_array().into_iter().flatten();
    let notes = resource["note"].as_array().into_iter().flatten();
    html! {
        @for attachment in contents.map(|it| &it["attachment"]).take(20) {
            @let title = text(attachment, "/title");
            h2 { @if title.is_empty() { (visit.say("item-document")) } @else { (title) } }
            @match plain_text(attachment) {
                Some(words) => p.written { (words) },
                None => p.soft { (visit.tell("item-unshown", &[("type", text(attachment,
                    "/contentType"))])) },
            }
        }
        @for note in notes.take(20) {
            h2 { (visit.say("item-note")) }
            p.written { (text(note, "/text")) }
        }
    }
}

/// The words of an attachment that is plain text in UTF-8.
fn plain_text(attachment: &Value) -> Option<String> {
    let media = text(attachment, "/contentType").to_ascii_lowercase();
    let mut parts = media.split(';').map(str::trim);
    if parts.next() != Some("text/plain") {
        return None;
    }
    let other = |part: &str| {
        part.starts_with("charset=") && !part.contains("utf-8") && !part.contains("us-ascii")
    };
    if parts.any(other) {
        return None;
    }
    let bytes = STANDARD.decode(text(attachment, "/data")).ok()?;
    if bytes.is_empty() || bytes.len() > TEXT_BYTES_MAX {
        return None;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_plain_text_is_shown_as_text() {
        for (media, data, wanted) in [
            ("text/plain", "YQ==", Some("a")),
            ("text/plain; charset=utf-8", "w6Q=", Some("ä")),
            ("text/plain;charset=iso-8859-1", "5A==", None),
            ("text/plain", "5A==", None),
            ("text/html", "YQ==", None),
            ("application/pdf", "YQ==", None),
            ("text/plain", "", None),
        ] {
            let attachment = json!({ "contentType": media, "data": data });
            assert_eq!(plain_text(&attachment).as_deref(), wanted, "{media} {data}");
        }
    }
}
