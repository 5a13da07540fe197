//! In whose hands a pack or a container is. The holder stays a commitment until it acts.

use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{Refused, Scene};
use crate::ids::{ContainerId, Lock, Opening};

/// Where a pack or a container is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Custody {
    /// In the hands of the one in the lock.
    Held(Lock),
    /// Handed on and not yet taken: the holder may still take it back.
    Transit {
        /// Who handed it on.
        holder: Lock,
        /// Who may take it.
        next: Lock,
    },
    /// In a container: whoever holds that holds this.
    Inside(ContainerId),
}

impl Custody {
    /// The lock of whoever has it now, by itself.
    pub fn held(&self) -> Result<Lock, Refused> {
        match self {
            Self::Held(holder) => Ok(*holder),
            Self::Transit { .. } => Err(Refused::Transit { on_its_way: true }),
            Self::Inside(_) => Err(Refused::Inside { inside: true }),
        }
    }

    /// Refuses unless the sender has it now and shows so.
    pub fn held_by(&self, scene: &Scene<'_>, opening: &Opening) -> Result<Lock, Refused> {
        opens(self.held()?, scene, opening)
    }

    /// Hands it on to the one in the next lock.
    pub fn hand(&self, scene: &Scene<'_>, opening: &Opening, next: Lock) -> Result<Self, Refused> {
        let holder = self.held_by(scene, opening)?;
        Ok(Self::Transit { holder, next })
    }

    /// Takes what was handed on: the second signature of a change of hands.
    pub fn take(&self, scene: &Scene<'_>, opening: &Opening) -> Result<Self, Refused> {
        let (_, next) = self.on_its_way()?;
        opens(next, scene, opening).map(Self::Held)
    }

    /// Takes back what nobody has taken yet.
    pub fn take_back(&self, scene: &Scene<'_>, opening: &Opening) -> Result<Self, Refused> {
        let (holder, _) = self.on_its_way()?;
        opens(holder, scene, opening).map(Self::Held)
    }

    fn on_its_way(&self) -> Result<(Lock, Lock), Refused> {
        match self {
            Self::Transit { holder, next } => Ok((*holder, *next)),
            _ => Err(Refused::Transit { on_its_way: false }),
        }
    }
}

/// Refuses unless the lock is the sender's and this opens it.
fn opens(lock: Lock, scene: &Scene<'_>, opening: &Opening) -> Result<Lock, Refused> {
    if opening.lock(scene.sender) == lock {
        Ok(lock)
    } else {
        Err(Refused::Holder)
    }
}

/// A container in the state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Container {
    /// Where it is.
    pub custody: Custody,
}

impl Canonical for Custody {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Held(holder) => {
                writer.u8(1);
                holder.write(writer);
            }
            Self::Transit { holder, next } => {
                writer.u8(2);
                holder.write(writer);
                next.write(writer);
            }
            Self::Inside(container) => {
                writer.u8(3);
                container.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match reader.u8()? {
            1 => Self::Held(Lock::read(reader)?),
            2 => Self::Transit {
                holder: Lock::read(reader)?,
                next: Lock::read(reader)?,
            },
            3 => Self::Inside(ContainerId::read(reader)?),
            _ => return Err(reader.malformed("custody")),
        })
    }
}

impl Canonical for Container {
    fn write(&self, writer: &mut Writer) {
        self.custody.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Custody::read(reader).map(|custody| Self { custody })
    }
}
