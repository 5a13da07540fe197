//! The methods that `salus audit` calls: scans in order, and comparisons.

use fhir::search::Entry;

use crate::sqlite::{audit, batch};
use crate::{Batch, Leaf, NewVaultKey, Store, StoreError, Stored};

impl Store {
    /// Audit: versions in the order of their leaves, after the given leaf.
    pub async fn scan_versions(
        &self,
        after_leaf: u64,
        limit: u32,
    ) -> Result<Vec<Stored>, StoreError> {
        self.readers()
            .run_long(move |connection| audit::versions(connection, after_leaf, limit))
            .await
    }

    /// Audit: leaves in order, after the given one.
    pub async fn scan_leaves(&self, after_leaf: u64, limit: u32) -> Result<Vec<Leaf>, StoreError> {
        self.readers()
            .run_long(move |connection| batch::leaves(connection, after_leaf, limit))
            .await
    }

    /// Audit: batches in order, after the given one.
    pub async fn scan_batches(
        &self,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<Batch>, StoreError> {
        self.readers()
            .run_long(move |connection| batch::scan(connection, after_sequence, limit))
            .await
    }

    /// Audit: vault keys by id, after the given one.
    pub async fn scan_vault_keys(
        &self,
        after_id: &str,
        limit: u32,
    ) -> Result<Vec<NewVaultKey>, StoreError> {
        let after = after_id.to_owned();
        self.readers()
            .run_long(move |connection| audit::vault_keys(connection, &after, limit))
            .await
    }

    /// Audit: compares the index rows of a record with those its body asks for; a line per
    /// difference. For a tombstone no entries are expected, and the patients of the version before.
    pub async fn check_index(
        &self,
        type_: &str,
        id: &str,
        expected: Vec<Entry>,
        patients: Vec<String>,
    ) -> Result<Vec<String>, StoreError> {
        let (type_, id) = (type_.to_owned(), id.to_owned());
        self.readers()
            .run_long(move |connection| audit::index(connection, &type_, &id, &expected, &patients))
            .await
    }

    /// Audit: the database's own structure, and everything one table says about another; a line
    /// per difference. Takes time in proportion to the database.
    pub async fn integrity_check(&self) -> Result<Vec<String>, StoreError> {
        self.readers().run_long(audit::integrity).await
    }
}
