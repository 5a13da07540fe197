//! The life of packs among honest partners.

use supply::detect::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::logger::Transport;
use super::{Case, ItemNo, Load, OrganisationNo, Plan, Shelf, Stock, What};
use crate::book::Code;
use crate::product::Lot;
use crate::registry::Registry;
use crate::scanner::Label;

/// Hours of handling before a transport, and of the transport.
const HANDLING_HOURS: (u64, u64) = (8, 96);
const ROAD_HOURS: (u64, u64) = (5, 48);

impl Plan {
    /// A lot is made, packed into cases and sent to a first wholesaler, on a pallet if it is much.
    /// `how` goes for cold products; without, the maker makes what it likes.
    pub(crate) fn make(&mut self, packs: usize, how: Option<Transport>) -> Vec<Case> {
        let maker = Registry::maker(&mut self.dice);
        let made_ms = self.start_ms + self.dice.below(self.span_ms * 2 / 5);
        let mut lot = self.makers.lot(maker, made_ms, &mut self.dice);
        if how.is_some() {
            let products = &self.makers.habit(maker).products;
            let cold = products.iter().find(|product| product.is_cold);
            lot.product = cold.unwrap_or(&lot.product).clone();
        }
        let is_cold = lot.product.is_cold;
        let how = how.unwrap_or(if is_cold {
            Transport::Kept
        } else {
            Transport::Plain
        });
        let items: Vec<ItemNo> = (0..packs).map(|_| self.new_pack(&lot)).collect();
        self.does(made_ms, maker, What::Commission(items.clone()));
        let lot_no = self.lots.len();
        self.lots.push(lot);
        let mut at_ms = made_ms;
        let size = usize::try_from(self.dice.between(8, 40)).unwrap_or(8);
        let mut cases = Vec::new();
        for items in items.chunks(size) {
            at_ms += self.dice.between(10, 40) * MINUTE_MS;
            let (sscc, items) = (self.container(), items.to_vec());
            let what = What::Pack {
                container: sscc.clone(),
                items: items.clone(),
            };
            self.does(at_ms, maker, what);
            cases.push(Case {
                sscc,
                items,
                lot: lot_no,
                holder: maker,
                at_ms,
            });
        }
        self.first_way(maker, at_ms, cases, how)
    }

    pub(crate) fn new_pack(&mut self, lot: &Lot) -> ItemNo {
        let habit = self.makers.habit(lot.maker);
        let label = Label {
            code: Code {
                product: lot.product.gtin.clone(),
                serial: habit.serial(&mut self.dice),
            },
            lot: lot.name.clone(),
            expiry: lot.expiry.clone(),
            is_serial_first: habit.is_serial_first,
        };
        self.item(label, true)
    }

    fn first_way(
        &mut self,
        maker: OrganisationNo,
        at_ms: u64,
        mut cases: Vec<Case>,
        how: Transport,
    ) -> Vec<Case> {
        let ssccs: Vec<String> = cases.iter().map(|case| case.sscc.clone()).collect();
        let to = Registry::wholesaler(&mut self.dice);
        let mut at_ms = at_ms + HOUR_MS;
        if ssccs.len() > 1 && how == Transport::Plain {
            let pallet = self.container();
            let what = What::Palletise {
                pallet: pallet.clone(),
                cases: ssccs.clone(),
            };
            self.does(at_ms, maker, what);
            at_ms = self.way(maker, to, &[Load::Container(pallet.clone())], at_ms, how);
            at_ms += self.dice.between(20, 90) * MINUTE_MS;
            let cases = ssccs;
            self.does(at_ms, to, What::Unload { pallet, cases });
        } else {
            let loads: Vec<Load> = ssccs.into_iter().map(Load::Container).collect();
            at_ms = self.way(maker, to, &loads, at_ms, how);
        }
        for case in &mut cases {
            (case.holder, case.at_ms) = (to, at_ms);
        }
        cases
    }

    /// From one to another; answers when it has arrived.
    pub(crate) fn way(
        &mut self,
        from: OrganisationNo,
        to: OrganisationNo,
        loads: &[Load],
        at_ms: u64,
        how: Transport,
    ) -> u64 {
        let (low, high) = HANDLING_HOURS;
        let sent_ms = at_ms + self.dice.between(low * 60, high * 60) * MINUTE_MS;
        let (low, high) = ROAD_HOURS;
        let come_ms = sent_ms + self.dice.between(low * 60, high * 60) * MINUTE_MS;
        for load in loads {
            let log = how.log(sent_ms, come_ms, &mut self.dice);
            let load = load.clone();
            let sent = load.clone();
            self.does(sent_ms, from, What::Ship { load: sent, to });
            self.does(come_ms, to, What::Receive { load, log });
        }
        come_ms
    }

    /// A case through none, one or two more wholesalers, then opened.
    pub(crate) fn open(&mut self, mut case: Case) -> Vec<Shelf> {
        let more = *self.dice.pick(&[0, 0, 0, 1, 1, 2]);
        for _ in 0..more {
            let to = self.other_wholesaler(case.holder);
            let loads = [Load::Container(case.sscc.clone())];
            let how = if self.lots[case.lot].product.is_cold {
                Transport::Kept
            } else {
                Transport::Plain
            };
            case.at_ms = self.way(case.holder, to, &loads, case.at_ms, how);
            case.holder = to;
        }
        let opened_ms = case.at_ms + self.dice.between(6, 30) * HOUR_MS;
        let what = What::Unpack {
            container: case.sscc.clone(),
            items: case.items.clone(),
        };
        self.does(opened_ms, case.holder, what);
        let lying = |item: &ItemNo| Shelf {
            item: *item,
            lot: case.lot,
            holder: case.holder,
            at_ms: opened_ms,
        };
        case.items.iter().map(lying).collect()
    }

    /// What lies at a wholesaler goes to pharmacies, some of it in totes.
    pub(crate) fn supply(&mut self, shelves: &[Shelf]) {
        let mut rest = shelves;
        while let Some(first) = rest.first() {
            let size = usize::try_from(self.dice.between(2, 12)).unwrap_or(2);
            let (part, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            let pharmacy = Registry::pharmacy(&mut self.dice);
            let items: Vec<ItemNo> = part.iter().map(|shelf| shelf.item).collect();
            let at_ms = if self.dice.in_1000(300) {
                self.in_a_tote(first, pharmacy, items)
            } else {
                let loads = [Load::Items(items)];
                self.way(
                    first.holder,
                    pharmacy,
                    &loads,
                    first.at_ms,
                    Transport::Plain,
                )
            };
            self.stock.extend(part.iter().map(|shelf| Stock {
                item: shelf.item,
                lot: shelf.lot,
                pharmacy,
                wholesaler: shelf.holder,
                at_ms,
            }));
        }
    }

    fn in_a_tote(&mut self, from: &Shelf, to: OrganisationNo, items: Vec<ItemNo>) -> u64 {
        let container = self.container();
        let packed_ms = from.at_ms + self.dice.between(60, 600) * MINUTE_MS;
        let what = What::Pack {
            container: container.clone(),
            items: items.clone(),
        };
        self.does(packed_ms, from.holder, what);
        let loads = [Load::Container(container.clone())];
        let come_ms = self.way(from.holder, to, &loads, packed_ms, Transport::Plain);
        let opened_ms = come_ms + self.dice.between(6 * 60, 20 * 60) * MINUTE_MS;
        self.does(opened_ms, to, What::Unpack { container, items });
        opened_ms
    }

    /// What becomes of a pack at a pharmacy. Of a hundred three go back and come to another one.
    pub(crate) fn end(&mut self, mut stock: Stock) {
        if self.dice.in_1000(30) {
            let loads = [Load::Items(vec![stock.item])];
            let (pharmacy, wholesaler) = (stock.pharmacy, stock.wholesaler);
            let how = Transport::Plain;
            let back_ms = self.way(pharmacy, wholesaler, &loads, stock.at_ms, how);
            stock.pharmacy = self.other_pharmacy(pharmacy);
            stock.at_ms = self.way(wholesaler, stock.pharmacy, &loads, back_ms, how);
        }
        let at_ms = stock.at_ms + self.dice.between(6 * 60, 45 * 24 * 60) * MINUTE_MS;
        let (item, pharmacy) = (stock.item, stock.pharmacy);
        if self.dice.in_1000(300) {
            let looked_ms = stock.at_ms + self.dice.below(at_ms - stock.at_ms);
            self.does(looked_ms, pharmacy, What::Verify(item));
        }
        match self.dice.below(1_000) {
            // It lies there when the wave ends.
            0..20 => {}
            20..30 => {
                let reason = *self
                    .dice
                    .pick(&["destroyed", "sample", "unsaleable", "locked"]);
                self.does(at_ms, pharmacy, What::Decommission { item, reason });
            }
            _ if !self.is_good_at(stock.lot, at_ms + DAY_MS) => {
                // Nobody sells it any more: it leaves the trade, some weeks late.
                let late_ms = at_ms + self.dice.between(1, 20) * DAY_MS;
                let reason = "destroyed";
                self.does(late_ms, pharmacy, What::Decommission { item, reason });
            }
            _ => self.sold(item, pharmacy, at_ms),
        }
    }

    /// Dispensed; of a hundred two are dispensed by mistake first, and two are looked at again.
    pub(crate) fn sold(&mut self, item: ItemNo, pharmacy: OrganisationNo, at_ms: u64) {
        self.does(at_ms, pharmacy, What::Dispense(item));
        let after = self.dice.below(1_000);
        if after < 20 {
            let undone_ms = at_ms + self.dice.between(2, 200) * MINUTE_MS;
            self.does(undone_ms, pharmacy, What::Undo(item));
            let again_ms = undone_ms + self.dice.between(60, 20 * 24 * 60) * MINUTE_MS;
            self.does(again_ms, pharmacy, What::Dispense(item));
        } else if after < 40 {
            let looked_ms = at_ms + self.dice.between(1, 3_000) * MINUTE_MS;
            self.does(looked_ms, pharmacy, What::Verify(item));
        }
    }

    /// A lot is recalled by its maker.
    pub(crate) fn recall(&mut self, lot: usize, at_ms: u64) {
        let one = &self.lots[lot];
        let by = one.maker;
        let what = What::Recall {
            product: one.product.gtin.clone(),
            lot: one.name.clone(),
        };
        self.does(at_ms, by, what);
        self.recalled.insert(lot, at_ms);
    }

    /// To pharmacies and on to its end at once, so that nobody else picks it.
    pub(crate) fn supply_ended(&mut self, shelves: &[Shelf]) {
        let before = std::mem::take(&mut self.stock);
        self.supply(shelves);
        let supplied = std::mem::replace(&mut self.stock, before);
        for stock in supplied {
            self.end(stock);
        }
    }
}
