#![allow(clippy::unwrap_used, reason = "a test")]

use proof::SecretKey;
use serde_json::Value;

use super::jws::{decode, sign};
use super::*;
use crate::caller::Role;

mod any_bytes;
mod hostile;

const NOW_S: i64 = 1_700_000_000;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn issuer() -> SecretKey {
    key(1)
}

fn holder() -> SecretKey {
    key(2)
}

fn credential() -> Credential {
    let new = NewCredential {
        issuer: "north-clinic",
        subject: "p-7f3a",
        role: Role::Clinician,
        name: Some("Dr. Ida Berg"),
        identifier: Some("LANR 123456601"),
        epoch: 4,
        holder: holder().public(),
        now_s: NOW_S,
        life_s: LIFE_S,
    };
    let dice = Dice {
        id: [9; 16],
        salts: [[10; 16], [11; 16]],
    };
    issue(&new, &dice, &issuer()).unwrap()
}

fn presented(disclose: &[&str]) -> String {
    let to = Presentation {
        disclose,
        audience: "st-mary",
        nonce: "n-1",
        now_s: NOW_S + 10,
    };
    present(&credential(), &to, &holder()).unwrap()
}

fn judged_at(text: &str, now_s: i64) -> Result<Practitioner, CredentialError> {
    presented_at(text, now_s, "n-1").map(|it| it.practitioner)
}

fn presented_at(text: &str, now_s: i64, nonce: &str) -> Result<Presented, CredentialError> {
    let key = issuer().public();
    let expected = Expected {
        issuer: "north-clinic",
        issuer_key: &key,
        epoch_min: 4,
        audience: "st-mary",
        nonce,
        now_s,
    };
    check(text, &expected)
}

fn judged(text: &str) -> Result<Practitioner, CredentialError> {
    judged_at(text, NOW_S + 11)
}

/// The parts of a presentation, to be forged: claims, disclosures, claims of the proof.
struct Parts {
    claims: Value,
    disclosures: Vec<String>,
    proof: Value,
    hash: bool,
}

fn payload(token: &str) -> Value {
    serde_json::from_slice(&decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

impl Parts {
    fn honest() -> Self {
        let text = presented(&["name", "identifier"]);
        let all: Vec<&str> = text.split('~').collect();
        Self {
            claims: payload(all[0]),
            disclosures: all[1..3].iter().map(|text| (*text).to_owned()).collect(),
            proof: payload(all[3]),
            hash: true,
        }
    }

    /// Signed again with the right keys, so that nothing but the forged claim is wrong.
    fn text(mut self) -> String {
        let mut text = sign(CREDENTIAL_TYPE, &self.claims, &issuer());
        text.push('~');
        for disclosure in &self.disclosures {
            text.push_str(disclosure);
            text.push('~');
        }
        if self.hash {
            self.proof["sd_hash"] = disclosure::digest(&text).into();
        }
        text.push_str(&sign(PROOF_TYPE, &self.proof, &holder()));
        text
    }
}

fn forged(change: impl FnOnce(&mut Parts)) -> String {
    let mut parts = Parts::honest();
    change(&mut parts);
    parts.text()
}

#[test]
fn a_practitioner_shows_what_is_disclosed_and_no_more() {
    let found = judged(&presented(&[])).unwrap();
    assert_eq!(found.organisation, "north-clinic");
    assert_eq!(found.subject, "p-7f3a");
    assert_eq!(found.role, Role::Clinician);
    assert_eq!((found.name, found.identifier), (None, None));
    assert_eq!((found.epoch, found.expires_s), (4, NOW_S + 300));
    assert_eq!(found.holder, holder().public());
    let found = judged(&presented(&["identifier"])).unwrap();
    assert_eq!(found.name, None);
    assert_eq!(found.identifier.as_deref(), Some("LANR 123456601"));
    let found = judged(&presented(&["name", "identifier"])).unwrap();
    assert_eq!(found.name.as_deref(), Some("Dr. Ida Berg"));
    // What is not disclosed is not in the text in any form.
    let text = presented(&[]);
    for part in text.split(['~', '.']) {
        let bytes = decode(part).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains("Berg"));
    }
    assert_eq!(judged(&Parts::honest().text()).map(|_| ()), Ok(()));
}

#[test]
fn every_changed_character_is_refused() {
    let honest = presented(&["name"]);
    for at in 0..honest.len() {
        let mut changed = honest.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(judged(&changed).is_err(), "character {at}");
    }
}

#[test]
fn a_presentation_has_one_name_for_as_long_as_it_could_come_again() {
    let name = |text: &str, now_s, nonce: &str| {
        let found = presented_at(text, now_s, nonce).unwrap();
        (found.once, found.until_s)
    };
    let first = name(&presented(&[]), NOW_S + 11, "n-1");
    // To the end of its life, and with other disclosures under the same nonce.
    for (disclose, now_s) in [
        (&[][..], NOW_S + 12),
        (&[], NOW_S + 70),
        (&["name"], NOW_S + 11),
    ] {
        assert_eq!(name(&presented(disclose), now_s, "n-1"), first);
    }
    assert_eq!(first.1, NOW_S + 300 + LEEWAY_S);
    // Under another nonce it is another one.
    let to = Presentation {
        disclose: &[],
        audience: "st-mary",
        nonce: "n-2",
        now_s: NOW_S + 10,
    };
    let other = present(&credential(), &to, &holder()).unwrap();
    assert_ne!(name(&other, NOW_S + 11, "n-2").0, first.0);
}

#[test]
fn a_credential_lives_between_its_times() {
    // Five seconds of leeway on both sides; the proof is as old as the presentation.
    for (now_s, found) in [
        (NOW_S - 6, Some(CredentialError::NotYetValid)),
        (NOW_S + 5, None),
        (NOW_S + 4, Some(CredentialError::Stale)),
        (NOW_S + 70, None),
        (NOW_S + 71, Some(CredentialError::Stale)),
        (NOW_S + 306, Some(CredentialError::Expired)),
    ] {
        let judged = judged_at(&presented(&[]), now_s);
        assert_eq!(judged.err(), found, "{}", now_s - NOW_S);
    }
}

#[test]
fn what_could_not_be_accepted_is_not_issued() {
    let issued = |change: fn(&mut NewCredential<'static>)| {
        let mut new = NewCredential {
            issuer: "north-clinic",
            subject: "p",
            role: Role::Clinician,
            name: None,
            identifier: None,
            epoch: 0,
            holder: holder().public(),
            now_s: NOW_S,
            life_s: LIFE_S,
        };
        change(&mut new);
        issue(&new, &Dice::throw().unwrap(), &issuer()).map(|_| ())
    };
    assert_eq!(issued(|_| ()), Ok(()));
    assert_eq!(
        issued(|new| new.life_s = 0),
        Err(CredentialError::LivesTooLong)
    );
    assert_eq!(
        issued(|new| new.life_s = 901),
        Err(CredentialError::LivesTooLong)
    );
    assert_eq!(
        issued(|new| new.role = Role::Patient),
        Err(CredentialError::Claim("role"))
    );
    assert_eq!(
        issued(|new| new.subject = ""),
        Err(CredentialError::Claim("sub"))
    );
    assert_eq!(
        issued(|new| new.name = Some("")),
        Err(CredentialError::Claim("name"))
    );
    let to = Presentation {
        disclose: &["role"],
        audience: "st-mary",
        nonce: "n",
        now_s: NOW_S,
    };
    let refused = present(&credential(), &to, &holder());
    assert_eq!(refused.unwrap_err(), CredentialError::Claim("disclosure"));
}

#[test]
fn the_form_is_frozen() {
    let frozen = include_str!("vector.txt").trim_end();
    assert_eq!(presented(&["identifier"]), frozen);
    assert!(judged(frozen).is_ok());
}
