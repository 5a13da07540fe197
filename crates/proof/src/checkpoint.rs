//! The head of a log as a signed text. C2SP `tlog-checkpoint`, without extension lines.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Digest;
use crate::note::{Note, NoteError};

/// Size and root of the history of a ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root of their tree.
    pub root: Digest,
}

/// The origin of the history of a ledger: `salus/` and 16 digits of the chain id.
pub fn origin(chain: &Digest) -> String {
    format!("salus/{:.16}", chain.to_string())
}

/// The name under which an organisation cosigns: the origin, a slash and its own id.
pub fn cosigner(origin: &str, organisation: &str) -> String {
    format!("{origin}/{organisation}")
}

impl Checkpoint {
    /// The checkpoint in the text of a note; its signatures are not looked at.
    pub fn of(note: &Note) -> Result<Self, NoteError> {
        note.text.parse()
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root.0)
        )
    }
}

impl FromStr for Checkpoint {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.split('\n');
        let mut line = || {
            lines
                .next()
                .ok_or(NoteError::Checkpoint("it has no three lines"))
        };
        let (origin, size, root, end) = (line()?, line()?, line()?, line()?);
        if origin.is_empty() {
            return Err(NoteError::Checkpoint("it has no origin"));
        }
        let root = decode_hash(root).ok_or(NoteError::Checkpoint("its root is no hash"))?;
        let size = decimal(size).ok_or(NoteError::Checkpoint("its size is no number"))?;
        if !end.is_empty() || lines.next().is_some() {
            return Err(NoteError::Checkpoint("it has more than three lines"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

/// Digits without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    if canonical { text.parse().ok() } else { None }
}

/// The base64 form of 32 bytes.
pub(crate) fn decode_hash(text: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(Digest(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests;
