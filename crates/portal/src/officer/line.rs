//! How codes, people and counts read in the officer's lists.

use maud::{Markup, html};
use serde_json::Value;

use crate::record::kind;
use crate::visit::Visit;

/// The words for a code, else the code.
pub(super) fn coded(visit: &Visit, group: &str, code: &str) -> String {
    // What a patient is told as "you" has other words here.
    let own = format!("office-{group}-{code}");
    if visit.language.has(&own) {
        return visit.say(&own);
    }
    let key = format!("{group}-{code}");
    if !code.is_empty() && visit.language.has(&key) {
        visit.say(&key)
    } else {
        code.to_owned()
    }
}

/// `ada (clinician)` with the role in words.
pub(super) fn who(visit: &Visit, who: &str) -> String {
    let Some((name, role)) = who.strip_suffix(')').and_then(|who| who.rsplit_once(" (")) else {
        return who.to_owned();
    };
    format!("{name} ({})", coded(visit, "role", role))
}

/// `Observation: 3, Condition: 1` in words.
pub(super) fn what(visit: &Visit, what: &str) -> String {
    let told: Vec<String> = what
        .split(", ")
        .filter_map(|part| part.split_once(": "))
        .map(|(type_, count)| {
            let kind = kind(visit.language, type_);
            visit.tell("accesses-what", &[("kind", &kind), ("count", count)])
        })
        .collect();
    told.join(", ")
}

/// The id of a patient: to a privacy officer a number, since the role reads no names.
pub(super) fn patient(id: &str) -> Markup {
    let query = hospital::pairs::encode(&[("patient".to_owned(), id.to_owned())]);
    html! { a href={ "/portal/disclosures?" (query) } { code { (id) } } }
}

/// The list of an answer of the door.
pub(super) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer[name].as_array().map_or(&[], Vec::as_slice)
}
