//! Kind 4: another transaction key. The old one signs the transaction, the new one the body.

use super::{Act, change};
use crate::state::KeyUse;
use crate::state::draft::Draft;
use crate::state::keys;
use crate::{Refusal, RotateKey};

pub(super) fn apply(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let RotateKey { new_key, signature } = act.body()?;
    change::check_new_key(draft, &new_key)?;
    let chain = &act.checked.transaction().header.chain;
    let message = RotateKey::message(chain, &act.sender.key, &new_key);
    if !new_key.verify(&message.0, &signature) {
        return Err(Refusal::Rotation);
    }
    let mut organisation = change::find(draft, &act.sender.organisation)?;
    organisation.transaction_key = new_key;
    draft.own(&organisation, act.sender.key, KeyUse::Retired);
    draft.own(&organisation, new_key, KeyUse::Transaction);
    draft.put(keys::organisation(&organisation.id), &organisation);
    Ok(())
}
