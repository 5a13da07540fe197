//! What the state says about acts of consent.

use consent::acts::{Delegation, Erasure, Glass, Granted};
use proof::Digest;

use super::{State, draft, keys};
use crate::OrgId;

impl State {
    /// A grant, revoked or not.
    pub fn grant(&self, id: &Digest) -> Option<Granted> {
        self.get(&keys::grant(id))
    }

    /// A delegation, revoked or not.
    pub fn delegation(&self, id: &Digest) -> Option<Delegation> {
        self.get(&keys::delegation(id))
    }

    /// An emergency opening.
    pub fn glass(&self, id: &Digest) -> Option<Glass> {
        self.get(&keys::glass(id))
    }

    /// An erasure.
    pub fn erasure(&self, id: &Digest) -> Option<Erasure> {
        self.get(&keys::erasure(id))
    }

    /// The height at which a holder attested an erasure.
    pub fn attested(&self, erasure: &Digest, holder: &OrgId) -> Option<u64> {
        let height: draft::Counter = self.get(&keys::attestation(erasure, holder))?;
        Some(height.0)
    }
}
