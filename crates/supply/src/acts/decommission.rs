//! Decommission: a pack leaves the trade otherwise than by being dispensed. The reasons are those
//! of Delegated Regulation (EU) 2016/161; each names its article.

use std::fmt;

use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{Lot, Pack, Refused, Roles, Scene, Status, finding};
use crate::ids::Opening;

/// Why a pack leaves the trade.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Article 22(a): to be distributed outside the Union.
    Exported,
    /// Articles 22(b) and 25(4)(a): returned, or stuck, and not for sale again.
    Unsaleable,
    /// Article 22(c): to be destroyed.
    Destroyed,
    /// Articles 22(d) and 25(4)(b): a sample that an authority asked for.
    Sample,
    /// Articles 22(e) and 23: to somebody who need not decommission, a dentist for example.
    Supplied,
    /// Article 25(4)(c): to be used in a trial.
    Investigational,
    /// Article 41: a free sample of the maker.
    FreeSample,
    /// Article 16: its safety features are removed or covered, to pack it anew.
    Repackaged,
    /// Article 40(b) and (c): stolen.
    Stolen,
    /// Article 40(a): recalled or withdrawn.
    Withdrawn,
    /// Kept out of the trade until a question is settled.
    Locked,
}

impl Reason {
    /// All reasons, in the order of their codes, which count from 1.
    pub const ALL: [Self; 11] = [
        Self::Exported,
        Self::Unsaleable,
        Self::Destroyed,
        Self::Sample,
        Self::Supplied,
        Self::Investigational,
        Self::FreeSample,
        Self::Repackaged,
        Self::Stolen,
        Self::Withdrawn,
        Self::Locked,
    ];

    /// The reason as lowercase words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Unsaleable => "unsaleable",
            Self::Destroyed => "destroyed",
            Self::Sample => "sample",
            Self::Supplied => "supplied",
            Self::Investigational => "investigational",
            Self::FreeSample => "free-sample",
            Self::Repackaged => "repackaged",
            Self::Stolen => "stolen",
            Self::Withdrawn => "withdrawn",
            Self::Locked => "locked",
        }
    }

    /// The reason of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// The roles of whom the regulation lets decommission for this reason.
    pub fn roles(self) -> Roles {
        match self {
            Self::Exported | Self::Supplied => Roles::MAKER.and(Roles::WHOLESALER),
            Self::Unsaleable | Self::Destroyed | Self::Sample | Self::Stolen | Self::Locked => {
                Roles::TRADE
            }
            Self::Investigational => Roles::DISPENSER,
            Self::FreeSample | Self::Repackaged | Self::Withdrawn => Roles::MAKER,
        }
    }

    /// Whether the maker of the lot may do so wherever the pack is (article 40).
    pub fn is_for_the_maker_anywhere(self) -> bool {
        matches!(self, Self::Stolen | Self::Withdrawn)
    }

    /// Whether it may be undone at all: not if the pack is registered as recalled, withdrawn,
    /// intended for destruction or stolen (article 13(1)(d)).
    pub fn may_be_undone(self) -> bool {
        !matches!(self, Self::Destroyed | Self::Stolen | Self::Withdrawn)
    }

    pub(super) fn code(self) -> u8 {
        let place = Self::ALL.iter().position(|it| *it == self);
        u8::try_from(place.unwrap_or_default() + 1).unwrap_or_default()
    }

    pub(super) fn of_code(code: u8) -> Option<Self> {
        let place = usize::from(code).checked_sub(1)?;
        Self::ALL.get(place).copied()
    }
}

/// Takes a pack out of the trade. A maker that acts on a pack in other hands presents
/// [`Opening::NONE`].
pub fn decommission(
    pack: &Pack,
    lot: &Lot,
    scene: &Scene<'_>,
    (opening, reason): (&Opening, Reason),
) -> Result<Pack, Refused> {
    scene.need(reason.roles())?;
    pack.is_active()?;
    let anywhere = reason.is_for_the_maker_anywhere() && finding::is_maker(lot, scene);
    if !anywhere {
        pack.custody.held_by(scene, opening)?;
    }
    Ok(pack.now(Status::Decommissioned(reason), scene))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Canonical for Reason {
    fn write(&self, writer: &mut Writer) {
        writer.u8(self.code());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let code = reader.u8()?;
        Self::of_code(code).ok_or_else(|| reader.malformed("reason to decommission"))
    }
}
