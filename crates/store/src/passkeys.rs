//! The store's methods for passkeys.

use crate::sqlite::passkey;
use crate::{Kept, Store, StoreError};

/// A passkey of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// The id that its authenticator gave it, unique.
    pub credential: Vec<u8>,
    /// Whose it is.
    pub username: String,
    /// What is known of it; opaque here.
    pub body: Vec<u8>,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

impl Store {
    /// Adds a passkey; at most `most` of a user are kept.
    pub async fn put_passkey(&self, row: PasskeyRow, most: u32) -> Result<Kept, StoreError> {
        self.write(move |connection, _| passkey::put(connection, &row, most))
            .await
    }

    /// A passkey by its credential id.
    pub async fn passkey(&self, credential: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        let credential = credential.to_owned();
        self.readers()
            .run(move |connection| passkey::get(connection, &credential))
            .await
    }

    /// The passkeys of a user, or of all users.
    pub async fn passkeys(&self, username: Option<&str>) -> Result<Vec<PasskeyRow>, StoreError> {
        let username = username.map(str::to_owned);
        self.readers()
            .run(move |connection| passkey::all(connection, username.as_deref()))
            .await
    }

    /// Replaces a passkey that has the mark `read` still; `false`: it was changed or removed.
    pub async fn replace_passkey(
        &self,
        row: PasskeyRow,
        read: Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.write(move |connection, _| passkey::replace(connection, &row, &read))
            .await
    }

    /// Removes a passkey of a user; whether there was one.
    pub async fn drop_passkey(
        &self,
        username: &str,
        credential: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let username = username.to_owned();
        self.write(move |connection, _| passkey::drop_one(connection, &username, &credential))
            .await
    }
}
