//! Named queries. EPCIS 2.0, 8.2.7 and 12.7: what somebody asks again and again, under a name.
//!
//! Name and conditions say what an organisation is after, so they are sealed, and a row is found by
//! a keyed hash of the name.

use epcis::{Context, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Drawer, Sealed};

use super::capture::refused;
use super::query::{EventPage, PAGE_MAX, SIMPLE};
use super::{handles, looks};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::pairs::Pairs;
use crate::setup::Hospital;

/// Named queries of an organisation.
pub const QUERIES_MAX: u32 = 1_000;
/// Longest name.
const NAME_BYTES_MAX: usize = 128;
/// Queries of a page, unless the client asks for fewer.
const PAGE: u32 = 30;
/// Parameters about one answer; a name stands for many.
const OF_ONE_ANSWER: [&str; 1] = ["nextPageToken"];

/// A query with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedQuery {
    /// The name.
    pub name: String,
    /// The parameters, as they were sent.
    pub query: Map<String, Value>,
    /// `prefix=namespace` of `GS1-Extensions` when it was made.
    pub extensions: Vec<(String, String)>,
}

/// Named queries, the latest first.
#[derive(Debug, Clone, Default)]
pub struct QueryPage {
    /// They.
    pub queries: Vec<NamedQuery>,
    /// The token of the next page, where there is one.
    pub next: Option<String>,
}

impl NamedQuery {
    /// The query, read.
    pub(super) fn read(&self) -> Result<Query, HospitalError> {
        let prefixes = self
            .extensions
            .iter()
            .map(|(prefix, to)| (&**prefix, &**to));
        let context = Context::of_prefixes(prefixes);
        Query::from_json(&self.query, &context).map_err(|error| refused(&error))
    }

    fn check(&self) -> Result<(), HospitalError> {
        let name = &self.name;
        let is_usable = !name.is_empty()
            && name.len() <= NAME_BYTES_MAX
            && !name.chars().any(char::is_control)
            && !matches!(name.as_str(), "." | "..");
        if !is_usable {
            return Err(unusable(format!(
                "the name of a query has 1 to {NAME_BYTES_MAX} bytes and no control characters"
            )));
        }
        if let Some(name) = OF_ONE_ANSWER
            .iter()
            .find(|it| self.query.contains_key(**it))
        {
            return Err(unusable(format!(
                "{name} is about one answer: leave it out"
            )));
        }
        self.read().map(|_| ())
    }
}

impl Hospital {
    /// Gives a query a name. One that is taken stays with what it stands for.
    pub async fn name_query(
        &self,
        caller: &Caller,
        query: &NamedQuery,
    ) -> Result<(), HospitalError> {
        handles(caller)?;
        query.check()?;
        let _desk = self.0.standing.desk.lock().await;
        if query.name == SIMPLE || self.kept_query(&query.name).await?.is_some() {
            return Err(HospitalError::request(
                "conflict",
                "there is a query of this name already",
                "choose another name, or delete that query first",
            ));
        }
        let store = &self.0.store;
        let kept = store
            .latest_sealed(Drawer::Queries, None, QUERIES_MAX)
            .await?;
        if kept.len() >= QUERIES_MAX as usize {
            return Err(HospitalError::request(
                "too-costly",
                format!("there are {QUERIES_MAX} named queries already"),
                "delete one that nobody uses",
            ));
        }
        let id = self.query_id(&query.name);
        let row = self.sealed_row(Drawer::Queries, (&id, self.now_us()), query)?;
        Ok(store.put_sealed(Drawer::Queries, vec![row]).await?)
    }

    /// What a name stands for.
    pub async fn query_of_name(
        &self,
        caller: &Caller,
        name: &str,
    ) -> Result<NamedQuery, HospitalError> {
        looks(caller)?;
        Ok(self.query_named(name).await?.0)
    }

    /// A page of the named queries.
    pub async fn queries_of_names(
        &self,
        caller: &Caller,
        pairs: &Pairs,
    ) -> Result<QueryPage, HospitalError> {
        looks(caller)?;
        let (rows, next) = self.sealed_page(Drawer::Queries, pairs).await?;
        let queries = rows.iter().map(|row| self.opened_row(Drawer::Queries, row));
        Ok(QueryPage {
            queries: queries.collect::<Result<_, _>>()?,
            next,
        })
    }

    /// Takes a name away, and with it every subscription to it.
    pub async fn drop_query(&self, caller: &Caller, name: &str) -> Result<(), HospitalError> {
        handles(caller)?;
        let _desk = self.0.standing.desk.lock().await;
        let (_, row) = self.query_named(name).await?;
        self.drop_subscriptions_to(name).await?;
        let ids = vec![row.id];
        self.0.store.drop_sealed(Drawer::Queries, ids).await?;
        self.0.standing.tell();
        Ok(())
    }

    /// Answers a named query. `pairs` say which page.
    pub async fn named_events(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        name: &str,
        pairs: &Pairs,
    ) -> Result<EventPage, HospitalError> {
        looks(caller)?;
        let mut query = self.query_named(name).await?.0.read()?;
        for (parameter, value) in pairs {
            match parameter.as_str() {
                "nextPageToken" => query.next_page_token = Some(value.clone()),
                "perPage" => query.per_page = Some(u64::from(per_page(Some(value), PAGE)?)),
                other => {
                    let other: String = other.chars().take(80).collect();
                    return Err(unusable(format!(
                        "{other}: a named query takes perPage and nextPageToken alone"
                    )));
                }
            }
        }
        self.answered_query(agent, &query, name).await
    }

    /// A named query with its row.
    pub(super) async fn query_named(
        &self,
        name: &str,
    ) -> Result<(NamedQuery, Sealed), HospitalError> {
        let absent = || HospitalError::Absent("a query of this name".into());
        let row = self.kept_query(name).await?.ok_or_else(absent)?;
        Ok((self.opened_row(Drawer::Queries, &row)?, row))
    }

    async fn kept_query(&self, name: &str) -> Result<Option<Sealed>, HospitalError> {
        let ids = vec![self.query_id(name).to_vec()];
        Ok(self.0.store.sealed(Drawer::Queries, ids).await?.pop())
    }

    fn query_id(&self, name: &str) -> [u8; 32] {
        self.0
            .keyring
            .root()
            .mark("epcis_queries", &[name.as_bytes()])
    }

    /// A page of a drawer, with the token of the next.
    pub(super) async fn sealed_page(
        &self,
        drawer: Drawer,
        pairs: &Pairs,
    ) -> Result<(Vec<Sealed>, Option<String>), HospitalError> {
        let asked = |name: &str| pairs.iter().find(|(it, _)| it == name).map(|it| &*it.1);
        let limit = per_page(asked("perPage"), PAGE)?;
        let before = asked("nextPageToken").filter(|token| !token.is_empty());
        let before = before.map(place).transpose()?;
        let rows = self.0.store.latest_sealed(drawer, before, limit).await?;
        let last = rows.last().filter(|_| rows.len() == limit as usize);
        let next = last.map(|row| {
            let id = crate::identity::statement::hex(&row.id);
            format!("{}.{id}", row.at_us)
        });
        Ok((rows, next))
    }
}

/// A request that cannot be used.
pub(super) fn unusable(text: String) -> HospitalError {
    let hint = "docs/reference/epcis.md says what a query and a subscription may have";
    HospitalError::request("value", text, hint)
}

/// `perPage`, within its bound.
fn per_page(asked: Option<&str>, otherwise: u32) -> Result<u32, HospitalError> {
    match asked.map(str::parse) {
        None => Ok(otherwise),
        Some(Ok(limit @ 1..=PAGE_MAX)) => Ok(limit),
        Some(_) => Err(unusable(format!("perPage is 1 to {PAGE_MAX}"))),
    }
}

/// Time and id, as the token of a page has them.
fn place(token: &str) -> Result<(i64, Vec<u8>), HospitalError> {
    let wrong = || unusable("the page does not follow any other".to_owned());
    let (at_us, id) = token.split_once('.').ok_or_else(wrong)?;
    let digits = id.len() <= 128 && id.len().is_multiple_of(2);
    let digits = digits && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digits {
        return Err(wrong());
    }
    let bytes = (0..id.len()).step_by(2);
    let bytes = bytes.map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap_or(0));
    Ok((at_us.parse().map_err(|_| wrong())?, bytes.collect()))
}
