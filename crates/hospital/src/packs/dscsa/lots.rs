//! The packs of a lot that this organisation made: its commissioning events name them.

use std::collections::BTreeSet;

use epcis::Event;
use store::{EpcisQuery, Page};

use super::refused;
use crate::error::HospitalError;
use crate::packs::event;
use crate::setup::Hospital;

const COMMISSIONING: &str = "https://ref.gs1.org/cbv/BizStep-commissioning";
/// Events that are looked at for one lot, and packs of a lot.
const LOOKED_MAX: usize = 20_000;
const PACKS_MAX: usize = 1_000_000;
const PAGE: u32 = 100;

impl Hospital {
    /// The serial numbers of a lot, in their order.
    pub(super) async fn serials_of_lot(
        &self,
        gtin: &str,
        lot: &str,
    ) -> Result<BTreeSet<String>, HospitalError> {
        let mut query = EpcisQuery {
            descending: true,
            ..EpcisQuery::of(
                vec![vec![("step".to_owned(), COMMISSIONING.to_owned())]],
                Page::first(PAGE),
            )
        };
        let mut serials = BTreeSet::new();
        let mut looked = 0;
        loop {
            let page = self.0.store.epcis_events(query.clone()).await?;
            query.page.after = page.after.last().cloned();
            for row in page.rows {
                looked += 1;
                let event = event::read(&self.opened(row).await?.record)?;
                serials.extend(of_lot(&event, gtin, lot));
            }
            if !page.more {
                return Ok(serials);
            }
            if looked > LOOKED_MAX || serials.len() > PACKS_MAX {
                return Err(refused(format!(
                    "over {LOOKED_MAX} commissionings or {PACKS_MAX} packs are not counted at once"
                )));
            }
        }
    }
}

/// The serial numbers that an event commissions in a lot.
fn of_lot(event: &Event, gtin: &str, lot: &str) -> Vec<String> {
    let ilmd = event.members().get("ilmd");
    let names = ["cbvmda:lotNumber", "lotNumber"];
    let told = names.iter().find_map(|name| ilmd?.get(name)?.as_str());
    if told != Some(lot) {
        return Vec::new();
    }
    let index = epcis::index(event);
    let packs = index.epcs.iter().filter_map(|(_, epc)| {
        let elements = gs1::digital_link::parse(epc).ok()?;
        let is = elements.gtin() == Some(gtin);
        elements.serial().filter(|_| is).map(str::to_owned)
    });
    packs.collect()
}
