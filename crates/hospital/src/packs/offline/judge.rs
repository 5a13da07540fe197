//! What a look at a pack is worth for a scan that was made without a connection. Pure.

use super::super::held::Where;
use super::super::order::PackAct;
use super::super::verify::{Because, Verdict, Verification};
use super::OfflineState;

/// What is done next with a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The act, on the ledger.
    Act,
    /// Nothing: this is how it ended.
    End(OfflineState),
}

/// What is done next, after a look at the pack as it was at the time of the scan. `None`: it was
/// only scanned.
pub(super) fn next(act: Option<&PackAct>, found: &Verification, taken_us: i64) -> Next {
    let has = |verdict| found.because.iter().any(|it| it.verdict == verdict);
    let is_here = found.place == Some(Where::Here);
    match act {
        None if is_well(found, taken_us) => Next::End(OfflineState::Fine),
        Some(PackAct::Take) if found.place == Some(Where::Awaited) => Next::Act,
        Some(PackAct::Take) if is_here => Next::End(OfflineState::Repeated),
        Some(PackAct::Dispense) if is_here && found.because.iter().all(is_no_bar) => Next::Act,
        Some(PackAct::Decommission(_)) if is_here => {
            let bars = [
                Verdict::Unknown,
                Verdict::Mismatch,
                Verdict::Used,
                Verdict::Elsewhere,
            ];
            if bars.into_iter().any(has) {
                Next::End(OfflineState::Conflict)
            } else {
                Next::Act
            }
        }
        Some(PackAct::Dispense) if found.ended_here && is_dispensed(found) => {
            Next::End(OfflineState::Repeated)
        }
        Some(PackAct::Decommission(_)) if found.ended_here && !is_dispensed(found) => {
            Next::End(OfflineState::Repeated)
        }
        _ => Next::End(OfflineState::Conflict),
    }
}

/// How a scan ended whose act the ledger has accepted. Whoever gave a pack away has to know what
/// spoke against it, also where the ledger did not hinder it.
pub(super) fn done(act: &PackAct, found: &Verification) -> OfflineState {
    match act {
        PackAct::Decommission(_) => OfflineState::Fine,
        _ if found.verdict == Verdict::Real => OfflineState::Fine,
        _ => OfflineState::Conflict,
    }
}

/// The same where it is on the ledger already, as this organisation's own act.
pub(super) fn was_done(act: &PackAct, found: &Verification, taken_us: i64) -> OfflineState {
    let is_later = |since: Option<i64>| since.is_some_and(|it| it > taken_us);
    let mut because = found.because.iter();
    match act {
        PackAct::Decommission(_) => OfflineState::Fine,
        _ if because.all(|it| it.verdict == Verdict::Used || is_later(it.since_us)) => {
            OfflineState::Fine
        }
        _ => OfflineState::Conflict,
    }
}

/// Why a real pack cannot be acted on here: where it stands, and what to do.
pub(super) fn elsewhere(place: Option<Where>) -> &'static str {
    match place {
        Some(Where::Awaited) => {
            "it was handed over to here and not received yet: receive it, and compare again"
        }
        Some(Where::Here) => "it is here, and nothing of the kind was done with it",
        Some(Where::OnItsWay) => "it is on its way to another organisation",
        Some(Where::Gone) => "it has left",
        None => "it was never here",
    }
}

/// What speaks against giving it away, and does not hinder the ledger from writing that it was.
fn is_no_bar(because: &Because) -> bool {
    because.verdict == Verdict::Expired || because.code.starts_with("detected-")
}

/// Real at the time of the scan. What ended its life here since was this organisation's own act.
fn is_well(found: &Verification, taken_us: i64) -> bool {
    found.because.iter().all(|it| {
        let is_later = it.since_us.is_some_and(|since| since > taken_us);
        it.verdict == Verdict::Used && found.ended_here && is_later
    })
}

fn is_dispensed(found: &Verification) -> bool {
    found.because.iter().any(|it| it.code == "dispensed")
}
