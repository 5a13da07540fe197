//! Runs named steps one after the other, shows their output as it comes and counts their tests.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What happened so far.
#[derive(Default)]
pub(crate) struct Steps {
    passed: u64,
    failed: u64,
    notes: Vec<String>,
    broken: Vec<String>,
}

impl Steps {
    /// Runs one command from the root of the repository; counts the tests it reports, or itself
    /// as one test where it reports none.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) -> bool {
        println!("\n==> {name}");
        let start = Instant::now();
        let (ok, counts) = match stream(command) {
            Ok(outcome) => outcome,
            Err(error) => {
                println!("error: {error:#}");
                (false, Counts::default())
            }
        };
        self.count(name, ok, counts);
        println!(
            "<== {name}: {} in {:.1} s",
            if ok { "ok" } else { "FAILED" },
            start.elapsed().as_secs_f64()
        );
        ok
    }

    /// Counts a check that is a function of this program.
    pub(crate) fn check(&mut self, name: &str, outcome: Result<bool>) {
        println!("\n==> {name}");
        let ok = outcome.unwrap_or_else(|error| {
            println!("error: {error:#}");
            false
        });
        self.count(name, ok, Counts::default());
        println!("<== {name}: {}", if ok { "ok" } else { "FAILED" });
    }

    /// Records that something could not run here, and why.
    pub(crate) fn skipped(&mut self, name: &str, why: &str) {
        println!("\n==> {name}\nskipped: {why}");
        self.notes.push(format!("skipped {name}: {why}"));
    }

    fn count(&mut self, name: &str, ok: bool, counts: Counts) {
        self.passed += counts.passed;
        self.failed += counts.failed;
        if counts.passed + counts.failed == 0 && ok {
            self.passed += 1;
        }
        if !ok {
            // A step that died without naming a failed test is still a failure.
            self.failed += u64::from(counts.failed == 0);
            self.broken.push(name.to_owned());
        }
    }

    /// Prints the last line and says whether all went well.
    pub(crate) fn finish(self) -> bool {
        println!();
        for note in &self.notes {
            println!("{note}");
        }
        for name in &self.broken {
            println!("failed: {name}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        self.broken.is_empty() && self.failed == 0
    }
}

#[derive(Default, Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
}

impl Counts {
    fn read(&mut self, line: &str) {
        let plain = line.trim_start_matches(['#', ' ', 'ℹ']);
        if let Some(rest) = line.strip_prefix("test result: ") {
            // cargo test: "ok. 3 passed; 0 failed; 0 ignored; ..."
            self.passed += number_before(rest, " passed");
            self.failed += number_before(rest, " failed");
        } else if let Some(rest) = plain.strip_prefix("pass ") {
            self.passed += rest.trim().parse::<u64>().unwrap_or(0);
        } else if let Some(rest) = plain.strip_prefix("fail ") {
            self.failed += rest.trim().parse::<u64>().unwrap_or(0);
        }
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    text.find(word)
        .and_then(|end| text[..end].rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

fn stream(command: &mut Command) -> Result<(bool, Counts)> {
    let mut child = command
        .current_dir(
            command
                .get_current_dir()
                .map_or_else(crate::root, Path::to_path_buf),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        // A line of a test is bounded so that a runaway one cannot fill the memory.
        while reader.by_ref().take(1 << 20).read_until(b'\n', &mut line)? > 0 {
            std::io::stdout().write_all(&line)?;
            counts.read(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    Ok((child.wait()?.success(), counts))
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn counts_are_read_from_cargo_and_from_node() {
        let mut counts = Counts::default();
        counts.read("test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured");
        counts.read("# pass 7");
        counts.read("ℹ fail 1");
        counts.read("we pass 1000 times");
        assert_eq!(
            counts,
            Counts {
                passed: 19,
                failed: 3
            }
        );
    }
}
