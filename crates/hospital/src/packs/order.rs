//! What a person or a system wants done with packs, and what that is on the ledger.

use std::collections::{BTreeMap, BTreeSet};

use ledger::OrgId;
use supply::acts::{Commissioned, Finding, Handed, ITEMS_MAX, Moves, Presented, Reason, Units};
use supply::escrow::Place;
use supply::ids::{ContainerId, Opening, PackId, Printed, TradeKey, UnitId};

use super::case::Case;
use super::cases::CasesPlan;
use super::held::{Pack, Where};
use super::message::{PackTold, PacksTold};
use crate::error::HospitalError;
use crate::identity::statement::hex;
use crate::setup::Hospital;

/// What is printed on a pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marking {
    /// GTIN-14.
    pub gtin: String,
    /// The serial number.
    pub serial: String,
    /// The batch or lot; empty: not known.
    pub lot: String,
    /// `YYMMDD`; empty: not known.
    pub expiry: String,
}

impl Marking {
    /// The element string in brackets, as people read and type it: it can be scanned again.
    pub fn code(&self) -> String {
        let mut code = format!("(01){}(21){}", self.gtin, self.serial);
        for (ai, value) in [("17", &self.expiry), ("10", &self.lot)] {
            if !value.is_empty() {
                code.extend(["(", ai, ")", value]);
            }
        }
        code
    }
}

/// An act on packs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackAct {
    /// Made here; they enter the trade.
    Commission,
    /// Handed over to another member.
    Hand {
        /// To whom.
        to: OrgId,
    },
    /// Taken from whoever handed them over.
    Take,
    /// Taken back before the other took them.
    TakeBack,
    /// Supplied to a patient.
    Dispense,
    /// Taken out of the trade.
    Decommission(Reason),
    /// Dispensed or decommissioned by mistake.
    Undo,
    /// Looked at: suspect, clear or illegitimate.
    Mark(Finding),
    /// The lots of these packs are recalled.
    Recall,
    /// Into a case or onto a pallet, which is made with its first use.
    Contain {
        /// Its SSCC.
        case: String,
    },
    /// Out of it again.
    Release {
        /// Its SSCC.
        case: String,
    },
}

/// An act on some packs, or on some cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackOrder {
    /// The act.
    pub(crate) act: PackAct,
    /// The packs, each once.
    pub(crate) packs: Vec<Marking>,
    /// The SSCCs of the cases, each once.
    pub(crate) cases: Vec<String>,
}

impl PackOrder {
    /// How many packs or cases.
    pub(crate) fn count(&self) -> usize {
        self.packs.len() + self.cases.len()
    }
}

/// An order that is checked as far as this node can by itself.
pub(crate) struct Plan {
    act: PackAct,
    key: TradeKey,
    /// Name on the ledger, what is printed, and the row before.
    packs: Vec<(PackId, Marking, Option<Pack>)>,
    cases: CasesPlan,
}

/// The body for the ledger, the rows afterwards, and what the next holder is told.
pub(crate) struct Made {
    pub(crate) moves: Moves,
    pub(crate) rows: Vec<(PackId, Pack)>,
    pub(crate) cases: Vec<(ContainerId, Case)>,
    pub(crate) told: PacksTold,
}

impl Hospital {
    /// Checks an order against what is known here.
    pub(crate) async fn planned_moves(&self, order: &PackOrder) -> Result<Plan, HospitalError> {
        if order.count() == 0 || order.count() > ITEMS_MAX {
            return Err(unusable(format!("an act is on 1 to {ITEMS_MAX} packs")));
        }
        if let PackAct::Hand { to } = &order.act {
            self.may_receive(to)?;
        }
        let key = self.trade_key().await?;
        let name = |it: &Marking| key.pack(&it.gtin, &it.serial);
        let names: Vec<PackId> = order.packs.iter().map(name).collect();
        let mut kept: BTreeMap<PackId, Pack> = self.kept_packs(&names).await?.into_iter().collect();
        let mut packs = Vec::with_capacity(names.len());
        let mut seen = BTreeSet::new();
        for (name, marking) in names.into_iter().zip(&order.packs) {
            let known = kept.remove(&name);
            if !seen.insert(name) {
                return Err(unusable(format!(
                    "serial {} is there twice",
                    marking.serial
                )));
            }
            fits(&order.act, marking, known.as_ref())?;
            packs.push((name, marking.clone(), known));
        }
        if order.act == PackAct::Commission {
            let same = |one: &&Marking| {
                let first = &order.packs[0];
                (&one.gtin, &one.lot, &one.expiry) == (&first.gtin, &first.lot, &first.expiry)
            };
            if order.packs.iter().filter(same).count() != order.packs.len() {
                return Err(unusable("packs of one commissioning are of one lot".into()));
            }
        }
        Ok(Plan {
            cases: self.planned_cases(order, &key).await?,
            act: order.act.clone(),
            key,
            packs,
        })
    }

    /// To the ledger whoever receives is a lock: that it is another partner, the node looks after.
    fn may_receive(&self, to: &OrgId) -> Result<(), HospitalError> {
        if self.0.id.as_ref() == Some(to) {
            return Err(refused(format!("{to} has them already")));
        }
        if self.0.chain.state().partner(to).is_empty() {
            return Err(refused(format!(
                "{to} is no member, or has no part in the trade with medicines"
            )));
        }
        Ok(())
    }
}

/// Whether an act can be done on a pack as it is known here.
fn fits(act: &PackAct, marking: &Marking, known: Option<&Pack>) -> Result<(), HospitalError> {
    let serial = &marking.serial;
    if let Some(known) = known {
        let differs = |given: &str, kept: &str| !given.is_empty() && given != kept;
        if differs(&marking.lot, &known.lot) || differs(&marking.expiry, &known.expiry) {
            return Err(refused(format!(
                "the lot or the expiry of serial {serial} is not the one it came with"
            )));
        }
    }
    let place = known.map(|it| it.place);
    let inside = known.and_then(|it| it.case.as_ref());
    let comes_out = matches!(act, PackAct::Release { .. });
    let wanted = match act {
        PackAct::Commission if marking.lot.is_empty() || marking.expiry.is_empty() => {
            return Err(unusable(format!("serial {serial} has no lot or no expiry")));
        }
        PackAct::Commission | PackAct::Mark(_) | PackAct::Recall => return Ok(()),
        PackAct::Take => Where::Awaited,
        PackAct::TakeBack => Where::OnItsWay,
        PackAct::Undo => Where::Gone,
        PackAct::Hand { .. }
        | PackAct::Dispense
        | PackAct::Decommission(_)
        | PackAct::Contain { .. }
        | PackAct::Release { .. } => Where::Here,
    };
    if let Some(case) = inside.filter(|_| !comes_out) {
        return Err(refused(format!(
            "serial {serial} is in the case {case}: unpack it first, or act on the case"
        )));
    }
    if place == Some(wanted) {
        return Ok(());
    }
    let is = match place {
        None => "is not known here",
        Some(Where::Awaited) => "was handed over to here and not received yet",
        Some(Where::Here) => "is here",
        Some(Where::OnItsWay) => "is on its way to another organisation",
        Some(Where::Gone) => "has left, or its life has ended",
    };
    Err(refused(format!("serial {serial} {is}")))
}

impl Plan {
    /// The body for the ledger. `fresh` makes the opening of an item that changes hands.
    pub(crate) fn made(&self, fresh: &dyn Fn(usize) -> Opening) -> Made {
        let mut made = Made {
            moves: Moves::Undo { items: Vec::new() },
            rows: Vec::new(),
            cases: Vec::new(),
            told: PacksTold::default(),
        };
        made.moves = match &self.act {
            PackAct::Commission => self.commissioned(fresh, &mut made),
            PackAct::Contain { .. } => self.contained(fresh, &mut made),
            PackAct::Release { .. } => self.released(&mut made),
            PackAct::Hand { to } if self.cases.is_empty() => self.handed(to, fresh, &mut made),
            PackAct::Hand { to } => self.cases.handed(to, fresh, &mut made),
            PackAct::Recall => Moves::Recall { items: self.lots() },
            _ if self.cases.is_empty() => self.presented(&mut made),
            act => self.cases.presented(act, &mut made),
        };
        made
    }

    fn commissioned(&self, fresh: &dyn Fn(usize) -> Opening, made: &mut Made) -> Moves {
        let mut items = Vec::with_capacity(self.packs.len());
        for (place, (name, marking, _)) in self.packs.iter().enumerate() {
            let opening = fresh(place);
            items.push(Commissioned {
                pack: *name,
                facts: self.key.facts(&printed(marking)),
                opening,
            });
            made.rows.push((*name, row(marking, Where::Here, &opening)));
        }
        let lot = self.packs.first().map(|(_, it, _)| (&*it.gtin, &*it.lot));
        let (gtin, lot) = lot.unwrap_or_default();
        Moves::Commission {
            lot: self.key.lot(gtin, lot),
            items,
        }
    }

    fn handed(&self, to: &OrgId, fresh: &dyn Fn(usize) -> Opening, made: &mut Made) -> Moves {
        let mut items = Vec::with_capacity(self.packs.len());
        for (place, (name, _, known)) in self.packs.iter().enumerate() {
            let Some(known) = known else { continue };
            let next = fresh(place);
            items.push(Handed {
                unit: UnitId::from(*name),
                opening: opening(&known.opening),
                next: next.lock(to.as_str()),
            });
            made.told
                .packs
                .push(PackTold::new(known, hex(&next.0), None));
            let sent = Pack {
                place: Where::OnItsWay,
                to: Some(to.to_string()),
                ..known.clone()
            };
            made.rows.push((*name, sent));
        }
        Moves::Hand {
            units: Units::Packs,
            items,
        }
    }

    /// Into a case. It holds for what is inside from then on.
    fn contained(&self, fresh: &dyn Fn(usize) -> Opening, made: &mut Made) -> Moves {
        let (container, mut case) = self.cases.around(|| fresh(usize::from(Place::BESIDE)));
        let mut items = Vec::with_capacity(self.packs.len());
        for (name, _, known) in &self.packs {
            let Some(known) = known else { continue };
            items.push(Presented {
                unit: UnitId::from(*name),
                opening: opening(&known.opening),
            });
            case.packs.insert(name.to_string());
            let inside = Some(container.to_string());
            made.rows.push((
                *name,
                Pack {
                    inside,
                    ..known.clone()
                },
            ));
        }
        let units = self
            .cases
            .contained((container, &mut case), &mut items, made);
        let shown = opening(&case.opening);
        made.cases.push((container, case));
        Moves::Contain {
            container,
            opening: shown,
            units,
            items,
        }
    }

    /// Out of a case: what comes out is held under the lock of the case.
    fn released(&self, made: &mut Made) -> Moves {
        let (container, mut case) = self.cases.around(|| Opening::NONE);
        let mut items = Vec::with_capacity(self.packs.len());
        for (name, _, known) in &self.packs {
            let Some(known) = known else { continue };
            items.push(UnitId::from(*name));
            case.packs.remove(&name.to_string());
            let out = Pack {
                inside: None,
                opening: case.opening.clone(),
                ..known.clone()
            };
            made.rows.push((*name, out));
        }
        let units = self
            .cases
            .released((container, &mut case), &mut items, made);
        let shown = opening(&case.opening);
        made.cases.push((container, case));
        Moves::Release {
            container,
            opening: shown,
            units,
            items,
        }
    }

    /// Acts that show the opening and change no lock.
    fn presented(&self, made: &mut Made) -> Moves {
        let mut items = Vec::with_capacity(self.packs.len());
        for (name, _, known) in &self.packs {
            let held = known.as_ref().filter(|it| it.place != Where::OnItsWay);
            let held = held.filter(|_| !matches!(self.act, PackAct::TakeBack));
            let shown = match (&self.act, known, held) {
                (PackAct::TakeBack, Some(known), _) | (_, Some(known), Some(_)) => {
                    opening(&known.opening)
                }
                _ => Opening::NONE,
            };
            items.push(Presented {
                unit: UnitId::from(*name),
                opening: shown,
            });
            let place = match self.act {
                PackAct::Take | PackAct::TakeBack | PackAct::Undo => Where::Here,
                PackAct::Dispense | PackAct::Decommission(_) => Where::Gone,
                _ => continue,
            };
            if let Some(known) = known {
                let mut after = Pack {
                    place,
                    ..known.clone()
                };
                if self.act == PackAct::TakeBack {
                    after.to = None;
                }
                made.rows.push((*name, after));
            }
        }
        match &self.act {
            PackAct::Take => Moves::Take {
                units: Units::Packs,
                items,
            },
            PackAct::TakeBack => Moves::TakeBack {
                units: Units::Packs,
                items,
            },
            PackAct::Dispense => Moves::Dispense { items },
            PackAct::Decommission(reason) => Moves::Decommission {
                reason: *reason,
                items,
            },
            PackAct::Mark(finding) => Moves::Mark {
                finding: *finding,
                items,
            },
            _ => Moves::Undo { items },
        }
    }

    fn lots(&self) -> Vec<supply::LotId> {
        let lots = self.packs.iter();
        let mut lots: Vec<_> = lots
            .map(|(_, it, _)| self.key.lot(&it.gtin, &it.lot))
            .collect();
        lots.sort();
        lots.dedup();
        lots
    }
}

fn row(marking: &Marking, place: Where, opening: &Opening) -> Pack {
    Pack {
        gtin: marking.gtin.clone(),
        serial: marking.serial.clone(),
        lot: marking.lot.clone(),
        expiry: marking.expiry.clone(),
        place,
        from: None,
        to: None,
        opening: hex(&opening.0),
        inside: None,
        case: None,
    }
}

pub(crate) fn printed(marking: &Marking) -> Printed<'_> {
    Printed {
        gtin: &marking.gtin,
        serial: &marking.serial,
        lot: &marking.lot,
        expiry: &marking.expiry,
    }
}

/// What opens nothing, for a text that is none: the ledger refuses it.
pub(crate) fn opening(text: &str) -> Opening {
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).unwrap_or_default();
    }
    Opening(bytes)
}

pub(crate) fn unusable(text: String) -> HospitalError {
    HospitalError::request("value", text, "docs/reference/packs.md shows each form")
}

pub(crate) fn refused(text: String) -> HospitalError {
    HospitalError::request(
        "business-rule",
        text,
        "verify the pack: the answer says where it stands and what can be done",
    )
}
