//! Laws of the decision over random consents: more refusals never permit more, order does not
//! matter, what is not known never permits.
#![allow(
    clippy::unwrap_used,
    clippy::match_bool,
    clippy::option_option,
    clippy::similar_names,
    reason = "a test may fail loudly, and its model tells absent from unreadable"
)]

#[path = "differential/model.rs"]
#[allow(dead_code, reason = "the laws need a part of the model")]
mod model;

use consent::decide::Fallback;
use consent::labels::ValueSets;
use consent::{Decision, Facts, Rules, Terms};
use model::{Consent, Dice, Record, Request, asking};
use serde_json::json;

const ROUNDS: u64 = 4_000;

/// Calls `check` with random consents, their terms, a default, a request and a record.
fn each(check: impl Fn(&mut Dice, &[Consent], Fallback, &Request, &Facts)) {
    for number in 0..ROUNDS {
        let mut dice = Dice(number.wrapping_mul(0x9e37_79b9));
        let count = 1 + dice.below(4);
        let consents: Vec<Consent> = (0..count).map(|_| Consent::random(&mut dice)).collect();
        let default = dice.pick(&[Fallback::Permit, Fallback::Deny]);
        for _ in 0..10 {
            let request = Request::random(&mut dice);
            let record = Record::random(&mut dice);
            let facts = Facts::read(&record.json(), ValueSets::built_in());
            check(&mut dice, &consents, default, &request, &facts);
        }
    }
}

fn read(consents: &[Consent]) -> Vec<Terms> {
    consents
        .iter()
        .map(|one| Terms::read(&one.json()).unwrap())
        .collect()
}

fn decision(terms: &[Terms], default: Fallback, request: &Request, facts: &Facts) -> Decision {
    consent::decide(terms, default, &asking(request, 0), facts)
}

#[test]
fn one_more_refusal_never_permits_more() {
    each(|dice, consents, default, request, facts| {
        let before = decision(&read(consents), default, request, facts).permits();
        let mut more = consents.to_vec();
        let mut refusal = Consent::random(dice);
        let rule = loop {
            if let Some(root) = Consent::random(dice).root {
                break model::Rule {
                    type_: Some(false),
                    below: Vec::new(),
                    ..root
                };
            }
        };
        // As a consent of its own, and as an exception below the root of another one.
        refusal.id = "new";
        refusal.policy_rule = None;
        refusal.root = Some(rule.clone());
        more.push(refusal);
        assert!(before || !decision(&read(&more), default, request, facts).permits());
        let mut inside = consents.to_vec();
        let typed = inside[0].root.as_mut().filter(|root| root.type_.is_some());
        if let Some(root) = typed {
            root.below.push(rule);
            assert!(before || !decision(&read(&inside), default, request, facts).permits());
        }
    });
}

#[test]
fn the_order_of_terms_does_not_matter() {
    each(|_, consents, default, request, facts| {
        let mut terms = read(consents);
        let before = decision(&terms, default, request, facts).permits();
        for _ in 0..terms.len() {
            terms.rotate_left(1);
            assert_eq!(before, decision(&terms, default, request, facts).permits());
        }
        terms.reverse();
        assert_eq!(before, decision(&terms, default, request, facts).permits());
        let rules = Rules::new(&terms);
        assert_eq!(before, rules.permits(default, &asking(request, 0), facts));
    });
}

/// To know less of who asks, or to understand less of a consent, opens nothing.
#[test]
fn what_is_not_known_never_permits() {
    each(|dice, consents, default, request, facts| {
        let terms = read(consents);
        let before = decision(&terms, default, request, facts).permits();
        let mut less = request.clone();
        match dice.below(6) {
            0 => less.organisation.clear(),
            1 => less.practitioner.clear(),
            2 => less.role.clear(),
            3 => less.groups = None,
            4 => less.custodian.clear(),
            _ => less.purpose = None,
        }
        assert!(before || !decision(&terms, default, &less, facts).permits());
        let at = usize::try_from(dice.below(consents.len() as u64)).unwrap();
        let mut opaque: Vec<_> = consents.iter().map(Consent::json).collect();
        opaque[at]["modifierExtension"] = json!([{"url": "urn:x"}]);
        let opaque: Vec<Terms> = opaque.iter().map(|one| Terms::read(one).unwrap()).collect();
        assert!(before || !decision(&opaque, default, request, facts).permits());
    });
}

#[test]
fn every_refusal_has_a_reason() {
    each(|_, consents, default, request, facts| {
        if let Decision::Deny { reasons } = decision(&read(consents), default, request, facts) {
            assert!(!reasons.is_empty() && reasons.len() <= 16, "{reasons:?}");
        }
    });
}
