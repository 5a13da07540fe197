//! Reading scopes. What is not understood is refused: a scope with a part left out would grant
//! more than was written.

use std::str::FromStr;

use fhir::query;

use super::{
    Context, LETTERS, ResourceScope, SCOPE_BYTES_MAX, SCOPES_MAX, Scope, ScopeError, Scopes, Verbs,
};
use crate::pairs::{self, Pairs};
use crate::request::known_type;

impl FromStr for Scopes {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(refused("...", "all scopes together are too long"));
        }
        let mut scopes = Vec::new();
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            let scope: Scope = part.parse()?;
            if scopes.contains(&scope) {
                continue;
            }
            if scopes.len() == SCOPES_MAX {
                return Err(refused(part, "there are more than 100 scopes"));
            }
            scopes.push(scope);
        }
        Ok(Self(scopes))
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Ok(match text {
            "launch" => Self::Launch,
            "launch/patient" => Self::LaunchPatient,
            "openid" => Self::OpenId,
            "fhirUser" => Self::FhirUser,
            "offline_access" => Self::OfflineAccess,
            "online_access" => Self::OnlineAccess,
            text => Self::Resource(resource(text)?),
        })
    }
}

fn refused(scope: &str, reason: &'static str) -> ScopeError {
    // RFC 6749 3.3 and 5.2: what may stand in an error description.
    let shown = |it: &char| matches!(it, ' '..='~') && !matches!(it, '"' | '\\');
    ScopeError {
        scope: scope.chars().filter(shown).take(80).collect(),
        reason,
    }
}

fn resource(text: &str) -> Result<ResourceScope, ScopeError> {
    let bad = |reason| refused(text, reason);
    // RFC 6749 3.3: the characters of a scope.
    let usable = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if !text.bytes().all(usable) {
        return Err(bad("it has a character that no scope has"));
    }
    let (head, constraint) = match text.split_once('?') {
        Some((head, query)) => (head, Some(query)),
        None => (text, None),
    };
    let (context, rest) = head
        .split_once('/')
        .ok_or_else(|| bad("there is no such scope here"))?;
    let context = match context {
        "patient" => Context::Patient,
        "user" => Context::User,
        "system" => Context::System,
        _ => return Err(bad("it is about neither patient, user nor system")),
    };
    let (name, verbs) = rest
        .split_once('.')
        .ok_or_else(|| bad("after the type comes a dot and what may be done"))?;
    let type_ = match name {
        "*" => None,
        name => Some(known_type(name).map_err(|_| bad("not a resource type of FHIR R4"))?),
    };
    let (verbs, old_form) = read_verbs(verbs).ok_or_else(|| {
        bad("after the dot come letters of `cruds` in this order, or read, write, *")
    })?;
    let constraint = match constraint {
        None => Pairs::new(),
        Some(_) if old_form => return Err(bad("a scope of version 1 has no search parameters")),
        Some(query) => constraint_of(type_, query).map_err(bad)?,
    };
    Ok(ResourceScope {
        context,
        type_,
        verbs,
        constraint,
        old_form,
    })
}

fn read_verbs(text: &str) -> Option<(Verbs, bool)> {
    match text {
        "read" => return Some((Verbs::READ, true)),
        "write" => return Some((Verbs::WRITE, true)),
        "*" => return Some((Verbs::ALL, true)),
        _ => {}
    }
    let mut letters = LETTERS.iter();
    let mut bits = 0;
    for found in text.chars() {
        // Each search goes on where the last ended: that is the order.
        let (verb, _) = letters.find(|(_, letter)| *letter == found)?;
        bits |= *verb as u8;
    }
    (bits != 0).then_some((Verbs(bits), false))
}

fn constraint_of(type_: Option<&'static str>, text: &str) -> Result<Pairs, &'static str> {
    let type_ = type_.ok_or("search parameters need a type, not *")?;
    let pairs = pairs::decode(text).ok_or("its search parameters are not usable")?;
    let parsed = query::parse(type_, &pairs, &query::Options::default())
        .map_err(|_| "a value of its search parameters is not usable")?;
    if !parsed.unknown.is_empty() || !parsed.unsupported.is_empty() {
        return Err("the type has no such search parameter");
    }
    // Parameters that shape the answer (`_count`, `_sort`) narrow nothing.
    if pairs.is_empty() || parsed.query.filters.len() != pairs.len() {
        return Err("each search parameter of a scope must be a condition");
    }
    Ok(pairs)
}
