//! A transaction: every entry, or none. FHIR R4 3.1.0.11.2.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use store::{Guard, StoreError};

use super::plan::{Planned, invalid};
use super::resolve::{Names, conditions};
use super::settle::{Goal, Settled};
use crate::admit::{Admitted, Made};
use crate::caller::Caller;
use crate::commit::ATTEMPTS_MAX;
use crate::draft::Draft;
use crate::error::HospitalError;
use crate::perform::Response;
use crate::request::{Body, Method};
use crate::retire::Retired;
use crate::setup::Hospital;

/// What the entries of a transaction answer, in their order. Only a read can fail by itself.
pub type Responses = Vec<Result<Response, HospitalError>>;

impl Hospital {
    /// Does all entries in one commit, then the reads among them.
    pub async fn transact(
        &self,
        caller: &Caller,
        entries: Vec<Planned>,
    ) -> Result<Responses, HospitalError> {
        Self::guard_transaction(caller, &entries)?;
        let count = entries.len();
        let (reads, writes): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| entry.request.method == Method::Get);
        let mut answers: BTreeMap<usize, Result<Response, HospitalError>> = BTreeMap::new();
        for (index, answer) in self.write_all(caller, writes).await? {
            answers.insert(index, Ok(answer));
        }
        for entry in reads {
            answers.insert(entry.index, self.perform(caller, entry.request).await);
        }
        debug_assert_eq!(answers.len(), count, "every entry has one answer");
        Ok(answers.into_values().collect())
    }

    async fn write_all(
        &self,
        caller: &Caller,
        writes: Vec<Planned>,
    ) -> Result<Vec<(usize, Response)>, HospitalError> {
        // New records under our own ids meet nobody: only other writes may have to start again.
        let steady = writes.iter().all(is_plain_create);
        let mut writes = writes;
        for _ in 0..ATTEMPTS_MAX {
            let round = if steady {
                std::mem::take(&mut writes)
            } else {
                writes.clone()
            };
            match self.write_round(caller, round).await? {
                Some(answers) => return Ok(answers),
                None if steady => break,
                None => {}
            }
        }
        Err(HospitalError::Contended(
            "a record of the transaction".into(),
        ))
    }

    /// One try; `None` when others changed what it was built on.
    async fn write_round(
        &self,
        caller: &Caller,
        writes: Vec<Planned>,
    ) -> Result<Option<Vec<(usize, Response)>>, HospitalError> {
        let mut guards = Vec::new();
        let mut settled = self.settle_all(caller, writes, &mut guards).await?;
        refuse_duplicates(&settled)?;
        let names = self.named(caller, &settled, &mut guards).await?;
        // FHIR R4 3.1.0.11.2: DELETE, POST, PUT and PATCH; in the order of entries among these.
        settled.sort_by_key(|entry| (rank(entry.method), entry.index));
        let now_us = self.now_us();
        let drafted = self
            .0
            .cpu
            .map(settled, move |entry| {
                let index = entry.index;
                entry
                    .draft(&names, now_us)
                    .map_err(|error| error.at_entry(index))
            })
            .await?;
        let mut drafts = Vec::with_capacity(drafted.len());
        let mut answers = Vec::with_capacity(drafted.len());
        let mut matched = HashSet::new();
        let mut drafted = drafted.into_iter().collect::<Vec<_>>();
        first_failure(&mut drafted)?;
        for one in drafted.into_iter().flatten() {
            if one.has_if_match {
                matched.insert((one.answer.0, key_of(one.draft.as_ref())));
            }
            drafts.extend(one.draft);
            answers.push(one.answer);
        }
        if drafts.is_empty() && guards.is_empty() {
            return Ok(Some(answers));
        }
        match self.store_drafts(drafts, &guards).await? {
            Ok(()) => Ok(Some(answers)),
            Err(StoreError::GuardFailed { .. }) => Ok(None),
            Err(StoreError::Conflict { type_, id, current }) => {
                let item = format!("{type_}/{id}");
                let stale = matched
                    .into_iter()
                    .find(|(_, key)| key.as_ref() == Some(&item));
                match stale {
                    Some((index, _)) => Err(HospitalError::Stale { item, current }.at_entry(index)),
                    None => Ok(None),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn settle_all(
        &self,
        caller: &Caller,
        writes: Vec<Planned>,
        guards: &mut Vec<Guard>,
    ) -> Result<Vec<Settled>, HospitalError> {
        let mut settled = Vec::with_capacity(writes.len());
        for entry in writes {
            let index = entry.index;
            let one = self
                .settle(caller, entry, guards)
                .await
                .map_err(|error| error.at_entry(index))?;
            settled.push(one);
        }
        Ok(settled)
    }

    /// The names of all entries, and of what their conditional references find.
    async fn named(
        &self,
        caller: &Caller,
        settled: &[Settled],
        guards: &mut Vec<Guard>,
    ) -> Result<Names, HospitalError> {
        let mut names = Names::default();
        let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
        for entry in settled {
            if let (Some(url), Some(id)) = (&entry.full_url, entry.goal.id()) {
                names.add(entry.index, url, format!("{}/{id}", entry.type_))?;
            }
            let mut found = Vec::new();
            if let Some(value) = entry.goal.value() {
                conditions(value, &mut found);
            }
            for condition in found {
                wanted.entry(condition).or_insert(entry.index);
            }
        }
        for (condition, index) in wanted {
            let reference = self
                .referred(caller, &condition, guards)
                .await
                .map_err(|error| error.at_entry(index))?;
            names.add_condition(condition, reference);
        }
        Ok(names)
    }

    /// The one record that a conditional reference finds.
    async fn referred(
        &self,
        caller: &Caller,
        condition: &str,
        guards: &mut Vec<Guard>,
    ) -> Result<String, HospitalError> {
        let (type_, query) = condition.split_once('?').unwrap_or((condition, ""));
        let type_ = crate::request::known_type(type_)?;
        let unusable = || {
            HospitalError::request(
                "value",
                "a conditional reference is not a usable query",
                "write it as Practitioner?identifier=http://example.org|1",
            )
        };
        let pairs = crate::pairs::decode(query).ok_or_else(unusable)?;
        let matched = self.matched(caller, type_, &pairs).await?;
        guards.push(matched.guard);
        match matched.id {
            Some(id) => Ok(format!("{type_}/{id}")),
            None => Err(HospitalError::request(
                "business-rule",
                format!("a conditional reference finds no {type_}"),
                "store the record first, or put it into the same bundle under a urn:uuid",
            )),
        }
    }
}

/// A draft of an entry with what it will answer.
pub(super) struct Drafted {
    pub(super) draft: Option<Draft>,
    pub(super) answer: (usize, Response),
    pub(super) has_if_match: bool,
}

impl Drafted {
    pub(super) fn written(
        index: usize,
        draft: Draft,
        made: Made,
        warnings: Vec<fhir::validate::Issue>,
        has_if_match: bool,
    ) -> Self {
        let admitted = Admitted {
            record: draft.record(),
            made,
            warnings,
        };
        let answer = (index, Response::Written(admitted));
        Self {
            draft: Some(draft),
            answer,
            has_if_match,
        }
    }

    pub(super) fn retired(
        index: usize,
        draft: Option<Draft>,
        retired: Retired,
        has_if_match: bool,
    ) -> Self {
        Self {
            draft,
            answer: (index, Response::Retired(retired)),
            has_if_match,
        }
    }
}

fn key_of(draft: Option<&Draft>) -> Option<String> {
    draft.map(|draft| format!("{}/{}", draft.stamp.type_, draft.stamp.id))
}

/// The failure of the first entry of the bundle, whatever the order of the work was.
fn first_failure(drafted: &mut Vec<Result<Drafted, HospitalError>>) -> Result<(), HospitalError> {
    let place = |error: &HospitalError| match error {
        HospitalError::Entry { index, .. } => *index,
        _ => 0,
    };
    let first = drafted
        .iter()
        .enumerate()
        .filter_map(|(at, one)| one.as_ref().err().map(|error| (place(error), at)))
        .min();
    match first {
        Some((_, at)) => drafted.swap_remove(at).map(|_| ()),
        None => Ok(()),
    }
}

fn is_plain_create(entry: &Planned) -> bool {
    let conditional = |body: &Body| match body {
        Body::Json(value) => {
            let mut found = Vec::new();
            conditions(value, &mut found);
            !found.is_empty()
        }
        _ => false,
    };
    entry.request.method == Method::Post
        && entry.request.conditions.if_none_exist.is_none()
        && !conditional(&entry.request.body)
}

fn rank(method: Method) -> u8 {
    match method {
        Method::Delete => 0,
        Method::Post => 1,
        Method::Put | Method::Patch => 2,
        Method::Get => 3,
    }
}

/// FHIR R4 3.1.0.11.2: no record may be in a transaction twice.
fn refuse_duplicates(settled: &[Settled]) -> Result<(), HospitalError> {
    let mut seen: HashSet<(&str, &str)> = HashSet::with_capacity(settled.len());
    for entry in settled {
        let Some(id) = entry.goal.id() else { continue };
        if !matches!(entry.goal, Goal::Found(_)) && !seen.insert((entry.type_, id)) {
            return Err(invalid(
                "duplicate",
                &format!("Bundle.entry[{}].request.url", entry.index),
                "an entry before writes the same record",
            ));
        }
    }
    Ok(())
}

/// What is left of the body of an entry.
pub(super) fn json_of(body: Body) -> Result<Value, HospitalError> {
    crate::admit::parse(body)
}
