//! The keys of the state map. Each starts with a word and a slash; then come raw bytes.

use proof::{Digest, PublicKey};

use supply::ids::{ContainerId, LotId, PackId};

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

/// A pack.
pub fn pack(id: &PackId) -> Vec<u8> {
    join(b"pack/", &id.0)
}

/// A case or a pallet.
pub fn container(id: &ContainerId) -> Vec<u8> {
    join(b"container/", &id.0)
}

/// A lot.
pub fn lot(id: &LotId) -> Vec<u8> {
    join(b"lot/", &id.0)
}

/// What an organisation may do in the trade, where it was voted.
pub fn partner(id: &OrgId) -> Vec<u8> {
    join(b"partner/", id.as_str().as_bytes())
}

/// The latest epoch of the trade key.
pub fn trade_key() -> Vec<u8> {
    b"trade-key/".to_vec()
}

/// An epoch of the trade key.
pub fn trade_key_of(epoch: u8) -> Vec<u8> {
    join(b"trade-key/", &[epoch])
}

/// Who opens to whom a pack was handed.
pub fn openers() -> Vec<u8> {
    b"openers/".to_vec()
}

/// The number of a partner's latest epoch of check values.
pub fn escrow(id: &OrgId) -> Vec<u8> {
    join(b"escrow/", id.as_str().as_bytes())
}

/// The check values of a partner's epoch.
pub fn escrow_of(id: &OrgId, epoch: u32) -> Vec<u8> {
    // No id of an organisation has a slash, so this is never the key of another.
    let partner = join(b"escrow/", id.as_str().as_bytes());
    join(&join(&partner, b"/"), &epoch.to_be_bytes())
}

/// An inquiry of the openers.
pub fn inquiry(id: &Digest) -> Vec<u8> {
    join(b"inquiry/", &id.0)
}

/// That an organisation answers an inquiry.
pub fn inquiry_answer(id: &Digest, organisation: &OrgId) -> Vec<u8> {
    join(&inquiry(id), organisation.as_str().as_bytes())
}

/// A trial.
pub fn trial(id: &Digest) -> Vec<u8> {
    join(b"trial/", &id.0)
}

/// A version of its protocol.
pub fn trial_version(id: &Digest, version: u32) -> Vec<u8> {
    join(&join(b"trial-version/", &id.0), &version.to_be_bytes())
}

/// A site of it.
pub fn trial_site(id: &Digest, site: &str) -> Vec<u8> {
    join(&join(b"trial-site/", &id.0), site.as_bytes())
}

/// A slot of the site's list: stratum and slot.
pub fn trial_slot(id: &Digest, site: &str, (stratum, slot): (u16, u32)) -> Vec<u8> {
    let list = join(&join(b"trial-slot/", &id.0), site.as_bytes());
    // No id of an organisation has a slash, so this is never a slot of another.
    let place = [&b"/"[..], &stratum.to_be_bytes(), &slot.to_be_bytes()].concat();
    join(&list, &place)
}

/// A participant.
pub fn trial_participant(id: &Digest, participant: &Digest) -> Vec<u8> {
    join(&join(b"trial-participant/", &id.0), &participant.0)
}

/// Who minimises in it, and how.
pub fn trial_minimisation(id: &Digest) -> Vec<u8> {
    join(b"trial-minimisation/", &id.0)
}

/// The allocation of a participant, by the running number.
pub fn trial_minimised(id: &Digest, number: u32) -> Vec<u8> {
    join(&join(b"trial-minimised/", &id.0), &number.to_be_bytes())
}

/// A decision to lock or to unlock.
pub fn trial_decision(id: &Digest, number: u32) -> Vec<u8> {
    join(&join(b"trial-decision/", &id.0), &number.to_be_bytes())
}

/// A report.
pub fn trial_report(id: &Digest, number: u32) -> Vec<u8> {
    join(&join(b"trial-report/", &id.0), &number.to_be_bytes())
}

fn join(word: &[u8], rest: &[u8]) -> Vec<u8> {
    [word, rest].concat()
}
