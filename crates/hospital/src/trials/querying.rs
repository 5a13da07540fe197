//! Asking about values, answering, closing. What is asked elsewhere is kept at the site, beside the
//! value, like what its own people ask.

use proof::Digest;
use trial::acts::{Role, Trial};

use super::message::{QUERY, QueryCall, QueryDeed};
use super::place::Place;
use super::query::{NewQuery, Query, QueryPage, QueryReply, QueryState, Saying, TASK};
use super::rows::system;
use super::{allow, investigates, looks, wrong};
use crate::access_log::AccessAgent;
use crate::admit::new_id;
use crate::caller::{self, Caller};
use crate::error::HospitalError;
use crate::instant;
use crate::request::{clip, is_id};
use crate::search::PAGE_TOKEN;
use crate::setup::Hospital;
use crate::sharing::message;

/// Queries of a trial at one site that are not closed.
const OPEN_MAX: u64 = 10_000;
/// What may be said to one query.
const REPLIES_MAX: usize = 200;
/// Longest question or answer.
const TEXT_BYTES_MAX: usize = 4_000;
/// Longest name of a user of another organisation.
const USER_BYTES_MAX: usize = 64;
/// Queries of a page.
const PAGE: u32 = 50;

/// Who asks or answers.
struct Speaker<'a> {
    organisation: &'a str,
    user: &'a str,
}

impl Speaker<'_> {
    fn name(&self) -> String {
        format!("{}/{}", self.organisation, self.user)
    }
}

impl Hospital {
    /// Asks about a value: an investigator of the site, or who oversees the trial elsewhere, who
    /// names the site.
    pub async fn ask_query(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, site, query): (&Digest, Option<&str>, NewQuery),
    ) -> Result<Query, HospitalError> {
        let deed = QueryDeed::Ask(query);
        self.query_deed(caller, agent, (id, site, deed)).await
    }

    /// Answers a query, or says more about it. Only the organisation that asked closes it.
    pub async fn answer_query(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, site, saying): (&Digest, Option<&str>, Saying),
    ) -> Result<Query, HospitalError> {
        let deed = QueryDeed::Say(saying);
        self.query_deed(caller, agent, (id, site, deed)).await
    }

    /// The queries of this site, or of all sites one after the other for those who oversee the
    /// trial. `after` is what the page before said.
    pub async fn trial_queries(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, after): (&Digest, Option<&str>),
    ) -> Result<QueryPage, HospitalError> {
        looks(caller)?;
        let (_, trial, role) = self.trial_here(id).await?;
        if after.is_none() {
            self.trial_access(agent, "queries").await?;
        }
        if role == Role::Site {
            return self.own_queries(id, after.map(str::to_owned)).await;
        }
        let place = Place::of(&trial, after)?;
        let after = place.after.clone();
        let deed = QueryDeed::List { after };
        let page = self.query_at(id, caller, (place.site, deed)).await?;
        let next = place.next(page.next);
        Ok(QueryPage {
            queries: page.queries,
            next,
        })
    }

    async fn query_deed(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (id, site, deed): (&Digest, Option<&str>, QueryDeed),
    ) -> Result<Query, HospitalError> {
        let (_, trial, role) = self.trial_here(id).await?;
        let page = if role == Role::Site {
            investigates(caller)?;
            if site.is_some_and(|it| it != self.0.organisation) {
                return Err(wrong(
                    "a site has queries about its own rows: no other `site`",
                ));
            }
            let speaker = Speaker {
                organisation: &self.0.organisation,
                user: &caller.username,
            };
            self.do_query((id, &trial), (&speaker, agent), deed).await?
        } else {
            oversees(caller)?;
            let site = site.filter(|it| trial.role(it) == Some(Role::Site));
            let site = site.ok_or_else(|| wrong("`site` is the site that has the row"))?;
            self.trial_access(agent, "query").await?;
            self.query_at(id, caller, (site, deed)).await?
        };
        let query = page.queries.into_iter().next();
        query.ok_or_else(|| HospitalError::Internal("a site answered without the query".into()))
    }

    /// Does it at a site.
    async fn query_at(
        &self,
        id: &Digest,
        caller: &Caller,
        (site, deed): (&str, QueryDeed),
    ) -> Result<QueryPage, HospitalError> {
        let call = QueryCall {
            trial: id.to_string(),
            user: caller.username.clone(),
            deed,
        };
        let answer: QueryPage = message::read(&self.call(site, QUERY, &call).await?)?;
        let queries = answer.queries.into_iter().take(PAGE as usize);
        let queries = queries.map(|it| Query {
            site: site.to_owned(),
            ..it
        });
        Ok(QueryPage {
            queries: queries.collect(),
            next: answer.next,
        })
    }

    /// Does it for those who oversee the trial.
    pub(crate) async fn answer_trial_query(
        &self,
        from: &str,
        call: QueryCall,
    ) -> Result<QueryPage, HospitalError> {
        let words = "a site hears queries of sponsor, monitors and regulators";
        let (id, trial, agent) = self.overseen(from, &call.trial, words).await?;
        let named = !call.user.is_empty()
            && call.user.len() <= USER_BYTES_MAX
            && !call.user.chars().any(char::is_control);
        if !named {
            return Err(message::unusable());
        }
        let agent = AccessAgent {
            user: call.user.clone(),
            ..agent
        };
        let speaker = Speaker {
            organisation: from,
            user: &call.user,
        };
        self.do_query((&id, &trial), (&speaker, agent), call.deed)
            .await
    }

    /// Does it here, at the site.
    async fn do_query(
        &self,
        (id, trial): (&Digest, &Trial),
        (speaker, agent): (&Speaker<'_>, AccessAgent),
        deed: QueryDeed,
    ) -> Result<QueryPage, HospitalError> {
        let query = match deed {
            QueryDeed::List { after } => {
                if after.is_none() {
                    self.trial_access(agent, "queries").await?;
                }
                return self.own_queries(id, after).await;
            }
            QueryDeed::Ask(query) => self.asked_here(id, (speaker, agent), query).await?,
            QueryDeed::Say(saying) => {
                let is_site = trial.role(speaker.organisation) == Some(Role::Site);
                self.said_here(id, (speaker, agent, is_site), saying)
                    .await?
            }
        };
        Ok(QueryPage {
            queries: vec![query],
            next: None,
        })
    }

    async fn asked_here(
        &self,
        id: &Digest,
        (speaker, agent): (&Speaker<'_>, AccessAgent),
        query: NewQuery,
    ) -> Result<Query, HospitalError> {
        let text = words(&query.text)?;
        let (row, items) = self.trial_row(id, &query.row).await?;
        if let Some(item) = query.item.as_ref().filter(|it| !items.contains(*it)) {
            return Err(wrong(format!("`{}` is no item of the row", clip(item))));
        }
        // Counted and stored by one at a time, or a bound would not be one.
        let _alone = self.0.asking.lock().await;
        self.has_room_for_a_query(id).await?;
        let query = Query {
            id: new_id()?,
            version: 1,
            site: self.0.organisation.clone(),
            row: row.id,
            row_version: row.version,
            item: query.item,
            text,
            asked: instant::fhir(instant::floor_ms(self.now_us())),
            by: speaker.name(),
            state: QueryState::Asked,
            replies: Vec::new(),
        };
        let draft = self.own_draft(TASK, query.record(id)).await?;
        self.trial_access(agent, "query").await?;
        self.store_acted(vec![draft], &[]).await??;
        Ok(query)
    }

    async fn has_room_for_a_query(&self, id: &Digest) -> Result<(), HospitalError> {
        let open = [QueryState::Asked, QueryState::Answered].map(QueryState::status);
        let pairs = vec![
            ("identifier".to_owned(), format!("{}|", system(id))),
            ("status".to_owned(), open.join(",")),
            ("_count".to_owned(), "0".to_owned()),
        ];
        let asked = Caller::organisation();
        let found = self.search(&asked, TASK, pairs, true).await?;
        if found.total.unwrap_or(0) < OPEN_MAX {
            return Ok(());
        }
        Err(HospitalError::request(
            "too-costly",
            format!("a trial has at most {OPEN_MAX} open queries at a site"),
            "close those that are answered",
        ))
    }

    async fn said_here(
        &self,
        id: &Digest,
        (speaker, agent, is_site): (&Speaker<'_>, AccessAgent, bool),
        saying: Saying,
    ) -> Result<Query, HospitalError> {
        let text = words(&saying.text)?;
        let absent = || HospitalError::Absent(format!("query {}", clip(&saying.query)));
        if !is_id(&saying.query) {
            return Err(absent());
        }
        let stored = self.0.store.current(TASK, &saying.query).await?;
        let stored = stored.filter(|it| !it.deleted()).ok_or_else(absent)?;
        let record = self.opened(stored.clone()).await?.record;
        let mut query = Query::read(&record, id, &self.0.organisation).ok_or_else(absent)?;
        let asked = query.asker() == speaker.organisation;
        let state = may_say(&query, (asked, is_site), saying.closes)?;
        let reply = QueryReply {
            text,
            said: instant::fhir(instant::floor_ms(self.now_us())),
            by: speaker.name(),
        };
        let mut notes: Vec<_> = query.replies.iter().map(QueryReply::note).collect();
        notes.push(reply.note());
        let changed = self.changed_own(TASK, stored, |fields| {
            fields.insert("status".into(), state.status().into());
            fields.insert("lastModified".into(), reply.said.clone().into());
            fields.insert("note".into(), notes.into());
        });
        let draft = changed.await?;
        query.version = draft.stamp.version;
        self.trial_access(agent, "query-answer").await?;
        self.store_acted(vec![draft], &[]).await??;
        query.state = state;
        query.replies.push(reply);
        Ok(query)
    }

    /// A page of the queries that are kept here.
    async fn own_queries(
        &self,
        id: &Digest,
        after: Option<String>,
    ) -> Result<QueryPage, HospitalError> {
        let mut pairs = vec![
            ("identifier".to_owned(), format!("{}|", system(id))),
            ("_count".to_owned(), PAGE.to_string()),
        ];
        pairs.extend(after.map(|it| (PAGE_TOKEN.to_owned(), it)));
        let asked = Caller::organisation();
        let found = self.search(&asked, TASK, pairs, true).await?;
        let queries = found.matches.iter().map(|record| {
            let query = Query::read(record, id, &self.0.organisation);
            query.ok_or_else(|| HospitalError::Damaged {
                item: record.reference(),
                reason: "it is no query of a trial".into(),
            })
        });
        Ok(QueryPage {
            queries: queries.collect::<Result<_, _>>()?,
            next: found.next,
        })
    }
}

/// What becomes of a query when this is said, or why it may not be.
fn may_say(
    query: &Query,
    (asked, is_site): (bool, bool),
    closes: bool,
) -> Result<QueryState, HospitalError> {
    if !asked && !is_site {
        return Err(HospitalError::Forbidden(
            "a query is between who asked and the site".into(),
        ));
    }
    if closes && !asked {
        return Err(HospitalError::Forbidden(
            "the organisation that asked closes its query".into(),
        ));
    }
    if query.state == QueryState::Closed {
        return Err(HospitalError::request(
            "conflict",
            "the query was closed",
            "ask again: a new query about the same row",
        ));
    }
    if query.replies.len() >= REPLIES_MAX {
        return Err(HospitalError::request(
            "too-costly",
            format!("at most {REPLIES_MAX} answers to one query"),
            "close it and ask again",
        ));
    }
    Ok(match (closes, is_site) {
        (true, _) => QueryState::Closed,
        (false, true) => QueryState::Answered,
        (false, false) => QueryState::Asked,
    })
}

/// Asks from elsewhere: who plans the trial, or watches over it.
fn oversees(caller: &Caller) -> Result<(), HospitalError> {
    use caller::Role::{Auditor, Researcher, System};
    let words = "asks nothing about values: a researcher or an auditor does";
    allow(caller, &[Auditor, Researcher, System], words)
}

fn words(text: &str) -> Result<String, HospitalError> {
    let text = text.trim();
    let plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    if !text.is_empty() && text.len() <= TEXT_BYTES_MAX && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(wrong(format!(
        "`text` has 1 to {TEXT_BYTES_MAX} bytes, and no control characters"
    )))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn query(state: QueryState, replies: usize) -> Query {
        let reply = QueryReply {
            text: "x".into(),
            said: String::new(),
            by: "a/b".into(),
        };
        Query {
            id: "q".into(),
            version: 1,
            site: "north".into(),
            row: "r".into(),
            row_version: 1,
            item: None,
            text: "?".into(),
            asked: String::new(),
            by: "sponsor/eve".into(),
            state,
            replies: vec![reply; replies],
        }
    }

    #[test]
    fn the_site_answers_and_only_who_asked_closes() {
        use QueryState::{Answered, Asked, Closed};
        // (who asked, the site), closes: what becomes of it.
        let table = [
            ((false, true), false, Some(Answered)),
            ((false, true), true, None),
            ((true, false), false, Some(Asked)),
            ((true, false), true, Some(Closed)),
            ((true, true), false, Some(Answered)),
            ((true, true), true, Some(Closed)),
            ((false, false), false, None),
            ((false, false), true, None),
        ];
        for state in [Asked, Answered] {
            for (who, closes, becomes) in table {
                let said = may_say(&query(state, 0), who, closes).ok();
                assert_eq!(said, becomes, "{state:?} {who:?} {closes}");
            }
        }
        for (who, closes, _) in table {
            assert!(may_say(&query(Closed, 0), who, closes).is_err());
            assert!(may_say(&query(Asked, REPLIES_MAX), who, closes).is_err());
        }
    }

    #[test]
    fn a_question_has_its_bytes_and_no_control_characters() {
        assert_eq!(words(" Why?\n").unwrap(), "Why?");
        assert!(words(&"x".repeat(TEXT_BYTES_MAX)).is_ok());
        for text in ["", " \n", "a\u{7}b", &"x".repeat(TEXT_BYTES_MAX + 1)] {
            assert!(words(text).is_err(), "{text:?}");
        }
    }
}
