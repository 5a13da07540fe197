//! Kind 2: a change is put to the vote, with the approval of its proposer.

use super::{Act, change, vote};
use crate::state::draft::{Draft, PROPOSALS_MAX};
use crate::state::keys;
use crate::{OpenProposal, Parameters, Propose, Refusal};

pub(super) fn apply(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let Propose { proposal } = act.body()?;
    change::check(draft, &proposal)?;
    let mut open = forget_expired(draft, act.block.height);
    if open.len() >= PROPOSALS_MAX {
        return Err(Refusal::TooManyProposals(open.len()));
    }
    let id = act.checked.id();
    open.push(id);
    draft.put_open_proposals(open);
    let parameters: Parameters = draft.get(&keys::parameters()).unwrap_or_default();
    let proposer = act.sender.organisation.clone();
    let expires = act.block.height.saturating_add(parameters.proposal_blocks);
    let votes = vec![(proposer.clone(), true)];
    vote::decide(
        draft,
        id,
        &OpenProposal {
            proposal,
            proposer,
            expires,
            votes,
        },
    )
}

/// Removes proposals that can no longer be voted on; returns those that can.
fn forget_expired(draft: &mut Draft, height: u64) -> Vec<proof::Digest> {
    let mut open = draft.open_proposals();
    open.retain(|id| {
        let key = keys::proposal(id);
        let votable = draft
            .get::<OpenProposal>(&key)
            .is_some_and(|it| it.expires >= height);
        if !votable {
            draft.remove(key);
        }
        votable
    });
    open
}
