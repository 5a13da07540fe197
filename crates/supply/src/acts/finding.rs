//! Suspect, Clear, Illegitimate: what somebody found out about whether a pack is what it says.
//!
//! A finding stands beside the status: a pack that was dispensed can turn out to be a fake.
//! Delegated Regulation (EU) 2016/161 articles 24 and 30; FD&C Act section 582, suspect and
//! illegitimate product.

use std::fmt;

use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{Lot, Pack, Refused, Roles, Scene};
use crate::ids::Opening;

/// What was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Finding {
    /// Nothing.
    Clear,
    /// It may be falsified: it is kept apart until somebody knows.
    Suspect,
    /// It is falsified, diverted, stolen or unfit.
    Illegitimate,
}

impl Finding {
    /// All findings, in the order of their codes, which count from 1.
    pub const ALL: [Self; 3] = [Self::Clear, Self::Suspect, Self::Illegitimate];

    /// The finding as a lowercase word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Suspect => "suspect",
            Self::Illegitimate => "illegitimate",
        }
    }

    /// Refuses a pack about which something was found.
    pub(super) fn is_clear(self) -> Result<(), Refused> {
        match self {
            Self::Clear => Ok(()),
            found => Err(Refused::Marked(found)),
        }
    }

    /// Refuses a pack that is known to be false.
    pub(super) fn is_not_illegitimate(self) -> Result<(), Refused> {
        match self {
            Self::Illegitimate => Err(Refused::Marked(self)),
            _ => Ok(()),
        }
    }
}

/// Marks a pack. Its holder, the maker of its lot and a regulator suspect; only the latter two
/// clear and condemn. The maker and a regulator present [`Opening::NONE`].
pub fn find(
    pack: &Pack,
    lot: &Lot,
    scene: &Scene<'_>,
    (opening, finding): (&Opening, Finding),
) -> Result<Pack, Refused> {
    let authority = is_authority(lot, scene);
    if !authority {
        scene.need(Roles::TRADE)?;
        if finding != Finding::Suspect {
            return Err(Refused::Maker);
        }
        pack.finding.is_not_illegitimate()?;
        pack.custody.held_by(scene, opening)?;
    }
    if pack.finding == finding {
        return Err(Refused::Same);
    }
    Ok(Pack { finding, ..*pack })
}

/// Whether the sender made the lot, or watches over the trade.
pub(super) fn is_authority(lot: &Lot, scene: &Scene<'_>) -> bool {
    scene.roles.has_any_of(Roles::REGULATOR) || is_maker(lot, scene)
}

/// Whether the sender made the lot and is still a maker.
pub(super) fn is_maker(lot: &Lot, scene: &Scene<'_>) -> bool {
    scene.roles.has_any_of(Roles::MAKER) && lot.maker == scene.sender
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Canonical for Finding {
    fn write(&self, writer: &mut Writer) {
        writer.u8(match self {
            Self::Clear => 1,
            Self::Suspect => 2,
            Self::Illegitimate => 3,
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let place = usize::from(reader.u8()?).checked_sub(1);
        let finding = place.and_then(|place| Self::ALL.get(place));
        finding.copied().ok_or_else(|| reader.malformed("finding"))
    }
}
