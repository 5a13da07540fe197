//! Sends FHIR transaction bundles to a running node: `salus load`, and the demo's `--load`.

mod source;

use crate::cli;
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
pub(crate) use source::{Item, Source};
use std::sync::{Mutex, PoisonError, mpsc};

/// What a load did.
#[derive(Default, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loaded {
    pub(crate) bundles: u64,
    pub(crate) resources: u64,
}

/// What is told of each bundle that went in: where it came from, and the node's answer.
pub(crate) type Told<'a> = &'a mut (dyn FnMut(&Item, &serde_json::Value) -> Outcome + Send);

/// `salus load`.
pub(crate) fn run(arguments: &cli::Load) -> Outcome {
    let client = Client::new(&arguments.target.to, Some(&arguments.target.token))?;
    let source = Source::open(&arguments.path)?;
    let parallel = usize::from(arguments.parallel);
    let loaded = send(&client, source, parallel, &mut |_, _| Ok(()))?;
    println!(
        "loaded {} bundles, {} resources",
        loaded.bundles, loaded.resources
    );
    Ok(())
}

/// Sends everything, `parallel` bundles at a time; stops at the first that is refused.
pub(crate) fn send(
    client: &Client,
    source: Source,
    parallel: usize,
    told: Told<'_>,
) -> Outcome<Loaded> {
    let mut progress = Progress::new("loading", "resources", None);
    let mut loaded = Loaded::default();
    let source = Mutex::new(source);
    let outcome = std::thread::scope(|scope| {
        let (sender, answers) = mpsc::sync_channel(parallel);
        for _ in 0..parallel {
            let (sender, source) = (sender.clone(), &source);
            scope.spawn(move || worker(client, source, &sender));
        }
        drop(sender);
        // Dropping `answers` on the first failure ends the workers.
        for answer in answers {
            let (item, body): (Item, serde_json::Value) = answer?;
            let resources = body["entry"].as_array().map_or(1, Vec::len) as u64;
            told(&item, &body)?;
            loaded.bundles += 1;
            loaded.resources += resources;
            progress.by(resources);
        }
        Ok(())
    });
    progress.finish();
    outcome.map(|()| loaded)
}

type Sent = Outcome<(Item, serde_json::Value)>;

fn worker(client: &Client, source: &Mutex<Source>, answers: &mpsc::SyncSender<Sent>) {
    loop {
        let next = source.lock().unwrap_or_else(PoisonError::into_inner).next();
        let sent = match next {
            None => return,
            Some(item) => item.and_then(|item| send_one(client, item)),
        };
        let failed = sent.is_err();
        if answers.send(sent).is_err() || failed {
            return;
        }
    }
}

/// A busy node is asked again a bounded number of times.
const BUSY_TRIES_MAX: u32 = 20;

fn send_one(client: &Client, item: Item) -> Sent {
    let mut tries = 0;
    let answer = loop {
        let answer = client.post("/fhir", "application/fhir+json", &item.body)?;
        tries += 1;
        if answer.status != 503 || tries == BUSY_TRIES_MAX {
            break answer;
        }
        let wait_s = answer.retry_after_s.unwrap_or(1).clamp(1, 10);
        std::thread::sleep(std::time::Duration::from_secs(wait_s));
    };
    let answer = answer.expect_ok(&format!(
        "{} was refused, nothing of it is stored",
        item.name
    ))?;
    let body = answer.json();
    if body["resourceType"] != "Bundle" {
        return Err(Failure::new(format!("{} is no FHIR server", item.name))
            .hint("--to is the node's address, as http://127.0.0.1:8080"));
    }
    Ok((item, body))
}
