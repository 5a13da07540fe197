//! Messages to the receivers of subscriptions: each in a task of its own, so that one that is slow
//! keeps nobody else waiting. What is sent, and what becomes of it, is decided in `hospital`.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::outgoing::{Ask, REQUESTS_MAX};
use crate::state::{Door, Shared};

/// Between two looks, at least; and at most, without a change.
const PAUSE: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_secs(2);
/// After a failure of this node's own.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// Messages of one subscription before the others have their turn.
const MESSAGES_MAX: usize = 100;

/// Tells receivers, as long as the door is there. Outside of a runtime nobody does.
pub(crate) fn start(door: &Door) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let changes = door.hospital().standing_changes();
    runtime.spawn(tell(std::sync::Arc::downgrade(&door.0), changes));
}

async fn tell(shared: Weak<Shared>, mut changes: watch::Receiver<u64>) {
    let mut running = JoinSet::new();
    let mut busy = BTreeMap::new();
    loop {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let wait = round(&Door(shared), &mut running, &mut busy).await;
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            told = changes.changed() => if told.is_err() {
                return;
            },
            Some(done) = running.join_next_with_id() => {
                let id = done.map_or_else(|error| error.id(), |(id, ())| id);
                busy.remove(&id);
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Begins what is due. Answers how long nothing else will be.
async fn round(
    door: &Door,
    running: &mut JoinSet<()>,
    busy: &mut BTreeMap<tokio::task::Id, String>,
) -> Duration {
    let hospital = door.hospital();
    let due = match hospital.due_deliveries().await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, "subscriptions wait");
            return TRY_AGAIN;
        }
    };
    for id in due.now {
        if running.len() >= REQUESTS_MAX {
            break;
        }
        if busy.values().all(|known| *known != id) {
            let task = running.spawn(tell_one(door.clone(), id.clone()));
            busy.insert(task.id(), id);
        }
    }
    let until = |at_us: i64| {
        let us = u64::try_from(at_us - hospital.now_us()).unwrap_or(0);
        Duration::from_micros(us).min(LOOK)
    };
    due.next_us.map_or(LOOK, until)
}

/// Sends what one subscription has to tell.
async fn tell_one(door: Door, id: String) {
    let hospital = door.hospital();
    for _ in 0..MESSAGES_MAX {
        let delivery = match hospital.next_delivery(&id).await {
            Ok(Some(delivery)) => delivery,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, id, "a subscription waits");
                return tokio::time::sleep(TRY_AGAIN).await;
            }
        };
        let mut headers = vec![
            ("gs1-epcis-version", super::EPCIS_VERSION.to_owned()),
            ("gs1-cbv-version", super::CBV_VERSION.to_owned()),
        ];
        if let Some(signature) = &delivery.signature {
            headers.push(("gs1-signature", signature.clone()));
        }
        let ask = Ask::Json(delivery.body.clone(), headers);
        let answer = door.0.webhooks.ask(&delivery.dest, ask).await;
        let answer = answer.map(|answer| answer.status);
        match hospital.delivered(&delivery, answer).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, id, "what became of a message was not kept");
                return tokio::time::sleep(TRY_AGAIN).await;
            }
        }
    }
}
