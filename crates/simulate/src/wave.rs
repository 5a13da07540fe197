//! One wave of a trade, and its files.

use serde::{Deserialize, Serialize};
use supply::detect::DAY_MS;

use crate::attack::{self, Kind};
use crate::calendar::{self, START_MS};
use crate::dice::Dice;
use crate::plan::Plan;
use crate::play::{self, Left};
use crate::product::Makers;
use crate::registry::Registry;
use crate::truth::Truth;

/// So many honest packs make a wave, about.
pub const WAVE_PACKS: u64 = 2_000;
/// Attacks of each kind in a wave.
const ATTACKS_EACH: usize = 8;
/// Of each wave so many packs are kept at wholesalers for attacks that begin there.
const SHELVED_MAX: usize = 60;
/// So many lots of a thousand are recalled.
const RECALLED: u64 = 20;

/// What a trade is made of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Settings {
    /// The seed.
    pub seed: u64,
    /// Honest packs, rounded up to whole waves.
    pub packs: u64,
    /// Days in which packs are made and begin their way; their lives go on after.
    pub days: u64,
}

impl Settings {
    /// So many waves.
    pub fn waves(&self) -> u64 {
        self.packs.div_ceil(WAVE_PACKS).max(1)
    }

    /// Who takes part.
    pub fn registry(&self) -> Registry {
        Registry::of_seed(self.seed)
    }
}

/// A file of a wave: a record a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Its path below the folder of the wave.
    pub path: String,
    /// JSON, line by line.
    pub text: String,
}

/// The files of a wave.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wave {
    /// `documents/<organisation>.ndjson`, `scans.ndjson`, `ledger.ndjson`, `proven.ndjson` and
    /// `truth.ndjson`.
    pub files: Vec<File>,
}

impl Wave {
    /// Makes the wave with this number, counted from 0.
    pub fn make(settings: &Settings, registry: &Registry, number: u64) -> Self {
        let seed = settings.seed;
        let makers = Makers::of_seed(seed);
        let span_ms = settings.days.max(1) * DAY_MS;
        let start_ms = START_MS + number * span_ms;
        let dice = |purpose: u64| Dice::new(seed, 1_000 + number * 10 + purpose);
        let mut plan = Plan::new(makers, dice(0), (start_ms, span_ms), number);
        fill(&mut plan, WAVE_PACKS.min(settings.packs));
        let deeds = std::mem::take(&mut plan.deeds);
        let left = play::play(registry, &plan.items, deeds, dice(1));
        files(&plan, registry, &left, dice(2))
    }
}

/// Plans all that happens in a wave.
fn fill(plan: &mut Plan, packs: u64) {
    for kind in [
        Kind::SwappedContents,
        Kind::ColdBroken,
        Kind::ColdErased,
        Kind::ColdForged,
    ] {
        for _ in 0..ATTACKS_EACH {
            attack::plan(kind, plan);
        }
    }
    let mut made = 0;
    while made < packs {
        let size = plan.dice.between(20, 120);
        made += size;
        let cases = plan.make(usize::try_from(size).unwrap_or(20), None);
        for case in cases {
            let mut shelves = plan.open(case);
            if plan.shelf.len() < SHELVED_MAX && shelves.len() > 3 {
                plan.shelf.extend(shelves.pop());
            }
            plan.supply(&shelves);
        }
    }
    recall_some(plan);
    let others = Kind::ALL
        .into_iter()
        .filter(|kind| !is_of_containers(*kind));
    for kind in others {
        for _ in 0..ATTACKS_EACH {
            attack::plan(kind, plan);
        }
    }
    for shelf in std::mem::take(&mut plan.shelf) {
        plan.supply(std::slice::from_ref(&shelf));
    }
    for stock in std::mem::take(&mut plan.stock) {
        plan.end(stock);
    }
}

fn is_of_containers(kind: Kind) -> bool {
    use Kind::{ColdBroken, ColdErased, ColdForged, SwappedContents};
    matches!(kind, SwappedContents | ColdBroken | ColdErased | ColdForged)
}

/// One lot at least, which pharmacies have some of.
fn recall_some(plan: &mut Plan) {
    let mut some = plan.stock.first().map(|stock| stock.lot);
    for lot in 0..plan.lots.len() {
        if plan.dice.in_1000(RECALLED) || some == Some(lot) {
            let at_ms = plan.start_ms + plan.span_ms / 2 + plan.dice.below(plan.span_ms / 2);
            plan.recall(lot, at_ms);
            some = some.filter(|some| *some != lot);
        }
    }
}

fn files(plan: &Plan, registry: &Registry, left: &Left, mut dice: Dice) -> Wave {
    let mut twice = dice.clone();
    let documents = left
        .outbox
        .documents(|| dice.urn(), |count| twice.in_1000(count));
    let mut files: Vec<File> = documents
        .into_iter()
        .map(|(organisation, text)| File {
            path: format!("documents/{organisation}.ndjson"),
            text,
        })
        .collect();
    let truth = plan.attacks.iter().enumerate().map(|(at, attack)| {
        let organisations = attack.organisations.iter();
        Truth {
            kind: attack.kind.as_str().to_owned(),
            from: calendar::written(attack.from_ms),
            codes: attack.codes.iter().cloned().collect(),
            containers: attack.containers.iter().cloned().collect(),
            organisations: organisations
                .map(|it| registry.organisations[*it].id.clone())
                .collect(),
            scans: left.own.get(&at).cloned().unwrap_or_default(),
        }
    });
    files.push(lines("scans", left.scans.iter()));
    files.push(lines("ledger", left.moves.iter()));
    files.push(lines("proven", left.proven.iter()));
    files.push(lines("truth", truth));
    Wave { files }
}

fn lines<T: Serialize>(name: &str, records: impl Iterator<Item = T>) -> File {
    let mut text = String::new();
    for record in records {
        // Plain structures of texts and numbers: they always write.
        text.push_str(&serde_json::to_string(&record).unwrap_or_default());
        text.push('\n');
    }
    File {
        path: format!("{name}.ndjson"),
        text,
    }
}
