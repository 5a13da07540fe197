//! The memory of the authorization server: clients, sessions, launches, codes, refresh tokens,
//! and what was revoked. SMART App Launch 2.2, RFC 6749, RFC 7591. HTTP and tokens are in `api`.
//!
//! Every secret that is handed out is 256 random bits and is kept as its SHA-256 only. Each row
//! carries a keyed mark: an edit of the database that would widen access is found when the row is
//! used, and by the audit.

mod challenge;
mod clients;
mod codes;
mod families;
mod id_key;
mod launches;
mod logins;
mod passkeys;
mod redirect;
mod revoked;
mod sessions;
mod tickets;

pub use challenge::CHALLENGE_LIFE_S;
pub use clients::{CLIENTS_MAX, Client, NewClient, SignIn, is_usable_key};
pub use codes::{Authorization, CODE_LIFE_S, Grant};
pub use families::OFFLINE_LIFE_S;
pub use launches::{LAUNCH_LIFE_S, Launch};
pub(crate) use logins::login_mark;
pub use logins::{LOGINS_MAX, LoginAsk, SUBJECT_BYTES_MAX};
pub(crate) use passkeys::passkey_mark;
pub use passkeys::{PASSKEYS_MAX, Passkey, RelyingParty};
pub use redirect::origin;
pub(crate) use revoked::Revoked;
pub use sessions::{SESSION_IDLE_S, SESSION_LIFE_S, Session};
pub(crate) use tickets::{client_mark, ticket_mark};

const SECOND_US: i64 = 1_000_000;
