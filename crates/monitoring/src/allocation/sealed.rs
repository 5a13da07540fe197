//! What was done with a list, against the list that was sealed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Slot;

/// A slot that was given to somebody, in the order in which that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Use {
    /// Who got it.
    pub subject: String,
    /// The stratum of that participant.
    pub stratum: String,
    /// The place in the sealed list.
    pub slot: usize,
    /// The arm that was given.
    pub arm: usize,
}

/// Where what was done is not what was sealed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Deviation {
    /// Who is concerned.
    pub subject: String,
    /// In words.
    pub why: String,
}

/// Compares; empty where everybody got the next slot of their stratum and the arm that it has.
pub fn against(sealed: &[Slot], uses: &[Use]) -> Vec<Deviation> {
    let mut given_to: BTreeMap<usize, &str> = BTreeMap::new();
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for one in uses {
        let mut says = |why: String| {
            found.push(Deviation {
                subject: one.subject.clone(),
                why,
            });
        };
        let Some(slot) = sealed.get(one.slot) else {
            says(format!(
                "slot {} is not in the sealed list of {}",
                one.slot,
                sealed.len()
            ));
            continue;
        };
        if slot.arm != one.arm {
            says(format!(
                "slot {} is sealed for arm {}, given was {}",
                one.slot, slot.arm, one.arm
            ));
        }
        if slot.stratum != one.stratum {
            let (sealed, given) = (&slot.stratum, &one.stratum);
            says(format!(
                "slot {} is sealed for {sealed}, the participant is of {given}",
                one.slot
            ));
            continue;
        }
        if let Some(other) = given_to.insert(one.slot, &one.subject) {
            says(format!("slot {} was given to {other} before", one.slot));
            continue;
        }
        let from = next.get(slot.stratum.as_str()).copied().unwrap_or(0);
        let free = (from..sealed.len()).find(|at| sealed[*at].stratum == slot.stratum);
        if free != Some(one.slot) {
            says(format!(
                "slot {} was given out of the order of {}",
                one.slot, slot.stratum
            ));
        }
        next.insert(&slot.stratum, from.max(one.slot + 1));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Vec<Slot> {
        let slots = [("a", 0), ("b", 1), ("a", 1), ("a", 0), ("b", 0)];
        let slot = |(stratum, arm): (&str, usize)| Slot {
            stratum: stratum.to_owned(),
            block: 0,
            arm,
        };
        slots.map(slot).to_vec()
    }

    fn used(slots: &[(usize, &str, usize)]) -> Vec<Deviation> {
        let uses = slots
            .iter()
            .enumerate()
            .map(|(at, (slot, stratum, arm))| Use {
                subject: format!("P{at}"),
                stratum: (*stratum).to_owned(),
                slot: *slot,
                arm: *arm,
            });
        against(&sealed(), &uses.collect::<Vec<_>>())
    }

    #[test]
    fn only_the_sealed_list_in_its_order_passes() {
        assert_eq!(
            used(&[
                (0, "a", 0),
                (2, "a", 1),
                (1, "b", 1),
                (3, "a", 0),
                (4, "b", 0)
            ]),
            []
        );
        for (uses, subject, why) in [
            (
                vec![(0, "a", 1)],
                "P0",
                "slot 0 is sealed for arm 0, given was 1",
            ),
            (
                vec![(2, "a", 1)],
                "P0",
                "slot 2 was given out of the order of a",
            ),
            (
                vec![(0, "a", 0), (0, "a", 0)],
                "P1",
                "slot 0 was given to P0 before",
            ),
            (
                vec![(1, "a", 1)],
                "P0",
                "slot 1 is sealed for b, the participant is of a",
            ),
            (
                vec![(9, "a", 1)],
                "P0",
                "slot 9 is not in the sealed list of 5",
            ),
        ] {
            let found = used(&uses);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(
                (found[0].subject.as_str(), found[0].why.as_str()),
                (subject, why)
            );
        }
    }
}
