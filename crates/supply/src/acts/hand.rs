//! Hand, Take, TakeBack: a change of hands is signed by both sides, each in its own transaction.

use super::{Custody, Pack, Refused, Roles, Scene};
use crate::ids::{Lock, Opening};

/// Hands a pack on. A suspect one may travel, to whoever looks into it; a false one stays.
pub fn hand(
    pack: &Pack,
    scene: &Scene<'_>,
    (opening, next): (&Opening, Lock),
) -> Result<Pack, Refused> {
    scene.need(Roles::ALL)?;
    pack.is_active()?;
    pack.finding.is_not_illegitimate()?;
    moved(pack, pack.custody.hand(scene, opening, next))
}

/// Takes a pack that was handed on.
pub fn take(pack: &Pack, scene: &Scene<'_>, opening: &Opening) -> Result<Pack, Refused> {
    scene.need(Roles::ALL)?;
    pack.is_active()?;
    moved(pack, pack.custody.take(scene, opening))
}

/// Takes a pack back that nobody has taken yet.
pub fn take_back(pack: &Pack, scene: &Scene<'_>, opening: &Opening) -> Result<Pack, Refused> {
    scene.need(Roles::ALL)?;
    pack.is_active()?;
    moved(pack, pack.custody.take_back(scene, opening))
}

fn moved(pack: &Pack, custody: Result<Custody, Refused>) -> Result<Pack, Refused> {
    custody.map(|custody| Pack { custody, ..*pack })
}
