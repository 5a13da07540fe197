//! The bytes of a minimisation's acts and state.

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::vrf::VrfPublic;

use super::super::state::{read_slug, read_some, write_some};
use super::super::{LISTED_MAX, OPENED_MAX};
use super::{Allocated, Entrant, Minimisation, Minimise, Place, Showing};
use crate::minimisation::{Design, FACTORS_MAX, Shown, read_levels, write_levels};

impl Canonical for Minimise {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Bind {
                allocator,
                key,
                design,
            } => {
                writer.u8(1);
                writer.text(allocator);
                key.write(writer);
                design.write(writer);
            }
            Self::Mix { chance } => {
                writer.u8(2);
                chance.write(writer);
            }
            Self::Enter {
                version,
                participants,
            } => {
                writer.u8(3);
                writer.u32(*version);
                writer.list(participants);
            }
            Self::Allocate { shares } => {
                writer.u8(4);
                writer.list(shares);
            }
            Self::Show { shares } => {
                writer.u8(5);
                writer.list(shares);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match reader.u8()? {
            1 => Self::Bind {
                allocator: read_slug(reader)?,
                key: VrfPublic::read(reader)?,
                design: Design::read(reader)?,
            },
            2 => Self::Mix {
                chance: Digest::read(reader)?,
            },
            3 => Self::Enter {
                version: reader.u32()?,
                participants: reader.list(LISTED_MAX)?,
            },
            4 => Self::Allocate {
                shares: reader.list(LISTED_MAX)?,
            },
            5 => Self::Show {
                shares: reader.list(OPENED_MAX)?,
            },
            _ => return Err(reader.malformed("act of a minimisation")),
        })
    }
}

impl Canonical for Entrant {
    fn write(&self, writer: &mut Writer) {
        write_levels(writer, &self.levels);
        self.participant.write(writer);
        self.consent.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            levels: read_levels(reader, FACTORS_MAX)?,
            participant: Digest::read(reader)?,
            consent: Digest::read(reader)?,
        })
    }
}

impl Canonical for Allocated {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.number);
        self.commitment.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            number: reader.u32()?,
            commitment: Digest::read(reader)?,
        })
    }
}

impl Canonical for Showing {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.number);
        self.shown.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            number: reader.u32()?,
            shown: Shown::read(reader)?,
        })
    }
}

impl Canonical for Minimisation {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.allocator);
        self.key.write(writer);
        self.design.write(writer);
        write_some(writer, self.beacon.as_ref());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            allocator: read_slug(reader)?,
            key: VrfPublic::read(reader)?,
            design: Design::read(reader)?,
            beacon: read_some(reader)?,
        })
    }
}

impl Canonical for Place {
    fn write(&self, writer: &mut Writer) {
        self.participant.write(writer);
        write_levels(writer, &self.levels);
        write_some(writer, self.commitment.as_ref());
        write_some(writer, self.shown.as_ref());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            participant: Digest::read(reader)?,
            levels: read_levels(reader, FACTORS_MAX)?,
            commitment: read_some(reader)?,
            shown: read_some(reader)?,
        })
    }
}
