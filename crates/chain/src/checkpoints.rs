//! Checkpoints of the history and statements about the state that a quorum of validators cosigned.
//!
//! Each validator signs the number and root that its own engine finalised, and nothing else: a
//! checkpoint of somebody else is only ever compared, never signed. The lines travel in pulses
//! (`pulse.rs`).

use crate::engine::network::Key;
use ledger::OrgId;
use proof::{
    Digest, SecretKey,
    checkpoint::{self, Checkpoint},
    cosignature,
    note::{Algorithm, Line, Note, Vkey},
    policy::quorum,
};
use std::collections::BTreeMap;

/// Own checkpoints that are remembered, for lines that come late.
const REMEMBERED_MAX: usize = 256;
/// Lines of one member that are kept for checkpoints not reached here yet.
const EARLY_MAX: usize = 16;

/// A member organisation as a cosigner.
#[derive(Clone, Debug)]
pub(crate) struct Cosigner {
    pub(crate) organisation: OrgId,
    pub(crate) vkey: Vkey,
    /// Whether it is in the committee of the running epoch.
    pub(crate) validator: bool,
}

/// A cosignature as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cosigned {
    pub(crate) size: u64,
    pub(crate) root: Digest,
    pub(crate) line: Line,
}

struct Own {
    root: Digest,
    lines: BTreeMap<OrgId, Line>,
}

/// Collects cosignatures.
pub(crate) struct Checkpoints {
    origin: String,
    /// What the names of cosigners start with: the origin of the history.
    names: String,
    cosigners: BTreeMap<Key, Cosigner>,
    own: BTreeMap<u64, Own>,
    early: BTreeMap<OrgId, BTreeMap<u64, (Digest, Line)>>,
    /// Size and text of the latest one with a quorum.
    latest: Option<(u64, String)>,
}

impl Checkpoints {
    pub(crate) fn new(chain: &Digest, latest: Option<String>) -> Self {
        let latest = latest.and_then(|text| {
            let note: Note = text.parse().ok()?;
            Some((Checkpoint::of(&note).ok()?.size, text))
        });
        let origin = checkpoint::origin(chain);
        Self {
            names: origin.clone(),
            origin,
            cosigners: BTreeMap::new(),
            own: BTreeMap::new(),
            early: BTreeMap::new(),
            latest,
        }
    }

    /// Collects statements about the state: their number is a height, their root that of the state.
    pub(crate) fn of_state(chain: &Digest) -> Self {
        let history = Self::new(chain, None);
        Self {
            origin: proof::state::origin(&history.names),
            ..history
        }
    }

    /// The name and key of an organisation as a cosigner.
    pub(crate) fn vkey(&self, organisation: &OrgId, key: &proof::PublicKey) -> Option<Vkey> {
        let name = checkpoint::cosigner(&self.names, &organisation.to_string());
        Vkey::new(&name, Algorithm::Cosignature, *key).ok()
    }

    /// Replaces the table of members after a block that changed them.
    pub(crate) fn set_cosigners(&mut self, cosigners: BTreeMap<Key, Cosigner>) {
        self.cosigners = cosigners;
    }

    /// Size and text of the latest checkpoint that a quorum cosigned.
    pub(crate) fn latest(&self) -> Option<&(u64, String)> {
        self.latest.as_ref()
    }

    /// The largest remembered number that a member cosigned.
    pub(crate) fn cosigned_by(&self, organisation: &OrgId) -> Option<u64> {
        let early = self
            .early
            .get(organisation)
            .and_then(|it| it.keys().next_back());
        let mut own = self.own.iter().rev();
        let own = own.find(|(_, own)| own.lines.contains_key(organisation));
        early.copied().max(own.map(|(size, _)| *size))
    }

    fn checkpoint(&self, size: u64, root: Digest) -> Checkpoint {
        Checkpoint {
            origin: self.origin.clone(),
            size,
            root,
        }
    }

    /// Takes note of a history that this node finalised and returns its own cosignature.
    pub(crate) fn finalised(
        &mut self,
        size: u64,
        root: Digest,
        own: Option<(&OrgId, &SecretKey)>,
        time_s: u64,
    ) -> Option<Cosigned> {
        let mut lines = BTreeMap::new();
        for (organisation, early) in &mut self.early {
            if let Some((theirs, line)) = early.remove(&size)
                && theirs == root
            {
                lines.insert(organisation.clone(), line);
            }
            *early = early.split_off(&size);
        }
        let cosigned = own.map(|(organisation, key)| {
            let name = checkpoint::cosigner(&self.names, &organisation.to_string());
            let line = cosignature::cosign(&self.checkpoint(size, root), &name, key, time_s);
            lines.insert(organisation.clone(), line.clone());
            Cosigned { size, root, line }
        });
        self.own
            .entry(size)
            .or_insert(Own {
                root,
                lines: BTreeMap::new(),
            })
            .lines
            .extend(lines);
        while self.own.len() > REMEMBERED_MAX {
            self.own.pop_first();
        }
        cosigned
    }

    /// Takes a cosignature that a peer sent. False if it is not good: the peer misbehaves.
    pub(crate) fn heard(&mut self, peer: &Key, theirs: Cosigned) -> bool {
        let Some(cosigner) = self.cosigners.get(peer) else {
            return true;
        };
        let Cosigned { size, root, line } = theirs;
        let organisation = cosigner.organisation.clone();
        let known = self.own.get(&size);
        if known.is_some_and(|own| own.lines.contains_key(&organisation)) {
            return true;
        }
        let checkpoint = self.checkpoint(size, root);
        if cosignature::verify(&checkpoint, &cosigner.vkey, &line).is_err() {
            return false;
        }
        if let Some(own) = self.own.get_mut(&size) {
            if own.root == root {
                own.lines.insert(organisation, line);
            }
            return own.root == root;
        }
        let newest = self.own.last_key_value().map_or(0, |(size, _)| *size);
        if size > newest {
            let early = self.early.entry(organisation).or_default();
            early.insert(size, (root, line));
            while early.len() > EARLY_MAX {
                early.pop_first();
            }
        }
        true
    }

    /// The latest checkpoint that a quorum cosigned, if it is later than the last one told.
    pub(crate) fn advance(&mut self) -> Option<String> {
        let validators = self.cosigners.values().filter(|it| it.validator).count();
        let quorum = quorum(validators);
        let newest = self.latest.as_ref().map_or(0, |(size, _)| *size);
        for (size, own) in self.own.range(newest + 1..).rev() {
            let lines: Vec<Line> = self
                .cosigners
                .values()
                .filter(|it| it.validator)
                .filter_map(|it| own.lines.get(&it.organisation).cloned())
                .collect();
            if validators > 0 && lines.len() >= quorum {
                let text = self.checkpoint(*size, own.root).to_string();
                let note = Note { text, lines }.to_string();
                self.latest = Some((*size, note.clone()));
                return Some(note);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
