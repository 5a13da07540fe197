//! Keys on the patient's own device: made, backed up and brought back in the browser
//! (`web/README.md`, device.js). The seed never comes here.

use maud::{Markup, html};

use crate::trouble::Trouble;
use crate::visit::Visit;

/// Why something did not happen, where there are words; else its code is told.
const REASONS: [&str; 14] = [
    "no-key",
    "cancelled",
    "sealed",
    "short",
    "differ",
    "elsewhere",
    "refused",
    "typo",
    "length",
    "count",
    "mixed",
    "twice",
    "wrong",
    "other-seed",
];

/// The element with its steps; only one of them is shown.
pub(super) fn element(visit: &Visit) -> Result<Markup, Trouble> {
    let say = |key: &str| visit.say(key);
    Ok(html! {
        h2 { (say("device")) }
        p { (say("device-hint")) }
        noscript { p.note { (say("sign-no-script")) } }
        salus-device data-patient=(visit.patient()?) data-name=(visit.caller().username) {
            section data-step="none" hidden {
                button type="button" data-act="make" { (say("device-make")) }
                details { summary { (say("device-recover")) } (recover(visit, "a")) }
            }
            section data-step="unfinished" hidden {
                p { (say("device-unfinished")) }
                button type="button" data-act="make" { (say("device-go-on")) }
            }
            section data-step="elsewhere" hidden {
                p { (say("device-elsewhere")) }
                (recover(visit, "b"))
            }
            section data-step="backup" hidden {
                h3 { (say("device-cards")) }
                p { (say("keys-recover-hint")) }
                div.cards data-part="cards" {}
                p {
                    button.second type="button" data-act="print" { (say("device-print")) } " "
                    button type="button" data-act="done" { (say("device-done")) }
                }
            }
            section data-step="enrolled" hidden {
                p.done { (say("device-enrolled")) }
                p {
                    button.second type="button" data-act="shares" { (say("device-shares")) } " "
                    button.warn type="button" data-act="forget" { (say("device-forget")) }
                }
                p.hint { (say("device-forget-hint")) }
            }
            template data-part="card" {
                article.card {
                    h3 { (say("device-card")) " " span data-share="number" {} }
                    p { code data-share="text" {} }
                    p.soft { span data-share="organisation" {} " · " span data-share="set" {} }
                }
            }
            (passphrases(visit))
            p data-part="message" {}
            span hidden data-say="busy" { (say("sign-busy")) }
            span hidden data-say="failed" { (say("sign-failed")) }
            span hidden data-say="recovered" { (say("device-recovered")) }
            @for reason in REASONS {
                span hidden data-say={ "reason-" (reason) } {
                    (say(&format!("sign-reason-{reason}"))) }
            }
        }
    })
}

fn recover(visit: &Visit, id: &str) -> Markup {
    html! {
        form data-act="recover" {
            @for number in ["1", "2"] {
                @let id = format!("share-{id}-{number}");
                div.field {
                    label for=(id) { (visit.tell("keys-card", &[("number", number)])) }
                    textarea id=(id) name="share" rows="3" {}
                }
            }
            button.second type="submit" { (visit.say("device-bring-back")) }
        }
    }
}

/// The two hidden forms in which the elements of a device ask for a passphrase.
pub(in crate::patient) fn passphrases(visit: &Visit) -> Markup {
    let field = |id: &str, key: &str, autocomplete: &str| {
        html! {
            div.field {
                label for=(id) { (visit.say(key)) }
                input id=(id) type="password" autocomplete=(autocomplete);
            }
        }
    };
    html! {
        form data-passphrase="new" hidden {
            p { (visit.say("device-passphrase-hint")) }
            (field("passphrase-new", "device-passphrase-new", "new-password"))
            (field("passphrase-again", "device-passphrase-again", "new-password"))
            button type="submit" { (visit.say("device-passphrase-go")) } " "
            button.second type="reset" { (visit.say("sign-cancel")) }
        }
        form data-passphrase="open" hidden {
            (field("passphrase-open", "device-passphrase-open", "current-password"))
            button type="submit" { (visit.say("device-passphrase-go")) } " "
            button.second type="reset" { (visit.say("sign-cancel")) }
        }
    }
}
