//! Recall: no pack of the lot is dispensed any more, wherever it is. It may still travel, back to
//! where it came from, and be taken out of the trade.

use super::{Lot, Refused, Roles, Scene, finding};

/// Recalls a lot: by its maker or a regulator, once and for good.
pub fn recall(lot: Lot, scene: &Scene<'_>) -> Result<Lot, Refused> {
    scene.need(Roles::MAKER.and(Roles::REGULATOR))?;
    if !finding::is_authority(&lot, scene) {
        return Err(Refused::Maker);
    }
    lot.is_not_recalled()?;
    Ok(Lot {
        recalled: Some(scene.minute()),
        ..lot
    })
}
