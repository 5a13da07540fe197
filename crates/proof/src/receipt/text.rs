//! The lines of a receipt. C2SP `tlog-proof`, Format.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{FORMAT, Invalid, Opening, RECEIPT_BYTES_MAX, Receipt};
use crate::Digest;
use crate::checkpoint::{Checkpoint, decimal, decode_hash};
use crate::codec::Canonical;
use crate::note::{Line, Note};
use crate::tree::PATH_MAX;

/// The lines of a receipt of either form; what `extra` holds tells which.
pub(super) struct Lines {
    pub(super) extra: Vec<u8>,
    pub(super) index: u64,
    pub(super) path: Vec<Digest>,
    pub(super) checkpoint: Note,
}

pub(super) fn render(receipt: &Receipt) -> String {
    render_lines(&Lines {
        extra: receipt.opening.to_bytes(),
        index: receipt.index,
        path: receipt.path.clone(),
        checkpoint: receipt.checkpoint.clone(),
    })
}

pub(super) fn render_lines(lines: &Lines) -> String {
    let extra = STANDARD.encode(&lines.extra);
    let mut text = format!("{FORMAT}\nextra {extra}\nindex {}\n", lines.index);
    for hash in &lines.path {
        let _ = writeln!(text, "{}", STANDARD.encode(hash.0));
    }
    let mut note = lines.checkpoint.clone();
    if let Ok(checkpoint) = Checkpoint::of(&note) {
        note.lines.sort_by(|one, other| {
            order(&checkpoint.origin, one).cmp(&order(&checkpoint.origin, other))
        });
    }
    let _ = write!(text, "\n{note}");
    text
}

/// The log's line stands first, then the cosignatures by name and key id.
pub(super) fn order<'a>(origin: &str, line: &'a Line) -> (bool, &'a str, [u8; 4]) {
    (line.name != origin, &line.name, line.key_id)
}

pub(super) fn parse(bytes: &[u8]) -> Result<Receipt, Invalid> {
    let lines = parse_lines(bytes)?;
    let opening = Opening::from_bytes(&lines.extra)
        .map_err(|it| Invalid::Malformed(format!("extra: {it}")))?;
    Ok(Receipt {
        opening,
        index: lines.index,
        path: lines.path,
        checkpoint: lines.checkpoint,
    })
}

pub(super) fn parse_lines(bytes: &[u8]) -> Result<Lines, Invalid> {
    if bytes.len() > RECEIPT_BYTES_MAX {
        return Err(Invalid::Unusable("longer than any receipt".to_owned()));
    }
    if !resembles(bytes) {
        return Err(Invalid::Unusable(format!(
            "not a receipt, which starts with `{FORMAT}`"
        )));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
    let rest = line(text, FORMAT, "it has another format line")?;
    let rest = line(rest, "", "the format line goes on")?;
    let (extra, rest) = value(rest, "extra ")?;
    let (index, rest) = value(rest, "index ")?;
    let extra = STANDARD
        .decode(extra)
        .map_err(|_| malformed("the extra line is no base64"))?;
    let index = decimal(index).ok_or_else(|| malformed("the index is no number"))?;
    let (path, note) = hashes(rest)?;
    let checkpoint: Note = note
        .parse()
        .map_err(|it| Invalid::Malformed(format!("{it}")))?;
    Ok(Lines {
        extra,
        index,
        path,
        checkpoint,
    })
}

/// Whether somebody meant this to be a receipt: a damaged one is judged, anything else is not.
fn resembles(bytes: &[u8]) -> bool {
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    bytes.starts_with(FORMAT.as_bytes()) || (has(b"\nindex ") && has("\n— ".as_bytes()))
}

fn malformed(reason: &str) -> Invalid {
    Invalid::Malformed(reason.to_owned())
}

/// What follows the literal; for an empty one, what follows the newline.
fn line<'a>(text: &'a str, literal: &str, reason: &str) -> Result<&'a str, Invalid> {
    let literal = if literal.is_empty() { "\n" } else { literal };
    text.strip_prefix(literal).ok_or_else(|| malformed(reason))
}

/// The value of the next line, which must start with the keyword, and what follows it.
fn value<'a>(text: &'a str, keyword: &str) -> Result<(&'a str, &'a str), Invalid> {
    let missing = || Invalid::Malformed(format!("the line `{keyword}` is missing"));
    text.strip_prefix(keyword)
        .and_then(|rest| rest.split_once('\n'))
        .ok_or_else(missing)
}

/// The inclusion path up to the empty line, and the note after it.
fn hashes(mut text: &str) -> Result<(Vec<Digest>, &str), Invalid> {
    let mut path = Vec::new();
    loop {
        let (hash, rest) = text
            .split_once('\n')
            .ok_or_else(|| malformed("it ends early"))?;
        text = rest;
        if hash.is_empty() {
            return Ok((path, text));
        }
        if path.len() == PATH_MAX {
            return Err(malformed("the inclusion path is too long"));
        }
        let hash = decode_hash(hash).ok_or_else(|| malformed("a line of the path is no hash"))?;
        path.push(hash);
    }
}
