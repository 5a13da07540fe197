//! The secrets of partners at their openers: asked for, compared with the ledger, kept.
//!
//! An opener asks, and asks again until it has them: nothing has to be remembered on either side,
//! and neither a kill nor a partner that is away changes that.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::{OrgId, Service, State};
use proof::Canonical;
use serde::{Deserialize, Serialize};
use supply::acts::Escrowed;
use supply::escrow::{Held, Secret};
use vault::grant::{GrantContext, GrantKey};

use super::told::SecretsStand;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::packs::message::ESCROW;
use crate::setup::Hospital;
use crate::sharing::message;

/// Partners that are asked in one round: one that is away costs the wait of a call.
const ASKED_MAX: usize = 16;
/// So many of a partner's epochs are asked for, the latest.
const EPOCHS_BACK: u32 = 16;

/// Which secrets.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EscrowAsk {
    epoch: u32,
}

/// They, each sealed to you, by the number of its subset.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EscrowAnswer {
    secrets: Vec<(u8, String)>,
}

impl Hospital {
    /// Gives an opener its secrets of an epoch of this partner.
    pub(crate) async fn answer_escrow(
        &self,
        from: &str,
        ask: &EscrowAsk,
    ) -> Result<EscrowAnswer, HospitalError> {
        let absent = || HospitalError::Absent("secrets of this epoch".into());
        let state = self.fresh_state().await?;
        let me = self.0.id.as_ref().ok_or_else(absent)?;
        let escrowed = state.escrow_of(me, ask.epoch).ok_or_else(absent)?;
        let id: OrgId = from.parse().map_err(|_| absent())?;
        let service: Service = state.service(&id).ok_or_else(absent)?;
        let secrets = self.own_secrets(escrowed.openers, ask.epoch).await?;
        let held = secrets.ok_or_else(absent)?.of(from);
        let held = held.ok_or_else(|| {
            HospitalError::Forbidden("only the openers of this epoch get its secrets".into())
        })?;
        let mut sealed = Vec::with_capacity(held.secrets.len());
        for (number, secret) in held.secrets {
            let name = sealed_name(ask.epoch, number);
            let context = GrantContext {
                custodian: &self.0.organisation,
                recipient: from,
                grant_id: name.as_bytes(),
            };
            let bytes = GrantKey::from_bytes(secret.0).seal_to(&service.xwing_key, &context);
            sealed.push((number, STANDARD.encode(bytes.map_err(failed)?)));
        }
        Ok(EscrowAnswer { secrets: sealed })
    }

    /// Asks partners for the secrets that this opener has not got yet.
    pub(super) async fn gather_secrets(&self, state: &State) -> Result<(), HospitalError> {
        let mut asked: BTreeSet<String> = BTreeSet::new();
        for organisation in state.organisations() {
            let partner = organisation.id.as_str();
            let Some(last) = state.escrow(&organisation.id) else {
                continue;
            };
            let first = last.epoch.saturating_sub(EPOCHS_BACK).max(1);
            for epoch in (first..=last.epoch).rev() {
                let Some(escrowed) = state.escrow_of(&organisation.id, epoch) else {
                    continue;
                };
                // What does not open any more is asked for again.
                let held = self.held_of(partner, &escrowed).await;
                if !escrowed.openers.holders().contains(&self.0.organisation)
                    || matches!(held, Ok(Some(_)))
                {
                    continue;
                }
                if asked.len() == ASKED_MAX {
                    return Ok(());
                }
                asked.insert(partner.to_owned());
                if !self.gather(partner, &escrowed).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Asks one partner for one epoch; false if it did not give what it announced.
    async fn gather(&self, partner: &str, escrowed: &Escrowed) -> Result<bool, HospitalError> {
        let known = (&escrowed.openers, escrowed.checks.as_slice());
        let problem = match self.ask_secrets(partner, escrowed.epoch).await {
            Ok(held) => match held.check((partner, &self.0.organisation), known) {
                Ok(()) => {
                    let name = held_name(partner, escrowed.epoch);
                    self.keep_secret(name, &held.to_bytes()).await?;
                    None
                }
                Err(wrong) => Some(wrong.to_string()),
            },
            Err(error) => Some(error.to_string()),
        };
        let got = problem.is_none();
        if self.0.openings.note(partner, problem.clone()) {
            if let Some(words) = problem {
                tracing::warn!(partner, words, "no secrets of its locks");
            } else {
                tracing::info!(partner, "has given the secrets of its locks");
            }
        }
        Ok(got)
    }

    async fn ask_secrets(&self, partner: &str, epoch: u32) -> Result<Held, HospitalError> {
        if partner == self.0.organisation {
            return Err(HospitalError::Absent(
                "the seed of this organisation".into(),
            ));
        }
        let reply = self.call(partner, ESCROW, &EscrowAsk { epoch }).await?;
        let answer: EscrowAnswer = message::read(&reply)?;
        if answer.secrets.len() > supply::acts::escrow::CHECKS_MAX {
            return Err(message::unusable());
        }
        let mut secrets = Vec::with_capacity(answer.secrets.len());
        for (number, sealed) in answer.secrets {
            let sealed = STANDARD.decode(&sealed).map_err(|_| message::unusable())?;
            let name = sealed_name(epoch, number);
            let context = GrantContext {
                custodian: partner,
                recipient: &self.0.organisation,
                grant_id: name.as_bytes(),
            };
            let opened = self.0.custody.wrap.open(&sealed, &context);
            secrets.push((number, Secret(*opened.map_err(failed)?.bytes())));
        }
        Ok(Held { secrets })
    }

    /// How the secrets of partners stand at this opener.
    pub(super) async fn secrets_here(
        &self,
        state: &State,
    ) -> Result<Vec<SecretsStand>, HospitalError> {
        let problems = self.0.openings.problems();
        let mut here = Vec::new();
        for organisation in state.organisations() {
            let partner = organisation.id.as_str();
            let Some(escrowed) = state.escrow(&organisation.id) else {
                continue;
            };
            if escrowed.openers.holders().contains(&self.0.organisation) {
                let held = self.held_of(partner, &escrowed).await?.is_some();
                here.push(SecretsStand {
                    partner: partner.to_owned(),
                    epoch: escrowed.epoch,
                    held,
                    problem: problems.get(partner).filter(|_| !held).cloned(),
                });
            }
        }
        Ok(here)
    }

    /// The secrets of a partner's epoch that this opener has: those it was given, or its own.
    pub(super) async fn held_of(
        &self,
        partner: &str,
        escrowed: &Escrowed,
    ) -> Result<Option<Held>, HospitalError> {
        if partner == self.0.organisation {
            let own = self.own_secrets(escrowed.openers.clone(), escrowed.epoch);
            return Ok(own.await?.and_then(|it| it.of(partner)));
        }
        let name = held_name(partner, escrowed.epoch);
        let Some(kept) = self.kept_secret(&name).await? else {
            return Ok(None);
        };
        let held = Held::from_bytes(&kept);
        held.map(Some).map_err(|_| HospitalError::Damaged {
            item: format!("setting {name}"),
            reason: "it holds no secrets".to_owned(),
        })
    }
}

fn held_name(partner: &str, epoch: u32) -> String {
    format!("escrow-held-{partner}-{epoch}")
}

/// What the seal of one secret is bound to.
fn sealed_name(epoch: u32, subset: u8) -> String {
    format!("escrow-{epoch}-{subset}")
}
