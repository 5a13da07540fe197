//! Refresh tokens. Each is good once and gives the next; one that comes again was stolen, or its
//! thief was faster: the whole family ends. RFC 9700 4.14.

use store::TicketKind;

use super::SECOND_US;
use super::clients::Client;
use super::codes::Grant;
use super::tickets::secret;
use crate::error::HospitalError;
use crate::scopes::{Scope, Scopes};
use crate::setup::Hospital;

/// An authorization with `offline_access` ends after this time in any case.
pub const OFFLINE_LIFE_S: i64 = 90 * 86_400;

fn invalid(text: &str) -> HospitalError {
    HospitalError::refused("invalid_grant", text)
}

impl Hospital {
    /// A refresh token for a grant.
    pub async fn issue_refresh(&self, grant: &Grant) -> Result<String, HospitalError> {
        let token = secret()?;
        let (kind, family) = (TicketKind::Refresh, &grant.family);
        self.keep(kind, &token, family, grant.until_us, grant)
            .await?;
        Ok(token)
    }

    /// The grant behind a refresh token, used or not: for introspection and revocation.
    pub async fn refresh_grant(&self, token: &str) -> Result<Option<(Grant, bool)>, HospitalError> {
        let found = self.kept::<Grant>(TicketKind::Refresh, token).await?;
        Ok(found.map(|(ticket, grant)| {
            let over = ticket.used || self.is_revoked("", &grant.family, &grant.client);
            (grant, !over)
        }))
    }

    /// Uses a refresh token up: the grant, with the scopes asked for, which may only be fewer.
    pub async fn redeem_refresh(
        &self,
        client: &Client,
        token: &str,
        asked: Option<&str>,
    ) -> Result<(Grant, Scopes), HospitalError> {
        let found = self.kept::<Grant>(TicketKind::Refresh, token).await?;
        let Some((ticket, grant)) = found else {
            let text = "the refresh token is not known or has expired";
            return Err(self.unknown_secret(&client.id, text));
        };
        if grant.client != client.id {
            return Err(invalid("the refresh token was issued to another client"));
        }
        if ticket.used {
            self.revoke_family(&grant.family).await?;
            let text = "the refresh token was used before: all that came of it is revoked";
            return Err(invalid(text));
        }
        if self.is_revoked("", &grant.family, &grant.client) {
            return Err(invalid("the authorization was revoked"));
        }
        let scopes = self.still_granted(&grant).await?;
        let narrowed = match asked {
            None => scopes,
            Some(text) => {
                let asked: Scopes = text.parse().map_err(|error: crate::scopes::ScopeError| {
                    HospitalError::refused("invalid_scope", error.to_string())
                })?;
                // RFC 6749 6: nothing that was not granted.
                if asked.is_empty() || !scopes.holds(&asked) {
                    let text = "a refresh can only ask for scopes that were granted";
                    return Err(HospitalError::refused("invalid_scope", text));
                }
                asked
            }
        };
        if !self.use_up(ticket).await? {
            self.revoke_family(&grant.family).await?;
            return Err(invalid("the refresh token was used before"));
        }
        Ok((grant, narrowed))
    }

    /// What of a grant the user and the client still may: roles change, sessions end.
    async fn still_granted(&self, grant: &Grant) -> Result<Scopes, HospitalError> {
        let user = self.user(&grant.username).await?;
        let Some(user) = user.filter(|user| user.role.name() == grant.role) else {
            return Err(invalid("the user is gone or has another role"));
        };
        let granted: Scopes = grant
            .scope
            .parse()
            .map_err(|_| super::tickets::damaged("a refresh token"))?;
        if !granted.has(&Scope::OfflineAccess) {
            let session = grant.session.as_deref().unwrap_or("");
            if !self.session_lives(session).await? {
                return Err(invalid("the session of the user has ended"));
            }
        }
        if grant.until_us <= self.now_us().saturating_add(SECOND_US) {
            return Err(invalid("the authorization has ended"));
        }
        Ok(granted.meet(&Scopes::of_role(user.role)))
    }
}
