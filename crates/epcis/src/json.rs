//! JSON in, within bounds.

use serde_json::Value;

use crate::document::Limits;
use crate::error::EpcisError;

/// Parses one JSON text.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, EpcisError> {
    if bytes.len() > limits.bytes {
        let most = limits.bytes;
        return Err(EpcisError::TooLarge(format!(
            "the document is longer than {most} bytes: send several"
        )));
    }
    bound_depth(bytes, limits.depth)?;
    serde_json::from_slice(bytes).map_err(|error| EpcisError::Json {
        line: error.line(),
        column: error.column(),
    })
}

/// Brackets outside of strings that are open at once.
fn bound_depth(bytes: &[u8], most: usize) -> Result<(), EpcisError> {
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b'{' | b'[' if !is_string => depth += 1,
            b'}' | b']' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return Err(EpcisError::TooLarge(format!(
                "objects and lists are nested deeper than {most}"
            )));
        }
    }
    Ok(())
}
