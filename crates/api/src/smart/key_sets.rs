//! Keys at an address: `jwks_uri` of a client, and the keys of a provider of sign-ins.
//!
//! A set is kept as long as its headers say, within bounds, and fetched again for a key that is not
//! in it. Whoever calls cannot make this server ask often: an address is asked once in
//! [`PAUSE_S`], whatever the answer was, and by one caller while others wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::outgoing::{Ask, Outgoing};

/// Shortest time between two requests to one address.
const PAUSE_S: i64 = 60;
/// How long a set is fresh: at least, at most, and without a word of its server.
const FRESH_S: (u64, u64, u64) = (PAUSE_S.unsigned_abs(), 86_400, 300);
/// Sets that are kept: as many as there may be clients, and a provider.
const SETS_MAX: usize = hospital::smart::CLIENTS_MAX as usize + 1;
/// Most keys of a set.
const KEYS_MAX: usize = 100;
const SECOND_US: i64 = 1_000_000;

#[derive(Default)]
struct Kept {
    keys: Vec<Value>,
    fresh_until_us: i64,
    asked_us: Option<i64>,
}

/// The sets.
#[derive(Default)]
pub(crate) struct KeySets(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Kept>>>>);

impl KeySets {
    fn kept(&self, uri: &str) -> Arc<tokio::sync::Mutex<Kept>> {
        let mut sets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sets.len() >= SETS_MAX && !sets.contains_key(uri) {
            // Addresses of clients that are gone.
            sets.retain(|_, kept| Arc::strong_count(kept) > 1);
        }
        Arc::clone(sets.entry(uri.to_owned()).or_default())
    }

    /// The key of this name and kind; `None`: the set has none. The error is for the log.
    pub(crate) async fn key(
        &self,
        outgoing: &Outgoing,
        uri: &str,
        (kid, kty): (&str, &str),
        now_us: i64,
    ) -> Result<Option<Value>, String> {
        let kept = self.kept(uri);
        let mut kept = kept.lock().await;
        let find = |keys: &[Value]| {
            let fits = |key: &&Value| key["kid"] == kid && key["kty"] == kty;
            keys.iter().find(fits).cloned()
        };
        let fresh = now_us < kept.fresh_until_us;
        if fresh && let Some(key) = find(&kept.keys) {
            return Ok(Some(key));
        }
        let waits = kept.asked_us.is_some_and(|asked_us| {
            (0..PAUSE_S * SECOND_US).contains(&now_us.saturating_sub(asked_us))
        });
        if waits {
            let failed = || "the keys could not be fetched a moment ago".to_owned();
            return if fresh { Ok(None) } else { Err(failed()) };
        }
        kept.asked_us = Some(now_us);
        let (keys, fresh_s) = fetched(outgoing, uri).await?;
        kept.keys = keys;
        kept.fresh_until_us = now_us.saturating_add(fresh_s.saturating_mul(SECOND_US));
        Ok(find(&kept.keys))
    }
}

async fn fetched(outgoing: &Outgoing, uri: &str) -> Result<(Vec<Value>, i64), String> {
    let answer = outgoing.ask(uri, Ask::Get).await?;
    if answer.status != 200 {
        return Err(format!("{uri} answers {}", answer.status));
    }
    let mut set: Value =
        serde_json::from_slice(&answer.bytes).map_err(|_| format!("{uri} answers no JSON"))?;
    let keys = match set.get_mut("keys").map(Value::take) {
        Some(Value::Array(keys)) if keys.len() <= KEYS_MAX => keys,
        _ => return Err(format!("{uri} answers no set of at most {KEYS_MAX} keys")),
    };
    let (least, most, default) = FRESH_S;
    let fresh_s = answer.max_age_s.unwrap_or(default).clamp(least, most);
    Ok((keys, i64::try_from(fresh_s).unwrap_or(PAUSE_S)))
}
