//! People and programs that may sign in, and settings.

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Name, unique.
    pub username: String,
    /// PHC string of the password.
    pub password_hash: String,
    /// Role.
    pub role: String,
    /// Logical id of the patient record of a `patient`.
    pub patient: Option<String>,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

/// A named value of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name, unique.
    pub name: String,
    /// Value.
    pub value: Vec<u8>,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}
