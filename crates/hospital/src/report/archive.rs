//! A ZIP of stored files (APPNOTE.TXT 6.3.10), without compression: the receipts do not shrink, and
//! nothing that unpacks has to be trusted with more than a list of files.

use crate::error::HospitalError;

/// Version 2.0 needed to extract (4.4.3.2); bit 11: names are UTF-8 (4.4.4).
const VERSION: u16 = 20;
const UTF8: u16 = 1 << 11;
/// 1980-01-01, the first date there is (4.4.6): the records have times of their own.
const DATE: u16 = 0x21;
/// More need ZIP64 (4.4.22).
const FILES_MAX: usize = 65_534;

/// The files, one after the other, and their directory.
pub(super) fn packed(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, HospitalError> {
    let too_large = || {
        HospitalError::request(
            "too-costly",
            "the export is too large for one file",
            "read the record in pages: GET /fhir/_history",
        )
    };
    if files.len() > FILES_MAX {
        return Err(too_large());
    }
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in files {
        let offset = u32::try_from(out.len()).map_err(|_| too_large())?;
        let size = u32::try_from(bytes.len()).map_err(|_| too_large())?;
        let length = u16::try_from(name.len()).map_err(|_| too_large())?;
        // 4.3.7: what the local header and the directory have in common.
        let mut common = Vec::new();
        for word in [VERSION, UTF8, 0, 0, DATE] {
            common.extend_from_slice(&word.to_le_bytes());
        }
        for long in [crc32(bytes), size, size] {
            common.extend_from_slice(&long.to_le_bytes());
        }
        common.extend_from_slice(&length.to_le_bytes());
        common.extend_from_slice(&[0; 2]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(bytes);
        // 4.3.12
        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&VERSION.to_le_bytes());
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let at = u32::try_from(out.len()).map_err(|_| too_large())?;
    let size = u32::try_from(directory.len()).map_err(|_| too_large())?;
    let count = u16::try_from(files.len()).map_err(|_| too_large())?;
    out.extend_from_slice(&directory);
    // 4.3.16
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    Ok(out)
}

/// CRC-32 (4.4.7), eight steps a byte.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let low = crc & 1;
            crc = (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(low));
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_is_that_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
