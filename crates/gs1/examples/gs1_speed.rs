//! Measures reading and explaining: `cargo run --release -p gs1 --example gs1_speed`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_types,
    reason = "a measurement speaks, may fail and looks at the clock"
)]

use std::hint::black_box;
use std::time::Instant;

use gs1::fault::{Explanation, Fault, Layout, explain};
use gs1::{check_digit, digital_link, scan};

const PACKS: u64 = 20_000;

fn main() {
    println!("table of {} identifiers", gs1::identifiers().len());
    let packs: Vec<String> = (0..PACKS).map(pack).collect();
    let links: Vec<String> = packs
        .iter()
        .map(|pack| scan(pack).expect("valid").digital_link().expect("a key"))
        .collect();
    rate("scans read", &packs, |text| scan(text).is_ok());
    rate("Digital Links read", &links, |text| {
        digital_link::parse(text).is_ok()
    });
    rate("canonical Digital Links written", &packs, |text| {
        scan(text).is_ok_and(|read| read.digital_link().is_some())
    });
    rate("sound scans explained", &packs, |text| {
        matches!(explain(text), Explanation::Sound(_))
    });
    let faults = [
        Fault::SeparatorLost,
        Fault::SeparatorReplaced { by: "<GS>" },
        Fault::CaseFlipped,
        Fault::Keyboard(Layout::German),
        Fault::Keyboard(Layout::French),
        Fault::Doubled,
    ];
    for fault in faults {
        let scans: Vec<String> = packs
            .iter()
            .filter_map(|pack| fault.applied(pack))
            .collect();
        rate(
            &format!("explained as one thing: {fault}"),
            &scans,
            |text| matches!(explain(text), Explanation::Repaired(_)),
        );
    }
}

/// A pack with a lot of six to eight and a serial number of twelve to sixteen characters.
fn pack(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut draw = |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let body = format!("{:013}", draw(10_000_000_000_000));
    let digit = check_digit::of(&body).expect("digits");
    let expiry = format!("{:02}{:02}{:02}", 26 + draw(5), 1 + draw(12), draw(29));
    let lot = text(6 + draw(3), &mut draw);
    let serial = text(12 + draw(5), &mut draw);
    format!("]d201{body}{digit}17{expiry}10{lot}\u{1d}21{serial}")
}

fn text(length: u64, draw: &mut impl FnMut(u64) -> u64) -> String {
    let characters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let character = |at: u64| characters.get(usize::try_from(at).unwrap_or(0)).copied();
    (0..length)
        .filter_map(|_| character(draw(36)).map(char::from))
        .collect()
}

fn rate(what: &str, texts: &[String], work: impl Fn(&str) -> bool) {
    let start = Instant::now();
    let count = texts.iter().filter(|text| black_box(work(text))).count();
    let nanos = start.elapsed().as_nanos().max(1);
    let each = nanos / texts.len().max(1) as u128;
    println!(
        "{what}: {count} of {}, {} a second ({each} ns each)",
        texts.len(),
        texts.len() as u128 * 1_000_000_000 / nanos
    );
}
