//! A release after the revocation: what the state says about the grant, whose key signed, and the
//! custodian's own statement.

use consent::acts::Granted;
use proof::checkpoint::origin;
use proof::codec::Canonical;
use proof::policy::Policy;
use proof::state::{self, VerifiedState};
use proof::{Digest, PublicKey};

use super::{Release, Unproven, bytes_of};
use crate::state::keys;
use crate::{KeyOwner, KeyUse};

/// What is proven: the custodian signed that it released records under the grant, deciding on a
/// state in which the grant was revoked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Released {
    /// The custodian's statement.
    pub release: Release,
    /// The block that accepted the grant.
    pub granted: u64,
    /// The block that revoked it.
    pub revoked: u64,
    /// The height of the state that says so, and who cosigned it.
    pub state: (u64, Vec<String>),
}

pub(super) fn judge(
    grant: &[u8],
    key: &[u8],
    statement: &[u8],
    policy: &Policy,
) -> Result<Released, Unproven> {
    let grant = state::verify(grant, policy).map_err(|it| Unproven::Part(0, it))?;
    let key = state::verify(key, policy).map_err(|it| Unproven::Part(1, it))?;
    let release = bytes_of(statement).and_then(|it| Release::from_bytes(&it).ok());
    let release = release.ok_or(Unproven::Malformed("its statement is not canonical"))?;
    let granted = granted(&grant, &release.pass)?;
    let owner = owner(&key, &release.signer)?;
    if [&grant.ledger, &key.ledger] != [&origin(&release.chain); 2] {
        return Err(Unproven::Other(2, "a statement about another ledger"));
    }
    if owner.organisation != release.custodian || granted.custodian != release.custodian.as_str() {
        return Err(Unproven::Other(
            2,
            "of somebody else than the custodian of the grant",
        ));
    }
    if !release.is_signed() {
        return Err(Unproven::Other(2, "not signed by the key that it names"));
    }
    let revoked = granted.revoked;
    let revoked = revoked.ok_or_else(|| Unproven::Harmless("the grant is not revoked".into()))?;
    if release.height < revoked {
        return Err(Unproven::Harmless(format!(
            "the release was decided after block {}, before the revocation in block {revoked}",
            release.height
        )));
    }
    if release.records == 0 {
        return Err(Unproven::Harmless("no record was released".into()));
    }
    Ok(Released {
        release,
        granted: granted.height,
        revoked,
        state: (grant.height, grant.cosigners),
    })
}

fn granted(shown: &VerifiedState, pass: &Digest) -> Result<Granted, Unproven> {
    let other = Unproven::Other(0, "not about the grant of the statement");
    if shown.key != keys::grant(pass) {
        return Err(other);
    }
    let value = shown.value.as_deref();
    value
        .and_then(|it| Granted::from_bytes(it).ok())
        .ok_or(other)
}

/// A transaction key, also one that was replaced since.
fn owner(shown: &VerifiedState, signer: &PublicKey) -> Result<KeyOwner, Unproven> {
    let other = Unproven::Other(1, "not about a key that signs for its owner");
    if shown.key != keys::key(signer) {
        return Err(other);
    }
    let owner = shown
        .value
        .as_deref()
        .and_then(|it| KeyOwner::from_bytes(it).ok());
    owner
        .filter(|it| matches!(it.usage, KeyUse::Transaction | KeyUse::Retired))
        .ok_or(other)
}
