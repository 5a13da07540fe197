//! Measures central monitoring on many simulated trials, and prints the tables of
//! `docs/reference/monitoring.md`.
//!
//! - `cargo run --release -p simulate --example monitoring -- measure FIRST LAST [WAY]`
//! - `cargo run --release -p simulate --example monitoring -- few FIRST LAST`
//! - `cargo run --release -p simulate --example monitoring -- power FIRST LAST OUT.svg`
#![allow(clippy::print_stdout, reason = "a program prints")]

use std::process::ExitCode;

use simulate::judge::Share;
use simulate::trial::plot::{Curve, power};
use simulate::trial::{Extent, Measured, TrialSettings, Way};

const SIZES: [u64; 10] = [3, 4, 6, 8, 12, 16, 20, 25, 30, 40];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["measure", first, last] => measure(first, last, None, None),
        ["few", first, last] => measure(first, last, None, Some(Extent::Few)),
        ["measure", first, last, way] => match Way::of_word(way) {
            Some(way) => measure(first, last, Some(way), None),
            None => Err(format!("{way} is no way of making data up")),
        },
        ["power", first, last, file] => plotted(first, last, file),
        _ => Err(
            "say `measure FIRST LAST [WAY]`, `few FIRST LAST` or `power FIRST LAST OUT.svg`"
                .to_owned(),
        ),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn seeds(first: &str, last: &str) -> Result<std::ops::RangeInclusive<u64>, String> {
    let seed = |word: &str| {
        word.parse::<u64>()
            .map_err(|_| format!("{word} is no seed"))
    };
    Ok(seed(first)?..=seed(last)?)
}

fn run(settings: TrialSettings, measured: &mut Measured) -> Result<(), String> {
    let added = measured.add(&settings.make());
    added.map(|_| ()).map_err(|error| error.to_string())
}

fn measure(
    first: &str,
    last: &str,
    way: Option<Way>,
    extent: Option<Extent>,
) -> Result<(), String> {
    let mut measured = Measured::default();
    for seed in seeds(first, last)? {
        let settings = TrialSettings {
            way,
            extent,
            ..TrialSettings::new(seed)
        };
        run(settings, &mut measured)?;
    }
    print!("{measured}");
    Ok(())
}

fn plotted(first: &str, last: &str, file: &str) -> Result<(), String> {
    let mut curves: [(&str, Vec<(u64, Share)>); 3] = [
        ("in the top three", Vec::new()),
        ("alarm or watched", Vec::new()),
        ("alarm", Vec::new()),
    ];
    println!("| participants | trials | top three, % | first, % | alarm or watch, % | alarm, % |");
    println!("|---|---|---|---|---|---|");
    for size in SIZES {
        let mut measured = Measured::default();
        for seed in seeds(first, last)? {
            let settings = TrialSettings {
                subjects: Some(size),
                ..TrialSettings::new(seed)
            };
            run(settings, &mut measured)?;
        }
        let all = &measured.all;
        println!(
            "| {size} | {} | {} | {} | {} | {} |",
            all.top_three.of,
            all.top_three.written(100.0, 1),
            all.first.written(100.0, 1),
            all.watch.written(100.0, 1),
            all.alarm.written(100.0, 1)
        );
        for (curve, share) in curves.iter_mut().zip([all.top_three, all.watch, all.alarm]) {
            curve.1.push((size, share));
        }
    }
    let curves = curves.map(|(name, points)| Curve { name, points });
    let svg = power(
        "Power of central monitoring by participants at the site",
        &curves,
    );
    std::fs::write(file, svg).map_err(|error| format!("{file} cannot be written: {error}"))
}
