//! Reads one value of a parameter into a criterion.

use super::escape::{split, unescape};
use super::{
    Criterion, NumberMatch, Options, Prefix, QueryError, SystemMatch, TextMatch, UriMatch,
};
use crate::decimal::Decimal;
use crate::moment::{self, Form};
use crate::references;
use crate::search::{Kind, Parameter, Place, cut, normalise};
use crate::tables::tables;
use crate::validate::is_id;

const DAY_US: i64 = 86_400_000_000;

/// Longest value.
const VALUE_BYTES_MAX: usize = 4096;

pub(super) struct Reader<'a> {
    pub(super) parameter: &'static Parameter,
    pub(super) modifier: Option<&'a str>,
    pub(super) options: &'a Options<'a>,
}

impl Reader<'_> {
    /// The criteria of one alternative: one, or two where a url may be held in two ways.
    pub(super) fn read(&self, text: &str) -> Result<Vec<Criterion>, QueryError> {
        if text.is_empty() {
            return Err(self.wrong("it is empty"));
        }
        if text.len() > VALUE_BYTES_MAX {
            return Err(QueryError::TooMany {
                what: "bytes of a value",
                bound: VALUE_BYTES_MAX,
            });
        }
        if self.parameter.place == Place::Id {
            return self
                .plain(|| Ok(Criterion::Id(unescape(text))))
                .map(|one| vec![one]);
        }
        let one = match self.parameter.kind {
            Kind::Token => self.token(text),
            Kind::String => self.string(text),
            Kind::Date => self.plain(|| self.date(text)),
            Kind::Number => self.plain(|| self.number(text).map(Criterion::Number)),
            Kind::Quantity => self.plain(|| self.quantity(text)),
            Kind::Reference => return self.reference(text),
            Kind::Uri => self.uri(text),
        };
        one.map(|one| vec![one])
    }

    fn wrong(&self, reason: &str) -> QueryError {
        let parameter = self.parameter.name.to_owned();
        QueryError::Value {
            parameter,
            reason: reason.to_owned(),
        }
    }

    fn unsupported(&self) -> QueryError {
        let modifier = self.modifier.unwrap_or_default().to_owned();
        QueryError::Modifier {
            parameter: self.parameter.name.to_owned(),
            modifier,
        }
    }

    /// A kind without modifiers (other than `:missing`).
    fn plain(
        &self,
        read: impl FnOnce() -> Result<Criterion, QueryError>,
    ) -> Result<Criterion, QueryError> {
        if self.modifier.is_some() {
            Err(self.unsupported())
        } else {
            read()
        }
    }

    /// FHIR R4 3.1.1.4.10.
    fn token(&self, text: &str) -> Result<Criterion, QueryError> {
        if !matches!(self.modifier, None | Some("not")) {
            return Err(self.unsupported());
        }
        let (system, code) = match split(text, '|').as_slice() {
            [code] => (SystemMatch::Any, *code),
            ["", code] => (SystemMatch::Absent, *code),
            [system, code] => (SystemMatch::Is(unescape(system)), *code),
            _ => return Err(self.wrong("the form is system|code")),
        };
        if code.is_empty() && !matches!(system, SystemMatch::Is(_)) {
            return Err(self.wrong("the form is system|code"));
        }
        let code = Some(unescape(code)).filter(|code| !code.is_empty());
        Ok(Criterion::Token { system, code })
    }

    /// FHIR R4 3.1.1.4.8.
    fn string(&self, text: &str) -> Result<Criterion, QueryError> {
        let text = unescape(text);
        let how = match self.modifier {
            None => TextMatch::Starts,
            Some("contains") => TextMatch::Contains,
            Some("exact") => {
                return Ok(Criterion::String {
                    how: TextMatch::Exact,
                    text: cut(&text).to_owned(),
                });
            }
            Some(_) => return Err(self.unsupported()),
        };
        Ok(Criterion::String {
            how,
            text: normalise(&text),
        })
    }

    /// FHIR R4 3.1.1.4.7.
    fn date(&self, text: &str) -> Result<Criterion, QueryError> {
        let (prefix, text) = prefix(text);
        // A `+` of a zone that was not percent-encoded arrives as a space.
        let text = text.replace(' ', "+");
        let span = moment::span(&text, Form::Query);
        let span = span.ok_or_else(|| self.wrong("a date is expected, as 2013-01-14T10:00:00Z"))?;
        let (mut from_us, mut to_us) = (span.from_us, span.to_us);
        if prefix == Prefix::Ap {
            let distance = self.options.now_us.map(|now| from_us.abs_diff(now) / 10);
            let slack = distance
                .and_then(|one| i64::try_from(one).ok())
                .unwrap_or(DAY_US);
            from_us = from_us.saturating_sub(slack);
            to_us = to_us.saturating_add(slack);
        }
        Ok(Criterion::Date {
            prefix,
            from_us,
            to_us,
        })
    }

    /// FHIR R4 3.1.1.4.5.
    fn number(&self, text: &str) -> Result<NumberMatch, QueryError> {
        let (prefix, text) = prefix(text);
        let value = Decimal::parse(text).ok_or_else(|| self.wrong("a number is expected"))?;
        let (low, high) = match prefix {
            Prefix::Ap => value.about(),
            _ => value.written_range(text.contains(['e', 'E'])),
        };
        Ok(NumberMatch {
            prefix,
            value,
            low,
            high,
        })
    }

    /// FHIR R4 3.1.1.4.11: `number`, `number|system|code` or `number||code`.
    fn quantity(&self, text: &str) -> Result<Criterion, QueryError> {
        let some = |text: &str| Some(unescape(text)).filter(|text| !text.is_empty());
        let (number, system, code) = match split(text, '|').as_slice() {
            [number] => (*number, None, None),
            [number, system, code] => (*number, some(system), some(code)),
            _ => return Err(self.wrong("the form is number|system|code")),
        };
        Ok(Criterion::Quantity {
            number: self.number(number)?,
            system,
            code,
        })
    }

    /// FHIR R4 3.1.1.4.12.
    fn reference(&self, text: &str) -> Result<Vec<Criterion>, QueryError> {
        let wanted = match self.modifier {
            None => None,
            Some(name) => Some(
                tables()
                    .resource_name(name)
                    .ok_or_else(|| self.unsupported())?,
            ),
        };
        let text = unescape(text);
        if is_id(&text) {
            let allowed = wanted.map_or_else(|| self.parameter.targets.to_vec(), |one| vec![one]);
            return Ok(vec![local(allowed, &text, None)]);
        }
        let base = self.options.base.map(|base| base.trim_end_matches('/'));
        let below = base.and_then(|base| text.strip_prefix(base)?.strip_prefix('/'));
        let mut criteria = Vec::new();
        if let references::Form::Relative { type_, id, version } =
            references::form(below.unwrap_or(&text))
        {
            let found = tables().resource_name(type_);
            if wanted.is_some() && wanted != found {
                return Err(self.wrong("the type is not that of the modifier"));
            }
            criteria.push(local(found.into_iter().collect(), id, version));
        }
        // A url below our base may also be the canonical url of a definition.
        if let references::Form::Absolute(url) = references::form(&text) {
            let split = url.split_once('|').or_else(|| url.split_once("/_history/"));
            let (url, version) = match split {
                Some((url, version)) => (url, Some(version.to_owned())),
                None => (url, None),
            };
            let url = Some(url.to_owned());
            criteria.push(Criterion::Reference {
                types: Vec::new(),
                id: None,
                url,
                version,
            });
        }
        if criteria.is_empty() {
            return Err(self.wrong("the form is Type/id, id or an absolute url"));
        }
        Ok(criteria)
    }

    /// FHIR R4 3.1.1.4.14.
    fn uri(&self, text: &str) -> Result<Criterion, QueryError> {
        let how = match self.modifier {
            None => UriMatch::Exact,
            Some("below") => UriMatch::Below,
            Some("above") => UriMatch::Above,
            Some(_) => return Err(self.unsupported()),
        };
        Ok(Criterion::Uri {
            how,
            uri: unescape(text),
        })
    }
}

fn local(types: Vec<&'static str>, id: &str, version: Option<&str>) -> Criterion {
    let (id, version) = (Some(id.to_owned()), version.map(str::to_owned));
    Criterion::Reference {
        types,
        id,
        url: None,
        version,
    }
}

/// A prefix is two letters before a number or date, neither of which begins with one.
fn prefix(text: &str) -> (Prefix, &str) {
    let found = match text.get(..2) {
        Some("eq") => Prefix::Eq,
        Some("ne") => Prefix::Ne,
        Some("gt") => Prefix::Gt,
        Some("lt") => Prefix::Lt,
        Some("ge") => Prefix::Ge,
        Some("le") => Prefix::Le,
        Some("sa") => Prefix::Sa,
        Some("eb") => Prefix::Eb,
        Some("ap") => Prefix::Ap,
        _ => return (Prefix::Eq, text),
    };
    (found, &text[2..])
}
