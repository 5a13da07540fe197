//! Questions about packs that somebody does not have.

use std::collections::BTreeSet;

use supply::detect::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::Kind;
use crate::book::Code;
use crate::plan::{OrganisationNo, Plan, What};
use crate::registry::Registry;

/// Who asks: any partner may.
fn asker(plan: &mut Plan) -> OrganisationNo {
    match plan.dice.below(3) {
        0 => Registry::wholesaler(&mut plan.dice),
        _ => Registry::pharmacy(&mut plan.dice),
    }
}

/// The morning of a day within the wave.
fn morning(plan: &mut Plan) -> u64 {
    let at_ms = plan.start_ms + plan.span_ms / 4 + plan.dice.below(plan.span_ms / 2);
    at_ms / DAY_MS * DAY_MS + plan.dice.between(2 * 60, 18 * 60) * MINUTE_MS
}

fn asks(plan: &mut Plan, kind: Kind, by: OrganisationNo, days: Vec<(u64, Vec<Code>)>) {
    let from_ms = days.first().map_or(plan.start_ms, |(at_ms, _)| *at_ms);
    let attack = plan.attack(kind, from_ms, &[]);
    let codes: BTreeSet<Code> = days.iter().flat_map(|(_, codes)| codes.clone()).collect();
    plan.attacks[attack].codes = codes;
    plan.attacks[attack].organisations.insert(by);
    for (at_ms, codes) in days {
        plan.deed(at_ms, by, What::LookUp(codes), Some(attack));
    }
}

/// Numbers of packs that others hold.
fn foreign(plan: &mut Plan, count: u64, by: OrganisationNo) -> Vec<Code> {
    let mut codes = Vec::new();
    for _ in 0..count {
        let at = plan.dice.place(plan.stock.len());
        if let Some(stock) = plan.stock.get(at).filter(|stock| stock.pharmacy != by) {
            codes.push(plan.code(stock.item));
        }
    }
    codes
}

/// Sixty to four hundred in a day, to learn which are worth copying.
pub(super) fn harvesting(plan: &mut Plan) {
    let by = asker(plan);
    let count = plan.dice.between(80, 400);
    let codes = foreign(plan, count, by);
    let at_ms = morning(plan) + 45 * DAY_MS;
    asks(plan, Kind::Harvesting, by, vec![(at_ms, codes)]);
}

/// In a row from a true one, or as they come.
pub(super) fn guessing(plan: &mut Plan) -> Option<()> {
    let by = asker(plan);
    let at = plan.dice.place(plan.stock.len());
    let model = plan.stock.get(at)?.clone();
    let code = plan.code(model.item);
    let count = plan.dice.between(15, 200);
    let number = code.serial.parse::<u128>().unwrap_or(100_000_000_000);
    let is_row = plan.dice.in_1000(500);
    let width = code.serial.len();
    let habit = plan.makers.habit(plan.lots[model.lot].maker).clone();
    let mut codes = Vec::new();
    for place in 0..count {
        let serial = if is_row {
            format!("{:0width$}", number.saturating_add(u128::from(place) + 1))
        } else {
            habit.serial(&mut plan.dice)
        };
        codes.push(Code {
            serial,
            ..code.clone()
        });
    }
    let at_ms = morning(plan);
    asks(plan, Kind::Guessing, by, vec![(at_ms, codes)]);
    Some(())
}

/// A few a day, among what the organisation asks anyway.
pub(super) fn slowly(plan: &mut Plan) {
    let by = asker(plan);
    let first_ms = morning(plan) + 45 * DAY_MS;
    let days = (0..plan.dice.between(5, 20)).map(|day| {
        let count = plan.dice.between(3, 9);
        (
            first_ms + day * DAY_MS + plan.dice.below(HOUR_MS),
            foreign(plan, count, by),
        )
    });
    let days: Vec<(u64, Vec<Code>)> = days.collect();
    asks(plan, Kind::SlowHarvesting, by, days);
}
