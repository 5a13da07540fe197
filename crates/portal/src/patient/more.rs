//! Everything else that a patient can do, in one list.

use axum::response::Response;
use maud::html;

use crate::trouble::Trouble;
use crate::visit::Visit;

/// Path and words of each.
const THINGS: [(&str, &str); 8] = [
    ("/portal/notices", "more-notices"),
    ("/portal/links", "more-links"),
    ("/portal/family", "more-family"),
    ("/portal/my-research", "more-research"),
    ("/portal/my-trials", "more-trials"),
    ("/portal/take", "more-take"),
    ("/portal/keys", "more-keys"),
    ("/portal/erase", "more-erase"),
];

/// `GET /portal/more`
pub(crate) async fn show(visit: Visit) -> Result<Response, Trouble> {
    visit.patient()?;
    let title = visit.say("way-more");
    let content = html! {
        h1 { (title) }
        ul.cards {
            @for (path, key) in THINGS {
                li {
                    h2 { a href=(path) { (visit.say(key)) } }
                    p { (visit.say(&format!("{key}-hint"))) }
                }
            }
        }
    };
    Ok(visit.page(&title, &content))
}
