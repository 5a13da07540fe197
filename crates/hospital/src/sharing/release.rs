//! The statement of a release: a custodian signs on which state of the ledger it decided, and a
//! recipient takes nothing without it.
//!
//! A statement that names a state in which the grant was revoked already is a violation, proven by
//! the custodian's own signature: `misconduct` makes the file.

use std::time::Duration;

use ledger::evidence::{Release, content};
use ledger::{OrgId, State};
use proof::event::Event;
use proof::policy::Policy;
use proof::{Canonical, Digest, PublicKey, Signature, commit, receipt};
use tokio::time::{Instant, timeout_at};

use super::message::{self, ReadAnswer, ReadAsk, Released, Stated};
use crate::access_log::RecordRef;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// How long a recipient waits for its own node to reach the block of a statement.
pub(super) const BEHIND_WAIT: Duration = Duration::from_secs(5);

/// What a recipient asked with.
pub(super) struct Asked<'a> {
    /// The custodian.
    pub(super) custodian: &'a str,
    /// The grant or the opening.
    pub(super) pass: Digest,
    /// Whether it is an opening.
    pub(super) glass: bool,
    /// The last block here when it asked.
    pub(super) height: u64,
}

impl Hospital {
    /// The custodian's statement of what it releases, with the receipt of the disclosure.
    pub(super) async fn state_release(
        &self,
        to: &str,
        ask: &ReadAsk,
        height: u64,
        disclosure: &RecordRef,
        records: &[Released],
    ) -> Result<Stated, HospitalError> {
        let (type_, id) = (&disclosure.type_, &disclosure.id);
        let text = self.receipt_text(type_, id, disclosure.version).await?;
        let text = text.ok_or_else(|| {
            HospitalError::Internal("a disclosure that is final has no receipt".into())
        })?;
        let parsed = receipt::parse(text.as_bytes())
            .map_err(|error| HospitalError::Internal(format!("the own receipt: {error}")))?;
        let opening = parsed.opening;
        let own = self.0.id.clone().ok_or_else(message::unusable)?;
        let unsigned = Release {
            chain: self.0.chain_id,
            pass: message::digest(&ask.grant)?,
            custodian: own,
            recipient: to.parse().map_err(|_| message::unusable())?,
            height,
            time_ms: u64::try_from(self.now_us() / 1_000).unwrap_or(0),
            disclosure: commit(&opening.key, &opening.event.digest()),
            records: u32::try_from(records.len()).unwrap_or(u32::MAX),
            content: sealed(records)?,
            signer: PublicKey([0; 32]),
            signature: Signature([0; 64]),
        };
        let release = unsigned.sign(&self.0.transaction_key);
        Ok(Stated {
            release: message::to_base64(&release.to_bytes()),
            receipt: text,
        })
    }

    /// Whether what a custodian released may be taken. A release after the revocation is kept as
    /// evidence, and not taken.
    pub(super) async fn check_release(
        &self,
        asked: &Asked<'_>,
        answer: &ReadAnswer,
        policy: &Policy,
    ) -> Result<(), HospitalError> {
        let Some(stated) = &answer.stated else {
            return self.may_be_unstated(asked);
        };
        let bytes = message::from_base64(&stated.release)?;
        let release = Release::from_bytes(&bytes).map_err(|_| message::unusable())?;
        self.check_words(asked, answer, &release)?;
        let state = self.state_of(release.height).await?;
        if let Some(revoked) = state.grant(&asked.pass).and_then(|it| it.revoked)
            && revoked <= release.height
        {
            self.keep_misconduct(&release, revoked).await?;
            return Err(wrong(format!(
                "it released records under a grant that was withdrawn in block {revoked}: the \
                 records are not taken, the evidence is kept"
            )));
        }
        // An older state could be one before a revocation that is in force already.
        if release.height < asked.height {
            return Err(wrong(format!(
                "it decided on block {}, and block {} was final when it was asked",
                release.height, asked.height
            )));
        }
        check_disclosure(asked, answer, &release, &stated.receipt, policy)
    }

    /// Only an opening without a quorum is answered while the ledger stands still.
    fn may_be_unstated(&self, asked: &Asked<'_>) -> Result<(), HospitalError> {
        let there = self.0.chain.state().glass(&asked.pass);
        if asked.glass && there.is_none_or(|it| it.late) {
            return Ok(());
        }
        Err(wrong("it did not state on what it decided".into()))
    }

    /// The statement is this custodian's, about this answer to us.
    fn check_words(
        &self,
        asked: &Asked<'_>,
        answer: &ReadAnswer,
        release: &Release,
    ) -> Result<(), HospitalError> {
        let id: OrgId = asked.custodian.parse().map_err(|_| message::unusable())?;
        let member = self.0.chain.state().organisation(&id);
        let signer = member.map(|it| it.transaction_key);
        let fits = release.chain == self.0.chain_id
            && release.pass == asked.pass
            && release.custodian == id
            && Some(&release.recipient) == self.0.id.as_ref()
            && Some(release.signer) == signer
            && usize::try_from(release.records).ok() == Some(answer.records.len())
            && release.content == sealed(&answer.records)?;
        if fits && release.is_signed() {
            Ok(())
        } else {
            Err(wrong("its statement is about something else".into()))
        }
    }

    /// The state here, once it is at least that of a height.
    async fn state_of(&self, height: u64) -> Result<State, HospitalError> {
        let until = Instant::now() + BEHIND_WAIT;
        let mut blocks = self.0.chain.watch();
        loop {
            blocks.mark_unchanged();
            let state = self.0.chain.state();
            if state.height() >= height {
                return Ok(state);
            }
            if !matches!(timeout_at(until, blocks.changed()).await, Ok(Ok(()))) {
                let here = state.height();
                let text = format!("it decided on block {height}, and here is only block {here}");
                return Err(wrong(text));
            }
        }
    }
}

/// The disclosure is on the ledger: committed after the question, before the decision.
fn check_disclosure(
    asked: &Asked<'_>,
    answer: &ReadAnswer,
    release: &Release,
    text: &str,
    policy: &Policy,
) -> Result<(), HospitalError> {
    let damaged = |reason: String| wrong(format!("the receipt of the disclosure: {reason}"));
    let shown = receipt::verify(text.as_bytes(), policy, None)
        .map_err(|error| damaged(error.to_string()))?;
    let parsed = receipt::parse(text.as_bytes()).map_err(|error| damaged(error.to_string()))?;
    let (id, version) = &answer.disclosure;
    let event = Event::RecordVersion(shown.event.clone());
    let fits = shown.event.organisation == asked.custodian
        && shown.event.record_type == "AuditEvent"
        && (&shown.event.record_id, &shown.event.version) == (id, version)
        && commit(&parsed.opening.key, &event.digest()) == release.disclosure;
    if !fits {
        return Err(damaged("it is of something else".into()));
    }
    if shown.height <= asked.height || shown.height > release.height {
        return Err(damaged(format!("block {} is not its place", shown.height)));
    }
    Ok(())
}

/// The digest of the sealed records of an answer.
fn sealed(records: &[Released]) -> Result<Digest, HospitalError> {
    let bytes = records.iter().map(|it| message::from_base64(&it.content));
    let bytes: Vec<Vec<u8>> = bytes.collect::<Result<_, _>>()?;
    Ok(content(bytes.iter().map(Vec::as_slice)))
}

fn wrong(text: String) -> HospitalError {
    HospitalError::request(
        "business-rule",
        text,
        "docs/reference/sharing.md says what a recipient checks",
    )
}
