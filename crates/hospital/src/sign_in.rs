//! Users of this organisation, and signing in: passwords of people and secrets of clients.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::User;
use tokio::sync::Semaphore;

use crate::access_log::{AccessAgent, AccessDeed};
use crate::caller::{Caller, Role};
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::request::is_id;
use crate::setup::Hospital;

/// Failed tries before a name has to wait.
const FREE_TRIES: u32 = 5;
/// The longest wait.
const WAIT_MAX_S: u64 = 60;
/// Names whose failures are remembered.
const REMEMBERED_MAX: usize = 10_000;
/// After this time without a failure a name is forgotten.
const FORGET_US: i64 = 15 * 60 * 1_000_000;
/// Passwords checked at the same time: each takes 46 MiB.
const CHECKS_MAX: usize = 4;
/// Longest name.
const NAME_BYTES_MAX: usize = 64;
/// Shortest password.
const PASSWORD_BYTES_MIN: usize = 8;
const TABLE: &str = "users";

/// A user to be added.
#[derive(Clone)]
pub struct NewUser {
    /// Name, unique at this organisation.
    pub username: String,
    /// Password, or the secret of a client.
    pub password: String,
    /// What the user is.
    pub role: Role,
    /// The patient record that the user is, for [`Role::Patient`].
    pub patient: Option<String>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last_us: i64,
}

/// Where tries are counted.
pub(crate) struct Desk {
    failures: Mutex<HashMap<String, Failures>>,
    checks: Semaphore,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            failures: Mutex::default(),
            checks: Semaphore::new(CHECKS_MAX),
        }
    }

    /// Seconds that this name has to wait, before its password is even looked at.
    pub(crate) fn wait_s(&self, username: &str, now_us: i64) -> u64 {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = failures.get(username) else {
            return 0;
        };
        let Some(over) = found.count.checked_sub(FREE_TRIES) else {
            return 0;
        };
        let wait_s = 1_u64
            .checked_shl(over.min(16))
            .unwrap_or(WAIT_MAX_S)
            .min(WAIT_MAX_S);
        let ready_us = found.last_us.saturating_add_unsigned(wait_s * 1_000_000);
        u64::try_from(ready_us - now_us).map_or(0, |left| left.div_ceil(1_000_000))
    }

    pub(crate) fn failed(&self, username: &str, now_us: i64) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= REMEMBERED_MAX {
            failures.retain(|_, found| now_us - found.last_us < FORGET_US);
        }
        if failures.len() >= REMEMBERED_MAX {
            // Somebody tries many names: forgetting all is better than growing without end.
            failures.clear();
        }
        let entry = failures.entry(username.to_owned());
        let found = entry.or_insert(Failures {
            count: 0,
            last_us: now_us,
        });
        if now_us - found.last_us >= FORGET_US {
            found.count = 0;
        }
        found.count = found.count.saturating_add(1);
        found.last_us = now_us;
    }

    pub(crate) fn succeeded(&self, username: &str) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(username);
    }
}

impl Hospital {
    /// Adds a user, or replaces the one of that name.
    pub async fn add_user(&self, user: NewUser) -> Result<(), HospitalError> {
        let refused =
            |text: &str| HospitalError::request("value", text, "see docs/reference/access.md");
        let name = user.username.as_bytes();
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(&b':') {
            return Err(refused("a user name has 1 to 64 bytes and no colon"));
        }
        if user.password.len() < PASSWORD_BYTES_MIN {
            return Err(refused("a password has at least 8 bytes"));
        }
        match (user.role, user.patient.as_deref()) {
            (Role::Patient, Some(id)) if is_id(id) => {}
            (Role::Patient, _) => return Err(refused("a patient user needs a patient id")),
            (_, Some(_)) => return Err(refused("only a patient user has a patient id")),
            (_, None) => {}
        }
        let password = user.password;
        let _permit = self.0.sign_in.checks.acquire().await;
        let hash = self
            .0
            .cpu
            .run(move || vault::password::hash(&password))
            .await?;
        let mut row = User {
            username: user.username,
            password_hash: hash.map_err(failed)?,
            role: user.role.name().to_owned(),
            patient: user.patient,
            integrity: Vec::new(),
        };
        row.integrity = self.mark(&row).to_vec();
        Ok(self.0.store.put_user(row).await?)
    }

    /// Checks a name and a password. Its event is on disk when this returns, whatever it returns;
    /// `from` has the client and its address.
    pub async fn sign_in(
        &self,
        username: &str,
        password: &str,
        from: &AccessAgent,
    ) -> Result<Caller, HospitalError> {
        let deed = AccessDeed::SignIn;
        let wait_s = self.0.sign_in.wait_s(username, self.now_us());
        if wait_s > 0 {
            self.log_refused(deed, None, from, "sign-in", true).await?;
            return Err(HospitalError::SignIn { wait_s });
        }
        let _permit = self.0.sign_in.checks.acquire().await;
        let user = if username.len() <= NAME_BYTES_MAX {
            self.0.store.user(username).await?
        } else {
            None
        };
        // A name that does not exist takes as long as a wrong password.
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let password = password.to_owned();
        let fits = self
            .0
            .cpu
            .run(move || {
                if let Some(hash) = hash {
                    return vault::password::verify(&password, &hash).unwrap_or(false);
                }
                let _ = vault::password::hash(&password);
                false
            })
            .await?;
        let known = user.map(|user| self.caller(user)).transpose()?;
        let Some(caller) = known.as_ref().filter(|_| fits) else {
            self.0.sign_in.failed(username, self.now_us());
            self.log_refused(deed, known.as_ref(), from, "sign-in", false)
                .await?;
            return Err(HospitalError::SignIn { wait_s: 0 });
        };
        self.0.sign_in.succeeded(username);
        self.log_admitted(deed, caller, from).await?;
        Ok(caller.clone())
    }

    /// The names of all users with their roles.
    pub async fn users(&self) -> Result<Vec<Caller>, HospitalError> {
        let users = self.0.store.users().await?;
        users.into_iter().map(|user| self.caller(user)).collect()
    }

    pub(crate) fn caller(&self, user: User) -> Result<Caller, HospitalError> {
        let damaged = |reason: &str| HospitalError::Damaged {
            item: format!("user {}", user.username),
            reason: reason.to_owned(),
        };
        if !vault::keys::same(&self.mark(&user), &user.integrity) {
            return Err(damaged("its row was changed outside Salus"));
        }
        let role = user
            .role
            .parse()
            .map_err(|_| damaged("its role is not known"))?;
        Ok(Caller::new(user.username, role, user.patient))
    }

    fn mark(&self, user: &User) -> [u8; 32] {
        user_mark(self.0.keyring.root(), user)
    }
}

/// The keyed mark over a row of the users table, so that a changed role is found.
pub(crate) fn user_mark(root: &vault::RootKey, user: &User) -> [u8; 32] {
    let patient = user.patient.as_deref();
    root.mark(
        TABLE,
        &[
            user.username.as_bytes(),
            user.password_hash.as_bytes(),
            user.role.as_bytes(),
            &[u8::from(patient.is_some())],
            patient.unwrap_or("").as_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_waits_longer_after_each_failure_and_is_forgiven() {
        let desk = Desk::new();
        for _ in 0..FREE_TRIES {
            assert_eq!(desk.wait_s("eve", 0), 0);
            desk.failed("eve", 0);
        }
        assert_eq!(desk.wait_s("eve", 0), 1);
        desk.failed("eve", 0);
        assert_eq!(desk.wait_s("eve", 0), 2);
        assert_eq!(desk.wait_s("eve", 2_000_000), 0);
        for _ in 0..40 {
            desk.failed("eve", 0);
        }
        assert_eq!(desk.wait_s("eve", 0), WAIT_MAX_S);
        assert_eq!(desk.wait_s("bob", 0), 0);
        desk.succeeded("eve");
        assert_eq!(desk.wait_s("eve", 0), 0);
    }

    #[test]
    fn the_list_of_failures_is_bounded() {
        let desk = Desk::new();
        for name in 0..REMEMBERED_MAX * 2 {
            desk.failed(&name.to_string(), 0);
        }
        assert!(desk.failures.lock().unwrap().len() <= REMEMBERED_MAX);
    }
}
