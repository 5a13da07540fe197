//! What is done to cases on their way.

use supply::detect::HOUR_MS;

use super::Kind;
use crate::plan::logger::Transport;
use crate::plan::{AttackNo, Case, ItemNo, Plan, Shelf, What};

/// A case comes with other contents than were declared: of another case, fakes, or too few.
pub(super) fn swapped(plan: &mut Plan) -> Option<()> {
    let packs = usize::try_from(plan.dice.between(24, 80)).unwrap_or(24);
    let mut cases = plan.make(packs, None).into_iter();
    let first = cases.next()?;
    let second = cases.next();
    for case in cases {
        let shelves = plan.open(case);
        plan.supply(&shelves);
    }
    let attack = plan.attack(Kind::SwappedContents, first.at_ms, &first.items);
    match (plan.dice.below(3), second) {
        (0, Some(second)) => {
            let (a, b) = (first.items.clone(), second.items.clone());
            for item in &b {
                let code = plan.code(*item);
                plan.attacks[attack].codes.insert(code);
            }
            opened(plan, attack, first, b);
            opened(plan, attack, second, a);
        }
        (way, second) => {
            // Who steals a whole case leaves nothing to scan; from the others some is left.
            let percent = usize::try_from(plan.dice.between(0, 40)).unwrap_or(0);
            let kept = (first.items.len() * percent / 100).max(2);
            let mut inside: Vec<ItemNo> = first.items.iter().take(kept).copied().collect();
            if way < 2 {
                let gone: Vec<ItemNo> = first.items.iter().skip(kept).copied().collect();
                inside.extend(
                    gone.into_iter()
                        .map(|item| invented_like(plan, attack, item)),
                );
            }
            opened(plan, attack, first, inside);
            if let Some(second) = second {
                let shelves = plan.open(second);
                plan.supply(&shelves);
            }
        }
    }
    Some(())
}

fn invented_like(plan: &mut Plan, attack: AttackNo, item: ItemNo) -> ItemNo {
    let mut label = plan.items[item].label.clone();
    label.code.serial = plan.dice.text(b"23456789", label.code.serial.len());
    let fake = plan.fake(label);
    let code = plan.code(fake);
    plan.attacks[attack].codes.insert(code);
    fake
}

/// Opened by who knows of nothing; what was inside goes on to pharmacies.
fn opened(plan: &mut Plan, attack: AttackNo, case: Case, items: Vec<ItemNo>) {
    let at_ms = case.at_ms + plan.dice.between(6, 30) * HOUR_MS;
    plan.attacks[attack].containers.insert(case.sscc.clone());
    let shelf = |item: &ItemNo| Shelf {
        item: *item,
        lot: case.lot,
        holder: case.holder,
        at_ms,
    };
    let shelves: Vec<Shelf> = items.iter().map(shelf).collect();
    let what = What::Unpack {
        container: case.sscc,
        items,
    };
    plan.deed(at_ms, case.holder, what, Some(attack));
    plan.supply_ended(&shelves);
}

/// The refrigeration failed on the first way.
pub(super) fn warm(kind: Kind, plan: &mut Plan) {
    let how = match kind {
        Kind::ColdErased => Transport::Erased,
        Kind::ColdForged => Transport::Forged,
        _ => Transport::Broken,
    };
    let packs = usize::try_from(plan.dice.between(6, 8)).unwrap_or(6);
    let cases = plan.make(packs, Some(how));
    for case in cases {
        let attack = plan.attack(kind, plan.start_ms, &[]);
        plan.attacks[attack].containers.insert(case.sscc.clone());
        let shelves = plan.open(case);
        plan.supply(&shelves);
    }
}
