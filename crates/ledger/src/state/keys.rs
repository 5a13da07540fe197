//! The keys of the state map. Each starts with a word and a slash; then come raw bytes.

use proof::{Digest, PublicKey};

use crate::OrgId;

/// The chain id.
pub fn chain() -> Vec<u8> {
    b"chain/".to_vec()
}

/// The parameters.
pub fn parameters() -> Vec<u8> {
    b"parameters/".to_vec()
}

/// The ids of the members, in order.
pub fn members() -> Vec<u8> {
    b"members/".to_vec()
}

/// The ids of the open proposals, in order.
pub fn open_proposals() -> Vec<u8> {
    b"proposals/".to_vec()
}

/// A member.
pub fn organisation(id: &OrgId) -> Vec<u8> {
    join(b"organisation/", id.as_str().as_bytes())
}

/// The owner of a key.
pub fn key(key: &PublicKey) -> Vec<u8> {
    join(b"key/", &key.0)
}

/// The last sequence of a key.
pub fn sequence(key: &PublicKey) -> Vec<u8> {
    join(b"sequence/", &key.0)
}

/// The last batch of an organisation.
pub fn batch(id: &OrgId) -> Vec<u8> {
    join(b"batch/", id.as_str().as_bytes())
}

/// An open proposal.
pub fn proposal(id: &Digest) -> Vec<u8> {
    join(b"proposal/", &id.0)
}

/// The service record of a member.
pub fn service(id: &OrgId) -> Vec<u8> {
    join(b"service/", id.as_str().as_bytes())
}

/// A grant.
pub fn grant(id: &Digest) -> Vec<u8> {
    join(b"grant/", &id.0)
}

/// An emergency opening.
pub fn glass(id: &Digest) -> Vec<u8> {
    join(b"glass/", &id.0)
}

/// An erasure.
pub fn erasure(id: &Digest) -> Vec<u8> {
    join(b"erasure/", &id.0)
}

/// The attestation of a holder for an erasure.
pub fn attestation(erasure: &Digest, holder: &OrgId) -> Vec<u8> {
    let id = join(b"attestation/", &erasure.0);
    join(&id, holder.as_str().as_bytes())
}

/// A delegation.
pub fn delegation(id: &Digest) -> Vec<u8> {
    join(b"delegation/", &id.0)
}

fn join(word: &[u8], rest: &[u8]) -> Vec<u8> {
    [word, rest].concat()
}
