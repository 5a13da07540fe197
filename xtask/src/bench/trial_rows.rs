//! Rows of a trial: captured and sealed at a site, fetched with their receipts, and verified from
//! the file alone.

use super::Row;
use super::client::{Client, together};
use super::stats::{Times, rate, written};
use super::trade::until;
use super::trial_site::{SITE, SPONSOR, TrialSite, body};
use crate::consortium::fresh_folder;
use crate::end_to_end::binary;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Rows of one body at most.
const BODY_ROWS: usize = 10_000;
const CLIENTS: usize = 4;
const SINGLE_TIME: Duration = Duration::from_secs(10);
/// The events that rows are of: of large bodies, of single ones, and the one after all.
const LARGE: &str = "large";
const SINGLE: &str = "single";
const LAST: &str = "last";
/// Pages of a dataset at most.
const PAGES_MAX: usize = 100_000;

/// So many rows in large bodies, then one by one; then the dataset of them all.
pub(super) fn rows(wanted: u64) -> Result<Vec<Row>> {
    let site = TrialSite::open()?;
    let wanted = usize::try_from(wanted)?.max(1);
    let mut rows = vec![large(&site, wanted)?];
    let folder = fresh_folder("dataset")?;
    let verified = dataset(&site, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    rows.extend(verified?);
    rows.push(single(&site)?);
    Ok(rows)
}

/// Bodies of the largest size, one after the other.
fn large(site: &TrialSite, wanted: usize) -> Result<Row> {
    let client = site.client(SITE, "clinician");
    let numbers: Vec<usize> = (0..wanted).collect();
    let bodies = numbers.chunks(BODY_ROWS).map(|some| body(some, LARGE));
    let bodies: Vec<Vec<u8>> = bodies.collect();
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let start = Instant::now();
    for one in &bodies {
        site.captured(&client, one)?;
    }
    let answered = start.elapsed();
    site.has_receipt(&client, wanted - 1, LARGE)?;
    let sealed = start.elapsed();
    Ok(Row {
        what: "rows of a trial captured in bodies of 10,000, one client at one site",
        wanted: "",
        measured: format!(
            "{} captured, {} sealed ({wanted} rows of {} bytes in {}; the last receipt {} after \
             the last answer)",
            rate(wanted, answered),
            rate(wanted, sealed),
            bytes / wanted,
            written(answered),
            written(sealed.saturating_sub(answered)),
        ),
        timer: "captured: first request to last 201: checked against enrolment, consent and what \
                is there, validated, encrypted, on disk; sealed: until the last row has its \
                receipt; four validators",
    })
}

/// Bodies of one row.
fn single(site: &TrialSite) -> Result<Row> {
    let (base, token) = site.at(SITE, "clinician");
    let start = Instant::now();
    let times = together(CLIENTS, SINGLE_TIME, &base, &token, |client, number| {
        site.captured(client, &body(&[number], SINGLE))
    })?;
    let answered = start.elapsed();
    // Commitments are sealed in their order: what has come before this one has its receipt, too.
    let client = Client::new(&base, &token);
    site.captured(&client, &body(&[0], LAST))?;
    site.has_receipt(&client, 0, LAST)?;
    let (count, sealed) = (times.len(), start.elapsed());
    Ok(Row {
        what: "rows of a trial captured in bodies of one, 4 clients at one site",
        wanted: "",
        measured: format!(
            "{} captured, {} sealed; {}",
            rate(count, answered),
            rate(count, sealed),
            Times::new(times).words()
        ),
        timer: "the same, 10 s; each row has an event of access on disk beside it",
    })
}

/// Fetches the dataset as the sponsor does, and lets `salus verify` judge the file.
fn dataset(site: &TrialSite, folder: &Path) -> Result<Vec<Row>> {
    let file = folder.join("dataset.ndjson");
    let start = Instant::now();
    let count = fetch(site, &file)?;
    let (fetched, bytes) = (start.elapsed(), std::fs::metadata(&file)?.len());
    let start = Instant::now();
    let output = Command::new(binary())
        .arg("verify")
        .arg(&file)
        .arg("--trust")
        .arg(site.trust())
        .output()?;
    let verified = start.elapsed();
    let said = String::from_utf8_lossy(&output.stdout);
    let all = said.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("rows") && words.next() == Some(&*count.to_string())
    });
    if !output.status.success() || !all {
        bail!("{said}{}", String::from_utf8_lossy(&output.stderr));
    }
    let extent = format!("{count} rows with receipts, {} MiB", bytes >> 20);
    Ok(vec![
        Row {
            what: "the dataset of a trial fetched by its sponsor, page by page",
            wanted: "",
            measured: format!("{}; {extent} in {}", rate(count, fetched), written(fetched)),
            timer: "request to the last line on disk; pages of 200: the sponsor's node asks the \
                    site's, which opens each row and makes its receipt",
        },
        Row {
            what: "`salus verify` of a dataset",
            wanted: "",
            measured: format!(
                "{}; {extent} in {}",
                rate(count, verified),
                written(verified)
            ),
            timer: "the whole process: the file read, each receipt, record and row checked; \
                    the four nodes idle beside it",
        },
    ])
}

/// The rows in the file.
fn fetch(site: &TrialSite, file: &Path) -> Result<usize> {
    let client = site.client(SPONSOR, "researcher");
    let mut output = File::create(file)?;
    let (mut count, mut after) = (0, None::<String>);
    for _ in 0..PAGES_MAX {
        let path = after.as_ref().map_or_else(
            || site.path("/dataset"),
            |after| site.path(&format!("/dataset?after={}", after.replace(' ', "%20"))),
        );
        let mut page = Vec::new();
        until("a page of the dataset", || {
            let (status, body) = client.get(&path)?;
            page = body;
            Ok(status == 200)
        })?;
        output.write_all(&page)?;
        let lines = page
            .split(|byte| *byte == b'\n')
            .filter(|it| !it.is_empty());
        count += lines.clone().count().saturating_sub(1);
        let head: Value = serde_json::from_slice(lines.clone().next().context("a head")?)?;
        match head["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return Ok(count),
        }
    }
    bail!("the dataset has more than {PAGES_MAX} pages")
}
