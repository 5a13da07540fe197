//! What was said against what is true.

use std::collections::{BTreeMap, BTreeSet};

use supply::detect::{HOUR_MS, Rule};

use super::measure::Share;
use super::{Judged, Raised, Subject, is_alarm, is_of_the_pack, records};
use crate::attack::Kind;
use crate::book::Code;
use crate::truth::Truth;
use crate::wave::File;
use crate::{SimulateError, calendar};

/// Clocks may be so far behind the truth.
const CLOCK_MS: u64 = 2 * HOUR_MS;

/// How the attacks of a kind were seen.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// By an alarm, at whichever of the packs that share a number.
    pub caught: Share,
    /// By an alarm at a scan of the attacker's own thing, or about its container or questions.
    pub at_once: Share,
    /// By an alarm or a hint.
    pub hinted: Share,
    /// By which rules; an attack may be seen by several.
    pub rules: BTreeMap<Rule, u64>,
}

/// The counts of a trade.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Waves that were counted.
    pub waves: u64,
    /// Scans of packs that nobody attacked.
    pub scans: u64,
    /// Scans of things that somebody attacks with.
    pub attacked: u64,
    /// Scans of which nothing could be read.
    pub unread: u64,
    /// Questions without a pack.
    pub questions: u64,
    /// Scans and other occasions with a false alarm.
    pub false_alarms: u64,
    /// False alarms by rule.
    pub by_rule: BTreeMap<Rule, u64>,
    /// Hints about packs that nobody attacked, by rule.
    pub hints: BTreeMap<Rule, u64>,
    /// Alarms that say what is so, about packs that nobody attacked: recalled, expired, marked.
    pub right: BTreeMap<Rule, u64>,
    /// Attacks by kind.
    pub kinds: BTreeMap<Kind, Counted>,
}

/// One attack while it is counted.
struct Open {
    kind: Kind,
    from_ms: u64,
    own: BTreeSet<u64>,
    caught: BTreeSet<Rule>,
    at_once: bool,
    hinted: bool,
}

impl Open {
    fn hear(&mut self, raised: &Raised) {
        let rule = raised.suspicion.rule;
        // That its lot is recalled says nothing about a copy.
        if is_of_the_pack(rule) && !self.kind.is_about_such_packs() {
            return;
        }
        self.hinted = true;
        if !is_alarm(raised.suspicion.certainty) {
            return;
        }
        self.caught.insert(rule);
        self.at_once |= match &raised.subject {
            Subject::Pack { scan, .. } => self.own.contains(scan),
            Subject::Container(_) | Subject::Organisation { .. } => true,
        };
    }
}

/// Which attacks touch what.
struct Index {
    open: Vec<Open>,
    codes: BTreeMap<Code, Vec<usize>>,
    containers: BTreeMap<String, Vec<usize>>,
    organisations: BTreeMap<String, Vec<usize>>,
}

impl Index {
    fn of(truths: Vec<Truth>, files: &[File]) -> Result<Self, SimulateError> {
        let mut index = Self {
            open: Vec::new(),
            codes: BTreeMap::new(),
            containers: BTreeMap::new(),
            organisations: BTreeMap::new(),
        };
        for (at, truth) in truths.into_iter().enumerate() {
            let unknown = || SimulateError::Line {
                file: files
                    .first()
                    .map_or_else(String::new, |_| "truth.ndjson".to_owned()),
                line: at + 1,
                reason: "a kind of attack that this version does not know".to_owned(),
            };
            let kind = Kind::of_word(&truth.kind).ok_or_else(unknown)?;
            // To ask about a pack does nothing to it.
            let codes = if kind.is_about_questions() {
                Vec::new()
            } else {
                truth.codes
            };
            for code in codes {
                index.codes.entry(code).or_default().push(at);
            }
            for sscc in truth.containers {
                index.containers.entry(sscc).or_default().push(at);
            }
            for organisation in truth.organisations {
                index
                    .organisations
                    .entry(organisation)
                    .or_default()
                    .push(at);
            }
            index.open.push(Open {
                kind,
                from_ms: calendar::read(&truth.from).unwrap_or_default(),
                own: truth.scans.into_iter().collect(),
                caught: BTreeSet::new(),
                at_once: false,
                hinted: false,
            });
        }
        Ok(index)
    }

    /// The attacks on a pack, as a scan found it at a time.
    fn on_pack(&self, code: &Code, scan: u64, at_ms: u64) -> Vec<usize> {
        let of_code = self.codes.get(code).into_iter().flatten().copied();
        let touches = |at: &usize| {
            let open = &self.open[*at];
            open.own.contains(&scan) || at_ms + CLOCK_MS >= open.from_ms
        };
        of_code.filter(touches).collect()
    }

    fn on(&self, raised: &Raised) -> Vec<usize> {
        match &raised.subject {
            Subject::Pack { code, scan } => self.on_pack(code, *scan, raised.at_ms),
            Subject::Container(sscc) => self.containers.get(sscc).cloned().unwrap_or_default(),
            Subject::Organisation { id, scans, .. } => {
                let of_id = self.organisations.get(id).into_iter().flatten().copied();
                let asks = |at: &usize| {
                    let own = &self.open[*at].own;
                    scans.iter().any(|scan| own.contains(scan))
                };
                of_id.filter(asks).collect()
            }
        }
    }

    /// Whether who asked had fakes before it that somebody else had made.
    fn is_about_fakes(&self, raised: &Raised) -> bool {
        match &raised.subject {
            Subject::Organisation { codes, .. } => {
                codes.iter().any(|code| self.codes.contains_key(code))
            }
            _ => false,
        }
    }
}

impl Tally {
    /// Counts what was said of a wave.
    pub fn add(&mut self, judged: &Judged, files: &[File]) -> Result<(), SimulateError> {
        let truths: Vec<Truth> = records(files, "truth.ndjson")?;
        let mut index = Index::of(truths, files)?;
        self.waves += 1;
        self.unread += judged.unread;
        self.questions += judged.questions;
        for (scan, at_ms, code) in &judged.scans {
            if index.on_pack(code, *scan, *at_ms).is_empty() {
                self.scans += 1;
            } else {
                self.attacked += 1;
            }
        }
        let mut last = None;
        for raised in &judged.raised {
            let attacks = index.on(raised);
            for at in &attacks {
                index.open[*at].hear(raised);
            }
            if attacks.is_empty() && !index.is_about_fakes(raised) {
                self.about_nothing(raised, &mut last);
            }
        }
        for open in index.open {
            let counted = self.kinds.entry(open.kind).or_default();
            counted.caught.add(!open.caught.is_empty());
            counted.at_once.add(open.at_once);
            counted.hinted.add(open.hinted);
            for rule in open.caught {
                *counted.rules.entry(rule).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Something was said of what nobody attacked. `last` is what the last alarm was about: two
    /// rules that speak at one scan are one false alarm.
    fn about_nothing<'a>(&mut self, raised: &'a Raised, last: &mut Option<&'a Subject>) {
        let rule = raised.suspicion.rule;
        let by_rule = if !is_alarm(raised.suspicion.certainty) {
            &mut self.hints
        } else if is_of_the_pack(rule) {
            &mut self.right
        } else {
            if *last != Some(&raised.subject) {
                self.false_alarms += 1;
                *last = Some(&raised.subject);
            }
            &mut self.by_rule
        };
        *by_rule.entry(rule).or_default() += 1;
    }

    /// Adds the counts of another part of the trade.
    pub fn merge(&mut self, other: &Self) {
        self.waves += other.waves;
        self.scans += other.scans;
        self.attacked += other.attacked;
        self.unread += other.unread;
        self.questions += other.questions;
        self.false_alarms += other.false_alarms;
        for (mine, theirs) in [
            (&mut self.by_rule, &other.by_rule),
            (&mut self.hints, &other.hints),
            (&mut self.right, &other.right),
        ] {
            for (rule, count) in theirs {
                *mine.entry(*rule).or_default() += count;
            }
        }
        for (kind, theirs) in &other.kinds {
            let mine = self.kinds.entry(*kind).or_default();
            for (mine, theirs) in [
                (&mut mine.caught, theirs.caught),
                (&mut mine.at_once, theirs.at_once),
                (&mut mine.hinted, theirs.hinted),
            ] {
                mine.count += theirs.count;
                mine.of += theirs.of;
            }
            for (rule, count) in &theirs.rules {
                *mine.rules.entry(*rule).or_default() += count;
            }
        }
    }
}
