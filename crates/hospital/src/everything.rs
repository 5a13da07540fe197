//! `Patient/{id}/$everything`: a patient's whole record, page by page.
//! <https://hl7.org/fhir/R4/patient-operation-everything.html>

use fhir::query::Summary;
use store::{Everything, Page};

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::pairs::Pairs;
use crate::request::known_type;
use crate::scopes::Verb;
use crate::search::{PAGE_DEFAULT, PAGE_MAX, PAGE_TOKEN, SearchPage, View};
use crate::setup::Hospital;

impl Hospital {
    /// A page of everything in the compartment of a patient whom the caller sees.
    pub async fn everything(
        &self,
        caller: &Caller,
        id: &str,
        pairs: Pairs,
        strict: bool,
    ) -> Result<SearchPage, HospitalError> {
        // A patient who is not seen has nothing, and answers as one who is not there.
        self.read(caller, "Patient", id).await?;
        self.everything_seen(caller, id, pairs, strict).await
    }

    /// The same for who knows the patient already: the own record of the patient may be hidden
    /// where others are not.
    pub(crate) async fn everything_seen(
        &self,
        caller: &Caller,
        id: &str,
        pairs: Pairs,
        strict: bool,
    ) -> Result<SearchPage, HospitalError> {
        let mut asked = Everything {
            patient: id.to_owned(),
            types: Vec::new(),
            since_us: None,
            between_us: None,
            scope: caller.scope(),
            page: Page::first(PAGE_DEFAULT),
        };
        let (mut used, mut ignored) = (Pairs::new(), Vec::new());
        for (name, value) in pairs {
            if name == PAGE_TOKEN {
                asked.page.after = Some(value);
            } else if take(&mut asked, &name, &value)? {
                used.push((name, value));
            } else if !matches!(name.as_str(), "_format" | "_pretty") {
                ignored.push(name);
            }
        }
        if strict && let Some(name) = ignored.first() {
            return Err(HospitalError::request(
                "not-supported",
                format!(
                    "`{}` is not a parameter of $everything here",
                    crate::request::clip(name)
                ),
                "use start, end, _since, _type and _count",
            ));
        }
        let found = self.0.store.everything(asked).await?;
        Ok(SearchPage {
            type_: "Patient",
            path: format!("Patient/{id}/$everything"),
            matches: self.shown_all(caller, Verb::Search, found.rows).await?,
            included: Vec::new(),
            included_cut: false,
            total: None,
            used,
            ignored,
            next: found.next,
            view: View {
                summary: Summary::False,
                elements: Vec::new(),
            },
        })
    }
}

/// Takes a parameter; false when it is none.
fn take(asked: &mut Everything, name: &str, value: &str) -> Result<bool, HospitalError> {
    let refused = |form| {
        let text = format!("the value of {name} is not usable");
        HospitalError::request("value", text, form)
    };
    match name {
        "_count" => {
            let count: u32 = value.parse().map_err(|_| refused("give a number"))?;
            asked.page.limit = count.clamp(1, PAGE_MAX);
        }
        "_since" => {
            let since = instant::parse_fhir(value);
            asked.since_us =
                Some(since.ok_or_else(|| refused("give an instant with its time zone"))?);
        }
        "_type" => {
            for type_ in value.split(',') {
                asked.types.push(known_type(type_.trim())?);
            }
        }
        "start" | "end" => {
            let stretch = fhir::query::stretch(value);
            let own = stretch.ok_or_else(|| refused("give a date, as 2013-01-14"))?;
            let (from, to) = asked.between_us.unwrap_or((i64::MIN, i64::MAX));
            asked.between_us = Some(match name {
                "start" => (own.0, to),
                _ => (from, own.1),
            });
        }
        _ => return Ok(false),
    }
    Ok(true)
}
