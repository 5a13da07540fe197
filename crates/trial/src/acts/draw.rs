//! The list of a site: two hands bind themselves, seal their halves, and open leaf by leaf.

use proof::tree::verify_inclusion;
use proof::{Digest, hash};

use super::seal::{need_open, need_site};
use super::state::{STRATA_MAX, Site, Slot, Trial, Which};
use super::{Opened, Refused, Role, Scene, Step};
use crate::allocation::{self, Leaf};

const BEACON: &str = "salus/trial-beacon/v1";

/// Whose hand at the list of a site the sender moves.
pub(super) fn hand_of(trial: &Trial, scene: &Scene<'_>, site: &str) -> Result<Which, Refused> {
    need_site(trial, site)?;
    if scene.sender == site {
        return Ok(Which::Site);
    }
    if scene.sender == trial.sponsor {
        return Ok(Which::Sponsor);
    }
    Err(Refused::Party(Role::Sponsor))
}

/// One hand is bound to its secret. With the second one the beacon is there: `chance` is the root
/// of the state at that moment, which neither knew when it chose its secret.
pub fn contribute(
    (trial, site): (&Trial, Site),
    scene: &Scene<'_>,
    (name, commitment, chance): (&str, Digest, Digest),
) -> Result<Site, Refused> {
    need_open(trial)?;
    let which = hand_of(trial, scene, name)?;
    if site.hand(which).commitment.is_some() {
        return Err(Refused::Done);
    }
    let mut site = site;
    site.hand_mut(which).commitment = Some(commitment);
    if let (Some(one), Some(other)) = (site.sponsor.commitment, site.site.commitment) {
        let time = scene.time_ms.to_be_bytes();
        site.beacon = Some(hash(BEACON, &[&chance.0, &time, &one.0, &other.0]));
    }
    Ok(site)
}

/// One hand seals its half. Both are of the same shape.
pub fn list(
    (trial, site): (&Trial, Site),
    scene: &Scene<'_>,
    (name, root, strata): (&str, Digest, &[u32]),
) -> Result<Site, Refused> {
    need_open(trial)?;
    let which = hand_of(trial, scene, name)?;
    if site.beacon.is_none() {
        return Err(Refused::Before(Step::Contribution));
    }
    if site.hand(which).root.is_some() {
        return Err(Refused::Done);
    }
    let sound = !strata.is_empty()
        && strata.len() <= STRATA_MAX
        && strata
            .iter()
            .all(|it| (1..=allocation::SLOTS_MAX).contains(it));
    let is_first = site.strata.is_empty();
    if !sound || (!is_first && site.strata != strata) {
        return Err(Refused::Stratum);
    }
    let mut site = site;
    site.hand_mut(which).root = Some(root);
    if is_first {
        site.strata = strata.to_vec();
        site.next = vec![0; strata.len()];
    }
    Ok(site)
}

/// The sponsor's leaf of a used slot. It says nothing without the site's half.
pub fn open(site: &Site, slot: Option<Slot>, opened: &Opened) -> Result<Slot, Refused> {
    let slot = slot.ok_or(Refused::Before(Step::Enrolment))?;
    if slot.position.is_some() {
        return Err(Refused::Done);
    }
    let root = site.sponsor.root.ok_or(Refused::Before(Step::List))?;
    let leaf = Leaf {
        stratum: opened.stratum,
        place: opened.slot,
        value: opened.value,
        nonce: opened.nonce,
    };
    let index = allocation::index(&site.strata, opened.stratum, opened.slot);
    let index = index.ok_or(Refused::Stratum)?;
    let leaves = allocation::size(&site.strata);
    verify_inclusion(&leaf.hash(), index, leaves, &opened.path, &root)
        .map_err(|_| Refused::Sealed)?;
    Ok(Slot {
        position: Some(opened.value),
        ..slot
    })
}
