//! Decisions by the toss of a seeded die.

use fhir::search::Parameter;
use hospital::{Decide, Redaction, Shown, SieveRow};

use super::archive::Known;

/// Numbers in an order that only the seed decides.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = (mixed ^ (mixed >> 31)) % (end.max(1) as u64);
        usize::try_from(mixed).unwrap()
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A decision: hides some versions, shows some in part.
pub struct Dice {
    pub seed: u64,
}

/// What may be left out.
const PARTS: [&[&str]; 5] = [
    &["code"],
    &["subject", "value"],
    &["effective", "onset", "birthDate"],
    &["name", "identifier"],
    &["status", "note", "component.code"],
];

impl Decide for Dice {
    fn id(&self) -> String {
        format!("dice {}", self.seed)
    }

    fn view(&self, row: &SieveRow<'_>) -> Shown {
        // The log of these very requests, which grows meanwhile.
        if row.type_ == "AuditEvent" {
            return Shown::Hidden;
        }
        let mut random = Random(self.seed);
        let patients = row.patients.join(" ");
        for byte in [row.type_, row.id, &patients].join("/").bytes() {
            random.0 = random.0.rotate_left(5) ^ u64::from(byte);
            random.below(1);
        }
        random.0 ^= row.version;
        let hidden = [10, 35, 50, 75, 95][usize::try_from(self.seed % 5).unwrap()];
        let toss = random.below(100);
        if toss < hidden {
            Shown::Hidden
        } else if self.seed.is_multiple_of(2) && toss.is_multiple_of(4) {
            let elements = random.one(&PARTS).iter().map(|part| (*part).to_owned());
            Shown::Redacted(Redaction {
                elements: elements.collect(),
                labels: Vec::new(),
            })
        } else {
            Shown::Whole
        }
    }
}

impl Dice {
    pub fn of(&self, it: &Known) -> Shown {
        let patients: Vec<&str> = it.patients.iter().map(String::as_str).collect();
        self.view(&SieveRow {
            type_: &it.type_,
            id: &it.id,
            version: it.version,
            patients: &patients,
            facts: &[],
        })
    }

    pub fn hides(&self, it: &Known) -> bool {
        self.of(it) == Shown::Hidden
    }

    pub fn redacts(&self, it: &Known) -> Option<Redaction> {
        match self.of(it) {
            Shown::Redacted(redaction) if !it.deleted => Some(redaction),
            _ => None,
        }
    }

    /// Whether a query that asks for these parameters may find it.
    pub fn finds(&self, it: &Known, asked: impl IntoIterator<Item = &'static Parameter>) -> bool {
        let mut own = asked
            .into_iter()
            .filter(|one| one.resource_type == it.type_);
        match self.of(it) {
            Shown::Hidden => false,
            Shown::Whole => true,
            Shown::Redacted(redaction) => !own.any(|one| redaction.withholds(one)),
        }
    }
}
