//! `salus audit --peer`: what the ledger and files from elsewhere say about another organisation.
//! Each misconduct that can be proven becomes a file that `salus verify` explains to anybody.

use super::batches::{Chain, Fork, Wanted};
use super::seen::Seen;
use super::{Ledger, STOP_FIRST, read_ledger};
use crate::cli;
use crate::config::Config;
use crate::failure::{Explain, Failure, Hint, Outcome};
use crate::organisation::{self, Keys, Purpose};
use crate::{audit::Say, genesis_file};
use hospital::audit::{Finding, kept_checkpoints, kept_evidence};
use ledger::evidence::{self, Evidence, EvidenceKind, Misconduct, part_of};
use ledger::{Genesis, OrgId};
use proof::checkpoint::{Checkpoint, cosigner, origin};
use proof::note::{Line, Note};
use proof::policy::Policy;
use proof::receipt::{EntryReceipt, build_entry};
use proof::tree::{Nodes, inclusion_from, leaf_hash};
use std::path::PathBuf;
use store::{Options, Store};

/// Files of evidence written by one audit.
const FILES_MAX: usize = 100;

/// An audit of one organisation.
struct PeerAudit {
    config: Config,
    genesis: Genesis,
    ledger: Ledger,
    policies: Vec<Policy>,
    /// The latest checkpoint that this node kept, with its own line as the log.
    checkpoint: Option<(Checkpoint, Note)>,
    out: PathBuf,
    written: usize,
    found: u64,
    say: Say,
}

/// Looks at what another organisation did; fails when something is found.
pub(super) fn run(arguments: &cli::Audit, peer: &str) -> Outcome {
    let (config, keys) = organisation::open(&arguments.dir.join(organisation::CONFIG))?;
    let told = || format!("{peer} cannot be audited");
    let id: OrgId = peer.parse().explain(told)?;
    let seen = Seen::read(&arguments.seen)?;
    let genesis = genesis_file::read(&config.path(&config.ledger.genesis))?;
    let store = Store::open_stopped(&organisation::records(&config.folder), &Options::default())
        .explain(told)
        .hint(STOP_FIRST)?;
    let mut say = Say::new(arguments.json);
    let mut chain = Chain::new(id, arguments.silence);
    let ledger = read_ledger(&config, &genesis, &mut say, &mut |block| {
        chain.follow(block);
    })?;
    if !chain.was_member() {
        return Err(Failure::new(told())
            .cause("no member of this ledger has this id")
            .hint("GET /ledger/organisations lists the members"));
    }
    let checkpoint = checkpoint(&config, &genesis, &keys)?;
    let mut audit = PeerAudit {
        policies: ledger.policies()?,
        config,
        genesis,
        ledger,
        checkpoint,
        out: arguments.out.clone(),
        written: 0,
        found: say.found,
        say,
    };
    let runtime = tokio::runtime::Runtime::new().explain(told)?;
    for file in runtime
        .block_on(kept_evidence(&store, peer))
        .explain(told)?
    {
        audit.tell("a release", "the recipient kept it", Some(file))?;
    }
    let name = cosigner(&origin(&audit.genesis.chain_id()), peer);
    let strange = seen.receipts(&name).filter(|it| audit.is_strange(it));
    let strange: Vec<&EntryReceipt> = strange.collect();
    let forks = chain.forks(seen.transactions());
    let wanted = audit.wanted(&chain, &forks, &strange)?;
    audit.batches(&chain, &forks, &wanted)?;
    audit.entries(&strange, &wanted)?;
    let sizes = seen.sizes();
    let kept = runtime
        .block_on(kept_checkpoints(&store, &sizes))
        .explain(told)?;
    audit.histories(&name, &seen, kept)?;
    audit.end(peer, &chain)
}

/// The kept checkpoint as receipts have it.
fn checkpoint(
    config: &Config,
    genesis: &Genesis,
    keys: &Keys,
) -> Outcome<Option<(Checkpoint, Note)>> {
    let kept = chain::kept_checkpoint(&config.folder)
        .explain(|| "the kept checkpoint cannot be read".into())
        .hint(STOP_FIRST)?;
    let Some(mut note) = kept.and_then(|it| it.parse::<Note>().ok()) else {
        return Ok(None);
    };
    let log = origin(&genesis.chain_id());
    let line = Line::sign(&note.text, &log, &keys.signing(Purpose::Checkpoint));
    note.lines.push(line);
    Ok(Checkpoint::of(&note).ok().map(|it| (it, note)))
}

impl PeerAudit {
    /// Finds in the blocks again what evidence needs; where nothing is, nothing is read.
    fn wanted(&self, chain: &Chain, forks: &[Fork], strange: &[&EntryReceipt]) -> Outcome<Wanted> {
        let mut wanted = Wanted::default();
        for silence in chain.silences() {
            wanted.add(silence.before);
            wanted.add(silence.after);
        }
        for fork in forks {
            wanted.add(fork.accepted);
        }
        for receipt in strange {
            wanted.add(receipt.index);
        }
        if !wanted.is_empty() {
            super::replay(&self.config.folder, &self.genesis, &mut |block| {
                wanted.follow(block);
            })?;
        }
        Ok(wanted)
    }

    /// Whether this node's history has another entry in the place of a receipt.
    fn is_strange(&self, receipt: &EntryReceipt) -> bool {
        let own = self.ledger.nodes().node(0, receipt.index);
        own.is_some_and(|own| own != leaf_hash(&receipt.entry))
    }

    /// Silences, and batches that contradict those of the ledger.
    fn batches(&mut self, chain: &Chain, forks: &[Fork], wanted: &Wanted) -> Outcome {
        for silence in chain.silences() {
            let reason = format!(
                "no batch between the blocks {} and {}, for {} s",
                silence.heights.0, silence.heights.1, silence.lasted_s
            );
            let before = self.receipt(wanted, silence.before);
            let after = self.receipt(wanted, silence.after);
            let parts = before.zip(after).map(|(before, after)| vec![before, after]);
            self.prove(
                &chain.item("silence"),
                &reason,
                EvidenceKind::BatchSilence,
                parts,
            )?;
        }
        for fork in forks {
            let receipt = self.receipt(wanted, fork.accepted);
            let parts = receipt.map(|receipt| vec![receipt, part_of(&fork.other)]);
            let item = format!("batch {}", fork.sequence);
            let reason = "the ledger has one, and another was signed";
            self.prove(&item, reason, EvidenceKind::BatchFork, parts)?;
        }
        if let Some(reason) = chain.silent_at_the_end() {
            self.tell(&chain.item("silence"), &reason, None)?;
        }
        Ok(())
    }

    /// Receipts from elsewhere of a history that is not this one.
    fn entries(&mut self, strange: &[&EntryReceipt], wanted: &Wanted) -> Outcome {
        for theirs in strange {
            let own = wanted.entry(theirs.index).map(<[u8]>::to_vec);
            let own = own.zip(self.receipt(wanted, theirs.index));
            let parts = own.map(|own| {
                let mut both = [own, (theirs.entry.clone(), build_entry(theirs))];
                both.sort();
                both.map(|(_, receipt)| receipt).to_vec()
            });
            let item = format!("entry {}", theirs.index);
            let reason = "another entry was cosigned in its place";
            self.prove(&item, reason, EvidenceKind::TwoEntries, parts)?;
        }
        Ok(())
    }

    /// Checkpoints from elsewhere that this organisation cosigned beside ours.
    fn histories(&mut self, name: &str, seen: &Seen, kept: Vec<Note>) -> Outcome {
        let mut known: Vec<Note> = kept;
        known.extend(self.checkpoint.iter().map(|(_, note)| note.clone()));
        for pair in seen.pairs(&known, name) {
            let item = format!("checkpoint of {}", pair.size);
            let reason = "two roots were cosigned";
            self.prove(&item, reason, EvidenceKind::TwoHistories, Some(pair.parts))?;
        }
        for (size, root) in seen.histories(&origin(&self.genesis.chain_id()), name) {
            if self.ledger.root_at(size).is_some_and(|own| own != root) {
                let item = format!("checkpoint of {size}");
                let reason = "its root is not that of this node's history";
                self.tell(&item, reason, None)?;
            }
        }
        Ok(())
    }

    /// The receipt of an entry, under the checkpoint that this node kept.
    fn receipt(&self, wanted: &Wanted, index: u64) -> Option<String> {
        let (checkpoint, note) = self.checkpoint.as_ref()?;
        let path = inclusion_from(self.ledger.nodes(), index, checkpoint.size)?;
        Some(build_entry(&EntryReceipt {
            entry: wanted.entry(index)?.to_vec(),
            index,
            path,
            checkpoint: note.clone(),
        }))
    }

    fn prove(
        &mut self,
        item: &str,
        reason: &str,
        kind: EvidenceKind,
        parts: Option<Vec<String>>,
    ) -> Outcome {
        let file = parts.map(|parts| evidence::build(&Evidence { kind, parts }));
        self.tell(item, reason, file)
    }

    /// Tells a finding; writes its file if that proves it to a stranger.
    fn tell(&mut self, item: &str, reason: &str, file: Option<String>) -> Outcome {
        let proven = file.filter(|file| self.proves(file).is_some());
        let reason = match proven {
            Some(file) if self.written < FILES_MAX => {
                let path = self.write(&file)?;
                format!("{reason}: {}", path.display())
            }
            Some(_) => format!("{reason}: not written, {FILES_MAX} files are enough"),
            None => format!("{reason}: known here, and not proven to others yet"),
        };
        self.found += 1;
        self.say.finding(&Finding {
            item: item.to_owned(),
            reason,
        });
        Ok(())
    }

    fn proves(&self, file: &str) -> Option<Misconduct> {
        let mut policies = self.policies.iter();
        policies.find_map(|policy| evidence::verify(file.as_bytes(), policy).ok())
    }

    /// Writes a file under a name that its content gives it: the same evidence is written once.
    fn write(&mut self, file: &str) -> Outcome<PathBuf> {
        let kind = evidence::parse(file.as_bytes()).map_or("evidence", |it| it.kind.as_str());
        let digest = proof::sha256(file.as_bytes()).to_string();
        let path = self.out.join(format!("{kind}-{digest:.12}.txt"));
        let told = || format!("{} cannot be written", path.display());
        std::fs::create_dir_all(&self.out).explain(told)?;
        std::fs::write(&path, file).explain(told)?;
        self.written += 1;
        Ok(path)
    }

    fn end(self, peer: &str, chain: &Chain) -> Outcome {
        self.say.peer(peer, chain.batches(), self.found);
        if self.found == 0 {
            return Ok(());
        }
        let written = self.written;
        Err(
            Failure::new(format!("{} things are wrong with {peer}", self.found))
                .cause(format!("{written} files prove some or all of it"))
                .hint(
                    "salus verify FILE --trust trust.policy explains each; show them to the others",
                ),
        )
    }
}
