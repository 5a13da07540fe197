//! Measures the store: loading, bytes per resource, searches at size, group commit.
//!
//! `cargo run --release -p store --example measure [resources] [folder]`. Times include the wait
//! for the thread and for the disk; bodies are as long as sealed ones.
#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    reason = "a measurement, not the product"
)]

mod people;

use std::path::Path;
use std::time::{Duration, Instant};

use fhir::query::Query;
use store::{Method, NewVaultKey, Options, Page, Put, Scope, Store, Write};

const CLIENTS: usize = 16;
const ROUNDS: usize = 60;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments
        .next()
        .map_or(100_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir_in(arguments.next().unwrap_or_else(|| ".".into())).unwrap();
    let path = folder.path().join("salus.db");
    let store = Store::open(&path, &Options::default()).unwrap();
    let wrapped = vec![0; 60];
    let key = NewVaultKey {
        id: "v".into(),
        wrapped,
    };
    store
        .commit(Write {
            vault_keys: vec![key],
            ..Write::default()
        })
        .await
        .unwrap();
    load(&store, count, &path).await;
    for (type_, text) in SEARCHES {
        search(&store, type_, text).await;
    }
    reads(&store).await;
    for writers in [1, 16, 64] {
        group_commit(&store, writers).await;
    }
}

fn put(resource: &serde_json::Value, version: u64, time: i64) -> Put {
    let text = |name: &str| resource[name].as_str().unwrap().to_owned();
    let mut envelope = resource.to_string().into_bytes();
    // What `vault` adds: wrapped key, salt, commitment, event, tags.
    envelope.resize(envelope.len() + 330, 0xA5);
    Put {
        type_: text("resourceType"),
        id: text("id"),
        version,
        expect: (version > 1).then(|| version - 1),
        updated_us: time,
        method: Method::Post,
        vault: "v".into(),
        compartments: fhir::compartment::patients(resource),
        index: fhir::search::values(resource),
        facts: b"vital-signs".to_vec(),
        envelope,
        commitment: [7; 32],
    }
}

async fn load(store: &Store, count: usize, path: &Path) {
    let (mut done, mut body, mut rows, mut writing) = (0, 0, 0, Duration::ZERO);
    for person in 0.. {
        if done >= count {
            break;
        }
        let all = people::history_of(person);
        let time = i64::try_from(done).unwrap();
        let puts: Vec<Put> = all.iter().map(|one| put(one, 1, time)).collect();
        done += puts.len();
        body += puts.iter().map(|put| put.envelope.len()).sum::<usize>();
        rows += puts.iter().map(|put| put.index.len()).sum::<usize>();
        let start = Instant::now();
        store
            .commit(Write {
                puts,
                ..Write::default()
            })
            .await
            .unwrap();
        writing += start.elapsed();
    }
    let log = path
        .with_extension("db-wal")
        .metadata()
        .map_or(0, |log| log.len());
    let size = path.metadata().unwrap().len();
    let per = |bytes: u64| bytes / done as u64;
    println!(
        "loaded {done} resources in {:.1} s of commits: {:.0}/s, one transaction per patient",
        writing.as_secs_f64(),
        done as f64 / writing.as_secs_f64()
    );
    println!(
        "bytes per resource: {} in the database ({} of them envelope, {:.1} index rows), log {} MB",
        per(size),
        per(body as u64),
        rows as f64 / done as f64,
        log / 1_000_000
    );
}

const SEARCHES: &[(&str, &str)] = &[
    ("Observation", "patient=p17"),
    ("Observation", "code=http://loinc.org|8480-6"),
    ("Observation", "code=8480-6"),
    ("Observation", "code=http://loinc.org|72514-3"),
    ("Observation", "date=ge2022-06-01"),
    ("Observation", "date=ge2022-06-01&date=lt2022-06-03"),
    ("Observation", "category=vital-signs"),
    ("Observation", "category=laboratory&_sort=-date"),
    ("Observation", "patient=p17&code=8480-6&_sort=-date"),
    (
        "Observation",
        "patient=p17&category=laboratory&date=ge2020-01-01&_sort=-date",
    ),
    ("Observation", "code=8480-6&_sort=-date"),
    ("Observation", "code=8480-6&date=ge2022-06-01&_sort=date"),
    ("Observation", "code=8480-6&value-quantity=gt150"),
    ("Observation", "code=8480-6&_total=accurate"),
    ("Observation", "code:not=8480-6"),
    (
        "Observation",
        "_lastUpdated=ge1970-01-01&_sort=-_lastUpdated",
    ),
    ("Observation", ""),
    ("Patient", "identifier=urn:mrn|mrn-17"),
    ("Patient", "name=garc"),
    ("Patient", "family=s&_sort=family"),
    ("Patient", "birthdate=1961&gender=female"),
    ("Patient", "_id=p17&_revinclude=Observation:subject"),
    ("Encounter", "patient=p17&_sort=-date"),
    ("Condition", "code=44054006&_include=Condition:subject"),
];

async fn search(store: &Store, type_: &str, text: &str) {
    let pairs: Vec<(String, String)> = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let query = fhir::query::parse(type_, &pairs, &fhir::query::Options::default());
    let query = query.unwrap().query;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(tokio::spawn(client(store.clone(), query.clone())));
    }
    let mut times = Vec::new();
    let mut rows = 0;
    for client in clients {
        let (own, found) = client.await.unwrap();
        times.extend(own);
        rows = found;
    }
    report(&format!("{type_}?{text}"), rows, &mut times);
}

async fn client(store: Store, query: Query) -> (Vec<Duration>, usize) {
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let found = store
            .search(query.clone(), Scope::all(), Page::first(50))
            .await
            .unwrap();
        times.push(start.elapsed());
        rows = found.rows.len() + found.included.len();
    }
    (times, rows)
}

fn report(what: &str, rows: usize, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "p50 {:7.2} ms  p99 {:7.2} ms  {rows:4} rows  {what}",
        at(50),
        at(99)
    );
}

async fn reads(store: &Store) {
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let store = store.clone();
        clients.push(tokio::spawn(async move {
            let mut times = Vec::new();
            for round in 0..ROUNDS * 10 {
                let id = format!("p{}", (client * 37 + round * 11) % 100);
                let start = Instant::now();
                assert!(store.current("Patient", &id).await.unwrap().is_some());
                times.push(start.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for client in clients {
        times.extend(client.await.unwrap());
    }
    report("read of the current version", 1, &mut times);
}

/// Writers that each wait for their own write before the next one.
async fn group_commit(store: &Store, writers: usize) {
    let start = Instant::now();
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while start.elapsed() < Duration::from_secs(4) {
                let id = format!("w{writers}-{writer}-{}", times.len());
                let one = put(&people::reading(&id, "p17", times.len()), 1, 1);
                let begun = Instant::now();
                store
                    .commit(Write {
                        puts: vec![one],
                        ..Write::default()
                    })
                    .await
                    .unwrap();
                times.push(begun.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    report(
        &format!("one write, {writers} writers: {rate:.0} durable writes/s"),
        1,
        &mut times,
    );
}
