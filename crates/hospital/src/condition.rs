//! Conditions on writes: what a search that must find none, or one, finds.

use fhir::query::{self, Query};
use store::Guard;

use crate::caller::Caller;
use crate::error::HospitalError;
use crate::pairs::Pairs;
use crate::setup::Hospital;

/// What a condition found, with the guard that holds it until the commit.
pub(crate) struct Matched {
    pub(crate) id: Option<String>,
    pub(crate) guard: Guard,
}

/// Reads the query of a condition. Nothing in it is ever ignored: a condition with a part left
/// out would fit more than its author meant (FHIR R4 3.1.0.8.1).
pub(crate) fn parse(
    type_: &'static str,
    pairs: &Pairs,
    base: &str,
    now_us: i64,
) -> Result<Query, HospitalError> {
    let options = query::Options {
        base: Some(base),
        now_us: Some(now_us),
        ..query::Options::default()
    };
    let parsed = query::parse(type_, pairs, &options)?;
    let unusable = parsed.unknown.iter().chain(&parsed.unsupported).next();
    if let Some(name) = unusable {
        return Err(HospitalError::request(
            "not-supported",
            format!(
                "`{}` cannot be used in a condition",
                crate::request::clip(name)
            ),
            "use search parameters that /fhir/metadata lists for the type",
        ));
    }
    if parsed.query.filters.is_empty() && parsed.query.chains.is_empty() {
        return Err(HospitalError::request(
            "required",
            "a condition needs at least one search parameter",
            "name the record by an identifier with its system",
        ));
    }
    Ok(parsed.query)
}

impl Hospital {
    /// The one record that a condition fits; none; or a refusal when it fits several. Records that
    /// the caller does not see fit no condition, here and when the guard looks again.
    pub(crate) async fn matched(
        &self,
        caller: &Caller,
        type_: &'static str,
        pairs: &Pairs,
    ) -> Result<Matched, HospitalError> {
        let query = parse(type_, pairs, &self.0.fhir_base, self.now_us())?;
        let scope = caller.scope();
        let mut found = self
            .0
            .store
            .matching(query.clone(), scope.clone(), 2)
            .await?;
        if found.len() > 1 {
            return Err(HospitalError::Several(type_.to_owned()));
        }
        let id = found.pop().map(|key| key.id);
        let expected = id.iter().cloned().collect();
        Ok(Matched {
            id,
            guard: Guard {
                query,
                scope,
                expected,
            },
        })
    }
}
