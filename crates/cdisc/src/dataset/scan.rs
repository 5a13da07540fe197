//! Where the parts of a JSON text begin and end, so that a long list is read item by item.
//!
//! Only brackets and strings are looked at; each part is then read by the strict reader of `fhir`.

use fhir::json::{Limits, parse};
use serde_json::Value;

use crate::error::CdiscError;

/// Deepest nesting inside a part: attributes of a column are the deepest thing there is.
const DEPTH_MAX: usize = 8;

/// A place in a JSON text.
pub(super) struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn refuse(&self, reason: &str) -> CdiscError {
        at_byte(self.text, self.at, reason)
    }

    /// The next byte that is not white space, which stays unread.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).copied().is_some_and(is_space) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Reads a byte that has to be there.
    pub(super) fn expect(&mut self, byte: u8, reason: &str) -> Result<(), CdiscError> {
        if self.peek() != Some(byte) {
            return Err(self.refuse(reason));
        }
        self.at += 1;
        Ok(())
    }

    /// After an item: whether another follows (a comma) or the list is closed.
    pub(super) fn more(&mut self, close: u8) -> Result<bool, CdiscError> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.refuse("a comma or a closing bracket is expected")),
        }
    }

    /// Whether the list that was opened is closed at once.
    pub(super) fn is_closed(&mut self, close: u8) -> bool {
        let is_closed = self.peek() == Some(close);
        self.at += usize::from(is_closed);
        is_closed
    }

    /// Reads one value.
    pub(super) fn value(&mut self) -> Result<Value, CdiscError> {
        if self.peek().is_none() {
            return Err(self.refuse("the text ends too early"));
        }
        let start = self.at;
        self.at = self.end();
        read(self.text, start, self.at)
    }

    /// The end of the value that begins here; a text that is no JSON ends anywhere, and the strict
    /// reader says why.
    fn end(&self) -> usize {
        let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
        for (at, byte) in self.text.iter().enumerate().skip(self.at) {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_string => is_escaped = true,
                b'"' => {
                    is_string = !is_string;
                    if !is_string && depth == 0 {
                        return at + 1;
                    }
                }
                _ if is_string => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth <= 1 => return at + usize::from(depth == 1),
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 => return at,
                byte if depth == 0 && is_space(*byte) => return at,
                _ => {}
            }
        }
        self.text.len()
    }
}

/// RFC 8259 2.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Reads a part of a text with the strict reader; the place of a defect is that in the whole.
fn read(text: &[u8], start: usize, end: usize) -> Result<Value, CdiscError> {
    let part = &text[start..end];
    let limits = Limits {
        bytes: part.len(),
        depth: DEPTH_MAX,
    };
    parse(part, limits).map_err(|error| {
        let (line, column) = place(text, start);
        CdiscError::Json {
            line: line + error.line - 1,
            column: if error.line == 1 {
                column + error.column - 1
            } else {
                error.column
            },
            reason: error.reason,
        }
    })
}

fn at_byte(text: &[u8], at: usize, reason: &str) -> CdiscError {
    let (line, column) = place(text, at);
    CdiscError::Json {
        line,
        column,
        reason: reason.to_owned(),
    }
}

fn place(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let line = before.split(|byte| *byte == b'\n').count();
    (line, before.len() - line_start + 1)
}
