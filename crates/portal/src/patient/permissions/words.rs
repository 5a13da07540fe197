//! A consent in plain words, in the reader's language.

use maud::{Markup, html};
use serde_json::Value;

use crate::date;
use crate::record::text;
use crate::visit::Visit;

/// Whom a consent is about, in few words.
pub(super) fn heading(visit: &Visit, consent: &Value) -> String {
    let names = organisations(consent);
    let who = if names.is_empty() {
        visit.say("permissions-everybody")
    } else {
        names.join(", ")
    };
    let key = if consent["provision"]["type"] == "deny" {
        "permissions-refuses"
    } else {
        "permissions-allows"
    };
    visit.tell(key, &[("who", &who)])
}

fn organisations(consent: &Value) -> Vec<String> {
    let actors = consent["provision"]["actor"]
        .as_array()
        .into_iter()
        .flatten();
    actors
        .map(|actor| text(actor, "/reference/reference"))
        .filter_map(|reference| reference.rsplit_once('/'))
        .map(|(_, id)| id.to_owned())
        .collect()
}

/// A consent in plain words.
pub(super) fn words(visit: &Visit, consent: &Value) -> Markup {
    let provision = &consent["provision"];
    let codes = |of: &Value, name: &str| -> Vec<String> {
        let all = of[name].as_array().into_iter().flatten();
        all.map(|coding| text(coding, "/code").to_owned()).collect()
    };
    let said = |group: &str, codes: &[String]| -> String {
        let told: Vec<String> = codes
            .iter()
            .map(|code| visit.language.coded(group, code))
            .collect();
        told.join(", ")
    };
    let purposes = codes(provision, "purpose");
    let inner = provision["provision"].as_array().into_iter().flatten();
    let left_out: Vec<String> = inner
        .filter(|inner| inner["type"] == "deny")
        .flat_map(|inner| codes(inner, "securityLabel"))
        .collect();
    let until = text(provision, "/period/end");
    let point = |key: &str, name: &str, value: &str| {
        html! { li { (visit.tell(key, &[(name, value)])) } }
    };
    html! {
        ul {
            @if purposes.is_empty() { li { (visit.say("permissions-any-purpose")) } }
            @else { (point("permissions-for", "purposes", &said("purpose", &purposes))) }
            @if left_out.is_empty() { li { (visit.say("permissions-whole")) } }
            @else { (point("permissions-without", "subjects", &said("subject", &left_out))) }
            @if !until.is_empty() {
                (point("permissions-until", "when", &date::moment(visit.language, until)))
            }
        }
    }
}
