//! What is done with a single pack in hand.

use supply::detect::{HOUR_MS, MINUTE_MS};

use super::Play;
use super::bulk::{object, pack_id};
use crate::book::{Deal, Unit};
use crate::calendar;
use crate::desk::Read;
use crate::plan::{Deed, ItemNo};

/// A sale that the ledger refuses is tried again so often, once it has been cleared up.
const AGAIN_MAX: u8 = 2;

impl Play<'_> {
    pub(super) fn verify(&mut self, deed: &Deed, item: ItemNo) {
        if let Some((read, scan)) = self.look(item, deed, "verify") {
            let unit = Unit::Pack(read.code.clone());
            if !self.take(&unit, deed) && self.items[item].is_true && deed.attack.is_none() {
                // The answer was: in other hands. They ask whoever sent it.
                self.settle_soon(unit, deed);
            }
            self.told(deed, "inspecting", "in_progress", &read, scan);
        }
    }

    fn told(&mut self, deed: &Deed, step: &str, disposition: &str, read: &Read, scan: usize) {
        let event = object(step, disposition, &[pack_id(&read.code)]);
        self.tell_of(deed, &[scan], event);
    }

    /// An event says dispensed only where the ledger has taken it.
    pub(super) fn dispense(&mut self, deed: &Deed, item: ItemNo) {
        if deed.attack.is_none() && self.sold.contains(&item) {
            return;
        }
        let Some((read, scan)) = self.look(item, deed, "dispense") else {
            return;
        };
        let unit = Unit::Pack(read.code.clone());
        let is_here = self.take(&unit, deed);
        self.loosen_if_here(&unit, deed);
        let is_over = deed.attack.is_none() && is_over(&read, deed.at_ms);
        let units = vec![unit.clone()];
        if !is_over && self.enter(deed.at_ms, deed.by, Deal::Dispense, units) == 1 {
            self.sold.insert(item);
            self.told(deed, "dispensing", "dispensed", &read, scan);
        } else if !is_here && self.items[item].is_true && deed.tries < AGAIN_MAX {
            if deed.attack.is_none() {
                self.settle_soon(unit, deed);
            }
            let at_ms = deed.at_ms + self.dice.between(60, 30 * 60) * MINUTE_MS;
            self.ask(Deed {
                at_ms,
                tries: deed.tries + 1,
                ..deed.clone()
            });
        }
    }

    fn loosen_if_here(&mut self, unit: &Unit, deed: &Deed) {
        if self.book.has(unit, self.id(deed.by)) {
            self.loosen(unit, deed.at_ms, deed.by);
        }
    }

    pub(super) fn undo(&mut self, deed: &Deed, item: ItemNo) {
        let Some((read, scan)) = self.look(item, deed, "undo") else {
            return;
        };
        let units = vec![Unit::Pack(read.code.clone())];
        if self.enter(deed.at_ms, deed.by, Deal::Undo, units) == 1 {
            self.sold.remove(&item);
            self.told(deed, "stocking", "sellable_accessible", &read, scan);
        }
    }

    pub(super) fn decommission(&mut self, deed: &Deed, item: ItemNo, reason: &str) {
        let Some((read, scan)) = self.look(item, deed, "decommission") else {
            return;
        };
        let unit = Unit::Pack(read.code.clone());
        if !self.take(&unit, deed) && self.items[item].is_true {
            self.settle(&unit, deed);
        }
        self.loosen_if_here(&unit, deed);
        let reason = reason.to_owned();
        let is_stolen = reason == "stolen";
        let deal = Deal::Decommission { reason };
        if self.enter(deed.at_ms, deed.by, deal, vec![unit]) == 1 {
            let disposition = if is_stolen { "stolen" } else { "inactive" };
            self.told(deed, "decommissioning", disposition, &read, scan);
        }
    }
}

/// Whether what was read is past its day; twelve hours of grace, for the time zones.
fn is_over(read: &Read, at_ms: u64) -> bool {
    let expiry = read.printed.expiry.as_deref();
    let last_day = expiry.and_then(|expiry| calendar::last_day(expiry, at_ms));
    let day = calendar::day(at_ms.saturating_sub(12 * HOUR_MS));
    last_day.is_some_and(|last_day| u64::from(last_day) < day)
}
