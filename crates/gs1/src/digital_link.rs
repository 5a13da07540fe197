//! GS1 Digital Link URIs (GS1 Digital Link Standard: URI Syntax 1.2).
//!
//! `https://id.gs1.org/01/09506000134352/10/ABC/21/12345?17=271231`: a primary key and its
//! qualifiers in the path, everything else in the query. Compressed links (a base64url path without
//! identifiers) are not read: whoever has one resolves it at its server.

use crate::BYTES_MAX;
use crate::elements::{Element, Elements, Reader};
use crate::error::{Error, LinkDefect};
use crate::percent;
use crate::table::{self, Ai};

mod older;
pub use older::{parse_older, with_numbers};

/// Where the canonical form points (section 4.12).
pub const CANONICAL_STEM: &str = "https://id.gs1.org";

/// Whether a text begins like a URI of the web.
pub fn is_uri(text: &str) -> bool {
    after_scheme(text).is_some()
}

/// Reads a Digital Link of any host, with any path before the key.
pub fn parse(uri: &str) -> Result<Elements, Error> {
    read(uri, |_, value| value)
}

/// Reads; `repair` may mend a value before it is checked.
fn read(uri: &str, repair: impl Fn(&Ai, String) -> String) -> Result<Elements, Error> {
    let Parts { path, query } = parts(uri)?;
    let mut reader = Reader::default();
    for (code, value) in pairs(path)? {
        push(&mut reader, code, value, false, &repair)?;
    }
    reader.path_ends();
    let path: Vec<&'static Ai> = reader.list().iter().map(|one| one.ai).collect();
    if !is_sequence(&path) {
        return Err(Error::Link(LinkDefect::Sequence));
    }
    for (name, value) in query.split('&').filter_map(|one| one.split_once('=')) {
        if name.bytes().any(|byte| !byte.is_ascii_digit()) {
            // Parameters that are no identifiers, `linkType` among them, say nothing of the item.
            continue;
        }
        push(&mut reader, name, value, true, &repair)?;
    }
    attributes(reader.list(), &path)?;
    reader.finish()
}

struct Parts<'a> {
    path: &'a str,
    query: &'a str,
}

/// RFC 3986 3, as far as a Digital Link has it. The fragment says nothing of the item.
fn parts(uri: &str) -> Result<Parts<'_>, Error> {
    if uri.len() > BYTES_MAX {
        return Err(Error::TooMuch {
            limit: BYTES_MAX,
            unit: "bytes",
        });
    }
    if !uri.bytes().all(is_uri_character) {
        return Err(Error::Link(LinkDefect::Character));
    }
    let rest = after_scheme(uri).ok_or(Error::Link(LinkDefect::Scheme))?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    if host.is_empty() || path.is_empty() || !host.bytes().all(is_host) {
        return Err(Error::Link(LinkDefect::Host));
    }
    let (path, _) = path.split_once('#').unwrap_or((path, ""));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Ok(Parts { path, query })
}

fn after_scheme(uri: &str) -> Option<&str> {
    ["https://", "http://"].iter().find_map(|scheme| {
        let (start, rest) = uri.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

fn is_uri_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// The pairs of identifier and value that end the path: from its end back to a primary key, since
/// what stands before the key is the host's own.
fn pairs(path: &str) -> Result<Vec<(&str, &str)>, Error> {
    let mut segments = path.split('/').rev();
    let mut found = Vec::new();
    while let (Some(value), Some(code)) = (segments.next(), segments.next()) {
        let Some(ai) = table::named(code) else { break };
        found.push((code, value));
        if ai.is_key() {
            found.reverse();
            return Ok(found);
        }
    }
    Err(Error::Link(LinkDefect::NoKey))
}

fn push(
    reader: &mut Reader,
    code: &str,
    value: &str,
    is_query: bool,
    repair: &impl Fn(&Ai, String) -> String,
) -> Result<(), Error> {
    let ai = table::named(code).ok_or(Error::Link(LinkDefect::Query))?;
    let decoded = percent::decode(value, is_query).ok_or(Error::Link(LinkDefect::Character))?;
    reader.push(ai, &repair(ai, decoded))
}

/// Whether a key is followed by qualifiers of one of its sequences, in their order; any may lack.
fn is_sequence(path: &[&Ai]) -> bool {
    let Some((key, qualifiers)) = path.split_first() else {
        return false;
    };
    key.qualifiers.iter().flatten().any(|sequence| {
        let mut left = sequence.iter();
        qualifiers
            .iter()
            .all(|one| left.any(|code| *code == one.code))
    })
}

/// What stands in the query has to belong there (section 4.10).
fn attributes(elements: &[Element], path: &[&'static Ai]) -> Result<(), Error> {
    for (at, one) in elements.iter().enumerate() {
        let before = elements.iter().take(at);
        if before.clone().any(|earlier| earlier.ai.code == one.ai.code) {
            return Err(Error::Link(LinkDefect::Twice));
        }
        if at < path.len() {
            continue;
        }
        if !one.ai.attribute {
            return Err(Error::Link(LinkDefect::NotAttribute));
        }
        let fits = |place: usize| {
            let mut longer = path.to_vec();
            longer.insert(place, one.ai);
            is_sequence(&longer)
        };
        if (1..=path.len()).any(fits) {
            return Err(Error::Link(LinkDefect::BelongsInPath));
        }
    }
    Ok(())
}

/// Writes a Digital Link below a stem such as [`CANONICAL_STEM`], in the form that GS1's own engine
/// gives: the first primary key, the longest sequence of its qualifiers that is there, then the
/// others as they came, those of predefined length first. `None` without a primary key, or where an
/// element may stand in neither path nor query.
pub fn write(stem: &str, elements: &Elements) -> Option<String> {
    let list = elements.list();
    let path: Vec<&Element> = match elements.path() {
        0 => choose(list)?,
        path => list.iter().take(path).collect(),
    };
    let mut out = stem.trim_end_matches('/').to_owned();
    for element in &path {
        out.push('/');
        out.push_str(element.ai.code);
        out.push('/');
        percent::encode(&mut out, &element.value);
    }
    let mut written: Vec<&str> = path.iter().map(|element| element.ai.code).collect();
    let mut mark = '?';
    for predefined in [true, false] {
        for element in list.iter().filter(|one| one.ai.predefined == predefined) {
            if written.contains(&element.ai.code) {
                continue;
            }
            if !element.ai.attribute {
                return None;
            }
            out.push(mark);
            out.push_str(element.ai.code);
            out.push('=');
            percent::encode(&mut out, &element.value);
            written.push(element.ai.code);
            mark = '&';
        }
    }
    Some(out)
}

/// Qualifiers that make an instance, then the one that makes a lot (CBV 2.0, section 8).
const IDENTIFYING: &[&str] = &["21", "235", "254", "8011", "10"];

/// Writes the canonical link of the finest thing that is identified, as EPCIS events name it: the
/// key with its serial number, without one with its lot, without both alone. Variants, dates and
/// amounts describe the thing and are left out.
pub fn write_identity(elements: &Elements) -> Option<String> {
    let key = elements.list().iter().find(|element| element.ai.is_key())?;
    let belongs = |code: &str| {
        key.ai
            .qualifiers
            .iter()
            .flatten()
            .any(|one| one.contains(&code))
    };
    let mut finest = IDENTIFYING.iter().filter(|code| belongs(code));
    let qualifier = finest.find_map(|code| elements.get(code).map(|value| (*code, value)));
    let mut out = CANONICAL_STEM.to_owned();
    for (code, value) in [Some((key.ai.code, key.value.as_str())), qualifier]
        .into_iter()
        .flatten()
    {
        out.push('/');
        out.push_str(code);
        out.push('/');
        percent::encode(&mut out, value);
    }
    Some(out)
}

/// The key and its qualifiers. Between two sequences with as many that are there, the one whose
/// codes come first.
fn choose(list: &[Element]) -> Option<Vec<&Element>> {
    let key = list.iter().find(|element| element.ai.is_key())?;
    let find = |code: &str| list.iter().find(|element| element.ai.code == code);
    let mut best: Vec<&Element> = Vec::new();
    for sequence in key.ai.qualifiers.iter().flatten() {
        let there: Vec<&Element> = sequence.iter().filter_map(|code| find(code)).collect();
        let codes = |list: &[&Element]| list.iter().map(|one| one.ai.code).collect::<Vec<_>>();
        let longer = there.len() > best.len();
        if longer || (there.len() == best.len() && codes(&there) < codes(&best)) {
            best = there;
        }
    }
    best.insert(0, key);
    Some(best)
}

#[cfg(test)]
mod tests;
