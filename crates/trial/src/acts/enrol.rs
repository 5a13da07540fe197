//! Participants: enrolled in the next slot, consenting again, withdrawing, opened in an emergency.

use proof::Digest;

use super::body::Enrolment;
use super::seal::{need_open, need_site, need_version};
use super::state::{Keep, Participant, Site, Slot, Trial};
use super::{Refused, Scene, Step};

/// Enrols a participant in the next slot of a stratum.
pub fn enrol(
    (trial, site, known): (&Trial, Site, bool),
    scene: &Scene<'_>,
    (version, enrolment): (u32, &Enrolment),
) -> Result<(Trial, Site, Slot, Participant), Refused> {
    need_open(trial)?;
    need_site(trial, scene.sender)?;
    need_version(trial, version)?;
    if site.accepted != version {
        return Err(Refused::Before(Step::Acceptance));
    }
    if !site.is_listed() {
        return Err(Refused::Before(Step::List));
    }
    if known {
        return Err(Refused::Participant { enrolled: true });
    }
    let stratum = usize::from(enrolment.stratum);
    let (Some(next), Some(slots)) = (site.next.get(stratum), site.strata.get(stratum)) else {
        return Err(Refused::Stratum);
    };
    if next >= slots {
        return Err(Refused::Stratum);
    }
    if enrolment.slot != *next {
        return Err(Refused::Slot(*next));
    }
    let mut site = site;
    site.next[stratum] += 1;
    let trial = Trial {
        enrolled: trial.enrolled.saturating_add(1),
        ..trial.clone()
    };
    let slot = Slot {
        participant: enrolment.participant,
        position: None,
    };
    let participant = Participant {
        site: scene.sender.to_owned(),
        stratum: enrolment.stratum,
        slot: enrolment.slot,
        version,
        consent: enrolment.consent,
        enrolled_ms: scene.time_ms,
        withdrawn: None,
        unblinded: None,
    };
    Ok((trial, site, slot, participant))
}

/// The site's own participant, still in the trial.
fn own(participant: Participant, scene: &Scene<'_>) -> Result<Participant, Refused> {
    if participant.site != scene.sender {
        return Err(Refused::Participant { enrolled: false });
    }
    if participant.withdrawn.is_some() {
        return Err(Refused::Withdrawn);
    }
    Ok(participant)
}

/// A participant consents to the version in force.
pub fn consent(
    (trial, participant): (&Trial, Participant),
    scene: &Scene<'_>,
    (version, consent): (u32, Digest),
) -> Result<Participant, Refused> {
    need_version(trial, version)?;
    let participant = own(participant, scene)?;
    if participant.version == version {
        return Err(Refused::Done);
    }
    Ok(Participant {
        version,
        consent,
        ..participant
    })
}

/// A participant withdraws: nothing is collected from now on.
pub fn withdraw(
    participant: Participant,
    scene: &Scene<'_>,
    keep: Keep,
) -> Result<Participant, Refused> {
    let withdrawn = Some((scene.time_ms, keep));
    Ok(Participant {
        withdrawn,
        ..own(participant, scene)?
    })
}

/// The arm of a participant is opened in an emergency, for a reason that is committed to.
pub fn unblind(
    participant: Participant,
    scene: &Scene<'_>,
    reason: Digest,
) -> Result<Participant, Refused> {
    if participant.site != scene.sender {
        return Err(Refused::Participant { enrolled: false });
    }
    if participant.unblinded.is_some() {
        return Err(Refused::Done);
    }
    Ok(Participant {
        unblinded: Some((scene.time_ms, reason)),
        ..participant
    })
}
