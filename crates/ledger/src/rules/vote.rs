//! Kind 3: votes. Two thirds of the members of the moment decide, in this very block.

use proof::Digest;

use super::{Act, change};
use crate::state::draft::Draft;
use crate::state::keys;
use crate::{OpenProposal, Refusal, Vote, two_thirds};

pub(super) fn apply(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let vote: Vote = act.body()?;
    let key = keys::proposal(&vote.proposal);
    let mut open: OpenProposal = draft.get(&key).ok_or(Refusal::NoProposal)?;
    if open.expires < act.block.height {
        return Err(Refusal::ProposalExpired(open.expires));
    }
    if !open.vote(&act.sender.organisation, vote.approve) {
        return Err(Refusal::SameVote);
    }
    decide(draft, vote.proposal, &open)
}

/// Executes the proposal if enough members approve, drops it if they no longer can, keeps it
/// otherwise. One that cannot be executed any more refuses the vote that would do it.
pub(super) fn decide(draft: &mut Draft, id: Digest, open: &OpenProposal) -> Result<(), Refusal> {
    let members = draft.members();
    let needed = two_thirds(members.len());
    let approved = open.count(&members, true) >= needed;
    let rejected = members.len() - open.count(&members, false) < needed;
    if !approved && !rejected {
        draft.put(keys::proposal(&id), open);
        return Ok(());
    }
    let mut others = draft.open_proposals();
    others.retain(|other| *other != id);
    draft.put_open_proposals(others);
    draft.remove(keys::proposal(&id));
    if approved {
        change::execute(draft, &open.proposal)
    } else {
        Ok(())
    }
}
