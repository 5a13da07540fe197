//! 1,000,000 random pairs of a consent set and a request: the evaluator, a naive oracle and Cedar
//! agree on each.
#![allow(
    clippy::unwrap_used,
    clippy::match_bool,
    clippy::option_option,
    clippy::similar_names,
    reason = "a test may fail loudly, and its model tells absent from unreadable"
)]
#![allow(clippy::print_stdout, reason = "a test may say what it saw")]

mod cedar;
mod model;
mod naive;

use consent::decide::Fallback;
use consent::labels::ValueSets;
use consent::{Facts, Rules, Terms, decide};
use model::{Consent, DAY_US, Dice, Record, Request, asking};

/// Change it to look elsewhere; a failure prints the round, which with this is all it takes.
const SEED: u64 = 20_261_125;
const ROUNDS: u64 = 10_000;
const ASKS: usize = 10;
const RECORDS: usize = 10;

/// What one round saw.
#[derive(Default)]
struct Seen {
    pairs: u64,
    permitted: u64,
}

fn round(number: u64, seen: &mut Seen) {
    let mut dice = Dice(SEED ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let count = 1 + dice.below(4);
    let consents: Vec<Consent> = (0..count).map(|_| Consent::random(&mut dice)).collect();
    let implied = dice.one_in(2);
    let asks: Vec<Request> = (0..ASKS).map(|_| Request::random(&mut dice)).collect();
    let records: Vec<Record> = (0..RECORDS).map(|_| Record::random(&mut dice)).collect();
    // Through the bytes, as they are kept.
    let terms: Vec<Terms> = consents
        .iter()
        .map(|one| Terms::from_bytes(&Terms::read(&one.json()).unwrap().to_bytes()).unwrap())
        .collect();
    let facts: Vec<Facts> = records
        .iter()
        .map(|one| Facts::read(&one.json(), ValueSets::built_in()).to_bytes())
        .map(|bytes| Facts::from_bytes(&bytes).unwrap())
        .collect();
    let rules = Rules::new(&terms);
    let policies = cedar::compile(&consents, implied);
    let entities = cedar::entities(&asks, &records);
    let default = if implied {
        Fallback::Permit
    } else {
        Fallback::Deny
    };
    for (a, request) in asks.iter().enumerate() {
        for (r, record) in records.iter().enumerate() {
            let asking = asking(request, DAY_US / 2);
            let decision = decide(&terms, default, &asking, &facts[r]);
            let ours = decision.permits();
            let told = || {
                format!("round {number}: implied {implied}\n{consents:?}\n {request:?} {record:?}")
            };
            let told = || format!("{}\n{decision:?}", told());
            let naive = naive::permits(&consents, implied, request, record);
            assert_eq!(ours, naive, "against the oracle, {}", told());
            let second = cedar::permits(&policies, &entities, a, r);
            assert_eq!(ours, second, "against Cedar, {}\n{policies}", told());
            assert_eq!(
                ours,
                rules.permits(default, &asking, &facts[r]),
                "{}",
                told()
            );
            seen.pairs += 1;
            seen.permitted += u64::from(ours);
        }
    }
}

#[test]
fn a_million_pairs_are_decided_alike_by_the_evaluator_an_oracle_and_cedar() {
    let seen = std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            scope.spawn(move || {
                let mut seen = Seen::default();
                for number in (half..ROUNDS).step_by(2) {
                    round(number, &mut seen);
                }
                seen
            })
        });
        halves.map(|half| half.join().unwrap())
    });
    let pairs: u64 = seen.iter().map(|seen| seen.pairs).sum();
    let permitted: u64 = seen.iter().map(|seen| seen.permitted).sum();
    println!("{pairs} pairs, {permitted} permitted");
    assert_eq!(pairs, 1_000_000);
    // Both answers are common, or the pairs would prove little.
    assert!(
        (pairs / 20..pairs / 20 * 19).contains(&permitted),
        "{permitted}"
    );
}
