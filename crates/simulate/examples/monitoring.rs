//! Measures central monitoring on many simulated trials:
//! `cargo run --release -p simulate --example monitoring -- FIRST LAST [WAY]`.
#![allow(clippy::print_stdout, reason = "a program prints")]

use simulate::trial::{Measured, TrialSettings, Way};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words.get(at).and_then(|it| it.parse::<u64>().ok());
    let (first, last) = (number(0).unwrap_or(1), number(1).unwrap_or(10));
    let way = words.get(2).and_then(|it| Way::of_word(it));
    let mut measured = Measured::default();
    let verbose = std::env::var("VERBOSE").is_ok();
    for seed in first..=last {
        let settings = TrialSettings {
            way,
            ..TrialSettings::new(seed)
        };
        let files = settings.make();
        let report = measured.add(&files).expect("files of our own");
        if verbose {
            println!("{}", files.last().map_or("", |it| &it.text));
            let shown = std::env::var("SHOWN")
                .ok()
                .and_then(|it| it.parse().ok())
                .unwrap_or(3);
            for site in report.sites.iter().take(shown) {
                println!(
                    "{} {} {:.2} {:.5}",
                    site.site, site.subjects, site.score, site.adjusted_p
                );
                for finding in &site.findings {
                    println!("   {} {:.1} {}", finding.rule, finding.score, finding.why);
                }
            }
        }
    }
    println!("{measured}");
}
