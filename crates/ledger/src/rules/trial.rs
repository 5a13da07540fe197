//! Kind 48: acts of a trial. Their rules are pure functions of `trial::acts`; here they meet the
//! state.

mod minimise;

use proof::Digest;
use trial::acts::{
    self, Act as Done, Decided, Enrolment, Opened, Participant, Party, Refused, Scene, Site, Slot,
    Step, Trial, TrialBody,
};

use super::Act;
use crate::state::draft::Draft;
use crate::state::keys;
use crate::{OrgId, Organisation, Refusal};

pub(super) fn apply(draft: &mut Draft, act: &Act<'_>) -> Result<(), Refusal> {
    let body: TrialBody = act.body()?;
    let scene = Scene {
        sender: act.sender.organisation.as_str(),
        time_ms: act.block.time_ms,
    };
    let mut stage = Stage {
        draft,
        scene,
        id: body.trial,
    };
    stage.play(&body.act).map_err(Refusal::Trial)
}

/// The state as an act of one trial changes it.
struct Stage<'a> {
    draft: &'a mut Draft,
    scene: Scene<'a>,
    id: Digest,
}

impl Stage<'_> {
    fn play(&mut self, act: &Done) -> Result<(), Refused> {
        match act {
            Done::Seal {
                protocol,
                parties,
                quorum,
            } => self.seal(*protocol, parties, *quorum),
            Done::Amend { .. } => self.amend(act),
            Done::Accept { version } => {
                let trial = self.trial()?;
                let name = self.scene.sender.to_owned();
                self.site(&name, |site, scene| {
                    acts::accept(&trial, scene, (site, *version))
                })
            }
            Done::Contribute { site, commitment } => {
                let (trial, chance) = (self.trial()?, self.draft.root());
                self.site(site, |known, scene| {
                    acts::contribute((&trial, known), scene, (site, *commitment, chance))
                })
            }
            Done::List { site, root, strata } => {
                let trial = self.trial()?;
                self.site(site, |known, scene| {
                    acts::list((&trial, known), scene, (site, *root, strata))
                })
            }
            Done::Enrol {
                version,
                participants,
            } => participants
                .iter()
                .try_for_each(|one| self.enrol(*version, one)),
            Done::Open { site, leaves } => leaves.iter().try_for_each(|leaf| self.open(site, leaf)),
            Done::Consent {
                participant,
                version,
                consent,
            } => {
                let trial = self.trial()?;
                self.participant(participant, |known, scene| {
                    acts::consent((&trial, known), scene, (*version, *consent))
                })
            }
            Done::Withdraw { participant, keep } => {
                self.participant(participant, |it, scene| acts::withdraw(it, scene, *keep))
            }
            Done::Unblind {
                participant,
                reason,
            } => self.participant(participant, |it, scene| acts::unblind(it, scene, *reason)),
            Done::Propose { number, decision } => {
                let (trial, decided) =
                    acts::propose(&self.trial()?, &self.scene, (*number, *decision))?;
                self.decided(*number, &trial, &decided);
                Ok(())
            }
            Done::Confirm { number } => self.confirm(*number),
            Done::Reveal { site, secret } => {
                let trial = self.trial()?;
                self.site(site, |known, scene| {
                    acts::reveal((&trial, known), scene, (site, *secret))
                })
            }
            Done::Report { results } => self.report(*results),
            Done::Minimise(act) => self.minimise(act),
        }
    }

    fn report(&mut self, results: Digest) -> Result<(), Refused> {
        let (trial, reported) = acts::report(&self.trial()?, &self.scene, results)?;
        let key = keys::trial_report(&self.id, trial.reports);
        self.draft.put(key, &reported);
        self.put_trial(&trial);
        Ok(())
    }

    fn trial(&self) -> Result<Trial, Refused> {
        let trial = self.draft.get(&keys::trial(&self.id));
        trial.ok_or(Refused::Trial { known: false })
    }

    fn put_trial(&mut self, trial: &Trial) {
        self.draft.put(keys::trial(&self.id), trial);
    }

    fn is_member(draft: &Draft, name: &str) -> bool {
        let id = name.parse::<OrgId>().ok();
        let known = id.and_then(|id| draft.get::<Organisation>(&keys::organisation(&id)));
        known.is_some()
    }

    fn seal(&mut self, protocol: Digest, parties: &[Party], quorum: u16) -> Result<(), Refused> {
        let taken = self.draft.has(&keys::trial(&self.id));
        let is_member = |name: &str| Self::is_member(self.draft, name);
        let (trial, version) =
            acts::seal((taken, is_member), &self.scene, (protocol, parties, quorum))?;
        self.draft
            .put(keys::trial_version(&self.id, trial.version), &version);
        self.put_trial(&trial);
        Ok(())
    }

    fn amend(&mut self, act: &Done) -> Result<(), Refused> {
        let Some(amendment) = act.amendment() else {
            return Ok(());
        };
        let is_member = |name: &str| Self::is_member(self.draft, name);
        let (trial, version) = acts::amend(&self.trial()?, (&self.scene, is_member), &amendment)?;
        self.draft
            .put(keys::trial_version(&self.id, trial.version), &version);
        self.put_trial(&trial);
        Ok(())
    }

    /// Changes what is kept of a site by a rule.
    fn site(
        &mut self,
        name: &str,
        rule: impl FnOnce(Site, &Scene<'_>) -> Result<Site, Refused>,
    ) -> Result<(), Refused> {
        let key = keys::trial_site(&self.id, name);
        let site = self.draft.get(&key).unwrap_or_default();
        let site = rule(site, &self.scene)?;
        self.draft.put(key, &site);
        Ok(())
    }

    fn participant(
        &mut self,
        who: &Digest,
        rule: impl FnOnce(Participant, &Scene<'_>) -> Result<Participant, Refused>,
    ) -> Result<(), Refused> {
        self.trial()?;
        let key = keys::trial_participant(&self.id, who);
        let known: Option<Participant> = self.draft.get(&key);
        let known = known.ok_or(Refused::Participant { enrolled: false })?;
        let participant = rule(known, &self.scene)?;
        self.draft.put(key, &participant);
        Ok(())
    }

    fn enrol(&mut self, version: u32, enrolment: &Enrolment) -> Result<(), Refused> {
        if self.minimises() {
            return Err(Refused::Design { minimises: true });
        }
        let place = keys::trial_participant(&self.id, &enrolment.participant);
        let here = keys::trial_site(&self.id, self.scene.sender);
        let known = self.draft.has(&place);
        let site = self.draft.get(&here).unwrap_or_default();
        let (trial, site, slot, participant) = acts::enrol(
            (&self.trial()?, site, known),
            &self.scene,
            (version, enrolment),
        )?;
        let at = (enrolment.stratum, enrolment.slot);
        let key = keys::trial_slot(&self.id, self.scene.sender, at);
        self.draft.put(key, &slot);
        self.draft.put(place, &participant);
        self.draft.put(here, &site);
        self.put_trial(&trial);
        Ok(())
    }

    fn open(&mut self, name: &str, leaf: &Opened) -> Result<(), Refused> {
        if self.trial()?.sponsor != self.scene.sender {
            return Err(Refused::Party(acts::Role::Sponsor));
        }
        let site: Option<Site> = self.draft.get(&keys::trial_site(&self.id, name));
        let site = site.ok_or(Refused::Before(Step::List))?;
        let key = keys::trial_slot(&self.id, name, (leaf.stratum, leaf.slot));
        let slot: Option<Slot> = self.draft.get(&key);
        self.draft.put(key, &acts::open(&site, slot, leaf)?);
        Ok(())
    }

    fn confirm(&mut self, number: u32) -> Result<(), Refused> {
        let trial = self.trial()?;
        let known: Option<Decided> = self.draft.get(&keys::trial_decision(&self.id, number));
        let next = trial.decisions.saturating_add(1);
        let known = known.ok_or(Refused::Decision(next))?;
        let (trial, decided) = acts::confirm((&trial, known), &self.scene, number)?;
        self.decided(number, &trial, &decided);
        Ok(())
    }

    fn decided(&mut self, number: u32, trial: &Trial, decided: &Decided) {
        let key = keys::trial_decision(&self.id, number);
        self.draft.put(key, decided);
        self.put_trial(trial);
    }
}
