//! The store's methods for accounts of a provider elsewhere.

use crate::sqlite::login;
use crate::{Kept, Store, StoreError};

/// An account of a provider that is a user here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRow {
    /// The provider.
    pub issuer: String,
    /// The account, as the provider names it.
    pub subject: String,
    /// The user.
    pub username: String,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

impl Store {
    /// Links an account; at most `most` of a user are kept.
    pub async fn put_login(&self, row: LoginRow, most: u32) -> Result<Kept, StoreError> {
        self.write(move |connection, _| login::put(connection, &row, most))
            .await
    }

    /// The link of an account.
    pub async fn login(&self, issuer: &str, subject: &str) -> Result<Option<LoginRow>, StoreError> {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.readers()
            .run(move |connection| login::get(connection, &issuer, &subject))
            .await
    }

    /// All links.
    pub async fn logins(&self) -> Result<Vec<LoginRow>, StoreError> {
        self.readers().run(login::all).await
    }

    /// Removes the links of a user; whether there were any.
    pub async fn drop_logins(&self, username: &str) -> Result<bool, StoreError> {
        let username = username.to_owned();
        self.write(move |connection, _| login::drop_all(connection, &username))
            .await
    }
}
