//! What was revoked before its time. In memory whole, so that every request sees it at once; on
//! disk, so that a restart forgets nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::{Store, TicketKind};

use super::SECOND_US;
use super::tickets::{damaged, digest, ticket_mark};
use crate::error::HospitalError;
use crate::keyring::Keyring;
use crate::setup::Hospital;

/// Digests of what was revoked, with the time when it would have ended by itself.
#[derive(Default)]
pub(crate) struct Revoked(Mutex<HashMap<[u8; 32], i64>>);

impl Revoked {
    /// Reads what the database remembers. Blocks until it is read.
    pub(crate) fn open(store: &Store, keyring: &Keyring) -> Result<Self, HospitalError> {
        let rows = futures::executor::block_on(store.tickets(TicketKind::Revoked))?;
        let mut known = HashMap::with_capacity(rows.len());
        for row in rows {
            if !vault::keys::same(&ticket_mark(keyring.root(), &row), &row.integrity) {
                return Err(damaged("a revocation"));
            }
            known.insert(row.digest, row.expires_us);
        }
        Ok(Self(Mutex::new(known)))
    }

    fn has(&self, name: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&digest(name))
    }

    fn add(&self, name: &str, until_us: i64, now_us: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The table holds as many at most: what it forgot is forgotten here too.
        known.retain(|_, until| *until >= now_us);
        known.insert(digest(name), until_us);
    }
}

fn token(id: &str) -> String {
    format!("token {id}")
}

fn family(id: &str) -> String {
    format!("family {id}")
}

fn client(id: &str) -> String {
    format!("client {id}")
}

impl Hospital {
    /// Whether an access token was revoked: itself, its authorization or its client.
    pub fn is_revoked(&self, token_id: &str, family_id: &str, client_id: &str) -> bool {
        let revoked = &self.0.revoked;
        revoked.has(&token(token_id))
            || (!family_id.is_empty() && revoked.has(&family(family_id)))
            || (!client_id.is_empty() && revoked.has(&client(client_id)))
    }

    /// Revokes one access token.
    pub async fn revoke_token(&self, token_id: &str, expires_s: i64) -> Result<(), HospitalError> {
        let until_us = expires_s.saturating_add(60).saturating_mul(SECOND_US);
        self.revoke(&token(token_id), until_us).await
    }

    /// Revokes an authorization: its access tokens and its refresh tokens.
    pub async fn revoke_family(&self, family_id: &str) -> Result<(), HospitalError> {
        let life_us = (super::OFFLINE_LIFE_S + 86_400) * SECOND_US;
        self.revoke(&family(family_id), self.now_us().saturating_add(life_us))
            .await?;
        Ok(self.0.store.drop_family(family_id).await?)
    }

    /// Ends all that was issued to a client.
    pub(super) async fn revoke_client(&self, client_id: &str) -> Result<(), HospitalError> {
        let life_us = (super::OFFLINE_LIFE_S + 86_400) * SECOND_US;
        self.revoke(&client(client_id), self.now_us().saturating_add(life_us))
            .await
    }

    async fn revoke(&self, name: &str, until_us: i64) -> Result<(), HospitalError> {
        // Memory first: from now on no request passes, whatever the disk says.
        self.0.revoked.add(name, until_us, self.now_us());
        self.keep(TicketKind::Revoked, name, "", until_us, &())
            .await
            .map(|_| ())
    }
}
