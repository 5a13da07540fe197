//! What a person does with packs at a scanner.

use std::collections::BTreeSet;

use epcis::{Event, Limits};
use supply::acts::ITEMS_MAX;

use super::case::Case;
use super::compose;
use super::event;
use super::held::Pack;
use super::order::{Marking, PackAct, PackOrder, unusable};
use super::scanned::{case_of, scanned};
use super::{handles, looks};
use crate::access_log::{Access, AccessAgent, AccessDeed, logged};
use crate::admit::new_id;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// Signs of a serial number: none that looks like another.
const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const SERIAL_SIGNS: usize = 14;

/// Packs of a page.
const PAGE_MAX: u32 = 200;

/// An act on what was scanned, or is to be made.
#[derive(Debug, Clone)]
pub struct ActOnPacks {
    /// The act.
    pub act: PackAct,
    /// Scans, typed codes or Digital Links, one for each pack.
    pub scans: Vec<String>,
}

/// What became of it.
#[derive(Debug, Clone)]
pub struct PackActed {
    /// The eventID of the event that tells of it.
    pub event_id: String,
    /// The index of the transaction in the history of the ledger.
    pub index: u64,
    /// How many packs or cases.
    pub packs: usize,
}

/// Packs that are known here, the latest first.
#[derive(Debug, Clone, Default)]
pub struct PackPage {
    /// They, each with the time of its last change here, microseconds since 1970.
    pub packs: Vec<(Pack, i64)>,
    /// On the first page: the cases that changed last and are in no other.
    pub cases: Vec<Case>,
    /// What to ask for the next page by.
    pub next: Option<String>,
}

impl Hospital {
    /// Does an act on packs: on the ledger first, and here when it has accepted.
    pub async fn act_on_packs(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        asked: &ActOnPacks,
    ) -> Result<PackActed, HospitalError> {
        handles(caller)?;
        let mut packs: Vec<Marking> = Vec::with_capacity(asked.scans.len());
        let (mut cases, mut seen) = (Vec::new(), BTreeSet::new());
        for scan in &asked.scans {
            if let Some(sscc) = case_of(scan) {
                cases.push(sscc);
                continue;
            }
            let marking = scanned(scan)?.marking;
            if !seen.insert((marking.gtin.clone(), marking.serial.clone())) {
                return Err(unusable(format!(
                    "serial {} is there twice",
                    marking.serial
                )));
            }
            packs.push(marking);
        }
        let mut order = PackOrder {
            act: asked.act.clone(),
            packs,
            cases,
        };
        if let (PackAct::Release { case }, 0) = (&asked.act, order.count()) {
            (order.packs, order.cases) = self.all_inside(case).await?;
        }
        let id = new_id()?;
        let event = self.composed(&order, &id, self.now_us())?;
        let event_id = event.event_id().unwrap_or_default().to_owned();
        let access = Access::new(agent, AccessDeed::Create, self.now_us());
        let (index, _) = logged(access, Box::pin(self.moved(&order, &event))).await;
        Ok(PackActed {
            event_id,
            index: index?,
            packs: order.count(),
        })
    }

    /// The event of an order that was done at a time, checked like any other before the ledger
    /// hears of it.
    pub(super) fn composed(
        &self,
        order: &PackOrder,
        id: &str,
        done_us: i64,
    ) -> Result<Event, HospitalError> {
        let event = compose::event(order, &self.0.organisation, id, done_us);
        let event = Event::read(event.to_string().as_bytes(), &Limits::default());
        let mut event = event.map_err(|error| HospitalError::Internal(error.to_string()))?;
        event::recorded(&mut event, self.now_us());
        Ok(event)
    }

    /// The SSCC of a case that was scanned or typed.
    pub fn read_case(scan: &str) -> Result<String, HospitalError> {
        let none = || unusable("the case needs an SSCC: 18 digits after (00)".to_owned());
        case_of(scan).ok_or_else(none)
    }

    /// Codes of packs of one lot, with serial numbers that nobody guesses (Delegated Regulation
    /// (EU) 2016/161 article 4(b)(ii)): 14 signs of 32 are 70 bits.
    pub fn new_packs(
        &self,
        gtin: &str,
        lot: &str,
        expiry: &str,
        count: u32,
    ) -> Result<Vec<String>, HospitalError> {
        if count == 0 || count as usize > ITEMS_MAX {
            return Err(unusable(format!("1 to {ITEMS_MAX} packs are made at once")));
        }
        let mut codes = Vec::with_capacity(count as usize);
        for _ in 0..count {
            let dice: [u8; SERIAL_SIGNS] = vault::random().map_err(failed)?;
            let serial = dice
                .iter()
                .map(|byte| char::from(SIGNS[usize::from(byte % 32)]));
            let made = Marking {
                gtin: gtin.to_owned(),
                serial: serial.collect(),
                lot: lot.to_owned(),
                expiry: expiry.to_owned(),
            };
            codes.push(made.code());
        }
        Ok(codes)
    }

    /// What this organisation may do in the trade, in words.
    pub fn trade_roles(&self) -> Vec<&'static str> {
        let state = self.0.chain.state();
        let roles = self.0.id.as_ref().map(|id| state.partner(id));
        roles.unwrap_or_default().words().collect()
    }

    /// The packs that are known here, the latest first, from where the page before ended.
    pub async fn packs(
        &self,
        caller: &Caller,
        after: Option<&str>,
    ) -> Result<PackPage, HospitalError> {
        looks(caller)?;
        let before = after.map(cursor).transpose()?;
        let found = self.latest_packs(before, PAGE_MAX).await?;
        let full = found.len() == PAGE_MAX as usize;
        let last = found.last().filter(|_| full);
        let next = last.map(|(name, _, at_us)| format!("{at_us}.{name}"));
        let packs = found.into_iter().map(|(_, pack, at_us)| (pack, at_us));
        let cases = if after.is_none() {
            self.latest_cases(PAGE_MAX).await?
        } else {
            Vec::new()
        };
        Ok(PackPage {
            packs: packs.collect(),
            cases,
            next,
        })
    }
}

/// Time and name, as [`PackPage::next`] has them.
fn cursor(text: &str) -> Result<(i64, Vec<u8>), HospitalError> {
    let wrong = || unusable("the page does not follow any other".to_owned());
    let (at_us, name) = text.split_once('.').ok_or_else(wrong)?;
    let at_us = at_us.parse().map_err(|_| wrong())?;
    if name.len() != 32 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    Ok((at_us, super::order::opening(name).0.to_vec()))
}
