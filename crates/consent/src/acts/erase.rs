//! Kinds 20 and 21: a custodian erases, and every holder attests that it did.
//!
//! The ledger learns that an organisation erased something, and when; nothing else. Who must attest
//! is a commitment, and any member may attest: a node that held nothing attests too, so that an
//! attestation does not tell who had a copy.

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{CommitmentKey, Digest, commit, hash};

use super::{Refused, Scene, organisation};

/// The kind of a transaction that carries an [`Erase`].
pub const ERASE_KIND: u8 = 20;
/// The kind of a transaction that carries an [`EraseAttest`].
pub const ATTEST_KIND: u8 = 21;

/// The body of an erasure: 96 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Erase {
    /// Random.
    pub id: Digest,
    /// A keyed commitment to the subject ([`subject`]); its key goes to the subject alone.
    pub subject: Digest,
    /// A keyed commitment to the holders that must attest ([`holders`]).
    pub holders: Digest,
}

/// The body of an attestation: 32 bytes. The holder is the sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EraseAttest {
    /// Of the erasure.
    pub id: Digest,
}

/// An erasure in the state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Erasure {
    /// Who erases: the sender.
    pub custodian: String,
    /// A keyed commitment to the subject.
    pub subject: Digest,
    /// A keyed commitment to the holders.
    pub holders: Digest,
    /// The block that accepted it.
    pub height: u64,
}

/// The commitment to a list of holders, which are taken in the order of their names, each once.
pub fn holders(key: &CommitmentKey, names: &[&str]) -> Digest {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let parts: Vec<&[u8]> = sorted.iter().map(|name| name.as_bytes()).collect();
    commit(key, &hash("salus/erase/holders/v1", &parts))
}

/// The commitment to a subject: a patient by the logical id that the custodian gave.
pub fn subject(key: &CommitmentKey, custodian: &str, patient: &str) -> Digest {
    let parts = [custodian.as_bytes(), patient.as_bytes()];
    commit(key, &hash("salus/erase/subject/v1", &parts))
}

/// Accepts an erasure whose id is not `taken`.
pub fn erase(taken: bool, scene: &Scene<'_>, body: &Erase) -> Result<Erasure, Refused> {
    if taken {
        return Err(Refused::Taken);
    }
    Ok(Erasure {
        custodian: scene.sender.to_owned(),
        subject: body.subject,
        holders: body.holders,
        height: scene.height,
    })
}

/// Accepts the attestation of a holder that has given none yet; the value is its height.
pub fn attest(
    erasure: Option<&Erasure>,
    attested: Option<u64>,
    scene: &Scene<'_>,
) -> Result<u64, Refused> {
    erasure.ok_or(Refused::Unknown)?;
    match attested {
        Some(height) => Err(Refused::Done(height)),
        None => Ok(scene.height),
    }
}

impl Canonical for Erase {
    fn write(&self, writer: &mut Writer) {
        self.id.write(writer);
        self.subject.write(writer);
        self.holders.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: Digest::read(reader)?,
            subject: Digest::read(reader)?,
            holders: Digest::read(reader)?,
        })
    }
}

impl Canonical for EraseAttest {
    fn write(&self, writer: &mut Writer) {
        self.id.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: Digest::read(reader)?,
        })
    }
}

impl Canonical for Erasure {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.custodian);
        self.subject.write(writer);
        self.holders.write(writer);
        writer.u64(self.height);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            custodian: organisation::read(reader)?,
            subject: Digest::read(reader)?,
            holders: Digest::read(reader)?,
            height: reader.u64()?,
        })
    }
}
