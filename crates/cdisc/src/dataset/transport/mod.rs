//! SAS transport files, version 5: records of 80 bytes, numbers as IBM 370 floating point.
//!
//! "The Record Layout of a Data Set in SAS Transport (XPORT) Format" (TS-140). A transport file
//! knows less than a dataset: what it cannot keep is listed ([`Transport::losses`]), what it cannot
//! hold at all is refused.

mod format;
mod moment;
mod number;
mod read;
mod write;

use crate::error::Issue;

pub(super) use read::read;
pub(super) use write::write;

/// A dataset as a transport file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transport {
    /// The file.
    pub bytes: Vec<u8>,
    /// What is not kept: read back, the dataset differs in these places.
    pub losses: Vec<Issue>,
}

/// Every record is as long as a punched card.
const RECORD_BYTES: usize = 80;
/// A description of a variable.
const NAMESTR_BYTES: usize = 140;
/// The same on VAX/VMS.
const NAMESTR_VAX_BYTES: usize = 136;
/// Longest name of a dataset or a variable.
const NAME_BYTES: usize = 8;
/// Longest label.
const LABEL_BYTES: usize = 40;
/// Longest text.
const TEXT_BYTES: usize = 200;
/// Length of a number that is not shortened.
const NUMBER_BYTES: usize = 8;

const LIBRARY: &str = "HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!";
const MEMBER: &str = "HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!";
const DESCRIPTOR: &str = "HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!";
const NAMESTR: &str = "HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!";
const OBSERVATIONS: &str = "HEADER RECORD*******OBS     HEADER RECORD!!!!!!!";
/// What the files of version 8 begin with.
const LIBRARY_8: &str = "HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!";

/// Whether the bytes begin as a transport file, of whatever version.
pub(super) fn is_transport(bytes: &[u8]) -> bool {
    bytes.starts_with(LIBRARY.as_bytes()) || bytes.starts_with(LIBRARY_8.as_bytes())
}
