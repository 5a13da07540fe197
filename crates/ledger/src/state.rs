//! The state of the ledger after a block.

mod consent;
pub(crate) mod draft;
pub mod keys;
mod owner;
mod supply;
mod trial;

pub use owner::{KeyOwner, KeyUse};

use proof::codec::Canonical;
use proof::map::{Map, MapProof};
use proof::tree::Frontier;
use proof::{Digest, PublicKey};
use thiserror::Error;

use crate::{Genesis, OpenProposal, OrgId, Organisation, Parameters, Service};
use draft::Draft;

/// The state: an authenticated map and the frontier of the history. A clone costs little.
///
/// `docs/reference/ledger.md` lists the keys of the map.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) height: u64,
    pub(crate) map: Map,
    pub(crate) history: Frontier,
}

/// Entries that are not those of a state.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum StateError {
    /// What every state has is missing or malformed.
    #[error("the entries lack `{0}`, or it is damaged")]
    Damaged(&'static str),
}

impl State {
    /// The state before the first block.
    pub fn genesis(genesis: &Genesis) -> Self {
        let mut draft = Draft::new(Map::new());
        draft.put(keys::chain(), &genesis.chain_id());
        draft.put(keys::parameters(), &genesis.parameters);
        for organisation in &genesis.organisations {
            draft.admit(organisation);
        }
        draft.accept();
        Self {
            height: 0,
            map: draft.into_parts().0,
            history: Frontier::new(),
        }
    }

    /// The state after block `height`, from all entries of its map.
    pub fn restore<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        height: u64,
        entries: impl IntoIterator<Item = (K, V)>,
        history: Frontier,
    ) -> Result<Self, StateError> {
        let mut map = Map::new();
        for (key, value) in entries {
            map.insert(key.as_ref(), value.as_ref());
        }
        let state = Self {
            height,
            map,
            history,
        };
        let draft = state.draft();
        draft
            .get::<Digest>(&keys::chain())
            .ok_or(StateError::Damaged("chain"))?;
        draft
            .get::<Parameters>(&keys::parameters())
            .ok_or(StateError::Damaged("parameters"))?;
        Ok(state)
    }

    fn draft(&self) -> Draft {
        Draft::new(self.map.clone())
    }

    fn get<T: Canonical>(&self, key: &[u8]) -> Option<T> {
        T::from_bytes(self.map.get(key)?).ok()
    }

    /// The height of the last block.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The root of the map.
    pub fn root(&self) -> Digest {
        self.map.root()
    }

    /// The history of accepted transactions.
    pub fn history(&self) -> &Frontier {
        &self.history
    }

    /// The id of the ledger.
    pub fn chain_id(&self) -> Digest {
        self.get(&keys::chain()).unwrap_or_default()
    }

    /// The parameters in force.
    pub fn parameters(&self) -> Parameters {
        self.get(&keys::parameters()).unwrap_or_default()
    }

    /// The members, in the order of their ids.
    pub fn organisations(&self) -> Vec<Organisation> {
        let ids = self.draft().members();
        ids.iter().filter_map(|id| self.organisation(id)).collect()
    }

    /// A member.
    pub fn organisation(&self, id: &OrgId) -> Option<Organisation> {
        self.get(&keys::organisation(id))
    }

    /// The members that take part in consensus from the next epoch on, in the order of ids.
    pub fn validators(&self) -> Vec<Organisation> {
        self.organisations()
            .into_iter()
            .filter(|it| it.validator)
            .collect()
    }

    /// Whose a key is or was, and what for.
    pub fn key_owner(&self, key: &PublicKey) -> Option<KeyOwner> {
        self.get(&keys::key(key))
    }

    /// The last sequence accepted from a key; the next is one more.
    pub fn sequence(&self, key: &PublicKey) -> u64 {
        self.get::<draft::Counter>(&keys::sequence(key))
            .unwrap_or_default()
            .0
    }

    /// Sequence and root of the last batch of an organisation; 0 and zeroes before the first.
    pub fn batch_head(&self, id: &OrgId) -> (u64, Digest) {
        let head = self
            .get::<draft::BatchHead>(&keys::batch(id))
            .unwrap_or_default();
        (head.sequence, head.root)
    }

    /// How the peers of a member reach it, once it has announced itself.
    pub fn service(&self, id: &OrgId) -> Option<Service> {
        self.get(&keys::service(id))
    }

    /// The proposals that can still be voted on in the next block, by id.
    pub fn proposals(&self) -> Vec<(Digest, OpenProposal)> {
        let ids = self.draft().open_proposals();
        let open = |id: Digest| Some((id, self.get::<OpenProposal>(&keys::proposal(&id))?));
        let votable = |it: &(Digest, OpenProposal)| it.1.expires > self.height;
        ids.into_iter().filter_map(open).filter(votable).collect()
    }

    /// The proof of what the state says about a key of the map; see [`keys`].
    pub fn prove(&self, key: &[u8]) -> MapProof {
        self.map.prove(key)
    }

    /// All entries of the map, in the order of the hashes of their keys.
    pub fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.map.iter()
    }
}
