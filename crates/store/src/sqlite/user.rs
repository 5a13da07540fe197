//! Users and settings.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Setting, StoreError, User};

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        username: row.get(0)?,
        password_hash: row.get(1)?,
        role: row.get(2)?,
        patient: row.get(3)?,
        integrity: row.get(4)?,
    })
}

/// Adds or replaces a user. One who is replaced begins anew, without the passkeys and
/// links of before.
pub(crate) fn put(connection: &Connection, user: &User) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM passkeys WHERE username = ?1",
        "DELETE FROM logins WHERE username = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([&user.username])?;
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO users VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            user.username,
            user.password_hash,
            user.role,
            user.patient,
            user.integrity
        ])?;
    Ok(())
}

/// One user.
pub(crate) fn get(connection: &Connection, username: &str) -> Result<Option<User>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM users WHERE username = ?1")?
        .query_row([username], user)
        .optional()?)
}

/// All users.
pub(crate) fn all(connection: &Connection) -> Result<Vec<User>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM users ORDER BY username")?;
    let rows = statement.query_map([], user)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn setting(row: &Row<'_>) -> rusqlite::Result<Setting> {
    Ok(Setting {
        name: row.get(0)?,
        value: row.get(1)?,
        integrity: row.get(2)?,
    })
}

/// Adds or replaces a setting.
pub(crate) fn put_setting(connection: &Connection, setting: &Setting) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO settings VALUES (?1, ?2, ?3)")?
        .execute(params![setting.name, setting.value, setting.integrity])?;
    Ok(())
}

/// One setting.
pub(crate) fn get_setting(
    connection: &Connection,
    name: &str,
) -> Result<Option<Setting>, StoreError> {
    Ok(connection
        .prepare_cached("SELECT * FROM settings WHERE name = ?1")?
        .query_row([name], setting)
        .optional()?)
}

/// All settings.
pub(crate) fn all_settings(connection: &Connection) -> Result<Vec<Setting>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM settings ORDER BY name")?;
    let rows = statement.query_map([], setting)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes a setting.
pub(crate) fn drop_setting(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM settings WHERE name = ?1")?
        .execute([name])?;
    Ok(())
}
