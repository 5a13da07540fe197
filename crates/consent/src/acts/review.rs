//! Kind 19: somebody looks at an emergency afterwards, and says what they think of it.

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{Glass, Refused, Scene};

/// What a review found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It was right to open.
    Justified,
    /// It was not.
    NotJustified,
    /// The parties disagree.
    Contested,
}

impl Verdict {
    /// All verdicts, in the order of their codes, which count from 1.
    pub const ALL: [Self; 3] = [Self::Justified, Self::NotJustified, Self::Contested];

    /// The verdict as a lowercase word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Justified => "justified",
            Self::NotJustified => "not-justified",
            Self::Contested => "contested",
        }
    }
}

/// The body of a review: 65 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Review {
    /// Of the opening.
    pub id: Digest,
    /// What was found.
    pub verdict: Verdict,
    /// A keyed commitment to the reviewer and the reasons, opened off the ledger.
    pub commitment: Digest,
}

/// A review in the state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reviewed {
    /// What was found.
    pub verdict: Verdict,
    /// A keyed commitment to the reviewer and the reasons.
    pub commitment: Digest,
    /// The block that accepted it.
    pub height: u64,
}

/// Reviews an opening: once, by its custodian, or by the opener where there is none. A review that
/// is late is still taken.
pub fn review(glass: Glass, scene: &Scene<'_>, body: &Review) -> Result<Glass, Refused> {
    if glass.reviewer() != scene.sender {
        return Err(Refused::Reviewer);
    }
    if let Some(done) = glass.review {
        return Err(Refused::Done(done.height));
    }
    Ok(Glass {
        review: Some(Reviewed {
            verdict: body.verdict,
            commitment: body.commitment,
            height: scene.height,
        }),
        ..glass
    })
}

impl Reviewed {
    /// One byte, and the review if there is one.
    pub(super) fn write_option(review: Option<&Self>, writer: &mut Writer) {
        writer.bool(review.is_some());
        if let Some(review) = review {
            review.verdict.write(writer);
            review.commitment.write(writer);
            writer.u64(review.height);
        }
    }

    pub(super) fn read_option(reader: &mut Reader<'_>) -> Result<Option<Self>, CodecError> {
        if !reader.bool()? {
            return Ok(None);
        }
        Ok(Some(Self {
            verdict: Verdict::read(reader)?,
            commitment: Digest::read(reader)?,
            height: reader.u64()?,
        }))
    }
}

impl Canonical for Verdict {
    fn write(&self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Justified => 1,
            Self::NotJustified => 2,
            Self::Contested => 3,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => Ok(Self::Justified),
            2 => Ok(Self::NotJustified),
            3 => Ok(Self::Contested),
            _ => Err(reader.malformed("verdict")),
        }
    }
}

impl Canonical for Review {
    fn write(&self, writer: &mut Writer) {
        self.id.write(writer);
        self.verdict.write(writer);
        self.commitment.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: Digest::read(reader)?,
            verdict: Verdict::read(reader)?,
            commitment: Digest::read(reader)?,
        })
    }
}
