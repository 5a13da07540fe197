//! The counts as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde_json::{Map, Value, json};
use supply::detect::Rule;

use super::count::Tally;
use super::measure::Share;
use crate::attack::Kind;

const OF_SCANS: f64 = 10_000.0;
const PERCENT: f64 = 100.0;

impl Tally {
    /// False alarms of a rule in all scans of packs that nobody attacked.
    pub fn false_share(&self, rule: Rule) -> Share {
        Share {
            count: self.by_rule.get(&rule).copied().unwrap_or_default(),
            of: self.scans,
        }
    }

    /// Scans with a false alarm, of whichever rule.
    pub fn false_share_of_all(&self) -> Share {
        Share {
            count: self.false_alarms,
            of: self.scans,
        }
    }

    /// The counts as JSON.
    pub fn to_json(&self) -> Value {
        let share = |share: Share| {
            let (value, low, high) = share.interval();
            json!({ "count": share.count, "of": share.of, "share": value, "low": low,
                "high": high })
        };
        let kinds = self.kinds.iter().map(|(kind, counted)| {
            let rules: Map<String, Value> = words(&counted.rules);
            let value = json!({
                "claimed": kind.is_claimed(),
                "caught": share(counted.caught),
                "at_once": share(counted.at_once),
                "hinted": share(counted.hinted),
                "rules": rules,
            });
            (kind.as_str().to_owned(), value)
        });
        let kinds: Map<String, Value> = kinds.collect();
        let rules = Rule::ALL.map(|rule| (rule.as_str().to_owned(), share(self.false_share(rule))));
        let rules: Map<String, Value> = rules.into_iter().collect();
        json!({
            "waves": self.waves,
            "scans": self.scans,
            "scans_of_attacked": self.attacked,
            "unread": self.unread,
            "questions": self.questions,
            "false_alarms": share(self.false_share_of_all()),
            "false_alarms_by_rule": rules,
            "hints": words(&self.hints),
            "right": words(&self.right),
            "kinds": kinds,
        })
    }

    fn kinds_table(&self, claimed: bool, out: &mut String) -> fmt::Result {
        for (kind, counted) in self
            .kinds
            .iter()
            .filter(|(kind, _)| kind.is_claimed() == claimed)
        {
            let mut rules: Vec<(&Rule, &u64)> = counted.rules.iter().collect();
            rules.sort_by_key(|(rule, count)| (std::cmp::Reverse(**count), **rule));
            let rules = rules
                .iter()
                .take(3)
                .map(|(rule, count)| format!("{rule} {count}"));
            let rules: Vec<String> = rules.collect();
            writeln!(
                out,
                "{:<26} {:>6} {:>26} {:>26} {:>8.1}  {}",
                kind.as_str(),
                counted.caught.of,
                counted.caught.written(PERCENT, 2),
                counted.at_once.written(PERCENT, 2),
                counted.hinted.interval().0 * PERCENT,
                rules.join(", "),
            )?;
        }
        Ok(())
    }

    fn table(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "{} scans of packs that nobody attacked, {} of others, {} that could not be read, {} \
             questions",
            self.scans, self.attacked, self.unread, self.questions
        )?;
        let head = |out: &mut String, title: &str| {
            writeln!(
                out,
                "\n{title:<26} {:>6} {:>26} {:>26} {:>8}  seen by",
                "tried", "caught, %", "at its own scan, %", "hint, %"
            )
        };
        head(out, "the rules claim to see")?;
        self.kinds_table(true, out)?;
        head(out, "no rule claims to see")?;
        self.kinds_table(false, out)?;
        writeln!(
            out,
            "\n{:<26} {:>6} {:>26} {:>8} {:>8}",
            "false alarms", "alarms", "in 10,000 scans", "hints", "right"
        )?;
        for rule in Rule::ALL {
            let of = |counts: &BTreeMap<Rule, u64>| counts.get(&rule).copied().unwrap_or_default();
            let share = self.false_share(rule);
            writeln!(
                out,
                "{:<26} {:>6} {:>26} {:>8} {:>8}",
                rule.as_str(),
                share.count,
                share.written(OF_SCANS, 3),
                of(&self.hints),
                of(&self.right),
            )?;
        }
        let all = self.false_share_of_all();
        let written = all.written(OF_SCANS, 3);
        writeln!(
            out,
            "{:<26} {:>6} {written:>26}",
            "all, each scan once", all.count
        )
    }

    /// Kinds that the rules claim to see and of which less than `percent` were caught.
    pub fn missed(&self, percent: f64) -> Vec<Kind> {
        let claimed = self.kinds.iter().filter(|(kind, _)| kind.is_claimed());
        let missed = claimed.filter(|(_, it)| it.caught.interval().0 * PERCENT < percent);
        missed.map(|(kind, _)| *kind).collect()
    }
}

fn words(counts: &BTreeMap<Rule, u64>) -> Map<String, Value> {
    let words = counts.iter();
    words
        .map(|(rule, count)| (rule.as_str().to_owned(), json!(count)))
        .collect()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.table(&mut out)?;
        f.write_str(&out)
    }
}
