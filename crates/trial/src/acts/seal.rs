//! Protocol and parties: sealed, amended, accepted by the sites.

use proof::Digest;

use super::state::{PARTIES_MAX, Party, Role, Site, Trial, Version};
use super::{Refused, Scene};

/// Seals the first version of a protocol. `taken`: a trial has the id already.
pub fn seal(
    (taken, is_member): (bool, impl Fn(&str) -> bool),
    scene: &Scene<'_>,
    (protocol, parties, quorum): (Digest, &[Party], u16),
) -> Result<(Trial, Version), Refused> {
    if taken {
        return Err(Refused::Trial { known: true });
    }
    sound(parties, quorum, (scene.sender, is_member))?;
    let trial = Trial {
        sponsor: scene.sender.to_owned(),
        parties: parties.to_vec(),
        quorum,
        version: 1,
        reconsent: 0,
        enrolled: 0,
        decisions: 0,
        reports: 0,
        lock: None,
    };
    let version = Version {
        protocol,
        reason: Digest([0; 32]),
        time_ms: scene.time_ms,
        enrolled: 0,
    };
    Ok((trial, version))
}

/// What an amendment says.
#[derive(Clone, Copy, Debug)]
pub struct Amendment<'a> {
    /// The next version.
    pub version: u32,
    /// Commitment to the whole of it.
    pub protocol: Digest,
    /// Commitment to why.
    pub reason: Digest,
    /// Whether everybody enrolled must consent again.
    pub reconsent: bool,
    /// All parties from now on; who was one stays one.
    pub parties: &'a [Party],
}

/// Adds a version.
pub fn amend(
    trial: &Trial,
    (scene, is_member): (&Scene<'_>, impl Fn(&str) -> bool),
    amendment: &Amendment<'_>,
) -> Result<(Trial, Version), Refused> {
    need_sponsor(trial, scene)?;
    need_open(trial)?;
    let expected = trial.version.saturating_add(1);
    if amendment.version != expected {
        return Err(Refused::Version {
            expected,
            given: amendment.version,
        });
    }
    let stays = |it: &Party| amendment.parties.contains(it);
    if !trial.parties.iter().all(stays) {
        return Err(Refused::Parties);
    }
    sound(amendment.parties, trial.quorum, (&trial.sponsor, is_member))?;
    let version = Version {
        protocol: amendment.protocol,
        reason: amendment.reason,
        time_ms: scene.time_ms,
        enrolled: trial.enrolled,
    };
    let reconsent = if amendment.reconsent {
        expected
    } else {
        trial.reconsent
    };
    let trial = Trial {
        version: expected,
        reconsent,
        parties: amendment.parties.to_vec(),
        ..trial.clone()
    };
    Ok((trial, version))
}

/// A site accepts the version in force: its ethics committee has approved it.
pub fn accept(
    trial: &Trial,
    scene: &Scene<'_>,
    (site, version): (Site, u32),
) -> Result<Site, Refused> {
    need_site(trial, scene.sender)?;
    need_version(trial, version)?;
    if site.accepted == version {
        return Err(Refused::Done);
    }
    Ok(Site {
        accepted: version,
        ..site
    })
}

fn sound(
    parties: &[Party],
    quorum: u16,
    (sponsor, is_member): (&str, impl Fn(&str) -> bool),
) -> Result<(), Refused> {
    let in_order = parties
        .windows(2)
        .all(|it| it[0].organisation < it[1].organisation);
    let known = parties.iter().all(|it| {
        is_member(&it.organisation) && it.organisation != sponsor && it.role != Role::Sponsor
    });
    let has_site = parties.iter().any(|it| it.role == Role::Site);
    // Two at least: nothing is locked or unlocked by one alone.
    let decides = (2..=parties.len() + 1).contains(&usize::from(quorum));
    if in_order && known && has_site && decides && parties.len() <= PARTIES_MAX {
        Ok(())
    } else {
        Err(Refused::Parties)
    }
}

pub(super) fn need_sponsor(trial: &Trial, scene: &Scene<'_>) -> Result<(), Refused> {
    if trial.sponsor == scene.sender {
        Ok(())
    } else {
        Err(Refused::Party(Role::Sponsor))
    }
}

pub(super) fn need_site(trial: &Trial, organisation: &str) -> Result<(), Refused> {
    if trial.role(organisation) == Some(Role::Site) {
        Ok(())
    } else {
        Err(Refused::Party(Role::Site))
    }
}

pub(super) fn need_version(trial: &Trial, given: u32) -> Result<(), Refused> {
    let expected = trial.version;
    if given == expected {
        Ok(())
    } else {
        Err(Refused::Version { expected, given })
    }
}

pub(super) fn need_open(trial: &Trial) -> Result<(), Refused> {
    match trial.lock {
        Some(_) => Err(Refused::Locked { locked: true }),
        None => Ok(()),
    }
}
