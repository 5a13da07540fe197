//! Brings submitted transactions to the other nodes.
//!
//! Every member is connected to every validator, so a transaction is sent once, by the node
//! where it was submitted, to all of them. What is not final some seconds later is sent again:
//! a validator may have been away. Nothing that others sent is passed on.

use crate::{
    engine::network::{Channel, Key},
    execution::check_all,
    shared::Shared,
};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use commonware_p2p::{Receiver as _, Recipients, Sender as _};
use commonware_runtime::IoBuf;
use ledger::Checked;
use proof::transaction;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tracing::debug;

/// A message is sent once it has this many bytes, or nothing more is waiting.
const MESSAGE_BYTES: usize = 256 * 1024;
/// The longest message: one that was nearly full and got the longest transaction.
pub(crate) const MESSAGE_BYTES_MAX: usize = MESSAGE_BYTES + transaction::TRANSACTION_BYTES_MAX + 4;
/// Own transactions that are not final are sent again after this time.
const RESEND_INTERVAL: Duration = Duration::from_secs(2);
/// How long the first of several transactions waits for the others.
const GATHER: Duration = Duration::from_millis(2);

/// Runs until the network is gone.
pub(crate) async fn run(
    shared: Arc<Shared>,
    mut submitted: mpsc::Receiver<Checked>,
    (mut sender, mut receiver): Channel,
) {
    let mut tick = tokio::time::interval(RESEND_INTERVAL);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let inbound = async {
        while let Ok((peer, message)) = receiver.recv().await {
            take(&shared, &peer, Bytes::from(message)).await;
        }
    };
    let outbound = async {
        loop {
            let messages = tokio::select! {
                first = submitted.recv() => match first {
                    Some(first) => gather(first, &mut submitted).await,
                    None => return,
                },
                _ = tick.tick() => pack(shared.pool.own(MESSAGE_BYTES)),
            };
            for message in messages {
                let _ = sender.send(Recipients::All, IoBuf::from(message), false);
            }
        }
    };
    tokio::select! {
        () = inbound => {}
        () = outbound => {}
    }
}

/// Takes what was submitted in the same moment into as few messages as possible.
async fn gather(first: Checked, submitted: &mut mpsc::Receiver<Checked>) -> Vec<Bytes> {
    tokio::time::sleep(GATHER).await;
    let mut bytes = first.bytes().len();
    let mut gathered = vec![first];
    while bytes < MESSAGE_BYTES
        && let Ok(next) = submitted.try_recv()
    {
        bytes += next.bytes().len();
        gathered.push(next);
    }
    pack(gathered)
}

fn pack(transactions: Vec<Checked>) -> Vec<Bytes> {
    let (mut messages, mut message) = (Vec::new(), BytesMut::new());
    for transaction in transactions {
        let bytes = transaction.bytes();
        let Ok(length) = u32::try_from(bytes.len()) else {
            continue;
        };
        message.put_u32(length);
        message.put_slice(bytes);
        if message.len() >= MESSAGE_BYTES {
            messages.push(message.split().freeze());
        }
    }
    if !message.is_empty() {
        messages.push(message.freeze());
    }
    messages
}

fn unpack(mut message: Bytes) -> Option<Vec<Bytes>> {
    let mut transactions = Vec::new();
    while message.has_remaining() {
        let length = usize::try_from(message.try_get_u32().ok()?).ok()?;
        if length > message.remaining() || length == 0 {
            return None;
        }
        transactions.push(message.split_to(length));
    }
    Some(transactions)
}

/// Puts the transactions of a message into the pool.
async fn take(shared: &Shared, peer: &Key, message: Bytes) {
    let Some(transactions) = unpack(message) else {
        debug!(%peer, "a peer sent a message that holds no transactions");
        return;
    };
    let known = |bytes: &Bytes| shared.pool.get(&transaction::id_of(bytes)).is_some();
    let fresh = transactions
        .into_iter()
        .filter(|bytes| !known(bytes))
        .collect();
    let state = shared.state();
    for checked in check_all(fresh, shared.chain).await {
        let offered = checked.map(|checked| shared.pool.offer(checked, false, &state));
        if let Ok(Err(error)) = &offered {
            debug!(%peer, %error, "a transaction of a peer was not taken");
        } else if let Err(refusal) = &offered {
            debug!(%peer, %refusal, "a peer sent a bad transaction");
        }
    }
}

#[cfg(test)]
mod tests;
