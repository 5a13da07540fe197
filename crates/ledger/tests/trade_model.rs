//! A random trade through the ledger, and a naive model of it that knows names in place of locks:
//! they never disagree.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use ledger::{Checked, Kind, State, execute};
use proof::codec::Canonical;
use proof::transaction::{Header, Transaction};
use proptest::prelude::*;
use supply::acts::{Custody, Finding, Handed, Moves, Presented, Reason, Status, Units};
use supply::ids::{Lock, UnitId};
use support::Network;
use support::trade::{
    AGENCY, EAST, MAKER, WEST, WHOLESALER, commission, container, lot, network, opening, pack,
};

const NAMES: [&str; 6] = [AGENCY, WHOLESALER, "city-lab", EAST, MAKER, WEST];
const PACKS: u32 = 6;
const CASES: [&str; 2] = ["case", "pallet"];
const LOTS: [&str; 2] = ["L1", "L2"];
const MINUTE_MS: u64 = 60_000;

/// A pack or a case: packs count from 0, cases follow.
type Thing = usize;

/// Who may open: a name and the number of an opening.
type Key = (&'static str, u8);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Where {
    With(Key),
    Between(Key, Key),
    In(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Label {
    status: Status,
    finding: Finding,
    lot: usize,
    since: u64,
}

/// The trade as anybody would write it down.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    places: BTreeMap<Thing, Where>,
    labels: BTreeMap<Thing, Label>,
    recalled: [bool; 2],
    begun: [bool; 2],
    minute: u64,
}

/// What somebody tries, before it is known whether it can be.
#[derive(Clone, Debug)]
struct Try {
    act: usize,
    /// Acts as the one who has the first thing, with its opening; otherwise as somebody.
    honest: bool,
    who: usize,
    number: u8,
    things: Vec<Thing>,
    to: usize,
    to_number: u8,
    lot: usize,
    case: usize,
    reason: usize,
    finding: usize,
    minutes: u64,
}

const THINGS: usize = PACKS as usize + CASES.len();

fn is_pack(thing: Thing) -> bool {
    thing < PACKS as usize
}

fn maker(name: &str) -> bool {
    name == MAKER
}

fn dispenser(name: &str) -> bool {
    name == EAST || name == WEST
}

fn trades(name: &str) -> bool {
    maker(name) || dispenser(name) || name == WHOLESALER
}

impl Model {
    /// One act on one thing; none if it is not allowed.
    fn act(&mut self, it: &Try, key: Key, thing: Thing) -> Option<()> {
        let name = key.0;
        let active = !is_pack(thing) || self.labels.get(&thing)?.status == Status::Active;
        let finding = self
            .labels
            .get(&thing)
            .map_or(Finding::Clear, |it| it.finding);
        let at = self.places.get(&thing).copied();
        let has = at == Some(Where::With(key));
        match it.act {
            1 => {
                let fits = has && active && finding == Finding::Clear;
                let other = thing != PACKS as usize + it.case;
                (fits && other).then(|| self.places.insert(thing, Where::In(it.case)))?;
            }
            2 => {
                (at == Some(Where::In(it.case)))
                    .then(|| self.places.insert(thing, Where::With(key)))?;
            }
            3 => {
                let allowed = has && active && finding != Finding::Illegitimate;
                let next = (NAMES[it.to], it.to_number);
                let partner = trades(name) || name == AGENCY;
                (allowed && partner)
                    .then(|| self.places.insert(thing, Where::Between(key, next)))?;
            }
            4 | 5 => {
                let Where::Between(from, to) = at? else {
                    return None;
                };
                let right = if it.act == 4 { to } else { from };
                let partner = trades(name) || name == AGENCY;
                (right == key && active && partner)
                    .then(|| self.places.insert(thing, Where::With(key)))?;
            }
            _ => return self.judge(it, key, thing),
        }
        Some(())
    }

    /// The acts that change what a pack is.
    fn judge(&mut self, it: &Try, key: Key, thing: Thing) -> Option<()> {
        let name = key.0;
        let label = *self.labels.get(&thing)?;
        let has = self.places.get(&thing) == Some(&Where::With(key));
        let active = label.status == Status::Active;
        let recalled = self.recalled[label.lot];
        let reason = Reason::ALL[it.reason];
        let next = match it.act {
            6 => {
                let clear = label.finding == Finding::Clear && !recalled;
                (dispenser(name) && has && active && clear).then_some(Status::Dispensed)
            }
            7 => {
                let may = reason.roles().words().any(|word| match word {
                    "maker" => maker(name),
                    "wholesaler" => maker(name) || name == WHOLESALER,
                    "dispenser" => dispenser(name),
                    _ => false,
                });
                let anywhere = maker(name) && matches!(reason, Reason::Stolen | Reason::Withdrawn);
                (may && active && (has || anywhere)).then_some(Status::Decommissioned(reason))
            }
            8 => {
                let back = match label.status {
                    Status::Active => false,
                    Status::Dispensed => true,
                    Status::Decommissioned(why) => {
                        !matches!(why, Reason::Destroyed | Reason::Stolen | Reason::Withdrawn)
                    }
                };
                let sound = label.finding != Finding::Illegitimate && !recalled;
                let soon = self.minute - label.since <= 10 * 24 * 60;
                (back && sound && soon && has && trades(name)).then_some(Status::Active)
            }
            _ => {
                let finding = Finding::ALL[it.finding];
                let authority = maker(name) || name == AGENCY;
                let holder = trades(name)
                    && has
                    && finding == Finding::Suspect
                    && label.finding != Finding::Illegitimate;
                let allowed = (authority || holder) && finding != label.finding;
                return allowed.then(|| {
                    self.labels.insert(thing, Label { finding, ..label });
                });
            }
        }?;
        let since = self.minute;
        let status = next;
        self.labels.insert(
            thing,
            Label {
                status,
                since,
                ..label
            },
        );
        Some(())
    }

    /// One act on several things: all or nothing.
    fn try_all(&mut self, it: &Try, key: Key) -> Option<()> {
        let name = key.0;
        match it.act {
            0 => {
                (maker(name) && !self.recalled[it.lot]).then_some(())?;
                self.begun[it.lot] = true;
                for thing in &it.things {
                    let known = self.labels.contains_key(thing);
                    (!known).then(|| self.commission(it.lot, key, *thing))?;
                }
                return Some(());
            }
            10 => {
                let authority = maker(name) || name == AGENCY;
                let open = self.begun[it.lot] && !self.recalled[it.lot];
                return (authority && open).then(|| self.recalled[it.lot] = true);
            }
            1 | 2 => {
                let case = PACKS as usize + it.case;
                let at = self.places.get(&case).copied();
                let usable = at.map_or(it.act == 1, |at| at == Where::With(key));
                (trades(name) && usable).then_some(())?;
                self.places.insert(case, Where::With(key));
            }
            _ => {}
        }
        it.things
            .iter()
            .try_for_each(|thing| self.act(it, key, *thing))
    }

    fn commission(&mut self, lot: usize, key: Key, thing: Thing) {
        let label = Label {
            status: Status::Active,
            finding: Finding::Clear,
            lot,
            since: self.minute,
        };
        self.labels.insert(thing, label);
        self.places.insert(thing, Where::With(key));
    }

    /// Whoever is honest names things that the act fits.
    fn aimed(&self, it: &Try) -> Try {
        let at = |thing: &Thing| self.places.get(thing);
        let fits = |thing: &Thing| match it.act {
            2 => matches!(at(thing), Some(Where::In(_))),
            4 | 5 => matches!(at(thing), Some(Where::Between(..))),
            6 => matches!(at(thing), Some(Where::With((name, _))) if dispenser(name)),
            8 => {
                let label = self.labels.get(thing);
                label.is_some_and(|it| it.status != Status::Active)
            }
            _ => true,
        };
        let last = if matches!(it.act, 6..=10 | 0) {
            PACKS as usize
        } else {
            THINGS
        };
        let fitting: Vec<_> = (0..last).filter(fits).collect();
        let mut aimed = it.clone();
        let narrow = matches!(it.act, 2 | 4..=6 | 8);
        if it.honest && narrow && !fitting.is_empty() {
            aimed.things = vec![fitting[it.things[0] % fitting.len()]];
            if let (2, Some(Where::In(case))) = (it.act, at(&aimed.things[0])) {
                aimed.case = *case;
            }
        }
        aimed
    }

    /// Who acts, and by which opening.
    fn key(&self, it: &Try) -> Key {
        let first = if matches!(it.act, 1 | 2) {
            PACKS as usize + it.case
        } else {
            it.things[0]
        };
        let first = match self.places.get(&first) {
            None if it.act == 1 => self.places.get(&it.things[0]),
            found => found,
        };
        match (it.honest, it.act, first) {
            (true, 0 | 10, _) => (MAKER, it.number),
            (true, 4, Some(Where::Between(_, to))) => *to,
            (true, _, Some(Where::With(key) | Where::Between(key, _))) => *key,
            _ => (NAMES[it.who], it.number),
        }
    }
}

fn unit(thing: Thing) -> UnitId {
    if is_pack(thing) {
        pack(u32::try_from(thing).unwrap()).into()
    } else {
        container(CASES[thing - PACKS as usize]).into()
    }
}

fn lock(key: Key) -> Lock {
    opening(key.1).lock(key.0)
}

/// The body that tries it. All things of one try are packs, or all are cases.
fn body(it: &Try, key: Key) -> Moves {
    let units = if is_pack(it.things[0]) {
        Units::Packs
    } else {
        Units::Containers
    };
    let present = |thing: &Thing| Presented {
        unit: unit(*thing),
        opening: opening(key.1),
    };
    let items: Vec<_> = it.things.iter().map(present).collect();
    let (case, opened) = (container(CASES[it.case]), opening(key.1));
    match it.act {
        0 => {
            let serials: Vec<u32> = it
                .things
                .iter()
                .map(|it| u32::try_from(*it).unwrap())
                .collect();
            let Moves::Commission { lot, mut items } = commission(LOTS[it.lot], &serials) else {
                unreachable!()
            };
            for item in &mut items {
                item.opening = opened;
            }
            Moves::Commission { lot, items }
        }
        1 => Moves::Contain {
            container: case,
            opening: opened,
            units,
            items,
        },
        2 => Moves::Release {
            container: case,
            opening: opened,
            units,
            items: it.things.iter().map(|it| unit(*it)).collect(),
        },
        3 => {
            let next = lock((NAMES[it.to], it.to_number));
            let hand = |it: Presented| Handed {
                unit: it.unit,
                opening: it.opening,
                next,
            };
            Moves::Hand {
                units,
                items: items.into_iter().map(hand).collect(),
            }
        }
        4 => Moves::Take { units, items },
        5 => Moves::TakeBack { units, items },
        6 => Moves::Dispense { items },
        7 => Moves::Decommission {
            reason: Reason::ALL[it.reason],
            items,
        },
        8 => Moves::Undo { items },
        9 => Moves::Mark {
            finding: Finding::ALL[it.finding],
            items,
        },
        _ => Moves::Recall {
            items: vec![lot(LOTS[it.lot])],
        },
    }
}

/// What the state says, in the words of the model.
fn assert_same(state: &State, model: &Model) {
    let held = |at: &Where| match *at {
        Where::With(key) => Custody::Held(lock(key)),
        Where::Between(from, to) => Custody::Transit {
            holder: lock(from),
            next: lock(to),
        },
        Where::In(case) => Custody::Inside(container(CASES[case])),
    };
    for thing in 0..THINGS {
        let place = model.places.get(&thing).map(held);
        if !is_pack(thing) {
            let known = state.container(&unit(thing).into());
            assert_eq!(known.map(|it| it.custody), place);
            continue;
        }
        let known = state.pack(&unit(thing).into());
        assert_eq!(known.map(|it| it.custody), place);
        let label = known.map(|it| (it.status, it.finding, u64::from(it.since_minute)));
        let expected = model
            .labels
            .get(&thing)
            .map(|it| (it.status, it.finding, it.since));
        assert_eq!(label, expected);
        let lots = (
            known.map(|it| it.lot),
            model.labels.get(&thing).map(|it| lot(LOTS[it.lot])),
        );
        assert_eq!(lots.0, lots.1);
    }
    for (place, name) in LOTS.iter().enumerate() {
        let known = state.lot(&lot(name));
        assert_eq!(known.is_some(), model.begun[place]);
        let recalled = known.is_some_and(|it| it.recalled.is_some());
        assert_eq!(recalled, model.recalled[place]);
    }
}

/// Acts that name packs only do so here too; the others name cases now and then.
fn tries() -> impl Strategy<Value = Try> {
    // The acts in their order: packs are to come as far as a pharmacy before they end.
    let act = prop_oneof![
        20 => Just(0usize), 12 => Just(1), 16 => Just(2), 40 => Just(3), 50 => Just(4),
        4 => Just(5), 40 => Just(6), 4 => Just(7), 20 => Just(8), 10 => Just(9), 1 => Just(10),
    ];
    let who = (act, prop::bool::weighted(0.8), 0..NAMES.len(), 1..3u8);
    let things = (
        proptest::collection::vec(0..PACKS as usize, 1..3),
        prop::option::weighted(0.25, 0..CASES.len()),
    );
    let receiver = prop_oneof![1 => 0..NAMES.len(), 1 => Just(3usize), 1 => Just(5usize)];
    let to = (receiver, 1..3u8, 0..LOTS.len(), 0..CASES.len());
    let rest = (
        0..Reason::ALL.len(),
        0..3usize,
        prop_oneof![9 => 0..60u64, 1 => 14_000..15_000u64],
    );
    (who, things, to, rest).prop_map(|(who, things, to, rest)| {
        let packs_only = matches!(who.0, 0 | 6..=10);
        let things = match things.1 {
            Some(case) if !packs_only => vec![PACKS as usize + case],
            _ => things.0,
        };
        Try {
            act: who.0,
            honest: who.1,
            who: who.2,
            number: who.3,
            things,
            to: to.0,
            to_number: to.1,
            lot: to.2,
            case: to.3,
            reason: rest.0,
            finding: rest.1,
            minutes: rest.2,
        }
    })
}

/// Sends one try in a block of its own, at the model's minute.
fn send(
    network: &Network,
    state: &State,
    (name, minute): (&str, u64),
    moves: &Moves,
) -> (State, bool) {
    let key = network.sender(name);
    let header = Header {
        sequence: state.sequence(&key.public()) + 1,
        expires: state.height() + 5,
        ..network.header(&key, Kind::Moves as u8)
    };
    let bytes = Transaction::sign(header, moves.to_bytes(), &key).to_bytes();
    let checked = Checked::check(&bytes, &network.chain).unwrap();
    let block = ledger::BlockContext {
        height: state.height() + 1,
        time_ms: minute * MINUTE_MS + 7,
    };
    let executed = execute(state, &block, &[checked]);
    let accepted = executed.outcomes[0].is_ok();
    (executed.state, accepted)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_rules_and_a_naive_model_agree(tries in proptest::collection::vec(tries(), 120)) {
        let network = network();
        let mut state = network.state.clone();
        let mut model = Model { minute: 29_923_740, ..Model::default() };
        let mut sold: BTreeMap<Thing, bool> = BTreeMap::new();
        for it in &tries {
            model.minute += it.minutes;
            let it = &model.aimed(it);
            let key = model.key(it);
            let mut after = model.clone();
            let expected = after.try_all(it, key).is_some();
            if expected {
                model = after;
            }
            let before = state.clone();
            let (next, accepted) = send(&network, &state, (key.0, model.minute), &body(it, key));
            prop_assert_eq!(accepted, expected, "{:?} by {:?} in {:?}", it, key, model);
            state = next;
            assert_same(&state, &model);
            if !accepted {
                // What was refused is nowhere: the roots are those of the state before.
                prop_assert_eq!(state.root(), before.root());
                continue;
            }
            // No pack is dispensed twice without an undo between.
            for thing in &it.things {
                match it.act {
                    6 => prop_assert!(!sold.insert(*thing, true).unwrap_or(false)),
                    8 => { sold.insert(*thing, false); }
                    _ => {}
                }
            }
        }
    }
}

/// The model would agree with anything if nothing were ever accepted: most acts are, in some trade.
#[test]
fn every_act_is_accepted_somewhere_in_a_random_trade() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = proptest::collection::vec(tries(), 120);
    let mut accepted = [0; 11];
    for _ in 0..300 {
        let tree = strategy.new_tree(&mut runner).unwrap();
        let mut model = Model {
            minute: 29_923_740,
            ..Model::default()
        };
        for it in proptest::strategy::ValueTree::current(&tree) {
            let it = model.aimed(&it);
            let key = model.key(&it);
            let mut after = model.clone();
            if after.try_all(&it, key).is_some() {
                model = after;
                accepted[it.act] += 1;
            }
        }
    }
    assert!(accepted.iter().all(|count| *count > 50), "{accepted:?}");
}
