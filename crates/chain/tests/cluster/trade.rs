//! What the nodes of a trade send: packs made, handed over, taken and dispensed, many at a time.

use super::organisations::{self, Founder};
use chain::{Handle, SubmitError};
use ledger::Kind;
use proof::{Canonical as _, Digest};
use std::{ops::Range, time::Duration};
use supply::{
    acts::{Commissioned, Handed, ITEMS_MAX, Moves, Presented, Units},
    ids::{LotId, Opening, PackId, Printed, TradeKey},
};

const KEY: TradeKey = TradeKey([7; 32]);
const GTIN: &str = "09506000134352";
const POLL: Duration = Duration::from_millis(5);

/// What every lock of the maker, and every lock of a receiver, is opened by.
const MADE: Opening = Opening([1; 16]);
const HANDED: Opening = Opening([2; 16]);

fn pack(serial: u64) -> PackId {
    KEY.pack(GTIN, &serial.to_string())
}

/// One act on packs, as a transaction has it.
fn moves(act: &str, serials: Range<u64>, receiver: &str) -> Moves {
    let shown = |opening: Opening| {
        let present = move |serial| Presented {
            unit: pack(serial).into(),
            opening,
        };
        serials.clone().map(present).collect()
    };
    match act {
        "commission" => commission(serials),
        "hand" => {
            let next = HANDED.lock(receiver);
            let item = |serial| Handed {
                unit: pack(serial).into(),
                opening: MADE,
                next,
            };
            Moves::Hand {
                units: Units::Packs,
                items: serials.map(item).collect(),
            }
        }
        "take" => Moves::Take {
            units: Units::Packs,
            items: shown(HANDED),
        },
        "dispense" => Moves::Dispense {
            items: shown(HANDED),
        },
        other => panic!("no act {other}"),
    }
}

fn commission(serials: Range<u64>) -> Moves {
    let lot = format!("L{}", serials.start);
    let id: LotId = KEY.lot(GTIN, &lot);
    let item = |serial: u64| Commissioned {
        pack: pack(serial),
        facts: KEY.facts(&Printed {
            gtin: GTIN,
            serial: &serial.to_string(),
            lot: &lot,
            expiry: "491231",
        }),
        opening: MADE,
    };
    Moves::Commission {
        lot: id,
        items: serials.map(item).collect(),
    }
}

/// Signs the transactions of an act on these packs, each as long as one may be.
pub fn prepare(
    founder: &Founder,
    handle: &Handle,
    (act, receiver): (&str, &str),
    serials: Range<u64>,
) -> Vec<Vec<u8>> {
    let (chain, state): (Digest, _) = (handle.chain_id(), handle.state());
    let first = state.sequence(&founder.transaction_key().public()) + 1;
    let expires = state.height() + state.parameters().expiry_blocks_max - 50;
    let starts = serials.clone().step_by(ITEMS_MAX);
    let signed = starts.zip(first..).map(|(start, sequence)| {
        let end = serials.end.min(start + ITEMS_MAX as u64);
        let body = moves(act, start..end, receiver).to_bytes();
        organisations::sign(founder, chain, Kind::Moves as u8, sequence, expires, body)
    });
    signed.collect()
}

/// Sends transactions and waits until this node has applied as many entries as there will be.
pub async fn send(handle: &Handle, transactions: Vec<Vec<u8>>, entries: u64) -> String {
    let mut status = handle.watch();
    for transaction in transactions {
        loop {
            match handle.submit(transaction.clone()).await {
                Ok(_) => break,
                Err(SubmitError::Full) => status.changed().await.unwrap(),
                Err(SubmitError::NotReady(_)) => tokio::time::sleep(POLL).await,
                Err(error) => return format!("error {error}"),
            }
        }
    }
    let applied = status.wait_for(|it| it.history_size >= entries).await;
    applied.unwrap().height.to_string()
}
