//! A dataset of a trial: each row with its receipt, one after the other, whatever the length.

mod rows;

use super::{UNUSABLE, instant};
use crate::failure::{Explain, Failure, Outcome};
use hospital::trials::DATASET_FORM;
use proof::policy::Policy;
use rows::{Block, Judges, Sound};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest line: a row and its receipt.
const LINE_BYTES_MAX: u64 = 8 << 20;
/// Rows that are not valid are named up to this number, and counted after it.
const NAMED_MAX: usize = 20;

#[derive(Deserialize)]
struct Head {
    form: String,
    trial: String,
    /// Where a further page begins; none on the last one.
    next: Option<String>,
}

/// Whether a file begins as a dataset does.
pub(super) fn resembles(path: &Path) -> bool {
    begins(path, DATASET_FORM)
}

/// Whether the first line of a file is a head of this form.
pub(super) fn begins(path: &Path, form: &str) -> bool {
    let begin = format!("{{\"form\":\"{form}\"");
    let mut first = vec![0; begin.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == begin.as_bytes()
}

/// What was found so far.
#[derive(Default)]
struct Found {
    /// The trial, and whether the last head said that nothing follows.
    trial: String,
    is_whole: bool,
    rows: BTreeSet<(String, String)>,
    sites: BTreeMap<String, usize>,
    cosigners: BTreeSet<String>,
    last_ms: u64,
    wrong: Vec<String>,
    wrong_count: usize,
}

/// Verifies every row of a dataset. Several pages may stand one after the other in a file.
pub(super) fn check(path: &Path, policy: &Policy) -> Outcome<String> {
    let told = || format!("{} cannot be read", path.display());
    let file = File::open(path).explain(told)?;
    let mut reader = BufReader::new(file);
    let (mut found, mut number) = (Found::default(), 0_usize);
    let mut judges = Judges::new(policy);
    let mut block = Block::default();
    loop {
        number += 1;
        let mut line = String::new();
        let read = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
        if read.explain(told)? == 0 {
            break;
        }
        if let Some(head) = head(&line) {
            // What stood before it is of the trial before it.
            found.take(judges.judge(&mut block, &found.trial));
            if let Err(why) = found.head(head) {
                found.note(number, &why);
            }
            continue;
        }
        block.bytes += line.len();
        block.lines.push((number, line));
        if block.is_full() {
            found.take(judges.judge(&mut block, &found.trial));
        }
    }
    found.take(judges.judge(&mut block, &found.trial));
    found.outcome(path)
}

fn head(line: &str) -> Option<Head> {
    // A row is long, and is not read twice.
    line.starts_with("{\"form\":")
        .then(|| serde_json::from_str(line).ok())
        .flatten()
}

impl Found {
    fn head(&mut self, head: Head) -> Result<(), String> {
        if head.form != DATASET_FORM || (!self.trial.is_empty() && self.trial != head.trial) {
            return Err("the head is of another form or trial".into());
        }
        self.trial = head.trial;
        self.is_whole = head.next.is_none();
        Ok(())
    }

    /// Adds what was judged, in the order of the lines.
    fn take(&mut self, judged: Vec<(usize, Result<Sound, String>)>) {
        for (number, row) in judged {
            if let Err(why) = row.and_then(|row| self.row(row)) {
                self.note(number, &why);
            }
        }
    }

    fn row(&mut self, row: Sound) -> Result<(), String> {
        let key = (row.site.clone(), row.id);
        if !self.rows.insert(key) {
            return Err("the row is there twice".into());
        }
        *self.sites.entry(row.site).or_default() += 1;
        self.cosigners.extend(row.cosigners);
        self.last_ms = self.last_ms.max(row.time_ms);
        Ok(())
    }

    fn note(&mut self, number: usize, why: &str) {
        self.wrong_count += 1;
        if self.wrong.len() < NAMED_MAX {
            self.wrong.push(format!("line {number}: {why}"));
        }
    }

    fn outcome(self, path: &Path) -> Outcome<String> {
        if self.wrong_count > 0 {
            let mut failure = Failure::new(format!(
                "{} is NOT VALID: {} of {} rows",
                path.display(),
                self.wrong_count,
                self.wrong_count + self.rows.len()
            ));
            for why in self.wrong {
                failure = failure.cause(why);
            }
            return Err(failure.hint("these rows are not what their site committed to"));
        }
        if !self.is_whole {
            let failure = Failure::new(format!("{} is not whole", path.display()));
            let hint = "its last page says that more follow: fetch them with ?after=";
            return Err(failure.hint(hint).status(UNUSABLE));
        }
        Ok(self.words())
    }

    fn words(&self) -> String {
        let mut text = String::from("VALID\n");
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            let _ = writeln!(text, "  {name:<13}{value}");
        };
        line("what", &"a dataset of a trial, row by row");
        line("trial", &self.trial);
        line("rows", &self.rows.len());
        for (site, count) in &self.sites {
            line("of", &format_args!("{site}: {count}"));
        }
        line("latest", &instant(self.last_ms));
        let cosigners: Vec<&str> = self.cosigners.iter().map(String::as_str).collect();
        line("cosigned by", &cosigners.join(", "));
        text
    }
}
