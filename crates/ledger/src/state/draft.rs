//! The state while a block is executed: what one transaction changes is kept apart until the
//! transaction is accepted.

use std::collections::BTreeMap;

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::map::Map;
use proof::{Digest, PublicKey};

use super::keys;
use super::owner::{KeyOwner, KeyUse};
use crate::genesis::ORGANISATIONS_MAX;
use crate::{OrgId, Organisation, Service};

/// The most open proposals of one organisation.
pub(crate) const PROPOSALS_EACH: usize = 4;

/// The most open proposals of all, those of former members among them: one that joins and
/// leaves needs a vote each time, so this bound is never reached.
const PROPOSALS_MAX: usize = 4 * PROPOSALS_EACH * ORGANISATIONS_MAX;

/// Keys and their new values; none for those that are removed.
pub(crate) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A map with the changes of the block and those of the current transaction.
pub(crate) struct Draft {
    map: Map,
    block: Changes,
    transaction: Changes,
}

impl Draft {
    pub(crate) fn new(map: Map) -> Self {
        Self {
            map,
            block: Changes::new(),
            transaction: Changes::new(),
        }
    }

    /// The value of a key as the transaction sees it. Every value was written by us, so one
    /// that does not decode is not there.
    pub(crate) fn get<T: Canonical>(&self, key: &[u8]) -> Option<T> {
        let bytes = match self.transaction.get(key) {
            Some(changed) => changed.as_deref(),
            None => self.map.get(key),
        };
        T::from_bytes(bytes?).ok()
    }

    /// Whether a key has a value.
    pub(crate) fn has(&self, key: &[u8]) -> bool {
        match self.transaction.get(key) {
            Some(changed) => changed.is_some(),
            None => self.map.get(key).is_some(),
        }
    }

    pub(crate) fn put<T: Canonical>(&mut self, key: Vec<u8>, value: &T) {
        self.transaction.insert(key, Some(value.to_bytes()));
    }

    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.transaction.insert(key, None);
    }

    /// Keeps what the transaction changed.
    pub(crate) fn accept(&mut self) {
        let changes = std::mem::take(&mut self.transaction);
        let borrowed = changes.iter();
        self.map
            .change(borrowed.map(|(key, value)| (key.as_slice(), value.as_deref())));
        // Two large ones are merged in one pass; a small one is put in piece by piece.
        if changes.len() > self.block.len() / 8 {
            let mut changes = changes;
            self.block.append(&mut changes);
        } else {
            self.block.extend(changes);
        }
    }

    /// Forgets what the transaction changed.
    pub(crate) fn refuse(&mut self) {
        self.transaction.clear();
    }

    /// The root of the state before the current transaction.
    pub(crate) fn root(&self) -> Digest {
        self.map.root()
    }

    /// The map and all changes of the block.
    pub(crate) fn into_parts(self) -> (Map, Changes) {
        (self.map, self.block)
    }

    /// The ids of the members, in order.
    pub(crate) fn members(&self) -> Vec<OrgId> {
        self.get::<Members>(&keys::members()).unwrap_or_default().0
    }

    fn put_members(&mut self, members: Vec<OrgId>) {
        self.put(keys::members(), &Members(members));
    }

    /// The ids of the open proposals, in order.
    pub(crate) fn open_proposals(&self) -> Vec<Digest> {
        self.get::<Open>(&keys::open_proposals())
            .unwrap_or_default()
            .0
    }

    pub(crate) fn put_open_proposals(&mut self, mut ids: Vec<Digest>) {
        ids.sort_unstable();
        self.put(keys::open_proposals(), &Open(ids));
    }

    /// Adds a member whose keys are free.
    pub(crate) fn admit(&mut self, organisation: &Organisation) {
        let mut members = self.members();
        if let Err(place) = members.binary_search(&organisation.id) {
            members.insert(place, organisation.id.clone());
        }
        self.put_members(members);
        self.put(keys::organisation(&organisation.id), organisation);
        self.own(
            organisation,
            organisation.transaction_key,
            KeyUse::Transaction,
        );
        self.own(organisation, organisation.node_key, KeyUse::Node);
        self.own(
            organisation,
            organisation.checkpoint_key,
            KeyUse::Checkpoint,
        );
    }

    /// Removes a member with its service record and retires its keys.
    pub(crate) fn dismiss(&mut self, organisation: &Organisation) {
        let mut members = self.members();
        members.retain(|id| *id != organisation.id);
        self.put_members(members);
        self.remove(keys::organisation(&organisation.id));
        self.remove(keys::partner(&organisation.id));
        for key in organisation_keys(organisation) {
            self.own(organisation, key, KeyUse::Retired);
        }
        let service = keys::service(&organisation.id);
        if let Some(Service {
            tls_key,
            credential_key,
            ..
        }) = self.get(&service)
        {
            self.own(organisation, tls_key, KeyUse::Retired);
            self.own(organisation, credential_key, KeyUse::Retired);
            self.remove(service);
        }
    }

    /// Says what a key of the organisation is for.
    pub(crate) fn own(&mut self, organisation: &Organisation, key: PublicKey, usage: KeyUse) {
        let owner = KeyOwner {
            organisation: organisation.id.clone(),
            usage,
        };
        self.put(keys::key(&key), &owner);
    }

    pub(crate) fn owner(&self, key: &PublicKey) -> Option<KeyOwner> {
        self.get(&keys::key(key))
    }
}

pub(crate) fn organisation_keys(organisation: &Organisation) -> [PublicKey; 3] {
    [
        organisation.transaction_key,
        organisation.node_key,
        organisation.checkpoint_key,
    ]
}

/// The last sequence of a key.
#[derive(Default)]
pub(crate) struct Counter(pub(crate) u64);

impl Canonical for Counter {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.u64().map(Self)
    }
}

/// The last batch of an organisation.
#[derive(Default)]
pub(crate) struct BatchHead {
    pub(crate) sequence: u64,
    pub(crate) root: Digest,
}

impl Canonical for BatchHead {
    fn write(&self, writer: &mut Writer) {
        writer.u64(self.sequence);
        self.root.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            sequence: reader.u64()?,
            root: Digest::read(reader)?,
        })
    }
}

#[derive(Default)]
struct Members(Vec<OrgId>);

impl Canonical for Members {
    fn write(&self, writer: &mut Writer) {
        writer.list(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.list(ORGANISATIONS_MAX).map(Self)
    }
}

#[derive(Default)]
struct Open(Vec<Digest>);

impl Canonical for Open {
    fn write(&self, writer: &mut Writer) {
        writer.list(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.list(PROPOSALS_MAX).map(Self)
    }
}
