//! What a device does not sign.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::super::device::{Accepted, Facts, Given};
use super::*;
use consent::statement::Consenting;
use proof::CommitmentKey;
use serde_json::json;
use std::path::Path;
use vault::Seed;

const NOW_US: i64 = 1_795_000_000_000_000;

fn device() -> Device {
    let facts = Facts {
        organisation: "st-mary".into(),
        chain: Digest([2; 32]).to_string(),
        patient: "p1".into(),
        grants: vec![Given {
            consent: "c1".into(),
            grant: Some(Digest([5; 32]).to_string()),
        }],
        delegations: vec![Accepted {
            patient: "child".into(),
            delegation: Digest([6; 32]).to_string(),
        }],
    };
    Device::of(Path::new("phone"), Seed::from_bytes([1; 32]), facts).unwrap()
}

fn consent() -> Value {
    json!({
        "resourceType": "Consent", "status": "active",
        "patient": { "reference": "Patient/p1" },
        "provision": {
            "type": "permit",
            "actor": [{ "reference": { "reference": "Organization/north-clinic" } }],
            "purpose": [{ "code": "TREAT" }]
        }
    })
}

fn prepared(act: Act) -> Statement {
    Statement {
        id: Digest([1; 32]),
        chain: Digest([2; 32]),
        home: "st-mary".into(),
        patient: "p1".into(),
        until_ms: u64::try_from(NOW_US / 1_000).unwrap() + 600_000,
        delegation: None,
        act,
    }
}

fn giving() -> Consenting {
    let asked = hospital::asked(&consent(), "p1", NOW_US).unwrap();
    Consenting {
        consent: "c1".into(),
        body: body_digest(&consent(), "c1").unwrap(),
        recipients: asked.recipients,
        recipients_key: CommitmentKey([3; 32]),
        policy_key: CommitmentKey([4; 32]),
        from: asked.from_hour,
        until: asked.until_hour,
        custodial: false,
    }
}

fn text(statement: &Statement) -> Value {
    STANDARD.encode(statement.to_bytes()).into()
}

#[test]
fn a_device_signs_only_for_its_patient_home_and_ledger_and_only_what_it_can_read() {
    let device = device();
    let good = prepared(Act::Consent(giving()));
    let own = whom(&device, None).unwrap();
    let read = |of: &Value| statement(&device, &own, of, NOW_US);
    assert_eq!(read(&text(&good)).unwrap(), good);
    let changed = |change: fn(&mut Statement)| {
        let mut other = good.clone();
        change(&mut other);
        text(&other)
    };
    let mut longer = good.to_bytes();
    longer.push(0);
    let mut newer = good.to_bytes();
    newer[0] = 2;
    let mut unknown = good.to_bytes();
    unknown[1] = 9;
    for wrong in [
        changed(|it| it.chain = Digest([3; 32])),
        changed(|it| it.home = "city-lab".into()),
        changed(|it| it.patient = "p2".into()),
        changed(|it| it.patient = "child".into()),
        changed(|it| it.delegation = Some(Digest([6; 32]))),
        changed(|it| it.until_ms -= 601_000),
        changed(|it| it.until_ms += 3_600_000),
        STANDARD.encode(longer).into(),
        STANDARD.encode(newer).into(),
        STANDARD.encode(unknown).into(),
        STANDARD.encode(&good.to_bytes()[..100]).into(),
        "not base64!".into(),
        "".into(),
        Value::Null,
        json!(7),
    ] {
        let said = read(&wrong).unwrap_err().to_string();
        assert!(said.starts_with("error: nothing was signed"), "{said}");
    }
}

#[test]
fn a_device_signs_only_the_consent_that_it_was_asked_to_give() {
    let good = prepared(Act::Consent(giving()));
    gives(&good, &consent(), NOW_US).unwrap();
    // The hour may have turned between the two clocks.
    gives(&good, &consent(), NOW_US + HOUR_US).unwrap();
    let changes: [fn(&mut Consenting); 8] = [
        |of| of.body = Digest([0; 32]),
        |of| of.consent = "c2".into(),
        |of| of.recipients = vec!["north-clinic".into(), "research".into()],
        |of| of.recipients = vec!["research".into()],
        |of| of.recipients.clear(),
        |of| of.until += 2,
        |of| of.from -= 24,
        |of| of.custodial = true,
    ];
    for (change, number) in changes.into_iter().zip(1..) {
        let mut of = giving();
        change(&mut of);
        let other = prepared(Act::Consent(of));
        assert!(
            gives(&other, &consent(), NOW_US).is_err(),
            "change {number}"
        );
    }
    for (pointer, value) in [
        ("/provision/type", json!("deny")),
        ("/provision/purpose/0/code", json!("HRESCH")),
        ("/provision/purpose", json!([])),
        ("/status", json!("draft")),
        ("/patient/reference", json!("Patient/p2")),
    ] {
        let mut asked = consent();
        *asked.pointer_mut(pointer).unwrap() = value;
        assert!(gives(&good, &asked, NOW_US).is_err(), "{pointer}");
    }
    let other = prepared(Act::Link {
        organisation: "north-clinic".into(),
    });
    assert!(gives(&other, &consent(), NOW_US).is_err());
}

#[test]
fn a_device_withdraws_and_links_only_what_it_was_asked_to() {
    let device = device();
    let ending = |consent: &str, grants: &[u8]| {
        prepared(Act::Withdraw {
            consent: consent.into(),
            grants: grants.iter().map(|it| Digest([*it; 32])).collect(),
        })
    };
    withdraws(&device, &ending("c1", &[5]), "c1").unwrap();
    // One that was given before this device is not known here.
    withdraws(&device, &ending("c2", &[6]), "c2").unwrap();
    for (statement, asked) in [
        (ending("c1", &[6]), "c1"),
        (ending("c1", &[5, 6]), "c1"),
        (ending("c1", &[]), "c1"),
        (ending("c2", &[5]), "c1"),
        (prepared(Act::Consent(giving())), "c1"),
    ] {
        assert!(
            withdraws(&device, &statement, asked).is_err(),
            "{statement:?}"
        );
    }
    let link = prepared(Act::Link {
        organisation: "north-clinic".into(),
    });
    links(&link, "north-clinic").unwrap();
    assert!(links(&link, "city-lab").is_err());
    assert!(links(&ending("c1", &[5]), "north-clinic").is_err());
}

#[test]
fn a_device_acts_for_another_patient_only_under_the_delegation_that_it_accepted() {
    let device = device();
    assert!(whom(&device, Some("stranger")).is_err());
    let child = whom(&device, Some("child")).unwrap();
    let mut good = prepared(Act::Consent(Consenting {
        custodial: true,
        ..giving()
    }));
    good.patient = "child".into();
    good.delegation = Some(Digest([6; 32]));
    assert_eq!(
        statement(&device, &child, &text(&good), NOW_US).unwrap(),
        good
    );
    for change in [
        |it: &mut Statement| it.delegation = None,
        |it: &mut Statement| it.delegation = Some(Digest([7; 32])),
        |it: &mut Statement| it.patient = "p1".into(),
    ] {
        let mut other = good.clone();
        change(&mut other);
        assert!(statement(&device, &child, &text(&other), NOW_US).is_err());
    }
    let accept = prepared(Act::Accept {
        delegator: proof::PublicKey([8; 32]),
        until: 1,
    });
    accepts(&accept).unwrap();
    assert!(accepts(&good).is_err());
}
