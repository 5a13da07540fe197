//! What the node does about openings by itself: announces, gathers secrets, asks, puts together.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ledger::{Kind, State};
use proof::Canonical;
use supply::acts::Inquiry;
use supply::escrow::{Answer, open};

use super::ask::escrow_at;
use super::handovers::ReadOn;
use super::place::HandedAt;
use super::rows::{AskedRow, Found, Reply, Row};
use super::{ASKED_US, PURSUED_MAX};
use crate::error::HospitalError;
use crate::identity::statement::hex;
use crate::packs::message::OPENING;
use crate::setup::Hospital;
use crate::sharing::message;

/// Characters of a failure that are kept.
const WORDS_MAX: usize = 300;

impl Hospital {
    /// Does what is due, each a step that can be done again; true if there is more to read.
    pub async fn pursue_openings(&self) -> Result<bool, HospitalError> {
        let state = self.fresh_state().await?;
        if state.openers().is_some() {
            if let Err(error) = self.announce_escrow().await {
                tracing::warn!(%error, "the secrets of this organisation's locks wait");
            }
            self.gather_secrets(&state).await?;
        }
        let more = self.may_ask(&state) && self.follow_handovers().await? == ReadOn::More;
        let mut away = BTreeSet::new();
        for (row, at_us) in self.latest_openings(PURSUED_MAX).await? {
            let done = match row {
                Row::Asked(row) if row.found.is_none() && self.now_us() - at_us < ASKED_US => {
                    self.pursue_question(*row, at_us, &mut away).await
                }
                Row::Received(row) => self.say_answered(&row, &state).await,
                Row::Asked(_) => Ok(()),
            };
            if let Err(error) = done {
                tracing::warn!(%error, "an opening waits");
            }
        }
        Ok(more)
    }

    /// Puts a question on the ledger, asks the openers that have not decided, and opens the lock if
    /// enough have answered.
    async fn pursue_question(
        &self,
        mut row: AskedRow,
        at_us: i64,
        away: &mut BTreeSet<String>,
    ) -> Result<(), HospitalError> {
        let before = (row.anchored, row.replies.clone(), row.silent.clone());
        let state = self.fresh_state().await?;
        let at = row.question.spot.with(row.question.unit()?);
        let handed = self.handed_at(&at, &state).await?;
        if !row.anchored {
            self.anchor_question(&row, &handed, &state).await?;
            row.anchored = true;
            self.keep_opening(&Row::Asked(Box::new(row.clone())), at_us)
                .await?;
        }
        let Some(escrowed) = escrow_at(&state, &handed.partner, handed.height) else {
            return Ok(());
        };
        for opener in escrowed.openers.holders() {
            let decided = row.replies.get(opener);
            if decided.is_some_and(|it| *it != Reply::Waiting) || away.contains(opener) {
                continue;
            }
            match self.ask_opener(opener, &row).await {
                Ok(reply) => {
                    row.silent.remove(opener);
                    row.replies.insert(opener.clone(), reply);
                }
                Err(error) => {
                    if matches!(error, HospitalError::Busy(_)) {
                        away.insert(opener.clone());
                    }
                    let words = error.to_string().chars().take(WORDS_MAX).collect();
                    row.silent.insert(opener.clone(), words);
                }
            }
        }
        if before == (row.anchored, row.replies.clone(), row.silent.clone()) {
            return Ok(());
        }
        put_together(&mut row, &handed, &escrowed.openers, &state);
        self.keep_opening(&Row::Asked(Box::new(row)), at_us).await
    }

    async fn anchor_question(
        &self,
        row: &AskedRow,
        handed: &HandedAt,
        state: &State,
    ) -> Result<(), HospitalError> {
        let id = row.question.id()?;
        // A restart between the two leaves it on the ledger: then it is there already.
        if state.inquiry(&id).is_some() {
            return Ok(());
        }
        let question = row.question.commitment(&handed.place)?;
        let body = Inquiry::Ask { id, question }.to_bytes();
        let sent = self
            .sign_and_submit(Kind::Inquiry as u8, body, |_| async { Ok(()) })
            .await?;
        self.enacted(&sent).await.map(|_| ())
    }

    async fn ask_opener(&self, opener: &str, row: &AskedRow) -> Result<Reply, HospitalError> {
        if opener == self.0.organisation {
            return self.answer_opening(opener, &row.question).await;
        }
        let reply = self.call(opener, OPENING, &row.question).await?;
        message::read::<Reply>(&reply)?.bounded()
    }
}

/// Opens the lock if the answers do, and says otherwise why they do not.
fn put_together(
    row: &mut AskedRow,
    handed: &HandedAt,
    openers: &supply::acts::Openers,
    state: &State,
) {
    let mut answers: BTreeMap<String, Answer> = BTreeMap::new();
    for (opener, reply) in &row.replies {
        let Reply::Given { shares, .. } = reply else {
            continue;
        };
        let shares = STANDARD.decode(shares).ok();
        if let Some(answer) = shares.and_then(|it| Answer::from_bytes(&it).ok()) {
            answers.insert(opener.clone(), answer);
        } else {
            let words = "its answer cannot be read".to_owned();
            row.silent.insert(opener.clone(), words);
        }
    }
    let members = state.organisations();
    let names: Vec<&str> = members.iter().map(|it| it.id.as_str()).collect();
    match open(openers, &answers, (&handed.lock, &names)) {
        Ok(opened) => {
            row.found = Some(Found {
                organisation: opened.owner,
                opening: hex(&opened.opening.0),
                wrong: opened.wrong,
            });
            row.standing.clear();
        }
        Err(why) => row.standing = why.to_string(),
    }
}
