//! Is this pack real? Answered from the local copy of the ledger, in words and with a proof.

use ledger::{State, keys};
use supply::acts::{Custody, Finding, Lot, Pack, Status};
use supply::detect::probing::Lookup;
use supply::detect::{Reading, Suspicion};
use supply::ids::{Opening, TradeKey};

use super::case::outermost;
use super::expiry;
use super::held::{Pack as Held, Where};
use super::looks;
use super::order::{Marking, opening, printed};
use super::scanned::{Readings, Scanned, readings};
use super::suspicion::{Looked, is_beside_the_ledger, suspicions};
use super::trace::Events;
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// The answer, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nobody ever commissioned a pack of this number.
    Unknown,
    /// It is known to be falsified.
    Illegitimate,
    /// Lot or expiry are not those that its maker printed.
    Mismatch,
    /// It was dispensed, or taken out of the trade.
    Used,
    /// Its lot is recalled.
    Recalled,
    /// It may be falsified.
    Suspect,
    /// It is past its expiry.
    Expired,
    /// The number is real, and the ledger has the pack in other hands.
    Elsewhere,
    /// It is what it says, and here or on its way here.
    Real,
}

impl Verdict {
    /// The word of the answer, as the JSON door has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Illegitimate => "illegitimate",
            Self::Mismatch => "mismatch",
            Self::Used => "used",
            Self::Recalled => "recalled",
            Self::Suspect => "suspect",
            Self::Expired => "expired",
            Self::Elsewhere => "elsewhere",
            Self::Real => "real",
        }
    }
}

/// Why: a code, and the minute since when, where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// The verdict that this alone would give.
    pub verdict: Verdict,
    /// What: `never-commissioned`, `dispensed`, `decommissioned-stolen`, `lot-or-expiry`,
    /// `lot-recalled`, `marked-suspect`, `expired`, `in-other-hands`, or `detected-` and a rule.
    pub code: String,
    /// Since when, microseconds since 1970.
    pub since_us: Option<i64>,
}

/// What was found about a pack.
#[derive(Debug, Clone)]
pub struct Verification {
    /// The gravest of the reasons; without any: real.
    pub verdict: Verdict,
    /// All of them, the gravest first.
    pub because: Vec<Because>,
    /// What the rules of detection say; the surest first.
    pub suspicions: Vec<Suspicion>,
    /// What was read from the pack.
    pub marking: Marking,
    /// What the reading had to mend: a fault of the scanner, in words.
    pub mended: Option<String>,
    /// Where the pack is, seen from here; `None`: it was never here.
    pub place: Option<Where>,
    /// The SSCC of the case that it is in.
    pub case: Option<String>,
    /// Who handed it over, or to whom it was handed.
    pub other: Option<String>,
    /// The acts that can be done here now.
    pub acts: Vec<&'static str>,
    /// Whether it was dispensed or taken out of the trade here.
    pub(super) ended_here: bool,
    /// Whether the state that was asked is older than it may be for an act: this node has no
    /// connection to the ledger just now.
    pub stale: bool,
    /// The height of the state that was asked.
    pub height: u64,
    /// The time of that state, milliseconds since 1970.
    pub time_ms: u64,
    /// What proves the state of this pack to a stranger, where validators have stated it.
    pub proof: Option<String>,
}

/// A look at a pack.
pub(super) struct Asked<'a> {
    /// The state that is asked.
    pub(super) state: &'a State,
    /// Who asks, whose questions may look like guessing; none: this node.
    pub(super) user: Option<&'a str>,
    /// When the pack was in hand, microseconds since 1970.
    pub(super) now_us: i64,
    /// Whether the state is old, because there is no connection.
    pub(super) stale: bool,
}

impl Hospital {
    /// Looks a pack up, by what was scanned or typed.
    pub async fn verify_pack(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        scan: &str,
    ) -> Result<Verification, HospitalError> {
        looks(caller)?;
        let state = self.fresh_state().await?;
        self.verified(caller, agent, scan, (&state, false)).await
    }

    /// The same without a connection to the ledger: the answer may be of an old state, and says so.
    pub async fn verify_pack_offline(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        scan: &str,
    ) -> Result<Verification, HospitalError> {
        looks(caller)?;
        let (state, is_old) = match self.fresh_state().await {
            Ok(state) => (state, false),
            Err(_) => (self.0.chain.state(), true),
        };
        self.verified(caller, agent, scan, (&state, is_old)).await
    }

    /// Answers a person, and writes down that one asked.
    async fn verified(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        scan: &str,
        (state, is_old): (&State, bool),
    ) -> Result<Verification, HospitalError> {
        let readings = readings(scan)?;
        self.within_guesses(caller)?;
        let asked = Asked {
            state,
            user: Some(&caller.username),
            now_us: self.now_us(),
            stale: is_old,
        };
        let found = self.seen_pack(readings, asked).await?;
        if found.verdict == Verdict::Unknown {
            self.guessed(caller);
        }
        let alarms = found.suspicions.iter().filter(|it| it.certainty.is_alarm());
        let said = alarms.map(|it| format!("&suspicion={}", it.rule));
        let said = said.fold(format!("verdict={}", found.verdict.word()), |all, one| {
            all + &one
        });
        let access = Access {
            query: Some(said),
            ..Access::new(
                agent,
                AccessDeed::Operation("verify-pack".into()),
                self.now_us(),
            )
        };
        self.record_access(access).await?;
        Ok(found)
    }

    /// What the ledger, this organisation and the rules of detection say of a pack.
    pub(super) async fn seen_pack(
        &self,
        readings: Readings,
        asked: Asked<'_>,
    ) -> Result<Verification, HospitalError> {
        let state = asked.state;
        let key = if asked.stale {
            self.trade_key_here(state).await?
        } else {
            self.trade_key().await?
        };
        let Scanned {
            marking,
            mended,
            reading,
        } = meant(readings, &key, state)?;
        let name = key.pack(&marking.gtin, &marking.serial);
        let pack = state.pack(&name);
        let lot = pack.as_ref().and_then(|it| state.lot(&it.lot));
        let held = self.kept_packs(&[name]).await?.pop().map(|(_, it)| it);
        let known = (pack.as_ref(), lot.as_ref(), held.as_ref());
        let seen = Seen {
            now_us: asked.now_us,
            ..self.seen_from_here((&key, &marking), known, state)
        };
        let events = self
            .events_of_pack(&marking.gtin, &marking.serial, Events::ThatTell)
            .await?;
        let told = events.iter().map(|it| (seen.here, &*it.body));
        let mut suspicions = suspicions(&seen.looked(reading), told, state);
        if let Some(user) = asked.user {
            suspicions.extend(self.questioned(user, &seen, mended.is_some()));
        }
        let because = seen.because(&suspicions);
        let verdict = because.first().map_or(Verdict::Real, |it| it.verdict);
        Ok(Verification {
            acts: if asked.stale {
                Vec::new()
            } else {
                seen.acts(verdict)
            },
            place: held.as_ref().map(|it| it.place),
            case: held.as_ref().and_then(|it| it.case.clone()),
            other: held
                .as_ref()
                .and_then(|it| it.to.clone().or(it.from.clone())),
            verdict,
            because,
            suspicions,
            mended,
            ended_here: seen.ended_here(),
            stale: asked.stale,
            height: state.height(),
            time_ms: self.0.chain.status().time_ms,
            proof: self.0.chain.state_proof(&keys::pack(&name)),
            marking,
        })
    }

    /// A pack as it is seen from here: what the state has of it, and what this organisation keeps.
    pub(super) fn seen_from_here<'a>(
        &'a self,
        (key, marking): (&'a TradeKey, &'a Marking),
        (pack, lot, held): (Option<&'a Pack>, Option<&'a Lot>, Option<&'a Held>),
        state: &State,
    ) -> Seen<'a> {
        Seen {
            key,
            marking,
            pack,
            lot,
            held,
            custody: pack.and_then(|it| outermost(state, it.custody)),
            here: &self.0.organisation,
            now_us: self.now_us(),
        }
    }

    /// Takes a question in, and says whether the user's questions look like guessing.
    fn questioned(&self, user: &str, seen: &Seen<'_>, is_misread: bool) -> Option<Suspicion> {
        let lookup = Lookup {
            time_ms: u64::try_from(seen.now_us / 1_000).unwrap_or(0),
            product: seen.marking.gtin.clone(),
            serial: seen.marking.serial.clone(),
            is_known: seen.pack.is_some(),
            is_own: seen.held.is_some(),
            is_misread,
        };
        self.0.questions.asked(user, lookup)
    }
}

/// Which of the readings is meant: the one of which there is a pack, where there is one only.
fn meant(readings: Readings, key: &TradeKey, state: &State) -> Result<Scanned, HospitalError> {
    let exists = |it: &Scanned| {
        let pack = state.pack(&key.pack(&it.marking.gtin, &it.marking.serial));
        pack.is_some_and(|pack| matches(key, &it.marking, &pack) == Some(true))
    };
    let one_of = |others: Vec<Scanned>| {
        let mut found = others.into_iter().filter(exists);
        found.next().filter(|_| found.next().is_none())
    };
    match readings {
        Readings::One(read, others) => {
            let name = key.pack(&read.marking.gtin, &read.marking.serial);
            let known = state.pack(&name);
            // With another lot it may be a keyboard's y and z.
            if known.is_some_and(|pack| matches(key, &read.marking, &pack) != Some(false)) {
                return Ok(*read);
            }
            Ok(one_of(others).unwrap_or(*read))
        }
        Readings::Several(others, error) => one_of(others).ok_or(error),
    }
}

/// Whether what was read is what its maker printed; `None`: it says too little.
fn matches(key: &TradeKey, marking: &Marking, pack: &Pack) -> Option<bool> {
    if !marking.lot.is_empty() && !marking.expiry.is_empty() {
        return Some(key.facts(&printed(marking)) == pack.facts);
    }
    let lot = &marking.lot;
    (!lot.is_empty()).then(|| key.lot(&marking.gtin, lot) == pack.lot)
}

/// What a verdict is made of. Pure.
pub(super) struct Seen<'a> {
    key: &'a TradeKey,
    marking: &'a Marking,
    pack: Option<&'a Pack>,
    lot: Option<&'a Lot>,
    held: Option<&'a Held>,
    /// In whose hands the ledger has it, or the case that it is in.
    custody: Option<Custody>,
    here: &'a str,
    now_us: i64,
}

impl Seen<'_> {
    /// Every reason against the pack, the gravest first.
    fn because(&self, suspicions: &[Suspicion]) -> Vec<Because> {
        let mut because = Vec::new();
        let mut say = |verdict, code: &str, since: Option<u32>| {
            let since_us = since.map(|it| i64::from(it) * 60_000_000);
            because.push(Because {
                verdict,
                code: code.to_owned(),
                since_us,
            });
        };
        let Some(pack) = self.pack else {
            say(Verdict::Unknown, "never-commissioned", None);
            return because;
        };
        if matches(self.key, self.marking, pack) == Some(false) {
            say(Verdict::Mismatch, "lot-or-expiry", None);
        }
        match pack.finding {
            Finding::Clear => {}
            Finding::Suspect => say(Verdict::Suspect, "marked-suspect", None),
            Finding::Illegitimate => say(Verdict::Illegitimate, "marked-illegitimate", None),
        }
        let since = Some(pack.since_minute);
        match pack.status {
            Status::Active => {}
            Status::Dispensed => say(Verdict::Used, "dispensed", since),
            Status::Decommissioned(reason) => {
                say(Verdict::Used, &format!("decommissioned-{reason}"), since);
            }
        }
        if let Some(minute) = self.lot.and_then(|it| it.recalled) {
            say(Verdict::Recalled, "lot-recalled", Some(minute));
        }
        if expiry::is_past(&self.marking.expiry, self.now_us) {
            say(Verdict::Expired, "expired", None);
        }
        if pack.status == Status::Active && !self.is_ours() {
            say(Verdict::Elsewhere, "in-other-hands", None);
        }
        for one in suspicions {
            if one.certainty.is_alarm() && is_beside_the_ledger(one.rule) {
                say(Verdict::Suspect, &format!("detected-{}", one.rule), None);
            }
        }
        because.sort_by_key(|it| it.verdict);
        because
    }

    /// The same for the rules of detection.
    pub(super) fn looked(&self, reading: Reading) -> Looked<'_> {
        Looked {
            marking: self.marking,
            reading,
            pack: self.pack,
            recalled_minute: self.lot.and_then(|it| it.recalled),
            maker: self.lot.map(|it| &*it.maker),
            facts_match: self
                .pack
                .and_then(|pack| matches(self.key, self.marking, pack)),
            is_ours: self.is_ours(),
            here: self.here,
            now_us: self.now_us,
        }
    }

    /// Whether the ledger has it here, or on its way here.
    fn is_ours(&self) -> bool {
        let Some(held) = self.held else { return false };
        let lock = opening(&held.opening).lock(self.here);
        match self.custody {
            Some(Custody::Held(holder)) => holder == lock,
            Some(Custody::Transit { holder, next }) => holder == lock || next == lock,
            Some(Custody::Inside(_)) | None => false,
        }
    }

    /// Whether its life ended here, and not with somebody to whom it was handed on.
    fn ended_here(&self) -> bool {
        let is_over = self.pack.is_some_and(|it| it.status != Status::Active);
        let held = self.held.filter(|it| it.place == Where::Gone);
        is_over && held.is_some_and(|it| it.to.is_none())
    }

    /// What can be done with it here.
    fn acts(&self, verdict: Verdict) -> Vec<&'static str> {
        let Some(pack) = self.pack else {
            return Vec::new();
        };
        let active = pack.status == Status::Active;
        if self.held.is_some_and(|it| it.inside.is_some()) {
            return match self.held.map(|it| it.place) {
                Some(Where::Here) if self.is_ours() => vec!["unpack"],
                _ => Vec::new(),
            };
        }
        match self.held.map(|it| it.place) {
            Some(Where::Awaited) if self.is_ours() => vec!["receive"],
            Some(Where::OnItsWay) if active && self.is_ours() => vec!["take-back"],
            Some(Where::Here) if active && self.is_ours() => {
                let mut acts = Vec::new();
                if verdict == Verdict::Real {
                    acts.push("dispense");
                }
                acts.extend(["ship", "pack", "decommission", "mark"]);
                acts
            }
            Some(Where::Gone) if !active => vec!["undo"],
            _ => Vec::new(),
        }
    }
}

/// The opening of the lock that this organisation was given, if it was.
pub(super) fn opens(custody: &Custody, given: &Opening, here: &str) -> bool {
    let lock = given.lock(here);
    matches!(custody, Custody::Transit { next, .. } if *next == lock)
}
