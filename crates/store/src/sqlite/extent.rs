//! The size of the database, from its files and the ends of its tables.

use std::path::Path;

use rusqlite::Connection;

use super::from_sql;
use crate::{Extent, StoreError, free_bytes};

/// All statements look at the end of an index, but those about erasures, which are few.
const COUNTS: &str = "SELECT
    (SELECT coalesce(max(leaf), 0) FROM leaves),
    (SELECT coalesce(sum(leaves), 0) FROM erasures),
    (SELECT coalesce(max(record), 0) FROM records),
    (SELECT coalesce(max(sequence), 0) FROM batches),
    (SELECT count(*) FROM erasures)";

pub(crate) fn of(connection: &Connection) -> Result<Extent, StoreError> {
    let counts: [i64; 5] = connection.prepare_cached(COUNTS)?.query_row([], |row| {
        Ok([
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ])
    })?;
    let [leaves, erased, records, batches, erasures] = counts;
    let (leaves, erased) = (from_sql(leaves)?, from_sql(erased)?);
    let path = connection.path().unwrap_or_default();
    let bytes = |path: &str| std::fs::metadata(path).map_or(0, |found| found.len());
    let folder = Path::new(path).parent().unwrap_or(Path::new("."));
    Ok(Extent {
        database_bytes: bytes(path),
        log_bytes: bytes(&format!("{path}-wal")),
        free_bytes: free_bytes(folder),
        schema: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        leaves,
        versions: leaves.saturating_sub(erased),
        records: from_sql(records)?,
        batches: from_sql(batches)?,
        erasures: from_sql(erasures)?,
    })
}
