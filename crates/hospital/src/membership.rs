//! The organisation's voice in the consortium: proposals, votes and the trust file.

use ledger::{Kind, Proposal, Propose, State, Vote};
use proof::{Canonical, Digest, checkpoint, policy};

use crate::error::HospitalError;
use crate::setup::Hospital;

impl Hospital {
    /// Proposes a change of members, validators or parameters. Answers the transaction's id.
    pub async fn propose(&self, proposal: Proposal) -> Result<Digest, HospitalError> {
        let body = Propose { proposal }.to_bytes();
        self.sign_and_submit(Kind::Propose as u8, body, |_| async { Ok(()) })
            .await
    }

    /// Votes on a proposal. Answers the transaction's id.
    pub async fn vote(&self, proposal: Digest, approve: bool) -> Result<Digest, HospitalError> {
        let body = Vote { proposal, approve }.to_bytes();
        self.sign_and_submit(Kind::Vote as u8, body, |_| async { Ok(()) })
            .await
    }

    /// The trust file of the ledger as it stands: who signs, and how many are enough.
    pub fn trust(&self) -> Result<String, HospitalError> {
        trust_policy(&self.0.chain.state(), &self.0.chain_id)
    }
}

/// The trust file of a state: a C2SP `tlog-policy`.
pub fn trust_policy(state: &State, chain_id: &Digest) -> Result<String, HospitalError> {
    let origin = checkpoint::origin(chain_id);
    let issuers: Vec<_> = state
        .organisations()
        .iter()
        .map(|member| member.checkpoint_key)
        .collect();
    let validators = state.validators();
    let validators: Vec<_> = validators
        .iter()
        .map(|member| (member.id.as_str(), member.checkpoint_key))
        .collect();
    policy::render(&origin, &issuers, &validators)
        .map_err(|error| HospitalError::Internal(format!("the trust file: {error}")))
}
