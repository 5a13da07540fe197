//! Kind 33: a partner starts a new epoch of the trade key. The ledger has a check value of it only;
//! the key itself goes from node to node, sealed.

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::event::{ORGANISATION_MAX, is_slug};

use super::{Refused, Roles, Scene};

/// How many epochs there can be.
pub const EPOCHS_MAX: u8 = 16;

/// The body: 33 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TradeKeyBody {
    /// One more than the last; the first is 1.
    pub epoch: u8,
    /// [`crate::ids::TradeKey::check`].
    pub check: Digest,
}

/// An epoch of the trade key in the state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TradeKeyEpoch {
    /// Its number.
    pub epoch: u8,
    /// What the key is compared with.
    pub check: Digest,
    /// Who made the key.
    pub maker: String,
}

/// Starts the next epoch.
pub fn begin(
    last: Option<u8>,
    scene: &Scene<'_>,
    body: &TradeKeyBody,
) -> Result<TradeKeyEpoch, Refused> {
    scene.need(Roles::ALL)?;
    let next = last.unwrap_or_default().saturating_add(1);
    if body.epoch != next || next > EPOCHS_MAX {
        return Err(Refused::Epoch {
            next,
            last: EPOCHS_MAX,
        });
    }
    Ok(TradeKeyEpoch {
        epoch: next,
        check: body.check,
        maker: scene.sender.to_owned(),
    })
}

impl Canonical for TradeKeyBody {
    fn write(&self, writer: &mut Writer) {
        writer.u8(self.epoch);
        self.check.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            epoch: reader.u8()?,
            check: Digest::read(reader)?,
        })
    }
}

impl Canonical for TradeKeyEpoch {
    fn write(&self, writer: &mut Writer) {
        writer.u8(self.epoch);
        self.check.write(writer);
        writer.text(&self.maker);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            epoch: reader.u8()?,
            check: Digest::read(reader)?,
            maker: match reader.text(ORGANISATION_MAX)? {
                text if is_slug(text) => text.to_owned(),
                _ => return Err(reader.malformed("organisation")),
            },
        })
    }
}
