//! Two ledgers: validators that cosigned different roots for one and the same number, or different
//! entries in one and the same place.

use std::cmp::Ordering;

use proof::checkpoint::Checkpoint;
use proof::codec::Canonical;
use proof::cosignature;
use proof::note::{Note, Vkey};
use proof::policy::Policy;
use proof::receipt::{self, Invalid, VerifiedEntry};
use proof::state;

use super::Unproven;

/// What is proven: each of these validators signed both checkpoints. An honest one signs one root
/// for a number, and a fork of the ledger needs more than a third of them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TwoHistories {
    /// What the one checkpoint says.
    pub one: Checkpoint,
    /// What the other one says, of the same origin and number.
    pub other: Checkpoint,
    /// Whether they are about the state after a block, and not about the history.
    pub of_state: bool,
    /// Who signed both: the names of the cosigners.
    pub cosigners: Vec<String>,
    /// Whether these are so many that each checkpoint has a quorum of them.
    pub quorum: bool,
}

/// What is proven: two histories, each cosigned by a quorum, have different entries in one place.
/// The ledger was forked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TwoEntries {
    /// The one entry, with its place and who cosigned it.
    pub one: VerifiedEntry,
    /// The other one.
    pub other: VerifiedEntry,
    /// Who signed both: the names of the cosigners.
    pub cosigners: Vec<String>,
}

pub(super) fn judge_entries(
    one: &[u8],
    other: &[u8],
    policy: &Policy,
) -> Result<TwoEntries, Unproven> {
    let entry = |part: usize, text: &[u8]| {
        receipt::verify_entry(text, policy).map_err(|it| Unproven::Part(part, it))
    };
    let (one, other) = (entry(0, one)?, entry(1, other)?);
    let chain = |it: &VerifiedEntry| it.entry.transaction.header.chain;
    if chain(&one) != chain(&other) || one.index != other.index {
        return Err(Unproven::Other(1, "of another ledger or another place"));
    }
    // One form for each pair.
    match one.entry.to_bytes().cmp(&other.entry.to_bytes()) {
        Ordering::Less => {}
        Ordering::Equal => return Err(Unproven::Harmless("both say the same".into())),
        Ordering::Greater => return Err(Unproven::Malformed("its entries are out of order")),
    }
    let both = |name: &&String| other.cosigners.contains(name);
    let cosigners: Vec<String> = one.cosigners.iter().filter(both).cloned().collect();
    if cosigners.is_empty() {
        return Err(Unproven::Harmless("nobody signed both".into()));
    }
    Ok(TwoEntries {
        one,
        other,
        cosigners,
    })
}

pub(super) fn judge(one: &[u8], other: &[u8], policy: &Policy) -> Result<TwoHistories, Unproven> {
    let (one, names) = cosigned(0, one, policy)?;
    let (other, others) = cosigned(1, other, policy)?;
    if (&one.origin, one.size) != (&other.origin, other.size) {
        return Err(Unproven::Other(1, "about another ledger or another number"));
    }
    if names != others {
        return Err(Unproven::Other(1, "signed by others than the first one"));
    }
    if one.root == other.root {
        return Err(Unproven::Harmless("both say the same".into()));
    }
    // One form for each pair.
    if one.root > other.root {
        return Err(Unproven::Malformed("its checkpoints are out of order"));
    }
    let quorum = policy.is_quorum(|it| names.iter().any(|name| name == it.name()));
    let of_state = policy.logs().iter().all(|log| log.name() != one.origin);
    Ok(TwoHistories {
        one,
        other,
        of_state,
        cosigners: names,
        quorum,
    })
}

/// A checkpoint of a ledger of the policy with nothing but valid lines of its witnesses, in order.
fn cosigned(
    part: usize,
    text: &[u8],
    policy: &Policy,
) -> Result<(Checkpoint, Vec<String>), Unproven> {
    let malformed = |it: String| Unproven::Part(part, Invalid::Malformed(it));
    let signatures = |it: String| Unproven::Part(part, Invalid::Signatures(it));
    let text = std::str::from_utf8(text).map_err(|_| malformed("it is not UTF-8".into()))?;
    let note: Note = text.parse().map_err(|it| malformed(format!("{it}")))?;
    let checkpoint = Checkpoint::of(&note).map_err(|it| malformed(it.to_string()))?;
    let logs = || policy.logs().iter().map(Vkey::name);
    let is_known =
        |name: &str| name == checkpoint.origin || state::origin(name) == checkpoint.origin;
    if !logs().any(is_known) {
        let origin = Invalid::Origin(checkpoint.origin);
        return Err(Unproven::Part(part, origin));
    }
    let lines = &note.lines;
    if lines.is_empty() || !lines.is_sorted_by(|one, next| one.name < next.name) {
        return Err(signatures(
            "none, or a line is double or out of order".into(),
        ));
    }
    let mut names = Vec::with_capacity(lines.len());
    for line in lines {
        let witness = policy.witnesses().iter().find(|it| it.claims(line));
        let witness =
            witness.ok_or_else(|| signatures(format!("`{}` is no cosigner here", line.name)))?;
        cosignature::verify(&checkpoint, witness, line)
            .map_err(|it| signatures(format!("`{}`: {it}", line.name)))?;
        names.push(line.name.clone());
    }
    Ok((checkpoint, names))
}
