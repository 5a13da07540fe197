//! What a patient with keys on a device signs in the browser (`web/README.md`, device.js): the
//! words that the element says, and the places that it fills.

use maud::{Markup, html};
use serde_json::Value;

use crate::trouble::Trouble;
use crate::visit::Visit;

/// Why something was not signed, in words of its own; anything else is told by its code.
const REASONS: [&str; 9] = [
    "no-key",
    "cancelled",
    "sealed",
    "short",
    "differ",
    "ahead",
    "past",
    "refused",
    "elsewhere",
];
/// Rules of a Consent as the device reads them out of what it signs, and names of their elements.
const RULES: [&str; 6] = [
    "rule-permit-some",
    "rule-permit-all",
    "rule-deny-some",
    "rule-deny-all",
    "except-permit-some",
    "except-deny-some",
];
const ELEMENTS: [&str; 9] = [
    "status",
    "scope",
    "category",
    "dateTime",
    "policy",
    "period",
    "actor",
    "purpose",
    "securityLabel",
];

/// Gives a permission: this Consent, exactly.
pub(in crate::patient) fn give(visit: &Visit, consent: &Value) -> Result<Markup, Trouble> {
    let places = ["home", "patient", "recipients", "from", "until"];
    let act = Act {
        kind: "consent",
        consent: Some(consent.to_string()),
        organisation: None,
        done: "/portal/permissions/{consent}".to_owned(),
        ask: visit.say("permissions-give"),
    };
    act.show(visit, &review(visit, &places, true))
}

/// Ends the permission with this id.
pub(super) fn withdraw(visit: &Visit, id: &str) -> Result<Markup, Trouble> {
    let act = Act {
        kind: "withdraw",
        consent: Some(id.to_owned()),
        organisation: None,
        done: format!("/portal/permissions/{id}"),
        ask: visit.say("permissions-withdraw"),
    };
    act.show(visit, &review(visit, &["home", "consent", "grants"], false))
}

/// Makes a code for one organisation.
pub(in crate::patient) fn code(visit: &Visit, organisation: &str) -> Result<Markup, Trouble> {
    let act = Act {
        kind: "code",
        consent: None,
        organisation: Some(organisation.to_owned()),
        done: String::new(),
        ask: visit.say("links-make"),
    };
    act.show(visit, &review(visit, &["home", "organisation"], false))
}

/// What is signed.
struct Act {
    kind: &'static str,
    consent: Option<String>,
    organisation: Option<String>,
    /// Where to go afterwards; empty: what came of it is shown here.
    done: String,
    /// The word on the first button.
    ask: String,
}

impl Act {
    fn show(&self, visit: &Visit, review: &Markup) -> Result<Markup, Trouble> {
        let own = visit.caller().patient.as_deref();
        let holder = own.filter(|_| visit.acting_for.is_some());
        let done = (!self.done.is_empty()).then_some(&self.done);
        Ok(html! {
            salus-sign data-patient=(visit.patient()?) data-holder=[holder] data-kind=(self.kind)
                data-consent=[&self.consent] data-organisation=[&self.organisation]
                    data-done=[done] {
                noscript { p.note { (visit.say("sign-no-script")) } }
                section data-step="no-key" hidden {
                    p { (visit.say("sign-no-key")) " " a href="/portal/keys" {
                        (visit.say("more-keys")) } }
                }
                section data-step="ask" hidden {
                    button type="button" data-act="prepare" { (self.ask) }
                }
                (review)
                section data-step="done" hidden {
                    p.done { (visit.say("sign-done")) }
                    @if self.kind == "code" { p.code data-proven="code" {} }
                }
                (super::super::keys::passphrases(visit))
                p data-part="message" {}
                (words(visit))
            }
        })
    }
}

fn review(visit: &Visit, places: &[&str], rules: bool) -> Markup {
    html! {
        section data-step="review" hidden {
            h2 { (visit.say("sign-review")) }
            dl.facts {
                @for place in places {
                    div { dt { (visit.say(&format!("sign-{place}"))) } dd data-proven=(place) {} }
                }
            }
            @if rules { ul data-part="rules" {} }
            button type="button" data-act="sign" { (visit.say("sign-now")) } " "
            button.second type="button" data-act="cancel" { (visit.say("sign-cancel")) }
        }
    }
}

fn words(visit: &Visit) -> Markup {
    let say =
        |name: &str| html! { span hidden data-say=(name) { (visit.say(&format!("sign-{name}"))) } };
    html! {
        (say("busy"))
        (say("failed"))
        @for reason in REASONS {
            span hidden data-say={ "reason-" (reason) } {
                (visit.say(&format!("sign-reason-{reason}"))) }
        }
        @for rule in RULES { (say(rule)) }
        @for element in ELEMENTS {
            span hidden data-say={ "element-" (element) } {
                (visit.say(&format!("sign-element-{element}"))) }
        }
        @for (group, codes) in [("purpose", &super::wish::PURPOSES[..]),
            ("subject", &super::wish::SUBJECTS[..])] {
            @for code in codes {
                span hidden data-say={ "code-" (code) } { (visit.say(&format!("{group}-{code}"))) }
            }
        }
    }
}
