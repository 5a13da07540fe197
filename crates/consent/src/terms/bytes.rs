//! The bytes of terms. Every list is sorted and has a bound, every absent dimension is one zero.

use proof::codec::{Canonical, CodecError, Reader, Writer};

use super::{
    Action, Class, Criteria, DEPTH_MAX, Data, Effect, Meaning, Named, PROVISIONS_MAX, Provision,
    Purpose, Scope, Standing, Terms, VALUES_MAX,
};
use crate::coding::{Coding, read_short, write_short};
use crate::facts::{Stretch, ordered, read_reference, read_stretch, write_reference};
use crate::labels::{Label, Level, Subject};

const VERSION: u8 = 1;

impl Canonical for Terms {
    fn write(&self, writer: &mut Writer) {
        writer.u8(VERSION);
        write_short(writer, &self.id);
        writer.u64(self.version);
        writer.u64(ordered(self.updated_us));
        writer.bool(self.patient.is_some());
        if let Some(patient) = &self.patient {
            write_short(writer, patient);
        }
        writer.u8(self.standing as u8);
        writer.u8(self.scope as u8);
        writer.bool(self.base.is_some());
        if let Some(base) = self.base {
            writer.u8(base as u8);
        }
        writer.bool(self.root.is_some());
        if let Some(root) = &self.root {
            write_provision(writer, root);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.remaining() > super::BYTES_MAX {
            let (length, max) = (reader.remaining(), super::BYTES_MAX);
            return Err(CodecError::TooLong {
                at: reader.position(),
                length,
                max,
            });
        }
        if reader.u8()? != VERSION {
            return Err(reader.malformed("version of terms"));
        }
        let id = read_short(reader)?.to_owned();
        let version = reader.u64()?;
        let updated_us = (reader.u64()? ^ (1 << 63)).cast_signed();
        let patient = reader
            .bool()?
            .then(|| read_short(reader).map(str::to_owned));
        let patient = patient.transpose()?;
        let standing = pick(
            reader,
            &[Standing::Active, Standing::Silent, Standing::Unknown],
        )?;
        let scope = pick(reader, &[Scope::Privacy, Scope::Other, Scope::Unknown])?;
        let base = if reader.bool()? {
            Some(pick(reader, &EFFECTS)?)
        } else {
            None
        };
        let mut left = PROVISIONS_MAX;
        let root = reader
            .bool()?
            .then(|| read_provision(reader, 1, &mut left))
            .transpose()?;
        Ok(Self {
            id,
            version,
            updated_us,
            patient,
            standing,
            scope,
            base,
            root,
        })
    }
}

const EFFECTS: [Effect; 5] = [
    Effect::Permit,
    Effect::Refuse,
    Effect::Unclear,
    Effect::Doubtful,
    Effect::Opaque,
];

fn pick<T: Copy>(reader: &mut Reader<'_>, all: &[T]) -> Result<T, CodecError> {
    let number = usize::from(reader.u8()?);
    all.get(number)
        .copied()
        .ok_or_else(|| reader.malformed("number of a choice"))
}

fn write_provision(writer: &mut Writer, provision: &Provision) {
    writer.u8(provision.effect as u8);
    let criteria = &provision.criteria;
    writer.bool(criteria.clouded);
    write_named(writer, criteria.period.as_ref(), write_stretch);
    for parties in [&criteria.recipient, &criteria.custodian, &criteria.author] {
        write_named(writer, parties.as_ref(), |writer, one| {
            write_short(writer, one);
        });
    }
    write_named(writer, criteria.purpose.as_ref(), |writer, one| match one {
        Purpose::Reason(place) => tagged(writer, 0, *place),
        Purpose::Other(coding) => other(writer, 1, coding),
    });
    write_named(writer, criteria.action.as_ref(), |writer, one| {
        writer.u8(*one as u8);
    });
    write_named(writer, criteria.class.as_ref(), |writer, one| match one {
        Class::Type(number) => tagged(writer, 0, *number),
        Class::Other(coding) => other(writer, 1, coding),
    });
    write_named(writer, criteria.code.as_ref(), |writer, one| {
        one.write(writer);
    });
    write_named(writer, criteria.label.as_ref(), |writer, one| match one {
        Label::Level(level) => tagged(writer, 0, level.number()),
        Label::Subject(subject) => tagged(writer, 1, subject.number()),
        Label::Other(coding) => other(writer, 2, coding),
    });
    write_named(writer, criteria.data.as_ref(), |writer, one| {
        writer.u8(one.meaning as u8);
        write_reference(writer, &one.reference);
    });
    write_named(writer, criteria.data_period.as_ref(), write_stretch);
    writer.u8(u8::try_from(provision.exceptions.len()).unwrap_or(u8::MAX));
    for exception in &provision.exceptions {
        write_provision(writer, exception);
    }
}

fn read_provision(
    reader: &mut Reader<'_>,
    depth: usize,
    left: &mut usize,
) -> Result<Provision, CodecError> {
    if depth > DEPTH_MAX || *left == 0 {
        return Err(reader.malformed("bounded tree of provisions"));
    }
    *left -= 1;
    let effect = pick(reader, &EFFECTS)?;
    let text = |reader: &mut Reader<'_>| read_short(reader).map(str::to_owned);
    let criteria = Criteria {
        clouded: reader.bool()?,
        period: read_named(reader, read_stretch)?,
        recipient: read_named(reader, text)?,
        custodian: read_named(reader, text)?,
        author: read_named(reader, text)?,
        purpose: read_named(reader, read_purpose)?,
        action: read_named(reader, |reader| pick(reader, &Action::ALL))?,
        class: read_named(reader, read_class)?,
        code: read_named(reader, Coding::read_bytes)?,
        label: read_named(reader, read_label)?,
        data: read_named(reader, |reader| {
            let meaning = pick(reader, &Meaning::ALL)?;
            Ok(Data {
                meaning,
                reference: read_reference(reader)?,
            })
        })?,
        data_period: read_named(reader, read_stretch)?,
    };
    let count = reader.u8()?;
    let mut exceptions = Vec::new();
    for _ in 0..count {
        exceptions.push(read_provision(reader, depth + 1, left)?);
    }
    Ok(Provision {
        effect,
        criteria,
        exceptions,
    })
}

fn write_stretch(writer: &mut Writer, stretch: &Stretch) {
    writer.u64(ordered(stretch.from_us));
    writer.u64(ordered(stretch.to_us));
}

fn tagged(writer: &mut Writer, tag: u8, number: u8) {
    writer.u8(tag);
    writer.u8(number);
}

fn other(writer: &mut Writer, tag: u8, coding: &Coding) {
    writer.u8(tag);
    coding.write(writer);
}

fn read_purpose(reader: &mut Reader<'_>) -> Result<Purpose, CodecError> {
    let found = match reader.u8()? {
        0 => Purpose::from_place(reader.u8()?),
        1 => Some(Purpose::of(Coding::read_bytes(reader)?))
            .filter(|purpose| matches!(purpose, Purpose::Other(_))),
        _ => None,
    };
    found.ok_or_else(|| reader.malformed("purpose"))
}

fn read_class(reader: &mut Reader<'_>) -> Result<Class, CodecError> {
    match reader.u8()? {
        0 => {
            let number = reader.u8()?;
            let known = usize::from(number) < fhir::resource_types().len();
            known
                .then_some(Class::Type(number))
                .ok_or_else(|| reader.malformed("resource type"))
        }
        1 => match Class::of(Coding::read_bytes(reader)?) {
            Class::Type(_) => Err(reader.malformed("class")),
            other @ Class::Other(_) => Ok(other),
        },
        _ => Err(reader.malformed("class")),
    }
}

fn read_label(reader: &mut Reader<'_>) -> Result<Label, CodecError> {
    let found = match reader.u8()? {
        0 => Level::from_number(reader.u8()?).map(Label::Level),
        1 => Subject::from_number(reader.u8()?).map(Label::Subject),
        2 => Some(Label::of(Coding::read_bytes(reader)?))
            .filter(|label| matches!(label, Label::Other(_))),
        _ => None,
    };
    found.ok_or_else(|| reader.malformed("security label"))
}

const ABSENT: u8 = 0;
const READABLE: u8 = 1;
const OPAQUE: u8 = 2;

fn write_named<T>(writer: &mut Writer, named: Option<&Named<T>>, write: impl Fn(&mut Writer, &T)) {
    let Some(named) = named else {
        writer.u8(ABSENT);
        return;
    };
    writer.u8(if named.opaque { OPAQUE } else { READABLE });
    writer.u8(u8::try_from(named.any.len()).unwrap_or(u8::MAX));
    for one in &named.any {
        write(writer, one);
    }
}

fn read_named<T: Ord>(
    reader: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<Option<Named<T>>, CodecError> {
    let opaque = match reader.u8()? {
        ABSENT => return Ok(None),
        READABLE => false,
        OPAQUE => true,
        _ => return Err(reader.malformed("presence of a dimension")),
    };
    let at = reader.position();
    let length = usize::from(reader.u8()?);
    if length > VALUES_MAX {
        return Err(CodecError::TooLong {
            at,
            length,
            max: VALUES_MAX,
        });
    }
    let mut any: Vec<T> = Vec::new();
    for _ in 0..length {
        let one = read(reader)?;
        if any.last().is_some_and(|last| *last >= one) {
            return Err(reader.malformed("sorted list"));
        }
        any.push(one);
    }
    Ok(Some(Named { any, opaque }))
}
