//! Undo: a pack that was dispensed or decommissioned by mistake comes back. Delegated Regulation
//! (EU) 2016/161 article 13(1): by whom it was done, within ten days, and not for every reason.
//! That it is not expired and was not given to the public (c and e), the ledger cannot see: the
//! node of the one who undoes asks.

use std::fmt;

use super::{Lot, Pack, Refused, Roles, Scene, Status};
use crate::ids::Opening;

/// Within how many hours: ten days (article 13(1)(b)).
pub const UNDO_HOURS: u32 = 240;

/// Why something cannot be undone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Obstacle {
    /// The pack is active.
    Active,
    /// The reason is one that stays.
    Reason,
    /// More than [`UNDO_HOURS`] have passed.
    Late,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("the pack is active"),
            Self::Reason => f.write_str("the reason it was decommissioned for is final"),
            Self::Late => write!(f, "more than {UNDO_HOURS} hours have passed"),
        }
    }
}

/// Makes a pack active again. What was found about it stays.
pub fn undo(pack: &Pack, lot: &Lot, scene: &Scene<'_>, opening: &Opening) -> Result<Pack, Refused> {
    scene.need(Roles::TRADE)?;
    let may_be_undone = match pack.status {
        Status::Active => return Err(Refused::Undo(Obstacle::Active)),
        Status::Dispensed => true,
        Status::Decommissioned(reason) => reason.may_be_undone(),
    };
    if !may_be_undone {
        return Err(Refused::Undo(Obstacle::Reason));
    }
    pack.custody.held_by(scene, opening)?;
    pack.finding.is_not_illegitimate()?;
    lot.is_not_recalled()?;
    if scene.minute().saturating_sub(pack.since_minute) > UNDO_HOURS * 60 {
        return Err(Refused::Undo(Obstacle::Late));
    }
    Ok(pack.now(Status::Active, scene))
}
