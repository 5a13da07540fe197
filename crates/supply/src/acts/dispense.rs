//! Dispense: the pack is supplied to the public, and its number is used up. Delegated Regulation
//! (EU) 2016/161 article 25(1).

use super::{Lot, Pack, Refused, Roles, Scene, Status};
use crate::ids::Opening;

/// Dispenses a pack. Of two who show the same number, the second hears that it was used.
pub fn dispense(
    pack: &Pack,
    lot: &Lot,
    scene: &Scene<'_>,
    opening: &Opening,
) -> Result<Pack, Refused> {
    scene.need(Roles::DISPENSER)?;
    pack.is_active()?;
    pack.finding.is_clear()?;
    lot.is_not_recalled()?;
    pack.custody.held_by(scene, opening)?;
    Ok(pack.now(Status::Dispensed, scene))
}
