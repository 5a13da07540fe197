//! What a client of one organisation sees, over HTTP, on a consortium of four.

use super::Row;
use super::client::{Client, together};
use super::stats::{Times, rate, written};
use crate::consortium::{Consortium, fresh_folder};
use crate::end_to_end::binary;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
const WRITES: usize = 100;
const RECORDS_TIME: Duration = Duration::from_secs(15);
const READS_TIME: Duration = Duration::from_secs(10);
const ANCHORED_MAX: Duration = Duration::from_mins(2);

/// About 200 resources each.
const PATIENTS: usize = 520;

/// One write after the other, each until its receipt is there.
pub(super) fn write_to_receipt() -> Result<Vec<Row>> {
    let consortium = Consortium::start(0)?;
    let client = Client::new(&consortium.base(0), &consortium.token(0));
    let mut times = Vec::new();
    for _ in 0..WRITES {
        let id = client.create()?;
        let acknowledged = Instant::now();
        let path = format!("/fhir/Observation/{id}/_history/1/$receipt");
        while client.get(&path)?.0 != 200 {
            std::thread::sleep(Duration::from_millis(5));
        }
        times.push(acknowledged.elapsed());
    }
    Ok(vec![Row {
        what: "FHIR write acknowledged to receipt ready, 1 s batches",
        wanted: "p50 1.5 s, p99 3 s",
        measured: Times::new(times).words(),
        timer: "from the 201 to the first 200 of $receipt, asked every 5 ms; four validators",
    }])
}

/// Single creates by 16 clients at one organisation.
pub(super) fn records() -> Result<Vec<Row>> {
    let consortium = Consortium::start(0)?;
    let (base, token) = (consortium.base(0), consortium.token(0));
    let start = Instant::now();
    let times = together(CLIENTS, RECORDS_TIME, &base, &token, |client, _| {
        client.create().map(drop)
    })?;
    let admitted = start.elapsed();
    Client::new(&base, &token).wait_anchored(ANCHORED_MAX)?;
    let anchored = start.elapsed();
    let count = times.len();
    Ok(vec![Row {
        what: "record versions admitted over HTTP and anchored, one organisation, SQLite",
        wanted: "2,000/s",
        measured: format!(
            "{} admitted, {} anchored; write {}",
            rate(count, admitted),
            rate(count, anchored),
            Times::new(times).words()
        ),
        timer: "16 clients, HTTP, validation, sealing, fsync; anchored: until no receipt is \
                pending; load generator and four validators on the same cores",
    }])
}

/// Loads 100,000 resources in bundles, then reads and searches among them.
pub(super) fn bundles_reads_and_searches() -> Result<Vec<Row>> {
    let consortium = Consortium::start(0)?;
    let (base, token) = (consortium.base(0), consortium.token(0));
    let folder = fresh_folder("bundles")?;
    let file = folder.join("patients.ndjson");
    let resources = generate(&file)?;
    let start = Instant::now();
    let status = Command::new(binary())
        .arg("load")
        .arg(&file)
        .args(["--to", &base, "--token", &token, "--parallel", "4"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    let loaded = start.elapsed();
    let _ = std::fs::remove_dir_all(&folder);
    if !status.success() {
        bail!("salus load failed");
    }
    let client = Client::new(&base, &token);
    client.wait_anchored(ANCHORED_MAX)?;
    let anchored = start.elapsed();
    let mut rows = vec![Row {
        what: "resources in transaction bundles, one organisation",
        wanted: "5,000/s",
        measured: format!(
            "{} admitted, {} anchored ({resources} in {})",
            rate(resources, loaded),
            rate(resources, anchored),
            written(loaded)
        ),
        timer: "salus load with 4 bundles of about 200 on their way; as above",
    }];
    let loaded = size(&consortium)?;
    rows.push(Row {
        what: "database size, 100,000 resources loaded",
        wanted: "under 5 KB a resource",
        measured: format!(
            "{} bytes a resource ({} MiB)",
            loaded / resources.max(1) as u64,
            loaded >> 20
        ),
        timer: "records.db: bodies, index, outbox, batches, events of the bundles; without the \
                write-ahead log",
    });
    rows.extend(reads(&consortium, &base, &token, &client)?);
    Ok(rows)
}

fn generate(file: &std::path::Path) -> Result<usize> {
    let output = std::fs::File::create(file)?;
    let status = Command::new(binary())
        .args(["generate", "--patients", &PATIENTS.to_string()])
        .stdout(output)
        .status()?;
    if !status.success() {
        bail!("salus generate failed");
    }
    let text = std::fs::read_to_string(file)?;
    let mut resources = 0;
    for line in text.lines() {
        let bundle: Value = serde_json::from_str(line)?;
        resources += bundle["entry"].as_array().map_or(0, Vec::len);
    }
    Ok(resources)
}

fn reads(consortium: &Consortium, base: &str, token: &str, client: &Client) -> Result<Vec<Row>> {
    let page = client.json("/fhir/Observation?_count=1000")?;
    let ids: Vec<String> = ids(&page);
    let page = client.json("/fhir/Patient?_count=500")?;
    let patients: Vec<String> = self::ids(&page);
    if ids.is_empty() || patients.is_empty() {
        bail!("nothing was loaded");
    }
    let get = |client: &Client, path: String| match client.get(&path)? {
        (200, _) => Ok(()),
        (status, body) => bail!("{path}: {status}: {}", String::from_utf8_lossy(&body)),
    };
    let before = size(consortium)?;
    let read = together(CLIENTS, READS_TIME, base, token, |client, number| {
        get(
            client,
            format!("/fhir/Observation/{}", ids[number % ids.len()]),
        )
    })?;
    client.wait_anchored(ANCHORED_MAX)?;
    let grown = size(consortium)?.saturating_sub(before);
    let search = together(CLIENTS, READS_TIME, base, token, |client, number| {
        let patient = &patients[number % patients.len()];
        let path = match number % 4 {
            0 => format!("/fhir/Observation?subject=Patient/{patient}&code=8867-4"),
            1 => format!("/fhir/Observation?subject=Patient/{patient}&_sort=-date&_count=20"),
            2 => "/fhir/Patient?name=ko&_count=20".to_owned(),
            _ => "/fhir/Condition?code=http://snomed.info/sct%7C38341003&_count=20".to_owned(),
        };
        get(client, path)
    })?;
    let (reads, searches) = (read.len(), search.len());
    Ok(vec![
        Row {
            what: "FHIR read at 100,000 resources, 16 clients",
            wanted: "p99 5 ms",
            measured: format!("{}; {}", Times::new(read).words(), rate(reads, READS_TIME)),
            timer: "HTTP request to last byte, opened and checked against its commitment; its \
                    AuditEvent on disk before the answer",
        },
        Row {
            what: "what the AuditEvent of a read adds to the database",
            wanted: "",
            measured: format!("{} bytes", grown / reads.max(1) as u64),
            timer: "records.db before and after these reads, without the write-ahead log",
        },
        Row {
            what: "FHIR search, first page, at 100,000 resources, 16 clients",
            wanted: "p99 20 ms",
            measured: format!(
                "{}; {}",
                Times::new(search).words(),
                rate(searches, READS_TIME)
            ),
            timer: "HTTP request to last byte; four kinds of search in turn, 20 a page",
        },
    ])
}

fn ids(page: &Value) -> Vec<String> {
    let entries = page["entry"].as_array().map_or(&[][..], Vec::as_slice);
    entries
        .iter()
        .filter_map(|entry| entry["resource"]["id"].as_str().map(str::to_owned))
        .collect()
}

/// Bytes of the database of the first organisation.
fn size(consortium: &Consortium) -> Result<u64> {
    let file = consortium.org_dir(0).join("records.db");
    Ok(std::fs::metadata(file).context("records.db")?.len())
}
