//! What the state says about trials.

use proof::Digest;
use trial::acts::{
    Decided, Minimisation, Participant, Place, Reported, Site, Slot, Trial, Version,
};

use super::{State, keys};

impl State {
    /// A trial.
    pub fn trial(&self, id: &Digest) -> Option<Trial> {
        self.get(&keys::trial(id))
    }

    /// A version of its protocol, from 1.
    pub fn trial_version(&self, id: &Digest, version: u32) -> Option<Version> {
        self.get(&keys::trial_version(id, version))
    }

    /// What a site has done so far; nothing, if nothing.
    pub fn trial_site(&self, id: &Digest, site: &str) -> Site {
        self.get(&keys::trial_site(id, site)).unwrap_or_default()
    }

    /// A used slot of a site's list: stratum and slot.
    pub fn trial_slot(&self, id: &Digest, site: &str, at: (u16, u32)) -> Option<Slot> {
        self.get(&keys::trial_slot(id, site, at))
    }

    /// A participant, by pseudonym.
    pub fn trial_participant(&self, id: &Digest, participant: &Digest) -> Option<Participant> {
        self.get(&keys::trial_participant(id, participant))
    }

    /// Who minimises, and how; none: it has lists.
    pub fn trial_minimisation(&self, id: &Digest) -> Option<Minimisation> {
        self.get(&keys::trial_minimisation(id))
    }

    /// The allocation of a participant by minimisation, by the running number, from 0.
    pub fn trial_minimised(&self, id: &Digest, number: u32) -> Option<Place> {
        self.get(&keys::trial_minimised(id, number))
    }

    /// A decision, from 1.
    pub fn trial_decision(&self, id: &Digest, number: u32) -> Option<Decided> {
        self.get(&keys::trial_decision(id, number))
    }

    /// A report, from 1.
    pub fn trial_report(&self, id: &Digest, number: u32) -> Option<Reported> {
        self.get(&keys::trial_report(id, number))
    }
}
