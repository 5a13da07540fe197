//! What a query is: a question about a value, and what was said to it.
//!
//! A Task of the site, each answer a new version of it. It names the version of the row that the
//! question was asked about, which the row's own history keeps.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rows::{ROW, system};
use crate::own::TRIAL_ROW;
use crate::record::Record;
use fhir::json::Limits;
use proof::Digest;

/// The type that a query is a record of.
pub(super) const TASK: &str = "Task";
const USER: &str = "urn:salus:user";
const QUERY: &str = "query";
const ITEM: &str = "item";

/// A question to be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    /// The logical id of the row.
    pub row: String,
    /// The item of it; `None`: the row as a whole.
    pub item: Option<String>,
    /// The question.
    pub text: String,
}

/// Something to be said to a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// The id of the query.
    pub query: String,
    /// What is said.
    pub text: String,
    /// Whether that was all: only who asked says so.
    pub closes: bool,
}

/// Where a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryState {
    /// The site is to answer.
    Asked,
    /// Who asked is to say whether that answers it.
    Answered,
    /// It is done.
    Closed,
}

impl QueryState {
    const ALL: [Self; 3] = [Self::Asked, Self::Answered, Self::Closed];

    /// The word in answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Answered => "answered",
            Self::Closed => "closed",
        }
    }

    /// The status of the Task. FHIR R4 task-status.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Asked => "requested",
            Self::Answered => "in-progress",
            Self::Closed => "completed",
        }
    }
}

/// What was said to a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryReply {
    /// In words.
    pub text: String,
    /// When, a FHIR instant.
    pub said: String,
    /// Organisation and user.
    pub by: String,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// The id of its Task.
    pub id: String,
    /// The version of the Task.
    pub version: u64,
    /// Where it is kept.
    pub site: String,
    /// The logical id of the row.
    pub row: String,
    /// The version of the row that was current when it was asked.
    pub row_version: u64,
    /// The item.
    pub item: Option<String>,
    /// The question.
    pub text: String,
    /// When it was asked, a FHIR instant.
    pub asked: String,
    /// Organisation and user who asked.
    pub by: String,
    /// Where it stands.
    pub state: QueryState,
    /// What was said, the first first.
    pub replies: Vec<QueryReply>,
}

/// Some queries, and where the next ones begin.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryPage {
    /// They.
    pub queries: Vec<Query>,
    /// Where it goes on.
    pub next: Option<String>,
}

impl Query {
    /// The organisation that asked.
    pub(super) fn asker(&self) -> &str {
        self.by.split_once('/').map_or("", |(name, _)| name)
    }

    /// The record of a question.
    pub(super) fn record(&self, trial: &Digest) -> Value {
        let mut record = json!({
            "resourceType": TASK,
            "id": self.id,
            "identifier": [{ "system": system(trial), "value": self.id }],
            "status": self.state.status(),
            "intent": "order",
            "code": { "coding": [{ "system": TRIAL_ROW, "code": QUERY }] },
            "description": self.text,
            "focus": { "reference": format!("{ROW}/{}/_history/{}", self.row, self.row_version) },
            "authoredOn": self.asked,
            "requester": { "identifier": { "system": USER, "value": self.by } },
        });
        if let Some(item) = &self.item {
            record["input"] = json!([{
                "type": { "coding": [{ "system": TRIAL_ROW, "code": ITEM }] },
                "valueString": item,
            }]);
        }
        record
    }

    /// The query of a record; `None`: it is none of this trial.
    pub(super) fn read(record: &Record, trial: &Digest, site: &str) -> Option<Self> {
        let value = fhir::json::parse(&record.body, Limits::default()).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let identifier = &value["identifier"][0];
        let is_own = identifier["system"] == *system(trial) && identifier["value"] == *record.id;
        let focus = value["focus"]["reference"].as_str().filter(|_| is_own)?;
        let (row, row_version) = focus.strip_prefix(ROW)?.split_once("/_history/")?;
        let status = value["status"].as_str()?;
        let notes = value["note"].as_array().map(Vec::as_slice);
        let replies = notes.unwrap_or_default().iter().map(|note| {
            Some(QueryReply {
                text: text(&note["text"])?,
                said: text(&note["time"])?,
                by: text(&note["authorString"])?,
            })
        });
        Some(Self {
            id: record.id.clone(),
            version: record.version,
            site: site.to_owned(),
            row: row.strip_prefix('/')?.to_owned(),
            row_version: row_version.parse().ok()?,
            item: text(&value["input"][0]["valueString"]),
            text: text(&value["description"])?,
            asked: text(&value["authoredOn"])?,
            by: text(&value["requester"]["identifier"]["value"])?,
            state: QueryState::ALL
                .into_iter()
                .find(|it| it.status() == status)?,
            replies: replies.collect::<Option<_>>()?,
        })
    }
}

impl QueryReply {
    /// The note of the Task. FHIR R4 Annotation.
    pub(super) fn note(&self) -> Value {
        json!({ "authorString": self.by, "time": self.said, "text": self.text })
    }
}
