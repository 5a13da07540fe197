//! Minimisation on the ledger: key and design are bound, a site mixes the beacon, participants
//! enter in the ledger's order, and each share is committed to and shown at the end.

mod bytes;

use proof::vrf::VrfPublic;
use proof::{Digest, hash};

use super::seal::{need_open, need_site, need_sponsor, need_version};
use super::state::{Participant, Site, Trial};
use super::{Refused, Role, Scene, Step};
use crate::minimisation::{Bound, Design, Entered, Shown, commitment, input};

const BEACON: &str = "salus/trial-minimisation-beacon/v1";

/// What is done in a trial that minimises.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Minimise {
    /// The sponsor binds who allocates, the key of it, and the design.
    Bind {
        /// The sponsor, a monitor or a regulator.
        allocator: String,
        /// Of the random numbers.
        key: VrfPublic,
        /// How it is done.
        design: Design,
    },
    /// A site makes the beacon.
    Mix {
        /// Random, and chosen after the key was bound.
        chance: Digest,
    },
    /// A site enrols participants.
    Enter {
        /// The version that they consented to: the one in force.
        version: u32,
        /// Who, in their order.
        participants: Vec<Entrant>,
    },
    /// The allocator commits to shares.
    Allocate {
        /// Which.
        shares: Vec<Allocated>,
    },
    /// The allocator shows shares, once the data are locked.
    Show {
        /// Which.
        shares: Vec<Showing>,
    },
}

/// Somebody who takes part. The ledger gives the running number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entrant {
    /// The level of each factor.
    pub levels: Vec<u16>,
    /// A pseudonym: a commitment whose key the site keeps.
    pub participant: Digest,
    /// Commitment to the consent.
    pub consent: Digest,
}

/// A share that is committed to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Allocated {
    /// The running number of the participant.
    pub number: u32,
    /// [`crate::minimisation::commitment`].
    pub commitment: Digest,
}

/// A share that is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Showing {
    /// The running number of the participant.
    pub number: u32,
    /// Share, salt and proof.
    pub shown: Shown,
}

/// What the state has of a trial that minimises.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Minimisation {
    /// Who allocates.
    pub allocator: String,
    /// Its key.
    pub key: VrfPublic,
    /// How.
    pub design: Design,
    /// What nobody could know when the key was bound.
    pub beacon: Option<Digest>,
}

/// What the state has of a participant's allocation, by the running number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// Who.
    pub participant: Digest,
    /// The level of each factor.
    pub levels: Vec<u16>,
    /// To the share.
    pub commitment: Option<Digest>,
    /// What was shown at the end.
    pub shown: Option<Shown>,
}

/// Binds allocator, key and design: before anybody is enrolled, and once. `known`: it was done.
pub fn bind(
    (trial, known): (&Trial, bool),
    scene: &Scene<'_>,
    (allocator, key, design): (&str, VrfPublic, &Design),
) -> Result<Minimisation, Refused> {
    need_sponsor(trial, scene)?;
    need_open(trial)?;
    if known {
        return Err(Refused::Done);
    }
    if trial.enrolled > 0 {
        return Err(Refused::Design { minimises: false });
    }
    // A site that knew the next arm could choose who gets it.
    let sees_nobody = !matches!(trial.role(allocator), None | Some(Role::Site));
    if !sees_nobody || !key.is_sound() {
        return Err(Refused::Allocator);
    }
    Ok(Minimisation {
        allocator: allocator.to_owned(),
        key,
        design: design.clone(),
        beacon: None,
    })
}

/// A site makes the beacon. `root` is that of the state at that moment, which the sponsor did not
/// know when it bound the key.
pub fn mix(
    (trial, site, known): (&Trial, &Site, Minimisation),
    scene: &Scene<'_>,
    (chance, root): (Digest, Digest),
) -> Result<Minimisation, Refused> {
    need_open(trial)?;
    need_accepted(trial, site, scene)?;
    if known.beacon.is_some() {
        return Err(Refused::Done);
    }
    let time = scene.time_ms.to_be_bytes();
    let parts: [&[u8]; 4] = [&root.0, &time, &known.key.0, &chance.0];
    Ok(Minimisation {
        beacon: Some(hash(BEACON, &parts)),
        ..known
    })
}

/// Enrols a participant under the next running number of the trial.
pub fn enter(
    (trial, site, minimisation, known): (&Trial, &Site, &Minimisation, bool),
    scene: &Scene<'_>,
    (version, entrant): (u32, &Entrant),
) -> Result<(Trial, Place, Participant), Refused> {
    need_open(trial)?;
    need_site(trial, scene.sender)?;
    need_version(trial, version)?;
    need_accepted(trial, site, scene)?;
    if minimisation.beacon.is_none() {
        return Err(Refused::Before(Step::Beacon));
    }
    if known {
        return Err(Refused::Participant { enrolled: true });
    }
    if !minimisation.design.has_levels(&entrant.levels) {
        return Err(Refused::Levels);
    }
    let participant = Participant {
        site: scene.sender.to_owned(),
        stratum: 0,
        slot: trial.enrolled,
        version,
        consent: entrant.consent,
        enrolled_ms: scene.time_ms,
        withdrawn: None,
        unblinded: None,
    };
    let place = Place {
        participant: entrant.participant,
        levels: entrant.levels.clone(),
        commitment: None,
        shown: None,
    };
    let trial = Trial {
        enrolled: trial.enrolled.saturating_add(1),
        ..trial.clone()
    };
    Ok((trial, place, participant))
}

/// The allocator commits to the share of a participant, once.
pub fn allocate(
    (trial, minimisation): (&Trial, &Minimisation),
    scene: &Scene<'_>,
    (place, commitment): (Option<Place>, Digest),
) -> Result<Place, Refused> {
    need_allocator(minimisation, scene)?;
    need_open(trial)?;
    let place = place.ok_or(Refused::Before(Step::Enrolment))?;
    if place.commitment.is_some() {
        return Err(Refused::Done);
    }
    Ok(Place {
        commitment: Some(commitment),
        ..place
    })
}

/// The allocator shows a share, once the data are locked: it is the one that was committed to, and
/// the random number is the one of this participant. Whether the rule says this share is for
/// everybody to see (`minimisation::replay`).
pub fn show(
    (id, trial, minimisation): (&Digest, &Trial, &Minimisation),
    scene: &Scene<'_>,
    (number, site, place, shown): (u32, &str, Place, &Shown),
) -> Result<Place, Refused> {
    need_allocator(minimisation, scene)?;
    if trial.lock.is_none() {
        return Err(Refused::Locked { locked: false });
    }
    let committed = place.commitment.ok_or(Refused::Before(Step::Allocation))?;
    if place.shown.is_some() {
        return Err(Refused::Done);
    }
    let beacon = minimisation.beacon.ok_or(Refused::Before(Step::Beacon))?;
    let bound = Bound {
        trial: id,
        key: &minimisation.key,
        beacon: &beacon,
        design: &minimisation.design,
    };
    let entered = Entered {
        site: site.to_owned(),
        levels: place.levels.clone(),
    };
    let opens = commitment(id, number, (shown.share, &shown.nonce)) == committed;
    let input = input(&bound, number, &entered);
    if !opens || bound.key.verify(&input, &shown.proof).is_none() {
        return Err(Refused::Sealed);
    }
    Ok(Place {
        shown: Some(*shown),
        ..place
    })
}

fn need_accepted(trial: &Trial, site: &Site, scene: &Scene<'_>) -> Result<(), Refused> {
    need_site(trial, scene.sender)?;
    if site.accepted == trial.version {
        Ok(())
    } else {
        Err(Refused::Before(Step::Acceptance))
    }
}

fn need_allocator(minimisation: &Minimisation, scene: &Scene<'_>) -> Result<(), Refused> {
    if minimisation.allocator == scene.sender {
        Ok(())
    } else {
        Err(Refused::Allocator)
    }
}
