//! The acts of consent: what each rule takes and what it refuses.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use consent::acts::break_glass::{GLASS_HOURS_MAX, LATE_HOURS_MAX, REVIEW_HOURS};
use consent::acts::delegate::DELEGATE_HOURS_MAX;
use consent::acts::grant::GRANT_HOURS_MAX;
use consent::acts::{
    BreakGlass, Delegate, EraseAttest, Grant, HOUR_MS, Refused, Review, Revoke, Verdict, erase,
};
use ledger::{Kind, Refusal};
use proof::codec::Canonical;
use proof::{CommitmentKey, Digest, PublicKey, Signature};
use support::acts::{self, HOUR, authority, number, other};
use support::{Network, id};

const THREE: [&str; 3] = ["city-lab", "north-clinic", "st-mary"];

fn network() -> Network {
    Network::new(&THREE)
}

fn refused<T>(why: Refused) -> Result<T, Refusal> {
    Err(Refusal::Consent(why))
}

#[test]
fn a_grant_is_accepted_once() {
    let mut network = network();
    let body = acts::grant(&network.chain, "st-mary", number(1));
    assert_eq!(network.act("st-mary", Kind::Grant, &body), Ok(0));
    let granted = network.state.grant(&body.id).unwrap();
    assert_eq!((granted.custodian.as_str(), granted.height), ("st-mary", 1));
    assert_eq!((granted.authority, granted.revoked), (body.authority, None));
    assert!(granted.is_valid_at(u64::from(HOUR) * HOUR_MS));
    assert!(!granted.is_valid_at(u64::from(HOUR + 24) * HOUR_MS));
    let again = network.act("st-mary", Kind::Grant, &body);
    assert_eq!(again, refused(Refused::Taken));
}

/// The first grant, changed and then signed.
fn changed(chain: &Digest, change: impl Fn(&mut Grant)) -> Grant {
    let mut body = acts::unsigned(number(1));
    change(&mut body);
    body.sign(chain, "st-mary", &authority(&number(1)))
}

#[test]
fn a_grant_is_signed_by_its_authority_for_this_ledger_and_custodian() {
    let chain = network().chain;
    let good = acts::grant(&chain, "st-mary", number(1));
    let mut identity = [0; 32];
    identity[0] = 1;
    let low_order = Grant {
        authority: PublicKey(identity),
        ..good
    };
    let unsigned = Grant {
        signature: Signature([0; 64]),
        ..good
    };
    let custodial = Grant {
        custodial: true,
        ..good
    };
    let elsewhere = acts::grant(&chain, "city-lab", number(1));
    let foreign = acts::grant(&Digest([9; 32]), "st-mary", number(1));
    let cases = [
        ("as signed", good, Ok(())),
        (
            "custodial",
            changed(&chain, |it| it.custodial = true),
            Ok(()),
        ),
        ("another custodian", elsewhere, Err(Refused::Unsigned)),
        ("another ledger", foreign, Err(Refused::Unsigned)),
        ("a flag changed", custodial, Err(Refused::Unsigned)),
        ("a weak key", low_order, Err(Refused::Key)),
        ("no signature", unsigned, Err(Refused::Unsigned)),
    ];
    for (what, body, expected) in cases {
        let mut network = network();
        let found = network.act("st-mary", Kind::Grant, &body).map(|_| ());
        assert_eq!(found, expected.map_err(Refusal::Consent), "{what}");
        assert_eq!(network.state.grant(&body.id).is_some(), expected.is_ok());
    }
}

#[test]
fn a_grant_has_a_beginning_and_an_end_to_come() {
    let too_long = Err(Refused::Span(GRANT_HOURS_MAX));
    let cases = [
        ("empty", HOUR, HOUR, too_long),
        ("reversed", HOUR, HOUR - 1, too_long),
        ("longest", HOUR, HOUR + GRANT_HOURS_MAX, Ok(())),
        ("too long", HOUR, HOUR + GRANT_HOURS_MAX + 1, too_long),
        ("ended", HOUR - 2, HOUR, Err(Refused::Past)),
        ("ends this hour", HOUR - 2, HOUR + 1, Ok(())),
        ("begins later", HOUR + 9, HOUR + 10, Ok(())),
        ("begins never", u32::MAX - 1, u32::MAX, Ok(())),
    ];
    for (what, from, until, expected) in cases {
        let mut network = network();
        let body = changed(&network.chain, |it| (it.from, it.until) = (from, until));
        let found = network.act("st-mary", Kind::Grant, &body).map(|_| ());
        assert_eq!(found, expected.map_err(Refusal::Consent), "{what}");
    }
}

#[test]
fn every_byte_of_a_grant_is_under_its_signature() {
    let network = network();
    let good = acts::grant(&network.chain, "st-mary", number(1)).to_bytes();
    assert_eq!(good.len(), 201);
    let key = network.sender("st-mary");
    for place in 0..good.len() {
        let mut body = good.clone();
        body[place] ^= 1;
        let sent = network.signed(network.header(&key, Kind::Grant as u8), body, &key);
        let mut network = Network::new(&THREE);
        let outcome = network.execute(&[sent]).outcomes.remove(0);
        // The last bit of the flags is the custodial one; only the signature tells.
        assert!(outcome.is_err(), "byte {place}");
    }
}

#[test]
fn a_revoked_grant_stays_revoked() {
    let mut network = network();
    let (chain, one) = (network.chain, number(1));
    let body = acts::grant(&chain, "st-mary", one);
    network.act("st-mary", Kind::Grant, &body).unwrap();
    let forged = [
        Revoke::sign(&chain, one, &other(&one)),
        Revoke::sign(&Digest([9; 32]), one, &authority(&one)),
        Revoke {
            id: one,
            ..Revoke::sign(&chain, number(2), &authority(&one))
        },
        // The custodian's own key does not revoke for the patient.
        Revoke::sign(&chain, one, &network.sender("st-mary")),
    ];
    for forged in forged {
        let found = network.act("st-mary", Kind::Revoke, &forged);
        assert_eq!(found, refused(Refused::Unsigned));
    }
    assert_eq!(network.state.grant(&one).unwrap().revoked, None);

    // Another member carries it: the patient is there.
    let revoke = Revoke::sign(&chain, one, &authority(&one));
    network.act("city-lab", Kind::Revoke, &revoke).unwrap();
    let height = network.state.height();
    let granted = network.state.grant(&one).unwrap();
    assert_eq!(granted.revoked, Some(height));
    assert!(!granted.is_valid_at(u64::from(HOUR) * HOUR_MS));
    let twice = network.act("city-lab", Kind::Revoke, &revoke);
    assert_eq!(twice, refused(Refused::Revoked(height)));
    let replayed = network.act("st-mary", Kind::Grant, &body);
    assert_eq!(replayed, refused(Refused::Taken));
    let unknown = Revoke::sign(&chain, number(3), &authority(&number(3)));
    let found = network.act("city-lab", Kind::Revoke, &unknown);
    assert_eq!(found, refused(Refused::Unknown));
}

#[test]
fn a_delegation_is_signed_by_both_and_ends() {
    let chain = network().chain;
    let one = number(1);
    let (from, to) = (authority(&one), other(&one));
    let good = acts::delegate(&chain, "st-mary", one);
    let until = |hour| Delegate::sign(&chain, "st-mary", (one, hour), &from, &to);
    let blank = Signature([0; 64]);
    let cases = [
        ("as signed", good, Ok(())),
        (
            "not accepted",
            Delegate {
                acceptance: blank,
                ..good
            },
            Err(Refused::Unsigned),
        ),
        (
            "not given",
            Delegate {
                signature: blank,
                ..good
            },
            Err(Refused::Unsigned),
        ),
        (
            "to oneself",
            Delegate::sign(&chain, "st-mary", (one, HOUR + 1), &from, &from),
            Err(Refused::Key),
        ),
        (
            "elsewhere",
            acts::delegate(&chain, "city-lab", one),
            Err(Refused::Unsigned),
        ),
        ("ended", until(HOUR), Err(Refused::Past)),
        ("longest", until(HOUR + DELEGATE_HOURS_MAX), Ok(())),
        (
            "too long",
            until(HOUR + DELEGATE_HOURS_MAX + 1),
            Err(Refused::Span(DELEGATE_HOURS_MAX)),
        ),
    ];
    for (what, body, expected) in cases {
        let mut network = network();
        let found = network.act("st-mary", Kind::Delegate, &body).map(|_| ());
        assert_eq!(found, expected.map_err(Refusal::Consent), "{what}");
        assert_eq!(network.state.delegation(&one).is_some(), expected.is_ok());
    }
}

#[test]
fn who_delegated_revokes_and_nobody_else() {
    let mut network = network();
    let (chain, one) = (network.chain, number(1));
    let body = acts::delegate(&chain, "st-mary", one);
    network.act("st-mary", Kind::Delegate, &body).unwrap();
    let now_ms = network.block().time_ms;
    assert!(network.state.delegation(&one).unwrap().is_valid_at(now_ms));
    let by_delegate = Revoke::sign(&chain, one, &other(&one));
    let found = network.act("st-mary", Kind::Revoke, &by_delegate);
    assert_eq!(found, refused(Refused::Unsigned));
    let revoke = Revoke::sign(&chain, one, &authority(&one));
    network.act("north-clinic", Kind::Revoke, &revoke).unwrap();
    assert!(!network.state.delegation(&one).unwrap().is_valid_at(now_ms));
    let again = network.act("st-mary", Kind::Delegate, &body);
    assert_eq!(again, refused(Refused::Taken));
    // A revocation names either, so an id is never both.
    let grant = acts::grant(&chain, "st-mary", one);
    let both = network.act("st-mary", Kind::Grant, &grant);
    assert_eq!(both, refused(Refused::Taken));
}

#[test]
fn an_emergency_opens_for_hours_and_is_due_for_review() {
    let mut network = network();
    let body = acts::opening(number(1), Some("city-lab"));
    let now_ms = network.block().time_ms;
    network.act("st-mary", Kind::BreakGlass, &body).unwrap();
    let glass = network.state.glass(&number(1)).unwrap();
    assert_eq!(
        (glass.opener.as_str(), glass.reviewer()),
        ("st-mary", "city-lab")
    );
    assert_eq!((glass.late, glass.opened_ms), (false, now_ms));
    let hours = u64::from(GLASS_HOURS_MAX);
    assert_eq!(glass.until_ms, now_ms + hours * HOUR_MS);
    assert_eq!(glass.review_due_ms, now_ms + REVIEW_HOURS * HOUR_MS);
    assert!(!glass.is_overdue_at(glass.review_due_ms));
    assert!(glass.is_overdue_at(glass.review_due_ms + 1));
    let again = network.act("st-mary", Kind::BreakGlass, &body);
    assert_eq!(again, refused(Refused::Taken));
    let nobody = acts::opening(number(2), Some("nobody"));
    let found = network.act("st-mary", Kind::BreakGlass, &nobody);
    assert_eq!(found, refused(Refused::Custodian));
}

#[test]
fn a_late_entry_says_so_and_is_not_too_late() {
    let now_ms = network().block().time_ms;
    let most = LATE_HOURS_MAX * HOUR_MS;
    let cases = [
        (now_ms - 1, Ok(())),
        (now_ms, Ok(())),
        (now_ms + 1, Err(Refused::Late(LATE_HOURS_MAX))),
        (now_ms - most, Ok(())),
        (now_ms - most - 1, Err(Refused::Late(LATE_HOURS_MAX))),
        (0, Err(Refused::Late(LATE_HOURS_MAX))),
        (u64::MAX, Err(Refused::Late(LATE_HOURS_MAX))),
    ];
    for (opened_ms, expected) in cases {
        let mut network = network();
        let body = BreakGlass {
            late: Some(opened_ms),
            ..acts::opening(number(1), None)
        };
        let found = network.act("st-mary", Kind::BreakGlass, &body).map(|_| ());
        assert_eq!(found, expected.map_err(Refusal::Consent), "{opened_ms}");
        let Some(glass) = network.state.glass(&number(1)) else {
            continue;
        };
        assert_eq!((glass.late, glass.opened_ms), (true, opened_ms));
        assert_eq!(glass.until_ms, opened_ms + 4 * HOUR_MS);
        assert_eq!(glass.review_due_ms, now_ms + REVIEW_HOURS * HOUR_MS);
    }
}

#[test]
fn an_opening_lasts_four_hours_at_most() {
    let network = network();
    let key = network.sender("st-mary");
    for (hours, taken) in [(0, false), (1, true), (4, true), (5, false), (255, false)] {
        let body = BreakGlass {
            hours,
            ..acts::opening(number(1), None)
        };
        let header = network.header(&key, Kind::BreakGlass as u8);
        let sent = network.signed(header, body.to_bytes(), &key);
        let mut network = Network::new(&THREE);
        let outcome = network.execute(&[sent]).outcomes.remove(0);
        assert_eq!(outcome.is_ok(), taken, "{hours} hours");
    }
}

#[test]
fn the_custodian_reviews_once() {
    let mut network = network();
    for (opening, custodian) in [(1, Some("city-lab")), (2, None)] {
        let body = acts::opening(number(opening), custodian);
        network.act("st-mary", Kind::BreakGlass, &body).unwrap();
    }
    let cases = [
        ("st-mary", 1, Err(Refused::Reviewer)),
        ("north-clinic", 1, Err(Refused::Reviewer)),
        ("city-lab", 2, Err(Refused::Reviewer)),
        ("city-lab", 3, Err(Refused::Unknown)),
        ("city-lab", 1, Ok(())),
        ("st-mary", 2, Ok(())),
    ];
    for (name, opening, expected) in cases {
        let body = Review {
            verdict: Verdict::Contested,
            ..acts::review(number(opening))
        };
        let found = network.act(name, Kind::Review, &body).map(|_| ());
        assert_eq!(
            found,
            expected.map_err(Refusal::Consent),
            "{name} {opening}"
        );
    }
    let height = network.state.height() - 1;
    let glass = network.state.glass(&number(1)).unwrap();
    let review = glass.review.unwrap();
    assert_eq!(
        (review.verdict, review.height),
        (Verdict::Contested, height)
    );
    assert!(!glass.is_overdue_at(u64::MAX));
    let again = network.act("city-lab", Kind::Review, &acts::review(number(1)));
    assert_eq!(again, refused(Refused::Done(height)));
}

#[test]
fn an_erasure_is_attested_once_by_each_holder() {
    let mut network = network();
    let attest = EraseAttest { id: number(1) };
    let early = network.act("city-lab", Kind::EraseAttest, &attest);
    assert_eq!(early, refused(Refused::Unknown));
    let body = acts::erase(number(1));
    network.act("st-mary", Kind::Erase, &body).unwrap();
    let again = network.act("city-lab", Kind::Erase, &body);
    assert_eq!(again, refused(Refused::Taken));
    let erasure = network.state.erasure(&number(1)).unwrap();
    assert_eq!(erasure.custodian, "st-mary");
    assert_eq!(
        (erasure.subject, erasure.holders),
        (body.subject, body.holders)
    );
    for name in ["city-lab", "st-mary"] {
        assert_eq!(network.state.attested(&number(1), &id(name)), None);
        network.act(name, Kind::EraseAttest, &attest).unwrap();
        let height = network.state.height();
        assert_eq!(network.state.attested(&number(1), &id(name)), Some(height));
        let twice = network.act(name, Kind::EraseAttest, &attest);
        assert_eq!(twice, refused(Refused::Done(height)));
    }
}

#[test]
fn a_commitment_to_holders_depends_on_the_set_and_the_key() {
    let key = |byte| CommitmentKey([byte; 32]);
    let set = erase::holders(&key(1), &["a", "b"]);
    assert_eq!(erase::holders(&key(1), &["b", "a", "b"]), set);
    assert_ne!(erase::holders(&key(2), &["a", "b"]), set);
    assert_ne!(erase::holders(&key(1), &["ab"]), set);
    assert_ne!(erase::holders(&key(1), &["a"]), set);
}

#[test]
fn bodies_of_a_kind_have_one_size() {
    let chain = network().chain;
    let name = "a-name-of-thirty-two-characters-";
    let late = BreakGlass {
        late: Some(u64::MAX),
        ..acts::opening(number(2), Some(name))
    };
    for body in [
        late,
        acts::opening(number(1), None),
        acts::opening(number(1), Some("a")),
    ] {
        assert_eq!(body.to_bytes().len(), 107);
        assert_eq!(BreakGlass::from_bytes(&body.to_bytes()).unwrap(), body);
    }
    let one = number(1);
    assert_eq!(
        Revoke::sign(&chain, one, &authority(&one)).to_bytes().len(),
        96
    );
    assert_eq!(acts::delegate(&chain, "a", one).to_bytes().len(), 228);
    assert_eq!(acts::review(one).to_bytes().len(), 65);
    assert_eq!(acts::erase(one).to_bytes().len(), 96);
    assert_eq!(EraseAttest { id: one }.to_bytes().len(), 32);
}
