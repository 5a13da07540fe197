//! Papers of a change of hands: made by the seller's node, fetched by the buyer's as soon as it
//! hears of the shipment, and kept by both as they were.

use ::dscsa::statement::TransactionStatement;
use ::dscsa::transaction::TransactionInformation;
use epcis::{Event, Limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Drawer, Sealed};

use super::message::{PAPERS, PapersAsk};
use super::{PAGE_MAX, partner_there, refused, unusable, wrong};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::packs::compose::member;
use crate::packs::order::Marking;
use crate::packs::{expiry, looks, plan};
use crate::setup::Hospital;
use crate::sharing::message as link;

/// Papers that are fetched in one round, and how long they are tried for.
const PURSUED_MAX: u32 = 64;
const WANTED_US: i64 = 7 * 24 * 3_600 * 1_000_000;
/// Rows of papers that are wanted have their time from here on: lists have them at their beginning.
const WANTED_FROM_US: i64 = 1 << 61;
/// Rows that lead from a pack to its papers have no time: lists of papers have them at their end.
const NO_TIME_US: i64 = 0;

/// Which way papers went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// This organisation sold.
    Sent,
    /// It bought.
    Received,
}

/// Papers of one change of hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Which way they went.
    pub way: Way,
    /// The other one.
    pub with: String,
    /// Transaction information.
    pub information: TransactionInformation,
    /// Transaction statement.
    pub statement: TransactionStatement,
    /// The shipping, as it was committed to: EPCIS JSON.
    pub shipping: String,
    /// Its receipt, once the ledger vouches for it.
    pub receipt: Option<String>,
}

/// Papers that are kept here, the latest first.
#[derive(Debug, Clone, Default)]
pub struct PaperPage {
    /// They, each with the time since when it is kept, microseconds since 1970.
    pub papers: Vec<(Paper, i64)>,
    /// Shipments whose papers are still asked for: eventID and seller.
    pub wanted: Vec<(String, String)>,
    /// What to ask for the next page by.
    pub next: Option<String>,
}

/// A row of the drawer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Row {
    /// To be fetched from this member.
    Wanted(String),
    /// They are here.
    Kept(Box<Paper>),
    /// Of a pack: the eventID of the shipping that it came with.
    Pack(String),
}

impl Paper {
    /// Transaction information and statement as an EPCIS document.
    pub fn document(&self) -> Result<Value, HospitalError> {
        let shipping = self.event()?;
        let made = &self.statement.made;
        Ok(self.information.document(&self.statement, &shipping, made))
    }

    fn event(&self) -> Result<Event, HospitalError> {
        let damaged = |_| HospitalError::Damaged {
            item: "a paper".to_owned(),
            reason: "its shipping cannot be read".to_owned(),
        };
        Event::read(self.shipping.as_bytes(), &Limits::default()).map_err(damaged)
    }

    /// Refuses papers that are not of this shipment, whoever gave them. `inside` are the packs in
    /// the cases that it ships.
    fn check(&self, event_id: &str, here: &str, inside: &[Marking]) -> Result<(), HospitalError> {
        self.information.check().map_err(|error| wrong(&error))?;
        let other = || refused("the papers are of another change of hands");
        let (seller, buyer) = (member(&self.with), member(here));
        let named = &self.information;
        if named.transaction != event_id
            || named.seller.id != seller
            || named.buyer.id != buyer
            || self.statement.assertions.len() != 7
        {
            return Err(other());
        }
        let shipping = self.event()?;
        let order = plan::order_of(&shipping).ok_or_else(other)?;
        let packs = order.packs.iter().chain(inside);
        let mut shipped: Vec<(&str, &str)> = packs.map(|it| (&*it.gtin, &*it.serial)).collect();
        let lines = named.lines.iter();
        let mut told: Vec<(&str, &str)> = lines
            .flat_map(|line| line.serials.iter().map(|it| (&*line.product.gtin, &**it)))
            .collect();
        shipped.sort_unstable();
        told.sort_unstable();
        if shipped != told || shipping.event_id() != Some(event_id) {
            return Err(other());
        }
        Ok(())
    }
}

impl Hospital {
    /// The papers of a shipping: made where this organisation shipped, fetched where it bought.
    pub async fn paper(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        event_id: &str,
    ) -> Result<Paper, HospitalError> {
        looks(caller)?;
        self.log_dscsa(agent, "read-papers").await?;
        self.paper_here(event_id).await
    }

    /// The papers that are kept here, from where the page before ended.
    pub async fn papers(
        &self,
        caller: &Caller,
        after: Option<&str>,
    ) -> Result<PaperPage, HospitalError> {
        looks(caller)?;
        let before = after.map(super::cases::cursor).transpose()?;
        let rows = self.0.store.latest_sealed(Drawer::Papers, before, PAGE_MAX);
        let rows = rows.await?;
        let mut page = PaperPage::default();
        let is_full = rows.len() == PAGE_MAX as usize;
        for row in &rows {
            if row.at_us == NO_TIME_US {
                return Ok(page);
            }
            match self.opened_row(Drawer::Papers, row)? {
                Row::Kept(paper) => page.papers.push((*paper, row.at_us)),
                Row::Wanted(from) => {
                    let id = String::from_utf8_lossy(&row.id).into_owned();
                    page.wanted.push((id, from));
                }
                Row::Pack(_) => {}
            }
        }
        page.next = rows.last().filter(|_| is_full).map(super::cases::token);
        Ok(page)
    }

    /// The papers of a shipping, as they are kept, or made now.
    pub(super) async fn paper_here(&self, event_id: &str) -> Result<Paper, HospitalError> {
        match self.papers_row(event_id).await? {
            Some(Row::Kept(paper)) if paper.receipt.is_some() => Ok(*paper),
            Some(Row::Kept(paper)) => Box::pin(self.with_receipt(*paper)).await,
            Some(Row::Wanted(from)) => Box::pin(self.fetch_papers(event_id, &from)).await,
            Some(Row::Pack(_)) | None => Box::pin(self.compose_papers(event_id)).await,
        }
    }

    /// The papers that a pack came with, if they are here.
    pub(super) async fn papers_of_pack(&self, name: &str) -> Result<Option<Paper>, HospitalError> {
        let Some(Row::Pack(event)) = self.papers_row(&format!("pack/{name}")).await? else {
            return Ok(None);
        };
        match self.papers_row(&event).await? {
            Some(Row::Kept(paper)) => Ok(Some(*paper)),
            _ => Ok(None),
        }
    }

    /// Notes that papers are to come with a shipment, and fetches them.
    pub(in crate::packs) async fn want_papers(
        &self,
        from: &str,
        event: &str,
    ) -> Result<(), HospitalError> {
        let unreadable = |_| unusable("the event of the shipping cannot be read");
        let event = Event::read(event.as_bytes(), &Limits::default()).map_err(unreadable)?;
        let Some(id) = event.event_id().map(str::to_owned) else {
            return Err(unusable("the event of the shipping has no eventID"));
        };
        if self.papers_row(&id).await?.is_none() {
            let row = Row::Wanted(from.to_owned());
            let at_us = WANTED_FROM_US.saturating_add(self.now_us());
            self.keep_papers(vec![(id.clone(), at_us, row)]).await?;
        }
        let (hospital, from) = (self.clone(), from.to_owned());
        // The answer to whoever tells of the shipment does not wait for it; what fails is pursued.
        tokio::spawn(async move {
            if let Err(error) = hospital.fetch_papers(&id, &from).await {
                tracing::info!(from, %error, "the papers of a shipment come later");
            }
        });
        Ok(())
    }

    /// Goes on with what waits: papers that did not come yet, messages that did not arrive, clocks
    /// that have to start.
    pub async fn pursue_papers(&self) -> Result<(), HospitalError> {
        self.pursue_wanted().await?;
        self.pursue_exceptions().await?;
        let state = self.0.chain.state();
        if state.trade_key().is_some() && self.partner_here(&state).is_ok() {
            self.pursue_notices().await?;
        }
        Ok(())
    }

    async fn pursue_wanted(&self) -> Result<(), HospitalError> {
        let rows = self
            .0
            .store
            .latest_sealed(Drawer::Papers, None, PURSUED_MAX)
            .await?;
        for row in rows {
            let Some(since_us) = row.at_us.checked_sub(WANTED_FROM_US).filter(|it| *it >= 0) else {
                break;
            };
            if self.now_us().saturating_sub(since_us) > WANTED_US {
                let ids = vec![row.id];
                self.0.store.drop_sealed(Drawer::Papers, ids).await?;
                continue;
            }
            let id = String::from_utf8_lossy(&row.id).into_owned();
            if let Row::Wanted(from) = self.opened_row(Drawer::Papers, &row)?
                && let Err(error) = self.fetch_papers(&id, &from).await
            {
                tracing::info!(from, %error, "the papers of a shipment come later");
            }
        }
        Ok(())
    }

    /// Asks the seller for papers, and keeps them.
    async fn fetch_papers(&self, event_id: &str, from: &str) -> Result<Paper, HospitalError> {
        let ask = PapersAsk {
            event: event_id.to_owned(),
        };
        let reply = self.call(from, PAPERS, &ask).await?;
        let told: Paper = link::read(&reply)?;
        let paper = Paper {
            way: Way::Received,
            with: from.to_owned(),
            ..told
        };
        let order = plan::order_of(&paper.event()?);
        let cases = order.map(|it| it.cases).unwrap_or_default();
        let inside = self.inside_of(&cases).await?;
        paper.check(event_id, &self.0.organisation, &inside)?;
        self.fits_what_is_awaited(&paper).await?;
        for line in &paper.information.lines {
            // The sheet of whoever makes it comes with the papers; an own one stays.
            if !line.product.name.is_empty()
                && self.product(&line.product.gtin).await?.is_none()
                && let Ok(sheet) = line.product.clone().checked()
            {
                self.keep_product(&sheet).await?;
            }
        }
        let key = self.trade_key().await?;
        let mut rows = vec![(
            event_id.to_owned(),
            self.now_us(),
            Row::Kept(Box::new(paper.clone())),
        )];
        for line in &paper.information.lines {
            for serial in &line.serials {
                let name = key.pack(&line.product.gtin, serial);
                let row = Row::Pack(event_id.to_owned());
                rows.push((format!("pack/{name}"), NO_TIME_US, row));
            }
        }
        self.keep_papers(rows).await?;
        Ok(paper)
    }

    /// Whether papers say of each pack what was told when it was handed over, and the ledger
    /// confirmed.
    async fn fits_what_is_awaited(&self, paper: &Paper) -> Result<(), HospitalError> {
        let key = self.trade_key().await?;
        let year = expiry::year(self.now_us());
        for line in &paper.information.lines {
            let gtin = &line.product.gtin;
            let names = line.serials.iter().map(|serial| key.pack(gtin, serial));
            for (_, known) in self.kept_packs(&names.collect::<Vec<_>>()).await? {
                let day = expiry::date(&known.expiry, year).unwrap_or_default();
                if known.lot != line.lot || day != line.expiry {
                    return Err(refused(
                        "lot or expiry in the papers are not those that were told with the packs",
                    ));
                }
            }
        }
        Ok(())
    }

    /// The same papers with the receipt of the shipping, where there is one by now.
    async fn with_receipt(&self, paper: Paper) -> Result<Paper, HospitalError> {
        let event = paper.information.transaction.clone();
        if paper.way == Way::Received {
            let from = paper.with.clone();
            return Ok(self.fetch_papers(&event, &from).await.unwrap_or(paper));
        }
        let receipt = self.receipt_of_event(&event).await?;
        let paper = Paper { receipt, ..paper };
        if paper.receipt.is_some() {
            let row = Row::Kept(Box::new(paper.clone()));
            self.keep_papers(vec![(event, self.now_us(), row)]).await?;
        }
        Ok(paper)
    }

    /// Answers the buyer, and a regulator.
    pub(super) async fn answer_papers(
        &self,
        from: &str,
        ask: &PapersAsk,
    ) -> Result<Paper, HospitalError> {
        let absent = || HospitalError::Absent("a shipping from here to you".into());
        let state = self.fresh_state().await?;
        let roles = partner_there(&state, from)?;
        let regulator = roles.has_any_of(supply::Roles::REGULATOR);
        let paper = self.paper_here(&ask.event).await.map_err(|error| {
            match error {
                // Whether there is such an event is nobody's business.
                HospitalError::Request { .. } | HospitalError::Absent(_) => absent(),
                other => other,
            }
        })?;
        let is_buyer = paper.way == Way::Sent && paper.with == from;
        if is_buyer || regulator {
            Ok(paper)
        } else {
            Err(absent())
        }
    }

    pub(super) async fn papers_row(&self, id: &str) -> Result<Option<Row>, HospitalError> {
        let ids = vec![id.as_bytes().to_vec()];
        let row = self.0.store.sealed(Drawer::Papers, ids).await?.pop();
        row.map(|row| self.opened_row(Drawer::Papers, &row))
            .transpose()
    }

    pub(super) async fn keep_papers(
        &self,
        rows: Vec<(String, i64, Row)>,
    ) -> Result<(), HospitalError> {
        let sealed = rows
            .iter()
            .map(|(id, at_us, row)| self.sealed_row(Drawer::Papers, (id.as_bytes(), *at_us), row));
        let sealed: Vec<Sealed> = sealed.collect::<Result<_, _>>()?;
        Ok(self.0.store.put_sealed(Drawer::Papers, sealed).await?)
    }
}

/// What is printed on the packs of papers, for whoever compares.
pub(super) fn day(marking: &Marking, now_us: i64) -> String {
    expiry::date(&marking.expiry, expiry::year(now_us)).unwrap_or_default()
}
