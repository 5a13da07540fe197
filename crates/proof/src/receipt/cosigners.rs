//! Who stands behind a checkpoint. C2SP `tlog-proof`, and stricter.

use super::Invalid;
use super::text::order;
use crate::checkpoint::Checkpoint;
use crate::cosignature;
use crate::note::{Line, Note, Vkey};
use crate::policy::Policy;

/// One valid line of a log of the policy, then valid lines of its witnesses in order.
pub(super) fn check_signatures(
    note: &Note,
    checkpoint: &Checkpoint,
    policy: &Policy,
) -> Result<Vec<String>, Invalid> {
    let fault = |reason: String| Err(Invalid::Signatures(reason));
    if !policy
        .logs()
        .iter()
        .any(|log| log.name() == checkpoint.origin)
    {
        return Err(Invalid::Origin(checkpoint.origin.clone()));
    }
    let origin = &checkpoint.origin;
    if !note
        .lines
        .is_sorted_by(|one, next| order(origin, one) < order(origin, next))
    {
        return fault("a line is double or out of order".to_owned());
    }
    let Some((first, others)) = note.lines.split_first() else {
        return fault("there is none".to_owned());
    };
    let known = policy.logs().iter().find(|log| log.claims(first));
    match known {
        Some(log) if log.name() == checkpoint.origin => {
            if let Err(error) = first.verify(&note.text, log) {
                return fault(format!("the log's: {error}"));
            }
        }
        _ => return fault("the first line is not of a log of the trust file".to_owned()),
    }
    check_cosigners(others, checkpoint, policy)
}

/// Valid lines of witnesses of the policy, as many as it asks for. Returns their names. Whoever
/// calls has seen that the lines are in order, so that none is there twice.
pub(crate) fn check_cosigners(
    lines: &[Line],
    checkpoint: &Checkpoint,
    policy: &Policy,
) -> Result<Vec<String>, Invalid> {
    let fault = |reason: String| Err(Invalid::Signatures(reason));
    let mut cosigners = Vec::new();
    for line in lines {
        let Some(witness) = policy.witnesses().iter().find(|it| it.claims(line)) else {
            return fault(format!("`{}` is no cosigner of the trust file", line.name));
        };
        if let Err(error) = cosignature::verify(checkpoint, witness, line) {
            return fault(format!("`{}`: {error}", line.name));
        }
        cosigners.push(line.name.clone());
    }
    let cosigned = |it: &Vkey| lines.iter().any(|line| it.claims(line));
    if policy.is_quorum(cosigned) {
        Ok(cosigners)
    } else {
        Err(Invalid::Quorum(lines.len()))
    }
}
