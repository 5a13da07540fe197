//! One act, two signers: where the seed is changes nothing, and no other seed signs.

use super::*;
use consent::statement::{Consenting, body_digest};
use proof::{CommitmentKey, sha256};
use serde_json::json;

/// Bytes of a case, as random as a hash and the same each time.
fn bytes(case: u32, what: &str) -> [u8; 32] {
    sha256(format!("{case} {what}").as_bytes()).0
}

fn consent(case: u32) -> Value {
    let purposes = ["TREAT", "HRESCH", "HPAYMT"];
    json!({
        "resourceType": "Consent", "status": "active",
        "patient": { "reference": "Patient/p1" },
        "provision": { "type": if case.is_multiple_of(5) { "deny" } else { "permit" },
            "purpose": [{ "code": purposes[case as usize % 3] }] }
    })
}

fn statement(case: u32, custodial: bool) -> Statement {
    let recipients = ["city-lab", "north-clinic", "research"];
    let act = match case % 4 {
        0 | 1 => Act::Consent(Consenting {
            consent: format!("c{case}"),
            body: body_digest(&consent(case), &format!("c{case}")).unwrap(),
            recipients: recipients[..case as usize % 4]
                .iter()
                .map(|it| (*it).into())
                .collect(),
            recipients_key: CommitmentKey(bytes(case, "recipients")),
            policy_key: CommitmentKey(bytes(case, "policy")),
            from: 490_000 + case,
            until: 491_000 + case,
            custodial,
        }),
        2 => Act::Withdraw {
            consent: format!("c{case}"),
            grants: (0..case % 3)
                .map(|it| Digest(bytes(case, &it.to_string())))
                .collect(),
        },
        _ => Act::Link {
            organisation: "north-clinic".into(),
        },
    };
    Statement {
        id: Digest(bytes(case, "id")),
        chain: Digest(bytes(case, "chain")),
        home: "st-mary".into(),
        patient: "p1".into(),
        until_ms: 1_790_000_000_000,
        delegation: None,
        act,
    }
}

fn key(seed: &Seed) -> PublicKey {
    SecretKey::from_seed(&seed.consent_signing()).public()
}

/// What goes to the ledger for an answer, and the pseudonym, as the acts take them.
type Done = (Option<Grant>, Vec<Revoke>, Option<[u8; 32]>);

fn done(
    statement: &Statement,
    signed: &SignedStatement,
    seed: &Seed,
) -> Result<Done, HospitalError> {
    proven(statement, signed, &key(seed))?;
    let authority =
        |grant: &Digest| Some(SecretKey::from_seed(&seed.grant_authority(&grant.0)).public());
    let case = consent_of(statement);
    Ok(match &statement.act {
        Act::Consent(_) => (
            granted(statement, &case, signed, &key(seed))?,
            Vec::new(),
            None,
        ),
        Act::Withdraw { .. } => (
            None,
            withdrawn(statement, signed, authority, |_| None)?,
            None,
        ),
        Act::Link { .. } => (None, Vec::new(), Some(linked(signed)?)),
        Act::Accept { .. } => unreachable!("no case accepts a delegation"),
    })
}

fn consent_of(statement: &Statement) -> Value {
    match &statement.act {
        Act::Consent(of) => consent(of.consent[1..].parse().unwrap()),
        _ => Value::Null,
    }
}

/// A device and an organisation that keep the same seed put the same on the ledger, but for the
/// flag by which every grant says who keeps it.
#[test]
fn the_same_seed_makes_the_same_transactions_wherever_it_is() {
    for case in 0..400 {
        let seed = Seed::from_bytes(bytes(case, "seed"));
        let sign = |custodial| {
            let statement = statement(case, custodial);
            let signed = sign_statement(&seed, &statement, &consent_of(&statement));
            done(&statement, &signed, &seed).unwrap()
        };
        let (here, there) = (sign(true), sign(false));
        assert_eq!((&here.1, here.2), (&there.1, there.2), "case {case}");
        let (here, there) = (here.0, there.0);
        let unsigned = |grant: Option<Grant>| {
            grant.map(|grant| Grant {
                custodial: false,
                signature: Signature([0; 64]),
                ..grant
            })
        };
        assert_eq!(here.map(|it| it.custodial), here.map(|_| true));
        assert_eq!(there.map(|it| it.custodial), there.map(|_| false));
        assert_eq!(unsigned(here), unsigned(there), "case {case}");
    }
}

/// Whoever does not hold the seed answers nothing, and an answer is for one statement only.
#[test]
fn an_answer_of_another_seed_or_to_another_statement_is_refused() {
    for case in 0..60 {
        let seed = Seed::from_bytes(bytes(case, "seed"));
        let thief = Seed::from_bytes(bytes(case, "thief"));
        let mine = statement(case, false);
        let good = sign_statement(&seed, &mine, &consent_of(&mine));
        done(&mine, &good, &seed).unwrap();
        let stolen = sign_statement(&thief, &mine, &consent_of(&mine));
        assert!(done(&mine, &stolen, &seed).is_err(), "case {case}");
        let patched = SignedStatement {
            signature: good.signature,
            ..stolen.clone()
        };
        if stolen.derived.is_some() || !stolen.ledger.is_empty() {
            assert!(done(&mine, &patched, &seed).is_err(), "case {case}");
        }
        // Four cases on it is the same act with other ids.
        let other = statement(case + 4, false);
        assert!(done(&other, &good, &seed).is_err(), "case {case}");
        for change in [
            |it: &mut Statement| it.id.0[0] ^= 1,
            |it: &mut Statement| it.chain.0[31] ^= 1,
            |it: &mut Statement| it.home = "city-lab".into(),
            |it: &mut Statement| it.patient = "p2".into(),
            |it: &mut Statement| it.until_ms += 1,
        ] {
            let mut changed = mine.clone();
            change(&mut changed);
            assert!(done(&changed, &good, &seed).is_err(), "case {case}");
        }
    }
}
