//! Rows that are good for a while, sealed by a mark.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{ClientRow, Kept, Ticket, TicketKind};

use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// Most rows of one kind. Codes, sessions and launches need a signed-in user; the ids of
/// assertions a registered key.
fn most(kind: TicketKind) -> u32 {
    match kind {
        TicketKind::Session | TicketKind::Launch => 20_000,
        TicketKind::Code | TicketKind::Revoked => 100_000,
        TicketKind::Refresh | TicketKind::Assertion => 200_000,
    }
}

/// 256 random bits as text.
pub(super) fn secret() -> Result<String, HospitalError> {
    Ok(URL_SAFE_NO_PAD.encode(vault::random::<32>().map_err(failed)?))
}

/// What is kept of a secret.
pub(super) fn digest(secret: &str) -> [u8; 32] {
    proof::sha256(secret.as_bytes()).0
}

/// The mark of a ticket.
pub(crate) fn ticket_mark(root: &vault::RootKey, ticket: &Ticket) -> [u8; 32] {
    root.mark(
        "tickets",
        &[
            &[ticket.kind.number(), u8::from(ticket.used)],
            &ticket.digest,
            ticket.family.as_bytes(),
            &ticket.expires_us.to_be_bytes(),
            &ticket.body,
        ],
    )
}

/// The mark of a registered client.
pub(crate) fn client_mark(root: &vault::RootKey, row: &ClientRow) -> [u8; 32] {
    root.mark("clients", &[row.id.as_bytes(), &row.body])
}

pub(super) fn written(value: &impl Serialize) -> Result<Vec<u8>, HospitalError> {
    serde_json::to_vec(value).map_err(|error| HospitalError::Internal(error.to_string()))
}

pub(super) fn damaged(item: &str) -> HospitalError {
    HospitalError::Damaged {
        item: item.to_owned(),
        reason: "its row was changed outside Salus".to_owned(),
    }
}

impl Hospital {
    /// Keeps something under a secret or a name; `false`: that is known already.
    pub(super) async fn keep(
        &self,
        kind: TicketKind,
        secret: &str,
        family: &str,
        expires_us: i64,
        body: &impl Serialize,
    ) -> Result<bool, HospitalError> {
        let mut ticket = Ticket {
            kind,
            digest: digest(secret),
            family: family.to_owned(),
            used: false,
            expires_us,
            body: written(body)?,
            integrity: Vec::new(),
        };
        ticket.integrity = ticket_mark(self.0.keyring.root(), &ticket).to_vec();
        let kept = self
            .0
            .store
            .put_ticket(ticket, self.now_us(), most(kind))
            .await?;
        match kept {
            Kept::Stored => Ok(true),
            Kept::Known => Ok(false),
            Kept::Full => Err(HospitalError::Busy(
                "the authorization server remembers as much as it may: try again later".into(),
            )),
        }
    }

    /// What is kept under a secret, used or not, while it is good.
    pub(super) async fn kept<T: DeserializeOwned>(
        &self,
        kind: TicketKind,
        secret: &str,
    ) -> Result<Option<(Ticket, T)>, HospitalError> {
        let Some(ticket) = self.0.store.ticket(kind, digest(secret)).await? else {
            return Ok(None);
        };
        if !vault::keys::same(
            &ticket_mark(self.0.keyring.root(), &ticket),
            &ticket.integrity,
        ) {
            return Err(damaged("a ticket of the authorization server"));
        }
        if ticket.expires_us <= self.now_us() {
            return Ok(None);
        }
        let body = serde_json::from_slice(&ticket.body)
            .map_err(|_| damaged("a ticket of the authorization server"))?;
        Ok(Some((ticket, body)))
    }

    /// Uses a ticket up. Of several at the same time one gets `true`.
    pub(super) async fn use_up(&self, mut ticket: Ticket) -> Result<bool, HospitalError> {
        ticket.used = true;
        self.rewrite(ticket).await
    }

    /// Writes an unused ticket again, with a new mark.
    pub(super) async fn rewrite(&self, mut ticket: Ticket) -> Result<bool, HospitalError> {
        ticket.integrity = ticket_mark(self.0.keyring.root(), &ticket).to_vec();
        Ok(self.0.store.replace_unused_ticket(ticket).await?)
    }
}
