//! Numbers that are no numbers of this pack.

use supply::detect::{DAY_MS, MINUTE_MS};

use super::Kind;
use crate::calendar;
use crate::plan::{Plan, What};
use crate::registry::Registry;

/// A fake that looks like packs of a true lot, with a number drawn as its maker draws them.
pub(super) fn invented(plan: &mut Plan) -> Option<()> {
    let model = plan.victim()?;
    let mut label = plan.items[model.item].label.clone();
    let habit = plan.makers.habit(plan.lots[model.lot].maker);
    label.code.serial = habit.serial(&mut plan.dice);
    let at_ms = plan.later(model.at_ms);
    let item = plan.fake(label);
    let attack = plan.attack(Kind::Invented, at_ms, &[item]);
    plan.enters(attack, item, at_ms, None);
    plan.stock.push(model);
    Some(())
}

/// The forger has one true pack and counts on from it, or changes a character.
pub(super) fn guessed(plan: &mut Plan) -> Option<()> {
    let model = plan.victim()?;
    let mut label = plan.items[model.item].label.clone();
    let serial = &mut label.code.serial;
    let number = serial.parse::<u128>();
    match number {
        Ok(number) if plan.dice.in_1000(600) => {
            let more = u128::from(plan.dice.between(1, 40));
            *serial = format!(
                "{:0width$}",
                number.saturating_add(more),
                width = serial.len()
            );
        }
        _ => {
            let at = plan.dice.place(serial.len());
            let old = serial.get(at..=at).unwrap_or_default().to_owned();
            let mut new = plan.dice.text(b"23456789", 1);
            if new == old {
                new = if old == "9" { "2".into() } else { "9".into() };
            }
            serial.replace_range(at..=at, &new);
        }
    }
    let at_ms = plan.later(model.at_ms);
    let item = plan.fake(label);
    let attack = plan.attack(Kind::Guessed, at_ms, &[item]);
    plan.enters(attack, item, at_ms, None);
    plan.stock.push(model);
    Some(())
}

/// A true pack lives longer than its maker says, or is of another lot than one that is looked for.
pub(super) fn printed_over(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let at_ms = plan.later(stock.at_ms);
    let mut label = plan.items[stock.item].label.clone();
    let way = plan.dice.below(4);
    if way != 1 {
        let days = plan.dice.between(1, 900);
        let last = u64::from(calendar::last_day(&label.expiry, at_ms)?);
        label.expiry = calendar::six_digits((last + days) * DAY_MS);
    }
    if way == 1 || way == 2 {
        let at = plan.dice.place(label.lot.len());
        let new = if label.lot.get(at..=at) == Some("7") {
            "4"
        } else {
            "7"
        };
        label.lot.replace_range(at..=at, new);
    }
    // The number is the true one, and so are its papers.
    let item = plan.item(label, true);
    let attack = plan.attack(Kind::PrintedOver, at_ms, &[item]);
    let mut at_ms = at_ms;
    if plan.dice.in_1000(400) {
        plan.deed(at_ms, stock.pharmacy, What::Verify(item), Some(attack));
        at_ms += plan.dice.between(5, 5_000) * MINUTE_MS;
    }
    plan.deed(at_ms, stock.pharmacy, What::Dispense(item), Some(attack));
    Some(())
}

/// Another maker, or somebody at this one, says that such a number was made now.
pub(super) fn second_commissioning(plan: &mut Plan) -> Option<()> {
    let stock = plan.victim()?;
    let at_ms = stock
        .at_ms
        .saturating_sub(plan.dice.between(0, 10) * DAY_MS);
    let at_ms = at_ms.max(plan.start_ms);
    let copy = plan.copy_of(stock.item);
    let maker = plan.lots[stock.lot].maker;
    let by = match plan.dice.below(3) {
        0 => maker,
        1 => Registry::maker(&mut plan.dice),
        _ => Registry::wholesaler(&mut plan.dice),
    };
    let attack = plan.attack(Kind::SecondCommissioning, at_ms, &[copy]);
    plan.deed(at_ms, by, What::Commission(vec![copy]), Some(attack));
    let sent_ms = at_ms + plan.dice.between(600, 6_000) * MINUTE_MS;
    plan.enters(attack, copy, sent_ms, Some(stock.pharmacy));
    plan.end(stock);
    Some(())
}
