//! A transport file out.

use super::format::Format;
use super::moment::{from_header, to_header, to_sas};
use super::read::row_count;
use super::{
    DESCRIPTOR, LABEL_BYTES, LIBRARY, MEMBER, NAME_BYTES, NAMESTR, NAMESTR_BYTES, NUMBER_BYTES,
    OBSERVATIONS, RECORD_BYTES, TEXT_BYTES, Transport, number,
};
use crate::dataset::{Column, DataType, Dataset, Limits, Number, Value, validate};
use crate::error::{CdiscError, Check};

/// Longest file.
const FILE_BYTES_MAX: usize = 1 << 30;

/// How a column is laid out, and what its values lose.
struct Field<'a> {
    column: &'a Column,
    is_number: bool,
    bytes: usize,
    losses: Losses,
}

/// Numbers of values that read back as something else.
#[derive(Default)]
struct Losses {
    nulls: usize,
    blanks: usize,
    rounded: usize,
    respelt: usize,
}

pub(in crate::dataset) fn write(dataset: &Dataset) -> Result<Transport, CdiscError> {
    let limits = Limits::default();
    let issues = validate::dataset(dataset, &limits);
    if !issues.is_empty() {
        return Err(CdiscError::Invalid(issues));
    }
    let mut check = Check::new(limits.issues);
    let mut fields: Vec<Field<'_>> = Vec::with_capacity(dataset.columns.len());
    for at in 0..dataset.columns.len() {
        fields.push(field(dataset, at, &mut check));
    }
    let times = head(dataset, &mut check);
    let row_bytes: usize = fields.iter().map(|field| field.bytes).sum();
    if row_bytes.saturating_mul(dataset.rows.len()) > FILE_BYTES_MAX {
        let reason = format!("the transport file would pass {FILE_BYTES_MAX} bytes: split it");
        return Err(CdiscError::TooLarge(reason));
    }
    let mut data = Vec::with_capacity(row_bytes * dataset.rows.len() + RECORD_BYTES);
    for (number, row) in dataset.rows.iter().enumerate() {
        for (place, (value, field)) in row.iter().zip(&mut fields).enumerate() {
            if let Err(reason) = cell(&mut data, value, field) {
                check.refuse(format!("/rows/{number}/{place}"), reason);
            }
        }
    }
    fill(&mut data);
    if check.is_empty() && row_count(&data, row_bytes) != dataset.rows.len() {
        check.refuse(
            "/rows",
            "the last row is blank: a transport file does not keep it",
        );
    }
    let unwritable = check.into_issues();
    if !unwritable.is_empty() {
        return Err(CdiscError::Unwritable(unwritable));
    }
    let mut bytes = opening(dataset, &times);
    descriptions(&mut bytes, &fields);
    bytes.extend(data);
    let mut losses = Check::new(usize::MAX);
    for (place, field) in fields.iter().enumerate() {
        field.losses.tell(place, &mut losses);
    }
    Ok(Transport {
        bytes,
        losses: losses.into_issues(),
    })
}

impl Losses {
    fn tell(&self, place: usize, check: &mut Check) {
        let mut tell = |count: usize, what: &str| {
            if count > 0 {
                check.refuse(
                    format!("/columns/{place}"),
                    format!("values {what}: {count}"),
                );
            }
        };
        tell(self.nulls, "that are null, and read as an empty text");
        tell(self.blanks, "that end with a blank, which is not kept");
        tell(self.rounded, "that are rounded to the nearest double");
        tell(
            self.respelt,
            "that are kept as numbers, without their zeros at the end",
        );
    }
}

/// A name of SAS: a letter or underscore, then letters, digits, underscores.
fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| !byte.is_ascii_digit());
    begins && name.len() <= NAME_BYTES && name.bytes().all(is_part)
}

fn field<'a>(dataset: &'a Dataset, at: usize, check: &mut Check) -> Field<'a> {
    let column = &dataset.columns[at];
    let mut refuse = |member: &str, reason: &str| {
        check.refuse(format!("/columns/{at}/{member}"), reason);
    };
    if !is_name(&column.name) {
        refuse("name", "has to be a name of SAS of at most 8 characters");
    }
    if column.label.len() > LABEL_BYTES {
        refuse("label", "has to have at most 40 bytes");
    }
    if column.data_type == DataType::Boolean {
        refuse(
            "dataType",
            "boolean has no form in a transport file: use Y and N",
        );
    }
    let format = column
        .display_format
        .as_deref()
        .map(Format::of)
        .unwrap_or_default();
    if format.name.len() > NAME_BYTES {
        refuse(
            "displayFormat",
            "has to have a name of at most 8 characters",
        );
    }
    let is_number = column.is_numeric();
    let text_bytes = |row: &Vec<Value>| match &row[at] {
        Value::Text(text) => text.len(),
        _ => 0,
    };
    let longest = dataset.rows.iter().map(text_bytes).max().unwrap_or(0);
    if !is_number && longest > TEXT_BYTES {
        refuse(
            "length",
            "a value is longer than 200 bytes: split it over several columns",
        );
    }
    let planned = column.length.map_or(0, |length| length as usize);
    Field {
        column,
        is_number,
        bytes: if is_number {
            NUMBER_BYTES
        } else {
            planned.max(longest).clamp(1, TEXT_BYTES)
        },
        losses: Losses::default(),
    }
}

/// When the file was created, and when its data were modified, as headers have it.
fn head(dataset: &Dataset, check: &mut Check) -> [String; 2] {
    let head = &dataset.head;
    if !is_name(&head.name) {
        check.refuse("/name", "has to be a name of SAS of at most 8 characters");
    }
    if head.label.len() > LABEL_BYTES {
        check.refuse("/label", "has to have at most 40 bytes");
    }
    let mut time = |moment: &str, at: &str| {
        let text = to_header(moment).unwrap_or_default();
        let again = from_header(&text);
        if again.as_deref() != moment.get(..19) {
            check.refuse(
                at,
                "has to be between 1960 and 2059, the years of a transport file",
            );
        }
        text
    };
    let created = time(&head.created, "/datasetJSONCreationDateTime");
    let modified = head.modified.as_ref();
    let modified = modified.map(|moment| time(moment, "/dbLastModifiedDateTime"));
    [created.clone(), modified.unwrap_or(created)]
}

/// Writes one value, or says why it cannot be.
fn cell(out: &mut Vec<u8>, value: &Value, field: &mut Field<'_>) -> Result<(), &'static str> {
    let losses = &mut field.losses;
    let data_type = field.column.data_type;
    if !field.is_number {
        let text = if let Value::Text(text) = value {
            &**text
        } else {
            losses.nulls += 1;
            ""
        };
        losses.blanks += usize::from(text.ends_with(' '));
        let end = out.len() + field.bytes;
        out.extend_from_slice(text.as_bytes());
        out.resize(end.max(out.len()), b' ');
        return Ok(());
    }
    let number = match value {
        Value::Missing | Value::Boolean(_) => {
            out.extend(number::missing(b'.'));
            return Ok(());
        }
        Value::SpecialMissing(mark) => {
            out.extend(number::missing(*mark));
            return Ok(());
        }
        Value::Number(number) => number.clone(),
        Value::Text(text) if data_type == DataType::Decimal => {
            let number = decimal(text).ok_or("no decimal of at most 100 digits")?;
            losses.respelt += usize::from(number.canonical() != **text);
            number
        }
        Value::Text(text) => to_sas(text, data_type)
            .and_then(|lexeme| Number::new(&lexeme))
            .ok_or("outside of the calendar of SAS, 1582 to 9999")?,
    };
    let (bytes, is_exact) = number::write(&number).map_err(|unfit| match unfit {
        number::Unfit::Range => "beyond the numbers of a transport file, 5.4e-79 to 7.2e75",
        number::Unfit::Integer => "a whole number that a double does not hold: write it as text",
    })?;
    losses.rounded += usize::from(!is_exact);
    out.extend(bytes);
    Ok(())
}

/// A decimal that was exchanged as text, as the lexeme of a number: without its commas and needless
/// zeros in front, with a digit on both sides of a dot.
fn decimal(text: &str) -> Option<Number> {
    let plain = text.replace([',', '+'], "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", &*plain),
    };
    let at = digits.find(['e', 'E']).unwrap_or(digits.len());
    let (number, power) = digits.split_at(at);
    let whole = number.trim_start_matches('0').trim_end_matches('.');
    let zero = if whole.is_empty() || whole.starts_with('.') {
        "0"
    } else {
        ""
    };
    Number::new(&format!("{sign}{zero}{whole}{power}"))
}

fn fill(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(RECORD_BYTES), b' ');
}

/// Puts a text at the end, filled with blanks to its length, cut after that.
fn put(out: &mut Vec<u8>, text: &str, bytes: usize) {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    out.extend_from_slice(&text.as_bytes()[..end]);
    out.resize(out.len() + bytes - end, b' ');
}

fn header(out: &mut Vec<u8>, begins: &str, digits: &str) {
    put(out, &format!("{begins}{digits}"), RECORD_BYTES);
}

const ZEROS: &str = "000000000000000000000000000000";

fn opening(dataset: &Dataset, times: &[String; 2]) -> Vec<u8> {
    let head = &dataset.head;
    let [created, modified] = times;
    let system = head.source_system.clone().unwrap_or_default();
    let mut out = Vec::new();
    let real = |out: &mut Vec<u8>, second: &str, third: &str| {
        for text in ["SAS", second, third, &system.version, &system.name] {
            put(out, text, 8);
        }
        put(out, "", 24);
        put(out, created, 16);
        put(out, modified, 16);
    };
    header(&mut out, LIBRARY, ZEROS);
    real(&mut out, "SAS", "SASLIB");
    fill(&mut out);
    header(&mut out, MEMBER, "000000000000000001600000000140");
    header(&mut out, DESCRIPTOR, ZEROS);
    real(&mut out, &head.name, "SASDATA");
    put(&mut out, "", 16);
    put(&mut out, &head.label, LABEL_BYTES);
    put(&mut out, "", 8);
    out
}

fn descriptions(out: &mut Vec<u8>, fields: &[Field<'_>]) {
    header(
        out,
        NAMESTR,
        &format!("000000{:04}00000000000000000000", fields.len()),
    );
    let mut start = 0_u32;
    for (number, field) in (1_u16..).zip(fields) {
        let column = field.column;
        let bytes = u16::try_from(field.bytes).unwrap_or(u16::MAX);
        let format = match &column.display_format {
            Some(format) => Format::of(format),
            None if field.is_number => Format::usual(column.data_type),
            None => Format::default(),
        };
        let end = out.len() + NAMESTR_BYTES;
        for short in [if field.is_number { 1 } else { 2 }, 0, bytes, number] {
            out.extend(short.to_be_bytes());
        }
        put(out, &column.name, NAME_BYTES);
        put(out, &column.label, LABEL_BYTES);
        put(out, &format.name, NAME_BYTES);
        // Width, decimals, justification, two bytes that mean nothing.
        for short in [format.width, format.decimals, 0, 0] {
            out.extend(short.to_be_bytes());
        }
        put(out, "", NAME_BYTES);
        out.extend([0; 4]);
        out.extend(start.to_be_bytes());
        out.resize(end, 0);
        start += u32::from(bytes);
    }
    fill(out);
    header(out, OBSERVATIONS, ZEROS);
}
