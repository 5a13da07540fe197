//! Lets the organisations do what was planned, in the order of time: desks read, the ledger takes
//! or refuses, documents are written, and each of them fails now and then.
//!
//! Of a hundred reads of packs and containers that pass by two get lost: at packing, shipping,
//! receiving and unpacking. Who holds a single pack in hand scans until it reads.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use serde::{Deserialize, Serialize};
use supply::detect::{HOUR_MS, MINUTE_MS};

use crate::book::{Book, Code, Deal, Move, Unit};
use crate::calendar;
use crate::desk::{self, Read};
use crate::dice::Dice;
use crate::plan::{AttackNo, Deed, Item, ItemNo, OrganisationNo, What};
use crate::registry::{Organisation, Registry};
use crate::scanner;

mod bulk;
mod single;
mod telling;

use telling::Outbox;

/// So many reads of a thousand get lost.
const LOST: u64 = 20;
/// A scan that does not read, or of which nobody knows, is done so often.
const TRIES_MAX: usize = 3;

/// What a scanner handed over, or a person typed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Scan {
    /// Its number in the wave.
    pub(crate) number: u64,
    /// When, by the clock of the desk.
    pub(crate) at: String,
    /// Whose desk.
    pub(crate) organisation: String,
    /// What came.
    pub(crate) raw: String,
    /// What it was scanned for: `verify`, `dispense`, `look-up` and so on.
    pub(crate) wants: String,
    /// So many moves the ledger had at that time.
    pub(crate) height: u64,
    /// The event that tells of it.
    pub(crate) event: Option<String>,
}

/// A fake that was proven.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Proven {
    /// Since when it is known.
    pub(crate) at: String,
    /// What stands on it.
    pub(crate) code: Code,
    /// The lot on it.
    pub(crate) lot: String,
    /// Who had it.
    pub(crate) through: Vec<String>,
}

/// What a wave leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) outbox: Outbox,
    pub(crate) scans: Vec<Scan>,
    pub(crate) moves: Vec<Move>,
    pub(crate) proven: Vec<Proven>,
    /// The scans that belong to each attack.
    pub(crate) own: BTreeMap<AttackNo, Vec<u64>>,
}

/// A deed in the order of time.
#[derive(Debug)]
struct Due(u64, u64, Deed);

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// A wave being played.
pub(crate) struct Play<'a> {
    registry: &'a Registry,
    items: &'a [Item],
    dice: Dice,
    due: BinaryHeap<Reverse<Due>>,
    asked: u64,
    book: Book,
    /// How far each clock is off.
    clocks_ms: Vec<i64>,
    /// Codes that were seen on fakes: nobody can set their ledger right.
    disputed: BTreeSet<Code>,
    /// What honest pharmacies have given away: they do not have it any more.
    sold: BTreeSet<ItemNo>,
    left: Left,
}

/// Plays a wave.
pub(crate) fn play(registry: &Registry, items: &[Item], deeds: Vec<Deed>, mut dice: Dice) -> Left {
    let clocks_ms = registry.organisations.iter().map(|_| clock(&mut dice));
    let mut play = Play {
        registry,
        items,
        clocks_ms: clocks_ms.collect(),
        dice,
        due: BinaryHeap::new(),
        asked: 0,
        book: Book::default(),
        disputed: BTreeSet::new(),
        sold: BTreeSet::new(),
        left: Left::default(),
    };
    for deed in deeds {
        play.ask(deed);
    }
    while let Some(Reverse(Due(_, _, deed))) = play.due.pop() {
        play.act(&deed);
    }
    play.left
}

/// Ten minutes to either side; one clock in forty was not set to summer time.
fn clock(dice: &mut Dice) -> i64 {
    let ten_ms = i64::try_from(10 * MINUTE_MS).unwrap_or(0);
    let off_ms = i64::try_from(dice.below(20 * MINUTE_MS)).unwrap_or(0) - ten_ms;
    let hour_ms = i64::try_from(HOUR_MS).unwrap_or(0);
    if dice.in_1000(25) {
        off_ms - hour_ms
    } else {
        off_ms
    }
}

impl<'a> Play<'a> {
    fn ask(&mut self, deed: Deed) {
        self.asked += 1;
        self.due.push(Reverse(Due(deed.at_ms, self.asked, deed)));
    }

    fn act(&mut self, deed: &Deed) {
        match &deed.what {
            What::Commission(items) => self.commission(deed, items),
            What::Pack { container, items } => self.pack(deed, container, items),
            What::Palletise { pallet, cases } => self.palletise(deed, pallet, cases),
            What::Ship { load, to } => self.ship(deed, load, *to),
            What::Receive { load, log } => self.receive(deed, load, log),
            What::Unpack { container, items } => self.unpack(deed, container, items),
            What::Unload { pallet, cases } => self.unload(deed, pallet, cases),
            What::Verify(item) => self.verify(deed, *item),
            What::Dispense(item) => self.dispense(deed, *item),
            What::Undo(item) => self.undo(deed, *item),
            What::Decommission { item, reason } => self.decommission(deed, *item, reason),
            What::LookUp(codes) => self.look_up(deed, codes),
            What::Settle(unit) => self.settle(unit, deed),
            What::Recall { product, lot } => {
                let deal = Deal::Recall {
                    product: product.clone(),
                    lot: lot.clone(),
                };
                self.enter(deed.at_ms, deed.by, deal, Vec::new());
            }
            What::Mark { code, finding } => {
                let finding = (*finding).to_owned();
                let units = vec![Unit::Pack(code.clone())];
                self.enter(deed.at_ms, deed.by, Deal::Mark { finding }, units);
            }
            What::Prove { item, through } => {
                let label = &self.items[*item].label;
                let proven = Proven {
                    at: calendar::written(deed.at_ms),
                    code: label.code.clone(),
                    lot: label.lot.clone(),
                    through: through.iter().map(|it| self.id(*it).to_owned()).collect(),
                };
                self.left.proven.push(proven);
            }
        }
    }

    fn desk(&self, by: OrganisationNo) -> &'a Organisation {
        &self.registry.organisations[by]
    }

    fn id(&self, by: OrganisationNo) -> &'a str {
        &self.desk(by).id
    }

    /// The time as the clock of an organisation shows it.
    fn shown_ms(&self, at_ms: u64, by: OrganisationNo) -> u64 {
        at_ms.saturating_add_signed(self.clocks_ms[by])
    }

    fn is_lost(&mut self) -> bool {
        self.dice.in_1000(LOST)
    }

    /// A move goes to the ledger, without the units that it refuses.
    fn enter(&mut self, at_ms: u64, by: OrganisationNo, deal: Deal, units: Vec<Unit>) -> usize {
        let mut one = Move {
            at: calendar::written(at_ms),
            by: self.id(by).to_owned(),
            deal,
            units,
        };
        let taken = self.book.apply(&one, at_ms);
        let mut taken = taken.into_iter();
        one.units.retain(|_| taken.next() == Some(true));
        let count = one.units.len();
        if count > 0 || matches!(one.deal, Deal::Recall { .. }) {
            self.left.moves.push(one);
        }
        count
    }

    /// Takes what is on its way here, and takes a unit out of whatever the ledger has it in.
    fn take(&mut self, unit: &Unit, deed: &Deed) -> bool {
        let by = self.id(deed.by);
        if self.book.comes_to(unit, by) {
            let outer = self.book.outer_unit(unit);
            self.enter(deed.at_ms, deed.by, Deal::Take, vec![outer]);
        }
        self.book.has(unit, by)
    }

    fn loosen(&mut self, unit: &Unit, at_ms: u64, by: OrganisationNo) {
        // Pallet, case, pack: at most three times.
        for _ in 0..3 {
            let Some(next) = self.book.just_within(unit) else {
                return;
            };
            self.enter(at_ms, by, Deal::Release, vec![next]);
        }
    }

    /// Whoever had it hands it over after all. Nobody can for a number that is there twice.
    fn settle(&mut self, unit: &Unit, deed: &Deed) {
        if self.take(unit, deed) {
            return;
        }
        if let Unit::Pack(code) = unit
            && (self.disputed.contains(code) || !self.book.is_active(code))
        {
            return;
        }
        // On its way to somebody who sent it on, and whose reads were lost: who takes it first.
        if let Some(next) = self.book.next(unit).and_then(|id| self.number(id)) {
            let outer = self.book.outer_unit(unit);
            self.enter(deed.at_ms, next, Deal::Take, vec![outer]);
        }
        let Some(holder) = self.book.holder(unit).and_then(|id| self.number(id)) else {
            return;
        };
        self.loosen(unit, deed.at_ms, holder);
        let to = self.id(deed.by).to_owned();
        self.enter(deed.at_ms, holder, Deal::Hand { to }, vec![unit.clone()]);
        self.take(unit, deed);
    }

    fn number(&self, id: &str) -> Option<OrganisationNo> {
        self.registry
            .organisations
            .iter()
            .position(|one| one.id == id)
    }

    fn settle_soon(&mut self, unit: Unit, deed: &Deed) {
        let at_ms = deed.at_ms + self.dice.between(10, 50) * MINUTE_MS;
        let what = What::Settle(unit);
        self.ask(Deed {
            at_ms,
            what,
            ..deed.clone()
        });
    }

    /// Reads a pack, again where it does not read or nobody knows it. Answers the last reading and
    /// the place of its scan.
    fn look(&mut self, item: ItemNo, deed: &Deed, wants: &str) -> Option<(Read, usize)> {
        let Item { label, is_true } = &self.items[item];
        if !is_true {
            self.disputed.insert(label.code.clone());
        }
        let desk = self.desk(deed.by);
        let explainer = desk::explainer(desk.layout());
        let mut is_unreadable = false;
        let mut last = None;
        for _ in 0..TRIES_MAX {
            let raw = if is_unreadable {
                scanner::typed(label, &mut self.dice)
            } else {
                scanner::scan(label, desk, &mut self.dice)
            };
            let read = desk::read(&raw, &explainer, &self.book);
            let at = self.scanned(raw, deed, wants);
            is_unreadable = read.is_none();
            let Some(read) = read else { continue };
            let is_known = self.book.knows(&read.code);
            last = Some((read, at));
            if is_known {
                break;
            }
        }
        last
    }

    fn scanned(&mut self, raw: String, deed: &Deed, wants: &str) -> usize {
        let at = self.left.scans.len();
        let number = at as u64 + 1;
        self.left.scans.push(Scan {
            number,
            at: calendar::written(self.shown_ms(deed.at_ms, deed.by)),
            organisation: self.id(deed.by).to_owned(),
            raw,
            wants: wants.to_owned(),
            height: self.left.moves.len() as u64,
            event: None,
        });
        if let Some(attack) = deed.attack {
            self.left.own.entry(attack).or_default().push(number);
        }
        at
    }
}
