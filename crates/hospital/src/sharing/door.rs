//! Calls of other organisations, and calls to them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ledger::OrgId;
use peers::{Answer, Call, Handler, Peer, Peers, Registry, Reply};
use proof::Digest;
use serde::{Deserialize, Serialize};

use super::message;
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::packs::dscsa;
use crate::packs::message::{ESCROW, OPENING, PACKS, TRACE, TRADE_KEY};
use crate::setup::Hospital;
use crate::trials::message::{DECISION, QUERY, RESULTS, ROWS, SHARES, SIGNATURES, SLOTS, TRIAL};

/// How long a call to another organisation may take, the finality of a disclosure included.
const CALL_WAIT: Duration = Duration::from_secs(20);

/// A failure as it is told to the other organisation: a code and words, never a patient's data.
#[derive(Debug, Serialize, Deserialize)]
struct Refusal {
    code: String,
    text: String,
}

/// What this organisation answers to the others.
#[derive(Debug)]
struct Door(Hospital);

/// Keys and addresses as the ledger's state has them at each question.
#[derive(Debug)]
struct Members(Hospital);

impl Hospital {
    /// The registry of members for the links of this node.
    pub fn registry(&self) -> Arc<dyn Registry> {
        Arc::new(Members(self.clone()))
    }

    /// What answers the other organisations.
    pub fn peer_handler(&self) -> Arc<dyn Handler> {
        Arc::new(Door(self.clone()))
    }

    /// Gives the links by which this organisation calls others. Only the first ones count.
    pub fn connect(&self, peers: Arc<Peers>) {
        let _ = self.0.peers.set(peers);
    }

    /// Calls another organisation.
    pub(crate) async fn call<T: Serialize + Sync>(
        &self,
        organisation: &str,
        path: &str,
        ask: &T,
    ) -> Result<Bytes, HospitalError> {
        let unreachable = |text: String| HospitalError::Busy(text);
        let peers = self.0.peers.get();
        let peers = peers.ok_or_else(|| unreachable("this node has no links".into()))?;
        let body = message::write(ask)?;
        let reply = peers
            .call(organisation, path, body, CALL_WAIT)
            .await
            .map_err(|error| unreachable(error.to_string()))?;
        if reply.status == 200 {
            return Ok(reply.body);
        }
        let refusal: Refusal = message::read(&reply.body)?;
        Err(HospitalError::Elsewhere {
            organisation: organisation.to_owned(),
            code: refusal.code,
            text: refusal.text,
        })
    }

    /// Logs an act of this organisation's own people that is not one under `/fhir`.
    pub(super) async fn log_own(
        &self,
        caller: &Caller,
        patient: &str,
        act: &str,
        basis: Option<&Digest>,
    ) -> Result<(), HospitalError> {
        let agent = AccessAgent {
            user: caller.username.clone(),
            role: caller.role.to_string(),
            ..AccessAgent::default()
        };
        let access = Access {
            patient: Some(patient.to_owned()),
            basis: basis.map(ToString::to_string),
            ..Access::new(agent, AccessDeed::Operation(act.to_owned()), self.now_us())
        };
        self.record_access(access).await.map(|_| ())
    }

    async fn answered(&self, from: &str, path: &str, body: &[u8]) -> Result<Bytes, HospitalError> {
        if body.len() > message::BYTES_MAX {
            return Err(message::unusable());
        }
        match path {
            message::LINK => {
                let ask = message::read(body)?;
                message::write(&self.answer_link(from, &ask).await?)
            }
            message::GRANT => {
                self.hold_grant(from, &message::read(body)?).await?;
                message::write(&())
            }
            message::WITHDRAWN => {
                self.forget_grant(from, &message::read(body)?).await?;
                message::write(&())
            }
            message::READ => {
                let ask = message::read(body)?;
                message::write(&self.disclose(from, ask).await?)
            }
            message::GLASS => {
                let ask = message::read(body)?;
                message::write(&self.answer_glass(from, ask).await?)
            }
            message::LOCATE => {
                let ask = message::read(body)?;
                message::write(&self.answer_locate(from, ask).await?)
            }
            message::REQUEST => {
                let ask = message::read(body)?;
                message::write(&self.answer_request(from, ask).await?)
            }
            message::ERASE => {
                self.answer_erasure(from, &message::read(body)?).await?;
                message::write(&())
            }
            TRADE_KEY => {
                let ask = message::read(body)?;
                message::write(&self.answer_trade_key(from, &ask).await?)
            }
            TRACE => {
                let ask = message::read(body)?;
                message::write(&self.answer_trace(from, &ask).await?)
            }
            ESCROW => {
                let ask = message::read(body)?;
                message::write(&self.answer_escrow(from, &ask).await?)
            }
            OPENING => {
                let ask = message::read(body)?;
                message::write(&self.answer_opening(from, &ask).await?)
            }
            PACKS => {
                self.answer_packs(from, &message::read(body)?).await?;
                message::write(&())
            }
            TRIAL => {
                self.answer_trial(from, message::read(body)?).await?;
                message::write(&())
            }
            ROWS => {
                let ask = message::read(body)?;
                message::write(&Box::pin(self.answer_rows(from, ask)).await?)
            }
            DECISION => {
                let ask = message::read(body)?;
                message::write(&self.answer_decision(from, &ask).await?)
            }
            RESULTS => {
                let ask = message::read(body)?;
                message::write(&self.answer_results(from, &ask).await?)
            }
            SIGNATURES => {
                let ask = message::read(body)?;
                message::write(&Box::pin(self.answer_signatures(from, ask)).await?)
            }
            SLOTS => {
                let ask = message::read(body)?;
                message::write(&Box::pin(self.answer_slots(from, &ask)).await?)
            }
            SHARES => {
                let ask = message::read(body)?;
                message::write(&Box::pin(self.answer_shares(from, ask)).await?)
            }
            QUERY => {
                let call = message::read(body)?;
                message::write(&Box::pin(self.answer_trial_query(from, call)).await?)
            }
            path if dscsa::is_call(path) => Box::pin(self.answer_dscsa(from, path, body)).await,
            _ => Err(HospitalError::Absent("a call of this name".into())),
        }
    }
}

impl Handler for Door {
    fn handle(&self, from: String, call: Call) -> Answer<'_> {
        let hospital = self.0.clone();
        Box::pin(async move {
            match hospital.answered(&from, &call.path, &call.body).await {
                Ok(body) => Reply { status: 200, body },
                Err(error) => {
                    tracing::info!(
                        from,
                        path = call.path,
                        code = code(&error),
                        "a call refused"
                    );
                    refused(&error)
                }
            }
        })
    }
}

impl Registry for Members {
    fn organisation_of(&self, key: &[u8; 32]) -> Option<String> {
        let state = self.0.0.chain.state();
        let members = state.organisations();
        let found = members.into_iter().find(|member| {
            let service = state.service(&member.id);
            service.is_some_and(|it| it.tls_key.0 == *key)
        });
        found.map(|member| member.id.to_string())
    }

    fn find(&self, organisation: &str) -> Option<Peer> {
        let id: OrgId = organisation.parse().ok()?;
        let state = self.0.0.chain.state();
        state.organisation(&id)?;
        let service = state.service(&id)?;
        Some(Peer {
            address: service.address,
            key: service.tls_key.0,
        })
    }
}

fn refused(error: &HospitalError) -> Reply {
    let status = match error {
        HospitalError::Absent(_) | HospitalError::Gone { .. } => 404,
        HospitalError::Forbidden(_) => 403,
        HospitalError::Busy(_) | HospitalError::DiskFull => 503,
        HospitalError::Damaged { .. } | HospitalError::Internal(_) => 500,
        _ => 400,
    };
    // What went wrong inside is for this organisation's own log.
    let text = if status == 500 {
        "the custodian could not answer".to_owned()
    } else {
        error.to_string()
    };
    let refusal = Refusal {
        code: code(error).to_owned(),
        text,
    };
    Reply {
        status,
        body: message::write(&refusal).unwrap_or_default(),
    }
}

fn code(error: &HospitalError) -> &'static str {
    match error {
        HospitalError::Absent(_) | HospitalError::Gone { .. } => "not-found",
        HospitalError::Forbidden(_) => "forbidden",
        HospitalError::Busy(_) | HospitalError::DiskFull => "transient",
        HospitalError::Request { code, .. } => code,
        HospitalError::Damaged { .. } | HospitalError::Internal(_) => "exception",
        _ => "invalid",
    }
}

/// A failure of a link, for callers that report it beside the answers of others.
pub(super) fn reason(error: &HospitalError) -> String {
    match error {
        HospitalError::Elsewhere { text, .. } => text.clone(),
        other => other.to_string(),
    }
}
