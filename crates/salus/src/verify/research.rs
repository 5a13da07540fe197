//! A dataset for research: its one receipt, and the path of each row to the root that is in it.

use super::dataset::begins;
use super::{UNUSABLE, hint};
use crate::failure::{Explain, Failure, Outcome};
use hospital::research::RESEARCH_FORM;
use proof::policy::Policy;
use proof::receipt::{self, Verified};
use proof::tree::{leaf_hash, verify_inclusion};
use proof::{Digest, json};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest line: the head has a record and a receipt.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Rows that are not valid are named up to this number, and counted after it.
const NAMED_MAX: usize = 20;

#[derive(Deserialize)]
struct Head {
    form: String,
    organisation: String,
    request: String,
    rows: u64,
    record: String,
    receipt: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The place in the tree.
    at: u64,
    /// Canonical JSON.
    row: String,
    path: Vec<String>,
}

/// Whether a file begins as such a dataset does.
pub(super) fn resembles(path: &Path) -> bool {
    begins(path, RESEARCH_FORM)
}

/// Verifies every row of a dataset by itself.
pub(super) fn check(path: &Path, policy: &Policy) -> Outcome<String> {
    let told = || format!("{} cannot be read", path.display());
    let mut reader = BufReader::new(File::open(path).explain(told)?);
    let mut next = || -> Outcome<Option<String>> {
        let mut line = String::new();
        let read = reader.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
        Ok((read.explain(told)? > 0).then_some(line))
    };
    let head = next()?.unwrap_or_default();
    let (head, root, verified) = begun(&head, policy).map_err(|why| {
        Failure::new(format!("{} is NOT VALID", path.display()))
            .cause(why)
            .hint("ask the organisation for the dataset again; do not rely on this one")
    })?;
    let (mut found, mut wrong, mut wrong_count) = (BTreeSet::new(), Vec::new(), 0_usize);
    while let Some(line) = next()? {
        let number = found.len() + wrong_count + 2;
        match row(&line, (head.rows, &root)) {
            Ok(at) if found.insert(at) => continue,
            Ok(_) => wrong.push(format!("line {number}: the row is there twice")),
            Err(why) => wrong.push(format!("line {number}: {why}")),
        }
        wrong_count += 1;
        wrong.truncate(NAMED_MAX);
    }
    if wrong_count > 0 {
        let mut failure = Failure::new(format!(
            "{} is NOT VALID: {wrong_count} of {} rows",
            path.display(),
            wrong_count + found.len()
        ));
        for why in wrong {
            failure = failure.cause(why);
        }
        return Err(failure.hint("these rows are not what the organisation committed to"));
    }
    if found.len() as u64 != head.rows {
        let missing = format!("{} of {} rows are there", found.len(), head.rows);
        let failure = Failure::new(format!("{} is not whole", path.display())).cause(missing);
        return Err(failure
            .hint("every row that is there is valid; fetch the dataset again for the others")
            .status(UNUSABLE));
    }
    Ok(words(&head, &verified))
}

/// What the head says, and the root that its receipt proves.
fn begun(line: &str, policy: &Policy) -> Result<(Head, Digest, Verified), String> {
    let head: Head =
        serde_json::from_str(line).map_err(|error| format!("it has no head: {error}"))?;
    if head.form != RESEARCH_FORM {
        return Err("its head is of another form".into());
    }
    let record = Some(head.record.as_bytes());
    let verified = receipt::verify(head.receipt.as_bytes(), policy, record)
        .map_err(|invalid| format!("{invalid} ({})", hint(invalid.code())))?;
    let record: Value = serde_json::from_str(&head.record).unwrap_or_default();
    let named = |what: &Value, system: &str| {
        let identifier = &what["identifier"];
        let value = identifier["value"].as_str().unwrap_or_default();
        (identifier["system"] == system).then(|| value.to_owned())
    };
    let request = named(&record["entity"][0]["what"], "urn:salus:research");
    let dataset = named(&record["target"][0], "urn:salus:research:dataset").unwrap_or_default();
    let (rows, root) = dataset.split_once('/').unwrap_or_default();
    let is_it = verified.event.organisation == head.organisation
        && request.as_deref() == Some(&*head.request)
        && rows == head.rows.to_string();
    match root.parse() {
        Ok(root) if is_it => Ok((head, root, verified)),
        _ => Err("the head says something else than the record that was committed to".into()),
    }
}

/// The place of a row that leads to the root.
fn row(line: &str, (rows, root): (u64, &Digest)) -> Result<u64, String> {
    let line: Line =
        serde_json::from_str(line).map_err(|error| format!("it is no row: {error}"))?;
    let row = line.row.as_bytes();
    if !json::canonical(row).is_ok_and(|it| it == row) {
        return Err("the row is not canonical JSON".into());
    }
    let path = line.path.iter().map(|it| it.parse());
    let path: Vec<Digest> = path
        .collect::<Result<_, _>>()
        .map_err(|_| "its path is none".to_owned())?;
    verify_inclusion(&leaf_hash(row), line.at, rows, &path, root)
        .map_err(|error| error.to_string())?;
    Ok(line.at)
}

fn words(head: &Head, verified: &Verified) -> String {
    let mut text = String::from("VALID\n");
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "  {name:<13}{value}");
    };
    line("what", &"a dataset for research, row by row");
    line("of", &head.organisation);
    line("request", &head.request);
    line("rows", &head.rows);
    line("committed", &super::instant(verified.event.time_us / 1_000));
    line("block", &verified.height);
    line("cosigned by", &verified.cosigners.join(", "));
    text
}
