//! The history of a record, a type or everything. FHIR R4 3.1.0.9.

use store::{History, HistoryScope, Page, RecordKey};

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::pairs::Pairs;
use crate::record::Record;
use crate::request::Target;
use crate::scopes::Verb;
use crate::search::{PAGE_DEFAULT, PAGE_MAX, PAGE_TOKEN};
use crate::setup::Hospital;

/// Pages of the store that are looked through for one page of what scopes show.
const PAGES_LOOKED_AT_MAX: usize = 100;

/// One page of a history, newest first.
#[derive(Debug, Clone)]
pub struct HistoryOf {
    /// Whose.
    pub target: Target,
    /// Versions; a deletion has no body.
    pub versions: Vec<Record>,
    /// The query as it was understood.
    pub used: Pairs,
    /// Parameters that were left out.
    pub ignored: Vec<String>,
    /// The token of the next page.
    pub next: Option<String>,
}

struct Asked {
    since_us: Option<i64>,
    page: Page,
    used: Pairs,
    ignored: Vec<String>,
}

impl Hospital {
    /// A page of a history within what the caller may see.
    pub async fn history(
        &self,
        caller: &Caller,
        target: Target,
        pairs: Pairs,
        strict: bool,
    ) -> Result<HistoryOf, HospitalError> {
        let asked = parse(pairs)?;
        if strict && let Some(name) = asked.ignored.first() {
            return Err(HospitalError::request(
                "not-supported",
                format!(
                    "`{}` is not a history parameter here",
                    crate::request::clip(name)
                ),
                "use _count and _since",
            ));
        }
        let of = match &target {
            Target::InstanceHistory(type_, id) => HistoryScope::Instance(RecordKey {
                type_: (*type_).into(),
                id: id.clone(),
            }),
            Target::TypeHistory(type_) => HistoryScope::Type((*type_).into()),
            _ => HistoryScope::System,
        };
        let first = asked.page.after.is_none() && asked.since_us.is_none();
        let history = History {
            of,
            scope: caller.scope(),
            since_us: asked.since_us,
            page: asked.page,
        };
        let (versions, next) = self.shown_page(caller, &target, history).await?;
        if let Target::InstanceHistory(type_, id) = &target
            && versions.is_empty()
            && first
        {
            return Err(HospitalError::Absent(format!("{type_}/{id}")));
        }
        let (used, ignored) = (asked.used, asked.ignored);
        Ok(HistoryOf {
            target,
            versions,
            used,
            ignored,
            next,
        })
    }
}

impl Hospital {
    /// A page of the versions that the caller may see. What is hidden takes no place on it, and
    /// a page is only followed by another when that one has something to show.
    async fn shown_page(
        &self,
        caller: &Caller,
        target: &Target,
        mut history: History,
    ) -> Result<(Vec<Record>, Option<String>), HospitalError> {
        let verb = match target {
            Target::InstanceHistory(..) => Verb::Read,
            _ => Verb::Search,
        };
        let limit = history.page.limit;
        let hides = caller.sight.hides(verb, target.resource_type());
        let mut versions: Vec<Record> = Vec::new();
        let mut full_at = None;
        for _ in 0..PAGES_LOOKED_AT_MAX {
            let found = self.0.store.history(history.clone()).await?;
            let opened = self.shown_all(caller, verb, found.rows).await?;
            if full_at.is_some() {
                if !opened.is_empty() {
                    break;
                }
            } else {
                versions.extend(opened);
            }
            let Some(next) = found.next else {
                return Ok((versions, None));
            };
            if !hides {
                return Ok((versions, Some(next)));
            }
            let missing = usize::try_from(limit).unwrap_or(usize::MAX) - versions.len();
            if missing == 0 {
                full_at.get_or_insert(next.clone());
            }
            history.page = Page {
                // The page is full: look whether a later version can be seen.
                limit: match u32::try_from(missing) {
                    Ok(0) | Err(_) => PAGE_MAX,
                    Ok(missing) => missing,
                },
                after: Some(next),
            };
        }
        let next = full_at.or(history.page.after);
        Ok((versions, next))
    }
}

fn parse(pairs: Pairs) -> Result<Asked, HospitalError> {
    let mut asked = Asked {
        since_us: None,
        page: Page::first(PAGE_DEFAULT),
        used: Pairs::new(),
        ignored: Vec::new(),
    };
    let refused = |name: &str, form| {
        HospitalError::request("value", format!("the value of {name} is not usable"), form)
    };
    for (name, value) in pairs {
        match name.as_str() {
            PAGE_TOKEN => {
                asked.page.after = Some(value);
                continue;
            }
            "_format" | "_pretty" => continue,
            "_count" => {
                let count: u32 = value
                    .parse()
                    .map_err(|_| refused("_count", "give a number"))?;
                asked.page.limit = count.clamp(1, PAGE_MAX);
            }
            "_since" => {
                let since = instant::parse_fhir(&value)
                    .ok_or_else(|| refused("_since", "give an instant with its time zone"))?;
                asked.since_us = Some(since);
            }
            _ => {
                asked.ignored.push(name);
                continue;
            }
        }
        asked.used.push((name, value));
    }
    Ok(asked)
}
