//! Trust policies: which logs, which cosigners, how many of them. C2SP `tlog-policy`.

mod parse;

use std::fmt::Write as _;

use thiserror::Error;

use crate::PublicKey;
use crate::checkpoint::cosigner;
use crate::note::{Algorithm, NoteError, Vkey};

/// The longest policy file.
pub const POLICY_BYTES_MAX: usize = 1 << 20;

/// Why a file is not a policy, and where.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {reason}")]
pub struct PolicyError {
    /// Counted from 1; 0 if the file as a whole is meant.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// What a verifier trusts.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    logs: Vec<Vkey>,
    witnesses: Vec<Vkey>,
    groups: Vec<Group>,
    /// None where no cosignature is needed: `quorum none`.
    quorum: Option<Member>,
}

/// At least `threshold` of the members.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

/// Index of a witness or of a group defined earlier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Member {
    Witness(usize),
    Group(usize),
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(file: &[u8]) -> Result<Self, PolicyError> {
        parse::parse(file)
    }

    /// The keys of the logs whose checkpoints are acceptable.
    pub fn logs(&self) -> &[Vkey] {
        &self.logs
    }

    /// The keys of the cosigners.
    pub fn witnesses(&self) -> &[Vkey] {
        &self.witnesses
    }

    /// Whether the witnesses for which `cosigned` is true make the quorum.
    pub fn is_quorum(&self, cosigned: impl Fn(&Vkey) -> bool) -> bool {
        let mut met: Vec<bool> = Vec::with_capacity(self.groups.len());
        let holds = |met: &[bool], member: &Member| match *member {
            Member::Witness(index) => cosigned(&self.witnesses[index]),
            Member::Group(index) => met[index],
        };
        for group in &self.groups {
            let count = group
                .members
                .iter()
                .filter(|member| holds(&met, member))
                .count();
            met.push(count >= group.threshold);
        }
        self.quorum
            .as_ref()
            .is_none_or(|member| holds(&met, member))
    }
}

/// How many of `validators` make a quorum: all but the largest number below a third.
///
/// Two quorums then share a member that is not faulty. Of 3f+1 validators it is 2f+1.
pub fn quorum(validators: usize) -> usize {
    validators - validators.saturating_sub(1) / 3
}

/// The policy file of a ledger: each member as a log, because it issues receipts for its own
/// records, each validator as a witness, and the validators' quorum.
pub fn render(
    origin: &str,
    members: &[PublicKey],
    validators: &[(&str, PublicKey)],
) -> Result<String, NoteError> {
    let mut logs = String::new();
    for key in members {
        let log = Vkey::new(origin, Algorithm::Ed25519, *key)?;
        let _ = writeln!(logs, "log {log}");
    }
    let mut witnesses = String::new();
    let mut group = format!("group validators {}", quorum(validators.len()));
    for (organisation, key) in validators {
        let name = cosigner(origin, organisation);
        let witness = Vkey::new(&name, Algorithm::Cosignature, *key)?;
        let _ = writeln!(witnesses, "witness {organisation} {witness}");
        let _ = write!(group, " {organisation}");
    }
    Ok(format!("{logs}\n{witnesses}\n{group}\nquorum validators\n"))
}

#[cfg(test)]
mod tests;
