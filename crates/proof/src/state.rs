//! Proofs of what the state of the ledger says about one key, for strangers
//! (`docs/reference/receipts.md`).
//!
//! Each validator cosigns, beside the history, the root of its state after a block, as a checkpoint
//! of its own origin whose number is the height. A quorum of such lines and a proof of the map show
//! that an entry was there, or was not, after that block.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::Checkpoint;
use crate::codec::Canonical;
use crate::cosignature;
use crate::map::MapProof;
use crate::note::Note;
use crate::policy::Policy;
use crate::receipt::{Invalid, check_cosigners};

/// The longest proof.
pub const STATE_BYTES_MAX: usize = 1 << 21;
/// The first line of every proof.
pub const FORMAT: &str = "salus/state-proof@v1";
/// The longest key of the state.
const KEY_BYTES_MAX: usize = 256;

/// The origin of the statements about the state of a ledger: that of its history, and a word.
pub fn origin(history: &str) -> String {
    format!("{history}/state")
}

/// What a proof says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StateProof {
    /// The key of the state, such as `grant/` and an id.
    pub key: Vec<u8>,
    /// What the map says about it.
    pub proof: MapProof,
    /// The statement about the root of the map, with its cosignatures.
    pub checkpoint: Note,
}

/// What a valid proof shows: after that block the state had this value, or none, under the key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedState {
    /// The origin of the ledger's history.
    pub ledger: String,
    /// The key.
    pub key: Vec<u8>,
    /// The value; none if the key was absent.
    pub value: Option<Vec<u8>>,
    /// The height of the block after which this held.
    pub height: u64,
    /// When the first and the last of the cosigners said so, in seconds since 1970 by their clocks.
    pub cosigned_s: (u64, u64),
    /// The names of the cosigners.
    pub cosigners: Vec<String>,
}

/// Makes the text of a proof, with its signature lines in order. Nothing is verified.
pub fn build(proof: &StateProof) -> String {
    let (key, map) = (
        STANDARD.encode(&proof.key),
        STANDARD.encode(proof.proof.to_bytes()),
    );
    let mut note = proof.checkpoint.clone();
    note.lines
        .sort_by(|one, other| (&one.name, one.key_id).cmp(&(&other.name, other.key_id)));
    let mut text = format!("{FORMAT}\nkey {key}\nproof {map}\n");
    let _ = write!(text, "\n{note}");
    text
}

/// Whether somebody meant this to be a proof about the state.
pub fn resembles(bytes: &[u8]) -> bool {
    bytes.starts_with(FORMAT.as_bytes())
}

/// Reads the text of a proof. Nothing is verified but the form.
pub fn parse(bytes: &[u8]) -> Result<StateProof, Invalid> {
    if bytes.len() > STATE_BYTES_MAX || !resembles(bytes) {
        let reason = format!("not a proof about the state, which starts with `{FORMAT}`");
        return Err(Invalid::Unusable(reason));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
    let rest = text
        .strip_prefix(FORMAT)
        .and_then(|rest| rest.strip_prefix('\n'))
        .ok_or_else(|| malformed("it has another format line"))?;
    let (key, rest) = value(rest, "key ")?;
    let (proof, rest) = value(rest, "proof ")?;
    let note = rest
        .strip_prefix('\n')
        .ok_or_else(|| malformed("it has no empty line before the statement"))?;
    if key.len() > KEY_BYTES_MAX {
        return Err(malformed("the key is too long"));
    }
    Ok(StateProof {
        proof: MapProof::from_bytes(&proof)
            .map_err(|it| Invalid::Malformed(format!("proof: {it}")))?,
        checkpoint: note
            .parse()
            .map_err(|it| Invalid::Malformed(format!("{it}")))?,
        key,
    })
}

/// The bytes in base64 behind a keyword, and what follows their line.
fn value<'a>(text: &'a str, keyword: &str) -> Result<(Vec<u8>, &'a str), Invalid> {
    let missing = || Invalid::Malformed(format!("the line `{keyword}` is missing or no base64"));
    let (value, rest) = text
        .strip_prefix(keyword)
        .and_then(|rest| rest.split_once('\n'))
        .ok_or_else(missing)?;
    let bytes = STANDARD.decode(value).map_err(|_| missing())?;
    Ok((bytes, rest))
}

fn malformed(reason: &str) -> Invalid {
    Invalid::Malformed(reason.to_owned())
}

/// Judges a proof by a policy.
pub fn verify(proof: &[u8], policy: &Policy) -> Result<VerifiedState, Invalid> {
    let proof = parse(proof)?;
    let checkpoint =
        Checkpoint::of(&proof.checkpoint).map_err(|error| malformed(&error.to_string()))?;
    let unknown = || Invalid::Origin(checkpoint.origin.clone());
    let ledger = policy
        .logs()
        .iter()
        .map(crate::note::Vkey::name)
        .find(|log| origin(log) == checkpoint.origin)
        .ok_or_else(unknown)?;
    let lines = &proof.checkpoint.lines;
    if !lines.is_sorted_by(|one, next| (&one.name, one.key_id) < (&next.name, next.key_id)) {
        let reason = "a line is double or out of order".to_owned();
        return Err(Invalid::Signatures(reason));
    }
    let cosigners = check_cosigners(lines, &checkpoint, policy)?;
    let times = || {
        let time = |line| {
            let witness = policy.witnesses().iter().find(|it| it.claims(line))?;
            cosignature::verify(&checkpoint, witness, line).ok()
        };
        lines.iter().filter_map(time)
    };
    Ok(VerifiedState {
        ledger: ledger.to_owned(),
        value: proof.proof.verify(&checkpoint.root, &proof.key)?,
        key: proof.key,
        height: checkpoint.size,
        cosigned_s: (
            times().min().unwrap_or_default(),
            times().max().unwrap_or_default(),
        ),
        cosigners,
    })
}
