//! Transaction information and statement of a shipping that this organisation did.

use std::collections::BTreeMap;

use ::dscsa::Product;
use ::dscsa::statement::{Grounds, TransactionStatement};
use ::dscsa::transaction::{Business, Shipped, TransactionInformation};
use epcis::Event;
use serde_json::Value;
use store::{EPCIS_EVENT, EpcisOrder, EpcisQuery, Page};
use supply::acts::{Finding, Roles};
use supply::ids::{PackId, TradeKey};

use super::papers::{Paper, Row, Way, day};
use super::{refused, wrong};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::packs::compose::{link, member};
use crate::packs::event;
use crate::packs::held::Pack;
use crate::packs::order::{PackAct, printed};
use crate::packs::plan;
use crate::receipt::ReceiptState;
use crate::setup::Hospital;

const COMMISSIONING: &str = "https://ref.gs1.org/cbv/BizStep-commissioning";

/// A pack of a shipping, with everything that is known of it.
struct Seen {
    name: PackId,
    known: Pack,
    maker: String,
    facts_fit: bool,
    is_clear: bool,
}

impl Hospital {
    /// Makes the papers of a shipping, and keeps them.
    pub(super) async fn compose_papers(&self, event_id: &str) -> Result<Paper, HospitalError> {
        let shipping = self.stored_event(event_id).await?;
        let order = plan::order_of(&shipping);
        let Some((order, to)) = order.and_then(|order| match order.act.clone() {
            PackAct::Hand { to } => Some((order, to)),
            _ => None,
        }) else {
            return Err(refused("this event is no shipping of packs to a member"));
        };
        let state = self.fresh_state().await?;
        let roles = self.partner_here(&state)?;
        let key = self.trade_key().await?;
        let mut packs = order.packs;
        packs.extend(self.inside_of(&order.cases).await?);
        let seen = self.seen_packs(&state, &key, &packs).await?;
        let (packs, products) = self.shipped(&seen).await?;
        let both = (
            self.business(&self.0.organisation).await?,
            self.business(to.as_str()).await?,
        );
        let information = TransactionInformation::of_shipping(&shipping, both, &packs, &products)
            .map_err(|error| wrong(&error))?;
        let grounds = self.grounds(&state, roles, &seen).await?;
        let direct = packs.iter().filter(|it| it.is_direct).count();
        let statement = TransactionStatement::of(
            &information.seller.card.name,
            &instant::fhir(self.now_us()),
            grounds,
            (direct, packs.len()),
        );
        let paper = Paper {
            way: Way::Sent,
            with: to.to_string(),
            information,
            statement,
            shipping: shipping.to_json().to_string(),
            receipt: self.receipt_of_event(event_id).await?,
        };
        let row = Row::Kept(Box::new(paper.clone()));
        self.keep_papers(vec![(event_id.to_owned(), self.now_us(), row)])
            .await?;
        Ok(paper)
    }

    /// An event that is stored here.
    pub(super) async fn stored_event(&self, event_id: &str) -> Result<Event, HospitalError> {
        let absent = || HospitalError::Absent("an event of this eventID".into());
        let record = self.0.store.epcis_event(event_id).await?;
        let record = record.ok_or_else(absent)?;
        let stored = self.0.store.current(EPCIS_EVENT, &record).await?;
        event::read(&self.opened(stored.ok_or_else(absent)?).await?.record)
    }

    /// The receipt of an event, once the ledger vouches for it.
    pub(super) async fn receipt_of_event(
        &self,
        event_id: &str,
    ) -> Result<Option<String>, HospitalError> {
        let Some(record) = self.0.store.epcis_event(event_id).await? else {
            return Ok(None);
        };
        let asked = Caller::organisation();
        match self.receipt(&asked, EPCIS_EVENT, &record, 1).await? {
            ReceiptState::Ready(text) => Ok(Some(text)),
            ReceiptState::Pending { .. } => Ok(None),
        }
    }

    async fn business(&self, organisation: &str) -> Result<Business, HospitalError> {
        Ok(Business {
            id: member(organisation),
            card: self.card_of(organisation).await?,
        })
    }

    /// The packs of an order as they are kept here and stand on the ledger.
    async fn seen_packs(
        &self,
        state: &ledger::State,
        key: &TradeKey,
        packs: &[crate::packs::order::Marking],
    ) -> Result<Vec<Seen>, HospitalError> {
        let names: Vec<PackId> = packs
            .iter()
            .map(|it| key.pack(&it.gtin, &it.serial))
            .collect();
        let seen = self.kept_packs(&names).await?.into_iter();
        let seen: Vec<Seen> = seen
            .map(|(name, known)| {
                let pack = state.pack(&name);
                let lot = pack.as_ref().and_then(|it| state.lot(&it.lot));
                let facts = key.facts(&printed(&known.marking()));
                Seen {
                    maker: lot.map(|it| it.maker).unwrap_or_default(),
                    facts_fit: pack.as_ref().is_some_and(|it| it.facts == facts),
                    is_clear: pack.as_ref().is_some_and(|it| it.finding == Finding::Clear),
                    name,
                    known,
                }
            })
            .collect();
        if seen.len() == names.len() {
            return Ok(seen);
        }
        Err(refused("not every pack of the shipping is known here"))
    }

    /// The packs as the papers have them, and the sheets of their products.
    async fn shipped(
        &self,
        seen: &[Seen],
    ) -> Result<(Vec<Shipped>, BTreeMap<String, Product>), HospitalError> {
        let now_us = self.now_us();
        let mut times: BTreeMap<String, String> = BTreeMap::new();
        let mut products = BTreeMap::new();
        let mut packs = Vec::with_capacity(seen.len());
        for it in seen {
            let marking = it.known.marking();
            let own = it.maker == self.0.organisation;
            let epc = link(&marking.gtin, &marking.serial);
            if !times.contains_key(&epc) {
                if own {
                    self.times_here(&epc, &mut times).await?;
                } else {
                    self.times_in_papers(&it.name, &mut times).await?;
                }
            }
            if !products.contains_key(&marking.gtin)
                && let Some(sheet) = self.product(&marking.gtin).await?
            {
                products.insert(marking.gtin.clone(), sheet);
            }
            let from = it.known.from.as_deref();
            packs.push(Shipped {
                expiry: day(&marking, now_us),
                commissioned: times.get(&epc).cloned().unwrap_or_default(),
                is_direct: own || from.is_some_and(|from| from == it.maker),
                gtin: marking.gtin,
                serial: marking.serial,
                lot: marking.lot,
                maker: it.maker.clone(),
            });
        }
        Ok((packs, products))
    }

    /// When the packs were commissioned that were commissioned with this one, here.
    async fn times_here(
        &self,
        epc: &str,
        times: &mut BTreeMap<String, String>,
    ) -> Result<(), HospitalError> {
        let term = |field: &str, value: &str| vec![(field.to_owned(), value.to_owned())];
        let query = EpcisQuery {
            order: EpcisOrder::Event,
            ..EpcisQuery::of(
                vec![term("step", COMMISSIONING), term("epc", epc)],
                Page::first(1),
            )
        };
        let Some(row) = self.0.store.epcis_events(query).await?.rows.pop() else {
            return Ok(());
        };
        let event = event::read(&self.opened(row).await?.record)?;
        let time = event.members().get("eventTime").and_then(Value::as_str);
        let time = time.unwrap_or_default();
        for (_, epc) in epcis::index(&event).epcs {
            times.insert(epc, time.to_owned());
        }
        Ok(())
    }

    /// The same of packs that came with papers.
    async fn times_in_papers(
        &self,
        name: &PackId,
        times: &mut BTreeMap<String, String>,
    ) -> Result<(), HospitalError> {
        let Some(paper) = self.papers_of_pack(&name.to_string()).await? else {
            return Ok(());
        };
        for line in paper.information.lines {
            for serial in &line.serials {
                let epc = link(&line.product.gtin, serial);
                times.insert(epc, line.commissioned.clone());
            }
        }
        Ok(())
    }

    /// What the statement rests on.
    async fn grounds(
        &self,
        state: &ledger::State,
        roles: Roles,
        seen: &[Seen],
    ) -> Result<Grounds, HospitalError> {
        let bought: Vec<&Seen> = seen
            .iter()
            .filter(|it| it.maker != self.0.organisation)
            .collect();
        let trades = |member: &str| {
            let id: Option<ledger::OrgId> = member.parse().ok();
            id.is_some_and(|id| state.partner(&id).has_any_of(Roles::TRADE))
        };
        let mut has_papers = true;
        for it in &bought {
            let row = self.papers_row(&format!("pack/{}", it.name)).await?;
            has_papers &= row.is_some();
        }
        Ok(Grounds {
            seller_is_authorized: roles.has_any_of(Roles::TRADE),
            made_here: bought.is_empty(),
            suppliers_are_authorized: bought
                .iter()
                .all(|it| it.known.from.as_deref().is_some_and(trades)),
            has_papers,
            none_is_suspect: seen.iter().all(|it| it.is_clear),
            facts_fit: seen.iter().all(|it| it.facts_fit),
            // It was read and opened above: the commitment of a version is checked as it opens.
            events_are_whole: true,
        })
    }
}
