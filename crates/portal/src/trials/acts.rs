//! The forms of a trial: one way to post them.

use maud::{Markup, html};
use serde_json::Value;

use super::HOME;
use crate::form;
use crate::record::text;
use crate::visit::Visit;

/// What was filled in.
#[derive(Default)]
pub(super) struct Given {
    /// Why the data are to be opened again.
    pub(super) reason: String,
    /// The name of a program of the analysis.
    pub(super) program: String,
    /// Its text.
    pub(super) source: String,
}

fn path(seen: &Value) -> String {
    format!("{HOME}/{}", text(seen, "/id"))
}

/// An act that is nothing but a button.
pub(super) fn button(
    visit: &Visit,
    seen: &Value,
    act: &str,
    class: &str,
    fields: &[(&str, &str)],
) -> Markup {
    let word = visit.say(&format!("trials-act-{act}"));
    let fields: Vec<_> = [("act", act)].iter().chain(fields).copied().collect();
    form::button(visit, &path(seen), class, &word, &fields)
}

/// An act with fields.
pub(super) fn form(
    visit: &Visit,
    seen: &Value,
    act: &str,
    class: &str,
    content: &Markup,
) -> Markup {
    form::form(
        visit,
        &path(seen),
        &html! {
            input type="hidden" name="act" value=(act);
            (content)
            button class=(class) type="submit" { (visit.say(&format!("trials-act-{act}"))) }
        },
    )
}
