//! What other organisations answer under random consents, against a filter over everything that
//! they keep: nothing leaks, and nothing permitted is missing.
//!
//! The oracle of consents is the one of `crates/consent/tests/differential`; it shares no code with
//! the evaluator.

#![allow(unreachable_pub, reason = "modules of a test")]
#![allow(
    clippy::unwrap_used,
    clippy::match_bool,
    clippy::option_option,
    clippy::similar_names,
    clippy::print_stdout,
    reason = "a test may panic and say what it saw; its model tells absent from unreadable"
)]

mod common;
#[allow(dead_code, reason = "a part of it is needed here")]
#[path = "../../consent/tests/differential/model.rs"]
mod model;
#[allow(dead_code, reason = "a part of it is needed here")]
#[path = "../../consent/tests/differential/naive.rs"]
mod naive;
mod elsewhere {
    pub mod asker;
    pub mod members;
    pub mod ward;
}

use elsewhere::asker::{Asker, Tally};
use elsewhere::members::Members;
use elsewhere::ward::Patient;
use model::Dice;

/// Change it to look elsewhere.
const SEED: u64 = 20_261_126;
const PATIENTS: u64 = 16;
/// Questions in all, by askers who ask at the same time.
const QUESTIONS: u64 = 3_000;
const ASKERS: u64 = 12;

fn ward(members: &Members) -> Vec<Patient> {
    std::thread::scope(|scope| {
        let admitting = (0..4).map(|part| {
            scope.spawn(move || {
                let mut dice = Dice(SEED + part);
                let own = (0..PATIENTS / 4).map(|_| Patient::admit(members, &mut dice));
                own.collect::<Vec<_>>()
            })
        });
        let admitting: Vec<_> = admitting.collect();
        let all = admitting.into_iter().flat_map(|part| part.join().unwrap());
        all.collect()
    })
}

fn asked(members: &Members, patients: &[Patient], asker: u64) -> Tally {
    let mut asker = Asker {
        members,
        patients,
        dice: Dice(SEED ^ (asker << 20)),
        tally: Tally::default(),
    };
    for _ in 0..QUESTIONS / ASKERS {
        asker.ask();
    }
    asker.tally
}

#[test]
fn three_thousand_questions_elsewhere_answer_what_a_filter_over_everything_answers() {
    let members = Members::start();
    let patients = ward(&members);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let (members, patients) = (&members, &patients[..]);
        let all = (0..ASKERS).map(|one| scope.spawn(move || asked(members, patients, one)));
        let all: Vec<_> = all.collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (shown, hidden) = (sum(|it| it.shown), sum(|it| it.hidden));
    let shortened = sum(|it| it.shortened);
    println!("{shown} shown, {shortened} of them shortened, {hidden} hidden");
    assert_eq!(sum(|it| it.asked), QUESTIONS);
    // Both are common, or the questions would prove little.
    assert!(shown > QUESTIONS / 2 && hidden > QUESTIONS && shortened > 100);
}
