//! The bytes of statements, and what follows from them for the ledger.

use super::*;
use proof::{Canonical, SecretKey};
use serde_json::json;

fn consent() -> Value {
    json!({
        "resourceType": "Consent", "status": "active",
        "patient": { "reference": "Patient/p1" },
        "provision": { "type": "permit",
            "purpose": [{ "system": crate::coding::ACT_REASON, "code": "TREAT" }] }
    })
}

fn statement(act: Act) -> Statement {
    Statement {
        id: Digest([1; 32]),
        chain: Digest([2; 32]),
        home: "st-mary".into(),
        patient: "p1".into(),
        until_ms: 1_790_000_000_000,
        delegation: None,
        act,
    }
}

fn consenting() -> Consenting {
    Consenting {
        consent: "c1".into(),
        body: body_digest(&consent(), "c1").unwrap(),
        recipients: vec!["city-lab".into(), "north-clinic".into()],
        recipients_key: CommitmentKey([3; 32]),
        policy_key: CommitmentKey([4; 32]),
        from: 497_222,
        until: 505_982,
        custodial: false,
    }
}

fn all() -> Vec<Statement> {
    let withdraw = Act::Withdraw {
        consent: "c1".into(),
        grants: vec![Digest([5; 32]), Digest([6; 32])],
    };
    let link = Act::Link {
        organisation: "north-clinic".into(),
    };
    let accept = Act::Accept {
        delegator: SecretKey::from_seed(&[8; 32]).public(),
        until: 505_982,
    };
    let acts = [Act::Consent(consenting()), withdraw, link, accept];
    let mut all: Vec<Statement> = acts.into_iter().map(statement).collect();
    let delegation = Some(Digest([7; 32]));
    all.push(Statement {
        delegation,
        ..all[1].clone()
    });
    all
}

/// To change a digest here is to approve a new format.
#[test]
fn the_bytes_of_statements_are_frozen() {
    let frozen = all().into_iter().map(|it| {
        let bytes = it.to_bytes();
        (bytes.len(), proof::sha256(&bytes).to_string())
    });
    let frozen: Vec<(usize, String)> = frozen.collect();
    let expected = [
        (
            235,
            "8ce5431a6c2721e1f8162cbbb0ca8e855c9be30584b2e5ae5ef2f2310247138b",
        ),
        (
            166,
            "0f9666e2789b14e757d33d0d90bbfbd8c8ff77781b83ab980b0cead497a32bed",
        ),
        (
            108,
            "3190cf39ff9af52684e32de83492de55466bd2761d788c13a81b4edb5a872ee7",
        ),
        (
            128,
            "af483dfc38dc8958080871820945d273b622527cb34c279159477713e3543973",
        ),
        (
            198,
            "7d8712eaf5200bd8ea50101242cea5b24729dae592d9e478771a7da3247febd0",
        ),
    ];
    let expected = expected.map(|(length, digest)| (length, digest.to_owned()));
    assert_eq!(frozen, expected);
}

#[test]
fn a_statement_has_one_byte_string_and_every_other_is_refused() {
    for statement in all() {
        let bytes = statement.to_bytes();
        assert_eq!(Statement::from_bytes(&bytes).unwrap(), statement);
        for end in 0..bytes.len() {
            assert!(Statement::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        assert!(Statement::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                if let Ok(read) = Statement::from_bytes(&changed) {
                    assert_ne!(read, statement);
                    assert_eq!(read.to_bytes(), changed, "byte {at}");
                }
            }
        }
    }
}

#[test]
fn recipients_stand_in_order_and_once() {
    for names in [["b", "a"], ["a", "a"], ["a", "B"], ["a", ""]] {
        let mut of = consenting();
        of.recipients = names.map(str::to_owned).to_vec();
        let bytes = statement(Act::Consent(of)).to_bytes();
        assert!(Statement::from_bytes(&bytes).is_err(), "{names:?}");
    }
}

#[test]
fn what_is_signed_depends_on_every_part() {
    let mut seen = std::collections::BTreeSet::new();
    for statement in all() {
        for derived in [None, Some([7; 32]), Some([8; 32])] {
            assert!(seen.insert(statement.message(derived.as_ref())));
        }
        let mut elsewhere = statement.clone();
        elsewhere.chain = Digest([9; 32]);
        assert!(seen.insert(elsewhere.message(None)));
    }
}

#[test]
fn the_grant_of_a_statement_opens_to_the_consent_that_was_signed() {
    let authority = SecretKey::from_seed(&[9; 32]).public();
    let statement = statement(Act::Consent(consenting()));
    let grant = statement.grant(&consent(), authority).unwrap();
    let terms = Terms::read(&as_signed(&consent(), "c1")).unwrap();
    assert_eq!(
        grant.policy,
        commit(&CommitmentKey([4; 32]), &terms.digest())
    );
    // The server's `meta` changes nothing, the patient's words do.
    let mut stored = consent();
    stored["meta"] = json!({ "versionId": "1", "lastUpdated": "2026-11-26T00:00:00Z" });
    stored["id"] = "c1".into();
    assert_eq!(statement.grant(&stored, authority), Some(grant));
    assert_eq!(body_digest(&stored, "c1"), body_digest(&consent(), "c1"));
    let mut other = consent();
    other["provision"]["type"] = "deny".into();
    assert_ne!(statement.grant(&other, authority), Some(grant));
    assert_ne!(body_digest(&other, "c1"), body_digest(&consent(), "c1"));
    assert_ne!(body_digest(&consent(), "c2"), body_digest(&consent(), "c1"));
}

#[test]
fn a_refusal_puts_nothing_on_the_ledger() {
    let mut of = consenting();
    of.recipients.clear();
    let authority = SecretKey::from_seed(&[9; 32]).public();
    let refusal = statement(Act::Consent(of));
    assert_eq!(refusal.grant(&consent(), authority), None);
}
