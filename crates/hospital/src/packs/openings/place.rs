//! One item of a transaction that says who gets a pack or a container: what it says, pure.

use chain::BlockView;
use ledger::{Kind, State};
use proof::Canonical;
use proof::transaction::Transaction;
use serde::{Deserialize, Serialize};
use store::Handover;
use supply::acts::{Moves, Presented};
use supply::escrow::Place;
use supply::ids::{Lock, Opening, UnitId};

/// A hand-over as it stands on the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HandedAt {
    /// Who handed it over.
    pub partner: String,
    /// Which opening opens the lock.
    pub place: Place,
    /// The lock of whoever gets it.
    pub lock: Lock,
    /// The block.
    pub height: u64,
}

/// What an item says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Somebody hands it over; the lock says to whom, for who can open it.
    Handed(HandedAt),
    /// Who signed holds it: the opening stands beside.
    Held {
        /// Who.
        by: String,
        /// The lock that it holds it by.
        lock: Lock,
    },
}

/// The place of every item of a block that says who gets something.
pub(super) fn places(block: &BlockView) -> Vec<Handover> {
    let mut places = Vec::new();
    for (position, view) in (0..).zip(&block.transactions) {
        let Some((_, moves)) = accepted_moves(&view.bytes, &view.outcome) else {
            continue;
        };
        for (unit, item) in units(&moves) {
            places.push(Handover {
                unit: unit.0,
                height: block.header.height,
                position,
                item,
            });
        }
    }
    places
}

/// What the item of a place says about the thing that it is about.
pub(super) fn said(block: &BlockView, at: &Handover, state: &State) -> Option<Said> {
    let view = block.transactions.get(usize::try_from(at.position).ok()?)?;
    let (transaction, moves) = accepted_moves(&view.bytes, &view.outcome)?;
    let sender = transaction.header.sender;
    // A key has one owner for ever.
    let by = state.key_owner(&sender)?.organisation.to_string();
    let unit = UnitId(at.unit);
    let shown = |opening: &Opening| {
        let lock = opening.lock(&by);
        let by = by.clone();
        Some(Said::Held { by, lock })
    };
    let index = usize::from(at.item);
    match &moves {
        Moves::Commission { items, .. } => {
            let item = items
                .get(index)
                .filter(|it| UnitId::from(it.pack) == unit)?;
            shown(&item.opening)
        }
        Moves::Hand { items, .. } => {
            let item = items.get(index).filter(|it| it.unit == unit)?;
            Some(Said::Handed(HandedAt {
                lock: item.next,
                partner: by,
                place: Place {
                    sender,
                    sequence: transaction.header.sequence,
                    index: at.item,
                },
                height: at.height,
            }))
        }
        Moves::Take { items, .. } => {
            let item = items.get(index).filter(|it| it.unit == unit)?;
            shown(&item.opening)
        }
        Moves::Release { items, opening, .. } => {
            items.get(index).filter(|it| **it == unit)?;
            shown(opening)
        }
        Moves::Contain {
            container, opening, ..
        } => {
            let beside = at.item == Place::BESIDE && UnitId::from(*container) == unit;
            beside.then(|| shown(opening)).flatten()
        }
        _ => None,
    }
}

fn accepted_moves(bytes: &[u8], outcome: &chain::Outcome) -> Option<(Transaction, Moves)> {
    let accepted = matches!(outcome, chain::Outcome::Accepted(_));
    // The second byte is the kind: most transactions are none of these, and are not read.
    if !accepted || bytes.get(1) != Some(&(Kind::Moves as u8)) {
        return None;
    }
    let transaction = Transaction::from_bytes(bytes).ok()?;
    let moves = Moves::from_bytes(&transaction.body).ok()?;
    Some((transaction, moves))
}

/// The things whose holder an act tells, or sets, and which items they are.
fn units(moves: &Moves) -> Vec<(UnitId, u16)> {
    fn numbered<'a, T: 'a>(items: &'a [T], unit: impl Fn(&'a T) -> UnitId) -> Vec<(UnitId, u16)> {
        let items = items.iter().map(unit);
        items.zip(0..).collect()
    }
    match moves {
        Moves::Commission { items, .. } => numbered(items, |it| it.pack.into()),
        Moves::Hand { items, .. } => numbered(items, |it| it.unit),
        Moves::Take { items, .. } => numbered(items, |it: &Presented| it.unit),
        Moves::Release { items, .. } => numbered(items, |it| *it),
        Moves::Contain { container, .. } => vec![((*container).into(), Place::BESIDE)],
        _ => Vec::new(),
    }
}

/// A place, as nodes tell each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spot {
    pub(super) height: u64,
    pub(super) position: u32,
    pub(super) item: u16,
}

impl Spot {
    pub(super) fn of(at: &Handover) -> Self {
        Self {
            height: at.height,
            position: at.position,
            item: at.item,
        }
    }

    pub(super) fn with(self, unit: UnitId) -> Handover {
        Handover {
            unit: unit.0,
            height: self.height,
            position: self.position,
            item: self.item,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests;
