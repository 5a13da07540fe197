//! `salus simulate trial` and `salus simulate monitor`: a trial of one folder with four files.

use std::path::Path;

use monitoring::{Report, Standing};
use simulate::File;
use simulate::trial::{TrialSettings, TrialTruth, Way, study};

use super::{make_empty, read_file, write};
use crate::cli::{SimulateMonitor, SimulateTrial};
use crate::failure::{Explain, Failure, Hint, Outcome};

/// What is monitored, then the truth, which need not be there.
const READ: [&str; 3] = ["study.json", "subjects.ndjson", "visits.ndjson"];
const TRUTH: &str = "truth.json";
/// Sites that are told of even if they are quiet.
const TOLD: usize = 5;

/// Writes a trial.
pub(super) fn make(arguments: &SimulateTrial) -> Outcome {
    let way = arguments.way.as_deref().map(way).transpose()?;
    let settings = TrialSettings {
        way,
        sites: usize::from(arguments.sites),
        subjects: arguments.subjects,
        ..TrialSettings::new(arguments.seed)
    };
    let dir = &arguments.out;
    make_empty(dir)?;
    for file in settings.make() {
        write(&dir.join(&file.path), &file.text)?;
    }
    println!(
        "{} sites of seed {} in {}: `salus simulate monitor` monitors them",
        settings.sites,
        settings.seed,
        dir.display()
    );
    Ok(())
}

fn way(word: &str) -> Outcome<Way> {
    Way::of_word(word).ok_or_else(|| {
        let words = Way::ALL.map(Way::as_str).join(", ");
        Failure::new(format!("`{word}` is no way of making data up"))
            .hint(format!("one of {words}"))
    })
}

/// Reads a trial, ranks its sites, and says where the truth was.
pub(super) fn monitor(arguments: &SimulateMonitor) -> Outcome {
    let dir = &arguments.dir;
    let told = || format!("{} cannot be monitored", dir.display());
    let mut files = Vec::new();
    for name in READ {
        files.push(read(&dir.join(name))?);
    }
    let report = monitoring::monitor(&study(&files).explain(told)?);
    let truth = dir.join(TRUTH);
    let truth: Option<TrialTruth> = if truth.exists() {
        Some(serde_json::from_str(&read(&truth)?.text).explain(told)?)
    } else {
        None
    };
    if arguments.json {
        let mut value = serde_json::to_value(&report).explain(told)?;
        value["truth"] = serde_json::to_value(&truth).explain(told)?;
        println!("{value:#}");
    } else {
        list(&report, truth.as_ref());
    }
    Ok(())
}

fn read(path: &Path) -> Outcome<File> {
    read_file(path, "").hint("give the folder that `salus simulate trial --out` has written")
}

fn list(report: &Report, truth: Option<&TrialTruth>) {
    println!(
        "{:>4} {:<8} {:>12} {:>7} {:>10}  standing",
        "", "site", "participants", "score", "p, for all"
    );
    for (at, site) in report.sites.iter().enumerate() {
        if at >= TOLD && site.standing == Standing::Quiet {
            break;
        }
        let standing = match site.standing {
            Standing::Alarm => "alarm",
            Standing::Watch => "watch",
            Standing::Quiet => "quiet",
        };
        println!(
            "{:>4} {:<8} {:>12} {:>7.2} {:>10.4}  {standing}",
            at + 1,
            site.site,
            site.subjects,
            site.score,
            site.adjusted_p
        );
        for finding in &site.findings {
            println!(
                "     {} ({:.1}): {}",
                finding.rule, finding.score, finding.why
            );
        }
    }
    if let Some(truth) = truth {
        let place = report.sites.iter().position(|it| it.site == truth.site);
        let place = place.map_or_else(
            || "not in the list".to_owned(),
            |at| format!("no. {}", at + 1),
        );
        println!(
            "\ntruth: {} made data up ({}, {}: {} of {} participants), and is {place}",
            truth.site,
            truth.way.as_str(),
            truth.extent.as_str(),
            truth.made_up.len(),
            truth.subjects
        );
    }
}
