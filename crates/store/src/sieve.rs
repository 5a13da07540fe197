//! A decision on single records, made inside the queries.

use fhir::search::Parameter;

/// One stored version, as far as a decision reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SieveRow<'a> {
    /// Record type.
    pub type_: &'a str,
    /// Logical id.
    pub id: &'a str,
    /// Version, from 1.
    pub version: u64,
    /// Ids of the patients in whose compartment this version is.
    pub patients: &'a [&'a str],
    /// The facts kept beside it; those of the version before for a tombstone.
    pub facts: &'a [u8],
}

/// Decides which versions one caller sees. Asked on the store's threads, for every row that would
/// otherwise be answered, counted or followed: it must be quick, and do no I/O. A panic in it fails
/// the query.
pub trait Sieve: Send + Sync {
    /// Names the view: two sieves of the same id admit the same rows. Page tokens are bound to it.
    fn id(&self) -> String;

    /// Whether the version may be seen.
    fn admits(&self, row: &SieveRow<'_>) -> bool;

    /// Whether the values of a search parameter are withheld of a version that is admitted. Such a
    /// record is not found by a search that asks for them, sorts by them or follows them: it would
    /// tell what is withheld.
    fn withholds(&self, _row: &SieveRow<'_>, _parameter: &'static Parameter) -> bool {
        false
    }
}
