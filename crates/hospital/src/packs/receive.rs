//! Packs that another organisation hands over: it tells, the ledger confirms, the row is kept.

use std::collections::BTreeMap;

use ledger::OrgId;
use store::Sealed;
use supply::acts::ITEMS_MAX;

use super::held::{Pack, Where};
use super::message::{PackTold, PacksTold};
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
        if told.packs.is_empty() || told.packs.len() > ITEMS_MAX {
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
                opens(&pack, &given, &self.0.organisation)
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
            let row = Pack {
                gtin: marking.gtin,
                serial: marking.serial,
                lot: marking.lot,
                expiry: marking.expiry,
                place: Where::Awaited,
                from: Some(from.to_owned()),
                to: None,
                opening: it.opening.clone(),
            };
            rows.push(self.pack_row(name, &row)?);
        }
        let is_new = !rows.is_empty();
        self.0.store.put_sealed(store::Drawer::Packs, rows).await?;
        if is_new {
            self.want_papers(from, &told.event).await?;
        }
        Ok(())
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
