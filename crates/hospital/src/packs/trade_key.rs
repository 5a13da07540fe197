//! The key of the authorised trade: who has it can name packs as the ledger does.
//!
//! One partner makes it and puts its check value on the ledger; any partner who has it seals it to
//! any other who asks. The ledger never sees it, and who is no partner never gets it.

use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::{Kind, OrgId, Service};
use proof::Canonical;
use store::Setting;
use supply::acts::{Roles, TradeKeyBody, TradeKeyEpoch};
use supply::ids::TradeKey;
use vault::grant::{GrantContext, GrantKey};

use super::message::{KeyAnswer, KeyAsk, TRADE_KEY};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;
use crate::sharing::message;

/// The name of the setting, before the number of the key.
const NAME: &str = "trade-key-";

/// The key as this process has it: who verifies a pack does not wait for the database.
#[derive(Default)]
pub(crate) struct Desk {
    /// Held while the key is made, read or asked for.
    turn: tokio::sync::Mutex<()>,
    /// Its epoch and the key, which is wiped when another takes its place or it is let go.
    known: Mutex<Option<(u8, TradeKey)>>,
}

impl Desk {
    fn known(&self, epoch: u8) -> Option<TradeKey> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref().filter(|(of, _)| *of == epoch);
        known.map(|(_, key)| key.clone())
    }

    fn set(&self, known: Option<(u8, TradeKey)>) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

impl Hospital {
    /// The key in force. Made here if there is none yet and this organisation is a maker; asked of
    /// the other partners if it is not here.
    pub(super) async fn trade_key(&self) -> Result<TradeKey, HospitalError> {
        let state = self.fresh_state().await?;
        if let Err(error) = self.partner_here(&state) {
            // Whoever left the trade has no business with the key.
            self.0.trade.set(None);
            return Err(error);
        }
        let epoch = state.trade_key().map(|it| it.epoch);
        if let Some(key) = epoch.and_then(|epoch| self.0.trade.known(epoch)) {
            return Ok(key);
        }
        let _alone = self.0.trade.turn.lock().await;
        let (epoch, key) = self.found_trade_key().await?;
        self.0.trade.set(Some((epoch, key.clone())));
        Ok(key)
    }

    /// The key that a state names, where it is here: without a connection no partner can be asked.
    pub(super) async fn trade_key_here(
        &self,
        state: &ledger::State,
    ) -> Result<TradeKey, HospitalError> {
        self.partner_here(state)?;
        let named = state.trade_key();
        let kept = match &named {
            Some(key) => self.kept_trade_key(key.epoch).await?,
            None => None,
        };
        kept.filter(|kept| named.is_some_and(|it| it.check == kept.check()))
            .ok_or_else(|| {
                HospitalError::Busy(
                    "the key of the trade is not here yet, and no partner can be asked".into(),
                )
            })
    }

    /// The same from the database, from a partner, or made.
    async fn found_trade_key(&self) -> Result<(u8, TradeKey), HospitalError> {
        let state = self.fresh_state().await?;
        let me = self.partner_here(&state)?;
        let Some(TradeKeyEpoch { epoch, check, .. }) = state.trade_key() else {
            if !me.has_any_of(Roles::MAKER) {
                return Err(HospitalError::request(
                    "business-rule",
                    "no maker has opened the trade on this ledger yet",
                    "the first pack that a maker commissions does it",
                ));
            }
            return self.open_trade().await;
        };
        // One that was made here and did not become the ledger's is none.
        let kept = self.kept_trade_key(epoch).await?;
        if let Some(key) = kept.filter(|key| key.check() == check) {
            return Ok((epoch, key));
        }
        for partner in state.organisations() {
            let them = state.partner(&partner.id);
            if partner.id.as_str() == self.0.organisation || them.is_empty() {
                continue;
            }
            match self.ask_trade_key(partner.id.as_str(), epoch).await {
                Ok(key) if key.check() == check => {
                    self.keep_trade_key(epoch, &key).await?;
                    return Ok((epoch, key));
                }
                Ok(_) => tracing::warn!(partner = %partner.id, "gave another key of the trade"),
                Err(error) => tracing::info!(partner = %partner.id, %error, "gives no key"),
            }
        }
        Err(HospitalError::Busy(
            "no partner who has the key of the trade answers".into(),
        ))
    }

    /// What this organisation may do in the trade; refused for one that has no part in it.
    pub(super) fn partner_here(&self, state: &ledger::State) -> Result<Roles, HospitalError> {
        let roles = self.0.id.as_ref().map(|id| state.partner(id));
        let roles = roles.filter(|roles| !roles.is_empty());
        roles.ok_or_else(|| {
            HospitalError::Forbidden(format!(
                "{} is no authorised trading partner: members vote on that",
                self.0.organisation
            ))
        })
    }

    /// Makes the first key. It is kept before the ledger hears of it; one that was kept and of
    /// which the ledger did not hear in time is taken again, since it may hear of it yet.
    async fn open_trade(&self) -> Result<(u8, TradeKey), HospitalError> {
        let epoch = 1;
        let key = match self.kept_trade_key(epoch).await? {
            Some(key) => key,
            None => TradeKey(vault::random().map_err(failed)?),
        };
        self.keep_trade_key(epoch, &key).await?;
        let body = TradeKeyBody {
            epoch,
            check: key.check(),
        };
        let sent = self
            .sign_and_submit(Kind::TradeKey as u8, body.to_bytes(), |_| async { Ok(()) })
            .await;
        let sent = match sent {
            Ok(id) => self.enacted(&id).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            // Another maker was faster: then this key is none.
            if matches!(error, HospitalError::Request { .. }) {
                self.0.store.drop_setting(&name(epoch)).await?;
            }
            return Err(error);
        }
        Ok((epoch, key))
    }

    async fn kept_trade_key(&self, epoch: u8) -> Result<Option<TradeKey>, HospitalError> {
        let name = name(epoch);
        let Some(setting) = self.0.store.setting(&name).await? else {
            return Ok(None);
        };
        let damaged = || HospitalError::Damaged {
            item: format!("setting {name}"),
            reason: "it does not open".to_owned(),
        };
        let opened = self.0.keyring.root().open_secret(&name, &setting.value);
        let opened = opened.map_err(|_| damaged())?;
        let bytes = <[u8; 32]>::try_from(opened.as_slice()).map_err(|_| damaged())?;
        Ok(Some(TradeKey(bytes)))
    }

    async fn keep_trade_key(&self, epoch: u8, key: &TradeKey) -> Result<(), HospitalError> {
        let (name, root) = (name(epoch), self.0.keyring.root());
        let value = root.seal_secret(&name, &key.0).map_err(failed)?;
        let setting = Setting {
            integrity: root.mark("settings", &[name.as_bytes(), &value]).to_vec(),
            name,
            value,
        };
        Ok(self.0.store.put_setting(setting).await?)
    }

    async fn ask_trade_key(&self, partner: &str, epoch: u8) -> Result<TradeKey, HospitalError> {
        let reply = self.call(partner, TRADE_KEY, &KeyAsk { epoch }).await?;
        let answer: KeyAnswer = message::read(&reply)?;
        let sealed = STANDARD.decode(&answer.sealed);
        let sealed = sealed.map_err(|_| message::unusable())?;
        let name = name(epoch);
        let context = GrantContext {
            custodian: partner,
            recipient: &self.0.organisation,
            grant_id: name.as_bytes(),
        };
        let opened = self
            .0
            .custody
            .wrap
            .open(&sealed, &context)
            .map_err(failed)?;
        Ok(TradeKey(*opened.bytes()))
    }

    /// Answers a partner who asks for the key of the trade.
    pub(crate) async fn answer_trade_key(
        &self,
        from: &str,
        ask: &KeyAsk,
    ) -> Result<KeyAnswer, HospitalError> {
        let absent = || HospitalError::Absent("a key of the trade".into());
        let state = self.fresh_state().await?;
        let id: OrgId = from.parse().map_err(|_| absent())?;
        if state.partner(&id).is_empty() {
            return Err(HospitalError::Forbidden(
                "only an authorised trading partner gets the key".into(),
            ));
        }
        let service: Service = state.service(&id).ok_or_else(absent)?;
        let key = self.kept_trade_key(ask.epoch).await?.ok_or_else(absent)?;
        let name = name(ask.epoch);
        let context = GrantContext {
            custodian: &self.0.organisation,
            recipient: from,
            grant_id: name.as_bytes(),
        };
        let sealed = GrantKey::from_bytes(key.0).seal_to(&service.xwing_key, &context);
        Ok(KeyAnswer {
            sealed: STANDARD.encode(sealed.map_err(failed)?),
        })
    }
}

fn name(epoch: u8) -> String {
    format!("{NAME}{epoch}")
}
