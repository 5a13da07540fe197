//! True packs that are sold where, when or by whom they must not be.

use supply::detect::{DAY_MS, MINUTE_MS};

use super::Kind;
use crate::calendar;
use crate::plan::{Load, Plan, What};
use crate::registry::Registry;

/// To somebody who is no partner, one pack or what else there is: the papers say so, or the other
/// one writes some, or a pack comes back into the trade from there.
pub(super) fn diverted(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let at_ms = plan.later(stock.at_ms);
    let mut items = vec![stock.item];
    let most = plan.dice.place(6);
    plan.stock.retain(|other| {
        let goes = items.len() <= most && other.pharmacy == stock.pharmacy && other.at_ms <= at_ms;
        if goes {
            items.push(other.item);
        }
        !goes
    });
    let attack = plan.attack(Kind::Diverted, at_ms, &items);
    let shop = Registry::outsider(&mut plan.dice);
    let item = stock.item;
    let way = plan.dice.below(3);
    if way == 0 {
        let load = Load::Items(items);
        let what = What::Ship { load, to: shop };
        plan.deed(at_ms, stock.pharmacy, what, Some(attack));
        return Some(());
    }
    let come_ms = at_ms + plan.dice.between(300, 5_000) * MINUTE_MS;
    plan.receives(attack, shop, item, come_ms);
    let sold_ms = plan.later(come_ms);
    if way == 1 {
        plan.deed(sold_ms, shop, What::Verify(item), Some(attack));
    } else {
        let pharmacy = plan.other_pharmacy(stock.pharmacy);
        let back_ms = plan.passes(attack, (shop, pharmacy), item, sold_ms);
        plan.deed(back_ms, pharmacy, What::Dispense(item), Some(attack));
    }
    Some(())
}

/// Bought and sold past the papers, out of the store of a wholesaler or of a pharmacy, by one or
/// two more hands.
pub(super) fn skipped(plan: &mut Plan) -> Option<()> {
    let (item, from, at_ms) = if plan.dice.in_1000(400) {
        let shelf = plan.shelved()?;
        (shelf.item, shelf.holder, shelf.at_ms)
    } else {
        let stock = plan.victim()?;
        (stock.item, stock.pharmacy, stock.at_ms)
    };
    let at_ms = plan.later(at_ms);
    let attack = plan.attack(Kind::Skipped, at_ms, &[item]);
    plan.enters(attack, item, at_ms, Some(from));
    Some(())
}

/// The pharmacy reports it, and somebody else sells it.
pub(super) fn stolen(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let told_ms = plan.later(stock.at_ms);
    let item = stock.item;
    let reason = "stolen";
    // It is gone: who reports it knows the number from the papers.
    plan.does(told_ms, stock.pharmacy, What::Decommission { item, reason });
    let at_ms = told_ms + plan.dice.between(60, 30 * 24 * 60) * MINUTE_MS;
    let attack = plan.attack(Kind::Stolen, at_ms, &[item]);
    plan.enters(attack, item, at_ms, Some(stock.pharmacy));
    Some(())
}

/// Its lot is recalled, and it is sold, or sent on, all the same.
pub(super) fn recalled(plan: &mut Plan) -> Option<()> {
    let known = plan
        .stock
        .iter()
        .position(|it| plan.recalled.contains_key(&it.lot))?;
    let stock = plan.stock.swap_remove(known);
    let recalled_ms = plan.recalled.get(&stock.lot).copied()?;
    let at_ms = plan.later(recalled_ms.max(stock.at_ms));
    let attack = plan.attack(Kind::RecalledSold, at_ms, &[stock.item]);
    sells_or_sends(plan, attack, &stock, at_ms);
    Some(())
}

/// Its last day is over by two days to two months.
pub(super) fn expired(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let expiry = plan.items[stock.item].label.expiry.clone();
    let last = u64::from(calendar::last_day(&expiry, stock.at_ms)?);
    let at_ms = (last + plan.dice.between(3, 60)) * DAY_MS;
    let at_ms = at_ms.max(stock.at_ms) + plan.dice.below(DAY_MS);
    let attack = plan.attack(Kind::ExpiredSold, at_ms, &[stock.item]);
    sells_or_sends(plan, attack, &stock, at_ms);
    Some(())
}

/// Its maker or the agency has marked it.
pub(super) fn marked(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let marked_ms = plan.later(stock.at_ms);
    let by = if plan.dice.in_1000(500) {
        Registry::agency()
    } else {
        plan.lots[stock.lot].maker
    };
    let finding = *plan.dice.pick(&["suspect", "illegitimate"]);
    let code = plan.code(stock.item);
    plan.does(marked_ms, by, What::Mark { code, finding });
    let at_ms = plan.later(marked_ms);
    let attack = plan.attack(Kind::MarkedSold, at_ms, &[stock.item]);
    sells_or_sends(plan, attack, &stock, at_ms);
    Some(())
}

fn sells_or_sends(plan: &mut Plan, attack: usize, stock: &crate::plan::Stock, at_ms: u64) {
    let item = stock.item;
    if plan.dice.in_1000(700) {
        plan.deed(at_ms, stock.pharmacy, What::Dispense(item), Some(attack));
        return;
    }
    let other = plan.other_pharmacy(stock.pharmacy);
    let come_ms = plan.passes(attack, (stock.pharmacy, other), item, at_ms);
    plan.deed(come_ms, other, What::Dispense(item), Some(attack));
}
