//! What contradicts nothing, so that no rule can see it.

use supply::detect::MINUTE_MS;

use super::Kind;
use crate::plan::{Plan, Stock, What};
use crate::registry::Registry;

/// The true pack was sold where nobody scans, and its copy is sold by who has it on the ledger.
pub(super) fn lonely(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let at_ms = plan.later(stock.at_ms);
    let copy = plan.copy_of(stock.item);
    let attack = plan.attack(Kind::LonelyCopy, at_ms, &[copy]);
    plan.deed(at_ms, stock.pharmacy, What::Dispense(copy), Some(attack));
    Some(())
}

/// A wholesaler and a pharmacy pass a copy along with all papers, or somebody at the maker makes
/// more packs than were ordered.
pub(super) fn colluding(plan: &mut Plan) -> Option<()> {
    if plan.dice.in_1000(500) {
        return overproduced(plan);
    }
    let shelf = plan.shelved()?;
    let at_ms = shelf.at_ms + plan.dice.between(8 * 60, 5_000) * MINUTE_MS;
    let copy = plan.copy_of(shelf.item);
    let attack = plan.attack(Kind::Colluding, at_ms, &[copy]);
    let pharmacy = Registry::pharmacy(&mut plan.dice);
    let come_ms = plan.passes(attack, (shelf.holder, pharmacy), copy, at_ms);
    let sold_ms = plan.later(come_ms);
    plan.deed(sold_ms, pharmacy, What::Dispense(copy), Some(attack));
    Some(())
}

fn overproduced(plan: &mut Plan) -> Option<()> {
    let model = plan.victim()?;
    let lot = plan.lots[model.lot].clone();
    let item = plan.new_pack(&lot);
    plan.items[item].is_true = false;
    let at_ms = plan.later(model.at_ms);
    let attack = plan.attack(Kind::Colluding, at_ms, &[item]);
    plan.deed(at_ms, lot.maker, What::Commission(vec![item]), Some(attack));
    let sent_ms = at_ms + plan.dice.between(600, 3_000) * MINUTE_MS;
    let wholesaler = Registry::wholesaler(&mut plan.dice);
    let come_ms = plan.passes(attack, (lot.maker, wholesaler), item, sent_ms);
    let pharmacy = Registry::pharmacy(&mut plan.dice);
    let there_ms = plan.passes(attack, (wholesaler, pharmacy), item, come_ms);
    let sold_ms = plan.later(there_ms);
    plan.deed(sold_ms, pharmacy, What::Dispense(item), Some(attack));
    plan.stock.push(model);
    Some(())
}

/// A true pack, opened and closed again.
pub(super) fn refilled(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let at_ms = plan.later(stock.at_ms);
    let attack = plan.attack(Kind::Refilled, at_ms, &[stock.item]);
    let Stock { item, pharmacy, .. } = stock;
    plan.deed(at_ms, pharmacy, What::Dispense(item), Some(attack));
    Some(())
}
