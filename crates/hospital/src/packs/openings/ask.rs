//! An officer asks who has one pack.

use proof::Digest;
use std::collections::BTreeMap;
use supply::acts::Escrowed;
use supply::ids::PackId;

use super::handovers::Holder;
use super::place::Spot;
use super::rows::{AskedRow, Question, Row, unit_of};
use super::told::AskedOpening;
use super::{officer, reasoned};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::packs::order::unusable;
use crate::packs::scanned::scanned;
use crate::setup::Hospital;

/// A question about one pack: one of the two names it.
#[derive(Debug, Clone, Default)]
pub struct AskOpening {
    /// What was scanned or typed.
    pub scan: Option<String>,
    /// Its name on the ledger, 32 hexadecimal digits: for who does not have the pack.
    pub pack: Option<String>,
    /// Why, in words.
    pub reason: String,
}

impl Hospital {
    /// Asks who has a pack. Where the ledger says it, this is answered at once; otherwise the
    /// openers are asked from now on.
    pub async fn ask_opening(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        asked: &AskOpening,
    ) -> Result<AskedOpening, HospitalError> {
        officer(caller)?;
        let reason = reasoned(&asked.reason)?;
        let state = self.fresh_state().await?;
        if !self.may_ask(&state) {
            return Err(HospitalError::Forbidden(format!(
                "{} is neither a regulator nor one of the openers that the members voted for",
                self.0.organisation
            )));
        }
        let (pack, code) = self.pack_meant(asked).await?;
        let holder = self.holder_of(&pack).await?;
        let access = Access {
            query: Some(format!("pack={pack}")),
            ..Access::new(
                agent,
                AccessDeed::Operation("open-pack".into()),
                self.now_us(),
            )
        };
        self.record_access(access).await?;
        let (unit, at, handed) = match holder {
            Holder::Known { organisation } => {
                return Ok(AskedOpening::known(&pack, code, reason, organisation));
            }
            Holder::Locked(unit, at, handed) => (unit, at, handed),
        };
        let Some(escrowed) = escrow_at(&state, &handed.partner, handed.height) else {
            return Err(HospitalError::request(
                "business-rule",
                format!(
                    "{} had announced no secrets when it handed this over",
                    handed.partner
                ),
                "ask that organisation: openers open only what was handed over since",
            ));
        };
        let id = Digest(vault::random().map_err(failed)?);
        let key = Digest(vault::random().map_err(failed)?);
        let row = AskedRow {
            question: Question {
                id: id.to_string(),
                unit: unit.to_string(),
                spot: Spot::of(&at),
                officer: self.practitioner_pseudonym(caller),
                reason,
                key: key.to_string(),
            },
            pack: pack.to_string(),
            code,
            by: caller.username.clone(),
            partner: handed.partner,
            epoch: escrowed.epoch,
            anchored: false,
            replies: BTreeMap::new(),
            silent: BTreeMap::new(),
            found: None,
            standing: "the openers are being asked".to_owned(),
        };
        let at_us = self.now_us();
        self.keep_opening(&Row::Asked(Box::new(row.clone())), at_us)
            .await?;
        self.0.openings.wanted.notify_one();
        self.told_asked(&row, at_us, &state).await
    }

    async fn pack_meant(
        &self,
        asked: &AskOpening,
    ) -> Result<(PackId, Option<String>), HospitalError> {
        match (&asked.scan, &asked.pack) {
            (Some(scan), None) => {
                let marking = scanned(scan)?.marking;
                let key = self.trade_key().await?;
                let name = key.pack(&marking.gtin, &marking.serial);
                Ok((name, Some(marking.code())))
            }
            (None, Some(name)) => {
                let wrong = || unusable("`pack` is 32 hexadecimal digits".to_owned());
                Ok((unit_of(name).ok_or_else(wrong)?.into(), None))
            }
            _ => Err(unusable(
                "a pack is named by `scan` or by `pack`".to_owned(),
            )),
        }
    }
}

/// The secrets of a partner that were in force at a height.
pub(super) fn escrow_at(state: &ledger::State, partner: &str, height: u64) -> Option<Escrowed> {
    let id = partner.parse().ok()?;
    let last = state.escrow(&id)?.epoch;
    let mut epochs = (1..=last).rev().filter_map(|it| state.escrow_of(&id, it));
    epochs.find(|it| it.height <= height)
}
