//! Commission: a maker puts a pack into the trade. Delegated Regulation (EU) 2016/161 articles 4
//! and 33: before it is released for sale.

use super::{Commissioned, Custody, Finding, Lot, Pack, Refused, Roles, Scene, Status, finding};
use crate::ids::LotId;

/// The lot as it is for a commissioning: a new one is the sender's.
pub fn lot(known: Option<Lot>, scene: &Scene<'_>) -> Result<Lot, Refused> {
    scene.need(Roles::MAKER)?;
    let lot = known.unwrap_or_else(|| Lot {
        maker: scene.sender.to_owned(),
        recalled: None,
    });
    if !finding::is_maker(&lot, scene) {
        return Err(Refused::Maker);
    }
    lot.is_not_recalled()?;
    Ok(lot)
}

/// A new pack of a lot that [`lot`] let through. The maker holds it.
pub fn commission(
    taken: bool,
    scene: &Scene<'_>,
    (lot, item): (LotId, &Commissioned),
) -> Result<Pack, Refused> {
    if taken {
        return Err(Refused::Commissioned);
    }
    Ok(Pack {
        status: Status::Active,
        since_minute: scene.minute(),
        finding: Finding::Clear,
        lot,
        facts: item.facts,
        // Not a lock of the sender's choice: nobody comes to hold a pack without signing for it.
        custody: Custody::Held(item.opening.lock(scene.sender)),
    })
}
