//! How codes and people read in the officer's lists.

use maud::{Markup, html};
use serde_json::Value;

use crate::record::person;
use crate::visit::Visit;

/// The words for a code, else the code.
pub(super) fn coded(visit: &Visit, group: &str, code: &str) -> String {
    // What a patient is told as "you" has other words here.
    let own = format!("office-{group}-{code}");
    if visit.language.has(&own) {
        return visit.say(&own);
    }
    visit.language.coded(group, code)
}

/// `ada (clinician)` with the role in words.
pub(super) fn who(visit: &Visit, who: &str) -> String {
    let Some((name, role)) = person(who) else {
        return who.to_owned();
    };
    format!("{name} ({})", coded(visit, "role", role))
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
