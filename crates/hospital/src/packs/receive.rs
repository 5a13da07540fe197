//! Packs that another organisation hands over: it tells, the ledger confirms, the row is kept.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{OrgId, State};
use store::{Drawer, Sealed};
use supply::acts::{Custody, ITEMS_MAX};
use supply::ids::{ContainerId, TradeKey};

use super::case::Case;
use super::held::{Pack, Where};
use super::message::{CaseTold, PackTold, PacksTold};
use super::order::{Marking, opening, printed, refused, unusable};
use super::verify::opens;
use crate::error::HospitalError;
use crate::setup::Hospital;

impl Hospital {
    /// Keeps packs that are on their way here. Told twice, it does nothing the second time. What
    /// the ledger does not have on its way here is refused, all of it.
    pub(crate) async fn answer_packs(
        &self,
        from: &str,
        told: &PacksTold,
    ) -> Result<(), HospitalError> {
        let count = told.packs.len().max(told.cases.len());
        if count == 0 || count > ITEMS_MAX {
            return Err(unusable(format!("1 to {ITEMS_MAX} packs are told at once")));
        }
        let key = self.trade_key().await?;
        let state = self.fresh_state().await?;
        let sender: OrgId = from.parse().map_err(|_| unusable("no member".into()))?;
        if state.partner(&sender).is_empty() {
            return Err(HospitalError::Forbidden(
                "only an authorised trading partner hands packs over".into(),
            ));
        }
        if !told.cases.is_empty() {
            return self.answer_cases(from, told, (&key, &state)).await;
        }
        let names: Vec<_> = told
            .packs
            .iter()
            .map(|it| key.pack(&it.gtin, &it.serial))
            .collect();
        let known: BTreeMap<_, _> = self.kept_packs(&names).await?.into_iter().collect();
        let mut rows: Vec<Sealed> = Vec::with_capacity(told.packs.len());
        for (name, it) in names.iter().zip(&told.packs) {
            let marking = marking(it);
            let pack = state.pack(name);
            let given = opening(&it.opening);
            let coming = pack.is_some_and(|pack| {
                opens(&pack.custody, &given, &self.0.organisation)
                    && key.facts(&printed(&marking)) == pack.facts
            });
            match known.get(name) {
                // Told again, or taken since.
                Some(before) if before.opening == it.opening => continue,
                _ if coming => {}
                _ => {
                    let serial = &it.serial;
                    return Err(refused(format!(
                        "the ledger does not have serial {serial} on its way here"
                    )));
                }
            }
            rows.push(self.pack_row(name, &awaited(it, from, None))?);
        }
        let is_new = !rows.is_empty();
        self.0.store.put_sealed(Drawer::Packs, rows).await?;
        if is_new {
            self.want_papers(from, &told.event).await?;
        }
        Ok(())
    }
}

impl Hospital {
    /// The same of cases, with all that is inside of them.
    async fn answer_cases(
        &self,
        from: &str,
        told: &PacksTold,
        (key, state): (&TradeKey, &State),
    ) -> Result<(), HospitalError> {
        let names: Vec<ContainerId> = told
            .cases
            .iter()
            .map(|it| key.container(&it.sscc))
            .collect();
        let known: BTreeMap<_, _> = self.kept_cases(names.clone()).await?.into_iter().collect();
        // Told again, or taken since: what is inside may have come out.
        let again = |(name, it): (&ContainerId, &CaseTold)| {
            it.inside.is_none()
                && known
                    .get(name)
                    .is_some_and(|case| case.opening == it.opening)
        };
        if names.iter().zip(&told.cases).any(again) {
            return Ok(());
        }
        let absent =
            |what: &str| refused(format!("the ledger does not have {what} on its way here"));
        let mut cases: BTreeMap<ContainerId, Case> = BTreeMap::new();
        for (name, it) in names.iter().zip(&told.cases) {
            let custody = state.container(name).map(|it| it.custody);
            let inside = it.inside.as_ref().map(|sscc| key.container(sscc));
            let coming = custody.is_some_and(|custody| match inside {
                Some(around) => custody == Custody::Inside(around) && names.contains(&around),
                None => opens(&custody, &opening(&it.opening), &self.0.organisation),
            });
            if !coming {
                return Err(absent(&format!("the case {}", it.sscc)));
            }
            if let Some(around) = inside.and_then(|around| cases.get_mut(&around)) {
                around.cases.insert(name.to_string());
            }
            cases.insert(*name, awaited_case(it, from, inside));
        }
        let mut rows: Vec<Sealed> = Vec::with_capacity(told.packs.len());
        for it in &told.packs {
            let name = key.pack(&it.gtin, &it.serial);
            let inside = it.inside.as_ref().map(|sscc| key.container(sscc));
            let facts = key.facts(&printed(&marking(it)));
            let pack = state.pack(&name).filter(|pack| pack.facts == facts);
            let around = inside
                .filter(|around| pack.is_some_and(|pack| pack.custody == Custody::Inside(*around)));
            let Some((around, case)) = around.and_then(|it| Some((it, cases.get_mut(&it)?))) else {
                return Err(absent(&format!("serial {}", it.serial)));
            };
            case.packs.insert(name.to_string());
            rows.push(self.pack_row(&name, &awaited(it, from, Some(around)))?);
        }
        self.0.store.put_sealed(Drawer::Packs, rows).await?;
        // The cases last: once they are there, the sender is not asked again.
        let cases = cases.iter().map(|(name, case)| self.case_row(name, case));
        let cases: Vec<Sealed> = cases.collect::<Result<_, _>>()?;
        self.0.store.put_sealed(Drawer::Containers, cases).await?;
        self.want_papers(from, &told.event).await
    }
}

/// The row of a pack that is on its way here.
fn awaited(told: &PackTold, from: &str, inside: Option<ContainerId>) -> Pack {
    Pack {
        gtin: told.gtin.clone(),
        serial: told.serial.clone(),
        lot: told.lot.clone(),
        expiry: told.expiry.clone(),
        place: Where::Awaited,
        from: Some(from.to_owned()),
        to: None,
        opening: told.opening.clone(),
        inside: inside.map(|it| it.to_string()),
        case: None,
    }
}

fn awaited_case(told: &CaseTold, from: &str, inside: Option<ContainerId>) -> Case {
    Case {
        sscc: told.sscc.clone(),
        place: Where::Awaited,
        from: Some(from.to_owned()),
        to: None,
        opening: told.opening.clone(),
        inside: inside.map(|it| it.to_string()),
        packs: BTreeSet::new(),
        cases: BTreeSet::new(),
    }
}

fn marking(told: &PackTold) -> Marking {
    Marking {
        gtin: told.gtin.clone(),
        serial: told.serial.clone(),
        lot: told.lot.clone(),
        expiry: told.expiry.clone(),
    }
}
