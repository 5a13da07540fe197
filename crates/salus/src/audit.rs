//! `salus audit`: everything a stopped node stores, against the ledger executed again; with
//! `--peer`, what another organisation did.

mod batches;
mod peer;
mod seen;

use crate::cli;
use crate::config::Config;
use crate::failure::{Explain, Failure, Hint, Outcome};
use crate::progress::Progress;
use crate::{genesis_file, organisation};
use hospital::audit::{AuditInput, Finding, Summary, audit};
use ledger::Genesis;
use proof::Digest;
use proof::policy::Policy;
use proof::tree::{Nodes, inclusion_from, root_from_path};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use store::{Options, Store};

/// Prints a line per damaged item, or per misconduct of a peer; fails when there is one.
pub(crate) fn run(arguments: &cli::Audit) -> Outcome {
    if let Some(peer) = &arguments.peer {
        return peer::run(arguments, peer);
    }
    let (config, keys) = organisation::open(&arguments.dir.join(organisation::CONFIG))?;
    let told = || format!("{} cannot be audited", config.organisation.id);
    let genesis = genesis_file::read(&config.path(&config.ledger.genesis))?;
    let store = Store::open_stopped(&organisation::records(&config.folder), &Options::default())
        .explain(told)
        .hint(STOP_FIRST)?;
    let mut say = Say::new(arguments.json);
    let ledger = read_ledger(&config, &genesis, &mut say, &mut |_| {})?;
    let input = AuditInput {
        store,
        root_key: keys.root,
        key_tree: organisation::key_tree(&config.folder),
        organisation: config.organisation.id.clone(),
        state: ledger.state.clone(),
        policies: ledger.policies()?,
        history: Arc::new(ledger.history),
    };
    let runtime = tokio::runtime::Runtime::new().explain(told)?;
    let summary = watch(&runtime, input, &mut say).explain(told)?;
    say.summary(&summary)
}

const STOP_FIRST: &str = "stop the node first; `salus doctor` tells whether it runs";

/// What the audit needs of the ledger: the history tree, and who validated it.
#[derive(Default)]
struct Ledger {
    /// Per level, the hashes of the complete subtrees from the left.
    history: History,
    trust: BTreeSet<String>,
    /// After the last block that fits.
    state: Option<ledger::State>,
}

#[derive(Default)]
struct History(Vec<Vec<Digest>>);

impl Nodes for History {
    fn node(&self, level: u8, index: u64) -> Option<Digest> {
        let level = self.0.get(usize::from(level))?;
        level.get(usize::try_from(index).ok()?).copied()
    }
}

impl Ledger {
    /// The nodes of the history tree.
    fn nodes(&self) -> &History {
        &self.history
    }

    /// The root of the history when it had this many entries.
    fn root_at(&self, size: u64) -> Option<Digest> {
        let first = self.history.node(0, 0)?;
        let path = inclusion_from(&self.history, 0, size)?;
        root_from_path(&first, 0, size, &path).ok()
    }

    fn policies(&self) -> Outcome<Vec<Policy>> {
        self.trust
            .iter()
            .map(|text| {
                Policy::parse(text.as_bytes()).explain(|| "a trust file cannot be made".into())
            })
            .collect()
    }
}

/// Executes all blocks again; a block that does not fit is a finding.
fn read_ledger(
    config: &Config,
    genesis: &Genesis,
    say: &mut Say,
    visit: Replayed<'_>,
) -> Outcome<Ledger> {
    let chain_id = genesis.chain_id();
    let mut ledger = Ledger::default();
    let first = ledger::State::genesis(genesis);
    ledger
        .trust
        .extend(hospital::trust_policy(&first, &chain_id));
    let mut members = first.organisations();
    let mut progress = Progress::new("blocks", "executed again", None);
    let replayed = replay(&config.folder, genesis, &mut |block| {
        for (level, _, hash) in block.nodes {
            let level = usize::from(*level);
            let levels = &mut ledger.history.0;
            if levels.len() <= level {
                levels.resize_with(level + 1, Vec::new);
            }
            levels[level].push(*hash);
        }
        let now = block.state.organisations();
        if now != members {
            ledger
                .trust
                .extend(hospital::trust_policy(block.state, &chain_id));
            members = now;
        }
        ledger.state = Some(block.state.clone());
        visit(block);
        progress.by(1);
    });
    progress.finish();
    let (height, wrong) = replayed?;
    if let Some(reason) = wrong {
        let item = format!("block {} of the ledger", height + 1);
        say.finding(&Finding { item, reason });
    }
    Ok(ledger)
}

type Replayed<'a> = &'a mut dyn FnMut(&chain::Replayed<'_>);

fn replay(folder: &Path, genesis: &Genesis, visit: Replayed<'_>) -> Outcome<(u64, Option<String>)> {
    chain::replay(folder, genesis, visit)
        .explain(|| "the ledger's blocks cannot be read".into())
        .hint("stop the node first; a lost ledger comes back from the peers at the next start")
}

fn watch(
    runtime: &tokio::runtime::Runtime,
    input: AuditInput,
    say: &mut Say,
) -> Result<Summary, hospital::HospitalError> {
    let mut shown: Option<(&'static str, Progress)> = None;
    let summary = runtime.block_on(audit(
        input,
        &mut |at| {
            if shown.as_ref().is_none_or(|(stage, _)| *stage != at.stage) {
                let total = (at.total > 0).then_some(at.total);
                if let Some((_, before)) = shown.take() {
                    before.finish();
                }
                shown = Some((at.stage, Progress::new(at.stage, "looked at", total)));
            }
            if let Some((_, progress)) = &mut shown {
                progress.at(at.done);
            }
        },
        &mut |finding| say.finding(&finding),
    ));
    if let Some((_, last)) = shown {
        last.finish();
    }
    summary
}

/// What is said on standard output: a line, or a JSON object, per finding.
struct Say {
    json: bool,
    found: u64,
}

impl Say {
    fn new(json: bool) -> Self {
        Self { json, found: 0 }
    }

    fn finding(&mut self, finding: &Finding) {
        self.found += 1;
        if self.json {
            println!(
                "{}",
                json!({ "item": finding.item, "reason": finding.reason })
            );
        } else {
            println!("{}: {}", finding.item, finding.reason);
        }
    }

    /// The end of the audit of another organisation.
    fn peer(&self, peer: &str, batches: usize, found: u64) {
        if self.json {
            let summary = json!({ "peer": peer, "batches": batches, "found": found });
            println!("{}", json!({ "summary": summary }));
        } else if found == 0 {
            println!("nothing found: {batches} batches of {peer}");
        }
    }

    fn summary(&self, summary: &Summary) -> Outcome {
        let Summary {
            versions,
            batches,
            pending,
            ..
        } = *summary;
        // Beyond a bound findings are counted and not told.
        let found = self.found.max(summary.findings);
        if self.json {
            let summary = json!({
                "versions": versions, "batches": batches, "pending": pending, "damaged": found
            });
            println!("{}", json!({ "summary": summary }));
        } else if found == 0 {
            println!("clean: {versions} versions, {batches} batches, {pending} versions pending");
        }
        if found == 0 {
            return Ok(());
        }
        Err(Failure::new(format!("{found} items are damaged"))
            .cause("they are not what was committed to the ledger")
            .hint("take these items from a copy; their receipts tell which copy is right"))
    }
}
