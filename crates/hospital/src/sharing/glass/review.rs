//! The review of an opening, by the custodian's privacy officer, within 72 hours.

use consent::acts::{Review, Verdict};
use ledger::Kind;
use proof::{Canonical, CommitmentKey, Digest, commit, hash};
use store::PactKind;

use super::answer::{answered_id, glass_of};
use super::{AnsweredPact, KeptReview};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

/// Longest finding in words.
const WORDS_BYTES_MAX: usize = 2_000;

/// An opening that is to be reviewed, or was.
#[derive(Debug, Clone)]
pub struct Reviewable {
    /// Its id on the ledger.
    pub glass: Digest,
    /// Who opened.
    pub organisation: String,
    /// The practitioner, as the opener names them.
    pub practitioner: String,
    /// The patient here.
    pub patient: String,
    /// Why, in words.
    pub reason: String,
    /// When, microseconds since 1970.
    pub opened_us: i64,
    /// Whether it was opened without a quorum.
    pub late: bool,
    /// Whether the ledger has it.
    pub anchored: bool,
    /// When the review is due, milliseconds since 1970; none until it is anchored.
    pub due_ms: Option<u64>,
    /// Whether the review has been given.
    pub reviewed: bool,
    /// The review, where its words were kept.
    pub review: Option<GivenReview>,
}

/// A review as it was given.
#[derive(Debug, Clone)]
pub struct GivenReview {
    /// `justified`, `not-justified` or `contested`.
    pub verdict: String,
    /// The finding.
    pub words: String,
    /// Who reviewed.
    pub by: String,
    /// When, microseconds since 1970.
    pub at_us: i64,
}

/// All openings here.
pub type Openings = Vec<Reviewable>;

impl Hospital {
    /// The openings of records here, for the privacy officer.
    pub async fn openings(&self, caller: &Caller) -> Result<Openings, HospitalError> {
        officer(caller)?;
        let state = self.0.chain.state();
        let mut openings = Openings::new();
        for pact in self.all_pacts::<AnsweredPact>(PactKind::Glass).await? {
            let Some(glass) = glass_of(&pact.id) else {
                continue;
            };
            let there = state.glass(&glass);
            openings.push(Reviewable {
                glass,
                organisation: pact.organisation,
                practitioner: pact.value.practitioner,
                patient: pact.patient,
                reason: pact.value.reason,
                opened_us: pact.value.opened_us,
                late: pact.value.late,
                anchored: there.is_some(),
                due_ms: there.map(|it| it.review_due_ms),
                reviewed: pact.value.reviewed,
                review: pact.value.review.map(|it| GivenReview {
                    verdict: it.verdict,
                    words: it.words,
                    by: it.by,
                    at_us: it.at_us,
                }),
            });
        }
        openings.sort_by_key(|it| it.opened_us);
        Ok(openings)
    }

    /// The patient of an opening of a record here.
    pub(crate) async fn opened_patient(
        &self,
        glass: &Digest,
    ) -> Result<Option<String>, HospitalError> {
        let id = answered_id(glass);
        let pact = self.pact::<AnsweredPact>(PactKind::Glass, &id).await?;
        Ok(pact.map(|it| it.patient))
    }

    /// Gives the verdict on an opening. Answers once the ledger has it.
    pub async fn review_opening(
        &self,
        caller: &Caller,
        glass: &Digest,
        verdict: Verdict,
        words: &str,
    ) -> Result<(), HospitalError> {
        officer(caller)?;
        if words.trim().is_empty() || words.len() > WORDS_BYTES_MAX {
            return Err(HospitalError::request(
                "value",
                format!("a review says why, in at most {WORDS_BYTES_MAX} bytes"),
                "give the finding as `words`",
            ));
        }
        let absent = || HospitalError::Absent("an opening of this id".into());
        let pact = self
            .pact::<AnsweredPact>(PactKind::Glass, &answered_id(glass))
            .await?;
        let mut pact = pact.ok_or_else(absent)?;
        let key = CommitmentKey(vault::random().map_err(failed)?);
        let said: [&[u8]; 2] = [caller.username.as_bytes(), words.as_bytes()];
        let body = Review {
            id: *glass,
            verdict,
            commitment: commit(&key, &hash("salus/review/v1", &said)),
        };
        let transaction = self
            .sign_and_submit(Kind::Review as u8, body.to_bytes(), |_| async { Ok(()) })
            .await?;
        self.enacted(&transaction).await?;
        pact.value.reviewed = true;
        pact.value.review = Some(KeptReview {
            verdict: verdict.as_str().to_owned(),
            words: words.to_owned(),
            by: caller.username.clone(),
            at_us: self.now_us(),
            key: Digest(key.0).to_string(),
        });
        self.keep_pact(PactKind::Glass, &pact).await
    }
}

fn officer(caller: &Caller) -> Result<(), HospitalError> {
    if caller.role == Role::Auditor {
        return Ok(());
    }
    Err(HospitalError::Forbidden(format!(
        "the role {} does not review openings",
        caller.role
    )))
}
