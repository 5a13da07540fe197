//! What two organisations know of a patient they share: links, codes, grants given and held.

/// What a pact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PactKind {
    /// A one-time code that the patient carries to another organisation.
    Code,
    /// A patient whom another organisation knows by a pairwise pseudonym.
    Link,
    /// A grant that a patient gave here.
    Given,
    /// A grant that this organisation holds.
    Held,
    /// An emergency access, here or elsewhere.
    Glass,
    /// A suspension of a patient's accounting for an agency.
    Suspension,
    /// A patient who lets organisations find out that there are records here.
    Locate,
}

impl PactKind {
    /// All kinds, in the order of their numbers, which count from 1.
    pub const ALL: [Self; 7] = [
        Self::Code,
        Self::Link,
        Self::Given,
        Self::Held,
        Self::Glass,
        Self::Suspension,
        Self::Locate,
    ];
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pact {
    /// What it is about.
    pub kind: PactKind,
    /// Its id, unique within the kind.
    pub id: Vec<u8>,
    /// The other organisation; empty where there is none.
    pub organisation: String,
    /// The logical id of the patient here.
    pub patient: String,
    /// When it ends, microseconds since 1970; `i64::MAX` for never.
    pub until_us: i64,
    /// The caller's bytes.
    pub value: Vec<u8>,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}
