//! `salus restore`: opens a backup to its end, proves that it is readable, makes a folder of it.

use super::content;
use super::{Head, Partial, RESTORED, now_ms, tree_beside};
use crate::cli;
use crate::config::Config;
use crate::failure::{Explain, Failure, Hint, Outcome};
use crate::organisation::{self, CONFIG, Keys};
use crate::progress::Progress;
use hospital::Restored;
use hospital::audit::{Finding, Summary, readable};
use hospital::backups::{Act, Entry, Log};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::{Options, Store};
use vault::sealed_file::Opener;
use vault::{KeyTree, Zeroizing};

/// Bytes that are read at a time.
const BUFFER: usize = 1 << 20;
/// Findings that are shown.
const SHOWN_MAX: usize = 20;

/// Restores into a new folder, or only proves that it could. Nothing is there before all is good.
pub(crate) fn run(arguments: &cli::Restore) -> Outcome {
    let begun = Instant::now();
    let passphrase = passphrase(arguments)?;
    let (mut opener, head) = open(&arguments.file, &passphrase)?;
    tell(&head);
    let partial = Partial::make(beside(arguments)?)?;
    let mut progress = Progress::new("backup", "bytes", Some(size(&arguments.file)));
    content::take(&mut opener, partial.path(), &mut |bytes| progress.by(bytes))?;
    progress.finish();
    let config = Config::read(&partial.path().join(CONFIG))?;
    let keys = keys(&config, partial.path(), arguments, &passphrase)?;
    place_tree(arguments, &head, &keys, partial.path())?;
    let summary = prove(keys, &head, partial.path())?;
    println!("every one of {} versions opens", summary.versions);
    if let Some(dir) = &arguments.record {
        record(dir, arguments, &head, begun)?;
    }
    let Some(dir) = &arguments.dir else {
        println!("the backup is good; nothing was restored");
        return Ok(());
    };
    settle(dir, &head, &config, &partial, &passphrase)
}

fn open(file: &Path, passphrase: &str) -> Outcome<(Opener<BufReader<File>>, Head)> {
    let told = || format!("{} cannot be opened", file.display());
    let from = File::open(file)
        .explain(told)
        .hint("`salus backup` makes one")?;
    let from = BufReader::with_capacity(BUFFER, from);
    let opener = Opener::begin(from, passphrase.as_bytes())
        .explain(told)
        .hint("is it the passphrase of the time of the backup, and is the file whole?")?;
    let head = Head::read(opener.head())?;
    Ok((opener, head))
}

fn tell(head: &Head) {
    let made = i64::try_from(head.made_ms)
        .unwrap_or_default()
        .saturating_mul(1_000);
    println!(
        "backup of {} of {}, at height {}, by release {}",
        head.organisation,
        hospital::instant::fhir(made),
        head.height,
        head.release
    );
}

/// A folder on the same disk as the new one, or where there is room for a look.
fn beside(arguments: &cli::Restore) -> Outcome<PathBuf> {
    let Some(dir) = &arguments.dir else {
        let own = format!("salus-check-{}.partial", std::process::id());
        let record = arguments.record.as_ref();
        let path = record.map(|folder| folder.join("check.partial"));
        return Ok(path.unwrap_or_else(|| std::env::temp_dir().join(own)));
    };
    let told = || format!("{} cannot be restored into", dir.display());
    if std::fs::read_dir(dir).is_ok_and(|mut listed| listed.next().is_some()) {
        return Err(Failure::new(told())
            .cause("it exists and is not empty")
            .hint("give another --dir; an organisation is never overwritten"));
    }
    let dir = std::path::absolute(dir).explain(told)?;
    let name = dir
        .file_name()
        .ok_or_else(|| Failure::new(told()).cause("it names no folder"))?;
    if let Some(above) = dir.parent() {
        std::fs::create_dir_all(above).explain(told)?;
    }
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(".partial");
    Ok(dir.with_file_name(beside))
}

/// The keys of the organisation: under the passphrase that opened the backup, or its own one.
fn keys(
    config: &Config,
    folder: &Path,
    arguments: &cli::Restore,
    passphrase: &str,
) -> Outcome<Keys> {
    let own = match &arguments.record {
        Some(dir) => Config::read(&dir.join(CONFIG))
            .and_then(|it| it.passphrase())
            .ok(),
        None => config.passphrase().ok(),
    };
    let opened = Keys::open(folder, passphrase);
    match own {
        Some(own) if opened.is_err() => Keys::open(folder, &own),
        _ => opened,
    }
}

/// Puts the key tree that erased most into the folder.
fn place_tree(arguments: &cli::Restore, head: &Head, keys: &Keys, folder: &Path) -> Outcome {
    let inside = organisation::key_tree(folder);
    let found = match &arguments.tree {
        Some(tree) => Some(tree.clone()),
        None => Some(tree_beside(&arguments.file, &head.organisation)).filter(|it| it.exists()),
    };
    if let Some(found) = found {
        let told = || format!("the key tree {} cannot be used", found.display());
        let tree = KeyTree::open(&found, &keys.root).explain(told)?;
        return tree.copy_to(&inside, &keys.root).explain(told);
    }
    if inside.exists() {
        return Ok(());
    }
    Err(Failure::new("the key tree is missing")
        .cause("it is not in this backup, so that old backups open nobody who was erased")
        .hint("give its one copy: --tree FILE (salus backup names it; it ends in .keys)"))
}

/// Reads everything: the structure of the database, each version, the index, users and keys.
fn prove(keys: Keys, head: &Head, folder: &Path) -> Outcome<Summary> {
    let told = || "the backup opens, but what is in it cannot be read".to_owned();
    let records = organisation::records(folder);
    let store = Store::open_read_only(&records, &Options::default()).explain(told)?;
    let mut found: Vec<Finding> = Vec::new();
    let mut progress = Progress::new("versions", "read", Some(head.versions));
    let runtime = tokio::runtime::Runtime::new().explain(told)?;
    let tree = organisation::key_tree(folder);
    let summary = runtime.block_on(readable(
        store,
        keys.root,
        &tree,
        head.organisation.clone(),
        &mut |at| {
            if at.stage == "records" {
                progress.at(at.done);
            }
        },
        &mut |finding| {
            if found.len() < SHOWN_MAX {
                found.push(finding);
            }
        },
    ));
    progress.finish();
    let summary = summary.explain(told)?;
    for finding in &found {
        println!("{}: {}", finding.item, finding.reason);
    }
    if summary.findings == 0 {
        return Ok(summary);
    }
    Err(Failure::new(told())
        .cause(format!("{} items are damaged", summary.findings))
        .hint("take an older backup, and run `salus audit` where this one was made"))
}

fn record(dir: &Path, arguments: &cli::Restore, head: &Head, begun: Instant) -> Outcome {
    let (config, keys) = organisation::open(&dir.join(CONFIG))?;
    if config.organisation.id != head.organisation {
        return Err(Failure::new("the proof cannot be recorded")
            .cause(format!("the backup is of {}", head.organisation)));
    }
    let entry = Entry {
        id: head.id.clone(),
        act: Act::Proven,
        time_ms: now_ms(),
        made_ms: head.made_ms,
        file: arguments.file.display().to_string(),
        bytes: size(&arguments.file),
        height: head.height,
        versions: head.versions,
        tree: None,
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Log::add(&config.folder, &keys.root, entry).explain(|| "the proof cannot be recorded".into())
}

/// Everything is good: the folder gets its name, and says what its node has to do first.
fn settle(
    dir: &Path,
    head: &Head,
    config: &Config,
    partial: &Partial,
    passphrase: &str,
) -> Outcome {
    let told = || format!("{} cannot be restored into", dir.display());
    for left in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(organisation::records(partial.path()).with_extension(left));
    }
    let mark = Restored {
        id: head.id.clone(),
        made_ms: head.made_ms,
        height: head.height,
        entries: head.entries,
    };
    let mark = serde_json::to_vec(&mark).explain(told)?;
    organisation::write_private(&partial.path().join(RESTORED), &mark, true)?;
    let own = config.keys.passphrase_file.as_deref();
    let own =
        own.filter(|file| file.is_relative() && Keys::open(partial.path(), passphrase).is_ok());
    if let Some(file) = own {
        let line = format!("{passphrase}\n");
        organisation::write_private(&partial.path().join(file), line.as_bytes(), true)?;
    }
    super::sync(partial.path())?;
    if dir.exists() {
        std::fs::remove_dir(dir).explain(told)?;
    }
    std::fs::rename(partial.path(), dir).explain(told)?;
    let dir = std::path::absolute(dir).explain(told)?;
    super::sync(dir.parent().unwrap_or(Path::new("/")))?;
    say_next(&dir, config, own.is_some());
    Ok(())
}

fn say_next(dir: &Path, config: &Config, has_passphrase: bool) {
    let file = dir.join(CONFIG);
    println!("restored into {}", dir.display());
    println!("next:");
    println!("  1. make sure that the node it was made of never runs again");
    println!(
        "  2. look at the addresses in {}: the others look for {}",
        file.display(),
        config.ledger.listen
    );
    if !has_passphrase {
        println!("     and put the passphrase where its [keys] say");
    }
    println!("  3. salus run --config {}", file.display());
    println!("     it answers when it has the ledger from the others, and has erased again whom");
    println!("     the ledger says were erased since");
    println!(
        "  4. salus audit --dir {}, when it is stopped next",
        dir.display()
    );
}

/// The passphrase: from a file, the environment, or the organisation whose log is written.
fn passphrase(arguments: &cli::Restore) -> Outcome<Zeroizing<String>> {
    if let Some(file) = &arguments.passphrase_file {
        return first_line(file);
    }
    if let Some(passphrase) = &arguments.passphrase {
        return Ok(Zeroizing::new(passphrase.clone()));
    }
    if let Some(dir) = &arguments.record {
        return Config::read(&dir.join(CONFIG))?
            .passphrase()
            .map(Zeroizing::new);
    }
    Err(Failure::new("the backup cannot be opened")
        .cause("no passphrase is given")
        .hint("--passphrase-file FILE, or the environment's SALUS_PASSPHRASE"))
}

/// The first line of a file with a passphrase.
pub(super) fn first_line(file: &Path) -> Outcome<Zeroizing<String>> {
    let told = || format!("the passphrase file {} cannot be read", file.display());
    let mut text = Zeroizing::new(String::new());
    let read = File::open(file).and_then(|file| file.take(4_096).read_to_string(&mut text));
    read.explain(told)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::new(told()).cause("its first line is empty"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}
