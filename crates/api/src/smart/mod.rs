//! The authorization server of this organisation, embedded: SMART App Launch 2.2, Backend
//! Services, OpenID Connect. Its rules and its memory are `hospital::smart`.

mod account;
mod answer;
mod assertion;
mod authorize;
mod browser;
mod client;
mod consent;
mod discovery;
mod entry;
mod exchange;
mod inspect;
mod key_sets;
mod launch;
mod page;
mod passkeys;
mod provider;
mod refused;
mod register;
mod request;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::state::Door;

pub use browser::find_cookie;
pub(crate) use browser::{BROWSER, SESSION, cookie, set_cookie};
pub(crate) use client::{Credentials, credentials};
pub(crate) use discovery::{oauth_extensions, smart};
pub(crate) use entry::{Entrance, Wrong, begin, entrance, name_browser};
pub(crate) use exchange::{code, refresh, system};
pub(crate) use key_sets::KeySets;
pub(crate) use provider::Discovered;
pub use provider::Provider;
pub(crate) use refused::Refused;

/// What other origins may call: nothing of it heeds a cookie.
pub(crate) fn open_routes() -> Router<Door> {
    Router::new()
        .route("/auth/jwks", get(discovery::keys))
        .route("/auth/introspect", post(inspect::introspect))
        .route("/auth/revoke", post(inspect::revoke))
        .route("/.well-known/openid-configuration", get(discovery::openid))
}

/// What a browser shows, and what administrators and clinicians use.
pub(crate) fn own_routes() -> Router<Door> {
    Router::new()
        .route(
            "/auth/authorize",
            get(authorize::show).post(authorize::decide),
        )
        .route("/auth/account", get(account::show).post(account::decide))
        .route("/auth/elsewhere", get(provider::begin))
        .route("/auth/elsewhere/callback", get(provider::back))
        .route("/auth/logins", get(provider::links).post(provider::link))
        .route("/auth/logins/{username}", delete(provider::unlink))
        .route("/auth/passkeys", get(passkeys::list).post(passkeys::add))
        .route("/auth/passkeys/options", post(passkeys::options))
        .route("/auth/passkeys/{id}", delete(passkeys::remove))
        .route("/auth/passkey.js", get(page::script))
        .route("/auth/style.css", get(page::style))
        .route("/auth/launch", post(launch::launch))
        .route(
            "/auth/register",
            get(register::list).post(register::register),
        )
        .route(
            "/auth/register/{id}",
            get(register::one).delete(register::delete),
        )
}
