//! The judge: reads the files of a wave back, in the order in which things came, and asks every
//! rule about every scan. What is true it learns only afterwards, to count ([`Tally`]).
//!
//! It sees the documents of all organisations. A desk sees its own, and what partners tell it.

use serde::de::DeserializeOwned;
use supply::detect::{Certainty, Fake, Known, Rule, Suspicion};

use crate::book::{Book, Code, Move};
use crate::desk::{self, Read};
use crate::play::{Proven, Scan};
use crate::registry::{Organisation, Registry};
use crate::wave::File;
use crate::{SimulateError, calendar};

mod bench;
mod count;
mod measure;
mod report;
mod sight;

use bench::Bench;
pub use count::{Counted, Tally};
pub use measure::Share;

/// What an alarm, or a hint, is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subject {
    /// A pack, as a scan found it.
    Pack {
        /// What was read.
        code: Code,
        /// The number of the scan.
        scan: u64,
    },
    /// A container.
    Container(String),
    /// Whoever asks.
    Organisation {
        /// Its name.
        id: String,
        /// Its scans and questions of that day.
        scans: Vec<u64>,
        /// What it asked for that day that is unknown, or not its own.
        codes: Vec<Code>,
    },
}

/// A suspicion and what it is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Raised {
    /// Which rule spoke, how sure, and why.
    pub suspicion: Suspicion,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
    /// About what.
    pub subject: Subject,
}

/// What was judged, and what was said.
#[derive(Debug, Default)]
pub struct Judged {
    /// Every scan of a pack that was judged: its number, when, and what was read.
    pub scans: Vec<(u64, u64, Code)>,
    /// Scans of which nothing could be read.
    pub unread: u64,
    /// Questions without a pack.
    pub questions: u64,
    /// All suspicions.
    pub raised: Vec<Raised>,
}

/// A scan as the desk read it, and what its ledger said then.
struct Asked {
    scan: Scan,
    at_ms: u64,
    read: Option<Read>,
    known: Option<Known>,
}

/// Judges the files of a wave; the truth among them is not looked at.
pub fn judge_wave(registry: &Registry, files: &[File]) -> Result<Judged, SimulateError> {
    let mut told = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.path.starts_with("documents/"))
    {
        sight::read(file, &mut told)?;
    }
    let told = sight::in_order(told);
    let scans: Vec<Scan> = records(files, "scans.ndjson")?;
    let moves: Vec<Move> = records(files, "ledger.ndjson")?;
    let proven: Vec<Proven> = records(files, "proven.ndjson")?;
    let asked = asked(registry, scans, &moves);
    let mut bench = Bench::new(registry, fakes(proven));
    bench.hear(&told, &asked);
    bench.ask_about_askers();
    Ok(bench.into_judged())
}

/// The records of a file, line by line; none where it is missing.
pub(crate) fn records<T: DeserializeOwned>(
    files: &[File],
    name: &str,
) -> Result<Vec<T>, SimulateError> {
    let Some(file) = files.iter().find(|file| file.path == name) else {
        return Ok(Vec::new());
    };
    let lines = file.text.lines().enumerate();
    let records = lines.map(|(at, line)| {
        serde_json::from_str(line).map_err(|error| line_error(file, at, error.to_string()))
    });
    records.collect()
}

fn line_error(file: &File, at: usize, reason: String) -> SimulateError {
    SimulateError::Line {
        file: file.path.clone(),
        line: at + 1,
        reason,
    }
}

/// Reads each scan as its desk did, with the ledger as it stood then.
fn asked(registry: &Registry, mut scans: Vec<Scan>, moves: &[Move]) -> Vec<Asked> {
    scans.sort_by_key(|scan| (scan.height, scan.number));
    let mut book = Book::default();
    let mut moves = moves.iter();
    let mut height = 0;
    let mut asked = Vec::with_capacity(scans.len());
    for scan in scans {
        while height < scan.height {
            let Some(next) = moves.next() else { break };
            let at_ms = calendar::read(&next.at).unwrap_or_default();
            book.apply(next, at_ms);
            height += 1;
        }
        let desk = registry.named(&scan.organisation);
        let layout = desk.map_or(gs1::fault::Layout::German, Organisation::layout);
        let read = desk::read(&scan.raw, &desk::explainer(layout), &book);
        let by = scan.organisation.as_str();
        let known = read
            .as_ref()
            .and_then(|read| book.known(&read.code, by, &read.printed));
        let at_ms = calendar::read(&scan.at).unwrap_or_default();
        asked.push(Asked {
            scan,
            at_ms,
            read,
            known,
        });
    }
    asked
}

fn fakes(proven: Vec<Proven>) -> Vec<(u64, Fake)> {
    let mut fakes: Vec<(u64, Fake)> = proven
        .into_iter()
        .map(|one| {
            let fake = Fake {
                product: one.code.product,
                serial: one.code.serial,
                lot: one.lot,
                through: one.through,
            };
            (calendar::read(&one.at).unwrap_or_default(), fake)
        })
        .collect();
    fakes.sort_by_key(|(at_ms, _)| *at_ms);
    fakes
}

/// Whether a rule only says what the ledger or the print says of a pack, whoever holds it.
fn is_of_the_pack(rule: Rule) -> bool {
    matches!(rule, Rule::Recalled | Rule::Expired | Rule::Marked)
}

/// Whether it is an alarm.
fn is_alarm(certainty: Certainty) -> bool {
    certainty.is_alarm()
}
