//! Dataset-JSON line by line: the attributes, then a line per row.

use std::io::{BufRead, ErrorKind, Read};

use serde_json::Value as Json;

use super::head::{Head, Opening};
use super::json::{cell, cells, no_cell, too_many_rows};
use super::scan::Scan;
use super::validate::{self, Rules};
use super::{Column, Dataset, Limits, Value};
use crate::error::{CdiscError, Check};

/// Longest first line: attributes and columns.
const HEAD_BYTES_MAX: usize = 4 << 20;

/// Reads NDJSON row by row; only one row is held at a time.
#[derive(Debug)]
pub struct RowReader<R> {
    lines: Lines<R>,
    head: Head,
    columns: Vec<Column>,
    rules: Rules,
    records: u64,
    limits: Limits,
    row: usize,
}

impl<R: BufRead> RowReader<R> {
    /// Reads and judges the first line.
    pub fn new(source: R, limits: &Limits) -> Result<Self, CdiscError> {
        let mut lines = Lines {
            source,
            line: Vec::new(),
            number: 0,
        };
        let Json::Object(map) = lines.next(HEAD_BYTES_MAX)?.unwrap_or(Json::Null) else {
            return Err(lines.refuse("the first line has to be an object: the attributes"));
        };
        if map.contains_key("rows") {
            let reason = "belongs to the JSON form; here each row is a line of its own";
            return Err(no_cell("/rows".into(), reason));
        }
        let mut check = Check::new(limits.issues);
        let opening = Opening::of(map, limits, &mut check);
        validate::head(&opening.head, &mut check);
        let rules = Rules::new(&opening.columns, limits, &mut check);
        check.into_result()?;
        Ok(Self {
            lines,
            head: opening.head,
            columns: opening.columns,
            rules,
            records: opening.records,
            limits: *limits,
            row: 0,
        })
    }

    /// The attributes.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The variables.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next row, judged; `None` at the end, when there were as many as `records` says. After a
    /// row that is not valid ([`CdiscError::Invalid`]) the next one can be read.
    pub fn next_row(&mut self) -> Result<Option<Vec<Value>>, CdiscError> {
        let most = self.limits.value_bytes.saturating_mul(self.columns.len());
        let most = most.saturating_add(HEAD_BYTES_MAX);
        let Some(json) = self.lines.next(most)? else {
            let mut check = Check::new(1);
            validate::records(self.records, self.row, &mut check);
            return check.into_result().map(|()| None);
        };
        if self.row >= self.limits.rows {
            return Err(too_many_rows(&self.limits));
        }
        let row = self.judged(json);
        self.row += 1;
        row.map(Some)
    }

    fn judged(&self, json: Json) -> Result<Vec<Value>, CdiscError> {
        let row = match json {
            Json::Object(_) => self.named(json)?,
            other => cells(other, self.row)?,
        };
        let mut check = Check::new(self.limits.issues);
        self.rules.row(self.row, &row, &mut check);
        check.into_result().map(|()| row)
    }

    /// A row as an object of column names: Compressed Dataset-JSON 1.1, "Base Format".
    fn named(&self, json: Json) -> Result<Vec<Value>, CdiscError> {
        let Json::Object(mut map) = json else {
            return Ok(Vec::new());
        };
        let mut row = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter().enumerate() {
            let json = map.shift_remove(&column.name).unwrap_or(Json::Null);
            let value = cell(json);
            row.push(value.map_err(|why| no_cell(format!("/rows/{}/{at}", self.row), why))?);
        }
        if map.is_empty() {
            Ok(row)
        } else {
            let at = format!("/rows/{}", self.row);
            Err(no_cell(at, "names a column that the dataset does not have"))
        }
    }

    /// The whole dataset, or the defects of all rows, as many as are told.
    pub(super) fn collect(mut self) -> Result<Dataset, CdiscError> {
        let mut rows = Vec::new();
        let mut check = Check::new(self.limits.issues);
        while !check.is_full() {
            match self.next_row() {
                Ok(Some(row)) => rows.push(row),
                Ok(None) => break,
                Err(CdiscError::Invalid(issues)) => {
                    let is_last = issues.iter().any(|issue| issue.at == "/records");
                    for issue in issues {
                        check.refuse(issue.at, issue.reason);
                    }
                    if is_last {
                        break;
                    }
                }
                Err(other) => return Err(other),
            }
        }
        check.into_result()?;
        Ok(Dataset {
            head: self.head,
            columns: self.columns,
            rows,
        })
    }
}

/// JSON texts, one a line.
#[derive(Debug)]
struct Lines<R> {
    source: R,
    line: Vec<u8>,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    /// The next line that is not blank.
    fn next(&mut self, most: usize) -> Result<Option<Json>, CdiscError> {
        loop {
            self.line.clear();
            self.number += 1;
            let bound = u64::try_from(most).unwrap_or(u64::MAX);
            let mut bounded = (&mut self.source).take(bound.saturating_add(1));
            let read = bounded.read_until(b'\n', &mut self.line);
            match read {
                Ok(0) => return Ok(None),
                Ok(_) if self.line.len() > most => {
                    let number = self.number;
                    return Err(CdiscError::TooLarge(format!(
                        "line {number} is longer than {most} bytes"
                    )));
                }
                Ok(_) if self.line.trim_ascii().is_empty() => {}
                Ok(_) => return self.parsed().map(Some),
                Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                    return Err(CdiscError::TooLarge(error.to_string()));
                }
                Err(error) => {
                    let number = self.number;
                    return Err(CdiscError::Form(format!("line {number}: {error}")));
                }
            }
        }
    }

    fn parsed(&self) -> Result<Json, CdiscError> {
        let mut scan = Scan::new(&self.line);
        let read = scan.value().and_then(|value| match scan.peek() {
            None => Ok(value),
            Some(_) => Err(scan.refuse("something follows the value on its line")),
        });
        read.map_err(|error| self.located(error))
    }

    fn refuse(&self, reason: &str) -> CdiscError {
        self.located(Scan::new(&self.line).refuse(reason))
    }

    fn located(&self, error: CdiscError) -> CdiscError {
        match error {
            CdiscError::Json { column, reason, .. } => CdiscError::Json {
                line: self.number,
                column,
                reason,
            },
            other => other,
        }
    }
}
