//! Kinds 16 to 22: the acts of consent. Their rules are pure functions of `consent::acts`; here
//! they meet the state.

use consent::acts::{
    self, BreakGlass, Delegate, Delegation, Erase, EraseAttest, Erasure, Glass, Grant, Granted,
    Refused, Review, Revoke, Scene,
};
use proof::Digest;

use super::Act;
use crate::state::draft::{Counter, Draft};
use crate::state::keys;
use crate::{OrgId, Organisation, Refusal};

fn scene<'a>(act: &'a Act<'_>) -> Scene<'a> {
    Scene {
        chain: &act.checked.transaction().header.chain,
        sender: act.sender.organisation.as_str(),
        height: act.block.height,
        time_ms: act.block.time_ms,
    }
}

/// Grants and delegations share their ids, because a revocation names either.
fn is_taken(draft: &Draft, id: &Digest) -> bool {
    draft.get::<Granted>(&keys::grant(id)).is_some()
        || draft.get::<Delegation>(&keys::delegation(id)).is_some()
}

pub(super) fn grant(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: Grant = act.body()?;
    let granted = acts::grant::grant(is_taken(draft, &body.id), &scene(act), &body)?;
    draft.put(keys::grant(&body.id), &granted);
    Ok(())
}

pub(super) fn revoke(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: Revoke = act.body()?;
    let (grant, delegation) = (keys::grant(&body.id), keys::delegation(&body.id));
    if let Some(granted) = draft.get::<Granted>(&grant) {
        let granted = acts::revoke::revoke(granted, &scene(act), &body)?;
        draft.put(grant, &granted);
        return Ok(());
    }
    let known: Delegation = draft.get(&delegation).ok_or(Refused::Unknown)?;
    let revoked = acts::revoke::revoke_delegation(known, &scene(act), &body)?;
    draft.put(delegation, &revoked);
    Ok(())
}

pub(super) fn break_glass(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: BreakGlass = act.body()?;
    let key = keys::glass(&body.id);
    let taken = draft.get::<Glass>(&key).is_some();
    let is_member = |name: &str| {
        let id = name.parse::<OrgId>().ok();
        let known = id.and_then(|id| draft.get::<Organisation>(&keys::organisation(&id)));
        known.is_some()
    };
    let glass = acts::break_glass::break_glass(taken, is_member, &scene(act), &body)?;
    draft.put(key, &glass);
    Ok(())
}

pub(super) fn review(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: Review = act.body()?;
    let key = keys::glass(&body.id);
    let glass: Glass = draft.get(&key).ok_or(Refused::Unknown)?;
    let glass = acts::review::review(glass, &scene(act), &body)?;
    draft.put(key, &glass);
    Ok(())
}

pub(super) fn erase(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: Erase = act.body()?;
    let key = keys::erasure(&body.id);
    let taken = draft.get::<Erasure>(&key).is_some();
    let erasure = acts::erase::erase(taken, &scene(act), &body)?;
    draft.put(key, &erasure);
    Ok(())
}

pub(super) fn attest(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: EraseAttest = act.body()?;
    let key = keys::attestation(&body.id, &act.sender.organisation);
    let erasure: Option<Erasure> = draft.get(&keys::erasure(&body.id));
    let attested: Option<Counter> = draft.get(&key);
    let height = acts::erase::attest(erasure.as_ref(), attested.map(|it| it.0), &scene(act))?;
    draft.put(key, &Counter(height));
    Ok(())
}

pub(super) fn delegate(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: Delegate = act.body()?;
    let delegation = acts::delegate::delegate(is_taken(draft, &body.id), &scene(act), &body)?;
    draft.put(keys::delegation(&body.id), &delegation);
    Ok(())
}
