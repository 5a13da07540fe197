//! Kind 35: somebody asks the openers to whom one thing was handed, and each of them says that it
//! answers.
//!
//! The ledger learns that there was an inquiry, whose, when, and who answered; not about what, nor
//! why. Any member may say that it answers, as any may attest an erasure: only what an opener says
//! opens anything.

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::event::{ORGANISATION_MAX, is_slug};
use proof::{CommitmentKey, Digest, commit, hash};

use super::{Openers, Refused, Roles, Scene};
use crate::escrow::Place;
use crate::ids::UnitId;

const QUESTION: &str = "salus/inquiry/v1";

/// The body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Inquiry {
    /// A regulator or an opener asks.
    Ask {
        /// Random.
        id: Digest,
        /// [`question`]; its key goes to the openers alone.
        question: Digest,
    },
    /// The sender answers.
    Answer {
        /// Of the inquiry.
        id: Digest,
    },
}

/// An inquiry in the state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// Who asked.
    pub asker: String,
    /// What and why, as a commitment.
    pub question: Digest,
    /// The block that accepted it.
    pub height: u64,
}

/// The commitment to what is asked, who asks there, and why.
pub fn question(key: &CommitmentKey, about: (&UnitId, &Place), words: (&str, &str)) -> Digest {
    let ((unit, place), (officer, reason)) = (about, words);
    let place = place.to_bytes();
    let parts: [&[u8]; 4] = [&unit.0, &place, officer.as_bytes(), reason.as_bytes()];
    commit(key, &hash(QUESTION, &parts))
}

/// Accepts a question whose id is not `taken`.
pub fn ask(
    (taken, openers): (bool, Option<&Openers>),
    scene: &Scene<'_>,
    (question, height): (Digest, u64),
) -> Result<Asked, Refused> {
    let opens = openers.is_some_and(|it| it.holders().iter().any(|it| it == scene.sender));
    if !opens && !scene.roles.has_any_of(Roles::REGULATOR) {
        return Err(Refused::Asker);
    }
    if taken {
        return Err(Refused::Inquiry { known: true });
    }
    Ok(Asked {
        asker: scene.sender.to_owned(),
        question,
        height,
    })
}

/// Accepts the word of a member that has given none yet; the value is its height.
pub fn answer(asked: bool, answered: Option<u64>, height: u64) -> Result<u64, Refused> {
    match answered {
        _ if !asked => Err(Refused::Inquiry { known: false }),
        Some(height) => Err(Refused::Answered(height)),
        None => Ok(height),
    }
}

impl Canonical for Inquiry {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Ask { id, question } => {
                writer.u8(1);
                id.write(writer);
                question.write(writer);
            }
            Self::Answer { id } => {
                writer.u8(2);
                id.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => Ok(Self::Ask {
                id: Digest::read(reader)?,
                question: Digest::read(reader)?,
            }),
            2 => Ok(Self::Answer {
                id: Digest::read(reader)?,
            }),
            _ => Err(reader.malformed("inquiry")),
        }
    }
}

impl Canonical for Asked {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.asker);
        self.question.write(writer);
        writer.u64(self.height);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            asker: match reader.text(ORGANISATION_MAX)? {
                text if is_slug(text) => text.to_owned(),
                _ => return Err(reader.malformed("organisation")),
            },
            question: Digest::read(reader)?,
            height: reader.u64()?,
        })
    }
}
