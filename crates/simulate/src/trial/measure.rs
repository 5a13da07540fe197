//! How well central monitoring finds the site that makes data up.

use std::collections::BTreeMap;
use std::fmt;

use monitoring::{Report, Rule, Standing};
use serde_json::{Map, Value, json};

use super::TrialTruth;
use super::read::{one, study};
use crate::judge::Share;
use crate::{File, SimulateError};

const HEAD: &str = "trials | top three, % | first, % | alarm, % | alarm or watch, % | most said by";
const PERCENT: f64 = 100.0;
/// So near to the top of the list is found.
const TOP: usize = 3;

/// Trials of one kind.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The site that makes data up is among the first three.
    pub top_three: Share,
    /// It is the first.
    pub first: Share,
    /// It is an alarm.
    pub alarm: Share,
    /// It is an alarm, or to be watched.
    pub watch: Share,
    /// Which rule said most about it.
    pub rules: BTreeMap<Rule, u64>,
}

/// What was counted over many trials.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// All trials.
    pub all: Group,
    /// By way, by extent, and by how many take part at the site, in fives.
    pub groups: BTreeMap<(&'static str, String), Group>,
    /// Alarms at honest sites, of all honest sites.
    pub false_alarms: Share,
    /// The same with those that are to be watched.
    pub false_watches: Share,
    /// Trials with any false alarm.
    pub disturbed: Share,
}

impl Measured {
    /// Judges the files of a trial, then looks at its truth.
    pub fn add(&mut self, files: &[File]) -> Result<Report, SimulateError> {
        let report = monitoring::monitor(&study(files)?);
        let truth: TrialTruth = one(files, "truth.json")?;
        self.count(&report, &truth);
        Ok(report)
    }

    fn count(&mut self, report: &Report, truth: &TrialTruth) {
        let place = report.sites.iter().position(|it| it.site == truth.site);
        self.all.add(report, place);
        for key in keys(truth) {
            self.groups.entry(key).or_default().add(report, place);
        }
        let honest = report.sites.iter().filter(|it| it.site != truth.site);
        let mut any = false;
        for site in honest {
            let is_alarm = site.standing == Standing::Alarm;
            any |= is_alarm;
            self.false_alarms.add(is_alarm);
            self.false_watches.add(site.standing >= Standing::Watch);
        }
        self.disturbed.add(any);
    }
}

/// The groups that a trial is counted in.
fn keys(truth: &TrialTruth) -> [(&'static str, String); 3] {
    let fives = truth.subjects.saturating_sub(1) / 5 * 5;
    [
        ("way", truth.way.as_str().to_owned()),
        ("extent", truth.extent.as_str().to_owned()),
        (
            "participants",
            format!("{:02} to {:02}", (fives + 1).max(3), fives + 5),
        ),
    ]
}

impl Group {
    fn add(&mut self, report: &Report, place: Option<usize>) {
        let site = place.map(|at| &report.sites[at]);
        self.top_three.add(place.is_some_and(|at| at < TOP));
        self.first.add(place == Some(0));
        self.alarm
            .add(site.is_some_and(|it| it.standing == Standing::Alarm));
        self.watch
            .add(site.is_some_and(|it| it.standing >= Standing::Watch));
        let most = site.and_then(|it| it.findings.first());
        if let Some(finding) = most {
            *self.rules.entry(finding.rule).or_default() += 1;
        }
    }

    fn to_json(&self) -> Value {
        let rules: Map<String, Value> = self
            .rules
            .iter()
            .map(|(rule, n)| (rule.to_string(), json!(n)))
            .collect();
        json!({
            "top_three": share(self.top_three),
            "first": share(self.first),
            "alarm": share(self.alarm),
            "watch": share(self.watch),
            "rules": rules,
        })
    }

    fn row(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rules: Vec<(&Rule, &u64)> = self.rules.iter().collect();
        rules.sort_by_key(|(rule, count)| (std::cmp::Reverse(**count), **rule));
        let rules = rules.iter().take(3).map(|(rule, _)| rule.as_str());
        let rules: Vec<&str> = rules.collect();
        writeln!(
            f,
            "| {name} | {} | {} | {} | {} | {} | {} |",
            self.top_three.of,
            self.top_three.written(PERCENT, 1),
            self.first.written(PERCENT, 1),
            self.alarm.written(PERCENT, 1),
            self.watch.written(PERCENT, 1),
            rules.join(", ")
        )
    }
}

fn share(share: Share) -> Value {
    let (value, low, high) = share.interval();
    json!({ "count": share.count, "of": share.of, "share": value, "low": low, "high": high })
}

impl Measured {
    /// The counts as JSON.
    pub fn to_json(&self) -> Value {
        let mut groups: Map<String, Value> = Map::new();
        for ((by, name), group) in &self.groups {
            let of = groups.entry((*by).to_owned()).or_insert_with(|| json!({}));
            of[name] = group.to_json();
        }
        json!({
            "all": self.all.to_json(),
            "by": groups,
            "false_alarms": share(self.false_alarms),
            "false_watches": share(self.false_watches),
            "trials_with_a_false_alarm": share(self.disturbed),
        })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for ((by, name), group) in &self.groups {
            if *by != last {
                writeln!(f, "\n| {by} | {HEAD} |\n|---|---|---|---|---|---|---|")?;
                last = by;
            }
            group.row(name, f)?;
        }
        writeln!(f)?;
        self.all.row("all", f)?;
        writeln!(
            f,
            "\n{} honest sites: {} % alarms, {} % alarms or watched; in {} % of the trials any \
             alarm",
            self.false_alarms.of,
            self.false_alarms.written(PERCENT, 2),
            self.false_watches.written(PERCENT, 2),
            self.disturbed.written(PERCENT, 1)
        )
    }
}
