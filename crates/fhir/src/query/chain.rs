//! Conditions on linked records: `subject:Patient.name` and `_has:Observation:patient:code`.
//! FHIR R4 3.1.1.4.13, 3.1.1.4.14.

use super::parse::{UNSUPPORTED, test};
use super::{
    Branch, CHAIN_LINKS_MAX, CHAINS_MAX, Chain, Condition, Filter, Options, Parsed, QueryError,
    REVERSE_LINKS_MAX,
};
use crate::search::{self, Kind, Parameter};
use crate::tables::tables;

/// Types that an untyped link may lead to.
const BRANCHES_MAX: usize = 20;

/// Whether the name of a parameter is a chain.
pub(super) fn is_chain(name: &str) -> bool {
    name.starts_with("_has:") || name.contains('.')
}

/// Why a chain is left out.
enum Unusable {
    /// R4 does not define it for the type.
    Unknown,
    /// R4 defines it, and it is not offered.
    Unsupported,
    /// It cannot be used at all.
    Wrong(QueryError),
}

impl From<QueryError> for Unusable {
    fn from(error: QueryError) -> Self {
        Self::Wrong(error)
    }
}

/// Takes a chain.
pub(super) fn read(
    parsed: &mut Parsed,
    name: &str,
    value: &str,
    options: &Options<'_>,
) -> Result<(), QueryError> {
    if parsed.query.chains.len() >= CHAINS_MAX {
        return Err(QueryError::TooMany {
            what: "chains",
            bound: CHAINS_MAX,
        });
    }
    let reader = Reader { value, options };
    let left = Left {
        links: CHAIN_LINKS_MAX,
        reverse: REVERSE_LINKS_MAX,
    };
    match reader.link(parsed.query.resource_type, name, left) {
        Ok(chain) => parsed.query.chains.push(chain),
        Err(Unusable::Unknown) => parsed.unknown.push(name.to_owned()),
        Err(Unusable::Unsupported) => parsed.unsupported.push(name.to_owned()),
        Err(Unusable::Wrong(error)) => return Err(error),
    }
    Ok(())
}

/// How many links may still come.
#[derive(Clone, Copy)]
struct Left {
    links: usize,
    reverse: usize,
}

struct Reader<'a> {
    value: &'a str,
    options: &'a Options<'a>,
}

impl Reader<'_> {
    fn link(&self, type_: &str, name: &str, left: Left) -> Result<Chain, Unusable> {
        let links = left.links.checked_sub(1);
        let links = links.ok_or_else(|| too_many("links of a chain", CHAIN_LINKS_MAX))?;
        let left = Left { links, ..left };
        match name.strip_prefix("_has:") {
            Some(rest) => self.reverse(type_, rest, left),
            None => self.forward(type_, name, left),
        }
    }

    /// `subject:Patient.name`: `subject` of this type, then `name` of a Patient.
    fn forward(&self, type_: &str, name: &str, left: Left) -> Result<Chain, Unusable> {
        let (head, rest) = name.split_once('.').ok_or(Unusable::Unknown)?;
        let (head, wanted) = match head.split_once(':') {
            Some((head, wanted)) => (head, Some(wanted)),
            None => (head, None),
        };
        let parameter = reference(type_, head)?;
        let targets = match wanted {
            Some(wanted) => vec![known(wanted)?],
            None if parameter.targets.contains(&"Resource") => return Err(Unusable::Unsupported),
            None => parameter.targets.to_vec(),
        };
        if targets.is_empty() || targets.len() > BRANCHES_MAX {
            return Err(Unusable::Unsupported);
        }
        let mut branches = Vec::new();
        let mut failure = Unusable::Unknown;
        for resource_type in targets {
            // Without a type, those that have no such parameter cannot be meant.
            match self.condition(resource_type, rest, left) {
                Ok(condition) => branches.push(Branch {
                    resource_type,
                    condition,
                }),
                Err(Unusable::Unknown) => {}
                Err(other) => failure = other,
            }
        }
        if branches.is_empty() {
            return Err(failure);
        }
        Ok(Chain {
            parameter,
            reverse: false,
            branches,
        })
    }

    /// `Observation:patient:code`: `patient` of an Observation is this record, then its `code`.
    fn reverse(&self, type_: &str, name: &str, left: Left) -> Result<Chain, Unusable> {
        let reverse = left.reverse.checked_sub(1);
        let reverse = reverse.ok_or_else(|| too_many("_has in a chain", REVERSE_LINKS_MAX))?;
        let left = Left { reverse, ..left };
        let mut parts = name.splitn(3, ':');
        let (source, link, rest) = (parts.next(), parts.next(), parts.next());
        let (Some(source), Some(link), Some(rest)) = (source, link, rest) else {
            return Err(Unusable::Wrong(QueryError::Value {
                parameter: "_has".to_owned(),
                reason: "the form is _has:Type:reference:parameter".to_owned(),
            }));
        };
        let resource_type = known(source)?;
        let parameter = reference(resource_type, link)?;
        let targets = parameter.targets;
        let fits = |one: &&str| [type_, "Resource"].contains(one);
        // No targets in the definition: any type.
        if !targets.is_empty() && !targets.iter().any(fits) {
            return Err(Unusable::Unknown);
        }
        let condition = self.condition(resource_type, rest, left)?;
        Ok(Chain {
            parameter,
            reverse: true,
            branches: vec![Branch {
                resource_type,
                condition,
            }],
        })
    }

    fn condition(&self, type_: &str, name: &str, left: Left) -> Result<Condition, Unusable> {
        if is_chain(name) {
            let chain = self.link(type_, name, left)?;
            return Ok(Condition::Chain(Box::new(chain)));
        }
        let (name, modifier) = match name.split_once(':') {
            Some((name, modifier)) => (name, Some(modifier)),
            None => (name, None),
        };
        if UNSUPPORTED.contains(&name) || search::unclaimed(type_).contains(&name) {
            return Err(Unusable::Unsupported);
        }
        let parameter = search::parameter(type_, name).ok_or(Unusable::Unknown)?;
        let test = test(parameter, modifier, self.value, self.options)?;
        Ok(Condition::Filter(Filter { parameter, test }))
    }
}

fn known(type_: &str) -> Result<&'static str, Unusable> {
    tables().resource_name(type_).ok_or(Unusable::Unknown)
}

fn reference(type_: &str, name: &str) -> Result<&'static Parameter, Unusable> {
    search::parameter(type_, name)
        .filter(|one| one.kind == Kind::Reference)
        .ok_or(Unusable::Unknown)
}

fn too_many(what: &'static str, bound: usize) -> Unusable {
    Unusable::Wrong(QueryError::TooMany { what, bound })
}
