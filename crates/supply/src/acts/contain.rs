//! Contain and Release: packs go into a case, cases onto a pallet, and come out again. What is
//! inside has no holder of its own, so a container changes hands as one item, whatever is in it.

use super::{Container, Custody, Pack, Refused, Roles, Scene};
use crate::ids::{ContainerId, Lock, Opening};

/// The container to pack into or to take from: in the sender's hands, and inside no other. One that
/// nobody used before becomes the sender's.
pub fn open(
    known: Option<Container>,
    scene: &Scene<'_>,
    opening: &Opening,
) -> Result<Lock, Refused> {
    scene.need(Roles::TRADE)?;
    match known {
        Some(container) => container.custody.held_by(scene, opening),
        None => Ok(opening.lock(scene.sender)),
    }
}

/// Puts a pack into a container that [`open`] let through.
pub fn contain_pack(
    pack: &Pack,
    scene: &Scene<'_>,
    (opening, container): (&Opening, ContainerId),
) -> Result<Pack, Refused> {
    pack.is_active()?;
    // What is kept apart does not go among the rest.
    pack.finding.is_clear()?;
    pack.custody.held_by(scene, opening)?;
    let custody = Custody::Inside(container);
    Ok(Pack { custody, ..*pack })
}

/// Puts a container into another one that [`open`] let through. As that one is inside none, no
/// container is ever inside itself.
pub fn contain_container(
    own: ContainerId,
    inner: &Container,
    scene: &Scene<'_>,
    (opening, container): (&Opening, ContainerId),
) -> Result<Container, Refused> {
    if own == container {
        return Err(Refused::Inside { inside: true });
    }
    inner.custody.held_by(scene, opening)?;
    let custody = Custody::Inside(container);
    Ok(Container { custody })
}

/// Takes a pack or a container out: it is then in the hands of the container's holder.
pub fn release(
    custody: &Custody,
    container: ContainerId,
    holder: Lock,
) -> Result<Custody, Refused> {
    match custody {
        Custody::Inside(inside) if *inside == container => Ok(Custody::Held(holder)),
        _ => Err(Refused::Inside { inside: false }),
    }
}
