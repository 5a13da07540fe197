//! Kinds 32 to 35: the trade in medicines. Their rules are pure functions of `supply::acts`; here
//! they meet the state.

use proof::codec::Canonical;
use supply::acts::{
    self, Asked, Container, Custody, Escrow, Escrowed, Finding, Handed, Inquiry, Lot, Moves,
    Openers, Pack, Presented, Reason, Refused, Scene, TradeKeyBody, TradeKeyEpoch, Units,
};
use supply::ids::{ContainerId, Lock, LotId, Opening, UnitId};

use super::Act;
use crate::Refusal;
use crate::state::draft::{Counter, Draft};
use crate::state::keys;

fn scene<'a>(draft: &Draft, act: &'a Act<'_>) -> Scene<'a> {
    Scene {
        sender: act.sender.organisation.as_str(),
        roles: draft.roles(&act.sender.organisation),
        time_ms: act.block.time_ms,
    }
}

pub(super) fn moves(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: Moves = act.body()?;
    let scene = &scene(draft, act);
    let trade = &mut Trade {
        draft,
        scene,
        lot: None,
    };
    match &body {
        Moves::Commission { lot, items } => commission(trade, *lot, items),
        Moves::Contain {
            container,
            opening,
            units,
            items,
        } => contain(trade, (*container, opening), *units, items),
        Moves::Release {
            container,
            opening,
            units,
            items,
        } => release(trade, (*container, opening), *units, items),
        Moves::Hand { units, items } => each(items, |item| hand(trade, *units, item)),
        Moves::Take { units, items } => each(items, |item| take(trade, *units, item)),
        Moves::TakeBack { units, items } => each(items, |item| take_back(trade, *units, item)),
        Moves::Dispense { items } => each(items, |item| {
            trade.judge(item, |pack, lot| {
                acts::dispense::dispense(pack, lot, scene, &item.opening)
            })
        }),
        Moves::Decommission { reason, items } => {
            each(items, |item| decommission(trade, *reason, item))
        }
        Moves::Undo { items } => each(items, |item| {
            trade.judge(item, |pack, lot| {
                acts::undo::undo(pack, lot, scene, &item.opening)
            })
        }),
        Moves::Mark { finding, items } => each(items, |item| mark(trade, *finding, item)),
        Moves::Recall { items } => each(items, |lot| recall(trade, *lot)),
    }
}

/// Every item by the rule; the first that is refused refuses all, and says which it was.
fn each<T>(items: &[T], mut rule: impl FnMut(&T) -> Result<(), Refused>) -> Result<(), Refusal> {
    for (index, item) in (0..).zip(items) {
        rule(item).map_err(|reason| Refusal::Supply {
            index: Some(index),
            reason,
        })?;
    }
    Ok(())
}

/// The state as one transaction moves packs in it.
struct Trade<'a> {
    draft: &'a mut Draft,
    scene: &'a Scene<'a>,
    /// The lot of the item before: most items of a transaction are of one lot.
    lot: Option<(LotId, Lot)>,
}

impl Trade<'_> {
    fn find<T: Canonical>(&self, key: &[u8]) -> Result<T, Refused> {
        self.draft.get(key).ok_or(Refused::Unknown)
    }

    /// Changes a pack by a rule.
    fn pack(
        &mut self,
        unit: UnitId,
        rule: impl FnOnce(&Pack) -> Result<Pack, Refused>,
    ) -> Result<(), Refused> {
        let key = keys::pack(&unit.into());
        let pack = rule(&self.find(&key)?)?;
        self.draft.put(key, &pack);
        Ok(())
    }

    /// Changes a pack by a rule that looks at its lot too.
    fn judge(
        &mut self,
        item: &Presented,
        rule: impl FnOnce(&Pack, &Lot) -> Result<Pack, Refused>,
    ) -> Result<(), Refused> {
        let key = keys::pack(&item.unit.into());
        let pack: Pack = self.find(&key)?;
        let lot = match self.lot.take() {
            Some((id, lot)) if id == pack.lot => lot,
            _ => self.find(&keys::lot(&pack.lot))?,
        };
        let judged = rule(&pack, &lot);
        self.lot = Some((pack.lot, lot));
        self.draft.put(key, &judged?);
        Ok(())
    }

    /// Changes a container by a rule.
    fn container(
        &mut self,
        unit: UnitId,
        rule: impl FnOnce(&Container) -> Result<Container, Refused>,
    ) -> Result<(), Refused> {
        let key = keys::container(&unit.into());
        let container = rule(&self.find(&key)?)?;
        self.draft.put(key, &container);
        Ok(())
    }

    /// Changes where a container is.
    fn relocate(
        &mut self,
        unit: UnitId,
        rule: impl FnOnce(&Custody) -> Result<Custody, Refused>,
    ) -> Result<(), Refused> {
        self.container(unit, |it| {
            let custody = rule(&it.custody)?;
            Ok(Container { custody })
        })
    }
}

fn commission(
    trade: &mut Trade<'_>,
    id: LotId,
    items: &[acts::Commissioned],
) -> Result<(), Refusal> {
    let (key, scene) = (keys::lot(&id), trade.scene);
    let known: Option<Lot> = trade.draft.get(&key);
    let is_new = known.is_none();
    let lot = acts::commission::lot(known, scene).map_err(Refusal::supply)?;
    if is_new {
        trade.draft.put(key, &lot);
    }
    each(items, |item| {
        let key = keys::pack(&item.pack);
        let taken = trade.draft.has(&key);
        let pack = acts::commission::commission(taken, scene, (id, item))?;
        trade.draft.put(key, &pack);
        Ok(())
    })
}

fn open(
    trade: &mut Trade<'_>,
    (container, opening): (ContainerId, &Opening),
) -> Result<Lock, Refusal> {
    let known = trade.draft.get(&keys::container(&container));
    acts::contain::open(known, trade.scene, opening).map_err(Refusal::supply)
}

fn contain(
    trade: &mut Trade<'_>,
    into: (ContainerId, &Opening),
    units: Units,
    items: &[Presented],
) -> Result<(), Refusal> {
    let (holder, scene, container) = (open(trade, into)?, trade.scene, into.0);
    let custody = Custody::Held(holder);
    trade
        .draft
        .put(keys::container(&container), &Container { custody });
    each(items, |item| match units {
        Units::Packs => trade.pack(item.unit, |pack| {
            acts::contain::contain_pack(pack, scene, (&item.opening, container))
        }),
        Units::Containers => trade.container(item.unit, |inner| {
            let own = item.unit.into();
            acts::contain::contain_container(own, inner, scene, (&item.opening, container))
        }),
    })
}

fn release(
    trade: &mut Trade<'_>,
    (container, opening): (ContainerId, &Opening),
    units: Units,
    items: &[UnitId],
) -> Result<(), Refusal> {
    if !trade.draft.has(&keys::container(&container)) {
        return Err(Refusal::supply(Refused::Unknown));
    }
    let holder = open(trade, (container, opening))?;
    each(items, |unit| match units {
        Units::Packs => trade.pack(*unit, |pack| {
            let custody = acts::contain::release(&pack.custody, container, holder)?;
            Ok(Pack { custody, ..*pack })
        }),
        Units::Containers => trade.relocate(*unit, |custody| {
            acts::contain::release(custody, container, holder)
        }),
    })
}

fn hand(trade: &mut Trade<'_>, units: Units, item: &Handed) -> Result<(), Refused> {
    let (scene, next) = (trade.scene, item.next);
    match units {
        Units::Packs => trade.pack(item.unit, |pack| {
            acts::hand::hand(pack, scene, (&item.opening, next))
        }),
        Units::Containers => {
            scene.need(acts::Roles::ALL)?;
            trade.relocate(item.unit, |custody| {
                custody.hand(scene, &item.opening, next)
            })
        }
    }
}

fn take(trade: &mut Trade<'_>, units: Units, item: &Presented) -> Result<(), Refused> {
    let scene = trade.scene;
    match units {
        Units::Packs => trade.pack(item.unit, |pack| {
            acts::hand::take(pack, scene, &item.opening)
        }),
        Units::Containers => {
            scene.need(acts::Roles::ALL)?;
            trade.relocate(item.unit, |custody| custody.take(scene, &item.opening))
        }
    }
}

fn take_back(trade: &mut Trade<'_>, units: Units, item: &Presented) -> Result<(), Refused> {
    let scene = trade.scene;
    match units {
        Units::Packs => trade.pack(item.unit, |pack| {
            acts::hand::take_back(pack, scene, &item.opening)
        }),
        Units::Containers => {
            scene.need(acts::Roles::ALL)?;
            trade.relocate(item.unit, |custody| custody.take_back(scene, &item.opening))
        }
    }
}

fn decommission(trade: &mut Trade<'_>, reason: Reason, item: &Presented) -> Result<(), Refused> {
    let scene = trade.scene;
    trade.judge(item, |pack, lot| {
        acts::decommission::decommission(pack, lot, scene, (&item.opening, reason))
    })
}

fn mark(trade: &mut Trade<'_>, finding: Finding, item: &Presented) -> Result<(), Refused> {
    let scene = trade.scene;
    trade.judge(item, |pack, lot| {
        acts::finding::find(pack, lot, scene, (&item.opening, finding))
    })
}

fn recall(trade: &mut Trade<'_>, id: LotId) -> Result<(), Refused> {
    let key = keys::lot(&id);
    let lot = acts::recall(trade.find(&key)?, trade.scene)?;
    trade.draft.put(key, &lot);
    Ok(())
}

pub(super) fn trade_key(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: TradeKeyBody = act.body()?;
    let last: Option<TradeKeyEpoch> = draft.get(&keys::trade_key());
    let last = last.map(|it| it.epoch);
    let epoch = acts::keys::begin(last, &scene(draft, act), &body).map_err(Refusal::supply)?;
    draft.put(keys::trade_key(), &epoch);
    draft.put(keys::trade_key_of(epoch.epoch), &epoch);
    Ok(())
}

pub(super) fn escrow(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: Escrow = act.body()?;
    let latest = keys::escrow(&act.sender.organisation);
    let last: Option<Counter> = draft.get(&latest);
    let last = last.and_then(|it| u32::try_from(it.0).ok());
    let openers: Option<Openers> = draft.get(&keys::openers());
    let scene = scene(draft, act);
    let escrowed: Escrowed =
        acts::escrow::escrow((last, openers), &scene, (&body, act.block.height))
            .map_err(Refusal::supply)?;
    draft.put(latest, &Counter(u64::from(escrowed.epoch)));
    let key = keys::escrow_of(&act.sender.organisation, escrowed.epoch);
    draft.put(key, &escrowed);
    Ok(())
}

pub(super) fn inquiry(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let (scene, height) = (scene(draft, act), act.block.height);
    match act.body()? {
        Inquiry::Ask { id, question } => {
            let key = keys::inquiry(&id);
            let openers: Option<Openers> = draft.get(&keys::openers());
            let known = (draft.has(&key), openers.as_ref());
            let asked = acts::inquiry::ask(known, &scene, (question, height));
            draft.put(key, &asked.map_err(Refusal::supply)?);
        }
        Inquiry::Answer { id } => {
            let asked: Option<Asked> = draft.get(&keys::inquiry(&id));
            let key = keys::inquiry_answer(&id, &act.sender.organisation);
            let answered: Option<Counter> = draft.get(&key);
            let answered = answered.map(|it| it.0);
            let height = acts::inquiry::answer(asked.is_some(), answered, height);
            draft.put(key, &Counter(height.map_err(Refusal::supply)?));
        }
    }
    Ok(())
}
