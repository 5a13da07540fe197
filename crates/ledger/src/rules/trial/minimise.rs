//! Alternative 15 of kind 48: a trial that allocates by minimisation.

use trial::acts::{
    self, Allocated, Entrant, Minimisation, Minimise, Participant, Place, Refused, Showing, Site,
    Step,
};

use super::Stage;
use crate::state::keys;

impl Stage<'_> {
    pub(super) fn minimise(&mut self, act: &Minimise) -> Result<(), Refused> {
        match act {
            Minimise::Bind {
                allocator,
                key,
                design,
            } => {
                let known = self.minimises();
                let bound = (allocator.as_str(), *key, design);
                let bound = acts::bind((&self.trial()?, known), &self.scene, bound)?;
                self.draft.put(keys::trial_minimisation(&self.id), &bound);
                Ok(())
            }
            Minimise::Mix { chance } => {
                let (trial, known, site) = (self.trial()?, self.minimisation()?, self.here());
                let root = self.draft.root();
                let known = (&trial, &site, known);
                let mixed = acts::mix(known, &self.scene, (*chance, root))?;
                self.draft.put(keys::trial_minimisation(&self.id), &mixed);
                Ok(())
            }
            Minimise::Enter {
                version,
                participants,
            } => participants
                .iter()
                .try_for_each(|one| self.enter(*version, one)),
            Minimise::Allocate { shares } => shares.iter().try_for_each(|one| self.allocate(one)),
            Minimise::Show { shares } => shares.iter().try_for_each(|one| self.show(one)),
        }
    }

    /// Whether a design of minimisation was bound.
    pub(super) fn minimises(&self) -> bool {
        self.draft.has(&keys::trial_minimisation(&self.id))
    }

    fn minimisation(&self) -> Result<Minimisation, Refused> {
        let known = self.draft.get(&keys::trial_minimisation(&self.id));
        known.ok_or(Refused::Before(Step::Binding))
    }

    /// What is kept of the sender as a site.
    fn here(&self) -> Site {
        let key = keys::trial_site(&self.id, self.scene.sender);
        self.draft.get(&key).unwrap_or_default()
    }

    fn enter(&mut self, version: u32, entrant: &Entrant) -> Result<(), Refused> {
        let (trial, minimisation, site) = (self.trial()?, self.minimisation()?, self.here());
        let at = keys::trial_participant(&self.id, &entrant.participant);
        let number = trial.enrolled;
        let known = (&trial, &site, &minimisation, self.draft.has(&at));
        let entered = acts::enter(known, &self.scene, (version, entrant))?;
        let (trial, place, participant) = entered;
        self.draft
            .put(keys::trial_minimised(&self.id, number), &place);
        self.draft.put(at, &participant);
        self.put_trial(&trial);
        Ok(())
    }

    fn allocate(&mut self, one: &Allocated) -> Result<(), Refused> {
        let known = (&self.trial()?, &self.minimisation()?);
        let key = keys::trial_minimised(&self.id, one.number);
        let place = acts::allocate(known, &self.scene, (self.draft.get(&key), one.commitment))?;
        self.draft.put(key, &place);
        Ok(())
    }

    fn show(&mut self, one: &Showing) -> Result<(), Refused> {
        let (trial, minimisation) = (self.trial()?, self.minimisation()?);
        let key = keys::trial_minimised(&self.id, one.number);
        let place: Option<Place> = self.draft.get(&key);
        let place = place.ok_or(Refused::Before(Step::Enrolment))?;
        let who = keys::trial_participant(&self.id, &place.participant);
        let who: Option<Participant> = self.draft.get(&who);
        let who = who.ok_or(Refused::Participant { enrolled: false })?;
        let known = (&self.id, &trial, &minimisation);
        let shown = (one.number, who.site.as_str(), place, &one.shown);
        let place = acts::show(known, &self.scene, shown)?;
        self.draft.put(key, &place);
        Ok(())
    }
}
