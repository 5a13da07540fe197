//! What sponsor and sites decide together, and what follows: lock, unlock, secrets, reports.

use proof::Digest;

use super::draw::hand_of;
use super::seal::need_sponsor;
use super::state::{Decided, Decision, Lock, Reported, Site, Trial};
use super::{Refused, Role, Scene, Step};
use crate::allocation;

/// Proposes to lock or to unlock; the sponsor's proposal is its voice. What was proposed before and
/// has no quorum falls.
pub fn propose(
    trial: &Trial,
    scene: &Scene<'_>,
    (number, decision): (u32, Decision),
) -> Result<(Trial, Decided), Refused> {
    need_sponsor(trial, scene)?;
    let next = trial.decisions.saturating_add(1);
    if number != next {
        return Err(Refused::Decision(next));
    }
    let locks = decision.locks();
    if trial.lock.is_some() == locks {
        return Err(Refused::Locked { locked: locks });
    }
    let trial = Trial {
        decisions: number,
        ..trial.clone()
    };
    let decided = Decided {
        decision,
        voices: vec![scene.sender.to_owned()],
        effective_ms: 0,
    };
    Ok((trial, decided))
}

/// A party adds its voice to the latest proposal; with the quorum it takes effect.
pub fn confirm(
    (trial, decided): (&Trial, Decided),
    scene: &Scene<'_>,
    number: u32,
) -> Result<(Trial, Decided), Refused> {
    if trial.role(scene.sender).is_none() {
        return Err(Refused::Party(Role::Site));
    }
    if number != trial.decisions || decided.effective_ms != 0 {
        return Err(Refused::Decision(trial.decisions.saturating_add(1)));
    }
    if decided.voices.iter().any(|it| it == scene.sender) {
        return Err(Refused::Done);
    }
    let (mut trial, mut decided) = (trial.clone(), decided);
    decided.voices.push(scene.sender.to_owned());
    if decided.voices.len() >= usize::from(trial.quorum) {
        decided.effective_ms = scene.time_ms;
        trial.lock = match decided.decision {
            Decision::Lock {
                snapshot,
                rows,
                programs,
            } => Some(Lock {
                number,
                snapshot,
                rows,
                programs,
            }),
            Decision::Unlock { .. } => None,
        };
    }
    Ok((trial, decided))
}

/// A hand gives its secret, once the data are locked: from both, everybody has the list.
pub fn reveal(
    (trial, site): (&Trial, Site),
    scene: &Scene<'_>,
    (name, secret): (&str, Digest),
) -> Result<Site, Refused> {
    let which = hand_of(trial, scene, name)?;
    if trial.lock.is_none() {
        return Err(Refused::Locked { locked: false });
    }
    let hand = *site.hand(which);
    if hand.secret.is_some() {
        return Err(Refused::Done);
    }
    let commitment = hand.commitment.ok_or(Refused::Before(Step::Contribution))?;
    if allocation::commitment(&secret) != commitment {
        return Err(Refused::Sealed);
    }
    let mut site = site;
    site.hand_mut(which).secret = Some(secret);
    Ok(site)
}

/// The sponsor reports on the locked data.
pub fn report(
    trial: &Trial,
    scene: &Scene<'_>,
    results: Digest,
) -> Result<(Trial, Reported), Refused> {
    need_sponsor(trial, scene)?;
    let lock = trial.lock.ok_or(Refused::Locked { locked: false })?;
    let trial = Trial {
        reports: trial.reports.saturating_add(1),
        ..trial.clone()
    };
    let reported = Reported {
        lock,
        results,
        version: trial.version,
        time_ms: scene.time_ms,
    };
    Ok((trial, reported))
}
