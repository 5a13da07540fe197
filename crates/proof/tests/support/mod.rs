//! A small ledger made by hand: four validators, a history, one batch with events.
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

pub mod frozen;
pub mod states;

use proof::batch::Tree;
use proof::checkpoint::{Checkpoint, cosigner, origin};
use proof::codec::Canonical;
use proof::event::{Action, Event, RecordVersion, record_digest};
use proof::note::{Line, Note};
use proof::policy::{self, Policy};
use proof::receipt::{self, Opening, Receipt};
use proof::transaction::{Batch, Entry, Header, KIND_BATCH, Transaction};
use proof::tree::{inclusion_path, leaf_hash, root};
use proof::{CommitmentKey, Digest, SecretKey, commit, cosignature, hash};

/// The record of the receipt, compact.
pub const RECORD: &[u8] = concat!(
    r#"{"resourceType":"Observation","id":"obs-1","meta":{"versionId":"2"},"#,
    r#""status":"final","valueQuantity":{"value":1.50,"unit":"mg"}}"#
)
.as_bytes();
/// The validators, in the order of their names.
pub const MEMBERS: [&str; 4] = ["city-lab", "harbour-pharmacy", "north-clinic", "st-mary"];
/// When everything happens, in seconds since 1970.
pub const TIME_S: u64 = 1_795_424_400;

/// What a receipt is made of, to be changed before it is built.
pub struct World {
    /// The ledger.
    pub chain: Digest,
    /// The checkpoint keys of the validators.
    pub keys: Vec<SecretKey>,
    /// The transaction key of `st-mary`.
    pub sender: SecretKey,
    /// The event.
    pub event: Event,
    /// The key of its commitment.
    pub key: CommitmentKey,
    /// All commitments of the batch.
    pub commitments: Vec<Digest>,
    /// Which of them is the event's.
    pub place: usize,
    /// The entry of the batch transaction.
    pub entry: Entry,
    /// Its index in the history.
    pub index: usize,
    /// The leaf hashes of the history.
    pub history: Vec<Digest>,
}

/// A world with a batch of five events in a history of eleven entries.
pub fn world() -> World {
    sized(5, 3, 11, 6)
}

/// A world with that many commitments, the event at that place, that many entries, the batch
/// at that index.
pub fn sized(events: usize, place: usize, entries: usize, index: usize) -> World {
    let chain = hash("test/chain", &[]);
    let event = Event::RecordVersion(RecordVersion {
        organisation: "st-mary".to_owned(),
        record_type: "Observation".to_owned(),
        record_id: "obs-1".to_owned(),
        version: 2,
        time_us: TIME_S * 1_000_000,
        action: Action::Update,
        body: record_digest(RECORD).unwrap(),
    });
    let key = CommitmentKey([0x42; 32]);
    let number = |it: usize| (it as u64).to_be_bytes();
    let mut commitments: Vec<_> = (0..events)
        .map(|it| hash("test/commitment", &[&number(it)]))
        .collect();
    commitments[place] = commit(&key, &event.digest());
    let sender = SecretKey::from_seed(&[0x53; 32]);
    let batch = Batch {
        sequence: 9,
        previous: hash("test/previous", &[]),
        root: Tree::new(&[0x0b; 32], &commitments).root(),
    };
    let header = Header {
        kind: KIND_BATCH,
        chain,
        sender: sender.public(),
        sequence: 9,
        expires: 90,
    };
    let transaction = Transaction::sign(header, batch.to_bytes(), &sender);
    let entry = Entry {
        height: 77,
        time_ms: TIME_S * 1_000 + 500,
        organisation: "st-mary".to_owned(),
        transaction,
    };
    let mut history: Vec<_> = (0..entries).map(|it| leaf_hash(&number(it))).collect();
    history[index] = leaf_hash(&entry.to_bytes());
    let keys = (1..=4).map(|it| SecretKey::from_seed(&[it; 32])).collect();
    World {
        chain,
        keys,
        sender,
        event,
        key,
        commitments,
        place,
        entry,
        index,
        history,
    }
}

impl World {
    /// The origin of the history.
    pub fn origin(&self) -> String {
        origin(&self.chain)
    }

    /// Puts another entry in the place of the batch.
    pub fn put_entry(&mut self, entry: Entry) {
        self.history[self.index] = leaf_hash(&entry.to_bytes());
        self.entry = entry;
    }

    /// The entry with another header or body, signed again.
    pub fn resigned(&self, change: impl Fn(&mut Header, &mut Vec<u8>)) -> Entry {
        let mut transaction = self.entry.transaction.clone();
        change(&mut transaction.header, &mut transaction.body);
        let transaction = Transaction::sign(transaction.header, transaction.body, &self.sender);
        Entry {
            transaction,
            ..self.entry.clone()
        }
    }

    /// The checkpoint of the whole history.
    pub fn checkpoint(&self) -> Checkpoint {
        let size = self.history.len() as u64;
        Checkpoint {
            origin: self.origin(),
            size,
            root: root(&self.history),
        }
    }

    /// The checkpoint signed by the log key of a member, with the cosignatures of members.
    pub fn note(&self, log: usize, cosigners: &[usize]) -> Note {
        let checkpoint = self.checkpoint();
        let text = checkpoint.to_string();
        let mut lines = vec![Line::sign(&text, &checkpoint.origin, &self.keys[log])];
        lines.extend(cosigners.iter().map(|it| {
            let name = cosigner(&checkpoint.origin, MEMBERS[*it]);
            cosignature::cosign(&checkpoint, &name, &self.keys[*it], TIME_S + *it as u64)
        }));
        Note { text, lines }
    }

    /// The receipt, with the log line of `st-mary` and those cosignatures.
    pub fn receipt(&self, cosigners: &[usize]) -> Receipt {
        Receipt {
            opening: Opening {
                event: self.event.clone(),
                key: self.key.clone(),
                path: Tree::new(&[0x0b; 32], &self.commitments)
                    .path(self.place)
                    .unwrap(),
                entry: self.entry.to_bytes(),
            },
            index: self.index as u64,
            path: inclusion_path(&self.history, self.index as u64).unwrap(),
            checkpoint: self.note(3, cosigners),
        }
    }

    /// The text of the receipt with three cosignatures.
    pub fn text(&self) -> String {
        receipt::build(&self.receipt(&[0, 1, 3]))
    }

    /// The trust file of the four validators.
    pub fn policy_text(&self) -> String {
        let validators: Vec<_> = MEMBERS
            .into_iter()
            .zip(self.keys.iter().map(SecretKey::public))
            .collect();
        let members: Vec<_> = validators.iter().map(|(_, key)| *key).collect();
        policy::render(&self.origin(), &members, &validators).unwrap()
    }

    /// The trust file, read.
    pub fn policy(&self) -> Policy {
        Policy::parse(self.policy_text().as_bytes()).unwrap()
    }
}
