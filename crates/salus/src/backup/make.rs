//! `salus backup`: what a node needs to come back, in one encrypted file, while it runs.

use super::content;
use super::{FORMAT, Head, Partial, now_ms, tree_beside};
use crate::cli;
use crate::config::Config;
use crate::failure::{Explain, Failure, Hint, Outcome};
use crate::genesis_file;
use crate::organisation::{self, Keys};
use crate::progress::Progress;
use hospital::backups::{Act, Entry, LOG, Log};
use ledger::Genesis;
use std::fs::{File, OpenOptions};
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::Extent;
use vault::sealed_file::Sealer;
use vault::{Cost, KeyTree, Zeroizing};

/// Where the copy of the database lies until it is in the file. It is as open as the database.
const PARTIAL: &str = "backup.partial";
/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;
/// How often a running ledger is copied until a copy is whole.
const TRIES: usize = 5;

/// Makes a backup. Nothing is at its place before it is whole and on disk.
pub(crate) fn run(arguments: &cli::Backup) -> Outcome {
    let begun = Instant::now();
    let (config, keys) = organisation::open(&arguments.whose.config())?;
    let passphrase = passphrase(arguments, &config)?;
    let to = Place::new(arguments, &config.folder)?;
    let copy = tree_place(arguments, &to, &keys, &config.organisation.id)?;
    let _turn = turn(&config.folder)?;
    room(&config.folder, &to)?;
    let partial = Partial::make(config.folder.join(PARTIAL))?;
    let head = look(arguments, &config, &partial)?;
    // After the database: it opens everything in the copy but whoever was erased meanwhile.
    let tree = organisation::key_tree(&config.folder);
    let inside = organisation::key_tree(partial.path());
    if let Some(place) = copy.as_ref().or(arguments.with_key_tree.then_some(&inside)) {
        keep_tree(&tree, place, &keys)?;
    }
    let bytes = write(&to, &head, &files(&config, &partial)?, &passphrase)?;
    let entry = Entry {
        id: head.id.clone(),
        act: Act::Made,
        time_ms: head.made_ms,
        made_ms: head.made_ms,
        file: to.file.display().to_string(),
        bytes,
        height: head.height,
        versions: head.versions,
        tree: copy.clone(),
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    Log::add(&config.folder, &keys.root, entry)
        .explain(|| "the backup is made, but the log of backups cannot be written".into())?;
    if let Some(place) = &copy {
        // From the line in the log on, the node brings each erasure here by itself.
        keep_tree(&tree, place, &keys)?;
    }
    say(&head, &to, bytes, copy.as_deref());
    Ok(())
}

/// Copies what cannot be copied as a file, and says what the backup is of.
fn look(arguments: &cli::Backup, config: &Config, partial: &Partial) -> Outcome<Head> {
    let genesis = genesis_file::read(&config.path(&config.ledger.genesis))?;
    // Before the database: what the ledger had then, the copy surely knows.
    let (height, entries) = chain::standing(&config.folder)
        .explain(|| "the ledger cannot be looked at".into())?
        .unwrap_or_default();
    let copied = copy_records(&organisation::records(&config.folder), partial)?;
    let founded_alone = genesis.organisations.len() == 1;
    Ok(Head {
        format: FORMAT,
        id: random_id()?,
        organisation: config.organisation.id.clone(),
        chain_id: genesis.chain_id().to_string(),
        made_ms: now_ms(),
        height,
        entries,
        schema: copied.schema,
        versions: copied.versions,
        release: env!("CARGO_PKG_VERSION").to_owned(),
        key_tree: arguments.with_key_tree,
        ledger: founded_alone && alone(config, height, &genesis, partial)?,
    })
}

/// Writes the tree to the place of its copy, until that is the tree of now: an erasure meanwhile
/// must not be overwritten by what was read before it.
fn keep_tree(tree: &Path, place: &Path, keys: &Keys) -> Outcome {
    let told = || format!("the key tree cannot be copied to {}", place.display());
    for _ in 0..TRIES {
        let now = KeyTree::open(tree, &keys.root).explain(told)?;
        now.copy_to(place, &keys.root).explain(told)?;
        if KeyTree::open(tree, &keys.root).explain(told)? == now {
            return Ok(());
        }
    }
    Err(Failure::new(told())
        .cause("patients are being erased all the time")
        .hint("back up again: until then the copy may open whom was just erased"))
}

fn say(head: &Head, to: &Place, bytes: u64, tree: Option<&Path>) {
    let Head {
        organisation,
        height,
        versions,
        ..
    } = head;
    println!("{organisation} is backed up at height {height}: {versions} versions, {bytes} bytes");
    println!("backup    {}", to.file.display());
    match tree {
        Some(tree) => println!(
            "key tree  {} (the one copy: keep no older one)",
            tree.display()
        ),
        None => println!(
            "key tree  in the backup: it opens whoever is erased from now on; destroy it in 30 days"
        ),
    }
}

/// Where the file goes.
struct Place {
    file: PathBuf,
    beside: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn new(arguments: &cli::Backup, own: &Path) -> Outcome<Self> {
        let told = || format!("{} cannot be a backup", arguments.to.display());
        let wrong = |cause: &str| Failure::new(told()).cause(cause);
        let name = arguments
            .to
            .file_name()
            .ok_or_else(|| wrong("it names no file"))?;
        let folder = arguments
            .to
            .parent()
            .filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let folder = folder
            .canonicalize()
            .explain(told)
            .hint("make the folder first, or mount its disk")?;
        let own = own.canonicalize().explain(told)?;
        if folder.starts_with(&own) {
            return Err(wrong("it lies in the folder that is backed up")
                .hint("put it on another disk, which does not fail together with this one"));
        }
        let file = folder.join(name);
        if file.exists() {
            return Err(wrong("it exists").hint("a backup is never overwritten: give another --to"));
        }
        let mut beside = file.clone().into_os_string();
        beside.push(".partial");
        Ok(Self {
            beside: beside.into(),
            file,
            folder,
        })
    }
}

/// One backup of a folder at a time; the lock goes with the process, however it ends.
fn turn(folder: &Path) -> Outcome<File> {
    let path = folder.join("backup.lock");
    let told = || "the backup cannot begin".to_owned();
    let mut options = OpenOptions::new();
    let opened = options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path);
    let file = opened.explain(told)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::Error(error)) => Err(error).explain(told),
        Err(std::fs::TryLockError::WouldBlock) => Err(Failure::new(told())
            .cause("another one of this organisation is being made")
            .hint("wait until it is done")),
    }
}

fn passphrase(arguments: &cli::Backup, config: &Config) -> Outcome<Zeroizing<String>> {
    match &arguments.passphrase_file {
        Some(file) => super::restore::first_line(file),
        None => config.passphrase().map(Zeroizing::new),
    }
}

/// Refused before anything is written, if there is no room for the copy and the file.
fn room(folder: &Path, to: &Place) -> Outcome {
    let records = organisation::records(folder);
    if !records.exists() {
        return Err(Failure::new("there is nothing to back up")
            .cause(format!(
                "{} is not there: the node never ran",
                records.display()
            ))
            .hint("start it once: salus run --config ..."));
    }
    let needed = size(&records) + size(&records.with_extension("db-wal"));
    for place in [folder, &to.folder] {
        if let Some(free) = store::free_bytes(place).filter(|free| *free < needed * 2) {
            return Err(Failure::new("there is no room for a backup")
                .cause(format!("{} has {free} bytes free", place.display()))
                .hint(format!("{} bytes are needed there for a while", needed * 2)));
        }
    }
    Ok(())
}

fn copy_records(records: &Path, partial: &Partial) -> Outcome<Extent> {
    let mut progress: Option<Progress> = None;
    let to = organisation::records(partial.path());
    let copied = store::copy_database(records, &to, &mut |done, total| {
        let bar = progress.get_or_insert_with(|| Progress::new("database", "pages", Some(total)));
        bar.at(done);
    });
    if let Some(progress) = progress {
        progress.finish();
    }
    copied
        .explain(|| "the database cannot be copied".into())
        .hint("if the disk is full, make room; if it is busy, try again")
}

/// Copies the blocks of an organisation that is its own ledger: nobody else has them. A ledger that
/// is being written is copied until a copy of it executes to the height that it had before.
fn alone(config: &Config, height: u64, genesis: &Genesis, partial: &Partial) -> Outcome<bool> {
    let told = || "the ledger cannot be copied".to_owned();
    let engine = config.folder.join("ledger").join("engine");
    if !engine.is_dir() {
        return Ok(false);
    }
    let ledger = partial.path().join("ledger");
    let mut last = String::new();
    for _ in 0..TRIES {
        let _ = std::fs::remove_dir_all(&ledger);
        for (name, path) in content::files(&engine, "engine/", &|_| true)? {
            let to = ledger.join(name);
            let above = to.parent().unwrap_or(&ledger);
            std::fs::create_dir_all(above).explain(told)?;
            std::fs::copy(&path, &to).explain(told)?;
        }
        let mut members = 0;
        match chain::replay(partial.path(), genesis, &mut |block| {
            members = block.state.organisations().len();
        }) {
            Ok((_, None)) if members > 1 => {
                std::fs::remove_dir_all(&ledger).explain(told)?;
                return Ok(false);
            }
            Ok((reached, None)) if reached >= height => return Ok(true),
            Ok((reached, wrong)) => {
                last = wrong.unwrap_or_else(|| format!("it ends at block {reached} of {height}"));
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(Failure::new(told())
        .cause(last)
        .hint("stop the node and back up again"))
}

/// Writes the file under another name, and puts it at its place when it is whole and on disk.
fn write(to: &Place, head: &Head, files: &[(String, PathBuf)], passphrase: &str) -> Outcome<u64> {
    let _ = std::fs::remove_file(&to.beside);
    let written = write_beside(to, head, files, passphrase);
    if written.is_err() {
        let _ = std::fs::remove_file(&to.beside);
    }
    let bytes = written?;
    std::fs::rename(&to.beside, &to.file)
        .explain(|| format!("{} cannot be written", to.file.display()))?;
    super::sync(&to.folder)?;
    Ok(bytes)
}

fn write_beside(
    to: &Place,
    head: &Head,
    files: &[(String, PathBuf)],
    passphrase: &str,
) -> Outcome<u64> {
    let told = || format!("{} cannot be written", to.beside.display());
    let mut options = OpenOptions::new();
    let opened = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&to.beside);
    let out = BufWriter::with_capacity(BUFFER, opened.explain(told)?);
    let head = serde_json::to_vec(head).explain(told)?;
    let sealer = Sealer::begin(out, passphrase.as_bytes(), Cost::default(), &head);
    let mut sealer = sealer.explain(told)?;
    let sizes = files.iter().map(|(_, path)| size(path));
    let mut progress = Progress::new("backup", "bytes", Some(sizes.sum()));
    for (name, path) in files {
        content::put(&mut sealer, name, path, &mut |bytes| progress.by(bytes))?;
    }
    content::end(&mut sealer)?;
    progress.finish();
    let out = sealer.finish().explain(told)?;
    let file = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error);
    let file = file.explain(told)?;
    file.sync_all().explain(told)?;
    Ok(file.metadata().explain(told)?.len())
}

/// What was copied for the backup, and what lies beside the database and is not made anew.
fn files(config: &Config, partial: &Partial) -> Outcome<Vec<(String, PathBuf)>> {
    let passphrase = config
        .keys
        .passphrase_file
        .as_deref()
        .and_then(Path::to_str);
    let keep = |name: &str| {
        let first = name.split('/').next().unwrap_or(name);
        let own = [organisation::KEY_TREE, PARTIAL, super::RESTORED, "ledger"].contains(&first);
        let ending = Path::new(first)
            .extension()
            .and_then(std::ffi::OsStr::to_str);
        let passing = matches!(ending, Some("new" | "partial" | "lock"));
        let logs = ending == Some("log") && first != LOG;
        let records = first.starts_with("records.db");
        !(own || passing || logs || records || Some(name) == passphrase)
    };
    let mut files = content::files(partial.path(), "", &|_| true)?;
    files.extend(content::files(&config.folder, "", &keep)?);
    Ok(files)
}

/// Where the one copy of the key tree goes; nowhere if it is in the backup.
fn tree_place(
    arguments: &cli::Backup,
    place: &Place,
    keys: &Keys,
    organisation: &str,
) -> Outcome<Option<PathBuf>> {
    if arguments.with_key_tree {
        return Ok(None);
    }
    let told = || "the key tree cannot be copied".to_owned();
    let to = match &arguments.tree {
        None => tree_beside(&place.file, organisation),
        Some(file) => std::path::absolute(file).explain(told)?,
    };
    if to.exists() && KeyTree::open(&to, &keys.root).is_err() {
        return Err(Failure::new(told())
            .cause(format!("{} is something else", to.display()))
            .hint("give another --tree"));
    }
    Ok(Some(to))
}

fn random_id() -> Outcome<String> {
    let bytes = vault::random::<16>().explain(|| "this machine has no randomness".into())?;
    Ok(bytes.iter().fold(String::new(), |mut id, byte| {
        use std::fmt::Write;
        let _ = write!(id, "{byte:02x}");
        id
    }))
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}
