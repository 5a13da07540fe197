//! Names of organisations in bodies and values.

use proof::codec::{CodecError, Reader, Writer};
use proof::event::{ORGANISATION_MAX, is_slug};

/// Writes a name, or none, as 32 bytes with zeroes behind, so that no body tells by its size whom
/// it names.
pub(super) fn write_padded(writer: &mut Writer, name: Option<&str>) {
    let mut field = [0; ORGANISATION_MAX];
    let bytes = name.unwrap_or_default().as_bytes();
    for (place, byte) in field.iter_mut().zip(bytes) {
        *place = *byte;
    }
    writer.fixed(&field);
}

/// Reads what [`write_padded`] writes.
pub(super) fn read_padded(reader: &mut Reader<'_>) -> Result<Option<String>, CodecError> {
    let field = reader.take(ORGANISATION_MAX)?;
    let end = field.iter().position(|byte| *byte == 0);
    let (name, padding) = field.split_at(end.unwrap_or(ORGANISATION_MAX));
    let text = std::str::from_utf8(name).unwrap_or_default();
    if padding.iter().any(|byte| *byte != 0) || text.len() != name.len() {
        return Err(reader.malformed("organisation with zeroes behind"));
    }
    match text {
        "" => Ok(None),
        text if is_slug(text) => Ok(Some(text.to_owned())),
        _ => Err(reader.malformed("organisation")),
    }
}

/// Reads a name as the state keeps it.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<String, CodecError> {
    match reader.text(ORGANISATION_MAX)? {
        text if is_slug(text) => Ok(text.to_owned()),
        _ => Err(reader.malformed("organisation")),
    }
}
