//! Narratives of records (FHIR R4 2.4, `text.div`): markup that somebody else wrote. It is cleaned,
//! and shown in a frame of its own in which nothing runs and from which nothing is asked.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use crate::record::{self, text};
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Longest narrative that is shown.
const BYTES_MAX: usize = 1 << 20;

/// What FHIR R4 2.4.0 allows and needs nothing from elsewhere: no images, no links, no classes or
/// styles of the record's own.
const TAGS: [&str; 45] = [
    "abbr",
    "acronym",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
];
/// Elements that are left out with all that is in them.
const GONE: [&str; 8] = [
    "script", "style", "iframe", "object", "template", "title", "noscript", "textarea",
];
/// `ul` and `var` and what a reader needs of attributes.
const ATTRIBUTES: [&str; 6] = ["colspan", "rowspan", "lang", "dir", "title", "span"];

/// The style of the frame; the policy knows it by its digest.
const STYLE: &str = "html{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}\
    body{margin:.75rem;overflow-wrap:anywhere}table{border-collapse:collapse}\
    td,th{border:1px solid #8888;padding:.2rem .5rem;text-align:start;vertical-align:top}\
    pre{white-space:pre-wrap}h1,h2,h3,h4,h5,h6{font-size:1.05rem;margin:.75em 0 .25em}";

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(proof::sha256(STYLE.as_bytes()).0);
    format!(
        "sandbox; default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'"
    )
});

static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = ammonia::Builder::empty();
    let tags: HashSet<&str> = TAGS.into_iter().chain(["ul", "var"]).collect();
    cleaner
        .tags(tags)
        .clean_content_tags(GONE.into_iter().collect())
        .generic_attributes(ATTRIBUTES.into_iter().collect())
        .tag_attributes(HashMap::new())
        .url_schemes(HashSet::new())
        .link_rel(None)
        .strip_comments(true);
    cleaner
});

/// What is left of a narrative.
fn clean(div: &str) -> String {
    CLEANER.clean(div).to_string()
}

/// The frame that shows a record's narrative; nothing where there is none.
pub(crate) fn frame(visit: &Visit, resource: &Value) -> Markup {
    let (type_, id, version) = record::reference(resource);
    let has = !text(resource, "/text/div").is_empty() && hospital::request::is_id(version);
    html! {
        @if has {
            iframe.narrative sandbox="" loading="lazy" title=(visit.say("narrative-title"))
                src={ "/portal/narrative/" (type_) "/" (id) "/" (version) } {}
        }
    }
}

/// `GET /portal/narrative/{type}/{id}/{version}`: the cleaned narrative as a document of its own.
pub(crate) async fn show(
    visit: Visit,
    Path((type_, id, version)): Path<(String, String, String)>,
) -> Result<Response, Trouble> {
    for part in [&type_, &id, &version] {
        if !hospital::request::is_id(part) {
            return Err(visit.absent());
        }
    }
    let path = format!("/fhir/{type_}/{id}/_history/{version}");
    let resource = visit.get(&path).await?;
    let div = text(&resource, "/text/div");
    let content = if div.len() > BYTES_MAX {
        html! { p { (visit.say("narrative-long")) } }
    } else {
        PreEscaped(clean(div))
    };
    Ok(document(
        visit.language.tag(),
        &visit.say("narrative-title"),
        &content,
    ))
}

fn document(language: &str, title: &str, content: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang=(language) {
            head { meta charset="utf-8"; title { (title) } style { (PreEscaped(STYLE)) } }
            body { (content) }
        }
    };
    let mut response = page.into_string().into_response();
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // The policy says who may frame it, and a browser that knows the policy heeds only that.
    let same = HeaderValue::from_static("SAMEORIGIN");
    headers.insert(header::X_FRAME_OPTIONS, same);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_narrative_neither_runs_nor_asks() {
        for (div, wanted) in [
            (
                "<div><p>Well <b>now</b></p></div>",
                "<div><p>Well <b>now</b></p></div>",
            ),
            ("<div><script>x()</script>a</div>", "<div>a</div>"),
            (
                "<p onclick=\"x()\" hx-get=\"/portal\" style=\"a:b\" \
                 class=\"alarm\" id=\"main\">a</p>",
                "<p>a</p>",
            ),
            ("<a href=\"javascript:x()\">a</a>", "a"),
            ("<a href=\"https://example.org\">a</a>", "a"),
            ("<img src=\"https://example.org/x.png\" alt=\"a\">", ""),
            ("<svg><style><img src=x onerror=x()></style></svg>", ""),
            (
                "<math><mi><style><!--</style><img title=\"--&gt;&lt;img src=1&gt;\"></mi></math>",
                "",
            ),
            (
                "<iframe srcdoc=\"x\"></iframe><form action=\"/portal\"><input name=a></form>",
                "",
            ),
            ("<td colspan=\"2\">a</td>", "a"),
            (
                "<table><tr><td colspan=\"2\">a</td></tr></table>",
                "<table><tbody><tr><td colspan=\"2\">a</td></tr></tbody></table>",
            ),
        ] {
            let left = clean(div);
            assert_eq!(left, wanted, "{div}");
            assert_eq!(clean(&left), left, "cleaned twice: {div}");
        }
    }

    #[test]
    fn the_policy_of_the_frame_allows_one_style_and_nothing_else() {
        assert!(POLICY.starts_with("sandbox; default-src 'none'; style-src 'sha256-"));
        assert!(!POLICY.contains("unsafe") && !POLICY.contains("script-src"));
    }
}
