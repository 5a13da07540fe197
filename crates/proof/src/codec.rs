//! Canonical bytes: one value, one byte string (`docs/reference/encoding.md`).
//!
//! Integers are big-endian and of fixed width, byte strings carry a `u32` length and a bound
//! given where they are read, truth is `0x00` or `0x01`. There is nothing else.

use thiserror::Error;

/// Why bytes are not the canonical form of a value.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum CodecError {
    /// The bytes end before the value does.
    #[error("the bytes end at {at}, {missing} too early")]
    Truncated {
        /// Length of what was given.
        at: usize,
        /// How many bytes are missing at least.
        missing: usize,
    },
    /// Bytes follow the value.
    #[error("{count} bytes follow the value")]
    Trailing {
        /// How many.
        count: usize,
    },
    /// A length or a count passes its bound.
    #[error("a length of {length} at byte {at} passes the bound of {max}")]
    TooLong {
        /// Where the length stands.
        at: usize,
        /// The length read.
        length: usize,
        /// The bound.
        max: usize,
    },
    /// A field holds a value that its type does not have, or not in this form.
    #[error("no {what} ends at byte {at}")]
    Malformed {
        /// Where the field ends.
        at: usize,
        /// What was expected.
        what: &'static str,
    },
}

/// A value with exactly one byte string.
pub trait Canonical: Sized {
    /// Appends the bytes of the value.
    fn write(&self, writer: &mut Writer);

    /// Reads a value and refuses whatever `write` would not have written.
    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError>;

    /// The bytes of the value.
    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.into_bytes()
    }

    /// The value of the bytes, all of them.
    fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

/// Collects canonical bytes.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Two bytes, big-endian.
    pub fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// `0x01` for true, `0x00` for false.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// Bytes whose length the reader knows.
    pub fn fixed(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
    }

    /// A count or a length.
    #[allow(clippy::expect_used, reason = "nothing we encode comes near 4 GiB")]
    pub fn length(&mut self, value: usize) {
        self.u32(u32::try_from(value).expect("invariant: every length is bounded far below 4 GiB"));
    }

    /// A length and that many bytes.
    pub fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.fixed(value);
    }

    /// A length and that many bytes of UTF-8.
    pub fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    /// A count and that many values.
    pub fn list<T: Canonical>(&mut self, values: &[T]) {
        self.length(values.len());
        for value in values {
            value.write(self);
        }
    }
}

/// Reads canonical bytes from the front.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Refuses bytes that were not read.
    pub fn finish(self) -> Result<(), CodecError> {
        match self.remaining() {
            0 => Ok(()),
            count => Err(CodecError::Trailing { count }),
        }
    }

    /// The error of a field that was read and is none.
    pub fn malformed(&self, what: &'static str) -> CodecError {
        CodecError::Malformed { at: self.at, what }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..count) else {
            return Err(CodecError::Truncated {
                at: self.bytes.len(),
                missing: count - rest.len(),
            });
        };
        self.at += count;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, CodecError> {
        Ok(u8::from_be_bytes(self.fixed()?))
    }

    /// Two bytes, big-endian.
    pub fn u16(&mut self) -> Result<u16, CodecError> {
        Ok(u16::from_be_bytes(self.fixed()?))
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self) -> Result<u32, CodecError> {
        Ok(u32::from_be_bytes(self.fixed()?))
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self) -> Result<u64, CodecError> {
        Ok(u64::from_be_bytes(self.fixed()?))
    }

    /// `0x00` or `0x01`.
    pub fn bool(&mut self) -> Result<bool, CodecError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.malformed("truth value")),
        }
    }

    /// A count or a length of at most `max`.
    pub fn length(&mut self, max: usize) -> Result<usize, CodecError> {
        let at = self.at;
        let length = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if length > max {
            return Err(CodecError::TooLong { at, length, max });
        }
        Ok(length)
    }

    /// A length of at most `max` and that many bytes.
    pub fn bytes(&mut self, max: usize) -> Result<&'a [u8], CodecError> {
        let length = self.length(max)?;
        self.take(length)
    }

    /// A length of at most `max` and that many bytes of UTF-8.
    pub fn text(&mut self, max: usize) -> Result<&'a str, CodecError> {
        let bytes = self.bytes(max)?;
        std::str::from_utf8(bytes).map_err(|_| self.malformed("UTF-8 text"))
    }

    /// A count of at most `max` and that many values.
    pub fn list<T: Canonical>(&mut self, max: usize) -> Result<Vec<T>, CodecError> {
        let count = self.length(max)?;
        // No allocation ahead: the count is a claim of the sender.
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(T::read(self)?);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests;
