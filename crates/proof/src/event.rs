//! Evidence: what happened in an organisation, without any of the data it happened to.
//!
//! An event never reaches the ledger. Its digest is committed to under a random key, and the
//! commitment is a leaf of the organisation's batch (`docs/reference/receipts.md`).

use crate::codec::{Canonical, CodecError, Reader, Writer};
use crate::json::{self, JsonError};
use crate::{Digest, hash, sha256};

/// The longest name of an organisation.
pub const ORGANISATION_MAX: usize = 32;
/// The longest type name and the longest id of a record. FHIR R4 2.24.0.1: an id has 64.
pub const RECORD_NAME_MAX: usize = 64;

/// Something that happened and can be proven later.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A version of a record came to be.
    RecordVersion(RecordVersion),
}

/// A version of a record as its custodian admitted it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordVersion {
    /// The custodian: 1 to 32 of `a-z`, `0-9` and `-`.
    pub organisation: String,
    /// Such as `Observation`: 1 to 64 letters and digits.
    pub record_type: String,
    /// The logical id: 1 to 64 letters, digits, `-` and `.`.
    pub record_id: String,
    /// Counted from 1.
    pub version: u64,
    /// When the custodian admitted it, in microseconds since 1970 by its own clock.
    pub time_us: u64,
    /// What was done to the record.
    pub action: Action,
    /// [`record_digest`] of the record; [`deleted_digest`] where there is none.
    pub body: Digest,
}

/// What was done to a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Its first version, or the first one after a deletion.
    Create,
    /// A version after another.
    Update,
    /// A version without a body.
    Delete,
}

impl Event {
    /// The digest that is committed to.
    pub fn digest(&self) -> Digest {
        hash("salus/event/v1", &[&self.to_bytes()])
    }
}

/// The digest of a JSON record: the SHA-256 of its canonical form.
pub fn record_digest(record: &[u8]) -> Result<Digest, JsonError> {
    json::canonical(record).map(|bytes| sha256(&bytes))
}

/// The body digest of a deletion: the SHA-256 of nothing.
pub fn deleted_digest() -> Digest {
    sha256(&[])
}

/// Whether a text is the name of an organisation.
pub fn is_slug(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ORGANISATION_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_type(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    !text.is_empty() && text.bytes().all(allowed)
}

impl Canonical for Event {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::RecordVersion(version) => {
                writer.u8(1);
                version.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => RecordVersion::read(reader).map(Self::RecordVersion),
            _ => Err(reader.malformed("kind of event")),
        }
    }
}

impl Canonical for RecordVersion {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.organisation);
        writer.text(&self.record_type);
        writer.text(&self.record_id);
        writer.u64(self.version);
        writer.u64(self.time_us);
        self.action.write(writer);
        self.body.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            organisation: read_organisation(reader)?,
            record_type: matching(reader, RECORD_NAME_MAX, is_type, "record type")?,
            record_id: matching(reader, RECORD_NAME_MAX, is_id, "record id")?,
            version: match reader.u64()? {
                0 => return Err(reader.malformed("version of 1 or more")),
                version => version,
            },
            time_us: reader.u64()?,
            action: Action::read(reader)?,
            body: Digest::read(reader)?,
        })
    }
}

/// Reads the name of an organisation.
pub(crate) fn read_organisation(reader: &mut Reader<'_>) -> Result<String, CodecError> {
    matching(reader, ORGANISATION_MAX, is_slug, "organisation")
}

fn matching(
    reader: &mut Reader<'_>,
    max: usize,
    rule: fn(&str) -> bool,
    what: &'static str,
) -> Result<String, CodecError> {
    let text = reader.text(max)?;
    if rule(text) {
        Ok(text.to_owned())
    } else {
        Err(reader.malformed(what))
    }
}

impl Canonical for Action {
    fn write(&self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Create => 1,
            Self::Update => 2,
            Self::Delete => 3,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => Ok(Self::Create),
            2 => Ok(Self::Update),
            3 => Ok(Self::Delete),
            _ => Err(reader.malformed("action")),
        }
    }
}

#[cfg(test)]
mod tests;
