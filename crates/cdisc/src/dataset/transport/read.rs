//! A transport file in.

use super::format::Format;
use super::moment::{from_header, from_sas};
use super::{
    DESCRIPTOR, LIBRARY, LIBRARY_8, MEMBER, NAMESTR, NAMESTR_BYTES, NAMESTR_VAX_BYTES,
    OBSERVATIONS, RECORD_BYTES, number,
};
use crate::dataset::{
    Column, DataType, Dataset, Head, Limits, SourceSystem, TargetDataType, Value, validate,
};
use crate::error::CdiscError;

/// A variable, and where its values are in a row.
struct Field {
    column: Column,
    is_number: bool,
    start: usize,
    bytes: usize,
}

pub(in crate::dataset) fn read(bytes: &[u8], limits: &Limits) -> Result<Dataset, CdiscError> {
    let mut cards = Cards { bytes, at: 0 };
    let (mut head, namestr_bytes) = cards.head()?;
    let count = cards.header(NAMESTR)?.number(54, 58)?;
    if count > limits.columns {
        return Err(too_large(&format!("more than {} columns", limits.columns)));
    }
    let mut fields = Vec::with_capacity(count);
    for _ in 0..count {
        fields.push(cards.field(namestr_bytes, &head.name)?);
    }
    cards.at = cards.at.next_multiple_of(RECORD_BYTES);
    cards.header(OBSERVATIONS)?;
    let rows = cards.rows(&fields, limits)?;
    head.item_group_oid = format!("IG.{}", head.name);
    let mut dataset = Dataset {
        head,
        columns: fields.into_iter().map(|field| field.column).collect(),
        rows,
    };
    for at in 0..dataset.columns.len() {
        as_moments(&mut dataset, at);
    }
    let issues = validate::dataset(&dataset, limits);
    if issues.is_empty() {
        Ok(dataset)
    } else {
        Err(CdiscError::Invalid(issues))
    }
}

/// A numeric column whose format is that of dates or times, if every value of it is one.
fn as_moments(dataset: &mut Dataset, at: usize) {
    let column = &mut dataset.columns[at];
    let format = column
        .display_format
        .as_deref()
        .map(Format::of)
        .unwrap_or_default();
    let data_type = format.data_type();
    if column.data_type != DataType::Double || data_type == DataType::Double {
        return;
    }
    let moment = |value: &Value| match value {
        Value::Number(number) => from_sas(&number.canonical(), data_type),
        _ => None,
    };
    let is_moment = |row: &Vec<Value>| row[at].is_missing() || moment(&row[at]).is_some();
    if !dataset.rows.iter().all(is_moment) {
        return;
    }
    column.data_type = data_type;
    column.target_data_type = Some(TargetDataType::Integer);
    for row in &mut dataset.rows {
        if let Some(text) = moment(&row[at]) {
            row[at] = Value::Text(text.into_boxed_str());
        }
    }
}

fn too_large(what: &str) -> CdiscError {
    CdiscError::TooLarge(format!("{what}: split the dataset"))
}

/// The records of a file.
struct Cards<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A piece of a file with its place.
#[derive(Clone, Copy)]
struct Piece<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cards<'a> {
    fn take(&mut self, count: usize) -> Result<Piece<'a>, CdiscError> {
        let at = self.at;
        let end = at.saturating_add(count);
        let Some(bytes) = self.bytes.get(at..end) else {
            let length = self.bytes.len();
            return Err(CdiscError::Form(format!(
                "byte {length}: the file ends too early"
            )));
        };
        self.at = end;
        Ok(Piece { bytes, at })
    }

    fn record(&mut self) -> Result<Piece<'a>, CdiscError> {
        self.take(RECORD_BYTES)
    }

    /// A header record that has to be the next.
    fn header(&mut self, begins: &str) -> Result<Piece<'a>, CdiscError> {
        let record = self.record()?;
        if record.bytes.starts_with(begins.as_bytes()) {
            return Ok(record);
        }
        if record.bytes.starts_with(LIBRARY_8.as_bytes()) {
            return Err(record.refuse("a file of version 8: write it as version 5"));
        }
        let word = begins[20..28].trim_end();
        Err(record.refuse(&format!("the header record {word} is expected")))
    }

    /// Everything before the descriptions of the variables; the length of such a description.
    fn head(&mut self) -> Result<(Head, usize), CdiscError> {
        self.header(LIBRARY)?;
        let library = self.record()?;
        let library_modified = self.record()?;
        let namestr_bytes = self.header(MEMBER)?.number(74, 78)?;
        if ![NAMESTR_BYTES, NAMESTR_VAX_BYTES].contains(&namestr_bytes) {
            let at = self.at - RECORD_BYTES;
            let reason = format!("byte {at}: a description of a variable has 140 or 136 bytes");
            return Err(CdiscError::Form(reason));
        }
        self.header(DESCRIPTOR)?;
        let member = self.record()?;
        let described = self.record()?;
        let modified = described.moment(0)?;
        let mut times = vec![library.moment(64)?, library_modified.moment(0)?];
        times.extend([member.moment(64)?, modified.clone()]);
        // The file was made when the last of what it says was.
        let created = times.into_iter().max().unwrap_or_default();
        let head = Head {
            created,
            version: "1.1.0".into(),
            modified: Some(modified),
            source_system: Some(SourceSystem {
                name: member.text(32, 40)?,
                version: member.text(24, 32)?,
            }),
            name: member.text(8, 16)?,
            label: described.text(32, 72)?,
            ..Head::default()
        };
        Ok((head, namestr_bytes))
    }

    /// A description of a variable: `struct NAMESTR`.
    fn field(&mut self, namestr_bytes: usize, dataset: &str) -> Result<Field, CdiscError> {
        let record = self.take(namestr_bytes)?;
        let is_number = match record.short(0) {
            1 => true,
            2 => false,
            _ => return Err(record.refuse("a variable is of type 1 (number) or 2 (text)")),
        };
        let bytes = usize::from(record.short(4));
        if bytes == 0 || (is_number && !(2..=8).contains(&bytes)) {
            return Err(record.refuse("a number has 2 to 8 bytes, a text 1 or more"));
        }
        let name = record.text(8, 16)?;
        let format = Format {
            name: record.text(56, 64)?,
            width: record.short(64),
            decimals: record.short(66),
        };
        let start = u32::from(record.short(84)) << 16 | u32::from(record.short(86));
        Ok(Field {
            column: Column {
                item_oid: format!("IT.{dataset}.{name}"),
                name,
                label: record.text(16, 56)?,
                data_type: if is_number {
                    DataType::Double
                } else {
                    DataType::String
                },
                target_data_type: None,
                length: (!is_number).then(|| u32::from(record.short(4))),
                display_format: format.text(),
                key_sequence: None,
            },
            is_number,
            start: usize::try_from(start).unwrap_or(usize::MAX),
            bytes,
        })
    }

    fn rows(&mut self, fields: &[Field], limits: &Limits) -> Result<Vec<Vec<Value>>, CdiscError> {
        let row_bytes: usize = fields.iter().map(|field| field.bytes).sum();
        let outside = |field: &Field| field.start.saturating_add(field.bytes) > row_bytes;
        let at = self.at;
        let data = self.take(self.bytes.len() - at)?;
        if let Some(field) = fields.iter().find(|field| outside(field)) {
            let name = &field.column.name;
            return Err(data.refuse(&format!("the variable {name} is outside of its row")));
        }
        if data.bytes.len() % RECORD_BYTES != 0 {
            return Err(data.refuse("the rest is no whole number of records of 80 bytes"));
        }
        let mut records = data.bytes.chunks(RECORD_BYTES);
        if records.any(|record| record.starts_with(MEMBER.as_bytes())) {
            return Err(data.refuse("there are several datasets: write a file for each"));
        }
        let count = row_count(data.bytes, row_bytes);
        if count > limits.rows {
            return Err(too_large(&format!("more than {} rows", limits.rows)));
        }
        if row_bytes == 0
            || data.bytes[count * row_bytes..]
                .iter()
                .any(|byte| *byte != b' ')
        {
            return if data.bytes.is_empty() {
                Ok(Vec::new())
            } else {
                Err(data.refuse("the last row is cut off"))
            };
        }
        let rows = data.bytes.chunks_exact(row_bytes).take(count).enumerate();
        rows.map(|(number, row)| {
            let piece = Piece {
                bytes: row,
                at: at + number * row_bytes,
            };
            fields.iter().map(|field| piece.value(field)).collect()
        })
        .collect()
    }
}

/// How many rows there are. The last record is filled with blanks, and a row of blanks within the
/// filling cannot be told from it.
pub(super) fn row_count(data: &[u8], row_bytes: usize) -> usize {
    let mut count = data.len().checked_div(row_bytes).unwrap_or(0);
    while count > 0 {
        let start = (count - 1) * row_bytes;
        let is_filling = data.len() - start < RECORD_BYTES;
        let is_blank = data[start..].iter().all(|byte| *byte == b' ');
        if !(is_filling && is_blank) {
            break;
        }
        count -= 1;
    }
    count
}

impl Piece<'_> {
    fn refuse(&self, reason: &str) -> CdiscError {
        CdiscError::Form(format!("byte {}: {reason}", self.at))
    }

    /// Big-endian; negative numbers mean nothing here.
    fn short(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    /// A field of a header, without what fills it.
    fn text(&self, from: usize, to: usize) -> Result<String, CdiscError> {
        let text = self.utf8(from, to)?;
        Ok(text.trim_end_matches([' ', '\0']).to_owned())
    }

    fn utf8(&self, from: usize, to: usize) -> Result<&str, CdiscError> {
        std::str::from_utf8(&self.bytes[from..to]).map_err(|_| {
            let at = self.at + from;
            CdiscError::Form(format!(
                "byte {at}: a text that is not UTF-8: convert the file"
            ))
        })
    }

    fn number(&self, from: usize, to: usize) -> Result<usize, CdiscError> {
        let digits = self.text(from, to)?;
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_plain);
        number.ok_or_else(|| self.refuse("a count in digits is expected"))
    }

    fn moment(&self, from: usize) -> Result<String, CdiscError> {
        let text = self.text(from, from + 16)?;
        from_header(&text).ok_or_else(|| self.refuse("a time as ddMMMyy:hh:mm:ss is expected"))
    }

    fn value(&self, field: &Field) -> Result<Value, CdiscError> {
        let end = field.start + field.bytes;
        if field.is_number {
            let value = number::read(&self.bytes[field.start..end]);
            return value.ok_or_else(|| self.refuse("no number of 2 to 8 bytes"));
        }
        let text = self.utf8(field.start, end)?;
        Ok(Value::text(text.trim_end_matches(' ')))
    }
}
