//! Record versions, as written and as read.

use fhir::query::Query;
use fhir::search::Entry;

use crate::search::Scope;

/// What made a version; the `request.method` of a history entry. FHIR R4 3.1.0.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Created with an id of the server's choice.
    Post,
    /// Created or updated under the client's id.
    Put,
    /// Changed by a patch.
    Patch,
    /// Deleted: the version is a tombstone.
    Delete,
}

/// One record version to be stored.
#[derive(Clone, Debug)]
pub struct Put {
    /// Record type.
    pub type_: String,
    /// Logical id.
    pub id: String,
    /// The new version: one more than `expect`, or 1.
    pub version: u64,
    /// Version the writer built on, tombstones included; `None`: the record never existed.
    pub expect: Option<u64>,
    /// Microseconds since 1970 UTC, equal to `meta.lastUpdated`.
    pub updated_us: i64,
    /// What made the version. [`Method::Delete`] stores a tombstone and takes the record out of
    /// every search; its `index` and `compartments` are ignored.
    pub method: Method,
    /// Id of the vault key that opens the envelope.
    pub vault: String,
    /// Ids of the patients in whose compartment the record is.
    pub compartments: Vec<String>,
    /// The sealed body.
    pub envelope: Vec<u8>,
    /// `fhir::search::values` of the body.
    pub index: Vec<Entry>,
    /// What a decision reads of the body; opaque here. A tombstone keeps those of the version
    /// before it.
    pub facts: Vec<u8>,
    /// The commitment that becomes a leaf of the next batch.
    pub commitment: [u8; 32],
}

/// A condition checked in the same transaction, before anything is written.
#[derive(Clone, Debug)]
pub struct Guard {
    /// What to look for.
    pub query: Query,
    /// Who looks.
    pub scope: Scope,
    /// Exactly the ids that must be found, in any order: none for a conditional create.
    pub expected: Vec<String>,
}

/// A vault key to be stored with the first record it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVaultKey {
    /// Its id.
    pub id: String,
    /// The key, wrapped by the root key.
    pub wrapped: Vec<u8>,
}

/// What is written whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct Write {
    /// Versions, in order; one record at most once.
    pub puts: Vec<Put>,
    /// Conditions.
    pub guards: Vec<Guard>,
    /// New vault keys.
    pub vault_keys: Vec<NewVaultKey>,
    /// Changes of keys and delegations that the records tell of.
    pub identity: Vec<crate::Identity>,
    /// What EPCIS events among the versions are found by.
    pub epcis: Vec<crate::EpcisRow>,
}

/// What a write became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Number of the leaf of the first put; the others follow without a gap.
    pub first_leaf: u64,
}

/// Names a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// Record type.
    pub type_: String,
    /// Logical id.
    pub id: String,
}

/// One stored record version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Record type.
    pub type_: String,
    /// Logical id.
    pub id: String,
    /// Version, from 1.
    pub version: u64,
    /// Microseconds since 1970 UTC.
    pub updated_us: i64,
    /// What made it.
    pub method: Method,
    /// Id of the vault key that opens the envelope.
    pub vault: String,
    /// The sealed body.
    pub envelope: Vec<u8>,
    /// Number of its leaf.
    pub leaf: u64,
    /// Ids of the patients in whose compartment this version is.
    pub patients: Vec<String>,
    /// What a decision reads of it; empty where nothing is kept.
    pub facts: Vec<u8>,
}

impl Stored {
    /// Whether this version is a tombstone.
    pub fn deleted(&self) -> bool {
        self.method == Method::Delete
    }
}

/// Whose versions a history lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryScope {
    /// One record's.
    Instance(RecordKey),
    /// One type's.
    Type(String),
    /// All.
    System,
}

/// A history to be read, newest first. FHIR R4 3.1.0.11.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Whose.
    pub of: HistoryScope,
    /// Who looks.
    pub scope: Scope,
    /// `_since`: versions from this microsecond on.
    pub since_us: Option<i64>,
    /// Page.
    pub page: crate::search::Page,
}

/// One page of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Versions, newest first.
    pub rows: Vec<Stored>,
    /// Token of the next page; `None`: this is the last.
    pub next: Option<String>,
}
