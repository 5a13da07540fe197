//! At an opener: a question comes in, an officer decides, and only then is it answered.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::Kind;
use proof::{Canonical, Digest};
use supply::acts::{Asked, Inquiry};
use tokio::time::{Instant, timeout_at};

use super::ask::escrow_at;
use super::rows::{Decided, Question, ReceivedRow, Reply, Row};
use super::{OFFICER_BYTES_MAX, PURSUED_MAX, officer, reasoned};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::packs::order::refused;
use crate::setup::Hospital;
use crate::sharing::message;

/// How long a question that is not on the ledger here is waited for.
const BEHIND_WAIT: Duration = Duration::from_secs(5);
/// Open questions of one organisation that are kept.
const OPEN_MAX: usize = 100;

/// What an officer says to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningDecision {
    /// It is answered.
    Approve,
    /// It is not.
    Decline {
        /// Why, in words: who asked is told.
        reason: String,
    },
}

impl Hospital {
    /// Takes a question of an organisation, and answers what was decided so far.
    pub(crate) async fn answer_opening(
        &self,
        from: &str,
        question: &Question,
    ) -> Result<Reply, HospitalError> {
        let id = question.id()?;
        let state = self.fresh_state().await?;
        let Some((row, _)) = self.received_opening(&id).await? else {
            self.receive(from, question, &state).await?;
            return Ok(Reply::Waiting);
        };
        if row.from != from || row.question != *question {
            return Err(HospitalError::Forbidden(
                "another question has this id".into(),
            ));
        }
        match row.decided {
            Decided::Open => Ok(Reply::Waiting),
            Decided::Declined { reason, .. } => Ok(Reply::Declined { reason }),
            Decided::Approved { officer, .. } => {
                let me = self.0.id.as_ref();
                if me.is_none_or(|me| state.inquiry_answered(&id, me).is_none()) {
                    return Ok(Reply::Waiting);
                }
                let shares = self.shares(question, &state).await?;
                Ok(Reply::Given { officer, shares })
            }
        }
    }

    /// Keeps a question that the ledger knows, about a hand-over that is there.
    async fn receive(
        &self,
        from: &str,
        question: &Question,
        state: &ledger::State,
    ) -> Result<(), HospitalError> {
        reasoned(&question.reason)?;
        if question.officer.len() > OFFICER_BYTES_MAX {
            return Err(message::unusable());
        }
        let at = question.spot.with(question.unit()?);
        let handed = self.handed_at(&at, state).await?;
        let asked = self.inquiry_soon(&question.id()?).await?;
        let commitment = question.commitment(&handed.place)?;
        if asked.asker != from || asked.question != commitment {
            return Err(no_question());
        }
        self.shares(question, state).await?;
        let rows = self.latest_openings(PURSUED_MAX).await?;
        let open = rows.iter().filter(|(row, _)| {
            matches!(row, Row::Received(it) if it.from == from && it.decided == Decided::Open)
        });
        if open.count() >= OPEN_MAX {
            return Err(HospitalError::Busy(format!(
                "{OPEN_MAX} questions of yours wait here for a decision"
            )));
        }
        let row = ReceivedRow {
            question: question.clone(),
            from: from.to_owned(),
            partner: handed.partner,
            decided: Decided::Open,
        };
        let now_us = self.now_us();
        self.keep_opening(&Row::Received(Box::new(row)), now_us)
            .await
    }

    /// An inquiry: the asker's node may be a block ahead of this one.
    async fn inquiry_soon(&self, id: &Digest) -> Result<Asked, HospitalError> {
        let until = Instant::now() + BEHIND_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            if let Some(asked) = self.0.chain.state().inquiry(id) {
                return Ok(asked);
            }
            if !matches!(timeout_at(until, blocks.changed()).await, Ok(Ok(()))) {
                return Err(no_question());
            }
        }
    }

    /// This opener's shares of exactly the opening that is asked about, in base64.
    async fn shares(
        &self,
        question: &Question,
        state: &ledger::State,
    ) -> Result<String, HospitalError> {
        let at = question.spot.with(question.unit()?);
        let handed = self.handed_at(&at, state).await?;
        let escrowed = escrow_at(state, &handed.partner, handed.height);
        let escrowed = escrowed.ok_or_else(|| {
            refused("no secrets were announced when this was handed over".to_owned())
        })?;
        let held = self.held_of(&handed.partner, &escrowed).await?;
        let held = held.ok_or_else(|| {
            HospitalError::Busy(format!("the secrets of {} are not here", handed.partner))
        })?;
        Ok(STANDARD.encode(held.answer(&handed.place).to_bytes()))
    }

    /// An officer decides about a question of another organisation, or of another officer here.
    pub async fn decide_opening(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &Digest,
        decision: &OpeningDecision,
    ) -> Result<(), HospitalError> {
        officer(caller)?;
        let _alone = self.0.openings.deciding.lock().await;
        let found = self.received_opening(id).await?;
        let (mut row, at_us) =
            found.ok_or_else(|| HospitalError::Absent("a question of this id".into()))?;
        if row.decided != Decided::Open {
            return Err(HospitalError::request(
                "conflict",
                "this question is decided",
                "GET /packs/openings says how",
            ));
        }
        let officer = self.practitioner_pseudonym(caller);
        if row.from == self.0.organisation && row.question.officer == officer {
            return Err(HospitalError::Forbidden(
                "whoever asked does not approve: another officer decides".into(),
            ));
        }
        let now_us = self.now_us();
        let by = caller.username.clone();
        let (deed, decided) = match decision {
            OpeningDecision::Approve => (
                "approve-opening",
                Decided::Approved {
                    by,
                    officer,
                    at_us: now_us,
                },
            ),
            OpeningDecision::Decline { reason } => (
                "decline-opening",
                Decided::Declined {
                    by,
                    reason: reasoned(reason)?,
                    at_us: now_us,
                },
            ),
        };
        let access = Access {
            query: Some(format!(
                "inquiry={id}&unit={}&for={}",
                row.question.unit, row.from
            )),
            ..Access::new(agent, AccessDeed::Operation(deed.into()), now_us)
        };
        self.record_access(access).await?;
        row.decided = decided;
        self.keep_opening(&Row::Received(Box::new(row)), at_us)
            .await?;
        // The ledger hears of it from here, or from the pursuit.
        self.0.openings.wanted.notify_one();
        Ok(())
    }

    /// Says on the ledger that this organisation answers, unless it stands there.
    pub(super) async fn say_answered(
        &self,
        row: &ReceivedRow,
        state: &ledger::State,
    ) -> Result<(), HospitalError> {
        let (id, me) = (row.question.id()?, self.0.id.as_ref());
        let said = me.is_some_and(|me| state.inquiry_answered(&id, me).is_some());
        if said || !matches!(row.decided, Decided::Approved { .. }) {
            return Ok(());
        }
        let body = Inquiry::Answer { id }.to_bytes();
        let sent = self
            .sign_and_submit(Kind::Inquiry as u8, body, |_| async { Ok(()) })
            .await?;
        self.enacted(&sent).await.map(|_| ())
    }
}

fn no_question() -> HospitalError {
    HospitalError::Absent("this question on the ledger".into())
}
