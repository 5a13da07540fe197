//! Signed notes and verifier keys. C2SP `signed-note`, Ed25519 only.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::{PublicKey, SecretKey, Signature, sha256};

/// The most signature lines that we read from one note.
pub const LINES_MAX: usize = 1024;

/// Why a note, a key or a signature on a note is not what it should be.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NoteError {
    /// The text is not a note.
    #[error("not a signed note: {0}")]
    Note(&'static str),
    /// A signature line is not one.
    #[error("not a signature line: {0}")]
    Line(&'static str),
    /// The text is not a verifier key, or one of a type that is not known here.
    #[error("not a verifier key: {0}")]
    Key(&'static str),
    /// The text of the note is not a checkpoint.
    #[error("not a checkpoint: {0}")]
    Checkpoint(&'static str),
    /// The line is of another key.
    #[error("a signature of another key")]
    OtherKey,
    /// The signature does not verify.
    #[error("a signature that does not verify")]
    Signature,
}

/// What a key signs. C2SP `signed-note`, signature types.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// Type `0x01`: Ed25519 over the text of the note.
    Ed25519,
    /// Type `0x04`: a timestamped Ed25519 cosignature of a checkpoint.
    Cosignature,
}

impl Algorithm {
    /// The signature type identifier.
    pub fn identifier(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A verifier key: `<name>+<hex key id>+<base64 of type and key>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Vkey {
    name: String,
    algorithm: Algorithm,
    key: PublicKey,
}

impl Vkey {
    /// The verifier key of a name, which must be fit for one.
    pub fn new(name: &str, algorithm: Algorithm, key: PublicKey) -> Result<Self, NoteError> {
        if is_key_name(name) {
            Ok(Self {
                name: name.to_owned(),
                algorithm,
                key,
            })
        } else {
            Err(NoteError::Key(
                "the name is empty or has a space, a plus or a control character",
            ))
        }
    }

    /// The name in signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The first four bytes of the SHA-256 of name, newline, type and key.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, self.algorithm, &self.key)
    }

    /// Whether a signature line claims to be of this key.
    pub fn claims(&self, line: &Line) -> bool {
        line.name == self.name && line.key_id == self.id()
    }
}

fn key_id(name: &str, algorithm: Algorithm, key: &PublicKey) -> [u8; 4] {
    let input = [name.as_bytes(), b"\n", &[algorithm.identifier()], &key.0].concat();
    let digest = sha256(&input).0;
    [digest[0], digest[1], digest[2], digest[3]]
}

/// A name is not empty and has neither Unicode spaces, nor plus, nor control characters.
pub(crate) fn is_key_name(name: &str) -> bool {
    let refused = |it: char| it.is_whitespace() || it.is_control() || it == '+';
    !name.is_empty() && !name.contains(refused)
}

impl fmt::Display for Vkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+", self.name)?;
        self.id()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        let mut material = vec![self.algorithm.identifier()];
        material.extend_from_slice(&self.key.0);
        write!(f, "+{}", STANDARD.encode(material))
    }
}

impl FromStr for Vkey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        // Standard base64 has plus signs of its own: only the first two separate.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(material)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(NoteError::Key("it has no three parts"));
        };
        let material = STANDARD
            .decode(material)
            .map_err(|_| NoteError::Key("base64"))?;
        let algorithm = match material.first() {
            Some(0x01) => Algorithm::Ed25519,
            Some(0x04) => Algorithm::Cosignature,
            _ => return Err(NoteError::Key("only types 0x01 and 0x04 are known here")),
        };
        let key = <[u8; 32]>::try_from(&material[1..])
            .map_err(|_| NoteError::Key("an Ed25519 key has 32 bytes"))?;
        let vkey = Self::new(name, algorithm, PublicKey(key))?;
        // The key id must be the right one, in lowercase digits.
        if vkey.to_string() == text {
            Ok(vkey)
        } else {
            Err(NoteError::Key("the key id is not that of the key"))
        }
    }
}

/// A signature line: `— <name> <base64 of key id and signature>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The name of the key.
    pub name: String,
    /// Which of the keys of that name.
    pub key_id: [u8; 4],
    /// What the key's type says.
    pub signature: Vec<u8>,
}

impl Line {
    /// Signs the text of a note with a key of type `0x01`.
    pub fn sign(text: &str, name: &str, key: &SecretKey) -> Self {
        Self {
            name: name.to_owned(),
            key_id: key_id(name, Algorithm::Ed25519, &key.public()),
            signature: key.sign(text.as_bytes()).0.to_vec(),
        }
    }

    /// Checks a signature of type `0x01` on the text of a note.
    pub fn verify(&self, text: &str, vkey: &Vkey) -> Result<(), NoteError> {
        if !vkey.claims(self) || vkey.algorithm != Algorithm::Ed25519 {
            return Err(NoteError::OtherKey);
        }
        let signature = <[u8; 64]>::try_from(self.signature.as_slice())
            .map_err(|_| NoteError::Line("an Ed25519 signature has 64 bytes"))?;
        if vkey.key.verify(text.as_bytes(), &Signature(signature)) {
            Ok(())
        } else {
            Err(NoteError::Signature)
        }
    }

    pub(crate) fn cosignature(name: &str, key: &PublicKey, signature: Vec<u8>) -> Self {
        let key_id = key_id(name, Algorithm::Cosignature, key);
        Self {
            name: name.to_owned(),
            key_id,
            signature,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

impl FromStr for Line {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let rest = text
            .strip_prefix("— ")
            .ok_or(NoteError::Line("no dash in front"))?;
        let (name, encoded) = rest
            .split_once(' ')
            .ok_or(NoteError::Line("no signature"))?;
        if !is_key_name(name) {
            return Err(NoteError::Line("no key name"));
        }
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_| NoteError::Line("base64"))?;
        let (key_id, signature) = bytes
            .split_first_chunk::<4>()
            .ok_or(NoteError::Line("no key id"))?;
        Ok(Self {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

/// A text with signatures. The text ends with a newline and means nothing by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// The text, with its last newline.
    pub text: String,
    /// The signature lines in their order.
    pub lines: Vec<Line>,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.contains(|it: char| it < '\u{20}' && it != '\n') {
            return Err(NoteError::Note("it has control characters"));
        }
        // The last empty line separates the text from the signatures.
        let at = note
            .rfind("\n\n")
            .ok_or(NoteError::Note("it has no empty line"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Note("its last line is open"))?;
        if text == "\n" {
            return Err(NoteError::Note("it has no text"));
        }
        if lines.split('\n').count() > LINES_MAX {
            return Err(NoteError::Note("it has too many signatures"));
        }
        let lines = lines
            .split('\n')
            .map(Line::from_str)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            lines,
        })
    }
}

#[cfg(test)]
mod tests;
