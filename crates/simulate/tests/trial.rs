//! A simulated trial: its bytes, what is made up in it, and what central monitoring makes of it.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};
use simulate::File;
use simulate::trial::{Extent, Measured, SUBJECTS, TrialSettings, TrialTruth, Way, study};

fn file<'a>(files: &'a [File], path: &str) -> &'a str {
    &files.iter().find(|it| it.path == path).unwrap().text
}

fn truth(files: &[File]) -> TrialTruth {
    serde_json::from_str(file(files, "truth.json")).unwrap()
}

/// To change this value is to say that all figures of `docs/reference/monitoring.md` are to be
/// measured anew.
#[test]
fn the_same_seed_gives_the_same_trial() {
    let digest = |seed| {
        let mut hasher = Sha256::new();
        for file in TrialSettings::new(seed).make() {
            hasher.update(&file.path);
            hasher.update([0]);
            hasher.update(&file.text);
        }
        let mut text = String::new();
        for byte in hasher.finalize() {
            write!(text, "{byte:02x}").unwrap();
        }
        text
    };
    let expected = "30e05de9a0804c6edd9b7ff4e5081ccea8b83274609327f08dc3a7e900afdb01";
    assert_eq!(digest(4), expected);
    assert_ne!(digest(5), expected);
}

#[test]
fn sites_are_of_all_sizes_and_honest_ones_differ() {
    let files = TrialSettings::new(6).make();
    let study = study(&files).unwrap();
    assert_eq!(study.sites.len(), 60);
    let sizes: BTreeSet<u64> = study
        .sites
        .iter()
        .map(|it| it.subjects.len() as u64)
        .collect();
    assert!(
        sizes.iter().all(|it| SUBJECTS.contains(it)) && sizes.len() > 20,
        "{sizes:?}"
    );
    // The share of systolic pressures that end in 0 is nothing like the same everywhere.
    let shares = study
        .sites
        .iter()
        .filter(|it| it.subjects.len() > 15)
        .map(|site| {
            let visits = site.subjects.iter().flat_map(|it| &it.visits);
            let digits: Vec<u8> = visits
                .filter_map(|it| it.values[0]?.last_digit(0))
                .collect();
            100 * digits.iter().map(|it| usize::from(*it == 0)).sum::<usize>() / digits.len()
        });
    let shares: Vec<usize> = shares.collect();
    assert!(
        shares.iter().any(|it| *it < 15) && shares.iter().any(|it| *it > 35),
        "{shares:?}"
    );
}

#[test]
fn every_way_changes_the_site_and_only_the_site() {
    for way in Way::ALL {
        assert_eq!(Way::of_word(way.as_str()), Some(way));
        let make = |way, extent| {
            let settings = TrialSettings {
                way: Some(way),
                extent: Some(extent),
                subjects: Some(12),
                ..TrialSettings::new(8)
            };
            settings.make()
        };
        let files = make(way, Extent::All);
        let honest = make(Way::Informed, Extent::All);
        let truth = truth(&files);
        assert_eq!(
            (truth.way, truth.extent, truth.subjects),
            (way, Extent::All, 12)
        );
        assert_eq!(truth.made_up.len(), 12, "{way:?}");
        let others = |files: &[File]| {
            let visits = file(files, "visits.ndjson").lines();
            let mark = format!("\"{}\"", truth.site);
            let (mine, others): (Vec<&str>, Vec<&str>) =
                visits.partition(|line| line.contains(&mark));
            (mine.join("\n"), others.join("\n"))
        };
        let ((mine, theirs), (was, were)) = (others(&files), others(&honest));
        assert_eq!(theirs, were, "{way:?}");
        // Informed draws leave no trace: what they draw is what would have been.
        assert_eq!(mine == was, way == Way::Informed, "{way:?}");
        let some = self::truth(&make(way, Extent::Share)).made_up.len();
        assert!((1..12).contains(&some), "{way:?}: {some}");
    }
}

#[test]
fn the_truth_only_counts() {
    let mut files = TrialSettings::new(9).make();
    let with = monitoring::monitor(&study(&files).unwrap());
    files.retain(|it| it.path != "truth.json");
    let without = monitoring::monitor(&study(&files).unwrap());
    assert_eq!(with, without);
    assert!(with.sites.iter().any(|it| !it.findings.is_empty()));
    // Without it nothing can be counted.
    let error = Measured::default().add(&files).unwrap_err().to_string();
    assert_eq!(error, "truth.json, line 1: the file is missing");
}

#[test]
fn a_site_that_makes_data_up_is_found_and_honest_ones_are_left_alone() {
    let mut measured = Measured::default();
    let ways = [
        Way::Tight,
        Way::CopiedParticipants,
        Way::CarriedForward,
        Way::Rounded,
    ];
    for (seed, way) in (11..).zip(ways) {
        let settings = TrialSettings {
            way: Some(way),
            extent: Some(Extent::All),
            subjects: Some(15),
            ..TrialSettings::new(seed)
        };
        measured.add(&settings.make()).unwrap();
    }
    assert_eq!(measured.all.first.count, 4, "{measured}");
    assert!(
        measured.false_alarms.of == 4 * 59 && measured.false_alarms.count <= 2,
        "{measured}"
    );
    let json = measured.to_json();
    assert_eq!(json["all"]["first"]["share"], 1.0, "{json}");
    // Who draws from all that is known about real people is not found.
    let mut informed = Measured::default();
    for seed in 21..26 {
        let settings = TrialSettings {
            way: Some(Way::Informed),
            ..TrialSettings::new(seed)
        };
        informed.add(&settings.make()).unwrap();
    }
    assert!(informed.all.alarm.count <= 1, "{informed}");
}

#[test]
fn a_broken_line_is_named() {
    for (path, text, said) in [
        ("visits.ndjson", "{\n", "visits.ndjson, line 1: "),
        (
            "visits.ndjson",
            "{\"site\":\"S001\",\"subject\":\"x\",\"visit\":\"V1\",\"at\":\"2025-02-30T10:00+00:00\",\
             \"values\":[null,null,null,null,null,null,null,null,null,null]}\n",
            "visits.ndjson, line 1: `2025-02-30` is no date",
        ),
        (
            "visits.ndjson",
            "{\"site\":\"S001\",\"subject\":\"x\",\"visit\":\"V1\",\"at\":\"2025-02-03T10:00+00:00\",\
             \"values\":[\"12x\",null,null,null,null,null,null,null,null,null]}\n",
            "visits.ndjson, line 1: `12x` is no number",
        ),
        (
            "visits.ndjson",
            "{\"site\":\"S001\",\"subject\":\"x\",\"visit\":\"V1\",\"at\":\"2025-02-03T10:00+00:00\",\
             \"values\":[]}\n",
            "visits.ndjson, line 1: 0 values of 10 items",
        ),
        ("study.json", "{}", "study.json, line 1: missing field"),
    ] {
        let mut files = TrialSettings::new(1).make();
        files.iter_mut().find(|it| it.path == path).unwrap().text = text.to_owned();
        let error = study(&files).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
    }
}
