//! Reads the part of FHIRPath that the R4 search parameters use.

use anyhow::{Context, Result, bail};

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// `.name`.
    Field(String),
    /// `.where(key='value')`.
    Where(String, String),
    /// `.where(resolve() is Type)`.
    Target(String),
    /// `.as(Type)` or ` as Type`.
    As(String),
    /// `.extension('url')`.
    Extension(String),
    /// `.exists() and x != false`: true or false, whether there is a value other than false.
    Exists,
    /// `[n]`.
    Index(usize),
}

/// The terms of a union, each as a root type (empty: any) and steps.
pub(crate) fn parse(expression: &str) -> Result<Vec<(String, Vec<Step>)>> {
    let terms = split(expression, '|').into_iter().map(|term| {
        let term = term.trim();
        parse_term(term).with_context(|| format!("the search expression `{term}`"))
    });
    terms.collect()
}

fn parse_term(term: &str) -> Result<(String, Vec<Step>)> {
    // The one condition in R4: `Patient.deceased.exists() and Patient.deceased != false`.
    if let Some((path, condition)) = term.split_once(".exists() and ") {
        if condition != format!("{path} != false") {
            bail!("an unknown condition");
        }
        let (root, mut steps) = parse_term(path)?;
        steps.push(Step::Exists);
        return Ok((root, steps));
    }
    if let Some(rest) = term.strip_prefix('(') {
        let close = closing(rest).context("an open parenthesis")?;
        let (root, mut steps) = parse_term(rest[..close].trim())?;
        for piece in split(&rest[close + 1..], '.')
            .into_iter()
            .filter(|piece| !piece.is_empty())
        {
            steps.extend(parse_step(piece)?);
        }
        return Ok((root, steps));
    }
    if let Some((path, cast)) = term.split_once(" as ") {
        let (root, mut steps) = parse_term(path.trim())?;
        steps.push(Step::As(cast.trim().to_owned()));
        return Ok((root, steps));
    }
    let mut pieces = split(term, '.').into_iter();
    let mut root = pieces.next().context("an empty path")?.to_owned();
    let mut steps = Vec::new();
    // InsurancePlan-name says `name | alias`: relative to the resource.
    if root.starts_with(|first: char| first.is_ascii_lowercase()) {
        steps.extend(parse_step(&root)?);
        root.clear();
    }
    for piece in pieces {
        steps.extend(parse_step(piece)?);
    }
    Ok((root, steps))
}

fn parse_step(piece: &str) -> Result<Vec<Step>> {
    let piece = piece.trim();
    if let Some((name, argument)) = piece.split_once('(') {
        let argument = argument.strip_suffix(')').context("an open parenthesis")?;
        return Ok(vec![parse_call(name, argument)?]);
    }
    if let Some((name, index)) = piece.split_once('[') {
        let index = index.trim_end_matches(']').parse()?;
        return Ok(vec![Step::Field(name.to_owned()), Step::Index(index)]);
    }
    if piece.is_empty() || !piece.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        bail!("`{piece}` is not a step");
    }
    Ok(vec![Step::Field(piece.to_owned())])
}

fn parse_call(name: &str, argument: &str) -> Result<Step> {
    match name {
        "as" => Ok(Step::As(argument.to_owned())),
        "extension" => Ok(Step::Extension(argument.trim_matches('\'').to_owned())),
        "where" => {
            if let Some(target) = argument.strip_prefix("resolve() is ") {
                return Ok(Step::Target(target.to_owned()));
            }
            let (key, value) = argument.split_once('=').context("an unknown condition")?;
            Ok(Step::Where(
                key.trim().to_owned(),
                value.trim().trim_matches('\'').to_owned(),
            ))
        }
        _ => bail!("the function `{name}` is not known"),
    }
}

/// Splits outside of parentheses and quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut pieces, mut depth, mut quoted, mut start) = (Vec::new(), 0_i32, false, 0);
    for (at, found) in text.char_indices() {
        match found {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ if found == separator && depth == 0 && !quoted => {
                pieces.push(&text[start..at]);
                start = at + found.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Where the parenthesis closes that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, found) in text.char_indices() {
        match found {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}
