//! What a document says of packs, done together: consecutive events of one act are one transaction.
//!
//! A till tells of each pack that it sold in an event of its own. One transaction for each would
//! take a block each; the ledger takes 10,000 transitions in one. All of a transaction goes through
//! or nothing: where the ledger refuses one, its events are tried by halves until the one that it
//! is about stands alone, and the others go through.

use std::collections::BTreeSet;

use epcis::Event;
use supply::acts::{ITEMS_MAX, Roles};
use supply::ids::PackId;

use super::event::stored_id;
use super::order::{Marking, PackAct, PackOrder};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Events of one act, as one order.
pub(super) struct Together<'a> {
    pub(super) order: PackOrder,
    pub(super) events: Vec<&'a Event>,
    /// How many packs each event is about.
    counts: Vec<usize>,
    /// Whether it takes no further event.
    is_closed: bool,
}

impl<'a> Together<'a> {
    fn of(event: &'a Event, order: PackOrder) -> Self {
        Self {
            counts: vec![order.packs.len()],
            order,
            events: vec![event],
            is_closed: false,
        }
    }

    /// Whether an event can be done in the same transaction, after those that are there.
    fn takes(&self, order: &PackOrder, packs: &BTreeSet<(String, String)>) -> bool {
        // Packs that are made together are of one lot.
        let lot = |of: &PackOrder| {
            let first = of.packs.first()?;
            let lot = (&first.gtin, &first.lot, &first.expiry);
            (of.act == PackAct::Commission).then(|| format!("{lot:?}"))
        };
        // A shipment has papers of its own, and cases are few.
        let is_alone =
            |of: &PackOrder| matches!(of.act, PackAct::Hand { .. }) || !of.cases.is_empty();
        !self.is_closed
            && !is_alone(order)
            && !is_alone(&self.order)
            && self.order.act == order.act
            && lot(&self.order) == lot(order)
            && self.order.packs.len() + order.packs.len() <= ITEMS_MAX
            && order.packs.iter().all(|it| !packs.contains(&name(it)))
    }

    /// Its first and its second half; there are several events.
    pub(super) fn halves(mut self) -> (Self, Self) {
        let middle = self.events.len() / 2;
        let packs = self.counts[..middle].iter().sum();
        let rest = Self {
            order: PackOrder {
                act: self.order.act.clone(),
                packs: self.order.packs.split_off(packs),
                cases: Vec::new(),
            },
            events: self.events.split_off(middle),
            counts: self.counts.split_off(middle),
            is_closed: true,
        };
        (self, rest)
    }
}

fn name(marking: &Marking) -> (String, String) {
    (marking.gtin.clone(), marking.serial.clone())
}

/// Puts consecutive events of one act together, in their order. Events of an eventID that is there
/// several times stay alone: whether one of them says something new is known when it is its turn.
pub(super) fn grouped<'a>(
    moving: Vec<(&'a Event, PackOrder)>,
    repeated: &BTreeSet<String>,
) -> Vec<Together<'a>> {
    let mut groups: Vec<Together<'a>> = Vec::new();
    let mut packs = BTreeSet::new();
    for (event, order) in moving {
        let is_alone = repeated.contains(&stored_id(event));
        let names: Vec<_> = order.packs.iter().map(name).collect();
        match groups.last_mut() {
            Some(last) if !is_alone && last.takes(&order, &packs) => {
                last.counts.push(order.packs.len());
                last.order.packs.extend(order.packs);
                last.events.push(event);
            }
            _ => {
                packs.clear();
                groups.push(Together {
                    is_closed: is_alone,
                    ..Together::of(event, order)
                });
            }
        }
        packs.extend(names);
    }
    groups
}

/// The eventIDs that several of these events have.
pub(super) fn repeated(events: &[Event]) -> BTreeSet<String> {
    let (mut seen, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        let id = stored_id(event);
        if !seen.insert(id.clone()) {
            repeated.insert(id);
        }
    }
    repeated
}

impl Hospital {
    /// Which of the orders of a document, in its order, are for the ledger: a maker commissions, or
    /// the packs or cases are known here. What one of them makes is known to the next. Anything
    /// else is evidence of what happened outside of the ledger.
    pub(super) async fn concern_ledger(
        &self,
        orders: &[Option<PackOrder>],
    ) -> Result<Vec<bool>, HospitalError> {
        let state = self.0.chain.state();
        let Ok(roles) = self.partner_here(&state) else {
            return Ok(vec![false; orders.len()]);
        };
        let known = match state.trade_key() {
            Some(_) => self.known_among(orders).await?,
            None => BTreeSet::new(),
        };
        let mut made: BTreeSet<(String, String)> = BTreeSet::new();
        let mut begun: BTreeSet<String> = BTreeSet::new();
        let concerns = orders.iter().enumerate().map(|(place, order)| {
            let Some(order) = order else { return false };
            if order.act == PackAct::Commission {
                let whole = |it: &Marking| !it.lot.is_empty() && !it.expiry.is_empty();
                let is_made = roles.has_any_of(Roles::MAKER) && order.packs.iter().all(whole);
                if is_made {
                    made.extend(order.packs.iter().map(name));
                }
                return is_made;
            }
            let concerns = known.contains(&place)
                || order.packs.iter().any(|it| made.contains(&name(it)))
                || order.cases.iter().any(|it| begun.contains(it));
            if let (PackAct::Contain { case }, true) = (&order.act, concerns) {
                begun.insert(case.clone());
            }
            concerns
        });
        Ok(concerns.collect())
    }

    /// The places of the orders about a pack or a case that is known here.
    async fn known_among(
        &self,
        orders: &[Option<PackOrder>],
    ) -> Result<BTreeSet<usize>, HospitalError> {
        let key = self.trade_key().await?;
        let mut names: Vec<(PackId, usize)> = Vec::new();
        for (place, order) in orders.iter().enumerate() {
            let packs = order.iter().flat_map(|it| &it.packs);
            names.extend(packs.map(|it| (key.pack(&it.gtin, &it.serial), place)));
        }
        let mut kept = BTreeSet::new();
        for some in names.chunks(ITEMS_MAX) {
            let some: Vec<PackId> = some.iter().map(|(name, _)| *name).collect();
            let found = self.kept_packs(&some).await?;
            kept.extend(found.into_iter().map(|(name, _)| name));
        }
        let known = names.into_iter().filter(|(name, _)| kept.contains(name));
        let mut known: BTreeSet<usize> = known.map(|(_, place)| place).collect();
        for (place, order) in orders.iter().enumerate() {
            let cases = order.iter().flat_map(|it| &it.cases);
            let names: Vec<_> = cases.map(|sscc| key.container(sscc)).collect();
            if !names.is_empty() && !self.kept_cases(names).await?.is_empty() {
                known.insert(place);
            }
        }
        Ok(known)
    }
}

#[cfg(test)]
mod tests;
