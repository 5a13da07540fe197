//! Compressed Dataset-JSON 1.1: NDJSON in a zlib stream.
//!
//! The text says zlib (RFC 1950) "without additional headers"; the 28 files published with it are
//! gzip (RFC 1952). Both are read. What is written is what the text says: it is the standard, and
//! it is younger than the files (`docs/decisions/0036-datasets.md`).

use std::io::{BufRead, BufReader, Read, Write};

use flate2::Compression;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use flate2::write::ZlibEncoder;

use super::{Dataset, Limits, RowReader, write};
use crate::error::CdiscError;

const GZIP: [u8; 2] = [0x1F, 0x8B];

/// Whether the bytes begin as gzip or zlib. RFC 1950 2.2: deflate, and a check of the two bytes.
pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    let [first, second, ..] = *bytes else {
        return false;
    };
    let is_zlib = first & 0x0F == 8 && (u16::from(first) << 8 | u16::from(second)) % 31 == 0;
    [first, second] == GZIP || is_zlib
}

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Dataset, CdiscError> {
    if !is_compressed(bytes) {
        return Err(CdiscError::Form(
            "byte 0: neither zlib nor gzip: is it NDJSON?".into(),
        ));
    }
    if bytes.starts_with(&GZIP) {
        let mut decoder = GzDecoder::new(bytes);
        let dataset = RowReader::new(bounded(&mut decoder, limits), limits)?.collect()?;
        ended(decoder.into_inner(), bytes.len())?;
        Ok(dataset)
    } else {
        let mut decoder = ZlibDecoder::new(bytes);
        let dataset = RowReader::new(bounded(&mut decoder, limits), limits)?.collect()?;
        ended(decoder.into_inner(), bytes.len())?;
        Ok(dataset)
    }
}

fn ended(rest: &[u8], whole: usize) -> Result<(), CdiscError> {
    if rest.is_empty() {
        return Ok(());
    }
    let at = whole - rest.len();
    Err(CdiscError::Form(format!(
        "byte {at}: something follows the compressed stream"
    )))
}

fn bounded<R: Read>(decoder: R, limits: &Limits) -> impl BufRead {
    let left = limits.inflated_bytes;
    BufReader::new(Bounded { decoder, left })
}

/// Inflates no more than so much: a few bytes can stand for gigabytes.
struct Bounded<R> {
    decoder: R,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.decoder.read(buffer)?;
        self.left = self.left.checked_sub(read).ok_or_else(|| {
            let reason = "the dataset inflates to more than its bound: split it";
            std::io::Error::new(std::io::ErrorKind::FileTooLarge, reason)
        })?;
        Ok(read)
    }
}

pub(super) fn write(dataset: &Dataset) -> Result<Vec<u8>, CdiscError> {
    // "the maximum compression level (9) is recommended by default".
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let written = write::ndjson(dataset)
        .map(|text| encoder.write_all(&text))
        .and_then(|done| done.map_err(|error| CdiscError::Form(error.to_string())));
    written?;
    encoder
        .finish()
        .map_err(|error| CdiscError::Form(error.to_string()))
}
