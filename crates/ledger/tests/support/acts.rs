//! Acts of consent that are right, to be sent as they are or made wrong.

use consent::acts::{
    BreakGlass, Delegate, Delegation, Erase, EraseAttest, Erasure, Glass, Grant, Granted, Reason,
    Review, Reviewed, Revoke, Verdict,
};
use proof::codec::Canonical;
use proof::{Digest, SecretKey, Signature, hash};

/// The hour of the genesis of the tests, counted since 1970.
pub const HOUR: u32 = 498_729;

/// An id by a number.
pub fn number(of: u64) -> Digest {
    hash("test/id", &[&of.to_be_bytes()])
}

/// The one-time key of an id.
pub fn authority(id: &Digest) -> SecretKey {
    SecretKey::from_seed(&hash("test/authority", &[&id.0]).0)
}

/// The one-time key of the one who acts for another.
pub fn other(id: &Digest) -> SecretKey {
    SecretKey::from_seed(&hash("test/delegate", &[&id.0]).0)
}

/// A grant of a day, signed.
pub fn grant(chain: &Digest, custodian: &str, id: Digest) -> Grant {
    unsigned(id).sign(chain, custodian, &authority(&id))
}

/// A grant of a day, for a test to change and to sign.
pub fn unsigned(id: Digest) -> Grant {
    Grant {
        id,
        authority: authority(&id).public(),
        recipients: Digest([2; 32]),
        policy: Digest([3; 32]),
        from: HOUR,
        until: HOUR + 24,
        custodial: false,
        signature: Signature([0; 64]),
    }
}

/// A delegation of a day, signed by both.
pub fn delegate(chain: &Digest, home: &str, id: Digest) -> Delegate {
    let terms = (id, HOUR + 24);
    Delegate::sign(chain, home, terms, &authority(&id), &other(&id))
}

/// An opening of four hours.
pub fn opening(id: Digest, custodian: Option<&str>) -> BreakGlass {
    BreakGlass {
        id,
        commitment: Digest([4; 32]),
        reason: Reason::Emergency,
        custodian: custodian.map(str::to_owned),
        hours: 4,
        late: None,
    }
}

/// A review that finds nothing wrong.
pub fn review(id: Digest) -> Review {
    Review {
        id,
        verdict: Verdict::Justified,
        commitment: Digest([5; 32]),
    }
}

/// An erasure.
pub fn erase(id: Digest) -> Erase {
    Erase {
        id,
        subject: Digest([6; 32]),
        holders: Digest([7; 32]),
    }
}

/// The bytes of one of each body and of each value in the state.
pub fn samples(chain: &Digest) -> Vec<Vec<u8>> {
    let id = number(0);
    let (granted, delegation) = (granted(&id), delegation(&id));
    vec![
        grant(chain, "a", id).to_bytes(),
        granted.to_bytes(),
        Granted {
            revoked: Some(8),
            ..granted
        }
        .to_bytes(),
        Revoke::sign(chain, id, &authority(&id)).to_bytes(),
        opening(id, Some("b")).to_bytes(),
        BreakGlass {
            late: Some(9),
            ..opening(id, None)
        }
        .to_bytes(),
        glass(None, None).to_bytes(),
        glass(Some("b"), Some(Verdict::Contested)).to_bytes(),
        review(id).to_bytes(),
        erase(id).to_bytes(),
        EraseAttest { id }.to_bytes(),
        Erasure {
            custodian: "a".to_owned(),
            subject: Digest([6; 32]),
            holders: Digest([7; 32]),
            height: 3,
        }
        .to_bytes(),
        delegate(chain, "a", id).to_bytes(),
        delegation.to_bytes(),
    ]
}

fn granted(id: &Digest) -> Granted {
    Granted {
        custodian: "a".to_owned(),
        authority: authority(id).public(),
        recipients: Digest([2; 32]),
        policy: Digest([3; 32]),
        from: HOUR,
        until: HOUR + 1,
        custodial: true,
        height: 7,
        revoked: None,
    }
}

fn delegation(id: &Digest) -> Delegation {
    Delegation {
        home: "a".to_owned(),
        delegator: authority(id).public(),
        delegate: other(id).public(),
        until: HOUR,
        height: 7,
        revoked: None,
    }
}

fn glass(custodian: Option<&str>, verdict: Option<Verdict>) -> Glass {
    Glass {
        opener: "a".to_owned(),
        custodian: custodian.map(str::to_owned),
        commitment: Digest([4; 32]),
        reason: Reason::Other,
        late: false,
        opened_ms: 1,
        until_ms: 2,
        review_due_ms: 3,
        height: 4,
        review: verdict.map(|verdict| Reviewed {
            verdict,
            commitment: Digest([5; 32]),
            height: 5,
        }),
    }
}
