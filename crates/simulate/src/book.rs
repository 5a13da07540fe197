//! What the ledger knows of a trade: moves of packs, one after the other, and what follows.
//!
//! The rules are those of `supply::acts`, as far as they matter to whoever looks at a pack, with
//! names in place of pseudonyms and locks. A move takes the units that may take it; the others
//! are left out, as a desk leaves out what its ledger refuses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use supply::acts::{Finding, Reason, Status};
use supply::detect::{Known, Printed};

/// Product and serial number.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Code {
    /// The product, 14 digits.
    pub product: String,
    /// The serial number.
    pub serial: String,
}

/// What one unit of a move is.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    /// A pack.
    Pack(Code),
    /// A case, tote or pallet, by its SSCC.
    Container(String),
}

/// What was done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "act")]
pub(crate) enum Deal {
    /// A maker put packs of a lot into the trade.
    Commission {
        /// The lot.
        lot: String,
        /// The expiry, `YYMMDD`.
        expiry: String,
    },
    /// Into a container.
    Contain {
        /// Which.
        container: String,
    },
    /// Out of the container.
    Release,
    /// Handed to somebody, who has not taken it yet.
    Hand {
        /// To whom.
        to: String,
    },
    /// Taken by whom it was handed to.
    Take,
    /// Supplied to the public.
    Dispense,
    /// Out of the trade.
    Decommission {
        /// Why, a word of [`Reason`].
        reason: String,
    },
    /// Dispensed or decommissioned by mistake.
    Undo,
    /// A finding about it, a word of [`Finding`].
    Mark {
        /// Which.
        finding: String,
    },
    /// The lot of these packs is recalled.
    Recall {
        /// The product.
        product: String,
        /// The lot.
        lot: String,
    },
}

/// One entry of the ledger.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Move {
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Who signed it.
    pub(crate) by: String,
    /// What was done.
    #[serde(flatten)]
    pub(crate) deal: Deal,
    /// With what.
    pub(crate) units: Vec<Unit>,
}

/// Who has something, or whoever has what it is in.
#[derive(Clone, Debug)]
struct Custody {
    holder: String,
    next: Option<String>,
    inside: Option<String>,
}

impl Custody {
    fn of(holder: &str) -> Self {
        Self {
            holder: holder.to_owned(),
            next: None,
            inside: None,
        }
    }
}

#[derive(Clone, Debug)]
struct Pack {
    custody: Custody,
    status: Status,
    since_ms: u64,
    finding: Finding,
    maker: String,
    printed: Printed,
}

/// The state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    packs: BTreeMap<Code, Pack>,
    containers: BTreeMap<String, Custody>,
    recalled: BTreeMap<(String, String), u64>,
}

/// Containers within containers, at most.
const DEPTH_MAX: usize = 4;

impl Book {
    /// Whether it has such a pack.
    pub(crate) fn knows(&self, code: &Code) -> bool {
        self.packs.contains_key(code)
    }

    /// The custody of the outermost thing around a unit.
    fn outermost(&self, unit: &Unit) -> Option<&Custody> {
        let mut custody = self.custody(unit)?;
        for _ in 0..DEPTH_MAX {
            let Some(container) = &custody.inside else {
                break;
            };
            custody = self.containers.get(container)?;
        }
        Some(custody)
    }

    fn custody(&self, unit: &Unit) -> Option<&Custody> {
        match unit {
            Unit::Pack(code) => self.packs.get(code).map(|pack| &pack.custody),
            Unit::Container(sscc) => self.containers.get(sscc),
        }
    }

    fn custody_mut(&mut self, unit: &Unit) -> Option<&mut Custody> {
        match unit {
            Unit::Pack(code) => self.packs.get_mut(code).map(|pack| &mut pack.custody),
            Unit::Container(sscc) => self.containers.get_mut(sscc),
        }
    }

    /// Whether it is in the hands of this organisation.
    pub(crate) fn has(&self, unit: &Unit, organisation: &str) -> bool {
        let outermost = self.outermost(unit);
        outermost.is_some_and(|custody| custody.holder == organisation && custody.next.is_none())
    }

    /// Whether it is on its way to this organisation.
    pub(crate) fn comes_to(&self, unit: &Unit, organisation: &str) -> bool {
        let outermost = self.outermost(unit);
        outermost.is_some_and(|custody| custody.next.as_deref() == Some(organisation))
    }

    /// The unit by itself or the container around it, which changes hands.
    pub(crate) fn outer_unit(&self, unit: &Unit) -> Unit {
        let mut unit = unit.clone();
        for _ in 0..DEPTH_MAX {
            match self.custody(&unit).and_then(|it| it.inside.clone()) {
                Some(container) => unit = Unit::Container(container),
                None => break,
            }
        }
        unit
    }

    /// Of what a unit is in, the thing that has to come out first: the case out of its pallet
    /// before the pack out of its case.
    pub(crate) fn just_within(&self, unit: &Unit) -> Option<Unit> {
        let mut unit = unit.clone();
        let mut outer = self.custody(&unit)?.inside.clone()?;
        for _ in 0..DEPTH_MAX {
            let around = Unit::Container(outer);
            match self.custody(&around).and_then(|it| it.inside.clone()) {
                Some(next) => (unit, outer) = (around, next),
                None => break,
            }
        }
        Some(unit)
    }

    /// Whether it may still be supplied, whoever has it.
    pub(crate) fn is_active(&self, code: &Code) -> bool {
        let pack = self.packs.get(code);
        pack.is_some_and(|pack| pack.status == Status::Active)
    }

    /// Whom it is on its way to.
    pub(crate) fn next(&self, unit: &Unit) -> Option<&str> {
        self.outermost(unit)?.next.as_deref()
    }

    /// Who has it.
    pub(crate) fn holder(&self, unit: &Unit) -> Option<&str> {
        self.outermost(unit).map(|custody| custody.holder.as_str())
    }

    /// Whether it may be dispensed by who has it, as far as the ledger judges.
    pub(crate) fn may_be_dispensed(&self, code: &Code, by: &str) -> bool {
        let unit = Unit::Pack(code.clone());
        let Some(pack) = self.packs.get(code) else {
            return false;
        };
        let recalled = self.recalled_ms(code, pack).is_some();
        let clear = pack.status == Status::Active && pack.finding == Finding::Clear && !recalled;
        clear && self.has(&unit, by)
    }

    fn recalled_ms(&self, code: &Code, pack: &Pack) -> Option<u64> {
        let lot = pack.printed.lot.clone()?;
        self.recalled.get(&(code.product.clone(), lot)).copied()
    }

    /// What the ledger says of a pack to one who read it: it hides who holds it, but not from the
    /// holder, and keeps a commitment to what is printed.
    pub(crate) fn known(&self, code: &Code, asker: &str, read: &Printed) -> Option<Known> {
        let pack = self.packs.get(code)?;
        let unit = Unit::Pack(code.clone());
        let is_read = read.lot.is_some() && read.expiry.is_some();
        Some(Known {
            status: pack.status,
            since_ms: pack.since_ms,
            ended_by: None,
            finding: pack.finding,
            recalled_ms: self.recalled_ms(code, pack),
            maker: pack.maker.clone(),
            printed: None,
            facts_match: is_read.then(|| *read == pack.printed),
            in_hand: Some(self.has(&unit, asker) || self.comes_to(&unit, asker)),
        })
    }

    /// Takes the units of a move that may take it; true for those.
    pub(crate) fn apply(&mut self, one: &Move, at_ms: u64) -> Vec<bool> {
        if let Deal::Recall { product, lot } = &one.deal {
            let key = (product.clone(), lot.clone());
            self.recalled.entry(key).or_insert(at_ms);
        }
        let units = one.units.iter();
        units.map(|unit| self.apply_one(one, unit, at_ms)).collect()
    }

    fn apply_one(&mut self, one: &Move, unit: &Unit, at_ms: u64) -> bool {
        let by = one.by.as_str();
        match &one.deal {
            Deal::Commission { lot, expiry } => self.commission(unit, by, (lot, expiry), at_ms),
            Deal::Contain { container } => self.contain(unit, by, container),
            Deal::Release => {
                let is_ours = self.has(unit, by);
                let Some(custody) = self.custody_mut(unit) else {
                    return false;
                };
                let may = is_ours && custody.inside.is_some();
                if may {
                    *custody = Custody::of(by);
                }
                may
            }
            Deal::Hand { to } => {
                let may = self.has(unit, by) && self.outer_unit(unit) == *unit;
                match self.custody_mut(unit).filter(|_| may) {
                    Some(custody) => custody.next = Some(to.clone()),
                    None => return false,
                }
                true
            }
            Deal::Take => {
                let may = self.comes_to(unit, by) && self.outer_unit(unit) == *unit;
                match self.custody_mut(unit).filter(|_| may) {
                    Some(custody) => *custody = Custody::of(by),
                    None => return false,
                }
                true
            }
            _ => self.change(unit, one, at_ms),
        }
    }

    fn commission(&mut self, unit: &Unit, by: &str, (lot, expiry): (&str, &str), at: u64) -> bool {
        let Unit::Pack(code) = unit else { return false };
        if self.packs.contains_key(code) {
            return false;
        }
        let pack = Pack {
            custody: Custody::of(by),
            status: Status::Active,
            since_ms: at,
            finding: Finding::Clear,
            maker: by.to_owned(),
            printed: Printed {
                lot: Some(lot.to_owned()),
                expiry: Some(expiry.to_owned()),
            },
        };
        self.packs.insert(code.clone(), pack);
        true
    }

    fn contain(&mut self, unit: &Unit, by: &str, container: &str) -> bool {
        let around = self.containers.entry(container.to_owned());
        let around = around.or_insert_with(|| Custody::of(by));
        let is_ours = around.holder == by && around.next.is_none() && around.inside.is_none();
        let may = is_ours && self.has(unit, by) && self.outer_unit(unit) == *unit;
        if let Some(custody) = self.custody_mut(unit).filter(|_| may) {
            custody.inside = Some(container.to_owned());
        }
        may
    }

    /// What changes the pack and not whose it is.
    fn change(&mut self, unit: &Unit, one: &Move, at_ms: u64) -> bool {
        let Unit::Pack(code) = unit else { return false };
        let is_dispensable = self.may_be_dispensed(code, &one.by);
        let is_ours = self.has(unit, &one.by);
        let Some(pack) = self.packs.get_mut(code) else {
            return false;
        };
        let status = match &one.deal {
            Deal::Dispense if is_dispensable && pack.custody.inside.is_none() => Status::Dispensed,
            Deal::Decommission { reason } => {
                let Some(reason) = Reason::of_word(reason) else {
                    return false;
                };
                let may = is_ours || reason.is_for_the_maker_anywhere() && pack.maker == one.by;
                if !may || pack.status != Status::Active {
                    return false;
                }
                Status::Decommissioned(reason)
            }
            Deal::Undo if is_ours && pack.status != Status::Active => Status::Active,
            Deal::Mark { finding } => {
                let found = Finding::ALL.into_iter().find(|it| it.as_str() == finding);
                pack.finding = found.unwrap_or(pack.finding);
                return true;
            }
            _ => return false,
        };
        pack.status = status;
        pack.since_ms = at_ms;
        true
    }
}

#[cfg(test)]
mod tests;
