//! How far a long command is: a bar on a terminal, plain lines otherwise.

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(5);

/// One long piece of work with a known or unknown end.
pub(crate) struct Progress {
    what: &'static str,
    unit: &'static str,
    total: Option<u64>,
    done: u64,
    bar: Option<ProgressBar>,
    started: Instant,
    told: Instant,
}

impl Progress {
    /// Begins to show `what`, counted in `unit`.
    pub(crate) fn new(what: &'static str, unit: &'static str, total: Option<u64>) -> Self {
        let bar = std::io::stderr()
            .is_terminal()
            .then(|| bar(what, unit, total));
        let now = Instant::now();
        Self {
            what,
            unit,
            total,
            done: 0,
            bar,
            started: now,
            told: now,
        }
    }

    /// Moves to `done` in all.
    pub(crate) fn at(&mut self, done: u64) {
        self.done = done;
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            eprintln!("{}", self.line());
        }
    }

    /// Moves by `more`.
    pub(crate) fn by(&mut self, more: u64) {
        self.at(self.done + more);
    }

    /// Ends, with one plain line that stays.
    pub(crate) fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.started.elapsed().as_secs_f64();
        eprintln!(
            "{}: {} {} in {seconds:.1} s",
            self.what, self.done, self.unit
        );
    }

    fn line(&self) -> String {
        match self.total {
            Some(total) => format!("{}: {} of {total} {}", self.what, self.done, self.unit),
            None => format!("{}: {} {}", self.what, self.done, self.unit),
        }
    }
}

fn bar(what: &'static str, unit: &'static str, total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => format!("{what} {{wide_bar}} {{pos}}/{{len}} {unit} {{rate}} {{eta}}"),
        None => format!("{what} {{spinner}} {{pos}} {unit} {{rate}}"),
    };
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(&template) {
        let rate = |state: &ProgressState, to: &mut dyn Write| {
            let _ = write!(to, "{:.0}/s", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate));
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
