//! Pages that follow what happens, without being loaded again: a stream of server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use tokio::time::{Instant, sleep, timeout_at};
use tower_http::compression::Predicate;
use tower_http::compression::predicate::{NotForContentType, SizeAbove};

use crate::trouble::Trouble;
use crate::visit::Visit;

/// Changes closer together than this are told as one.
const PAUSE: Duration = Duration::from_millis(300);
/// A stream ends after this time; the browser opens the next, with the session as it is then.
const LIFE: Duration = Duration::from_mins(5);

/// What is compressed: pages, not streams.
pub(crate) fn is_whole() -> impl Predicate {
    SizeAbove::new(1_024).and(NotForContentType::SSE)
}

/// `GET /portal/live`: an event `changed` when something about the own record was written.
pub(crate) async fn changes(visit: Visit) -> Result<Response, Trouble> {
    let patient = visit.patient()?.to_owned();
    let changes = visit.portal.inside.hospital().changes_of(&patient);
    let end = Instant::now() + LIFE;
    let told = stream::unfold(changes, move |mut changes| async move {
        let told = timeout_at(end, changes.changed()).await;
        // The end of the stream's life, or of the node.
        told.ok()?.ok()?;
        sleep(PAUSE).await;
        changes.mark_unchanged();
        // An event without data is none to a browser (HTML 9.2.6).
        let event = Event::default().event("changed").data("1");
        Some((Ok::<_, Infallible>(event), changes))
    });
    let keep = KeepAlive::new().interval(Duration::from_secs(20));
    Ok(Sse::new(told).keep_alive(keep).into_response())
}

/// The element that listens (`web/src/salus.ts`): parts of the page with
/// `hx-trigger="salus-changed from:body"` are then fetched again.
pub(crate) fn listener() -> maud::Markup {
    maud::html! { salus-live src="/portal/live" {} }
}
