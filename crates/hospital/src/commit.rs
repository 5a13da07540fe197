//! Sealing drafts and storing them in one transaction, with a bounded number of new tries.

use std::collections::BTreeSet;

use store::{Guard, StoreError, Write};
use vault::VaultKey;

use crate::draft::Draft;
use crate::error::HospitalError;
use crate::keyring::WriteKeys;
use crate::setup::Hospital;

/// How often a write is tried again when others were faster.
pub(crate) const ATTEMPTS_MAX: usize = 32;

/// Bodies smaller than this are sealed where they are: waking a thread takes longer.
const SEAL_INLINE_BYTES: usize = 64 << 10;

/// Which part of the disk a write may use.
#[derive(Clone, Copy)]
enum Room {
    /// All but the reserve.
    Records,
    /// The reserve, too.
    Log,
}

impl Hospital {
    /// Seals and stores drafts, all or nothing. The inner error is the store's: the caller
    /// decides what a conflict means.
    pub(crate) async fn store_drafts(
        &self,
        drafts: Vec<Draft>,
        guards: &[Guard],
    ) -> Result<Result<(), StoreError>, HospitalError> {
        crate::own::refuse_drafts(&drafts)?;
        self.store_acted(drafts, guards).await
    }

    /// The same for an act whose records nobody else writes.
    pub(crate) async fn store_acted(
        &self,
        drafts: Vec<Draft>,
        guards: &[Guard],
    ) -> Result<Result<(), StoreError>, HospitalError> {
        crate::access_log::refuse_own(&drafts)?;
        let mut drafts = drafts;
        drafts.extend(self.drafted_events(&drafts)?);
        let changed = self.changed_by(&drafts);
        let stored = self.store_in(Room::Records, drafts, guards).await?;
        if stored.is_ok() {
            crate::access_log::events_stored();
            self.0.changes.tell(&changed);
        }
        Ok(stored)
    }

    /// The same without the gate: for the log of accesses itself. `changed` are the patients who
    /// are told.
    pub(crate) async fn store_own(
        &self,
        drafts: Vec<Draft>,
        changed: &BTreeSet<String>,
    ) -> Result<(), HospitalError> {
        self.store_in(Room::Log, drafts, &[]).await??;
        self.0.changes.tell(changed);
        Ok(())
    }

    async fn store_in(
        &self,
        room: Room,
        drafts: Vec<Draft>,
        guards: &[Guard],
    ) -> Result<Result<(), StoreError>, HospitalError> {
        let ids: BTreeSet<String> = drafts.iter().map(|draft| draft.vault.clone()).collect();
        let mut drafts = drafts;
        for _ in 0..ATTEMPTS_MAX {
            let keys = self.0.keyring.for_write(&self.0.store, &ids).await?;
            // Only a write that makes a key can find that another made it first.
            let spare = (!keys.made.is_empty()).then(|| drafts.clone());
            let write = self.seal(drafts, keys, guards.to_vec()).await?;
            let stored = match room {
                Room::Records => self.0.store.commit(write).await,
                Room::Log => self.0.store.commit_log(write).await,
            };
            match stored {
                Ok(_) => return Ok(Ok(())),
                Err(StoreError::VaultKeyExists(_)) if spare.is_some() => {
                    drafts = spare.unwrap_or_default();
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Err(HospitalError::Contended(
            "the vault key of the patient".into(),
        ))
    }

    /// The same for a record that tells of a change of identity: both or neither.
    pub(crate) async fn store_telling(
        &self,
        draft: Draft,
        change: store::Identity,
    ) -> Result<Result<(), StoreError>, HospitalError> {
        let ids = BTreeSet::from([draft.vault.clone()]);
        let changed = self.changed_by(std::slice::from_ref(&draft));
        for _ in 0..ATTEMPTS_MAX {
            let keys = self.0.keyring.for_write(&self.0.store, &ids).await?;
            let mut write = self.seal(vec![draft.clone()], keys, Vec::new()).await?;
            write.identity.push(change.clone());
            match self.0.store.commit(write).await {
                Ok(_) => {
                    self.0.changes.tell(&changed);
                    return Ok(Ok(()));
                }
                Err(StoreError::VaultKeyExists(_)) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        Err(HospitalError::Contended(
            "the vault key of the patient".into(),
        ))
    }

    async fn seal(
        &self,
        drafts: Vec<Draft>,
        keys: WriteKeys,
        guards: Vec<Guard>,
    ) -> Result<Write, HospitalError> {
        let mut work = Vec::with_capacity(drafts.len());
        let epcis = drafts.iter().filter_map(|it| it.epcis.clone()).collect();
        for draft in drafts {
            let key = keys.keys.get(&draft.vault).cloned();
            let missing = || HospitalError::Internal("a vault key was not made".into());
            work.push((draft, key.ok_or_else(missing)?));
        }
        let organisation = self.0.organisation.clone();
        let seal = move |(draft, key): (Draft, VaultKey)| draft.seal(&key, &organisation);
        let bytes = work
            .iter()
            .map(|(draft, _)| draft.body.len())
            .sum::<usize>();
        let puts: Result<Vec<_>, _> = if bytes < SEAL_INLINE_BYTES {
            work.into_iter().map(seal).collect()
        } else {
            self.0.cpu.map(work, seal).await?.into_iter().collect()
        };
        Ok(Write {
            puts: puts?,
            guards,
            vault_keys: keys.made,
            identity: Vec::new(),
            epcis,
        })
    }
}
