//! The links to other organisations: served, called, and announced on the ledger.

use crate::node::End;
use hospital::Hospital;
use peers::{Bounds, Identity, Peers};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the service record is tried to be put on the ledger, and then looked at.
const ANNOUNCE: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_secs(5);
/// Papers of the trade are looked after in every so manyth round: once a minute.
const PAPERS_ROUNDS: u32 = 12;

/// What runs for sharing.
pub(crate) struct Sharing {
    peers: Arc<Peers>,
    tasks: JoinSet<()>,
}

impl Sharing {
    /// Ends the links; call it after the node was told to stop.
    pub(crate) async fn stop(mut self) {
        self.peers.close().await;
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Opens the links of a node. Without a door nobody can ask it, and it announces nothing.
pub(crate) fn start(
    hospital: &Hospital,
    identity: Identity,
    door: Option<TcpListener>,
    stopped: watch::Receiver<Option<End>>,
) -> Sharing {
    let peers = Arc::new(Peers::new(identity, hospital.registry(), Bounds::default()));
    hospital.connect(Arc::clone(&peers));
    let mut tasks = JoinSet::new();
    tasks.spawn(pursue_erasures(hospital.clone(), stopped.clone()));
    tasks.spawn(pursue_packs(hospital.clone(), stopped.clone()));
    tasks.spawn(pursue_openings(hospital.clone(), stopped.clone()));
    tasks.spawn(pursue_trials(hospital.clone(), stopped.clone()));
    if let Some(door) = door {
        tasks.spawn(serve(
            Arc::clone(&peers),
            hospital.clone(),
            door,
            stopped.clone(),
        ));
        tasks.spawn(announce(hospital.clone(), stopped));
    }
    Sharing { peers, tasks }
}

async fn serve(
    peers: Arc<Peers>,
    hospital: Hospital,
    door: TcpListener,
    stopped: watch::Receiver<Option<End>>,
) {
    let stop = crate::node::wait(stopped);
    if let Err(error) = peers.serve(door, hospital.peer_handler(), stop).await {
        tracing::error!(%error, "other organisations are not answered");
    }
}

/// Erases what was begun, and tells the holders that have not attested yet.
async fn pursue_erasures(hospital: Hospital, mut stopped: watch::Receiver<Option<End>>) {
    while stopped.borrow().is_none() {
        if hospital.chain().status().ready()
            && let Err(error) = hospital.pursue_erasures().await
        {
            tracing::warn!(%error, "an erasure waits");
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Finishes what was begun with packs, and tells receivers that were away.
async fn pursue_packs(hospital: Hospital, mut stopped: watch::Receiver<Option<End>>) {
    let (began_us, mut captured) = (hospital.now_us(), false);
    let mut round = 0_u32;
    while stopped.borrow().is_none() {
        if hospital.chain().status().ready() {
            if let Err(error) = hospital.pursue_moves().await {
                tracing::warn!(%error, "moves of packs wait");
            }
            if let Err(error) = Box::pin(hospital.pursue_offline()).await {
                tracing::warn!(%error, "scans made without a connection wait");
            }
            if round.is_multiple_of(PAPERS_ROUNDS)
                && let Err(error) = hospital.pursue_papers().await
            {
                tracing::warn!(%error, "papers of the trade wait");
            }
            round = round.wrapping_add(1);
            if !captured {
                match hospital.pursue_captures(began_us).await {
                    Ok(()) => captured = true,
                    Err(error) => tracing::warn!(%error, "captures wait"),
                }
            }
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Tells the parties of trials what was sealed, and moves this node's hand at the lists.
async fn pursue_trials(hospital: Hospital, mut stopped: watch::Receiver<Option<End>>) {
    while stopped.borrow().is_none() {
        if hospital.chain().status().ready()
            && let Err(error) = hospital.pursue_trials().await
        {
            tracing::warn!(%error, "trials wait");
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = hospital.trials_wanted() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Announces the secrets of locks, gathers those of others, and asks the openers.
async fn pursue_openings(hospital: Hospital, mut stopped: watch::Receiver<Option<End>>) {
    while stopped.borrow().is_none() {
        let mut more = false;
        if hospital.chain().status().ready() {
            match hospital.pursue_openings().await {
                Ok(there_is) => more = there_is,
                Err(error) => tracing::warn!(%error, "openings wait"),
            }
        }
        if more {
            continue;
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = hospital.openings_wanted() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Puts the service record on the ledger, and looks now and then whether it still stands there.
async fn announce(hospital: Hospital, mut stopped: watch::Receiver<Option<End>>) {
    while stopped.borrow().is_none() {
        if let Err(error) = hospital.anchor_late_openings().await {
            tracing::warn!(%error, "an opening without a quorum waits for the ledger");
        }
        let pause = match hospital.announce().await {
            Ok(true) => LOOK,
            Ok(false) => ANNOUNCE,
            Err(error) => {
                tracing::warn!(%error, "the service record waits");
                ANNOUNCE
            }
        };
        tokio::select! {
            _ = stopped.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
