//! Openings as they are shown to an officer.

use ledger::State;
use supply::ids::PackId;

use super::rows::{AskedRow, Decided, ReceivedRow, Reply, Row};
use super::{ASKED_US, LISTED_MAX, officer};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::identity::statement::hex;
use crate::setup::Hospital;

/// How a question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningOutcome {
    /// The ledger says who has the pack: nobody had to be asked.
    Known {
        /// Who.
        organisation: String,
    },
    /// The openers opened the lock.
    Opened {
        /// The organisation in it: to whom the pack was handed over.
        organisation: String,
        /// What opens it, hexadecimal.
        opening: String,
        /// The openers whose answers contradict the others'.
        wrong: Vec<String>,
    },
    /// More openers have to answer.
    Waiting {
        /// How many more, at the least.
        missing: usize,
        /// How it stands, in words.
        standing: String,
    },
    /// Nobody is asked any more.
    Ended {
        /// Why nothing was opened.
        standing: String,
    },
}

/// What one opener did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenerStands {
    /// Its name.
    pub organisation: String,
    /// `waiting`, `given` or `declined`; `silent`: it has said nothing.
    pub state: &'static str,
    /// The officer who approved, as other organisations know them.
    pub officer: Option<String>,
    /// Why it declined, or says nothing.
    pub reason: Option<String>,
    /// Its shares of this opening, canonical, in base64: for whoever does it again.
    pub shares: Option<String>,
}

/// A question that was asked here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedOpening {
    /// Its id on the ledger; none where nobody had to be asked.
    pub id: Option<String>,
    /// The pack, as the ledger names it.
    pub pack: String,
    /// What is printed on it, where it was scanned.
    pub code: Option<String>,
    /// Why.
    pub reason: String,
    /// The user who asked.
    pub by: Option<String>,
    /// When, microseconds since 1970.
    pub at_us: Option<i64>,
    /// Who handed the pack over.
    pub partner: Option<String>,
    /// The hand-over: who signed it, its sequence and the item.
    pub place: Option<(String, u64, u16)>,
    /// The lock that is to be opened, hexadecimal.
    pub lock: Option<String>,
    /// How many openers have to answer.
    pub needed: usize,
    /// The openers, by name.
    pub openers: Vec<OpenerStands>,
    /// How it stands.
    pub outcome: OpeningOutcome,
}

/// A question of another organisation, or of another officer here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedOpening {
    /// Its id on the ledger.
    pub id: String,
    /// Who asks.
    pub organisation: String,
    /// The officer there, as other organisations know them.
    pub officer: String,
    /// Why, in words.
    pub reason: String,
    /// The pack or container, as the ledger names it.
    pub unit: String,
    /// Who handed it over.
    pub partner: String,
    /// When it came, microseconds since 1970.
    pub at_us: i64,
    /// `open`, `approved` or `declined`.
    pub state: &'static str,
    /// The user here who decided.
    pub by: Option<String>,
}

/// The secrets of a partner's latest epoch, at an opener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsStand {
    /// The partner.
    pub partner: String,
    /// The epoch.
    pub epoch: u32,
    /// Whether they are here, and are those that it announced.
    pub held: bool,
    /// What is wrong with them, or why they were not got.
    pub problem: Option<String>,
}

/// All that an officer sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpeningsHere {
    /// Asked here, the latest first.
    pub asked: Vec<AskedOpening>,
    /// To be decided here, or decided, the latest first.
    pub received: Vec<ReceivedOpening>,
    /// The partners whose locks this opener helps to open, and whether it can.
    pub secrets: Vec<SecretsStand>,
    /// Who opens, and how many of them have to.
    pub openers: Option<(Vec<String>, u8)>,
    /// Whether this organisation may ask.
    pub may_ask: bool,
}

impl AskedOpening {
    /// An answer that the ledger itself gives.
    pub(super) fn known(
        pack: &PackId,
        code: Option<String>,
        reason: String,
        organisation: String,
    ) -> Self {
        Self {
            id: None,
            pack: pack.to_string(),
            code,
            reason,
            by: None,
            at_us: None,
            partner: None,
            place: None,
            lock: None,
            needed: 0,
            openers: Vec::new(),
            outcome: OpeningOutcome::Known { organisation },
        }
    }
}

impl Hospital {
    /// The latest questions, those asked here and those to be decided here.
    pub async fn openings_here(&self, caller: &Caller) -> Result<OpeningsHere, HospitalError> {
        officer(caller)?;
        let state = self.0.chain.state();
        let openers = state.openers();
        let mut here = OpeningsHere {
            secrets: self.secrets_here(&state).await?,
            openers: openers.map(|it| (it.holders().to_vec(), it.threshold())),
            may_ask: self.may_ask(&state),
            ..OpeningsHere::default()
        };
        for (row, at_us) in self.latest_openings(LISTED_MAX).await? {
            match row {
                Row::Asked(row) => here.asked.push(self.told_asked(&row, at_us, &state).await?),
                Row::Received(row) => here.received.push(told_received(*row, at_us)),
            }
        }
        Ok(here)
    }

    /// A question as it stands.
    pub(super) async fn told_asked(
        &self,
        row: &AskedRow,
        at_us: i64,
        state: &State,
    ) -> Result<AskedOpening, HospitalError> {
        let at = row.question.spot.with(row.question.unit()?);
        let handed = self.handed_at(&at, state).await?;
        let id = handed.partner.parse().ok();
        let escrowed = id.and_then(|id| state.escrow_of(&id, row.epoch));
        let openers = escrowed.map(|it| it.openers);
        let holders = openers.as_ref().map_or(&[][..], |it| it.holders());
        let needed = openers.as_ref().map_or(0, |it| usize::from(it.threshold()));
        let place = &handed.place;
        Ok(AskedOpening {
            id: Some(row.question.id.clone()),
            pack: row.pack.clone(),
            code: row.code.clone(),
            reason: row.question.reason.clone(),
            by: Some(row.by.clone()),
            at_us: Some(at_us),
            partner: Some(row.partner.clone()),
            place: Some((hex(&place.sender.0), place.sequence, place.index)),
            lock: Some(handed.lock.to_string()),
            needed,
            openers: holders.iter().map(|it| stands(row, it)).collect(),
            outcome: outcome(row, (needed, holders), self.now_us() - at_us < ASKED_US),
        })
    }
}

fn stands(row: &AskedRow, opener: &str) -> OpenerStands {
    let mut told = OpenerStands {
        organisation: opener.to_owned(),
        state: "silent",
        officer: None,
        reason: row.silent.get(opener).cloned(),
        shares: None,
    };
    match row.replies.get(opener) {
        None => {}
        Some(Reply::Waiting) => told.state = "waiting",
        Some(Reply::Declined { reason }) => {
            told.state = "declined";
            told.reason = Some(reason.clone());
        }
        Some(Reply::Given { officer, shares }) => {
            told.state = "given";
            told.officer = Some(officer.clone());
            told.shares = Some(shares.clone());
        }
    }
    told
}

fn outcome(
    row: &AskedRow,
    (needed, openers): (usize, &[String]),
    is_recent: bool,
) -> OpeningOutcome {
    if let Some(found) = &row.found {
        return OpeningOutcome::Opened {
            organisation: found.organisation.clone(),
            opening: found.opening.clone(),
            wrong: found.wrong.clone(),
        };
    }
    let standing = row.standing.clone();
    let decided = |opener: &String| {
        let reply = row.replies.get(opener);
        reply.is_some_and(|it| *it != Reply::Waiting)
    };
    if !is_recent || openers.iter().all(decided) {
        return OpeningOutcome::Ended { standing };
    }
    let given = row.replies.values();
    let given = given.filter(|it| matches!(it, Reply::Given { .. })).count();
    OpeningOutcome::Waiting {
        // Where as many as have to have answered and nothing opens, one more may tell why.
        missing: needed.saturating_sub(given).max(1),
        standing,
    }
}

fn told_received(row: ReceivedRow, at_us: i64) -> ReceivedOpening {
    let (state, by) = match row.decided {
        Decided::Open => ("open", None),
        Decided::Approved { by, .. } => ("approved", Some(by)),
        Decided::Declined { by, .. } => ("declined", Some(by)),
    };
    ReceivedOpening {
        id: row.question.id,
        organisation: row.from,
        officer: row.question.officer,
        reason: row.question.reason,
        unit: row.question.unit,
        partner: row.partner,
        at_us,
        state,
        by,
    }
}
