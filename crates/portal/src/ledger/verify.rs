//! Files from anywhere, verified in the browser: no server is asked.

use axum::response::Response;
use maud::{Markup, html};

use crate::seal;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// `GET /portal/verify`
pub(super) async fn show(visit: Visit) -> Result<Response, Trouble> {
    let title = visit.say("verify-title");
    let say = |key: &str| visit.say(key);
    let file = |name: &str, label: &str| -> Markup {
        let id = format!("verify-{name}");
        let hint = format!("{id}-hint");
        html! {
            div.field {
                label for=(id) { (say(label)) }
                p.hint id=(hint) { (say(&format!("{label}-hint"))) }
                input type="file" id=(id) data-file=(name) aria-describedby=(hint);
            }
        }
    };
    let content = html! {
        h1 { (title) }
        p.lead { (say("verify-lead")) }
        salus-verify-file {
            form {
                (file("receipt", "verify-receipt"))
                (file("record", "verify-record"))
                (file("trust", "verify-trust"))
                button type="submit" { (say("verify-go")) }
            }
            div.verdict data-part="verdict" {}
            span hidden data-say="no-trust" { (say("verify-no-trust")) }
            span hidden data-say="reason-no-trust" { (say("verify-no-trust")) }
            span hidden data-say="reason-no-receipt" { (say("verify-no-receipt")) }
            span hidden data-say="reason-unusable" { (say("verify-unusable")) }
        }
        (seal::words(visit.language))
        h2 { (say("verify-proves")) }
        p { (say("verify-proves-hint")) }
        h2 { (say("verify-elsewhere")) }
        p { (say("verify-elsewhere-hint")) }
        pre tabindex="0" {
            code { "salus verify RECEIPT --trust trust.policy --record record.json" }
        }
    };
    Ok(visit.page(&title, &content))
}
