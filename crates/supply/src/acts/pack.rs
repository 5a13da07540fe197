//! A pack and its lot, as the state keeps them.

use std::fmt;

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::event::{ORGANISATION_MAX, is_slug};

use super::{Custody, Finding, Reason, Refused, Scene};
use crate::ids::{Facts, LotId};

/// Whether a pack may still be supplied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// It may.
    Active,
    /// It was supplied to the public.
    Dispensed,
    /// It was taken out of the trade.
    Decommissioned(Reason),
}

/// A pack: 55 bytes, or 71 while it is on its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pack {
    /// Whether it may still be supplied.
    pub status: Status,
    /// Since when, in minutes since 1970.
    pub since_minute: u32,
    /// What was found out about its truth, whatever its status.
    pub finding: Finding,
    /// Its lot.
    pub lot: LotId,
    /// What its maker printed on it.
    pub facts: Facts,
    /// In whose hands it is.
    pub custody: Custody,
}

impl Pack {
    /// Refuses a pack that was dispensed or decommissioned.
    pub fn is_active(&self) -> Result<(), Refused> {
        match self.status {
            Status::Active => Ok(()),
            status => Err(Refused::Ended {
                status,
                minute: self.since_minute,
            }),
        }
    }

    /// The pack with another status from now on.
    #[must_use]
    pub(super) fn now(self, status: Status, scene: &Scene<'_>) -> Self {
        Self {
            status,
            since_minute: scene.minute(),
            ..self
        }
    }
}

/// A lot. Its maker stands in clear: it signed the commissioning before all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lot {
    /// Who commissioned its first pack.
    pub maker: String,
    /// Since when it is recalled, in minutes since 1970, if it is.
    pub recalled: Option<u32>,
}

impl Lot {
    /// Refuses a recalled lot.
    pub fn is_not_recalled(&self) -> Result<(), Refused> {
        self.recalled
            .map_or(Ok(()), |minute| Err(Refused::Recalled(minute)))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("active"),
            Self::Dispensed => f.write_str("dispensed"),
            Self::Decommissioned(reason) => write!(f, "decommissioned ({reason})"),
        }
    }
}

/// The first code of a reason to decommission.
const DECOMMISSIONED: u8 = 16;

impl Canonical for Status {
    fn write(&self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Active => 1,
            Self::Dispensed => 2,
            Self::Decommissioned(reason) => DECOMMISSIONED + reason.code(),
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let code = reader.u8()?;
        let reason = code.checked_sub(DECOMMISSIONED).and_then(Reason::of_code);
        match (code, reason) {
            (1, _) => Ok(Self::Active),
            (2, _) => Ok(Self::Dispensed),
            (_, Some(reason)) => Ok(Self::Decommissioned(reason)),
            _ => Err(reader.malformed("status of a pack")),
        }
    }
}

impl Canonical for Pack {
    fn write(&self, writer: &mut Writer) {
        self.status.write(writer);
        writer.u32(self.since_minute);
        self.finding.write(writer);
        self.lot.write(writer);
        self.facts.write(writer);
        self.custody.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            status: Status::read(reader)?,
            since_minute: reader.u32()?,
            finding: Finding::read(reader)?,
            lot: LotId::read(reader)?,
            facts: Facts::read(reader)?,
            custody: Custody::read(reader)?,
        })
    }
}

impl Canonical for Lot {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.maker);
        writer.bool(self.recalled.is_some());
        writer.u32(self.recalled.unwrap_or_default());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let maker = match reader.text(ORGANISATION_MAX)? {
            text if is_slug(text) => text.to_owned(),
            _ => return Err(reader.malformed("organisation")),
        };
        let recalled = match (reader.bool()?, reader.u32()?) {
            (true, minute) => Some(minute),
            (false, 0) => None,
            (false, _) => return Err(reader.malformed("zero where nothing is said")),
        };
        Ok(Self { maker, recalled })
    }
}
