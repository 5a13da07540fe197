//! Kind 5: a member says how its peers reach it, and by which keys it answers.

use proof::PublicKey;

use super::{Act, change};
use crate::state::draft::Draft;
use crate::state::keys;
use crate::{Announce, KeyUse, Refusal, Service};

pub(super) fn apply(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let Announce { service } = act.body()?;
    let key = keys::service(&act.sender.organisation);
    let former: Option<Service> = draft.get(&key);
    if let Some(former) = &former {
        if service.credential_epoch < former.credential_epoch {
            return Err(Refusal::CredentialEpoch(former.credential_epoch));
        }
        if service == *former {
            return Err(Refusal::NoChange);
        }
    }
    if service.tls_key == service.credential_key {
        return Err(Refusal::KeyInUse);
    }
    let (tls, credential) = (
        former.as_ref().map(|it| it.tls_key),
        former.as_ref().map(|it| it.credential_key),
    );
    replace(draft, act, tls, (service.tls_key, KeyUse::Link))?;
    let issuer = (service.credential_key, KeyUse::Credential);
    replace(draft, act, credential, issuer)?;
    draft.put(key, &service);
    Ok(())
}

/// Gives a key its use and retires the one before it. A key that peers are known by belongs to one
/// member for ever, like every other: otherwise one could announce the key of another as its own.
fn replace(
    draft: &mut Draft,
    act: &Act<'_>,
    former: Option<PublicKey>,
    (key, usage): (PublicKey, KeyUse),
) -> Result<(), Refusal> {
    if former == Some(key) {
        return Ok(());
    }
    change::check_new_key(draft, &key)?;
    let organisation = change::find(draft, &act.sender.organisation)?;
    if let Some(former) = former {
        draft.own(&organisation, former, KeyUse::Retired);
    }
    draft.own(&organisation, key, usage);
    Ok(())
}
