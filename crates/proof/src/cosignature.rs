//! Statements of others about a checkpoint. C2SP `tlog-cosignature`, `cosignature/v1`.

use crate::checkpoint::Checkpoint;
use crate::note::{Algorithm, Line, NoteError, Vkey};
use crate::{SecretKey, Signature};

/// The latest time that a cosignature can carry: `2^63 - 1`.
const TIME_MAX_S: u64 = u64::MAX >> 1;

/// The message of C2SP `tlog-cosignature`: header, time and the text of the checkpoint.
fn message(checkpoint: &Checkpoint, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{checkpoint}")
}

/// Cosigns a checkpoint under a name, at a time in seconds since 1970.
pub fn cosign(checkpoint: &Checkpoint, name: &str, key: &SecretKey, time_s: u64) -> Line {
    let time_s = time_s.min(TIME_MAX_S);
    let signature = key.sign(message(checkpoint, time_s).as_bytes());
    let bytes = [time_s.to_be_bytes().as_slice(), &signature.0].concat();
    Line::cosignature(name, &key.public(), bytes)
}

/// Checks a cosignature and returns its time in seconds since 1970.
pub fn verify(checkpoint: &Checkpoint, vkey: &Vkey, line: &Line) -> Result<u64, NoteError> {
    if !vkey.claims(line) || vkey.algorithm() != Algorithm::Cosignature {
        return Err(NoteError::OtherKey);
    }
    let malformed = NoteError::Line("an Ed25519 cosignature has 72 bytes");
    let (time, signature) = line.signature.split_first_chunk::<8>().ok_or(malformed)?;
    let signature = <[u8; 64]>::try_from(signature).map_err(|_| malformed)?;
    let time_s = u64::from_be_bytes(*time);
    if time_s > TIME_MAX_S {
        return Err(NoteError::Line("its time is out of range"));
    }
    if vkey.key().verify(
        message(checkpoint, time_s).as_bytes(),
        &Signature(signature),
    ) {
        Ok(time_s)
    } else {
        Err(NoteError::Signature)
    }
}
