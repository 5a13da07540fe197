//! Execution is a function: the same everywhere, whatever is thrown at it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::thread;

use ledger::{
    BlockContext, Checked, Executed, Kind, Parameters, Proposal, Propose, Refusal, RotateKey,
    State, Vote, execute,
};
use proof::codec::Canonical;
use proof::transaction::{Batch, Header, Transaction};
use proof::tree::Frontier;
use proof::{Digest, SecretKey, Signature, hash};
use support::{Network, crowd, genesis, id, key, organisation};

const MEMBERS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const CHAIN_OF: [&str; 4] = ["a", "b", "c", "d"];

/// A seeded source of numbers: the digest of a counter.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 += 1;
        let digest = hash("test/dice", &[&self.0.to_be_bytes()]).0;
        u64::from_be_bytes(digest[..8].try_into().unwrap()) % sides
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[usize::try_from(self.roll(among.len() as u64)).unwrap()]
    }
}

/// Makes transactions, good and bad, by looking at the state as a member would.
struct Crowd {
    dice: Dice,
    chain: Digest,
    keys: BTreeMap<String, SecretKey>,
    sequences: BTreeMap<[u8; 32], u64>,
    heads: BTreeMap<String, (u64, Digest)>,
    proposals: Vec<Digest>,
    /// New keys that were asked for, by their public halves.
    rotations: BTreeMap<[u8; 32], SecretKey>,
}

impl Crowd {
    fn new(chain: Digest) -> Self {
        let keys = MEMBERS
            .iter()
            .map(|it| ((*it).to_owned(), key(it, "transaction")))
            .collect();
        Self {
            dice: Dice(0),
            chain,
            keys,
            sequences: BTreeMap::new(),
            heads: BTreeMap::new(),
            proposals: Vec::new(),
            rotations: BTreeMap::new(),
        }
    }

    /// The bytes of one transaction for a block.
    fn transaction(&mut self, state: &State, height: u64) -> Vec<u8> {
        let name = (*self.dice.pick(&MEMBERS)).to_owned();
        let key = self.keys[&name].clone();
        let public = key.public().0;
        let next = *self
            .sequences
            .entry(public)
            .and_modify(|it| *it += 1)
            .or_insert_with(|| state.sequence(&key.public()) + 1);
        let (kind, body) = self.body(&name, &key);
        let mut header = Header {
            kind,
            chain: self.chain,
            sender: key.public(),
            sequence: next,
            expires: height + self.dice.roll(100),
        };
        let hostile = self.dice.roll(20);
        match hostile {
            0 => header.sequence = self.dice.roll(3).wrapping_mul(self.dice.roll(u64::MAX)),
            1 => header.expires = self.dice.roll(2).wrapping_mul(self.dice.roll(u64::MAX)),
            2 => header.kind = u8::try_from(self.dice.roll(256)).unwrap(),
            3 => header.chain = Digest([3; 32]),
            _ => {}
        }
        if hostile < 4 {
            // What is refused does not use its sequence.
            self.sequences.insert(public, next - 1);
        }
        let mut bytes = Transaction::sign(header, body, &key).to_bytes();
        match hostile {
            4 => bytes[60] ^= 1,
            5 => bytes.truncate(bytes.len() / 2),
            _ => return bytes,
        }
        self.sequences.insert(public, next - 1);
        bytes
    }

    fn body(&mut self, name: &str, key: &SecretKey) -> (u8, Vec<u8>) {
        match self.dice.roll(60) {
            0 => (
                2,
                Propose {
                    proposal: self.proposal(),
                }
                .to_bytes(),
            ),
            1..4 => {
                let proposal = match self.proposals.last() {
                    Some(last) if self.dice.roll(4) > 0 => *last,
                    _ => Digest([9; 32]),
                };
                (
                    3,
                    Vote {
                        proposal,
                        approve: self.dice.roll(5) > 0,
                    }
                    .to_bytes(),
                )
            }
            4 => {
                let count = self.rotations.len() as u64;
                let new = SecretKey::from_seed(&hash("test/rotation", &[&count.to_be_bytes()]).0);
                self.rotations.insert(new.public().0, new.clone());
                let mut body = RotateKey::sign(&self.chain, &key.public(), &new);
                if self.dice.roll(2) == 0 {
                    body.signature = Signature([1; 64]);
                }
                (4, body.to_bytes())
            }
            40.. => {
                let chain = self.chain;
                let mut roll = |sides| self.dice.roll(sides);
                crowd::body(&mut roll, &chain, name, &MEMBERS)
            }
            5 => (1, vec![0; usize::try_from(self.dice.roll(200)).unwrap()]),
            roll => {
                let (sequence, previous) = self.heads.get(name).copied().unwrap_or_default();
                let root = hash("test/root", &[name.as_bytes(), &sequence.to_be_bytes()]);
                if roll > 6 {
                    self.heads.insert(name.to_owned(), (sequence + 1, root));
                }
                (
                    1,
                    Batch {
                        sequence: sequence + 1,
                        previous,
                        root,
                    }
                    .to_bytes(),
                )
            }
        }
    }

    fn proposal(&mut self) -> Proposal {
        let name = (*self.dice.pick(&MEMBERS)).to_owned();
        match self.dice.roll(4) {
            0 => Proposal::SetValidator {
                organisation: id(&name),
                validator: self.dice.roll(2) == 0,
            },
            1 => {
                let parameters = Parameters {
                    block_interval_ms: 50 + self.dice.roll(100),
                    expiry_blocks_max: 100,
                    proposal_blocks: 40,
                    ..Parameters::default()
                };
                Proposal::SetParameters(parameters)
            }
            2 => Proposal::RemoveOrganisation(id("nobody")),
            _ => {
                let number = self.dice.roll(50);
                Proposal::AddOrganisation(organisation(&format!("new-{number}"), false))
            }
        }
    }

    /// Takes what the block did into account.
    fn learn(&mut self, block: &[Checked], executed: &Executed) {
        self.sequences.clear();
        for (checked, outcome) in block.iter().zip(&executed.outcomes) {
            let transaction = checked.transaction();
            if outcome.is_err() {
                continue;
            }
            match transaction.header.kind {
                2 => self.proposals.push(checked.id()),
                4 => {
                    let new = RotateKey::from_bytes(&transaction.body).unwrap().new_key;
                    let owner = executed.state.key_owner(&new).unwrap().organisation;
                    self.keys
                        .insert(owner.to_string(), self.rotations[&new.0].clone());
                }
                _ => {}
            }
        }
        for name in MEMBERS {
            self.heads
                .insert(name.to_owned(), executed.state.batch_head(&id(name)));
        }
    }
}

/// The blocks of a ledger's life, as bytes, and the state they lead to. The crowd looks at the
/// state after every ten transactions, so that most of what it means well is accepted.
fn life(transactions: usize, block: usize) -> (Vec<Vec<Vec<u8>>>, State) {
    let genesis = genesis(&MEMBERS);
    let (chain, mut state) = (genesis.chain_id(), State::genesis(&genesis));
    let mut crowd = Crowd::new(chain);
    let mut blocks = Vec::new();
    for height in 1..=(transactions / block) as u64 {
        let mut whole = Vec::new();
        for _ in 0..block / 10 {
            let bytes: Vec<_> = (0..10).map(|_| crowd.transaction(&state, height)).collect();
            let checked: Vec<_> = Checked::check_all(&bytes, &chain)
                .into_iter()
                .flatten()
                .collect();
            let executed = execute(&state, &context(height), &checked);
            crowd.learn(&checked, &executed);
            state = executed.state;
            whole.extend(bytes);
        }
        blocks.push(whole);
    }
    (blocks, state)
}

fn context(height: u64) -> BlockContext {
    BlockContext {
        height,
        time_ms: 1_795_424_400_000 + height * 100,
    }
}

/// What a replay leads to: state root, history root, how many were accepted, refusal codes.
type Outcome = (Digest, Digest, u64, BTreeMap<u16, u64>);

/// Executes the blocks; their transactions are checked one by one or together, by threads.
fn replay(blocks: &[Vec<Vec<u8>>], threads: usize, together: bool) -> Outcome {
    let genesis = genesis(&MEMBERS);
    let (chain, mut state) = (genesis.chain_id(), State::genesis(&genesis));
    let mut codes = BTreeMap::new();
    for (height, block) in (1..).zip(blocks) {
        let check = |part: &[Vec<u8>]| -> Vec<Result<Checked, Refusal>> {
            if together {
                return Checked::check_all(part, &chain);
            }
            part.iter().map(|it| Checked::check(it, &chain)).collect()
        };
        let verdicts: Vec<_> = thread::scope(|scope| {
            let parts = block.chunks(block.len().div_ceil(threads));
            let running: Vec<_> = parts.map(|it| scope.spawn(move || check(it))).collect();
            running
                .into_iter()
                .flat_map(|it| it.join().unwrap())
                .collect()
        });
        let mut count = |refusal: &Refusal| *codes.entry(refusal.code()).or_insert(0) += 1;
        verdicts
            .iter()
            .filter_map(|it| it.as_ref().err())
            .for_each(&mut count);
        let checked: Vec<_> = verdicts.into_iter().flatten().collect();
        let executed = execute(&state, &context(height), &checked);
        executed
            .outcomes
            .iter()
            .filter_map(|it| it.as_ref().err())
            .for_each(&mut count);
        state = executed.state;
    }
    (
        state.root(),
        state.history().root(),
        state.history().size(),
        codes,
    )
}

#[test]
fn a_hundred_thousand_transactions_lead_to_the_frozen_root() {
    let (blocks, state) = life(100_000, 500);
    let expected = replay(&blocks, 1, true);
    assert_eq!(expected.0, state.root());
    assert_eq!(replay(&blocks, 4, true), expected);
    let frozen = include_str!("../vectors/hundred_thousand.txt");
    let (state, history, accepted, codes) = expected;
    let found =
        format!("state {state}\nhistory {history}\naccepted {accepted}\nrefused {codes:?}\n");
    assert_eq!(
        found, frozen,
        "a changed root is a fork: it needs a new version of the ledger"
    );
}

#[test]
fn checking_one_by_one_leads_to_the_same_state() {
    let (blocks, _) = life(3_000, 100);
    let expected = replay(&blocks, 1, true);
    assert_eq!(replay(&blocks, 1, false), expected);
    assert_eq!(replay(&blocks, 3, false), expected);
    assert_eq!(replay(&blocks, 7, true), expected);
}

#[test]
fn a_refused_transaction_changes_nothing() {
    let (blocks, _) = life(4_000, 50);
    let genesis = genesis(&MEMBERS);
    let (chain, mut state) = (genesis.chain_id(), State::genesis(&genesis));
    let mut refused = 0;
    for (height, block) in (1..).zip(&blocks) {
        let checked: Vec<_> = Checked::check_all(block, &chain)
            .into_iter()
            .flatten()
            .collect();
        let whole = execute(&state, &context(height), &checked);
        let good: Vec<_> = checked
            .iter()
            .zip(&whole.outcomes)
            .filter(|(_, outcome)| outcome.is_ok())
            .map(|(checked, _)| checked.clone())
            .collect();
        refused += checked.len() - good.len();
        let without = execute(&state, &context(height), &good);
        assert_eq!(without.state.root(), whole.state.root());
        assert_eq!(without.state.history(), whole.state.history());
        assert_eq!(
            (without.entries, without.changes),
            (whole.entries, whole.changes)
        );
        assert_eq!(without.nodes, whole.nodes);
        state = whole.state;
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_restored_state_goes_on_alike() {
    let (blocks, last) = life(2_000, 40);
    let genesis = genesis(&MEMBERS);
    let (chain, mut state) = (genesis.chain_id(), State::genesis(&genesis));
    // What a node keeps on disk: the entries, changed as the blocks say, and the frontier.
    let own = |(key, value): (&[u8], &[u8])| (key.to_vec(), value.to_vec());
    let mut disk: BTreeMap<Vec<u8>, Vec<u8>> = state.entries().map(own).collect();
    for (height, block) in (1..).zip(&blocks) {
        let checked: Vec<_> = Checked::check_all(block, &chain)
            .into_iter()
            .flatten()
            .collect();
        let executed = execute(&state, &context(height), &checked);
        for (key, value) in executed.changes {
            match value {
                Some(value) => disk.insert(key, value),
                None => disk.remove(&key),
            };
        }
        let frontier = Frontier::from_bytes(&executed.state.history().to_bytes()).unwrap();
        state = State::restore(height, &disk, frontier).unwrap();
        assert_eq!(state.root(), executed.state.root());
        assert_eq!(state.entries().map(own).collect::<BTreeMap<_, _>>(), disk);
    }
    assert_eq!(
        (state.root(), state.history()),
        (last.root(), last.history())
    );
    assert_eq!((state.chain_id(), state.height()), (chain, last.height()));
}

#[test]
fn what_is_no_state_is_not_restored() {
    let network = Network::new(&CHAIN_OF);
    let own = |(key, value): (&[u8], &[u8])| (key.to_vec(), value.to_vec());
    let entries: BTreeMap<_, _> = network.state.entries().map(own).collect();
    assert!(State::restore(0, &entries, Frontier::new()).is_ok());
    for key in [ledger::keys::chain(), ledger::keys::parameters()] {
        let mut damaged = entries.clone();
        damaged.get_mut(&key).unwrap().pop();
        assert!(State::restore(0, &damaged, Frontier::new()).is_err());
        damaged.remove(&key);
        assert!(State::restore(0, &damaged, Frontier::new()).is_err());
    }
    let nothing: [(&[u8], &[u8]); 0] = [];
    assert!(State::restore(0, nothing, Frontier::new()).is_err());
}

#[test]
fn the_state_proves_what_it_says() {
    let mut network = Network::new(&CHAIN_OF);
    let batch = network.batch("a");
    network.act("a", Kind::Batch, &batch).unwrap();
    let root = network.state.root();
    let key = ledger::keys::batch(&id("a"));
    let head = network
        .state
        .prove(&key)
        .verify(&root, &key)
        .unwrap()
        .unwrap();
    assert_eq!(
        head,
        [1u64.to_be_bytes().as_slice(), &batch.root.0].concat()
    );
    let absent = ledger::keys::organisation(&id("nobody"));
    assert_eq!(
        network.state.prove(&absent).verify(&root, &absent),
        Ok(None)
    );
}
