//! The secrets of this partner: announced on the ledger, and what openings of locks are drawn from.
//!
//! The seed of an epoch is on disk before the ledger hears of its check values. As long as there is
//! a seed for the epoch after the one on the ledger, the announcement is under way: nobody knows
//! which secrets the next block puts in force, so no lock is set, and the announcement is sent
//! again until the ledger has it. It is sent while no other transaction of this organisation is
//! under way: so the locks of one block are never of two epochs.

use std::time::Duration;

use ledger::{Kind, OrgId, State};
use proof::Canonical;
use proof::transaction::id_of;
use supply::acts::{Escrow, Openers};
use supply::escrow::{Place, Secrets};
use supply::ids::Opening;
use tokio::time::{Instant, timeout_at};

use crate::error::HospitalError;
use crate::keyring::failed;
use crate::pen::Numbered;
use crate::setup::Hospital;

/// How long the transactions before an announcement are waited for.
const SETTLED_WAIT: Duration = Duration::from_secs(10);

/// What gives the items of one transaction their openings.
pub(in crate::packs) struct Openings {
    /// Random ones, where no secrets are announced.
    dice: Vec<Opening>,
    beside: Opening,
    escrow: Option<(Secrets, Numbered)>,
}

impl Openings {
    /// That of an item; that of [`Place::BESIDE`] stands beside the items.
    pub(in crate::packs) fn at(&self, item: usize) -> Opening {
        let Ok(index) = u16::try_from(item) else {
            return Opening::NONE;
        };
        if let Some((secrets, number)) = &self.escrow {
            return secrets.opening(&Place {
                sender: number.sender,
                sequence: number.sequence,
                index,
            });
        }
        if index == Place::BESIDE {
            return self.beside;
        }
        self.dice.get(item).copied().unwrap_or(Opening::NONE)
    }
}

impl Hospital {
    /// The openings of a transaction that sets so many locks: those of its number, where this
    /// partner has announced secrets. Whoever asks holds the pen.
    pub(in crate::packs) async fn openings_of(
        &self,
        number: Numbered,
        items: usize,
    ) -> Result<Openings, HospitalError> {
        let state = self.0.chain.state();
        let escrow = match self.0.id.as_ref() {
            Some(id) if items > 0 => self.secrets_in_force(&state, id).await?,
            _ => None,
        };
        let mut dice = Vec::new();
        if escrow.is_none() {
            dice.reserve(items);
            for _ in 0..items {
                dice.push(Opening(vault::random().map_err(failed)?));
            }
        }
        Ok(Openings {
            dice,
            beside: Opening(vault::random().map_err(failed)?),
            escrow: escrow.map(|secrets| (secrets, number)),
        })
    }

    /// The secrets by which the openings of the next transaction are drawn.
    async fn secrets_in_force(
        &self,
        state: &State,
        id: &OrgId,
    ) -> Result<Option<Secrets>, HospitalError> {
        let escrowed = state.escrow(id);
        let epoch = escrowed.as_ref().map_or(0, |it| it.epoch);
        if self.kept_secret(&seed_name(epoch + 1)).await?.is_some() {
            return Err(under_way());
        }
        let Some(escrowed) = escrowed else {
            return Ok(None);
        };
        let secrets = self.own_secrets(escrowed.openers, epoch).await?;
        let fits = |it: &Secrets| it.checks(&self.0.organisation) == escrowed.checks;
        secrets.filter(fits).map(Some).ok_or_else(under_way)
    }

    /// The secrets of an epoch of this partner, if the seed is here.
    pub(super) async fn own_secrets(
        &self,
        openers: Openers,
        epoch: u32,
    ) -> Result<Option<Secrets>, HospitalError> {
        let seed = self.escrow_seed(epoch).await?;
        Ok(seed.map(|seed| Secrets::derive(openers, &seed, epoch)))
    }

    async fn escrow_seed(&self, epoch: u32) -> Result<Option<[u8; 32]>, HospitalError> {
        let name = seed_name(epoch);
        let Some(kept) = self.kept_secret(&name).await? else {
            return Ok(None);
        };
        let seed = <[u8; 32]>::try_from(kept.as_slice());
        seed.map(Some).map_err(|_| HospitalError::Damaged {
            item: format!("setting {name}"),
            reason: "it has another length".to_owned(),
        })
    }

    /// Announces secrets for the openers in force, unless those announced are for them. A partner
    /// sets no lock before.
    pub(in crate::packs) async fn announce_escrow(&self) -> Result<(), HospitalError> {
        let Some((id, openers)) = self.missing_escrow().await? else {
            return Ok(());
        };
        let _pen = self.0.pen.lock().await;
        self.settled().await?;
        // Another task may have done it meanwhile.
        if self.missing_escrow().await?.is_none() {
            return Ok(());
        }
        let epoch = self.0.chain.state().escrow(&id).map_or(0, |it| it.epoch) + 1;
        let seed = if let Some(seed) = self.escrow_seed(epoch).await? {
            seed
        } else {
            let seed: [u8; 32] = vault::random().map_err(failed)?;
            self.keep_secret(seed_name(epoch), &seed).await?;
            seed
        };
        let secrets = Secrets::derive(openers, &seed, epoch);
        let checks = secrets.checks(&self.0.organisation);
        let body = Escrow { checks }.to_bytes();
        let bytes = self.signed(Kind::Escrow as u8, self.number(), body);
        let transaction = id_of(&bytes);
        self.submit(bytes).await?;
        self.enacted(&transaction).await?;
        tracing::info!(epoch, "announced the secrets of this organisation's locks");
        self.0.openings.wanted.notify_one();
        Ok(())
    }

    /// The openers for whom this partner has no secrets on the ledger, or none that it knows.
    async fn missing_escrow(&self) -> Result<Option<(OrgId, Openers)>, HospitalError> {
        let state = self.0.chain.state();
        let (Some(id), Some(openers)) = (self.0.id.clone(), state.openers()) else {
            return Ok(None);
        };
        if state.partner(&id).is_empty() {
            return Ok(None);
        }
        let for_these = state.escrow(&id).is_some_and(|it| it.openers == openers);
        let stands = for_these && self.secrets_in_force(&state, &id).await.is_ok();
        Ok((!stands).then_some((id, openers)))
    }

    /// Waits until every transaction of this organisation has its place. Whoever waits holds the
    /// pen, so that no other comes.
    async fn settled(&self) -> Result<(), HospitalError> {
        let until = Instant::now() + SETTLED_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            let Numbered { sender, sequence } = self.number();
            if self.0.chain.state().sequence(&sender) + 1 == sequence {
                return Ok(());
            }
            if !matches!(timeout_at(until, blocks.changed()).await, Ok(Ok(()))) {
                return Err(HospitalError::Busy(
                    "transactions of this organisation wait for the ledger".into(),
                ));
            }
        }
    }
}

fn seed_name(epoch: u32) -> String {
    format!("escrow-seed-{epoch}")
}

fn under_way() -> HospitalError {
    HospitalError::Busy("the secrets of this organisation's locks are being announced".into())
}
