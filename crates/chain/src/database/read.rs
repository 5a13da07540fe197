//! Reading what final blocks came to.

use super::{Database, DatabaseError};
use crate::{
    committee::Term,
    view::{Located, Outcome},
};
use commonware_codec::DecodeExt as _;
use commonware_cryptography::ed25519::PublicKey;
use proof::{
    Canonical as _, Digest,
    tree::{Frontier, Nodes, consistency_from, inclusion_from},
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::path::Path;

/// Where the database stands.
pub(crate) struct Head {
    pub(crate) height: u64,
    pub(crate) time_ms: u64,
    pub(crate) digest: Digest,
    pub(crate) frontier: Frontier,
    pub(crate) state: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) terms: Vec<Term>,
    pub(crate) checkpoint: Option<String>,
}

/// What is kept of a block beside its bytes.
pub(crate) struct StoredBlock {
    pub(crate) digest: Digest,
    pub(crate) outcomes: Vec<Outcome>,
}

impl Database {
    /// What is kept of a block.
    pub(crate) async fn block(&self, height: u64) -> Result<Option<StoredBlock>, DatabaseError> {
        self.reader
            .run(move |connection| {
                let sql = "SELECT digest, first_entry, outcomes FROM block WHERE height = ?";
                connection
                    .query_row(sql, params![height], |row| {
                        let outcomes: Vec<u8> = row.get(2)?;
                        let digest = Digest(row.get(0)?);
                        Ok(StoredBlock {
                            digest,
                            outcomes: decode(&outcomes, row.get(1)?),
                        })
                    })
                    .optional()
            })
            .await
    }

    /// Where a transaction became final.
    pub(crate) async fn locate(&self, digest: Digest) -> Result<Option<Located>, DatabaseError> {
        self.reader
            .run(move |connection| {
                let sql = "SELECT height, outcome FROM transaction_place WHERE digest = ?";
                connection
                    .query_row(sql, params![&digest.0[..16]], |row| {
                        let number: i64 = row.get(1)?;
                        let outcome = u64::try_from(number).map_or_else(
                            |_| Outcome::Refused(u16::try_from(-1 - number).unwrap_or(u16::MAX)),
                            Outcome::Accepted,
                        );
                        Ok(Located {
                            height: row.get(0)?,
                            outcome,
                        })
                    })
                    .optional()
            })
            .await
    }

    /// Height and position of the transaction behind an entry, and the entry's inclusion path
    /// in the tree of `size` entries.
    pub(crate) async fn entry(
        &self,
        index: u64,
        size: u64,
    ) -> Result<Option<(u64, usize, Vec<Digest>)>, DatabaseError> {
        self.reader
            .run(move |connection| {
                let sql = "SELECT height, position FROM entry WHERE place = ?";
                let place: Option<(u64, usize)> = connection
                    .query_row(sql, params![index], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let path = inclusion_from(&Stored(connection), index, size);
                Ok(place
                    .zip(path)
                    .map(|((height, position), path)| (height, position, path)))
            })
            .await
    }

    /// The proof that the history of `new` entries continues that of `old`; `None` if it has no
    /// such sizes.
    pub(crate) async fn consistency(
        &self,
        old: u64,
        new: u64,
    ) -> Result<Option<Vec<Digest>>, DatabaseError> {
        self.reader
            .run(move |connection| Ok(consistency_from(&Stored(connection), old, new)))
            .await
    }
}

struct Stored<'a>(&'a Connection);

impl Nodes for Stored<'_> {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        let sql = "SELECT hash FROM node WHERE level = ? AND place = ?";
        let hash = self
            .0
            .prepare_cached(sql)
            .ok()?
            .query_row(params![level, index], |row| row.get(0));
        hash.optional().ok().flatten().map(Digest)
    }
}

/// The latest checkpoint that a stopped node kept in this file.
pub(crate) fn checkpoint(path: &Path) -> rusqlite::Result<Option<String>> {
    let connection = super::schema::open_reader(path)?;
    let sql = "SELECT value FROM meta WHERE name = 'checkpoint'";
    let kept: Option<Vec<u8>> = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(kept.and_then(|note| String::from_utf8(note).ok()))
}

/// The height of the last block in this file and the entries that the history then had, while
/// its node may be writing it; `None` in a new one.
pub(crate) fn standing(path: &Path) -> rusqlite::Result<Option<(u64, u64)>> {
    let connection = super::schema::open_reader(path)?;
    let sql = "SELECT (SELECT max(height) FROM block),
        (SELECT coalesce(max(place) + 1, 0) FROM entry)";
    let (height, entries): (Option<u64>, u64) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(height.map(|height| (height, entries)))
}

/// The last block and the whole state after it; `None` in a new database.
pub(super) fn head(connection: &Connection) -> rusqlite::Result<Option<Head>> {
    let sql = "SELECT height, digest FROM block ORDER BY height DESC LIMIT 1";
    let last: Option<(u64, [u8; 32])> = connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((height, digest)) = last else {
        return Ok(None);
    };
    let meta = |name: &str| {
        connection
            .query_row(
                "SELECT value FROM meta WHERE name = ?",
                params![name],
                |row| row.get::<_, Vec<u8>>(0),
            )
            .optional()
    };
    let damaged = || rusqlite::Error::InvalidQuery;
    let frontier = meta("frontier")?.ok_or_else(damaged)?;
    let frontier = Frontier::from_bytes(&frontier).map_err(|_| damaged())?;
    let time_ms = meta("time_ms")?.ok_or_else(damaged)?;
    let time_ms = u64::from_be_bytes(time_ms.try_into().map_err(|_| damaged())?);
    let mut rows = connection.prepare("SELECT key, value FROM state")?;
    let mut state = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    super::pending::overlay(connection, &mut state)?;
    let checkpoint = meta("checkpoint")?.and_then(|note| String::from_utf8(note).ok());
    let terms = terms(connection)?;
    Ok(Some(Head {
        height,
        time_ms,
        digest: Digest(digest),
        frontier,
        state,
        terms,
        checkpoint,
    }))
}

fn terms(connection: &Connection) -> rusqlite::Result<Vec<Term>> {
    let sql = "SELECT epoch, first, blocks, keys FROM term ORDER BY epoch";
    let mut query = connection.prepare(sql)?;
    let term = |row: &Row<'_>| {
        let keys: Vec<u8> = row.get(3)?;
        let keys = keys.chunks(32).map(|key| PublicKey::decode(key.to_vec()));
        let keys = keys
            .collect::<Result<_, _>>()
            .map_err(|_| rusqlite::Error::InvalidQuery)?;
        Ok(Term {
            epoch: row.get(0)?,
            first: row.get(1)?,
            blocks: row.get(2)?,
            keys,
        })
    };
    query.query_map([], term)?.collect()
}

fn decode(mut outcomes: &[u8], first_entry: u64) -> Vec<Outcome> {
    let (mut decoded, mut index) = (Vec::new(), first_entry);
    loop {
        match outcomes {
            [0, rest @ ..] => {
                decoded.push(Outcome::Accepted(index));
                index += 1;
                outcomes = rest;
            }
            [1, high, low, rest @ ..] => {
                decoded.push(Outcome::Refused(u16::from_be_bytes([*high, *low])));
                outcomes = rest;
            }
            _ => return decoded,
        }
    }
}
