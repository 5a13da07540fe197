//! Acts of consent as a crowd sends them: well meant, careless and hostile.

use consent::acts::{
    BreakGlass, Delegate, EraseAttest, Grant, HOUR_MS, Reason, Review, Revoke, Verdict,
    break_glass::LATE_HOURS_MAX,
};
use ledger::{Announce, Kind, Service};
use proof::codec::Canonical;
use proof::{Digest, Signature};

use super::acts::{self, HOUR, authority, number, other};
use super::{key, service};

/// How many ids the crowd uses for each kind: some are taken, some are not there yet.
const IDS: u64 = 8_000;

/// One body of a kind that is not the consortium's own. `roll` gives a number below its argument.
pub fn body(
    roll: &mut dyn FnMut(u64) -> u64,
    chain: &Digest,
    name: &str,
    members: &[&str],
) -> (u8, Vec<u8>) {
    let pick = |roll: &mut dyn FnMut(u64) -> u64| {
        let place = roll(members.len() as u64);
        members[usize::try_from(place).unwrap()]
    };
    let id = number(roll(IDS));
    // One in eight is meant for another organisation, or signed by another key.
    let wrong = roll(8) == 0;
    let carrier = if wrong { pick(roll) } else { name };
    let (kind, bytes) = match roll(10) {
        0..3 => (Kind::Grant, grant(roll, chain, carrier, id).to_bytes()),
        3 => {
            let key = if wrong { other(&id) } else { authority(&id) };
            (Kind::Revoke, Revoke::sign(chain, id, &key).to_bytes())
        }
        4 => {
            let custodian = (roll(3) > 0).then(|| pick(roll));
            (Kind::BreakGlass, opening(roll, id, custodian).to_bytes())
        }
        5 => (Kind::Review, review(roll, id).to_bytes()),
        6 => (Kind::Erase, acts::erase(number(roll(100))).to_bytes()),
        7 => {
            let id = number(roll(100));
            (Kind::EraseAttest, EraseAttest { id }.to_bytes())
        }
        8 => (
            Kind::Delegate,
            delegation(roll, chain, carrier, id).to_bytes(),
        ),
        _ => {
            let service = announced(roll, carrier);
            (Kind::Announce, Announce { service }.to_bytes())
        }
    };
    (kind as u8, cut(roll, bytes))
}

/// One body in thirty loses bytes or has one changed.
fn cut(roll: &mut dyn FnMut(u64) -> u64, mut bytes: Vec<u8>) -> Vec<u8> {
    let place = usize::try_from(roll(bytes.len() as u64)).unwrap();
    match roll(60) {
        0 => bytes.truncate(place),
        1 => bytes[place] ^= 1,
        _ => {}
    }
    bytes
}

fn grant(roll: &mut dyn FnMut(u64) -> u64, chain: &Digest, custodian: &str, id: Digest) -> Grant {
    let mut grant = acts::unsigned(id);
    grant.custodial = roll(2) == 0;
    grant.from = HOUR - 5 + u32::try_from(roll(10)).unwrap();
    grant.until = grant.from + u32::try_from(roll(100_000)).unwrap();
    if roll(10) == 0 {
        grant.until = HOUR - u32::try_from(roll(3)).unwrap();
    }
    let signed = grant.sign(chain, custodian, &authority(&id));
    Grant {
        policy: Digest([u8::try_from(roll(10) / 9 + 3).unwrap(); 32]),
        ..signed
    }
}

fn delegation(
    roll: &mut dyn FnMut(u64) -> u64,
    chain: &Digest,
    home: &str,
    id: Digest,
) -> Delegate {
    let until = HOUR - 1 + u32::try_from(roll(170_000)).unwrap();
    let mut body = Delegate::sign(chain, home, (id, until), &authority(&id), &other(&id));
    if roll(10) == 0 {
        body.acceptance = Signature([2; 64]);
    }
    body
}

fn opening(roll: &mut dyn FnMut(u64) -> u64, id: Digest, custodian: Option<&str>) -> BreakGlass {
    let now_ms = u64::from(HOUR) * HOUR_MS;
    let late = now_ms - LATE_HOURS_MAX * HOUR_MS / 2 + roll(LATE_HOURS_MAX * HOUR_MS);
    BreakGlass {
        custodian: match roll(20) {
            0 => Some("nobody".to_owned()),
            _ => custodian.map(str::to_owned),
        },
        reason: Reason::ALL[usize::try_from(roll(4)).unwrap()],
        hours: u8::try_from(roll(4) + 1).unwrap(),
        late: (roll(3) == 0).then_some(late),
        ..acts::opening(id, None)
    }
}

fn review(roll: &mut dyn FnMut(u64) -> u64, id: Digest) -> Review {
    Review {
        verdict: Verdict::ALL[usize::try_from(roll(3)).unwrap()],
        ..acts::review(id)
    }
}

fn announced(roll: &mut dyn FnMut(u64) -> u64, name: &str) -> Service {
    let mut service = service(name, roll(20));
    if roll(2) == 0 {
        let usage = format!("tls {}", roll(50));
        service.tls_key = key(name, &usage).public();
    }
    service
}
