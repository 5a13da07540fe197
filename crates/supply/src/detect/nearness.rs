//! Whether a pack resembles a fake that was proven.

use super::{Case, Certainty, Identity, Reason, Rule, Suspicion, Tolerance};

/// A pack that was proven to be a fake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fake {
    /// The product, 14 digits.
    pub product: String,
    /// The serial number on it.
    pub serial: String,
    /// The lot on it.
    pub lot: String,
    /// Who had it, as far as it is known.
    pub through: Vec<String>,
}

/// Numbers nearer than this were drawn from the same roll.
const NEAR: u128 = 10;

/// The nearest of the fakes.
pub(super) fn near_a_fake(case: &Case<'_>, _: &Tolerance) -> Option<Suspicion> {
    let near = |fake: &Fake| compare(case, fake);
    let (certainty, reason) = case
        .fakes
        .iter()
        .filter_map(near)
        .max_by_key(|(sure, _)| *sure)?;
    Some(Suspicion::new(Rule::NearAFake, certainty, reason))
}

fn compare(case: &Case<'_>, fake: &Fake) -> Option<(Certainty, Reason)> {
    let Identity { product, serial } = case.identity;
    if fake.product != product {
        return None;
    }
    if fake.serial == serial {
        // Its number was copied; one of the packs that carry it is true.
        return Some((Certainty::Likely, Reason::SameSerial));
    }
    if case.now.printed.lot.as_ref() != Some(&fake.lot) {
        return None;
    }
    if is_near(serial, &fake.serial) {
        // Makers that number in a row sell the neighbours of a number that was copied.
        let certainty = case.ledger.map_or(Certainty::Likely, |_| Certainty::Hint);
        return Some((certainty, Reason::NearSerial));
    }
    // A maker had every pack of the lot; that it had both says nothing.
    let maker = case.ledger.map(|known| &known.maker);
    let common = fake.through.iter().find(|organisation| {
        Some(*organisation) != maker && case.seen().any(|one| one.organisation == **organisation)
    });
    Some(match common {
        Some(organisation) => (
            Certainty::Hint,
            Reason::SameWay {
                organisation: organisation.clone(),
            },
        ),
        None => (Certainty::Hint, Reason::SameLot),
    })
}

/// One character another, or numbers that follow each other.
fn is_near(one: &str, other: &str) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let differing = one
        .bytes()
        .zip(other.bytes())
        .filter(|(a, b)| a != b)
        .count();
    let numbers = one.parse::<u128>().ok().zip(other.parse::<u128>().ok());
    differing == 1 || numbers.is_some_and(|(one, other)| one.abs_diff(other) <= NEAR)
}
