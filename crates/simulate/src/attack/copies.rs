//! Two things with one number.

use supply::detect::MINUTE_MS;

use super::Kind;
use crate::plan::logger::Transport;
use crate::plan::{Load, Plan, Shelf, Stock, What};
use crate::registry::Registry;

/// The true one lies at a pharmacy, or still at a wholesaler, and is sold after the copy was to be.
pub(super) fn before(plan: &mut Plan) -> Option<()> {
    if plan.dice.in_1000(300) {
        return before_it_is_sent(plan);
    }
    let stock = plan.victim()?;
    let at_ms = plan.later(stock.at_ms);
    let copy = plan.copy_of(stock.item);
    let attack = plan.attack(Kind::CopyBefore, at_ms, &[copy]);
    let (last_ms, _) = plan.enters(attack, copy, at_ms, Some(stock.pharmacy));
    let sold_ms = plan.later(last_ms);
    plan.sold(stock.item, stock.pharmacy, sold_ms);
    Some(())
}

fn before_it_is_sent(plan: &mut Plan) -> Option<()> {
    let shelf = plan.shelved()?;
    let at_ms = plan.later(shelf.at_ms);
    let copy = plan.copy_of(shelf.item);
    let attack = plan.attack(Kind::CopyBefore, at_ms, &[copy]);
    let (last_ms, _) = plan.enters(attack, copy, at_ms, Some(shelf.holder));
    let sent_ms = plan.later(last_ms);
    goes_on(plan, &shelf, sent_ms);
    Some(())
}

/// The true pack leaves the wholesaler, and comes to its end.
fn goes_on(plan: &mut Plan, shelf: &Shelf, from_ms: u64) {
    let pharmacy = Registry::pharmacy(&mut plan.dice);
    let loads = [Load::Items(vec![shelf.item])];
    let how = Transport::Plain;
    let at_ms = plan.way(shelf.holder, pharmacy, &loads, from_ms, how);
    plan.end(Stock {
        item: shelf.item,
        lot: shelf.lot,
        pharmacy,
        wholesaler: shelf.holder,
        at_ms,
    });
}

/// The true one was sold before.
pub(super) fn after(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let sold_ms = plan.later(stock.at_ms);
    plan.does(sold_ms, stock.pharmacy, What::Dispense(stock.item));
    let at_ms = sold_ms + plan.dice.between(30, 40 * 24 * 60) * MINUTE_MS;
    let copy = plan.copy_of(stock.item);
    let attack = plan.attack(Kind::CopyAfter, at_ms, &[copy]);
    plan.enters(attack, copy, at_ms, Some(stock.pharmacy));
    Some(())
}

/// Three to eight of them, some before and some after the true one is sold.
pub(super) fn many(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let at_ms = plan.later(stock.at_ms);
    let copy = plan.copy_of(stock.item);
    let attack = plan.attack(Kind::CopyMany, at_ms, &[copy]);
    for _ in 0..plan.dice.between(3, 8) {
        let copy = plan.copy_of(stock.item);
        let copy_ms = at_ms + plan.dice.between(0, 30 * 24 * 60) * MINUTE_MS;
        plan.enters(attack, copy, copy_ms, Some(stock.pharmacy));
    }
    let sold_ms = plan.later(at_ms);
    plan.sold(stock.item, stock.pharmacy, sold_ms);
    Some(())
}

/// Somebody in the store of a wholesaler sends the copy out, or in a pharmacy sells it, and keeps
/// the true one for later.
pub(super) fn first(plan: &mut Plan) -> Option<()> {
    if plan.dice.in_1000(400) {
        return sold_first(plan);
    }
    let shelf = plan.shelved()?;
    let at_ms = shelf.at_ms + plan.dice.between(8 * 60, 5_000) * MINUTE_MS;
    let copy = plan.copy_of(shelf.item);
    let attack = plan.attack(Kind::CopyFirst, at_ms, &[copy]);
    let pharmacy = Registry::pharmacy(&mut plan.dice);
    let come_ms = plan.passes(attack, (shelf.holder, pharmacy), copy, at_ms);
    let sold_ms = plan.later(come_ms);
    plan.deed(sold_ms, pharmacy, What::Dispense(copy), Some(attack));
    let from_ms = at_ms + plan.dice.between(60, 20_000) * MINUTE_MS;
    goes_on(plan, &shelf, from_ms);
    Some(())
}

fn sold_first(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let at_ms = plan.later(stock.at_ms);
    let copy = plan.copy_of(stock.item);
    let attack = plan.attack(Kind::CopyFirst, at_ms, &[copy]);
    plan.deed(at_ms, stock.pharmacy, What::Dispense(copy), Some(attack));
    let later_ms = at_ms + plan.dice.between(15, 30 * 24 * 60) * MINUTE_MS;
    if plan.dice.in_1000(500) {
        plan.sold(stock.item, stock.pharmacy, later_ms);
    } else {
        let other = plan.other_pharmacy(stock.pharmacy);
        let loads = [Load::Items(vec![stock.item])];
        let how = Transport::Plain;
        let come_ms = plan.way(stock.pharmacy, other, &loads, later_ms, how);
        plan.sold(stock.item, other, come_ms + MINUTE_MS);
    }
    Some(())
}

/// The empty box is filled again: by who sold it, or by who found it.
pub(super) fn reused(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let sold_ms = plan.later(stock.at_ms);
    plan.does(sold_ms, stock.pharmacy, What::Dispense(stock.item));
    let at_ms = sold_ms + plan.dice.between(60, 60 * 24 * 60) * MINUTE_MS;
    let copy = plan.copy_of(stock.item);
    let attack = plan.attack(Kind::Reused, at_ms, &[copy]);
    let by = if plan.dice.in_1000(500) {
        stock.pharmacy
    } else {
        plan.other_pharmacy(stock.pharmacy)
    };
    let mut at_ms = at_ms;
    if plan.dice.in_1000(300) {
        plan.deed(at_ms, by, What::Verify(copy), Some(attack));
        at_ms += plan.dice.between(5, 3_000) * MINUTE_MS;
    }
    plan.deed(at_ms, by, What::Dispense(copy), Some(attack));
    Some(())
}
