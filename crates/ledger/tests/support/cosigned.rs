//! A ledger whose validators cosign what happened, so that a stranger can check it.

use ledger::evidence::{Evidence, EvidenceKind, Release, content, part_of};
use ledger::{Kind, keys};
use proof::checkpoint::{Checkpoint, cosigner, origin};
use proof::codec::Canonical;
use proof::cosignature;
use proof::note::{Line, Note};
use proof::policy::{self, Policy};
use proof::receipt::{EntryReceipt, build_entry};
use proof::state::{self, StateProof};
use proof::transaction::{Batch, Header, KIND_BATCH, Transaction};
use proof::tree::{inclusion_path, leaf_hash, root};
use proof::{Digest, PublicKey, SecretKey, Signature, hash, sha256};

use super::{Network, acts, id, key};

/// The validators, in the order of their names.
pub const MEMBERS: [&str; 4] = ["city-lab", "harbour-pharmacy", "north-clinic", "st-mary"];
/// The custodian of the grant.
pub const CUSTODIAN: &str = "st-mary";
/// When validators sign, in seconds since 1970.
const TIME_S: u64 = 1_795_424_500;

/// The blocks of a small ledger with a grant that was revoked.
pub struct Ledger {
    /// The state after the last block.
    pub network: Network,
    /// The entries of the history.
    pub entries: Vec<Vec<u8>>,
    /// The grant.
    pub grant: Digest,
    /// The block that revoked it.
    pub revoked: u64,
}

impl Ledger {
    /// A batch of everybody, a grant, its revocation, and batches again.
    pub fn new() -> Self {
        Self::with(acts::number(1))
    }

    /// The same with another grant: a fork.
    pub fn with(grant: Digest) -> Self {
        let mut ledger = Self {
            network: Network::new(&MEMBERS),
            entries: Vec::new(),
            grant,
            revoked: 0,
        };
        ledger.batches();
        let body = acts::grant(&ledger.network.chain, CUSTODIAN, grant);
        ledger.act(CUSTODIAN, Kind::Grant, &body);
        ledger.network.wait(2);
        let chain = ledger.network.chain;
        let body = consent::acts::Revoke::sign(&chain, grant, &acts::authority(&grant));
        ledger.act(CUSTODIAN, Kind::Revoke, &body);
        ledger.revoked = ledger.network.state.height();
        ledger
    }

    /// One batch of each member, in one block.
    pub fn batches(&mut self) {
        for name in MEMBERS {
            let batch = self.network.batch(name);
            self.act(name, Kind::Batch, &batch);
        }
    }

    /// One transaction in a block of its own; it must be accepted.
    pub fn act(&mut self, name: &str, kind: Kind, body: &impl Canonical) {
        let transaction = self.network.transaction(name, kind, body);
        let executed = self.network.execute(&[transaction]);
        assert!(executed.outcomes[0].is_ok(), "{:?}", executed.outcomes);
        self.entries.extend(executed.entries);
    }

    /// The trust file.
    pub fn trust(&self) -> String {
        let members = MEMBERS.map(|name| (name, key(name, "checkpoint").public()));
        let logs = members.map(|(_, key)| key);
        policy::render(&origin(&self.network.chain), &logs, &members).unwrap()
    }

    /// The same, read.
    pub fn policy(&self) -> Policy {
        Policy::parse(self.trust().as_bytes()).unwrap()
    }

    /// A checkpoint cosigned by these members.
    pub fn cosigned(&self, checkpoint: &Checkpoint, members: &[&str]) -> Note {
        let line = |name: &&str| {
            let cosigner = cosigner(&origin(&self.network.chain), name);
            cosignature::cosign(checkpoint, &cosigner, &key(name, "checkpoint"), TIME_S)
        };
        Note {
            text: checkpoint.to_string(),
            lines: members.iter().map(line).collect(),
        }
    }

    /// What the state says about a key.
    pub fn state_proof(&self, key: &[u8]) -> String {
        let state = &self.network.state;
        let checkpoint = Checkpoint {
            origin: state::origin(&origin(&self.network.chain)),
            size: state.height(),
            root: state.root(),
        };
        state::build(&StateProof {
            key: key.to_vec(),
            proof: state.prove(key),
            checkpoint: self.cosigned(&checkpoint, &MEMBERS[..3]),
        })
    }

    /// The receipt of an entry.
    pub fn receipt(&self, index: u64) -> String {
        let leaves: Vec<_> = self.entries.iter().map(|it| leaf_hash(it)).collect();
        let checkpoint = Checkpoint {
            origin: origin(&self.network.chain),
            size: leaves.len() as u64,
            root: root(&leaves),
        };
        let mut note = self.cosigned(&checkpoint, &MEMBERS[..3]);
        let log = key(CUSTODIAN, "checkpoint");
        let line = Line::sign(&note.text, &checkpoint.origin, &log);
        note.lines.insert(0, line);
        build_entry(&EntryReceipt {
            entry: self.entries[usize::try_from(index).unwrap()].clone(),
            index,
            path: inclusion_path(&leaves, index).unwrap(),
            checkpoint: note,
        })
    }

    /// What the custodian states of a release on a state, not signed.
    pub fn release(&self, height: u64) -> Release {
        Release {
            chain: self.network.chain,
            pass: self.grant,
            custodian: id(CUSTODIAN),
            recipient: id("north-clinic"),
            height,
            time_ms: 1_795_424_500_000,
            disclosure: hash("test/disclosure", &[]),
            records: 2,
            content: content([b"one".as_slice(), b"two"]),
            signer: PublicKey([0; 32]),
            signature: Signature([0; 64]),
        }
    }

    /// The evidence of a release that this key signed.
    pub fn released(&self, release: Release, signer: &SecretKey) -> Evidence {
        let release = release.sign(signer);
        Evidence {
            kind: EvidenceKind::ReleaseAfterRevocation,
            parts: vec![
                self.state_proof(&keys::grant(&release.pass)),
                self.state_proof(&keys::key(&release.signer)),
                part_of(&release.to_bytes()),
            ],
        }
    }

    /// The evidence of a release on a state, by the custodian.
    pub fn released_at(&self, height: u64) -> Evidence {
        self.released(self.release(height), &key(CUSTODIAN, "transaction"))
    }

    /// The evidence of another batch of the custodian beside its first one, which is entry 3.
    pub fn forked(&self, other: &Batch, signer: &SecretKey) -> Evidence {
        let header = Header {
            kind: KIND_BATCH,
            chain: self.network.chain,
            sender: signer.public(),
            sequence: 40,
            expires: 99,
        };
        let transaction = Transaction::sign(header, other.to_bytes(), signer);
        Evidence {
            kind: EvidenceKind::BatchFork,
            parts: vec![self.receipt(3), part_of(&transaction.to_bytes())],
        }
    }

    /// The evidence of two entries in one place of two ledgers.
    pub fn entries(&self, other: &Self, index: u64) -> Evidence {
        let mut both = [self, other].map(|it| {
            let place = usize::try_from(index).unwrap();
            (it.entries[place].clone(), it.receipt(index))
        });
        both.sort();
        Evidence {
            kind: EvidenceKind::TwoEntries,
            parts: both.map(|(_, receipt)| receipt).to_vec(),
        }
    }

    /// The evidence of two roots of one number, each cosigned by these members.
    pub fn two(&self, origin: &str, members: &[&str]) -> Evidence {
        let mut roots = [sha256(b"one"), sha256(b"other")];
        roots.sort_unstable();
        let note = |root| {
            let checkpoint = Checkpoint {
                origin: origin.to_owned(),
                size: 7,
                root,
            };
            self.cosigned(&checkpoint, members).to_string()
        };
        Evidence {
            kind: EvidenceKind::TwoHistories,
            parts: roots.map(note).to_vec(),
        }
    }
}
