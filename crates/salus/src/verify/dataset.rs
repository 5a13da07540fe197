//! A dataset of a trial: each row with its receipt, one after the other, whatever the length.

use super::{UNUSABLE, hint};
use crate::failure::{Explain, Failure, Outcome};
use hospital::trials::{DATASET_FORM, DatasetLine};
use proof::policy::Policy;
use proof::receipt::{self, Verified};
use serde::Deserialize;
use serde_json::Value;
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
    loop {
        number += 1;
        let mut line = String::new();
        let read = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
        if read.explain(told)? == 0 {
            break;
        }
        if let Err(why) = found.line(&line, policy) {
            found.wrong_count += 1;
            if found.wrong.len() < NAMED_MAX {
                found.wrong.push(format!("line {number}: {why}"));
            }
        }
    }
    if found.wrong_count > 0 {
        let mut failure = Failure::new(format!(
            "{} is NOT VALID: {} of {} rows",
            path.display(),
            found.wrong_count,
            found.wrong_count + found.rows.len()
        ));
        for why in found.wrong {
            failure = failure.cause(why);
        }
        return Err(failure.hint("these rows are not what their site committed to"));
    }
    if !found.is_whole {
        let failure = Failure::new(format!("{} is not whole", path.display()));
        let hint = "its last page says that more follow: fetch them with ?after=";
        return Err(failure.hint(hint).status(UNUSABLE));
    }
    Ok(found.words())
}

impl Found {
    fn line(&mut self, line: &str, policy: &Policy) -> Result<(), String> {
        if let Ok(head) = serde_json::from_str::<Head>(line) {
            if head.form != DATASET_FORM || (!self.trial.is_empty() && self.trial != head.trial) {
                return Err("the head is of another form or trial".into());
            }
            self.trial = head.trial;
            self.is_whole = head.next.is_none();
            return Ok(());
        }
        let row: DatasetLine =
            serde_json::from_str(line).map_err(|error| format!("it is no row: {error}"))?;
        let record = Some(row.record.as_bytes());
        let verified = receipt::verify(row.receipt.as_bytes(), policy, record)
            .map_err(|invalid| format!("{invalid} ({})", hint(invalid.code())))?;
        self.compare(&row, &verified)?;
        let key = (row.site.clone(), row.id);
        if !self.rows.insert(key) {
            return Err("the row is there twice".into());
        }
        *self.sites.entry(row.site).or_default() += 1;
        self.cosigners.extend(verified.cosigners);
        self.last_ms = self.last_ms.max(verified.time_ms);
        Ok(())
    }

    /// The line says of the row what the receipt says of it.
    fn compare(&self, row: &DatasetLine, verified: &Verified) -> Result<(), String> {
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
        if record["identifier"]["system"] != format!("urn:salus:trial:{}", self.trial) {
            return Err("it is no row of this trial".into());
        }
        Ok(())
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
        line("latest", &super::instant(self.last_ms));
        let cosigners: Vec<&str> = self.cosigners.iter().map(String::as_str).collect();
        line("cosigned by", &cosigners.join(", "));
        text
    }
}
