//! This node's hand at the lists: bound, drawn, sealed, and opened slot by slot, all by itself.

use proof::Digest;
use trial::acts::{Act, OPENED_MAX, Opened, Site, Trial, Which};
use trial::allocation::{Design, Draw, Half, commitment};

use super::kept::KeptVersion;
use super::protocol::sites;
use crate::error::HospitalError;
use crate::setup::Hospital;

impl Hospital {
    /// Waits until there is something to pursue in trials.
    pub async fn trials_wanted(&self) {
        self.0.trials_wanted.notified().await;
    }

    /// Does what this node has to do by itself in the trials that it knows.
    pub async fn pursue_trials(&self) -> Result<(), HospitalError> {
        for kept in self.kept_versions().await? {
            self.tell_trial(&kept).await?;
            let Ok(id) = kept.trial.parse::<Digest>() else {
                continue;
            };
            let state = self.0.chain.state();
            let Some(trial) = state.trial(&id) else {
                continue;
            };
            if kept.version != trial.version || trial.lock.is_some() {
                continue;
            }
            if kept.protocol.minimisation.is_some() {
                if let Err(error) = self.pursue_minimisation((&id, &trial, &kept)).await {
                    tracing::info!(%error, "the minimisation of a trial waits");
                }
                continue;
            }
            let names: Vec<&str> = sites(&trial.parties).collect();
            for name in names {
                if let Err(error) = self.move_hand((&id, &trial, &kept), name).await {
                    tracing::info!(site = name, %error, "the list of a trial waits");
                }
            }
        }
        Ok(())
    }

    /// The next step of this node at the list of a site, if it has one there.
    async fn move_hand(
        &self,
        (id, trial, kept): (&Digest, &Trial, &KeptVersion),
        name: &str,
    ) -> Result<(), HospitalError> {
        let here = &self.0.organisation;
        let which = match () {
            () if *here == trial.sponsor => Which::Sponsor,
            () if here == name => Which::Site,
            () => return Ok(()),
        };
        let site = self.0.chain.state().trial_site(id, name);
        let hand = site.hand(which);
        if hand.commitment.is_none() {
            // The sponsor first, and only for a site that takes part.
            let is_time = match which {
                Which::Sponsor => site.accepted > 0,
                Which::Site => site.sponsor.commitment.is_some(),
            };
            if is_time {
                let secret = self.hand_secret(id, name).await?;
                let site = name.to_owned();
                let commitment = commitment(&secret);
                self.act_of_trial(id, Act::Contribute { site, commitment })
                    .await?;
                self.0.trials_wanted.notify_one();
            }
            return Ok(());
        }
        let design = kept.protocol.design()?;
        if hand.root.is_none() {
            let Some(half) = self.half((id, &design), (name, &site), which).await? else {
                return Ok(());
            };
            let list = Act::List {
                site: name.to_owned(),
                root: half.root(),
                strata: design.strata().to_vec(),
            };
            self.act_of_trial(id, list).await?;
            self.0.trials_wanted.notify_one();
            return Ok(());
        }
        if which == Which::Sponsor {
            self.open_slots((id, &design), (name, &site)).await?;
        }
        Ok(())
    }

    /// The secret of this node's hand at a list.
    pub(super) async fn hand_secret(
        &self,
        id: &Digest,
        name: &str,
    ) -> Result<Digest, HospitalError> {
        self.trial_secret(&format!("trial-hand-{id}-{name}")).await
    }

    /// This node's half of a list; `None`: nobody can draw it yet.
    pub(super) async fn half(
        &self,
        (id, design): (&Digest, &Design),
        (name, site): (&str, &Site),
        which: Which,
    ) -> Result<Option<Half>, HospitalError> {
        let Some(beacon) = site.beacon else {
            return Ok(None);
        };
        let secret = self.hand_secret(id, name).await?;
        Ok(Some(drawn((id, design), (name, &beacon), (&secret, which))))
    }

    /// Opens the sponsor's leaves of slots that are used now.
    async fn open_slots(
        &self,
        (id, design): (&Digest, &Design),
        (name, site): (&str, &Site),
    ) -> Result<(), HospitalError> {
        let state = self.0.chain.state();
        let used = (0u16..)
            .zip(&site.next)
            .flat_map(|(stratum, next)| (0..*next).map(move |slot| (stratum, slot)));
        let closed = used.filter(|at| {
            let slot = state.trial_slot(id, name, *at);
            slot.is_some_and(|it| it.position.is_none())
        });
        let closed: Vec<(u16, u32)> = closed.take(OPENED_MAX).collect();
        if closed.is_empty() {
            return Ok(());
        }
        let half = self
            .half((id, design), (name, site), Which::Sponsor)
            .await?;
        let Some(half) = half else {
            return Ok(());
        };
        let leaves = closed.into_iter().filter_map(|(stratum, slot)| {
            let (leaf, path) = half.open(stratum, slot)?;
            Some(Opened {
                stratum,
                slot,
                value: leaf.value,
                nonce: leaf.nonce,
                path,
            })
        });
        let open = Act::Open {
            site: name.to_owned(),
            leaves: leaves.collect(),
        };
        self.act_of_trial(id, open).await.map(|_| ())
    }
}

/// The half of a hand.
pub(super) fn drawn(
    (id, design): (&Digest, &Design),
    (name, beacon): (&str, &Digest),
    (secret, which): (&Digest, Which),
) -> Half {
    let draw = Draw {
        trial: id,
        site: name,
        beacon,
        secret,
    };
    match which {
        Which::Sponsor => draw.positions(design),
        Which::Site => draw.arms(design),
    }
}
