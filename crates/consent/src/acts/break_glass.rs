//! Kind 18: an emergency opens what no consent opens, and says so before all.

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{HOUR_MS, Refused, Reviewed, Scene, organisation, revoke};

/// For how many hours one opening lasts at most.
pub const GLASS_HOURS_MAX: u8 = 4;
/// Within how many hours it must be reviewed.
pub const REVIEW_HOURS: u64 = 72;
/// How many hours after a local opening, made without a quorum, the ledger still takes it.
pub const LATE_HOURS_MAX: u64 = 30 * 24;

/// Why the glass is broken, as a class that says nothing about the patient.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Treatment that cannot wait.
    Emergency,
    /// The patient cannot be asked.
    Incapable,
    /// A danger to others that the law lets one avert.
    PublicDanger,
    /// Anything else: the review asks what.
    Other,
}

impl Reason {
    /// All classes, in the order of their codes, which count from 1.
    pub const ALL: [Self; 4] = [
        Self::Emergency,
        Self::Incapable,
        Self::PublicDanger,
        Self::Other,
    ];

    /// The class as a lowercase word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Incapable => "incapable",
            Self::PublicDanger => "public-danger",
            Self::Other => "other",
        }
    }
}

/// The body of an opening: 107 bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BreakGlass {
    /// Random.
    pub id: Digest,
    /// A keyed commitment to patient, practitioner and reason, opened off the ledger.
    pub commitment: Digest,
    /// Why.
    pub reason: Reason,
    /// Whose records are opened; none if they are the sender's own.
    pub custodian: Option<String>,
    /// For how many hours: 1 to [`GLASS_HOURS_MAX`].
    pub hours: u8,
    /// When it was opened locally, in milliseconds since 1970, if that was done without a quorum.
    pub late: Option<u64>,
}

/// An opening in the state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Glass {
    /// Who opened: the sender.
    pub opener: String,
    /// Whose records were opened; none if they were the opener's own.
    pub custodian: Option<String>,
    /// A keyed commitment to patient, practitioner and reason.
    pub commitment: Digest,
    /// Why.
    pub reason: Reason,
    /// Whether it was opened without a quorum and anchored later.
    pub late: bool,
    /// When it was opened, in milliseconds since 1970.
    pub opened_ms: u64,
    /// When it closes.
    pub until_ms: u64,
    /// When the review is due.
    pub review_due_ms: u64,
    /// The block that accepted it.
    pub height: u64,
    /// The review, once it is given.
    pub review: Option<Reviewed>,
}

impl Glass {
    /// Who must review: the custodian, or the opener where there is none.
    pub fn reviewer(&self) -> &str {
        self.custodian.as_deref().unwrap_or(&self.opener)
    }

    /// Whether the review is missing at a time, in milliseconds since 1970.
    pub fn is_overdue_at(&self, time_ms: u64) -> bool {
        self.review.is_none() && time_ms > self.review_due_ms
    }
}

/// Accepts an opening whose id is not `taken`. `is_member` tells whether an organisation is one.
pub fn break_glass(
    taken: bool,
    is_member: impl Fn(&str) -> bool,
    scene: &Scene<'_>,
    body: &BreakGlass,
) -> Result<Glass, Refused> {
    if taken {
        return Err(Refused::Taken);
    }
    if body.custodian.as_deref().is_some_and(|it| !is_member(it)) {
        return Err(Refused::Custodian);
    }
    let opened_ms = body.late.unwrap_or(scene.time_ms);
    let earliest = scene.time_ms.saturating_sub(LATE_HOURS_MAX * HOUR_MS);
    if opened_ms > scene.time_ms || opened_ms < earliest {
        return Err(Refused::Late(LATE_HOURS_MAX));
    }
    Ok(Glass {
        opener: scene.sender.to_owned(),
        custodian: body.custodian.clone(),
        commitment: body.commitment,
        reason: body.reason,
        late: body.late.is_some(),
        opened_ms,
        until_ms: opened_ms.saturating_add(u64::from(body.hours) * HOUR_MS),
        // From the block on: nobody else could see a late opening before.
        review_due_ms: scene.time_ms.saturating_add(REVIEW_HOURS * HOUR_MS),
        height: scene.height,
        review: None,
    })
}

impl Canonical for Reason {
    fn write(&self, writer: &mut Writer) {
        let place = Self::ALL.iter().position(|it| it == self);
        writer.u8(u8::try_from(place.unwrap_or_default() + 1).unwrap_or_default());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let code = usize::from(reader.u8()?);
        let reason = code.checked_sub(1).and_then(|place| Self::ALL.get(place));
        reason.copied().ok_or_else(|| reader.malformed("reason"))
    }
}

impl Canonical for BreakGlass {
    fn write(&self, writer: &mut Writer) {
        self.id.write(writer);
        self.commitment.write(writer);
        self.reason.write(writer);
        organisation::write_padded(writer, self.custodian.as_deref());
        writer.u8(self.hours);
        revoke::write_height(writer, self.late);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: Digest::read(reader)?,
            commitment: Digest::read(reader)?,
            reason: Reason::read(reader)?,
            custodian: organisation::read_padded(reader)?,
            hours: match reader.u8()? {
                hours if (1..=GLASS_HOURS_MAX).contains(&hours) => hours,
                _ => return Err(reader.malformed("number of hours")),
            },
            late: revoke::read_height(reader)?,
        })
    }
}

impl Canonical for Glass {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.opener);
        organisation::write_padded(writer, self.custodian.as_deref());
        self.commitment.write(writer);
        self.reason.write(writer);
        writer.bool(self.late);
        writer.u64(self.opened_ms);
        writer.u64(self.until_ms);
        writer.u64(self.review_due_ms);
        writer.u64(self.height);
        Reviewed::write_option(self.review.as_ref(), writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            opener: organisation::read(reader)?,
            custodian: organisation::read_padded(reader)?,
            commitment: Digest::read(reader)?,
            reason: Reason::read(reader)?,
            late: reader.bool()?,
            opened_ms: reader.u64()?,
            until_ms: reader.u64()?,
            review_due_ms: reader.u64()?,
            height: reader.u64()?,
            review: Reviewed::read_option(reader)?,
        })
    }
}
