//! What was presented before: a bounded memory, so that nothing is accepted twice.

use std::collections::BTreeMap;

use proof::Digest;

use super::CredentialError;

/// The presentations that could still come again.
#[derive(Debug)]
pub struct Seen {
    until_s: BTreeMap<Digest, i64>,
    most: usize,
}

impl Default for Seen {
    /// Room for 65,536: over 200 a second for the life of a credential.
    fn default() -> Self {
        Self::with_room(65_536)
    }
}

impl Seen {
    /// A memory with room for so many.
    pub fn with_room(most: usize) -> Self {
        Self {
            until_s: BTreeMap::new(),
            most,
        }
    }

    /// Remembers a presentation until its credential is over; refuses one that is known.
    ///
    /// A full memory refuses too: what is not remembered could be replayed.
    pub(super) fn admit(
        &mut self,
        (issuer, id, nonce): (&str, &str, &str),
        until_s: i64,
        now_s: i64,
    ) -> Result<(), CredentialError> {
        let parts = [issuer.as_bytes(), id.as_bytes(), nonce.as_bytes()];
        let key = proof::hash("salus/credential-seen/v1", &parts);
        if self.until_s.contains_key(&key) {
            return Err(CredentialError::Replayed);
        }
        if self.until_s.len() >= self.most {
            self.until_s.retain(|_, until_s| *until_s >= now_s);
        }
        if self.until_s.len() >= self.most {
            return Err(CredentialError::Busy);
        }
        self.until_s.insert(key, until_s);
        Ok(())
    }
}
