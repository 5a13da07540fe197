//! Security labels: how confidential a record is, and which sensitive subjects it touches.
//!
//! The subjects are the sensitivity codes of HL7 v3 ActCode. A broad one covers the narrower ones
//! below it; the tree is ours where HL7's leaves siblings that the law treats as one (`ETH` and
//! `SUD`; `SEX` with pregnancy and sexually transmitted disease).

mod value_sets;

pub use value_sets::{LabelsError, ValueSets};

use crate::coding::{ACT_CODE, CONFIDENTIALITY, Coding};

/// Confidentiality from the lowest to the highest; the numbers stand in databases.
const LEVELS: &[&str] = &["U", "L", "M", "N", "R", "V"];

/// Sensitivity codes with what each covers directly. The places stand in databases: append only.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("ETH", &["SUD"]),
    ("SUD", &["ETHUD", "OPIOIDUD"]),
    ("ETHUD", &[]),
    ("OPIOIDUD", &[]),
    ("SPI", &["BH"]),
    ("BH", &["MH", "SUD", "COGN", "DVD", "EMOTDIS"]),
    ("MH", &["PSY"]),
    ("PSY", &["PSYTHPN"]),
    ("PSYTHPN", &[]),
    ("COGN", &[]),
    ("DVD", &[]),
    ("EMOTDIS", &[]),
    ("HIV", &[]),
    ("SEX", &["PREGNANT", "STD"]),
    ("PREGNANT", &[]),
    ("STD", &[]),
    ("SDV", &[]),
    ("GDIS", &["SICKLE"]),
    ("SICKLE", &[]),
    ("MST", &[]),
    ("SCA", &[]),
    ("TBOO", &[]),
    ("VIO", &[]),
];

/// How confidential a record is; ordered.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Level(u8);

impl Level {
    /// `N`: what a record is that no label lifts.
    pub const NORMAL: Self = Self(3);
    /// `R`: what a record with a sensitive subject is at least.
    pub const RESTRICTED: Self = Self(4);

    /// The level of a code of v3-Confidentiality.
    pub fn of(code: &str) -> Option<Self> {
        let at = LEVELS.iter().position(|level| *level == code)?;
        u8::try_from(at).ok().map(Self)
    }

    /// The code.
    pub fn code(self) -> &'static str {
        LEVELS[usize::from(self.0)]
    }

    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        (usize::from(number) < LEVELS.len()).then_some(Self(number))
    }
}

/// One sensitive subject.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Subject(u8);

impl Subject {
    /// The subject of a sensitivity code of v3-ActCode.
    pub fn of(code: &str) -> Option<Self> {
        let at = SUBJECTS.iter().position(|(subject, _)| *subject == code)?;
        u8::try_from(at).ok().map(Self)
    }

    /// The code.
    pub fn code(self) -> &'static str {
        SUBJECTS[usize::from(self.0)].0
    }

    pub(crate) fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        (usize::from(number) < SUBJECTS.len()).then_some(Self(number))
    }

    /// The subject and everything that it covers.
    pub fn covered(self) -> Subjects {
        COVERED[usize::from(self.0)]
    }
}

/// For each subject what it covers, itself included: the closure of the table above.
static COVERED: [Subjects; SUBJECTS.len()] = close();

const fn close() -> [Subjects; SUBJECTS.len()] {
    let mut sets = [Subjects(0); SUBJECTS.len()];
    let mut at = 0;
    while at < SUBJECTS.len() {
        sets[at] = Subjects(1 << at);
        at += 1;
    }
    // The tree is four levels deep; as many rounds as subjects are enough for any.
    let mut round = 0;
    while round < SUBJECTS.len() {
        let mut above = 0;
        while above < SUBJECTS.len() {
            let mut below = 0;
            while below < SUBJECTS[above].1.len() {
                let place = place(SUBJECTS[above].1[below]);
                sets[above].0 |= sets[place].0;
                below += 1;
            }
            above += 1;
        }
        round += 1;
    }
    sets
}

const fn place(code: &str) -> usize {
    let mut at = 0;
    while at < SUBJECTS.len() {
        if same(SUBJECTS[at].0.as_bytes(), code.as_bytes()) {
            return at;
        }
        at += 1;
    }
    // Evaluated at compile time only: the index past the end stops the build.
    SUBJECTS.len()
}

pub(crate) const fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A set of sensitive subjects.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Subjects(u32);

impl Subjects {
    /// No subject.
    pub const NONE: Self = Self(0);

    /// Substance use, which 42 CFR Part 2 protects.
    pub fn substance_use() -> Self {
        COVERED[place("ETH")]
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of both.
    #[must_use]
    pub fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that the other does not have.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// With one more.
    #[must_use]
    pub fn with(self, subject: Subject) -> Self {
        Self(self.0 | 1 << subject.0)
    }

    /// Those of the set, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Subject> {
        (0..32u8)
            .filter(move |at| self.0 >> at & 1 == 1)
            .map(Subject)
    }

    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    pub(crate) fn from_bits(bits: u32) -> Option<Self> {
        (bits >> SUBJECTS.len() == 0).then_some(Self(bits))
    }
}

/// What a security label says.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Label {
    /// A level of confidentiality.
    Level(Level),
    /// A sensitive subject.
    Subject(Subject),
    /// Anything else.
    Other(Coding),
}

impl Label {
    /// What a coding means as a label.
    pub fn of(coding: Coding) -> Self {
        let level = (coding.system() == CONFIDENTIALITY).then(|| Level::of(coding.code()));
        if let Some(level) = level.flatten() {
            return Self::Level(level);
        }
        let subject = (coding.system() == ACT_CODE).then(|| Subject::of(coding.code()));
        match subject.flatten() {
            Some(subject) => Self::Subject(subject),
            None => Self::Other(coding),
        }
    }
}

#[cfg(test)]
mod tests;
