//! Is this pack real? Answered from the local copy of the ledger, in words and with a proof.

use ledger::keys;
use supply::acts::{Custody, Finding, Lot, Pack, Status};
use supply::ids::{Opening, PackId, TradeKey};

use super::expiry;
use super::held::{Pack as Held, Where};
use super::looks;
use super::order::{Marking, opening, printed};
use super::scanned::{Scanned, scanned};
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
    /// `lot-recalled`, `marked-suspect`, `expired`, `in-other-hands`.
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
    /// What was read from the pack.
    pub marking: Marking,
    /// What the reading had to mend: a fault of the scanner, in words.
    pub mended: Option<String>,
    /// Where the pack is, seen from here; `None`: it was never here.
    pub place: Option<Where>,
    /// Who handed it over, or to whom it was handed.
    pub other: Option<String>,
    /// The acts that can be done here now.
    pub acts: Vec<&'static str>,
    /// The height of the state that was asked.
    pub height: u64,
    /// The time of that state, milliseconds since 1970.
    pub time_ms: u64,
    /// What proves the state of this pack to a stranger, where validators have stated it.
    pub proof: Option<String>,
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
        let Scanned { marking, mended } = scanned(scan)?;
        self.within_guesses(caller)?;
        let key = self.trade_key().await?;
        let state = self.fresh_state().await?;
        let name = key.pack(&marking.gtin, &marking.serial);
        let pack = state.pack(&name);
        let lot = pack.as_ref().and_then(|it| state.lot(&it.lot));
        let held = self.kept_packs(&[name]).await?.pop().map(|(_, it)| it);
        let seen = Seen {
            key: &key,
            marking: &marking,
            pack: pack.as_ref(),
            lot: lot.as_ref(),
            held: held.as_ref(),
            here: &self.0.organisation,
            now_us: self.now_us(),
        };
        let because = seen.because();
        let verdict = because.first().map_or(Verdict::Real, |it| it.verdict);
        if verdict == Verdict::Unknown {
            self.guessed(caller);
        }
        let access = Access {
            query: Some(format!("verdict={}", verdict.word())),
            ..Access::new(
                agent,
                AccessDeed::Operation("verify-pack".into()),
                self.now_us(),
            )
        };
        self.record_access(access).await?;
        Ok(Verification {
            acts: seen.acts(verdict),
            place: held.as_ref().map(|it| it.place),
            other: held
                .as_ref()
                .and_then(|it| it.to.clone().or(it.from.clone())),
            verdict,
            because,
            mended,
            height: state.height(),
            time_ms: self.0.chain.status().time_ms,
            proof: self.0.chain.state_proof(&keys::pack(&name)),
            marking,
        })
    }

    /// The name of a pack on the ledger, for who may know the key.
    pub(super) async fn pack_name(&self, marking: &Marking) -> Result<PackId, HospitalError> {
        let key = self.trade_key().await?;
        Ok(key.pack(&marking.gtin, &marking.serial))
    }
}

/// What a verdict is made of. Pure.
struct Seen<'a> {
    key: &'a TradeKey,
    marking: &'a Marking,
    pack: Option<&'a Pack>,
    lot: Option<&'a Lot>,
    held: Option<&'a Held>,
    here: &'a str,
    now_us: i64,
}

impl Seen<'_> {
    /// Every reason against the pack, the gravest first.
    fn because(&self) -> Vec<Because> {
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
        if self.differs(pack) {
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
        if pack.status == Status::Active && !self.is_ours(pack) {
            say(Verdict::Elsewhere, "in-other-hands", None);
        }
        because.sort_by_key(|it| it.verdict);
        because
    }

    /// Whether what was read is not what its maker printed. A code without lot or expiry says
    /// nothing about them.
    fn differs(&self, pack: &Pack) -> bool {
        let whole = !self.marking.lot.is_empty() && !self.marking.expiry.is_empty();
        if whole {
            return self.key.facts(&printed(self.marking)) != pack.facts;
        }
        let lot = &self.marking.lot;
        !lot.is_empty() && self.key.lot(&self.marking.gtin, lot) != pack.lot
    }

    /// Whether the ledger has it here, or on its way here.
    fn is_ours(&self, pack: &Pack) -> bool {
        let Some(held) = self.held else { return false };
        let lock = opening(&held.opening).lock(self.here);
        match pack.custody {
            Custody::Held(holder) => holder == lock,
            Custody::Transit { holder, next } => holder == lock || next == lock,
            Custody::Inside(_) => false,
        }
    }

    /// What can be done with it here.
    fn acts(&self, verdict: Verdict) -> Vec<&'static str> {
        let Some(pack) = self.pack else {
            return Vec::new();
        };
        let active = pack.status == Status::Active;
        match self.held.map(|it| it.place) {
            Some(Where::Awaited) if self.is_ours(pack) => vec!["receive"],
            Some(Where::OnItsWay) if active && self.is_ours(pack) => vec!["take-back"],
            Some(Where::Here) if active && self.is_ours(pack) => {
                let mut acts = Vec::new();
                if verdict == Verdict::Real {
                    acts.push("dispense");
                }
                acts.extend(["ship", "decommission", "mark"]);
                acts
            }
            Some(Where::Gone) if !active => vec!["undo"],
            _ => Vec::new(),
        }
    }
}

/// The opening of the lock that this organisation was given, if it was.
pub(super) fn opens(pack: &Pack, given: &Opening, here: &str) -> bool {
    let lock = given.lock(here);
    matches!(pack.custody, Custody::Transit { next, .. } if next == lock)
}
