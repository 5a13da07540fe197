//! Forms: one way to ask, to say what is wrong, and to offer a button. Errors stand at the top,
//! with a link to the field, and at the field.

use maud::{Markup, html};
use serde_json::Value;

use crate::trouble::Trouble;
use crate::visit::Visit;

/// What is wrong with a form: field and words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Vec<(&'static str, String)>);

impl Faults {
    pub(crate) fn add(&mut self, field: &'static str, words: String) {
        self.0.push((field, words));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something is wrong with a field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.of(field).is_some()
    }

    fn of(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| *name == field);
        found.map(|(_, words)| words.as_str())
    }

    /// The summary at the top of the page.
    pub(crate) fn summary(&self, visit: &Visit) -> Markup {
        html! {
            @if !self.0.is_empty() {
                div.faults role="alert" aria-labelledby="faults" tabindex="-1" autofocus {
                    h2 id="faults" { (visit.say("form-faults")) }
                    ul {
                        @for (field, words) in &self.0 {
                            li {
                                @if field.is_empty() { (words) }
                                @else { a href={ "#" (field) } { (words) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Sends what a form asks for to the door. What a person can mend in the same form comes back as
/// the door's own words, and `fault` says at the top of the page what did not happen.
pub(crate) async fn sent(
    visit: &Visit,
    (path, body): (impl AsRef<str>, &Value),
    fault: String,
    faults: &mut Faults,
) -> Result<Result<Value, String>, Trouble> {
    match visit.post(path.as_ref(), body).await {
        Ok(answer) => Ok(Ok(answer)),
        Err(trouble) => {
            let Some(words) = trouble.words().map(str::to_owned) else {
                return Err(trouble);
            };
            faults.add("", fault);
            Ok(Err(words))
        }
    }
}

/// A form of this page: it brings its token back.
pub(crate) fn form(visit: &Visit, action: &str, content: &Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            input type="hidden" name="token" value=(visit.token());
            (content)
        }
    }
}

/// A form that is nothing but a button, with hidden fields.
pub(crate) fn button(
    visit: &Visit,
    action: &str,
    class: &str,
    word: &str,
    fields: &[(&str, &str)],
) -> Markup {
    form(
        visit,
        action,
        &html! {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button class=(class) type="submit" { (word) }
        },
    )
}

/// One line to write in. `hint` may be empty.
pub(crate) struct Line<'a> {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) value: &'a str,
    /// What a browser may fill in by itself; empty: nothing.
    pub(crate) autocomplete: &'static str,
}

impl Line<'_> {
    pub(crate) fn show(&self, faults: &Faults) -> Markup {
        let fault = faults.of(self.name);
        let completes = (!self.autocomplete.is_empty()).then_some(self.autocomplete);
        html! {
            div.field.wrong[fault.is_some()] {
                label for=(self.name) { (self.label) }
                (beside(self.name, &self.hint, fault))
                input id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                    autocomplete=[completes] aria-invalid=[fault.map(|_| "true")]
                    aria-describedby=[described(self.name, &self.hint, fault)];
            }
        }
    }
}

/// Several lines to write in.
pub(crate) fn area(
    name: &'static str,
    label: &str,
    hint: &str,
    value: &str,
    faults: &Faults,
) -> Markup {
    let fault = faults.of(name);
    html! {
        div.field.wrong[fault.is_some()] {
            label for=(name) { (label) }
            (beside(name, hint, fault))
            textarea id=(name) name=(name) rows="4" aria-invalid=[fault.map(|_| "true")]
                aria-describedby=[described(name, hint, fault)] { (value) }
        }
    }
}

/// One of several: value, words, further words.
pub(crate) type Choice = (String, String, String);

/// Radio buttons (`kind` `radio`) or boxes to tick (`checkbox`). The first has the field's id, so
/// that the summary leads to it.
pub(crate) fn choices(
    name: &'static str,
    kind: &'static str,
    label: &str,
    hint: &str,
    offered: &[Choice],
    chosen: &[&str],
    faults: &Faults,
) -> Markup {
    let fault = faults.of(name);
    html! {
        fieldset.field.wrong[fault.is_some()] aria-describedby=[described(name, hint, fault)] {
            legend { (label) }
            (beside(name, hint, fault))
            @for (index, (value, words, more)) in offered.iter().enumerate() {
                @let id = if index == 0 { name.to_owned() } else { format!("{name}-{index}") };
                div.choice {
                    input type=(kind) id=(id) name=(name) value=(value)
                        checked[chosen.contains(&value.as_str())];
                    label for=(id) {
                        (words)
                        @if !more.is_empty() { span.more { (more) } }
                    }
                }
            }
        }
    }
}

/// One of several, in a list that opens.
pub(crate) fn select(
    name: &'static str,
    label: &str,
    offered: &[(String, String)],
    chosen: &str,
    faults: &Faults,
) -> Markup {
    let fault = faults.of(name);
    html! {
        div.field.wrong[fault.is_some()] {
            label for=(name) { (label) }
            (beside(name, "", fault))
            select id=(name) name=(name) aria-describedby=[described(name, "", fault)] {
                @for (value, words) in offered {
                    option value=(value) selected[value == chosen] { (words) }
                }
            }
        }
    }
}

fn beside(name: &str, hint: &str, fault: Option<&str>) -> Markup {
    html! {
        @if !hint.is_empty() { p.hint id={ (name) "-hint" } { (hint) } }
        @if let Some(fault) = fault { p.fault id={ (name) "-fault" } { (fault) } }
    }
}

fn described(name: &str, hint: &str, fault: Option<&str>) -> Option<String> {
    let mut ids = Vec::new();
    if !hint.is_empty() {
        ids.push(format!("{name}-hint"));
    }
    if fault.is_some() {
        ids.push(format!("{name}-fault"));
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}
