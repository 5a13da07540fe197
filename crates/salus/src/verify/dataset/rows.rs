//! Rows of a dataset, judged block by block, on as many threads as there are cores.

use super::super::hint;
use hospital::trials::DatasetLine;
use proof::policy::Policy;
use proof::receipt::{Judge, Verified};
use serde_json::Value;

/// Lines that are judged together, and their bytes.
const BLOCK_LINES: usize = 2_048;
const BLOCK_BYTES: usize = 16 << 20;
/// Threads at most.
const THREADS_MAX: usize = 16;

/// Lines that wait, with their numbers.
#[derive(Default)]
pub(super) struct Block {
    pub(super) lines: Vec<(usize, String)>,
    pub(super) bytes: usize,
}

impl Block {
    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= BLOCK_LINES || self.bytes >= BLOCK_BYTES
    }
}

/// A row that is what its site committed to.
pub(super) struct Sound {
    pub(super) site: String,
    pub(super) id: String,
    pub(super) cosigners: Vec<String>,
    pub(super) time_ms: u64,
}

/// One for each thread: each keeps what the receipts that it has seen share.
pub(super) struct Judges<'a>(Vec<Judge<'a>>);

impl<'a> Judges<'a> {
    pub(super) fn new(policy: &'a Policy) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let judges = (0..cores.min(THREADS_MAX)).map(|_| Judge::new(policy));
        Self(judges.collect())
    }

    /// Judges the lines of a block, and empties it; the verdicts are in their order.
    pub(super) fn judge(
        &mut self,
        block: &mut Block,
        trial: &str,
    ) -> Vec<(usize, Result<Sound, String>)> {
        let block = std::mem::take(block);
        let share = block.lines.len().div_ceil(self.0.len()).max(1);
        let mut verdicts = Vec::with_capacity(block.lines.len());
        std::thread::scope(|scope| {
            let shares = block.lines.chunks(share).zip(&mut self.0);
            let threads = shares.map(|(lines, judge)| {
                scope.spawn(move || {
                    let judged = lines.iter();
                    let judged = judged.map(|(at, line)| (*at, sound(judge, line, trial)));
                    judged.collect::<Vec<_>>()
                })
            });
            let threads: Vec<_> = threads.collect();
            for (thread, lines) in threads.into_iter().zip(block.lines.chunks(share)) {
                let broken = || {
                    let why = || Err("it could not be judged".to_owned());
                    lines.iter().map(|(at, _)| (*at, why())).collect()
                };
                verdicts.extend(thread.join().unwrap_or_else(|_| broken()));
            }
        });
        verdicts
    }
}

fn sound(judge: &mut Judge<'_>, line: &str, trial: &str) -> Result<Sound, String> {
    let row: DatasetLine =
        serde_json::from_str(line).map_err(|error| format!("it is no row: {error}"))?;
    let record = Some(row.record.as_bytes());
    let verified = judge
        .verify(row.receipt.as_bytes(), record)
        .map_err(|invalid| format!("{invalid} ({})", hint(invalid.code())))?;
    compare(&row, &verified, trial)?;
    Ok(Sound {
        site: row.site,
        id: row.id,
        cosigners: verified.cosigners,
        time_ms: verified.time_ms,
    })
}

/// The line says of the row what the receipt says of it.
fn compare(row: &DatasetLine, verified: &Verified, trial: &str) -> Result<(), String> {
    let event = &verified.event;
    if event.organisation != row.site {
        return Err(format!(
            "it was committed by {}, not {}",
            event.organisation, row.site
        ));
    }
    if event.record_id != row.id || event.version != row.version {
        return Err(format!(
            "it is version {} of {}, not {} of {}",
            event.version, event.record_id, row.version, row.id
        ));
    }
    let record: Value = serde_json::from_str(&row.record).unwrap_or_default();
    if record["identifier"]["system"] != format!("urn:salus:trial:{trial}") {
        return Err("it is no row of this trial".into());
    }
    Ok(())
}
