//! Page tokens: where the next page begins, sealed. They carry sort values (a birth date, a name)
//! and end up in addresses and logs, so nobody but this database reads or makes one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, RandomizedNonceKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::StoreError;

/// Longest token taken.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// What a token is for; bound to it, so that it opens for no other search.
pub(super) struct Purpose([u8; 32]);

impl Purpose {
    /// From any description of the search that is the same on every page.
    pub(super) fn of(description: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, description.as_bytes()).as_ref());
        Self(bytes)
    }
}

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// The greatest record (or leaf) there was when the first page was read.
    pub(super) max: i64,
    /// Record (or leaf) of the last row of the page before.
    pub(super) record: i64,
    /// Its sort values.
    pub(super) keys: Vec<Value>,
}

impl Token {
    pub(super) fn seal(
        &self,
        connection: &Connection,
        purpose: &Purpose,
    ) -> Result<String, StoreError> {
        let mut bytes = self.bytes();
        let nonce = key(connection)?
            .seal_in_place_append_tag(Aad::from(purpose.0), &mut bytes)
            .map_err(|_| StoreError::Database("sealing a page token failed".to_owned()))?;
        let mut token = nonce.as_ref().to_vec();
        token.append(&mut bytes);
        if token.len() > TOKEN_BYTES_MAX {
            let reason = "the sort value is too long to page by";
            return Err(StoreError::Refused(reason.to_owned()));
        }
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    pub(super) fn open(
        connection: &Connection,
        token: &str,
        purpose: &Purpose,
    ) -> Result<Self, StoreError> {
        if token.len() > TOKEN_BYTES_MAX * 2 {
            return Err(StoreError::PageToken);
        }
        let sealed = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| StoreError::PageToken)?;
        let (nonce, body) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(StoreError::PageToken)?;
        let mut body = body.to_vec();
        let opened = key(connection)?
            .open_in_place(nonce.into(), Aad::from(purpose.0), &mut body)
            .map_err(|_| StoreError::PageToken)?;
        Self::read(opened).ok_or(StoreError::PageToken)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.max.to_be_bytes());
        out.extend_from_slice(&self.record.to_be_bytes());
        for key in &self.keys {
            let (tag, bytes) = match key {
                Value::Integer(number) => (1, number.to_be_bytes().to_vec()),
                Value::Text(text) => (2, text.as_bytes().to_vec()),
                Value::Blob(bytes) => (3, bytes.clone()),
                // No sort column holds a float.
                Value::Null | Value::Real(_) => (0, Vec::new()),
            };
            out.push(tag);
            // The whole token is bounded far below: see `seal`.
            out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(&bytes);
        }
        out
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (max, rest) = bytes.split_first_chunk()?;
        let (record, mut rest) = rest.split_first_chunk()?;
        let mut keys = Vec::new();
        while let Some((tag, after)) = rest.split_first() {
            let (length, after) = after.split_first_chunk()?;
            let length = u32::from_be_bytes(*length) as usize;
            let (value, after) = after.split_at_checked(length)?;
            keys.push(match tag {
                0 => Value::Null,
                1 => Value::Integer(i64::from_be_bytes(value.try_into().ok()?)),
                2 => Value::Text(String::from_utf8(value.to_vec()).ok()?),
                3 => Value::Blob(value.to_vec()),
                _ => return None,
            });
            rest = after;
        }
        Some(Self {
            max: i64::from_be_bytes(*max),
            record: i64::from_be_bytes(*record),
            keys,
        })
    }
}

fn key(connection: &Connection) -> Result<RandomizedNonceKey, StoreError> {
    let key: Vec<u8> = connection
        .prepare_cached("SELECT key FROM page_key WHERE only = 1")?
        .query_row([], |row| row.get(0))?;
    RandomizedNonceKey::new(&AES_256_GCM, &key)
        .map_err(|_| super::damaged("the page key", "its length"))
}
