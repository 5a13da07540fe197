//! `salus demo`: four organisations on this machine, as four processes of this binary.

mod children;
mod people;
mod plan;
mod report;
mod setup;
mod story;

use crate::cli;
use crate::failure::{Explain, Failure, Outcome};
use children::Children;
use plan::MEMBERS;
use report::Report;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A node that is not ready by then says nothing more.
const READY_MAX: Duration = Duration::from_mins(1);

/// Runs the demo until Ctrl-C, SIGTERM or the end of a supervisor.
pub(crate) fn run(arguments: &cli::Demo) -> Outcome {
    let (folder, _temporary) = folder(arguments.dir.as_deref())?;
    let children = Children::default();
    let stop = stop_channel(arguments.supervised)?;
    let (done, ended) = mpsc::channel();
    let worker = {
        let (children, done) = (children.clone(), done.clone());
        let wanted = Wanted::of(arguments, folder);
        std::thread::spawn(move || {
            let outcome = bring_up(&wanted, &children).map(|report| watch(&children, &report));
            let _ = done.send(Some(outcome));
        })
    };
    std::thread::spawn(move || {
        let _ = stop.recv();
        let _ = done.send(None);
    });
    // None: asked to stop, whatever the worker is at.
    let outcome = ended.recv().ok().flatten().unwrap_or(Ok(()));
    children.stop();
    if outcome.is_ok() {
        println!("stopped");
    }
    drop(worker);
    outcome
}

/// What the demo should be, from the command line.
pub(crate) struct Wanted {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) patients: u32,
    pub(crate) load: Vec<PathBuf>,
    pub(crate) story: bool,
    pub(crate) epoch_blocks: Option<u64>,
}

impl Wanted {
    fn of(arguments: &cli::Demo, folder: PathBuf) -> Self {
        Self {
            folder,
            port: arguments.port,
            patients: arguments.patients,
            load: arguments.load.clone(),
            story: !arguments.no_story,
            epoch_blocks: arguments.epoch_blocks,
        }
    }
}

/// The folder of the demo, and the guard that removes it at the end when nobody asked for it.
fn folder(wanted: Option<&Path>) -> Outcome<(PathBuf, Option<Temporary>)> {
    let told = || "the demo's folder cannot be made".to_owned();
    if let Some(path) = wanted {
        std::fs::create_dir_all(path).explain(told)?;
        return Ok((path.canonicalize().explain(told)?, None));
    }
    let random = crate::organisation::password()?;
    let path = std::env::temp_dir().join(format!("salus-demo-{}", &random[..8]));
    crate::organisation::make_folder(&path)?;
    let path = path.canonicalize().explain(told)?;
    Ok((path.clone(), Some(Temporary(path))))
}

struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} could not be removed: {error}", self.0.display());
        }
    }
}

/// Yields once, when the demo should stop.
fn stop_channel(supervised: bool) -> Outcome<mpsc::Receiver<()>> {
    let (sender, stop) = mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .explain(|| "signals cannot be caught".into())?;
    let by_signal = sender.clone();
    std::thread::spawn(move || {
        runtime.block_on(crate::signals::asked_to_stop());
        let _ = by_signal.send(());
    });
    if supervised {
        std::thread::spawn(move || {
            crate::signals::wait_for_the_end_of_input();
            let _ = sender.send(());
        });
    }
    Ok(stop)
}

fn bring_up(wanted: &Wanted, children: &Children) -> Outcome<Report> {
    for (index, member) in MEMBERS.iter().enumerate() {
        let hint = "give another --port; the demo uses four, one after the other";
        plan::check_free(plan::http(wanted.port, index), hint)
            .map_err(|failure| failure.cause(format!("it would be {}", member.name)))?;
    }
    let mut report = setup::prepare(wanted)?;
    for (index, organisation) in report.organisations.iter_mut().enumerate() {
        debug_assert_eq!(organisation.id, MEMBERS[index].id);
        organisation.pid = children.start(&organisation.dir)?;
    }
    ready(children, &report)?;
    people::sign_in(&mut report)?;
    report.write(&wanted.folder)?;
    people::bring(wanted, &mut report)?;
    report.write(&wanted.folder)?;
    print!("\n{}\n", report.table());
    if wanted.story {
        story::play(children, &mut report, &wanted.folder)?;
        report.write(&wanted.folder)?;
    }
    println!("READY {}", report.organisations[0].base);
    Ok(report)
}

/// Waits until each node answers that it is ready.
fn ready(children: &Children, report: &Report) -> Outcome {
    let until = Instant::now() + READY_MAX;
    for organisation in &report.organisations {
        let client = crate::client::Client::new(&organisation.base, None)?;
        while !client
            .get("/health/ready")
            .is_ok_and(|answer| answer.is_ok())
        {
            if let Some((index, how)) = children.ended() {
                return Err(children::died(
                    index,
                    &how,
                    &report.organisations[index].dir,
                ));
            }
            if Instant::now() > until {
                let log = organisation.dir.join(children::LOG);
                return Err(
                    Failure::new(format!("{} does not become ready", organisation.id))
                        .cause(format!("it was given {} s", READY_MAX.as_secs()))
                        .hint(format!("its log is {}", log.display())),
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        announced(&client, &organisation.id, until)?;
    }
    Ok(())
}

/// Waits until a node sees on the ledger how to reach all four.
fn announced(client: &crate::client::Client, id: &str, until: Instant) -> Outcome {
    loop {
        let members = client.get("/ledger/organisations")?.json();
        let members = members["organisations"].as_array().cloned();
        let ready = |it: &serde_json::Value| it["service"].is_object();
        if members.is_some_and(|all| all.len() >= MEMBERS.len() && all.iter().all(ready)) {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Failure::new(format!("{id} does not see the others"))
                .cause("their service records are not on the ledger"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Tells of nodes that end, for ever: the demo is stopped from outside.
fn watch(children: &Children, report: &Report) {
    loop {
        if let Some((index, how)) = children.ended() {
            let organisation = &report.organisations[index];
            let config = children::config(&organisation.dir);
            println!("{} ended ({how}); start it again with:", organisation.id);
            println!("  {} run --config {}", program(), config.display());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The program as it was called, so that a command it prints can be pasted where it was printed.
fn program() -> String {
    let called = std::env::args_os().next();
    called.map_or_else(
        || "salus".into(),
        |name| name.to_string_lossy().into_owned(),
    )
}
