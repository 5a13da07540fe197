//! What the doors need to know: addresses and bounds.

use std::sync::Arc;
use std::time::Duration;

use hospital::smart::RelyingParty;
use hospital::{Caller, Sight};

use crate::outgoing::Reach;
use crate::smart::Provider;

/// Says what narrows the view of a caller, once the token is known to be good. It is asked for
/// each request, and answers from what is in memory.
pub type Sights = Arc<dyn Fn(&Caller) -> Sight + Send + Sync>;

/// Configuration of the HTTP face. [`Config::new`] has the documented defaults.
#[derive(Clone)]
pub struct Config {
    /// Where clients reach this server, as `http://127.0.0.1:8080`, without a slash at its end.
    pub base: String,
    /// Seed of the key that signs access tokens (`vault::keys::derive(seed, "token")`).
    pub token_seed: [u8; 32],
    /// How long an access token is good for.
    pub token_life: Duration,
    /// Largest body of any request, bundles included.
    pub body_bytes_max: usize,
    /// Most entries in a bundle.
    pub entries_max: usize,
    /// Requests worked on at the same time; one more is answered 503.
    pub concurrent_max: usize,
    /// Longest time for one request.
    pub request_time_max: Duration,
    /// For whom passkeys are made; `None`: there are none, as under a base that is an address.
    pub relying_party: Option<RelyingParty>,
    /// To where this server makes requests of its own.
    pub outgoing: Reach,
    /// Where people may sign in elsewhere.
    pub provider: Option<Provider>,
    /// What narrows the view of each caller; `None`: role and compartment alone do.
    pub sights: Option<Sights>,
}

impl Config {
    /// The defaults for a server at `base`.
    pub fn new(base: impl Into<String>, token_seed: [u8; 32]) -> Self {
        let base = base.into().trim_end_matches('/').to_owned();
        Self {
            relying_party: RelyingParty::of(&base),
            base,
            token_seed,
            token_life: Duration::from_hours(1),
            body_bytes_max: 32 << 20,
            entries_max: 10_000,
            concurrent_max: 512,
            request_time_max: Duration::from_mins(1),
            outgoing: Reach::Public,
            provider: None,
            sights: None,
        }
    }

    /// The FHIR base, without a slash at its end.
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir", self.base)
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
