//! What an organisation did is read from the blocks: silences and forks, and nothing where there is
//! none.

use super::{Chain, Wanted};
use ledger::{
    BlockContext, BlockHeader, Checked, Executed, Genesis, Organisation, OrganisationKind,
    Parameters, State, execute,
};
use proof::codec::Canonical;
use proof::transaction::{Batch, Header, KIND_BATCH, Transaction};
use proof::{Digest, SecretKey, hash};

const INTERVAL_MS: u64 = 1_000;
const NAMES: [&str; 2] = ["city-lab", "st-mary"];
const SILENCE: u64 = 60;

fn key(name: &str, purpose: &str) -> SecretKey {
    SecretKey::from_seed(&hash("test/seed", &[name.as_bytes(), purpose.as_bytes()]).0)
}

/// Two organisations, and an audit of the second.
struct Scene {
    chain: Digest,
    state: State,
    time_ms: u64,
    audit: Chain,
    wanted: Wanted,
}

impl Scene {
    fn new() -> Self {
        let organisation = |name: &str| Organisation {
            id: name.parse().unwrap(),
            kind: OrganisationKind::Hospital,
            transaction_key: key(name, "transaction").public(),
            node_key: key(name, "node").public(),
            checkpoint_key: key(name, "checkpoint").public(),
            address: format!("{name}.example:9000"),
            validator: true,
        };
        let genesis = Genesis {
            time_ms: 1_795_424_400_000,
            parameters: Parameters {
                batch_interval_ms: INTERVAL_MS,
                ..Parameters::default()
            },
            organisations: NAMES.map(organisation).to_vec(),
        };
        Self {
            chain: genesis.chain_id(),
            state: State::genesis(&genesis),
            time_ms: genesis.time_ms,
            audit: Chain::new("st-mary".parse().unwrap(), SILENCE),
            wanted: Wanted::default(),
        }
    }

    fn batch(&self, name: &str) -> Batch {
        let (sequence, previous) = self.state.batch_head(&name.parse().unwrap());
        Batch {
            sequence: sequence + 1,
            previous,
            root: hash("test/root", &[name.as_bytes(), &sequence.to_be_bytes()]),
        }
    }

    fn signed(&self, name: &str, batch: &Batch) -> Transaction {
        let key = key(name, "transaction");
        let header = Header {
            kind: KIND_BATCH,
            chain: self.chain,
            sender: key.public(),
            sequence: self.state.sequence(&key.public()) + 1,
            expires: self.state.height() + 10,
        };
        Transaction::sign(header, batch.to_bytes(), &key)
    }

    /// A block of these transactions, an interval after the last one.
    fn block(&mut self, transactions: &[Transaction]) -> Executed {
        self.time_ms += INTERVAL_MS;
        let context = BlockContext {
            height: self.state.height() + 1,
            time_ms: self.time_ms,
        };
        let checked: Vec<Checked> = transactions
            .iter()
            .map(|it| Checked::check(&it.to_bytes(), &self.chain).unwrap())
            .collect();
        let executed = execute(&self.state, &context, &checked);
        let header = BlockHeader {
            height: context.height,
            epoch: 0,
            parent: Digest::default(),
            time_ms: context.time_ms,
            state_root: Digest::default(),
            history_size: 0,
            history_root: Digest::default(),
            transactions_root: Digest::default(),
        };
        let block = chain::Replayed {
            header: &header,
            nodes: &executed.nodes,
            transactions: &checked,
            outcomes: &executed.outcomes,
            entries: &executed.entries,
            state: &executed.state,
        };
        self.audit.follow(&block);
        self.wanted.follow(&block);
        self.state = executed.state.clone();
        executed
    }

    /// Blocks in which these organisations send their batches.
    fn go_on(&mut self, blocks: u64, names: &[&str]) {
        for _ in 0..blocks {
            let sent: Vec<_> = names
                .iter()
                .map(|name| self.signed(name, &self.batch(name)))
                .collect();
            let executed = self.block(&sent);
            assert!(executed.outcomes.iter().all(Result::is_ok));
        }
    }

    fn silences(&self) -> Vec<(u64, u64)> {
        let silences = self.audit.silences().iter();
        silences.map(|it| it.heights).collect()
    }
}

#[test]
fn an_organisation_that_sends_at_every_interval_is_never_silent() {
    let mut scene = Scene::new();
    scene.go_on(200, &NAMES);
    assert!(scene.audit.was_member());
    assert_eq!(scene.audit.batches(), 200);
    assert!(scene.audit.silences().is_empty());
    assert_eq!(scene.audit.silent_at_the_end(), None);
    assert!(scene.audit.forks(std::iter::empty()).is_empty());
}

#[test]
fn a_silence_is_told_while_the_others_go_on_and_at_the_end() {
    let mut scene = Scene::new();
    scene.go_on(5, &NAMES);
    scene.go_on(SILENCE - 1, &NAMES[..1]);
    scene.go_on(1, &NAMES);
    assert!(scene.silences().is_empty(), "{:?}", scene.silences());
    scene.go_on(SILENCE, &NAMES[..1]);
    assert!(scene.audit.silent_at_the_end().is_none());
    scene.go_on(1, &NAMES[..1]);
    assert!(scene.audit.silent_at_the_end().is_some());
    scene.go_on(1, &NAMES);
    let last = scene.state.height();
    assert_eq!(scene.silences(), [(last - SILENCE - 2, last)]);
}

#[test]
fn nobody_is_silent_while_the_ledger_stands_still() {
    let mut scene = Scene::new();
    scene.go_on(5, &NAMES);
    scene.time_ms += 24 * 3_600_000;
    scene.go_on(5, &NAMES);
    assert!(scene.audit.silences().is_empty());
}

#[test]
fn a_batch_that_the_ledger_refused_is_a_fork_if_it_is_another_one() {
    let mut scene = Scene::new();
    scene.go_on(3, &NAMES);
    let accepted = scene.batch("st-mary");
    let other = Batch {
        root: hash("test/other", &[]),
        ..accepted
    };
    scene.go_on(1, &NAMES);
    // The same batch signed again, as a node does after an expiry: no fork.
    let again = scene.signed("st-mary", &accepted);
    assert!(scene.block(&[again]).outcomes[0].is_err());
    assert!(scene.audit.forks(std::iter::empty()).is_empty());
    // Another organisation's batch with the same number is its own affair.
    let theirs = scene.signed("city-lab", &other);
    assert!(scene.block(&[theirs]).outcomes[0].is_err());
    assert!(scene.audit.forks(std::iter::empty()).is_empty());

    let forged = scene.signed("st-mary", &other);
    assert!(scene.block(std::slice::from_ref(&forged)).outcomes[0].is_err());
    let forks = scene.audit.forks(std::iter::empty());
    assert_eq!(forks.len(), 1);
    assert_eq!((forks[0].sequence, forks[0].accepted), (4, 7));
    assert_eq!(forks[0].other, forged.to_bytes());
    // Seen elsewhere too: told once.
    assert_eq!(scene.audit.forks(std::iter::once(&forged)).len(), 1);
}

#[test]
fn the_entries_that_evidence_needs_are_found_again() {
    let mut scene = Scene::new();
    scene.wanted.add(3);
    scene.go_on(4, &NAMES);
    let entry = scene.wanted.entry(3).unwrap();
    let entry = proof::transaction::Entry::from_bytes(entry).unwrap();
    assert_eq!((entry.organisation.as_str(), entry.height), ("st-mary", 2));
    assert!(scene.wanted.entry(4).is_none());
}
