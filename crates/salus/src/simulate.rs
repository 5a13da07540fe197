//! `salus simulate`: the files of a simulated trade, wave by wave, one in memory at a time; and
//! those of a simulated trial (`trial`).

mod trial;

use std::fs;
use std::path::{Path, PathBuf};

use simulate::judge::{Tally, judge_wave};
use simulate::{File, Registry, Settings, Wave};

use crate::cli::{Simulate, SimulateCommand, SimulateJudge, SimulateSupply};
use crate::failure::{Explain, Failure, Hint, Outcome};
use crate::progress::Progress;

const SETTINGS: &str = "trade.json";
const REGISTRY: &str = "organisations.json";
/// Documents of one organisation in one wave, and the other files of a wave, are shorter.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Organisations and other files of a wave.
const FILES_MAX: usize = 1_000;

/// Does what was asked.
pub(crate) fn run(arguments: &Simulate) -> Outcome {
    match &arguments.command {
        SimulateCommand::Supply(arguments) => supply(arguments),
        SimulateCommand::Judge(arguments) => judge(arguments),
        SimulateCommand::Trial(arguments) => trial::make(arguments),
        SimulateCommand::Monitor(arguments) => trial::monitor(arguments),
    }
}

fn supply(arguments: &SimulateSupply) -> Outcome {
    let dir = &arguments.out;
    let settings = Settings {
        seed: arguments.seed,
        packs: arguments.packs,
        days: arguments.days,
    };
    make_empty(dir)?;
    let registry = settings.registry();
    let waves = settings.waves();
    let mut progress = Progress::new("simulating", "waves", Some(waves));
    for number in 0..waves {
        let folder = wave_folder(dir, number);
        make(&folder.join("documents"))?;
        for file in Wave::make(&settings, &registry, number).files {
            write(&folder.join(&file.path), &file.text)?;
        }
        progress.by(1);
    }
    progress.finish();
    write(&dir.join(REGISTRY), &json(&registry)?)?;
    // Last: a folder without it is not whole.
    write(&dir.join(SETTINGS), &json(&settings)?)?;
    println!(
        "{waves} waves of seed {} in {}: `salus simulate judge` judges them",
        settings.seed,
        dir.display()
    );
    Ok(())
}

fn judge(arguments: &SimulateJudge) -> Outcome {
    let dir = &arguments.dir;
    let settings: Settings = from_json(&dir.join(SETTINGS))
        .hint("give the folder that `salus simulate supply --out` has written to its end")?;
    let registry: Registry = from_json(&dir.join(REGISTRY))?;
    let mut tally = Tally::default();
    let mut progress = Progress::new("judging", "waves", Some(settings.waves()));
    for number in 0..settings.waves() {
        let folder = wave_folder(dir, number);
        let files = read_wave(&folder)?;
        let told = || format!("{} cannot be judged", folder.display());
        let judged = judge_wave(&registry, &files).explain(told)?;
        tally.add(&judged, &files).explain(told)?;
        progress.by(1);
    }
    progress.finish();
    if arguments.json {
        println!("{:#}", tally.to_json());
    } else {
        print!("{tally}");
    }
    Ok(())
}

fn wave_folder(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("wave-{:05}", number + 1))
}

fn make_empty(dir: &Path) -> Outcome {
    make(dir)?;
    let mut entries = fs::read_dir(dir).explain(|| format!("{} cannot be read", dir.display()))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(Failure::new(format!("{} is not empty", dir.display()))
            .hint("give a folder that does not exist yet; nothing was written")),
    }
}

fn make(dir: &Path) -> Outcome {
    fs::create_dir_all(dir).explain(|| format!("{} cannot be made", dir.display()))
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).explain(|| format!("{} cannot be written", path.display()))
}

fn json<T: serde::Serialize>(value: &T) -> Outcome<String> {
    let text = serde_json::to_string_pretty(value);
    text.explain(|| "the settings cannot be written".into())
}

fn from_json<T: serde::de::DeserializeOwned>(path: &Path) -> Outcome<T> {
    let told = || format!("{} is not a simulated trade", path.display());
    let text = fs::read_to_string(path).explain(told)?;
    serde_json::from_str(&text).explain(told)
}

/// The files of a wave, documents first.
fn read_wave(folder: &Path) -> Outcome<Vec<File>> {
    let mut files = Vec::new();
    for (below, prefix) in [
        (folder.join("documents"), "documents/"),
        (folder.to_owned(), ""),
    ] {
        let told = || format!("{} cannot be read", below.display());
        let mut paths = Vec::new();
        for entry in fs::read_dir(&below).explain(told)? {
            let path = entry.explain(told)?.path();
            if path.extension().is_some_and(|it| it == "ndjson") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths.iter().take(FILES_MAX) {
            files.push(read_file(path, prefix)?);
        }
    }
    Ok(files)
}

fn read_file(path: &Path, prefix: &str) -> Outcome<File> {
    let told = || format!("{} cannot be read", path.display());
    let bytes = fs::metadata(path).explain(told)?.len();
    if bytes > FILE_BYTES_MAX {
        let cause = format!("it has {bytes} bytes, more than {FILE_BYTES_MAX}");
        return Err(Failure::new(told()).cause(cause));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(File {
        path: format!("{prefix}{name}"),
        text: fs::read_to_string(path).explain(told)?,
    })
}
