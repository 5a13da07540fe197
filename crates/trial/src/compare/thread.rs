//! An endpoint followed through versions to the report.

use std::collections::BTreeMap;

use super::matching::{Match, Pair, pairs};
use super::words::{plain, words};
use super::{
    Change, Endpoint, Field, Kind, Line, Link, Made, Milestones, Registered, ReportedEndpoint,
    What, When,
};

/// All endpoints that were ever registered.
#[derive(Default)]
pub(super) struct Threads {
    list: Vec<Thread>,
    latest: String,
    versions: usize,
}

struct Thread {
    endpoint: Endpoint,
    is_there: bool,
    first: Option<String>,
    last: Option<String>,
    changes: Vec<Change>,
    links: Vec<Link>,
}

impl Thread {
    fn new(endpoint: &Endpoint) -> Self {
        Self {
            endpoint: endpoint.clone(),
            is_there: true,
            first: None,
            last: None,
            changes: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Goes on as `next`: notes what is different.
    fn follow(&mut self, next: &Endpoint, by: Match, version: Option<&str>, made: &Made) {
        if by != Match::Id {
            self.links.push(Link {
                version: version.map(str::to_owned),
                by,
            });
        }
        let mut note = |what: What| {
            self.changes.push(Change {
                what,
                made: made.clone(),
            });
        };
        if !self.is_there {
            note(What::Added);
        }
        for field in Field::ALL {
            let (from, to) = (field.of(&self.endpoint), field.of(next));
            if plain(from) != plain(to) {
                note(What::Field {
                    field,
                    from: from.to_owned(),
                    to: to.to_owned(),
                });
            }
        }
        self.is_there = true;
    }

    /// Is no longer there, if it was.
    fn drop(&mut self, made: &Made) {
        if std::mem::take(&mut self.is_there) {
            self.changes.push(Change {
                what: What::Dropped,
                made: made.clone(),
            });
        }
    }
}

impl Threads {
    /// Goes on to the next version.
    pub(super) fn amend(&mut self, version: &Registered, milestones: Milestones) {
        let made = amendment(version, milestones);
        let next: Vec<&Endpoint> = version.endpoints.iter().collect();
        let mut found = by_right(self.pairs(&next));
        let mut kept = vec![false; self.list.len()];
        for (at, endpoint) in next.into_iter().enumerate() {
            let thread = if let Some((place, by)) = found.remove(&at) {
                kept[place] = true;
                let thread = &mut self.list[place];
                thread.follow(endpoint, by, Some(&version.version), &made);
                thread.endpoint = endpoint.clone();
                thread
            } else {
                let mut thread = Thread::new(endpoint);
                if self.versions > 0 {
                    thread.changes.push(Change {
                        what: What::Added,
                        made: made.clone(),
                    });
                }
                self.list.push(thread);
                let last = self.list.len() - 1;
                &mut self.list[last]
            };
            let label = || Some(version.version.clone());
            thread.first = thread.first.take().or_else(label);
            thread.last = label();
        }
        let before = self.list.iter_mut().zip(kept);
        for (thread, _) in before.filter(|(_, is_kept)| !is_kept) {
            thread.drop(&made);
        }
        self.latest.clone_from(&version.version);
        self.versions += 1;
    }

    fn pairs(&self, next: &[&Endpoint]) -> Vec<Pair> {
        let known: Vec<&Endpoint> = self.list.iter().map(|it| &it.endpoint).collect();
        pairs(&known, next)
    }

    /// Ends with the report.
    pub(super) fn report(mut self, reported: &[ReportedEndpoint]) -> Vec<Line> {
        let next: Vec<&Endpoint> = reported.iter().map(|it| &it.endpoint).collect();
        let mut found = by_right(self.pairs(&next));
        let mut of_thread: BTreeMap<usize, &ReportedEndpoint> = BTreeMap::new();
        for (at, endpoint) in reported.iter().enumerate() {
            let place = if let Some((place, by)) = found.remove(&at) {
                self.list[place].follow(&endpoint.endpoint, by, None, &Made::ReportAlone);
                place
            } else {
                let mut thread = Thread::new(&endpoint.endpoint);
                thread.changes.push(Change {
                    what: What::Added,
                    made: Made::ReportAlone,
                });
                self.list.push(thread);
                self.list.len() - 1
            };
            of_thread.insert(place, endpoint);
        }
        for (place, thread) in self.list.iter_mut().enumerate() {
            if !of_thread.contains_key(&place) {
                thread.drop(&Made::ReportAlone);
            }
        }
        let lines = self.list.iter().enumerate();
        let mut lines: Vec<Line> = lines
            .map(|(place, thread)| self.line(thread, of_thread.get(&place).copied()))
            .collect();
        lines.sort_by(|left, right| {
            let key = |line: &Line| (line.rank, line.id.clone(), line.first_registered.is_none());
            key(left).cmp(&key(right))
        });
        lines
    }

    fn line(&self, thread: &Thread, reported: Option<&ReportedEndpoint>) -> Line {
        let reads_as = reported.and_then(|reported| self.reads_as(thread, &reported.endpoint));
        let mut kinds = kinds(thread, reported.is_some());
        if let Some(other) = reads_as
            && other.endpoint.rank != thread.endpoint.rank
        {
            kinds.push(Kind::RankSwitched);
        }
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.is_empty() {
            kinds.push(Kind::Kept);
        }
        Line {
            id: thread.endpoint.id.clone(),
            name: thread.endpoint.name.clone(),
            rank: thread.endpoint.rank,
            compared_with: self.latest.clone(),
            first_registered: thread.first.clone(),
            last_registered: thread.last.clone(),
            reported_id: reported.map(|it| it.endpoint.id.clone()),
            result: reported.and_then(|it| it.result),
            kinds,
            changes: thread.changes.clone(),
            links: thread.links.clone(),
            reads_as: reads_as.map(|other| other.endpoint.id.clone()),
        }
    }

    /// Another registered endpoint, whose name the report gives to this one: two endpoints whose
    /// ids were swapped keep their ids and their ranks, and are something else all the same.
    fn reads_as(&self, thread: &Thread, reported: &Endpoint) -> Option<&Thread> {
        let told = words(&reported.name);
        if told.is_empty() || told == words(&thread.endpoint.name) {
            return None;
        }
        let registered = self.list.iter().filter(|other| other.first.is_some());
        registered
            .filter(|other| !std::ptr::eq(*other, thread) && words(&other.endpoint.name) == told)
            .min_by_key(|other| &other.endpoint.id)
    }
}

fn by_right(pairs: Vec<Pair>) -> BTreeMap<usize, (usize, Match)> {
    pairs
        .into_iter()
        .map(|(left, right, by)| (right, (left, by)))
        .collect()
}

fn amendment(version: &Registered, milestones: Milestones) -> Made {
    let is_past = |point: Option<u64>| point.is_some_and(|point| version.time_s >= point);
    let when = if is_past(milestones.unblinded_s) {
        When::AfterUnblinding
    } else if is_past(milestones.first_data_s) {
        When::AfterData
    } else {
        When::BeforeData
    };
    let reason = version.reason.as_ref();
    Made::Amendment {
        version: version.version.clone(),
        time_s: version.time_s,
        reason: reason.filter(|reason| !reason.trim().is_empty()).cloned(),
        when,
    }
}

fn kinds(thread: &Thread, is_reported: bool) -> Vec<Kind> {
    let changes = thread.changes.iter();
    let mut kinds: Vec<Kind> = changes
        .filter_map(|change| match &change.what {
            What::Added => Some(Kind::Added),
            What::Dropped => None,
            What::Field { field, .. } => Some(field.kind()),
        })
        .collect();
    if !is_reported {
        kinds.push(Kind::Dropped);
    }
    kinds
}
