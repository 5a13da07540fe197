//! The bytes of facts: one version byte, flags, and only what is there.

use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{Facts, Stretch};
use crate::coding::{Coding, read_short, write_short};
use crate::labels::{Level, Subjects};

const VERSION: u8 = 1;

/// Entries of a list at most.
pub(super) const COUNT_MAX: usize = 255;
/// The longest reference that is kept.
pub(super) const REFERENCE_BYTES_MAX: usize = 200;
/// Bytes of each list at most; with the fixed part they stay below `BYTES_MAX`.
pub(super) const LABELS_BYTES_MAX: usize = 400;
pub(super) const CODES_BYTES_MAX: usize = 1900;
pub(super) const AUTHORS_BYTES_MAX: usize = 400;
pub(super) const LINKS_BYTES_MAX: usize = 1100;

/// No type of R4.
const NO_TYPE: u8 = 255;

const OWN: u8 = 1;
const DATES: u8 = 1 << 1;
const SUBJECTS: u8 = 1 << 2;
const LABELS: u8 = 1 << 3;
const AUTHORS: u8 = 1 << 4;
const INCOMPLETE: u8 = 1 << 5;
const FLAGS: u8 = OWN | DATES | SUBJECTS | LABELS | AUTHORS | INCOMPLETE;

impl Canonical for Facts {
    fn write(&self, writer: &mut Writer) {
        writer.u8(VERSION);
        writer.u8(self.type_.unwrap_or(NO_TYPE));
        writer.u8(self.flags());
        writer.u8(self.level.number());
        if let Some(own) = &self.own {
            write_reference(writer, own);
        }
        if let Some(dates) = &self.dates {
            writer.u64(ordered(dates.from_us));
            writer.u64(ordered(dates.to_us));
        }
        if !self.subjects.is_empty() {
            writer.u32(self.subjects.bits());
        }
        if !self.labels.is_empty() {
            write_list(writer, &self.labels, |writer, one| one.write(writer));
        }
        write_list(writer, &self.codes, |writer, one| one.write(writer));
        if !self.authors.is_empty() {
            write_list(writer, &self.authors, |writer, one| {
                write_reference(writer, one);
            });
        }
        write_list(writer, &self.links, |writer, one| {
            write_reference(writer, one);
        });
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.u8()? != VERSION {
            return Err(reader.malformed("version of facts"));
        }
        let number = reader.u8()?;
        let type_ = (number != NO_TYPE).then_some(number);
        if type_.is_some_and(|number| usize::from(number) >= fhir::resource_types().len()) {
            return Err(reader.malformed("resource type"));
        }
        let flags = reader.u8()?;
        if flags & !FLAGS != 0 {
            return Err(reader.malformed("set of flags"));
        }
        let level = reader.u8()?;
        let level = Level::from_number(level).ok_or_else(|| reader.malformed("level"))?;
        let has = |flag| flags & flag != 0;
        let own = has(OWN).then(|| read_reference(reader)).transpose()?;
        let dates = has(DATES).then(|| read_stretch(reader)).transpose()?;
        let subjects = if has(SUBJECTS) {
            read_subjects(reader)?
        } else {
            Subjects::NONE
        };
        let labels = optional(reader, has(LABELS), Coding::read_bytes)?;
        let codes = read_list(reader, Coding::read_bytes)?;
        let authors = optional(reader, has(AUTHORS), read_reference)?;
        let links = read_list(reader, read_reference)?;
        if !subjects.is_empty() && level < Level::RESTRICTED {
            return Err(reader.malformed("level of a sensitive record"));
        }
        if links.iter().any(|link| authors.contains(link)) {
            return Err(reader.malformed("list of links without the authors"));
        }
        let complete = !has(INCOMPLETE);
        Ok(Self {
            type_,
            own,
            dates,
            level,
            subjects,
            labels,
            codes,
            authors,
            links,
            complete,
        })
    }
}

impl Facts {
    fn flags(&self) -> u8 {
        let flag = |there: bool, flag: u8| if there { flag } else { 0 };
        flag(self.own.is_some(), OWN)
            | flag(self.dates.is_some(), DATES)
            | flag(!self.subjects.is_empty(), SUBJECTS)
            | flag(!self.labels.is_empty(), LABELS)
            | flag(!self.authors.is_empty(), AUTHORS)
            | flag(!self.complete, INCOMPLETE)
    }
}

/// Two's complement with the sign turned, so that the bytes sort like the numbers.
pub(crate) fn ordered(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

pub(crate) fn read_stretch(reader: &mut Reader<'_>) -> Result<Stretch, CodecError> {
    let mut number = || reader.u64().map(|value| (value ^ (1 << 63)).cast_signed());
    let (from_us, to_us) = (number()?, number()?);
    if from_us >= to_us {
        return Err(reader.malformed("stretch of time"));
    }
    Ok(Stretch { from_us, to_us })
}

fn read_subjects(reader: &mut Reader<'_>) -> Result<Subjects, CodecError> {
    let subjects = Subjects::from_bits(reader.u32()?).filter(|set| !set.is_empty());
    subjects.ok_or_else(|| reader.malformed("set of subjects"))
}

fn write_list<T>(writer: &mut Writer, list: &[T], write: impl Fn(&mut Writer, &T)) {
    let count = u8::try_from(list.len()).unwrap_or(u8::MAX);
    writer.u8(count);
    for one in list.iter().take(usize::from(count)) {
        write(writer, one);
    }
}

fn read_list<T: Ord>(
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<Vec<T>, CodecError> {
    let count = reader.u8()?;
    let mut list = Vec::new();
    for _ in 0..count {
        let one = read(reader)?;
        if list.last().is_some_and(|last| *last >= one) {
            return Err(reader.malformed("sorted list"));
        }
        list.push(one);
    }
    Ok(list)
}

/// A list that is left out when it is empty.
fn optional<T: Ord>(
    reader: &mut Reader<'_>,
    there: bool,
    read: impl Fn(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<Vec<T>, CodecError> {
    if !there {
        return Ok(Vec::new());
    }
    let list = read_list(reader, read)?;
    if list.is_empty() {
        return Err(reader.malformed("list that is not empty"));
    }
    Ok(list)
}

const RELATIVE: u8 = 0;
const RELATIVE_UUID: u8 = 1;
const ABSOLUTE: u8 = 2;

/// How a reference is written.
enum Target<'a> {
    Uuid(u8, u128),
    Relative(u8, &'a str),
    Absolute(&'a str),
}

fn target(reference: &str) -> Target<'_> {
    let relative = reference
        .split_once('/')
        .filter(|(_, id)| !id.contains('/'));
    let Some((number, id)) = relative.and_then(|(type_, id)| Some((fhir::type_number(type_)?, id)))
    else {
        return Target::Absolute(reference);
    };
    match uuid(id) {
        Some(uuid) => Target::Uuid(number, uuid),
        None => Target::Relative(number, id),
    }
}

pub(super) fn reference_length(reference: &str) -> usize {
    match target(reference) {
        Target::Uuid(..) => 18,
        Target::Relative(_, id) => 3 + id.len(),
        Target::Absolute(url) => 2 + url.len(),
    }
}

pub(crate) fn write_reference(writer: &mut Writer, reference: &str) {
    match target(reference) {
        Target::Uuid(number, uuid) => {
            writer.u8(RELATIVE_UUID);
            writer.u8(number);
            writer.fixed(&uuid.to_be_bytes());
        }
        Target::Relative(number, id) => {
            writer.u8(RELATIVE);
            writer.u8(number);
            write_short(writer, id);
        }
        Target::Absolute(url) => {
            writer.u8(ABSOLUTE);
            write_short(writer, url);
        }
    }
}

pub(crate) fn read_reference(reader: &mut Reader<'_>) -> Result<String, CodecError> {
    let form = reader.u8()?;
    let type_ = match form {
        RELATIVE | RELATIVE_UUID => {
            let number = usize::from(reader.u8()?);
            let name = fhir::resource_types().get(number);
            *name.ok_or_else(|| reader.malformed("resource type"))?
        }
        ABSOLUTE => "",
        _ => return Err(reader.malformed("form of a reference")),
    };
    let text = match form {
        RELATIVE_UUID => format!(
            "{type_}/{}",
            hyphenated(u128::from_be_bytes(reader.fixed()?))
        ),
        RELATIVE => format!("{type_}/{}", read_short(reader)?),
        _ => read_short(reader)?.to_owned(),
    };
    let fits = match target(&text) {
        Target::Uuid(..) => form == RELATIVE_UUID,
        Target::Relative(..) => form == RELATIVE,
        Target::Absolute(_) => form == ABSOLUTE,
    };
    if !fits || super::gather::reference(&text).is_none_or(|kept| kept != text) {
        return Err(reader.malformed("reference"));
    }
    Ok(text)
}

/// Lowercase and hyphenated, as most servers write their ids.
fn uuid(id: &str) -> Option<u128> {
    if id.len() != 36 {
        return None;
    }
    let mut value = 0u128;
    for (at, byte) in id.bytes().enumerate() {
        let digit = match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => byte - b'0',
            (_, b'a'..=b'f') => byte - b'a' + 10,
            _ => return None,
        };
        value = value << 4 | u128::from(digit);
    }
    Some(value)
}

fn hyphenated(uuid: u128) -> String {
    let text = format!("{uuid:032x}");
    let parts = [
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ];
    parts.join("-")
}
