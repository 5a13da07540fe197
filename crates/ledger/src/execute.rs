//! The execution of a block: deterministic, total, in the order given.

use proof::codec::{Canonical, Writer};
use proof::tree::{StoredNode, leaf_hash};

use crate::rules::{self, Act, Sender};
use crate::state::draft::{Counter, Draft};
use crate::state::keys;
use crate::{BlockContext, Checked, KeyUse, OrgId, Parameters, Refusal, State};

/// A transaction that is now in the history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// Its index in the history.
    pub index: u64,
}

/// What a block did.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The state after it.
    pub state: State,
    /// One for each transaction, in their order.
    pub outcomes: Vec<Result<Accepted, Refusal>>,
    /// The canonical bytes of the entries that the history got, in its order.
    pub entries: Vec<Vec<u8>>,
    /// The keys of the state map that changed, in their order; none where one was removed.
    pub changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The nodes of the history tree that became complete.
    pub nodes: Vec<StoredNode>,
}

/// Executes the transactions of a block on the state after the block before.
pub fn execute(state: &State, block: &BlockContext, transactions: &[Checked]) -> Executed {
    let mut draft = Draft::new(state.map.clone());
    let mut history = state.history.clone();
    let (mut outcomes, mut entries, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
    for checked in transactions {
        let outcome = judge(&mut draft, block, checked).map(|organisation| {
            let entry = entry_bytes(block, &organisation, checked);
            let index = history.size();
            nodes.extend(history.append(leaf_hash(&entry)));
            entries.push(entry);
            Accepted { index }
        });
        match outcome {
            Ok(_) => draft.accept(),
            Err(_) => draft.refuse(),
        }
        outcomes.push(outcome);
    }
    let (map, changes) = draft.into_parts();
    let state = State {
        height: block.height,
        map,
        history,
    };
    Executed {
        state,
        outcomes,
        entries,
        changes: changes.into_iter().collect(),
        nodes,
    }
}

/// What a block of this one transaction would come to, without the state after it: for whoever
/// wants to know before it is sent.
pub fn try_out(state: &State, block: &BlockContext, checked: &Checked) -> Result<(), Refusal> {
    judge(&mut Draft::new(state.map.clone()), block, checked).map(drop)
}

/// The bytes of a [`proof::transaction::Entry`].
fn entry_bytes(block: &BlockContext, organisation: &OrgId, checked: &Checked) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u64(block.height);
    writer.u64(block.time_ms);
    organisation.write(&mut writer);
    writer.fixed(checked.bytes());
    writer.into_bytes()
}

/// What holds for every kind, then the rule of the kind. Returns whose transaction it was.
fn judge(draft: &mut Draft, block: &BlockContext, checked: &Checked) -> Result<OrgId, Refusal> {
    let header = &checked.transaction().header;
    let rule = rules::find(header.kind).ok_or(Refusal::Kind(header.kind))?;
    let owner = draft.owner(&header.sender).ok_or(Refusal::Sender)?;
    if owner.usage != KeyUse::Transaction {
        return Err(Refusal::Sender);
    }
    if header.expires < block.height {
        return Err(Refusal::Expired(header.expires));
    }
    let parameters: Parameters = draft.get(&keys::parameters()).unwrap_or_default();
    let latest = block.height.saturating_add(parameters.expiry_blocks_max);
    if header.expires > latest {
        return Err(Refusal::ExpiryTooFar { latest });
    }
    let last = draft
        .get::<Counter>(&keys::sequence(&header.sender))
        .unwrap_or_default()
        .0;
    let expected = last.saturating_add(1);
    if header.sequence != expected {
        return Err(Refusal::Sequence {
            expected,
            given: header.sequence,
        });
    }
    let sender = Sender {
        organisation: owner.organisation,
        key: header.sender,
    };
    let act = Act {
        block,
        sender,
        checked,
    };
    rule(draft, &act)?;
    draft.put(keys::sequence(&header.sender), &Counter(expected));
    Ok(act.sender.organisation)
}
