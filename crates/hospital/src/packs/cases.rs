//! Acts on cases and pallets: what goes in and comes out, and cases that change hands as one item,
//! whatever is inside.

use std::collections::BTreeSet;

use ledger::OrgId;
use supply::acts::{Handed, Moves, Presented, Units};
use supply::ids::{ContainerId, Opening, TradeKey, UnitId};

use super::case::{Case, Contents};
use super::held::Where;
use super::message::{CaseTold, PackTold};
use super::order::{Made, PackAct, PackOrder, opening, refused, unusable};
use crate::error::HospitalError;
use crate::identity::statement::hex;
use crate::setup::Hospital;

/// The part of a plan that is about cases.
#[derive(Default)]
pub(super) struct CasesPlan {
    /// The cases that are acted on.
    items: Vec<(ContainerId, Case)>,
    /// What is inside of them, where the next holder is told.
    contents: Contents,
    /// The case that things go into or come out of; new: without a row.
    around: Option<(ContainerId, String, Option<Case>)>,
}

impl Hospital {
    /// Checks what an order does with cases against what is known here.
    pub(super) async fn planned_cases(
        &self,
        order: &PackOrder,
        key: &TradeKey,
    ) -> Result<CasesPlan, HospitalError> {
        let mut plan = CasesPlan::default();
        if let PackAct::Contain { case } | PackAct::Release { case } = &order.act {
            let name = key.container(case);
            let known = self.kept_cases([name]).await?.pop().map(|(_, it)| it);
            can_be_opened(&order.act, case, known.as_ref())?;
            plan.around = Some((name, case.clone(), known));
        }
        if order.cases.is_empty() {
            return Ok(plan);
        }
        if !order.packs.is_empty() {
            return Err(unusable(
                "an act is on packs or on cases, not on both at once".into(),
            ));
        }
        let mut seen = BTreeSet::new();
        for sscc in &order.cases {
            let name = key.container(sscc);
            if !seen.insert(name) {
                return Err(unusable(format!("the case {sscc} is there twice")));
            }
            let known = self.kept_cases([name]).await?.pop().map(|(_, it)| it);
            plan.items.push((name, fits(&order.act, sscc, known)?));
        }
        if matches!(order.act, PackAct::Hand { .. }) {
            plan.contents = self.contents(&plan.items).await?;
        }
        Ok(plan)
    }
}

/// A case that things are put into or taken from has to be here, and in no other.
fn can_be_opened(act: &PackAct, sscc: &str, known: Option<&Case>) -> Result<(), HospitalError> {
    let why = match known {
        None if matches!(act, PackAct::Contain { .. }) => return Ok(()),
        None => "is not known here",
        Some(case) if case.inside.is_some() => "is in another one: unpack that first",
        Some(case) => match case.place {
            Where::Here => return Ok(()),
            place => stands(place),
        },
    };
    Err(refused(format!("the case {sscc} {why}")))
}

/// Where a case is, in words.
fn stands(place: Where) -> &'static str {
    match place {
        Where::Awaited => "was handed over to here and not received yet",
        Where::Here => "is here",
        Where::OnItsWay => "is on its way to another organisation",
        Where::Gone => "has left",
    }
}

/// The case as it is known, where the act can be done on it.
fn fits(act: &PackAct, sscc: &str, known: Option<Case>) -> Result<Case, HospitalError> {
    let wanted = match act {
        PackAct::Take => Where::Awaited,
        PackAct::TakeBack => Where::OnItsWay,
        PackAct::Hand { .. } | PackAct::Contain { .. } | PackAct::Release { .. } => Where::Here,
        _ => {
            return Err(unusable(format!(
                "{sscc} is a case: this act is on packs, unpack them first"
            )));
        }
    };
    let case = known.ok_or_else(|| refused(format!("the case {sscc} is not known here")))?;
    if case.inside.is_some() && !matches!(act, PackAct::Release { .. }) {
        return Err(refused(format!(
            "the case {sscc} is in another one: unpack that first, or act on it"
        )));
    }
    if case.inside.is_none() && case.place != wanted {
        let is = stands(case.place);
        return Err(refused(format!("the case {sscc} {is}")));
    }
    Ok(case)
}

impl CasesPlan {
    /// Whether the act is on packs alone.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The case that things go into or come out of. `fresh` makes the opening of a new one.
    pub(super) fn around(&self, fresh: impl FnOnce() -> Opening) -> (ContainerId, Case) {
        let Some((name, sscc, known)) = &self.around else {
            return (ContainerId([0; 16]), empty(String::new(), &Opening::NONE));
        };
        let case = known
            .clone()
            .unwrap_or_else(|| empty(sscc.clone(), &fresh()));
        (*name, case)
    }

    /// Puts the cases into another one.
    pub(super) fn contained(
        &self,
        (name, outer): (ContainerId, &mut Case),
        items: &mut Vec<Presented>,
        made: &mut Made,
    ) -> Units {
        for (own, case) in &self.items {
            items.push(Presented {
                unit: UnitId::from(*own),
                opening: opening(&case.opening),
            });
            outer.cases.insert(own.to_string());
            let inside = Some(name.to_string());
            let case = Case {
                inside,
                ..case.clone()
            };
            made.cases.push((*own, case));
        }
        self.units()
    }

    /// Takes the cases out of another one: they are then held under its lock.
    pub(super) fn released(
        &self,
        (_, outer): (ContainerId, &mut Case),
        items: &mut Vec<UnitId>,
        made: &mut Made,
    ) -> Units {
        for (own, case) in &self.items {
            items.push(UnitId::from(*own));
            outer.cases.remove(&own.to_string());
            let out = Case {
                inside: None,
                opening: outer.opening.clone(),
                place: Where::Here,
                from: outer.from.clone(),
                to: None,
                ..case.clone()
            };
            made.cases.push((*own, out));
        }
        self.units()
    }

    fn units(&self) -> Units {
        if self.is_empty() {
            Units::Packs
        } else {
            Units::Containers
        }
    }

    /// Hands the cases over, and tells what is inside.
    pub(super) fn handed(
        &self,
        to: &OrgId,
        fresh: &dyn Fn(usize) -> Opening,
        made: &mut Made,
    ) -> Moves {
        let mut items = Vec::with_capacity(self.items.len());
        for (place, (name, case)) in self.items.iter().enumerate() {
            let next = fresh(place);
            items.push(Handed {
                unit: UnitId::from(*name),
                opening: opening(&case.opening),
                next: next.lock(to.as_str()),
            });
            made.told.cases.push(CaseTold {
                sscc: case.sscc.clone(),
                opening: hex(&next.0),
                inside: None,
            });
            let sent = Case {
                place: Where::OnItsWay,
                to: Some(to.to_string()),
                ..case.clone()
            };
            made.cases.push((*name, sent));
        }
        let inner = self.contents.cases.iter();
        made.told.cases.extend(inner.map(|(around, case)| CaseTold {
            sscc: case.sscc.clone(),
            opening: String::new(),
            inside: Some(around.clone()),
        }));
        let packs = self.contents.packs.iter();
        made.told.packs.extend(
            packs.map(|(around, pack)| PackTold::new(pack, String::new(), Some(around.clone()))),
        );
        Moves::Hand {
            units: Units::Containers,
            items,
        }
    }

    /// Taken, or taken back.
    pub(super) fn presented(&self, act: &PackAct, made: &mut Made) -> Moves {
        let mut items = Vec::with_capacity(self.items.len());
        for (name, case) in &self.items {
            items.push(Presented {
                unit: UnitId::from(*name),
                opening: opening(&case.opening),
            });
            let mut after = Case {
                place: Where::Here,
                ..case.clone()
            };
            if *act == PackAct::TakeBack {
                after.to = None;
            }
            made.cases.push((*name, after));
        }
        let units = Units::Containers;
        match act {
            PackAct::TakeBack => Moves::TakeBack { units, items },
            _ => Moves::Take { units, items },
        }
    }
}

fn empty(sscc: String, opening: &Opening) -> Case {
    Case {
        sscc,
        place: Where::Here,
        from: None,
        to: None,
        opening: hex(&opening.0),
        inside: None,
        packs: BTreeSet::new(),
        cases: BTreeSet::new(),
    }
}
