//! The opener's side: on the ledger first, then to the custodian.

use consent::acts::{BreakGlass, HOUR_MS, Reason};
use ledger::Kind;
use proof::{Canonical, Digest};
use store::PactKind;

use super::{OpenedPact, Words};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;
use crate::sharing::message::{self, GLASS, GlassAnswer, GlassAsk};
use crate::sharing::pact::{Kept, LinkPact};

/// Longest reason in words.
const WORDS_BYTES_MAX: usize = 500;

/// What a practitioner asks for.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The patient here.
    pub patient: String,
    /// The custodian.
    pub organisation: String,
    /// The class that stands on the ledger.
    pub reason: Reason,
    /// Why, in words: for the custodian and the review only.
    pub words: String,
    /// For how many hours, 1 to 4.
    pub hours: u8,
    /// A second officer's credential holder, where there is no quorum.
    pub second: Option<Caller>,
}

/// An opening.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its id on the ledger.
    pub glass: Digest,
    /// When it ends, microseconds since 1970.
    pub until_us: i64,
    /// Whether the ledger has it; it is shown as unanchored until it has.
    pub anchored: bool,
}

impl Hospital {
    /// Breaks the glass for a patient at another organisation.
    pub async fn break_glass(
        &self,
        caller: &Caller,
        opening: Opening,
    ) -> Result<Opened, HospitalError> {
        allow(caller, &opening)?;
        let pseudonym = self.pseudonym_at(&opening).await?;
        let id = Digest(vault::random().map_err(failed)?);
        let key = Digest(vault::random().map_err(failed)?);
        let words = Words {
            pseudonym,
            practitioner: self.practitioner_pseudonym(caller),
            reason: opening.words.clone(),
            key: key.to_string(),
        };
        let body = BreakGlass {
            id,
            commitment: words.commitment(&key),
            reason: opening.reason,
            custodian: Some(opening.organisation.clone()),
            hours: opening.hours,
            late: None,
        };
        self.log_own(caller, &opening.patient, "break-glass", Some(&id))
            .await?;
        let anchored = self.fresh_state().await.is_ok();
        if anchored {
            let transaction = self
                .sign_and_submit(Kind::BreakGlass as u8, body.to_bytes(), |_| async {
                    Ok(())
                })
                .await?;
            self.enacted(&transaction).await?;
        }
        let ask = self.glass_ask(caller, &opening, id, words, anchored)?;
        let answer = self.call(&opening.organisation, GLASS, &ask).await?;
        let answer: GlassAnswer = message::read(&answer)?;
        let sealed = message::from_base64(&answer.sealed)?;
        self.open_grant_key(&opening.organisation, &id, &sealed)?;
        let hours_us = i64::try_from(u64::from(opening.hours) * HOUR_MS * 1_000);
        let until_us = self.now_us() + hours_us.unwrap_or(0);
        let unanchored = (!anchored).then(|| {
            let late_ms = u64::try_from(self.now_us() / 1_000).unwrap_or(0);
            let late = BreakGlass {
                late: Some(late_ms),
                ..body
            };
            message::to_base64(&late.to_bytes())
        });
        let pact = Kept {
            id: id.0.to_vec(),
            organisation: opening.organisation,
            patient: opening.patient,
            until_us,
            value: OpenedPact {
                user: caller.username.clone(),
                sealed: answer.sealed,
                unanchored,
            },
        };
        self.keep_pact(PactKind::Glass, &pact).await?;
        Ok(Opened {
            glass: id,
            until_us,
            anchored,
        })
    }

    async fn pseudonym_at(&self, opening: &Opening) -> Result<String, HospitalError> {
        self.current_record("Patient", &opening.patient).await?;
        let links = self
            .pacts_of::<LinkPact>(PactKind::Link, &opening.patient)
            .await?;
        let link = links
            .into_iter()
            .find(|it| it.organisation == opening.organisation);
        link.map(|it| it.value.pseudonym).ok_or_else(|| {
            HospitalError::request(
                "business-rule",
                format!("{} does not know this patient", opening.organisation),
                "link the patient first: docs/guides/share.md",
            )
        })
    }

    fn glass_ask(
        &self,
        caller: &Caller,
        opening: &Opening,
        id: Digest,
        words: Words,
        anchored: bool,
    ) -> Result<GlassAsk, HospitalError> {
        let nonce = Digest(vault::random().map_err(failed)?).to_string();
        let mut officers = vec![caller];
        if !anchored {
            officers.push(opening.second.as_ref().ok_or_else(|| {
                HospitalError::request(
                    "business-rule",
                    "the ledger has no quorum: a second officer must open with you",
                    "send the access token of a second clinician or auditor as `second`",
                )
            })?);
        }
        let credentials: Result<Vec<_>, _> = officers
            .iter()
            .map(|officer| self.credential(officer, &opening.organisation, &nonce))
            .collect();
        Ok(GlassAsk {
            glass: id.to_string(),
            pseudonym: words.pseudonym,
            reason: words.reason,
            key: words.key,
            hours: opening.hours,
            credentials: credentials?,
            nonce,
        })
    }
}

fn allow(caller: &Caller, opening: &Opening) -> Result<(), HospitalError> {
    if caller.role != Role::Clinician {
        return Err(HospitalError::Forbidden(format!(
            "the role {} does not break the glass",
            caller.role
        )));
    }
    let second = opening.second.as_ref();
    let fits = |it: &Caller| {
        it.username != caller.username && matches!(it.role, Role::Clinician | Role::Auditor)
    };
    if second.is_some_and(|it| !fits(it)) {
        return Err(HospitalError::Forbidden(
            "the second officer is another clinician or an auditor".into(),
        ));
    }
    let words = opening.words.trim().len();
    if !(10..=WORDS_BYTES_MAX).contains(&words) {
        return Err(HospitalError::request(
            "value",
            format!("say why, in 10 to {WORDS_BYTES_MAX} bytes: the review will read it"),
            "give the reason as `words`",
        ));
    }
    if !(1..=consent::acts::break_glass::GLASS_HOURS_MAX).contains(&opening.hours) {
        return Err(HospitalError::request(
            "value",
            "the glass stays open for 1 to 4 hours",
            "give `hours` from 1 to 4",
        ));
    }
    Ok(())
}

/// The id of the opening of an opener's row.
pub(super) fn id_of(id: &[u8]) -> Option<Digest> {
    <[u8; 32]>::try_from(id).ok().map(Digest)
}
