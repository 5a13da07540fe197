//! What a node tells its peers about itself every few seconds and after each block that grew the
//! history: how far it is, its cosignature of the history, and that of the state.

use crate::checkpoints::Cosigned;
use proof::{
    Canonical, CodecError, Digest,
    codec::{Reader, Writer},
};

const VERSION: u8 = 1;
/// A statement is a message of its own: an older node passes over it and still hears pulses.
const STATEMENT_VERSION: u8 = 2;
const LINE_BYTES_MAX: usize = 512;

/// A pulse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pulse {
    pub(crate) height: u64,
    pub(crate) epoch: u64,
    pub(crate) cosigned: Option<Cosigned>,
}

/// The longest pulse.
pub(crate) const PULSE_BYTES_MAX: usize = 1 + 8 + 8 + 1 + 8 + 32 + 4 + LINE_BYTES_MAX;

impl Canonical for Pulse {
    fn write(&self, writer: &mut Writer) {
        writer.u8(VERSION);
        writer.u64(self.height);
        writer.u64(self.epoch);
        writer.bool(self.cosigned.is_some());
        if let Some(cosigned) = &self.cosigned {
            writer.u64(cosigned.size);
            cosigned.root.write(writer);
            writer.text(&cosigned.line.to_string());
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.u8()? != VERSION {
            return Err(reader.malformed("known pulse version"));
        }
        let (height, epoch) = (reader.u64()?, reader.u64()?);
        let cosigned = if reader.bool()? {
            let (size, root) = (reader.u64()?, Digest::read(reader)?);
            let line = reader.text(LINE_BYTES_MAX)?.parse();
            let line = line.map_err(|_| reader.malformed("signature line"))?;
            Some(Cosigned { size, root, line })
        } else {
            None
        };
        Ok(Self {
            height,
            epoch,
            cosigned,
        })
    }
}

/// A validator's cosignature of the state after a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement(pub(crate) Cosigned);

impl Canonical for Statement {
    fn write(&self, writer: &mut Writer) {
        writer.u8(STATEMENT_VERSION);
        writer.u64(self.0.size);
        self.0.root.write(writer);
        writer.text(&self.0.line.to_string());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.u8()? != STATEMENT_VERSION {
            return Err(reader.malformed("known statement version"));
        }
        let (size, root) = (reader.u64()?, Digest::read(reader)?);
        let line = reader.text(LINE_BYTES_MAX)?.parse();
        let line = line.map_err(|_| reader.malformed("signature line"))?;
        Ok(Self(Cosigned { size, root, line }))
    }
}

#[cfg(test)]
mod tests;
