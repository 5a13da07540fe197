//! Kind 2: a change is put to the vote, with the approval of its proposer.

use proof::Digest;

use super::{Act, change, vote};
use crate::state::draft::{Draft, PROPOSALS_EACH};
use crate::state::keys;
use crate::{OpenProposal, OrgId, Parameters, Propose, Refusal};

pub(super) fn apply(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let Propose { proposal } = act.body()?;
    change::check(draft, &proposal)?;
    let proposer = act.sender.organisation.clone();
    let (mut open, own) = forget_expired(draft, act.block.height, &proposer);
    // Bounded for each, so that nobody can keep the others from proposing.
    if own >= PROPOSALS_EACH {
        return Err(Refusal::TooManyProposals(own));
    }
    let id = act.checked.id();
    open.push(id);
    draft.put_open_proposals(open);
    let parameters: Parameters = draft.get(&keys::parameters()).unwrap_or_default();
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

/// Removes proposals that can no longer be voted on. Returns those that can, and how many of
/// them are the proposer's own.
fn forget_expired(draft: &mut Draft, height: u64, proposer: &OrgId) -> (Vec<Digest>, usize) {
    let (mut open, mut own) = (draft.open_proposals(), 0);
    open.retain(|id| {
        let key = keys::proposal(id);
        let votable = draft
            .get::<OpenProposal>(&key)
            .filter(|it| it.expires >= height);
        match &votable {
            Some(it) => own += usize::from(it.proposer == *proposer),
            None => draft.remove(key),
        }
        votable.is_some()
    });
    (open, own)
}
