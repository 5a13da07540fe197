//! What a scan without a connection is worth, case by case, and which forms are refused.

use super::super::Reason;
use super::super::held::Where;
use super::super::order::{Marking, PackAct};
use super::super::verify::{Because, Verdict, Verification};
use super::judge::{Next, done, next, was_done};
use super::keep::usable;
use super::{NewOffline, OfflineState};

const TAKEN_US: i64 = 1_700_000_000_000_000;
const DISPENSE: PackAct = PackAct::Dispense;
const STOLEN: PackAct = PackAct::Decommission(Reason::Stolen);

/// A pack here of which nothing bad is known.
fn real() -> Verification {
    Verification {
        verdict: Verdict::Real,
        because: Vec::new(),
        suspicions: Vec::new(),
        marking: Marking {
            gtin: "09506000134352".into(),
            serial: "1".into(),
            lot: String::new(),
            expiry: String::new(),
        },
        mended: None,
        place: Some(Where::Here),
        case: None,
        other: None,
        acts: Vec::new(),
        ended_here: false,
        stale: false,
        height: 1,
        time_ms: 1,
        proof: None,
    }
}

fn with(verdict: Verdict, code: &str, since_us: Option<i64>) -> Verification {
    let because = vec![Because {
        verdict,
        code: code.to_owned(),
        since_us,
    }];
    Verification {
        verdict,
        because,
        ..real()
    }
}

fn used(since_us: i64, ended_here: bool) -> Verification {
    Verification {
        place: Some(Where::Gone),
        ended_here,
        ..with(Verdict::Used, "dispensed", Some(since_us))
    }
}

#[test]
fn what_can_be_done_is_done_and_what_does_not_fit_is_told() {
    use OfflineState::{Conflict, Fine, Repeated};
    let at = |place, found: Verification| Verification {
        place: Some(place),
        ..found
    };
    let table = [
        (None, real(), Next::End(Fine)),
        (
            None,
            with(Verdict::Unknown, "never-commissioned", None),
            Next::End(Conflict),
        ),
        // Given away here after it was only looked at.
        (None, used(TAKEN_US + 1, true), Next::End(Fine)),
        (None, used(TAKEN_US - 1, true), Next::End(Conflict)),
        (None, used(TAKEN_US + 1, false), Next::End(Conflict)),
        // Recalled since: whoever has it must know.
        (
            None,
            with(Verdict::Recalled, "lot-recalled", Some(TAKEN_US + 1)),
            Next::End(Conflict),
        ),
        (Some(DISPENSE), real(), Next::Act),
        (
            Some(DISPENSE),
            at(Where::Awaited, real()),
            Next::End(Conflict),
        ),
        (
            Some(DISPENSE),
            with(Verdict::Expired, "expired", None),
            Next::Act,
        ),
        (
            Some(DISPENSE),
            with(Verdict::Suspect, "detected-custody-gap", None),
            Next::Act,
        ),
        (
            Some(DISPENSE),
            with(Verdict::Suspect, "marked-suspect", None),
            Next::End(Conflict),
        ),
        (
            Some(DISPENSE),
            with(Verdict::Mismatch, "lot-or-expiry", None),
            Next::End(Conflict),
        ),
        (
            Some(DISPENSE),
            with(Verdict::Recalled, "lot-recalled", Some(TAKEN_US + 1)),
            Next::End(Conflict),
        ),
        (
            Some(DISPENSE),
            used(TAKEN_US - 1, true),
            Next::End(Repeated),
        ),
        (
            Some(DISPENSE),
            used(TAKEN_US - 1, false),
            Next::End(Conflict),
        ),
        (Some(STOLEN), used(TAKEN_US, true), Next::End(Conflict)),
        (
            Some(STOLEN),
            with(Verdict::Expired, "expired", None),
            Next::Act,
        ),
        (
            Some(STOLEN),
            with(Verdict::Elsewhere, "in-other-hands", None),
            Next::End(Conflict),
        ),
        (Some(PackAct::Take), at(Where::Awaited, real()), Next::Act),
        (Some(PackAct::Take), real(), Next::End(Repeated)),
        (
            Some(PackAct::Take),
            Verification {
                place: None,
                ..with(Verdict::Unknown, "never-commissioned", None)
            },
            Next::End(Conflict),
        ),
    ];
    for (place, (act, found, wanted)) in table.into_iter().enumerate() {
        let judged = next(act.as_ref(), &found, TAKEN_US);
        assert_eq!(judged, wanted, "line {place}: {act:?} {found:?}");
    }
}

#[test]
fn what_was_given_away_expired_is_on_the_ledger_and_somebody_looks() {
    let expired = with(Verdict::Expired, "expired", None);
    assert_eq!(done(&DISPENSE, &expired), OfflineState::Conflict);
    assert_eq!(done(&DISPENSE, &real()), OfflineState::Fine);
    assert_eq!(done(&STOLEN, &expired), OfflineState::Fine);
}

#[test]
fn a_node_that_was_killed_finds_its_own_act_and_no_conflict() {
    let own = used(TAKEN_US + 60_000_000, true);
    assert_eq!(was_done(&DISPENSE, &own, TAKEN_US), OfflineState::Fine);
    let mut expired = used(TAKEN_US + 60_000_000, true);
    expired.because.push(Because {
        verdict: Verdict::Expired,
        code: "expired".into(),
        since_us: None,
    });
    assert_eq!(
        was_done(&DISPENSE, &expired, TAKEN_US),
        OfflineState::Conflict
    );
}

#[test]
fn a_form_that_cannot_be_kept_is_refused_with_a_reason() {
    let sound = NewOffline {
        id: "0b5f6a52-6f0e-4b7c-9b7f-2f9a3b1c0d4e".into(),
        scan: "(01)09506000134352(21)1".into(),
        act: "dispense".into(),
        reason: None,
        taken_us: TAKEN_US,
    };
    let now_us = TAKEN_US + 1_000_000;
    assert_eq!(usable(&sound, now_us), Ok(()));
    // What cannot be read is kept: the pack may have been given away.
    let unreadable = NewOffline {
        scan: "???".into(),
        ..sound.clone()
    };
    assert_eq!(usable(&unreadable, now_us), Ok(()));
    let day_us = 86_400_000_000;
    let id = |id: &str| NewOffline {
        id: id.into(),
        ..sound.clone()
    };
    let code = |scan: String| NewOffline {
        scan,
        ..sound.clone()
    };
    let act = |act: &str, reason: Option<&str>| NewOffline {
        act: act.into(),
        reason: reason.map(str::to_owned),
        ..sound.clone()
    };
    let at = |taken_us| NewOffline {
        taken_us,
        ..sound.clone()
    };
    let table = [
        (id("1"), "UUID"),
        (id(&sound.id.to_uppercase()), "UUID"),
        (code(" ".into()), "bytes"),
        (code("1".repeat(10_000)), "bytes"),
        (act("ship", None), "`act` is"),
        (act("decommission", None), "`reason` is one of"),
        (act("dispense", Some("stolen")), "only"),
        (at(now_us + 6 * 60_000_000), "clock"),
        (at(now_us - 32 * day_us), "31 days"),
        (at(i64::MAX), "clock"),
    ];
    for (scan, why) in table {
        let told = usable(&scan, now_us).unwrap_err();
        assert!(told.contains(why), "{why}: {told}");
    }
}
