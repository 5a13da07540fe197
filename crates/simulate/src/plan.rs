//! What really happens to the packs of a wave, whoever sees it: deeds with their times.
//!
//! `honest` makes the life of a consignment, `attack` what is done against it; `play` then lets the
//! organisations do all of it in the order of time, with scanners, a ledger and documents.

use std::collections::{BTreeMap, BTreeSet};

use supply::detect::cold::Measured;

use crate::attack::Kind;
use crate::book::{Code, Unit};
use crate::calendar;
use crate::dice::Dice;
use crate::product::{Lot, Makers};
use crate::registry::Registry;
use crate::scanner::Label;

pub(crate) mod honest;
pub(crate) mod logger;

/// A thing that one can hold, by its place in the list of a wave.
pub(crate) type ItemNo = usize;
/// An organisation, by its place in the registry.
pub(crate) type OrganisationNo = usize;
/// An attack, by its place in the list of a wave.
pub(crate) type AttackNo = usize;

/// A thing that looks like a pack.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) label: Label,
    /// It came out of the maker's line; whoever is asked about it can say where it was.
    pub(crate) is_true: bool,
}

/// What is moved.
#[derive(Clone, Debug)]
pub(crate) enum Load {
    Items(Vec<ItemNo>),
    Container(String),
}

/// What is done.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Commission(Vec<ItemNo>),
    Pack {
        container: String,
        items: Vec<ItemNo>,
    },
    Palletise {
        pallet: String,
        cases: Vec<String>,
    },
    Ship {
        load: Load,
        to: OrganisationNo,
    },
    Receive {
        load: Load,
        log: Vec<Measured>,
    },
    Unpack {
        container: String,
        items: Vec<ItemNo>,
    },
    Unload {
        pallet: String,
        cases: Vec<String>,
    },
    Verify(ItemNo),
    Dispense(ItemNo),
    Undo(ItemNo),
    Decommission {
        item: ItemNo,
        reason: &'static str,
    },
    /// Codes that are asked for without a pack.
    LookUp(Vec<Code>),
    Recall {
        product: String,
        lot: String,
    },
    Mark {
        code: Code,
        finding: &'static str,
    },
    /// A fake was proven to be one.
    Prove {
        item: ItemNo,
        through: Vec<OrganisationNo>,
    },
    /// Partners set right in the ledger what a lost read left wrong.
    Settle(Unit),
}

/// Somebody does something.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) at_ms: u64,
    pub(crate) by: OrganisationNo,
    pub(crate) what: What,
    /// The attack that it is part of.
    pub(crate) attack: Option<AttackNo>,
    /// Tried before.
    pub(crate) tries: u8,
}

/// What is true about an attack.
#[derive(Clone, Debug)]
pub(crate) struct Attack {
    pub(crate) kind: Kind,
    pub(crate) from_ms: u64,
    /// The codes that it touches: of fakes, and of true packs that share them.
    pub(crate) codes: BTreeSet<Code>,
    pub(crate) containers: BTreeSet<String>,
    pub(crate) organisations: BTreeSet<OrganisationNo>,
}

/// A case at a wholesaler.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) sscc: String,
    pub(crate) items: Vec<ItemNo>,
    pub(crate) lot: usize,
    /// Who has it, and since when.
    pub(crate) holder: OrganisationNo,
    pub(crate) at_ms: u64,
}

/// A pack that lies at a pharmacy.
#[derive(Clone, Debug)]
pub(crate) struct Stock {
    pub(crate) item: ItemNo,
    pub(crate) lot: usize,
    pub(crate) pharmacy: OrganisationNo,
    /// From whom it came.
    pub(crate) wholesaler: OrganisationNo,
    pub(crate) at_ms: u64,
}

/// A pack that lies loose at a wholesaler, before its way to a pharmacy.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    pub(crate) item: ItemNo,
    pub(crate) lot: usize,
    pub(crate) holder: OrganisationNo,
    pub(crate) at_ms: u64,
}

/// A wave being made.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) dice: Dice,
    pub(crate) makers: Makers,
    pub(crate) items: Vec<Item>,
    pub(crate) lots: Vec<Lot>,
    pub(crate) deeds: Vec<Deed>,
    pub(crate) attacks: Vec<Attack>,
    /// What lies at pharmacies, and what was kept at wholesalers for attacks.
    pub(crate) stock: Vec<Stock>,
    pub(crate) shelf: Vec<Shelf>,
    /// Lots that are recalled, and since when.
    pub(crate) recalled: BTreeMap<usize, u64>,
    pub(crate) start_ms: u64,
    pub(crate) span_ms: u64,
    next_container: u64,
}

impl Plan {
    pub(crate) fn new(
        makers: Makers,
        dice: Dice,
        (start_ms, span_ms): (u64, u64),
        wave: u64,
    ) -> Self {
        Self {
            dice,
            makers,
            items: Vec::new(),
            lots: Vec::new(),
            deeds: Vec::new(),
            attacks: Vec::new(),
            stock: Vec::new(),
            shelf: Vec::new(),
            recalled: BTreeMap::new(),
            start_ms,
            span_ms,
            next_container: wave * 1_000_000,
        }
    }

    /// Somebody does something, without evil.
    pub(crate) fn does(&mut self, at_ms: u64, by: OrganisationNo, what: What) {
        self.deed(at_ms, by, what, None);
    }

    pub(crate) fn deed(
        &mut self,
        at_ms: u64,
        by: OrganisationNo,
        what: What,
        attack: Option<AttackNo>,
    ) {
        self.deeds.push(Deed {
            at_ms,
            by,
            what,
            attack,
            tries: 0,
        });
    }

    /// The number of a new case, tote or pallet.
    pub(crate) fn container(&mut self) -> String {
        self.next_container += 1;
        let body = format!("3{:016}", 4_950_600_000_000_000_u64 + self.next_container);
        let check = gs1::check_digit::of(&body).unwrap_or('0');
        format!("{body}{check}")
    }

    pub(crate) fn item(&mut self, label: Label, is_true: bool) -> ItemNo {
        self.items.push(Item { label, is_true });
        self.items.len() - 1
    }

    pub(crate) fn code(&self, item: ItemNo) -> Code {
        self.items[item].label.code.clone()
    }

    /// An attack of a kind begins.
    pub(crate) fn attack(&mut self, kind: Kind, from_ms: u64, codes: &[ItemNo]) -> AttackNo {
        let codes = codes.iter().map(|item| self.code(*item)).collect();
        self.attacks.push(Attack {
            kind,
            from_ms,
            codes,
            containers: BTreeSet::new(),
            organisations: BTreeSet::new(),
        });
        self.attacks.len() - 1
    }

    /// Another pharmacy than this one.
    pub(crate) fn other_pharmacy(&mut self, than: OrganisationNo) -> OrganisationNo {
        another(than, &mut self.dice, Registry::pharmacy)
    }

    pub(crate) fn other_wholesaler(&mut self, than: OrganisationNo) -> OrganisationNo {
        another(than, &mut self.dice, Registry::wholesaler)
    }

    /// Whether the pack may still be sold that day.
    pub(crate) fn is_good_at(&self, lot: usize, at_ms: u64) -> bool {
        let last_day = calendar::last_day(&self.lots[lot].expiry, at_ms);
        last_day.is_some_and(|day| u64::from(day) > calendar::day(at_ms))
    }
}

fn another(
    than: OrganisationNo,
    dice: &mut Dice,
    draw: fn(&mut Dice) -> OrganisationNo,
) -> OrganisationNo {
    let drawn = draw(dice);
    if drawn != than {
        return drawn;
    }
    // All kinds have more than one of them.
    loop {
        let drawn = draw(dice);
        if drawn != than {
            return drawn;
        }
    }
}
